#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What PAM modules made for the session in the host's /tmp comes along into the
# container: Kerberos tickets of a real KDC, and nothing that is not the user's.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

REALM=NSC.TEST
CONFIG='{"rootfs": "/", "namespaces": {"NEWNS": true, "NEWUTS": true,
	"NEWIPC": true, "NEWUSER": true, "NEWPID": true, "NEWCGROUP": true}}'
# Unpacked by quickstart: to install the package changes the host's logins.
PAM_KRB5=$(find "$(dirname "$0")/unpacked" -name pam_krb5.so 2> /dev/null)

pam_enable sshd
config alice "$CONFIG"
cp /etc/pam.d/sshd "$TOP/pam-sshd"

kdc_start() {
	cat > /etc/krb5.conf <<-END
	[libdefaults]
	default_realm = $REALM
	dns_lookup_kdc = false
	dns_lookup_realm = false
	rdns = false
	[realms]
	$REALM = {
		kdc = 127.0.0.1:8888
	}
	END
	mkdir -p /etc/krb5kdc /var/lib/krb5kdc
	cat > /etc/krb5kdc/kdc.conf <<-END
	[kdcdefaults]
	kdc_listen = 127.0.0.1:8888
	kdc_tcp_listen = 127.0.0.1:8888
	[realms]
	$REALM = {
		key_stash_file = /etc/krb5kdc/stash
	}
	END
	kdb5_util create -s -P master -r "$REALM" > /dev/null &&
		kadmin.local -q "addprinc -pw ticket-alice alice" &&
		kadmin.local -q "addprinc -randkey host/nsc.test" &&
		kadmin.local -q "ktadd -k /etc/krb5.keytab host/nsc.test" &&
		krb5kdc
}

# krb5_enable: alice logs in with her password of the realm.
krb5_enable() {
	{
		echo "auth sufficient $PAM_KRB5 minimum_uid=1000"
		echo "session optional $PAM_KRB5 minimum_uid=1000"
		cat "$TOP/pam-sshd"
	} > /etc/pam.d/sshd
}

by_password() {
	cat > "$OUT/askpass" <<-'END'
	#!/bin/sh
	echo ticket-alice
	END
	chmod 0755 "$OUT/askpass"
	SSH_ASKPASS=$OUT/askpass SSH_ASKPASS_REQUIRE=force timeout 30 ssh \
		-F none -o LogLevel=ERROR -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null \
		-o PreferredAuthentications=password \
		-l alice 127.0.0.1 "$@"
}

host_tickets() {
	find /tmp -maxdepth 1 -name 'krb5cc*'
}

tickets_inside() {
	if ! [ -e "$PAM_KRB5" ] || ! command -v krb5kdc kinit kadmin.local \
		> /dev/null; then
		skip "krb5-kdc, krb5-user or pam_krb5.so is missing"
	fi
	kdc_start > "$OUT/kdc" 2>&1 || fail "no KDC" "$(cat "$OUT/kdc")"
	krb5_enable
	hold_alice
	by_password "$INSIDE && echo inside; klist; kvno host/nsc.test;
		stat -c '%U %G %a' \"\${KRB5CCNAME#FILE:}\"" > "$OUT/text" 2>&1 ||
		fail "ssh fails" "$(cat "$OUT/text")"
	[ -n "$PLAIN" ] || contains "the session" inside "$(cat "$OUT/text")"
	contains "klist inside" "krbtgt/$REALM@$REALM" "$(cat "$OUT/text")"
	contains "a service ticket" "host/nsc.test@$REALM: kvno = " \
		"$(cat "$OUT/text")"
	contains "owner and mode" "alice alice 600" "$(cat "$OUT/text")"
	[ -n "$PLAIN" ] || empty "tickets on the host" "$(host_tickets)"
	wait_until 5 no_tickets_inside || fail "a ticket outlives its session"
	empty "tickets on the host" "$(host_tickets)"
	release
	cp "$TOP/pam-sshd" /etc/pam.d/sshd
}

# A container that stays, so that what a session leaves can be seen.
hold_alice() {
	[ -n "$PLAIN" ] || hold alice
}
no_tickets_inside() {
	[ -z "$(nssh alice 'ls /tmp | grep krb5cc')" ]
}

