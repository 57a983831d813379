#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit doctor reports nothing on a clean host, and finds each planted hole.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

GROUP=nscontainer-admins
SAVED="pam.d ssh passwd shells group"
[ -n "$PLAIN" ] || {
	groupadd "$GROUP"
	usermod -aG "$GROUP" carol
	rm -f /usr/sbin/dropbear /usr/bin/dropbear
	for name in /etc/pam.d/*; do
		case ${name##*/} in
		common-*|chfn|chsh|passwd|chpasswd|newusers|su-l) ;;
		runuser*|polkit*) ;;
		*) pam_enable "${name##*/}" ;;
		esac
	done
	[ ! -e /usr/lib/pam.d/systemd-user ] || {
		cp /usr/lib/pam.d/systemd-user /etc/pam.d/
		pam_enable systemd-user
	}
	# Debian's sshd and atd read ~/.pam_environment on the host.
	sed -i 's/user_readenv=1//' /etc/pam.d/*
	for name in $SAVED; do
		cp -a "/etc/$name" "$TOP/saved-$name"
	done
}

# A clean host: alice and bob are contained, bob by nsshell and PAM.
fresh() {
	local name

	need_product
	clean_slate
	for name in $SAVED; do
		rm -rf "/etc/${name:?}"
		cp -a "$TOP/saved-$name" "/etc/$name"
	done
	rm -rf /usr/lib/pam.d/nsc-ftp "${CONF:?}"
	mkdir -p "$CONF"
	conf 'linger = 0;'
	config alice '{"rootfs": "/"}'
	config bob '{"rootfs": "/"}'
	echo /usr/bin/nsshell >> /etc/shells
	usermod -s /usr/bin/nsshell bob
	mkdir -p /run/sshd
}

doctor() {
	status_is "$1" timeout 120 nsinit doctor "${@:2}"
}

clean() {
	fresh
	doctor 0
	empty "findings" "$(grep -E '^(hole|risk|note) ' "$OUT/stdout")"
	contains "its limits" "Not looked at:" "$(cat "$OUT/stdout")"
	empty "standard error" "$(cat "$OUT/stderr")"
	doctor 0 --json
	empty "findings as JSON" "$(cat "$OUT/stdout")"
}

# found SEVERITY CHECK [FILE[:LINE] [TEXT]]
found() {
	local line

	line=$(grep -A 3 -E "^$1 $2( |\$)" "$OUT/stdout") ||
		fail "no $1 '$2'" "$(cat "$OUT/stdout")"
	contains "$2: the file and line" "${3-}" "$line"
	contains "$2: the text" "${4-}" "$line"
	contains "$2: what to do" "    remedy: " "$line"
}

# planted COMMAND SEVERITY CHECK [FILE TEXT] : the finding appears only after
# COMMAND, and is the only one unless MORE is set.
planted() {
	local command=$1 status=0 n

	shift
	fresh
	eval "$command"
	[ "$1" != hole ] && [ -z "${MORE-}" ] || status=1
	doctor "$status"
	found "$@"
	n=$(grep -cE '^(hole|risk|note) ' "$OUT/stdout")
	[ "${MORE-}" ] || [ "$n" -eq 1 ] ||
		fail "more is found than was planted" "$(cat "$OUT/stdout")"
}

# own FIRST : maps to which alice's id and bob's, the next one, belong.
own() {
	echo "[{\"container_id\": 0, \"host_id\": 5000000, \"size\": 1000},
		{\"container_id\": $1, \"host_id\": $1, \"size\": 2}]"
}

foreign_ids() {
	config alice "{\"rootfs\": \"/\", \"accept\": [\"foreign-ids\"],
		\"uid_mappings\": $(own "$(id -u alice)"),
		\"gid_mappings\": $(own "$(id -g alice)")}"
}

line_of() {
	grep -n "$1" "$2" | head -n 1 | cut -d : -f 1
}

# before LINE : inserts a session line before pam_container, in su or SERVICE.
before() {
	sed -i "/pam_container/i $1" "/etc/pam.d/${SERVICE-su}"
}

after() {
	echo "$1" >> /etc/pam.d/login
}

control() {
	sed -i "s,^session required pam_container.so,session $1," /etc/pam.d/sshd
}

# Without the module in sshd, bob has only nsshell; the rest is correct.
shell_only() {
	sed -i /pam_container/d /etc/pam.d/sshd
	rm -r "$CONF/users/alice"
	sed -i '/^X11Forwarding\|^Subsystem/d' /etc/ssh/sshd_config
	cat >> /etc/ssh/sshd_config <<-'END'
	Subsystem sftp /usr/lib/openssh/sftp-server
	AllowTcpForwarding no
	AllowStreamLocalForwarding no
	AllowAgentForwarding no
	X11Forwarding no
	PermitUserRC no
	END
}

# sshd_says OLD NEW : replaces a line of sshd's configuration.
sshd_says() {
	shell_only
	sed -i "s,^$1.*,$2," /etc/ssh/sshd_config
}

by_shell() {
	MORE=1 planted "$@"
	equal "findings" 2 "$(grep -cE '^(hole|risk|note) ' "$OUT/stdout")"
	found hole not-listed /etc/pam.d/sshd
	contains "whom it concerns" "users: bob" "$(cat "$OUT/stdout")"
}

shell_only_is_enough() {
	fresh
	shell_only
	doctor 1
	equal "findings" 1 "$(grep -cE '^(hole|risk|note) ' "$OUT/stdout")"
	found hole not-listed /etc/pam.d/sshd
}

# Lines that PAM can jump over, and lines that it cannot.
harmless_lines() {
	fresh
	before "session sufficient pam_permit.so"
	mv /etc/pam.d/su "$OUT/su"
	# A jump that ends before pam_container, and a substack that ends
	# itself.
	{
		echo "session [default=1] pam_permit.so"
		echo "session requisite pam_deny.so"
		echo "session substack nsc-sub"
		echo "session [success=1 default=ignore] pam_permit.so"
		echo "session substack nsc-sub"
		echo "session required \\"
		echo "	pam_container.so debug # a comment"
	} > /etc/pam.d/su
	printf '%s\n' "session sufficient pam_permit.so" \
		"session required pam_permit.so" > /etc/pam.d/nsc-sub
	doctor 0
	empty "findings" "$(grep -E '^(hole|risk|note) ' "$OUT/stdout")"
}

# Modules that could read the home, but here do not, and one below ours.
reads_no_home() {
	fresh
	before "session required pam_env.so"
	before "session optional pam_mount.so"
	echo "<!-- <luserconf name=\"x\" /> -->" \
		> /etc/security/pam_mount.conf.xml
	{
		echo "auth optional pam_u2f.so authfile=/etc/u2f_keys"
		echo "session optional pam_xauth.so"
	} >> /etc/pam.d/su
	doctor 0
	rm /etc/security/pam_mount.conf.xml
	empty "findings" "$(grep -E '^(hole|risk|note) ' "$OUT/stdout")"
}

# The package was removed without its lines: no login is a hole then.
no_module() {
	fresh
	mv /usr/lib/*/security/pam_container.so "$OUT/"
	doctor 0
	mv "$OUT/pam_container.so" "$(dirname "$(find /usr/lib/*/security \
		-name pam_unix.so)")"
	found risk nobody-gets-in /etc/pam.d/sshd: \
		"pam_container.so: does not exist: nobody gets in by 'sshd'"
	lacks "findings" "on the host" "$(grep -A 1 ^hole "$OUT/stdout")"
}

# The trial of a login says the same.
tried() {
	fresh
	sed -i s/pam_container/pam_contaner/ /etc/pam.d/login
	status_is 1 nsinit try --service login alice
	contains "text" "nobody gets in by 'login'" "$(cat "$OUT/stderr")"
	sed -i "s/required *pam_contaner/optional pam_contaner/" /etc/pam.d/login
	status_is 1 nsinit try --service login alice
	contains "text" "stays on the host" "$(cat "$OUT/stderr")"
	sed -i '/pam_cont/d; 1i session sufficient pam_permit.so' \
		/etc/pam.d/login
	pam_enable login
	status_is 1 nsinit try --service login alice
	contains "text" "ends before" "$(cat "$OUT/stderr")"
}

# A stack of session lines: what libpam does with it, and what we say.
agree() {
	local real said

	printf 'session %s\n' "$@" > /etc/pam.d/nsc-stack
	"$TESTS/pamcaller" nsc-stack alice > "$OUT/real" 2> /dev/null
	real=outside
	[ "$(printed_ns "$OUT/real" mnt)" = "$(ns_of self mnt)" ] || real=inside
	grep -qx "open 0" "$OUT/real" || real=nobody
	nsinit try --service nsc-stack alice > /dev/null 2> "$OUT/text"
	case $?$(< "$OUT/text") in
	0) said=inside ;;
	*"nobody gets in"*) said=nobody ;;
	*"stays on the host"*) said=outside ;;
	*) said=$(< "$OUT/text") ;;
	esac
	equal "$*" "$real" "$said"
}

agrees_with_libpam() {
	local ours="required pam_container.so" no="pam_nowhere.so"

	fresh
	printf '%s\n' "session sufficient pam_permit.so" > /etc/pam.d/nsc-done
	printf '%s\n' "session [default=die] $no" > /etc/pam.d/nsc-die
	agree "$ours"
	agree "required pam_permit.so"
	agree "required $no" "$ours"
	agree "optional $no" "$ours"
	agree "sufficient $no" "$ours"
	agree "requisite $no" "$ours"
	agree "[module_unknown=ignore default=bad] $no" "$ours"
	agree "[module_unknown=ok default=bad] $no" "$ours"
	agree "[default=1] $no" "$ours" "required pam_permit.so"
	agree "[default=1] $no" "$ours"
	agree "[default=2] $no" "$ours"
	agree "sufficient pam_permit.so" "$ours"
	agree "required pam_deny.so" "sufficient pam_permit.so" "$ours"
	agree "required pam_deny.so" "[default=reset] pam_permit.so" "$ours"
	agree "required $no" "[default=reset] pam_permit.so" "$ours"
	agree "[success=die] pam_permit.so" "$ours"
	agree "[session_err=done default=bad] pam_deny.so" "$ours"
	agree "include nsc-done" "$ours"
	agree "substack nsc-done" "$ours"
	agree "substack nsc-die" "$ours"
	agree "include nsc-nowhere" "$ours"
	agree "[success=1 default=ignore] pam_permit.so" \
		"substack nsc-die" "$ours"
	agree "optional pam_contaner.so" "required pam_permit.so"
	agree "optional pam_contaner.so"
	agree "$ours" "required $no"
	agree "required" "$ours"
	agree "required pam_permit.so # \\" "$ours"
	agree "required pam_permit.so \\" "$ours"
	agree "required pam_permit.so \\ " "$ours"
	agree "[" "$ours"
	rm /etc/pam.d/nsc-*
}

# libpam reads pam.conf where it has no directory.
pam_conf() {
	fresh
	mv /usr/lib/pam.d "$OUT/"
	mv /etc/pam.d "$OUT/etc"
	printf '%s\n' "OTHER session required pam_container.so" \
		"su session required pam_permit.so" \
		"login session required pam_container.so" > /etc/pam.conf
	doctor 1
	mv "$OUT/etc" /etc/pam.d
	mv "$OUT/pam.d" /usr/lib/
	equal "findings" 1 "$(grep -c '^hole not-listed' "$OUT/stdout")"
	found hole not-listed /etc/pam.conf "its sessions are on the host"
}

through_include() {
	fresh
	sed -i /pam_container/d /etc/pam.d/*
	echo "session required pam_container.so" >> /etc/pam.d/common-session
	echo "session required pam_container.so" \
		>> /etc/pam.d/common-session-noninteractive
	# su also includes it; on this host, su and sudo do.
	doctor 0
	lacks "findings" not-listed "$(cat "$OUT/stdout")"
	found risk after /etc/pam.d/sshd: "pam_limits.so: is called inside"
}

endless_include() {
	fresh
	echo "session include nsc-loop" > /etc/pam.d/nsc-loop
	doctor 2
	contains "standard error" "includes itself" "$(cat "$OUT/stderr")"
}

broken_container() {
	planted "config alice '{\"rotfs\": 1}'" risk refused "" \
		"container.json: rotfs: unknown key"
	contains "whom it concerns" "users: alice" "$(cat "$OUT/stdout")"
	fresh
	config alice '{"rotfs": 1}'
	conf 'on_error = "host";'
	doctor 1
	found hole refused "" "lands on the host"
	found hole on-error-host "$CONF/nscontainer.conf"
}

several_users() {
	fresh
	mkdir -p "$CONF/default"
	echo '{"rotfs": 1}' > "$CONF/default/container.json"
	rm -r "$CONF/users"
	doctor 0 alice bob
	found risk refused "" "default/container.json"
	equal "findings for both" 1 "$(grep -c '^risk refused' "$OUT/stdout")"
	contains "whom it concerns" "users: alice bob" "$(cat "$OUT/stdout")"
}

unknown_user() {
	fresh
	doctor 2 nobody-there
	contains "standard error" "is not known to the system" \
		"$(cat "$OUT/stderr")"
}

no_sshd_answer() {
	fresh
	echo "Rubbish yes" >> /etc/ssh/sshd_config
	doctor 2
	contains "standard error" "sshd -T ended with status" \
		"$(cat "$OUT/stderr")"
}

dropbear() {
	fresh
	cp /usr/bin/sleep /usr/sbin/dropbear
	doctor 0
	found note daemon-without-pam /usr/sbin/dropbear
	/usr/sbin/dropbear 60 &
	doctor 1
	found hole daemon-without-pam "" "dropbear runs"
	kill $!
	rm /usr/sbin/dropbear
}

in_json() {
	fresh
	control "optional pam_container.so"
	doctor 1 --json
	python3 - "$OUT/stdout" "$(line_of pam_container /etc/pam.d/sshd)" \
		<<-'END' || fail "JSON" "$(cat "$OUT/stdout")"
	import json, sys
	found, = map(json.loads, open(sys.argv[1]))
	assert found["severity"] == "hole", found
	assert found["check"] == "control", found
	assert found["file"] == "/etc/pam.d/sshd", found
	assert found["line"] == int(sys.argv[2]), found
	assert found["users"] == [], found
	assert "required" in found["remedy"], found
	END
}

t "doctor says nothing of a clean host" clean
while IFS='|' read -r severity check file text command; do
	# Then bob has only nsshell, which has holes of its own.
	MORE=
	[ "${severity#+}" = "$severity" ] || MORE=1
	severity=${severity#+}
	t "planted: $check: $command" planted "$command" "$severity" "$check" \
		"$file" "$text"
done <<'END'
+hole|not-listed|/etc/pam.d/sshd|is not listed|sed -i /pam_container/d /etc/pam.d/sshd
hole|not-listed|/etc/pam.d/login|is not listed|sed -i /pam_container/d /etc/pam.d/login
hole|not-listed|/etc/pam.d/sudo|is not listed|sed -i /pam_container/d /etc/pam.d/sudo
hole|not-listed|/etc/pam.d/cron|is not listed|sed -i /pam_container/d /etc/pam.d/cron
hole|not-listed|/etc/pam.d/vsftpd|is not listed|echo "session required pam_permit.so" > /etc/pam.d/vsftpd
hole|not-listed|/etc/pam.d/systemd-user|is not listed|echo "session required pam_permit.so" > /etc/pam.d/systemd-user
risk|not-listed|/etc/pam.d/other|services without a file|sed -i /pam_container/d /etc/pam.d/other
hole|control|/etc/pam.d/sshd|session optional pam_container.so|control "optional pam_container.so"
hole|control|/etc/pam.d/sshd|continues on the host|control "[success=ok default=ignore] pam_container.so"
hole|control|/etc/pam.d/sshd|continues on the host|control "[success=ok perm_denied=1 default=bad] pam_container.so"
hole|passed-over|/etc/pam.d/su:|session sufficient pam_permit.so|before "session sufficient pam_permit.so"
hole|passed-over|/etc/pam.d/su:|[success=done default=ignore]|before "session [success=done default=ignore] pam_permit.so"
hole|passed-over|/etc/pam.d/su:|[auth_err=ignore perm_denied=1 default=bad]|before "session [auth_err=ignore perm_denied=1 default=bad] pam_succeed_if.so"
hole|passed-over|/etc/pam.d/su:|[success=1 default=ignore]|before "session [success=1 default=ignore] pam_succeed_if.so"
+hole|not-listed|/usr/lib/pam.d/systemd-user|runs the user's units|rm /etc/pam.d/systemd-user; [ -e /usr/lib/pam.d/systemd-user ] || echo "session required pam_permit.so" > /usr/lib/pam.d/systemd-user
hole|not-listed|/usr/lib/pam.d/nsc-ftp|is not listed|echo "session required pam_permit.so" > /usr/lib/pam.d/nsc-ftp
+hole|not-listed|/etc/pam.d/other|'vsftpd' has no session lines|echo "auth required pam_permit.so" > /etc/pam.d/vsftpd; sed -i /pam_container/d /etc/pam.d/other
risk|nobody-gets-in|/etc/pam.d/atd:|session required pam_contaner.so: does not exist: nobody gets in by 'atd'|sed -i s/pam_container/pam_contaner/ /etc/pam.d/atd
risk|nobody-gets-in|/etc/pam.d/atd:|session requisite pam_nowhere.so: does not exist|SERVICE=atd before "-session requisite pam_nowhere.so"
risk|nobody-gets-in|/etc/pam.d/atd:|account required pam_nowhere.so: does not exist|echo "account required pam_nowhere.so" >> /etc/pam.d/atd
risk|nobody-gets-in|/etc/pam.d/atd:|auth required pam_unix.so: does not exist|echo "auth required /nowhere/pam_unix.so" >> /etc/pam.d/atd
risk|nobody-gets-in|/etc/pam.d/atd:|auth line sesion: is none of auth, account, password and session: nobody gets in|echo "sesion required pam_permit.so" >> /etc/pam.d/atd
risk|nobody-gets-in|/etc/pam.d/atd:|session [default=die] pam_permit.so: leads to no success|SERVICE=atd before "session [default=die] pam_permit.so"
risk|nobody-gets-in|/etc/pam.d/nsc-three:|session required pam_deny.so: leads to no success: nobody gets in by 'atd'|SERVICE=atd before "session include nsc-two"; echo "session include nsc-three" > /etc/pam.d/nsc-two; echo "session required pam_deny.so" > /etc/pam.d/nsc-three
risk|nobody-gets-in|/etc/pam.d/atd:|session include nsc-nowhere: does not exist|SERVICE=atd before "session include nsc-nowhere"
risk|after|/etc/pam.d/login:|pam_systemd.so: is called inside|after "session optional pam_systemd.so"
risk|after|/etc/pam.d/login:|pam_limits.so: is called inside|after "-session required pam_limits.so"
risk|after|/etc/pam.d/login:|pam_namespace.so: is called inside|after "session optional /lib/security/pam_namespace.so"
risk|reads-home|/etc/pam.d/su:|session required pam_env.so: reads ~/.pam_environment|before "session required pam_env.so user_readenv=1"
risk|reads-home|/etc/pam.d/su:|auth required pam_env.so: reads|echo "auth required pam_env.so user_readenv=1" >> /etc/pam.d/su
risk|reads-home|/etc/pam.d/su:|account sufficient pam_krb5.so: reads ~/.k5login|echo "account sufficient pam_krb5.so" >> /etc/pam.d/su
risk|reads-home|/etc/pam.d/sshd:|reads ~/.google_authenticator|echo "auth optional pam_google_authenticator.so secret=\${HOME}/.ga" >> /etc/pam.d/sshd
risk|reads-home|/etc/pam.d/su:|reads ~/.xauth|before "session optional pam_xauth.so"
risk|reads-home|/etc/pam.d/su:|reads the file of <luserconf>|before "session optional pam_mount.so"; echo "<!-- x --><pam_mount><luserconf name=\"x\" /></pam_mount>" > /etc/security/pam_mount.conf.xml
note|runs-program|/etc/pam.d/su:|runs a program as root|before "session optional pam_exec.so /bin/true"
risk|arguments|/etc/pam.d/sshd:|'sandbox=yes': unknown|control "required pam_container.so sandbox=yes"
+hole|audit-argument|/etc/pam.d/sshd:|contains nobody|control "required pam_container.so mode=audit"
note|other-conf|/etc/pam.d/sshd:|--conf|control "required pam_container.so conf=/etc/x/y.conf"
+hole|usepam|/etc/ssh/sshd_config:|sshd does not use PAM|sed -i "s/^UsePAM.*/UsePAM no/" /etc/ssh/sshd_config
+hole|usepam|/etc/ssh/sshd_config.d/a.conf:2|sshd does not use PAM|printf "\nUsePAM=no\n" > /etc/ssh/sshd_config.d/a.conf
risk|chrootdirectory|/etc/ssh/sshd_config:|looked up inside|printf "Match User alice\n ChrootDirectory /srv\n" >> /etc/ssh/sshd_config
note|forcecommand|/etc/ssh/sshd_config:|looked up inside|echo "ForceCommand /bin/true" >> /etc/ssh/sshd_config
hole|on-error-host|/etc/nscontainer/nscontainer.conf|lets its user out|conf "on_error = \"host\";"
risk|exempt-service|/etc/nscontainer/nscontainer.conf|service cron|conf "exempt_services = [ \"cron\" ];"
note|exempt|/etc/nscontainer/nscontainer.conf|exempt_users|conf "exempt_users = [ \"alice\" ];"
note|exempt|/etc/nscontainer/nscontainer.conf|exempt_groups|conf "exempt_groups = [ \"alice\" ];"
+risk|refused||logins are refused: /etc/nscontainer/nscontainer.conf: line 1: exempt_user: unknown key|conf "exempt_user = [];"
risk|untrusted-file||users/carol/container.json: is writable|config carol "{}"; chmod 0666 "$CONF/users/carol/container.json"; usermod -s /usr/sbin/nologin carol
risk|untrusted-file||groups/staff: is owned by uid|mkdir -p "$CONF/groups/staff"; chown alice "$CONF/groups/staff"
hole|accepted|/etc/nscontainer/users/alice/container.json|other users of the host can reach|make_busybox /srv/open > /dev/null; config alice "{\"rootfs\": \"/srv/open\", \"session\": {\"shell\": \"/bin/sh\"}, \"accept\": [\"exposed-files\"]}"
risk|refused||other users of the host can reach|mkdir -p /srv/open; config alice "{\"rootfs\": \"/srv/open\"}"
hole|accepted|/etc/nscontainer/users/alice/container.json|'bob' has the id|foreign_ids
risk|id-in-pool|/etc/nscontainer/nscontainer.conf|uid 1879100000 is in the pool|useradd -M -u 1879100000 -s /bin/sh eve; echo eve:800000:65536 | tee -a /etc/subuid >> /etc/subgid; config eve "{\"rootfs\": \"/\"}"
risk|root-contained||su and sudo to root|config root "{\"rootfs\": \"/\", \"namespaces\": {\"NEWNS\": true, \"NEWPID\": true}}"
risk|break-glass-empty||has no member|gpasswd -d carol nscontainer-admins
risk|break-glass-empty||does not exist|groupdel nscontainer-admins
risk|break-glass-empty|/etc/pam.d/sshd:|'staff' has no member|control "required pam_container.so break_glass=staff"
note|break-glass-contained||the user is in|config carol "{\"rootfs\": \"/\"}"
risk|nsshell-not-listed|/etc/shells|/usr/bin/nsshell is not listed|sed -i /nsshell/d /etc/shells
risk|nsshell-without-container||there is no container.json|rm -r "$CONF/users/bob"
END
while IFS='|' read -r check text old new; do
	t "nsshell alone: $check" by_shell "sshd_says '$old' '$new'" \
		"${check%% *}" "${check#* }" /etc/ssh/sshd_config "$text"
done <<'END'
hole subsystem sftp|sshd itself serves it|Subsystem|Subsystem sftp internal-sftp
hole allowtcpforwarding|forwarded ports|AllowTcpForwarding|AllowTcpForwarding local
hole allowtcpforwarding|(the default)|AllowTcpForwarding|
hole allowstreamlocalforwarding|forwarded sockets|AllowStreamLocal|AllowStreamLocalForwarding yes
hole x11forwarding|X11 socket|X11Forwarding|X11Forwarding yes
hole allowagentforwarding|agent|AllowAgentForwarding|AllowAgentForwarding yes
hole permittunnel|tunnel|PermitUserRC|PermitUserRC no\nPermitTunnel yes
hole permituserenvironment|LD_PRELOAD|PermitUserRC|PermitUserRC no\nPermitUserEnvironment yes
hole forcecommand|sshd itself serves it|PermitUserRC|PermitUserRC no\nForceCommand internal-sftp
hole acceptenv|LD_PRELOAD|PermitUserRC|PermitUserRC no\nAcceptEnv LD_PRELOAD
risk permituserrc|~/.ssh/rc|PermitUserRC|PermitUserRC yes
END
t "nsshell alone: with everything forbidden only PAM is missing" \
	shell_only_is_enough
t "jumps and substacks that do not pass over the module are no holes" \
	harmless_lines
t "modules that read no file of the user are not named" reads_no_home
t "without the module itself nobody gets in" no_module
t "nsinit try says when nobody gets in, and when a login stays outside" tried
t "what a stack does is what libpam does with it" agrees_with_libpam
t "without directories, pam.conf is read" pam_conf
t "a module that is included counts for who includes it" through_include
t "a file that includes itself: not looked at" endless_include
t "a broken container.json, with both on_error" broken_container
t "what concerns several users is one finding" several_users
t "an unknown user: not looked at" unknown_user
t "a broken sshd_config: not looked at" no_sshd_answer
t "dropbear is named, and a hole where it runs" dropbear
t "--json has severity, file, line, remedy" in_json
