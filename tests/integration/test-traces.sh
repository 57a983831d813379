#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a login leaves on the host: mail, lines of the log, records.  It is the
# same for alice, whose rootfs is "/", and for bob, who has one of his own, as
# for carol, who logs in on the host.  The result is a table of CONFORMANCE.md.
# shellcheck disable=SC2016,SC2024,SC2317 # session commands; functions run by name
. "$(dirname "$0")/lib.sh"

CELLS=$TOP/cells
OWN=/srv/images/own
MAILS=/srv/mails
export TERM=vt220

# --- helpers

# Removes what differs between two logins: numbers, and the user's name.
plain_text() {
	tr -d '\r' | sed "s/\b$1\b/USER/g;s/[0-9][0-9]*/N/g" | tr -s ' '
}

# since USER PATTERN LAST COMMAND... : the lines of the log that match PATTERN,
# once there is one that matches LAST.
since() {
	local user=$1 pattern=$2 last=$3

	shift 3
	syslog_mark
	"$@" > "$OUT/since.$user" 2>&1
	closed() { syslog_since | grep -aq -- "$last"; }
	wait_until 5 closed || echo "no line '$last'"
	syslog_since | grep -a -- "$pattern" |
		grep -av 'Close session' | cut -d : -f 3- |
		cut -d ' ' -f 2- | plain_text "$user" | sort
}

# The kernel of a host whose programs mail: the message is kept.
make_sendmail() {
	mkdir -m 1777 "$MAILS"
	cat > /usr/sbin/sendmail <<-END
	#!/bin/sh
	f=\$(mktemp $MAILS/XXXXXX) || exit
	{ echo "uid \$(id -u) \$*"; cat; } > "\$f"
	mv "\$f" "\$f.done"
	END
	chmod 0755 /usr/sbin/sendmail
}

mailed() {
	compgen -G "$MAILS/*.done" > /dev/null
}

# mail_of USER : the mail that arrives, without its uid.
mail_of() {
	wait_until 5 mailed || echo "no mail"
	cat "$MAILS"/*.done 2> /dev/null |
		sed "s/^uid $(id -u "$1") /uid USER /" | plain_text "$1"
	rm -f "$MAILS"/*
}

# --- traces: TRACE USER prints what it left

ssh_log() {
	since "$1" ' sshd[^ ]*\[' "session closed for user $1" \
		nssh "$1" 'exit 7'
}

sftp_log() {
	since "$1" ' internal-sftp\[' 'internal-sftp.*session closed' \
		sftp -q "${SSH_OPTIONS[@]}" -b - "$1@127.0.0.1" \
		<<< 'ls .ssh' | sed 's,"[^"]*/,"/,'
}

on_pty() {
	rm -f "/home/$1/.hushlogin"
	timeout 20 script -qec "ssh ${SSH_OPTIONS[*]} -tt $1@127.0.0.1" \
		/dev/null <<< 'exit'
}

# Sets the time of a user's last login in a file of lastlog(8).
age_lastlog() {
	python3 - "$(id -u "$1")" <<-'END'
	import struct, sys
	f = open("/var/log/lastlog", "r+b")
	f.seek(int(sys.argv[1]) * 292)
	f.write(struct.pack("i", 1000000000))
	END
}

lastlog_of() {
	lastlog -u "$1" | tail -n +2 | sed "s,pts/[0-9]*\|nsc/[0-9]*,PTY     ,"
}

in_lastlog() {
	lastlog_of "$1" | grep -q 127.0.0.1
}

lastlog_() {
	on_pty "$1" > "$OUT/pty"
	wait_until 5 in_lastlog "$1"
	lastlog_of "$1" | tr -s ' ' | cut -d ' ' -f 1-3 | plain_text "$1"
}

# Only a session with a terminal counts.
no_lastlog() {
	: > /var/log/lastlog
	nssh "$1" 'exit 7' 2> /dev/null
	wait_until 1 in_lastlog "$1"
	lastlog_of "$1" | plain_text "$1"
}

last_login() {
	on_pty "$1" > "$OUT/pty"
	wait_until 5 in_lastlog "$1"
	age_lastlog "$1"
	on_pty "$1" | grep -ao 'Last login: .*'
}

# Debian 13 has neither file.
need_records() {
	case $1 in
	*last*) command -v lastlog > /dev/null || skip "lastlog is missing" ;;
	*wtmp) command -v last > /dev/null || skip "last is missing" ;;
	esac
}

wtmp() {
	on_pty "$1" > "$OUT/pty"
	ended() { last -n 1 "$1" | grep -q ' - '; }
	wait_until 5 ended "$1"
	last -n 1 "$1" | head -n 1 | cut -c 1-9,23-40,63- | tr -s ' ' |
		plain_text "$1"
}

su_log() {
	since "$1" ' su\[' "session closed for user $1" su - "$1" -c 'exit 7'
}

on_console() {
	rm -f "/home/$1/.hushlogin"
	timeout 20 script -qec "login -f $1" /dev/null <<< 'exit'
}

