#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A contained user whose password has expired changes it by ssh, on the host, and
# reaches nothing else there.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd
[ -n "$PLAIN" ] ||
	sed -i '1i account required pam_container.so' /etc/pam.d/sshd
config alice '{"rootfs": "/"}'
conf 'linger = 60;'
sshd_start 22 -o Subsystem=sftp\ internal-sftp
cp /etc/shadow "$TOP/shadow"

expire() {
	cp "$TOP/shadow" /etc/shadow
	chage "$@" alice
}

# dialogue [COMMAND]: log in by key, and change the password.
dialogue() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho {*}$argv
	expect "Current password:" {} default { exit 10 }
	send "secret-alice\r"
	expect "New password:" {} default { exit 11 }
	send "Quite-another-7\r"
	expect "new password:" {} default { exit 12 }
	send "Quite-another-7\r"
	expect "updated successfully" {} default { exit 13 }
	expect eof
	END
	expect -f "$OUT/dialogue" -- ssh "${SSH_OPTIONS[@]}" -tt \
		alice@127.0.0.1 "$@" > "$OUT/text" 2>&1 ||
		fail "dialogue: status $?" "$(tr -d '\r' < "$OUT/text")"
}

changed() {
	differ "the host's shadow entry" "$(grep ^alice: "$TOP/shadow")" \
		"$(grep ^alice: /etc/shadow)"
	[ -n "$PLAIN" ] || [ -z "$(pid_of alice)" ] ||
		fail "a container was started for it"
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails afterwards"
	landed_inside "$OUT/ns" alice
	clean_slate
}

by_administrator() {
	expire -d 0
	dialogue
	[ -n "$PLAIN" ] || logged "user alice: the password has expired"
	changed
}

by_age() {
	expire -d 2020-01-01 -M 30
	dialogue
	changed
}

# A command that was asked for is not run, neither before nor afterwards.
no_command() {
	expire -d 0
	dialogue "touch /home/alice/ran"
	[ ! -e /home/alice/ran ] || fail "the command was run"
	expire -d 0
	status_is 1 nssh alice "touch /home/alice/ran"
	contains "what ssh says" "no TTY available" "$(cat "$OUT/stderr")"
	[ ! -e /home/alice/ran ] || fail "the command was run"
}

# The connection stays on the host after the change.
no_second_channel() {
	SSH_OPTIONS+=(-o "ControlPath=$OUT/control")
	expire -d 0
	nssh_with -M -N -f alice@127.0.0.1 || fail "no master"
	dialogue
	nssh_with -T alice@127.0.0.1 "touch /home/alice/ran" \
		> "$OUT/text" 2>&1 < /dev/null
	nssh_with -O exit alice@127.0.0.1 2> /dev/null
	contains "what ssh says" "no TTY available" "$(cat "$OUT/text")"
	[ ! -e /home/alice/ran ] || fail "the command was run"
}

no_sftp() {
	expire -d 0
	: > "$OUT/file"
	! timeout 30 scp -q "${SSH_OPTIONS[@]}" "$OUT/file" \
		alice@127.0.0.1:/home/alice/copied || fail "scp works"
	[ ! -e /home/alice/copied ] || fail "a file was copied"
}

# Control: bob, who has no container, reaches the port.
no_forwarding() {
	socat TCP-LISTEN:9999,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:echo outside" &
	LISTENER=$!
	wait_until 5 listening 9999
	nssh_with -W 127.0.0.1:9999 bob@127.0.0.1 < /dev/null > "$OUT/text"
	contains "what bob reaches" "outside" "$(cat "$OUT/text")"
	expire -d 0
	nssh_with -W 127.0.0.1:9999 alice@127.0.0.1 < /dev/null \
		> "$OUT/text" 2>&1
	lacks "what -W reaches" "outside" "$(cat "$OUT/text")"
	! nssh_with -o ExitOnForwardFailure=yes -N -R 6666:127.0.0.1:9999 \
		alice@127.0.0.1 || fail "-R works"
	kill "$LISTENER"
}

# Control: without the account line, passwd runs in the container, in vain.
not_without_the_line() {
	need_product
	sed -i '1d' /etc/pam.d/sshd
	expire -d 0
	( dialogue ) > /dev/null && fail "the password was changed inside"
	equal "the host's shadow entry" "alice 0" \
		"$(awk -F : '$1 == "alice" { print $1, $3 }' /etc/shadow)"
	sed -i '1i account required pam_container.so' /etc/pam.d/sshd
}

# Other doors change it before the session opens, or refuse the login.
other_doors() {
	need_product
	expire -d 0
	echo "account required pam_container.so" >> /etc/pam.d/su
	pam_enable su
	timeout 30 su - alice -c "$NS_COMMAND" > "$OUT/ns" 2>&1 < /dev/null
	lacks "where su leads" "$(ns_of self mnt)" "$(cat "$OUT/ns")"
}

t "a password that the administrator expired is changed" by_administrator
t "a password that is too old is changed" by_age
t "a user whose password has expired runs no command" no_command
t "the connection runs no command after the change either" no_second_channel
t "a user whose password has expired copies no file" no_sftp
t "a user whose password has expired forwards no port" no_forwarding
t "without the account line nothing is changed" not_without_the_line
t "su does not lead to the host with an expired password" other_doors