# named VALUE: what the session finds in the file that a module before ours
# names so.
named() {
	printf 'session required pam_env.so envfile=%s\n' "$OUT/env" |
		cat - "$TOP/pam-sshd" > /etc/pam.d/sshd
	printf 'KRB5CCNAME=%s\n' "$1" > "$OUT/env"
	chmod 0711 "$OUT"
	nssh alice 'cat "${KRB5CCNAME#FILE:}"' > "$OUT/text" 2>&1
	cp "$TOP/pam-sshd" /etc/pam.d/sshd
	cat "$OUT/text"
}

as_alice() {
	setpriv --reuid=alice --regid=alice --init-groups "$@"
}

plain_path() {
	as_alice sh -c 'echo mine > /tmp/mine'
	equal "the file inside" "mine" "$(named /tmp/mine)"
	[ -n "$PLAIN" ] || [ ! -e /tmp/mine ] || fail "it is still on the host"
	rm -f /tmp/mine
}

# The second session finds the first one's file there.
again() {
	hold_alice
	as_alice sh -c 'echo one > /tmp/same'
	equal "the file inside" "one" "$(named FILE:/tmp/same)"
	as_alice sh -c 'echo two > /tmp/same'
	equal "the file inside" "two" "$(named FILE:/tmp/same)"
	release
	rm -f /tmp/same
}

# not_brought VALUE: the login goes on, the file stays, the log says so.
not_brought() {
	lacks "what the session reads" "secret" "$(named "$1")"
	logged "KRB5CCNAME names is not in the container.*$2"
}

foreign_files() {
	need_product
	echo secret > /tmp/roots
	chmod 0644 /tmp/roots
	not_brought FILE:/tmp/roots "not a file of the user"
	[ -s /tmp/roots ] || fail "root's file was removed"
	as_alice ln -s /tmp/roots /tmp/link
	not_brought FILE:/tmp/link "Too many levels of symbolic links"
	as_alice mkfifo /tmp/fifo
	not_brought FILE:/tmp/fifo "not a file of the user"
	as_alice sh -c 'echo secret > /tmp/two; ln /tmp/two /tmp/names'
	not_brought FILE:/tmp/two "with one name"
	as_alice mkdir /tmp/directory
	as_alice sh -c 'echo secret > /tmp/directory/x'
	not_brought FILE:/tmp/directory/x "is not a file in /tmp"
	not_brought FILE:/tmp/../etc/shadow "is not a file in /tmp"
	not_brought KEYRING:persistent:1000 "is not a file in /tmp"
	as_alice sh -c 'truncate -s 2M /tmp/large'
	not_brought /tmp/large "at most 1 MiB"
	rm -rf /tmp/roots /tmp/link /tmp/fifo /tmp/two /tmp/names \
		/tmp/directory /tmp/large
}

# Inside, somebody else has taken the name.
name_is_taken() {
	need_product
	hold alice
	as_root_inside sh -c 'echo theirs > /tmp/taken; chmod 0600 /tmp/taken'
	as_alice sh -c 'echo mine > /tmp/taken'
	lacks "what the session reads" "mine" "$(named /tmp/taken)"
	logged "not in the container: /tmp/taken inside: File exists"
	equal "the file of the container's root" "theirs" \
		"$(as_root_inside cat /tmp/taken)"
	release
	rm -f /tmp/taken
}

no_space() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "mounts": [{"type": "tmpfs",
		"destination": "/tmp", "mode": "1777", "size": "64k"}]}'
	hold alice
	as_root_inside sh -c 'cat /dev/zero > /tmp/zeros' 2> /dev/null
	as_alice sh -c 'echo mine > /tmp/late'
	lacks "what the session reads" "mine" "$(named /tmp/late)"
	logged "not in the container: /tmp/late inside: No space left"
	lacks "half a file" "late" "$(nssh alice ls /tmp)"
	release
	config alice "$CONFIG"
}

# Control: without the key the file stays on the host.
not_without_the_key() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "session": {"bring": []}}'
	as_alice sh -c 'echo secret > /tmp/mine'
	lacks "what the session reads" "secret" "$(named /tmp/mine)"
	equal "the file on the host" "secret" "$(cat /tmp/mine)"
	rm -f /tmp/mine
	config alice "$CONFIG"
}

sshd_start 22
t "pam_krb5's tickets are inside, are used, and end with the session" \
	tickets_inside
t "a file that a module names comes along" plain_path
t "it replaces what an earlier session left" again
t "files that are not the user's stay where they are" foreign_files
t "a name that another user has inside is left to it" name_is_taken
t "a full file system leaves no half file, and refuses nobody" no_space
t "without session.bring the file stays on the host" not_without_the_key