# pam_unix takes its caller's name from the entry of the terminal.
login_log() {
	: > /run/utmp
	since "$1" ' login[:[]' "session closed for user $1" on_console "$1"
}

login_wtmp() {
	on_console "$1" > "$OUT/pty"
	ended() { last -n 1 "$1" | grep -q ' - '; }
	wait_until 5 ended "$1"
	last -n 1 "$1" | head -n 1 | cut -c 1-18 | plain_text "$1"
}

login_lastlog() {
	on_console "$1" > "$OUT/pty"
	lastlog_of "$1" | cut -c 1-26 | plain_text "$1"
	on_console "$1" | grep -ao 'Last login: .* on pts' | plain_text "$1"
}

sudo_log() {
	since "$1" ' sudo' "session closed for user $1" \
		sudo -u "$1" sh -c 'exit 7'
}

sudo_exit() {
	echo 'Defaults log_exit_status' > /etc/sudoers.d/traces
	since "$1" ' sudo.*EXIT=' 'EXIT=7' sudo -u "$1" sh -c 'exit 7'
	rm /etc/sudoers.d/traces
}

sudo_file() {
	echo 'Defaults log_exit_status, !syslog, logfile=/var/log/sudo.log' \
		> /etc/sudoers.d/traces
	sudo -u "$1" sh -c 'exit 7'
	sed 's/^.* : //' /var/log/sudo.log | plain_text "$1"
	rm /etc/sudoers.d/traces /var/log/sudo.log
}

sudo_io() {
	local dir=/var/log/sudo-io/00/00/01

	echo 'Defaults log_output, !compress_io' > /etc/sudoers.d/traces
	sudo -u "$1" sh -c 'echo to stdout; echo to stderr >&2; exit 7' \
		< /dev/null > "$OUT/said" 2>&1
	cat "$dir"/{stdout,stderr,ttyout}
	cut -d ' ' -f 1,3 "$dir/timing" | sort
	grep -ao '"exit_value": .*' "$dir/log.json"
	rm -rf /etc/sudoers.d/traces /var/log/sudo-io
}

# with_cron USER CRONTAB-LINE... : lets cron run an @reboot job.
with_cron() {
	local user=$1

	shift
	printf '%s\n' "$@" | crontab -u "$user" -
	rm -f /run/crond.reboot
	cron -f &
	closed() { syslog_since | grep -aq "session closed for user $user"; }
	wait_until 10 closed || echo "no end"
	kill $!
	wait $!
	crontab -r -u "$user"
} 2> /dev/null

cron_mail() {
	syslog_mark
	with_cron "$1" '@reboot echo to stdout; echo to stderr >&2; exit 7'
	mail_of "$1"
}

cron_mailto() {
	syslog_mark
	with_cron "$1" 'MAILTO=somebody' 'CONTENT_TYPE=text/x-test' \
		'@reboot cat%the input'
	mail_of "$1"
}

cron_no_mail() {
	syslog_mark
	with_cron "$1" '@reboot true'
	mailed && mail_of "$1"
}

cron_log() {
	since "$1" ' CRON\[.*'"$1" "session closed for user $1" \
		with_cron "$1" '@reboot true'
}

# with_at USER [OPTION...] : runs the job that is the input.
with_at() {
	local user=$1

	shift
	atd -f &
	wait_until 2 test -s /run/atd.pid
	setpriv --reuid="$user" --regid="$user" --init-groups env \
		-C "/home/$user" HOME="/home/$user" USER="$user" \
		LOGNAME="$user" SHELL=/bin/sh at "$@" now 2> /dev/null
	closed() { syslog_since | grep -aq "session closed for user $user"; }
	wait_until 10 closed || echo "no end"
	spooled() { [ -n "$(ls /var/spool/cron/atspool)" ]; }
	wait_until 1 eval '! spooled'
	kill $!
	wait $!
} 2> /dev/null

at_mail() {
	syslog_mark
	with_at "$1" <<< 'echo to stdout; echo to stderr >&2; exit 7'
	mail_of "$1"
}

at_mail_always() {
	syslog_mark
	with_at "$1" -m <<< 'true'
	mail_of "$1"
}

at_spool() {
	syslog_mark
	with_at "$1" <<< 'echo out'
	mail_of "$1" > "$OUT/mail"
	ls /var/spool/cron/atspool
	find /var/spool/cron/atjobs -type f ! -name .SEQ
	find /var/spool/cron/atspool -mindepth 1 -delete
	echo looked
}

at_log() {
	since "$1" " atd\\[.*$1" "session closed for user $1" \
		with_at "$1" <<< 'true'
}

# The socket alone, with the rights that a user of the host has.
syslog_inside() {
	local say='logger -t nsc-says from-inside 2> /dev/null'

	need_product
	nssh alice "$say" || fail "logger fails"
	logged 'nsc-says.*from-inside'
	nssh alice 'mv /dev/.nscontainer/log /dev/x || rm /dev/.nscontainer/log
		: > /dev/.nscontainer/log; chmod 666 /dev/.nscontainer/log' \
		> "$OUT/tried" 2>&1
	nssh alice "$say" || fail "alice has removed the socket"
	equal "mounts below /dev/.nscontainer" "/dev/.nscontainer/log" "$(nssh \
		alice 'cut -d " " -f 5,6 /proc/self/mountinfo' |
		sed -n 's/^\(.dev.\.nscontainer[^ ]*\) ro,nosuid,nodev,noexec.*/\1/p')"
	config carol '{"rootfs": "/",
		"masked_paths": ["/dev/.nscontainer/log"]}'
	syslog_mark
	nssh carol "$say"
	nssh alice 'logger -t nsc-says later'
	logged 'nsc-says.*later'
	lacks "syslog" from-inside "$(syslog_since)"
	rm -r "$CONF/users/carol"
}

# --- the table

# TRACE|its description|the reason if it differs
rows() {
	cat <<-'END'
	ssh_log|ssh, sshd's lines in syslog
	sftp_log|sftp, lines of internal-sftp -l VERBOSE
	last_login|ssh, "Last login:"|sshd reads the rootfs's /var/log/lastlog
	lastlog_|ssh, lastlog
	no_lastlog|ssh without a terminal, no lastlog|each login from elsewhere is in it, as in wtmp
	wtmp|ssh, wtmp|with nsc/PID for the terminal
	su_log|su -, lines in syslog
	login_log|login, lines in syslog
	login_wtmp|login, wtmp
	login_lastlog|login, lastlog and "Last login:"
	sudo_log|sudo -u, lines in syslog
	sudo_exit|sudo -u, EXIT in syslog
	sudo_file|sudo -u, EXIT in a log file|sudo opens it again inside: use syslog
	sudo_io|sudo -u, its I/O log
	cron_mail|cron, mail of the output
	cron_mailto|cron, MAILTO and an input
	cron_no_mail|cron, no mail without output
	cron_log|cron, lines in syslog
	at_mail|at, mail of the output
	at_mail_always|at -m, mail
	at_spool|at, nothing left in the spool
	at_log|at, lines in syslog
	END
}

# A cell is "same" if the user's trace is that of carol.
trace() {
	local user

	need_records "$1"
	for user in carol alice bob; do
		"$1" "$user" > "$CELLS/$1.$user" 2>&1
	done
	[ -s "$CELLS/$1.carol" ] || [ "$1" = cron_no_mail ] ||
		fail "carol leaves nothing"
	for user in alice bob; do
		if [ -n "$PLAIN" ] || cmp -s "$CELLS/$1.carol" "$CELLS/$1.$user"
		then echo same
		else echo '**differs**'
		fi > "$CELLS/$1.$user.cell"
	done
	! grep -q 'no line\|no mail\|no end' "$CELLS/$1.carol" ||
		fail "carol: $(cat "$CELLS/$1.carol")"
}

document() {
	local name label why

	cat <<-'END'
	## What a login leaves on the host

	The mail, the lines of the log and the records that the login program
	makes itself, compared with those of a user without a container. This
	is the output of `tests/integration/test-traces.sh`.

	| Trace | rootfs "/" | rootfs of its own | |
	|---|---|---|---|
	END
	while IFS='|' read -r name label why; do
		[ -e "$CELLS/$name.bob.cell" ] || {
			grep -F "| $label |" "$TESTS/CONFORMANCE.md"
			continue
		}
		echo "| $label | $(cat "$CELLS/$name.alice.cell") |" \
			"$(cat "$CELLS/$name.bob.cell") |${why:+ $why} |"
	done < <(rows)
	echo
}

same_document() {
	local cell

	need_product
	document > "$TOP/document"
	sed -n '/^## What a login/,/^## Prog/p' "$TESTS/CONFORMANCE.md" |
		sed '/^## Prog/d' | diff - "$TOP/document" && return
	for cell in "$CELLS"/*.cell; do
		grep -q differs "$cell" || continue
		echo "${cell##*/}"
		diff "${cell%.*.cell}.carol" "${cell%.cell}" | head -n 8
	done
	fail "< CONFORMANCE.md, > what is true"
}

mkdir "$CELLS"
make_busybox "$OWN" > /dev/null || echo "# no busybox"
mkdir "$OWN/etc/security"
: > "$OWN/etc/security/group.conf"
make_sendmail
: > /run/utmp
: > /var/log/wtmp
: > /var/log/lastlog
pam_enable sshd login su su-l sudo sudo-i cron atd
config alice '{"rootfs": "/"}'
config bob "{\"rootfs\": \"$OWN\"}"
conf 'linger = 90;'
sshd_start 22 -o "Subsystem=sftp internal-sftp -l VERBOSE"
nssh carol true
while IFS='|' read -r name label _; do
	t "$label" trace "$name"
done < <(rows)
t "P8 the inside has the host's syslog, and nothing else of it" syslog_inside
t "CONFORMANCE.md says what a login leaves" same_document
[ -z "${NSC_CONFORMANCE_OUT-}" ] || sed 's/^/#traces:/' "$TOP/document"
