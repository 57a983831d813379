#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pam_limits counts contained sessions as it counts others.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# Debian 12 counts the logins of utmp, 13 the sessions of logind, which no world
# has: a file for each login is what libsystemd reads of logind.
LOGIND=/run/systemd/sessions
! grep -qs sd_get_sessions /usr/lib/*/security/pam_limits.so || {
	mkdir -p $LOGIND
	cat > /srv/logind <<-'END'
	#!/bin/bash
	printf '%s\n' "UID=$(id -u "$PAM_USER")" "USER=$PAM_USER" CLASS=user \
		"LEADER=$PPID" > "/run/systemd/sessions/$PPID"
	END
	chmod 0755 /srv/logind
	echo 'session required pam_exec.so type=open_session /srv/logind' \
		>> /etc/pam.d/sshd
}
pam_enable sshd
config alice '{"rootfs": "/"}'
: > /run/utmp
printf 'alice - maxlogins 2\nbob - maxlogins 2\n' > /etc/security/limits.conf
rm -f /etc/security/limits.d/*
sshd_start 22

# entries USER NUMBER : so many logins are counted.  A session of logind ends
# with its leader.
entries() {
	local file

	[ -d $LOGIND ] || {
		[ "$(who | grep -c "^$1 ")" -eq "$2" ]
		return
	}
	for file in "$LOGIND"/*; do
		[ -d "/proc/${file##*/}" ] || rm -f "$file"
	done
	[ "$(cat "$LOGIND"/* 2> /dev/null | grep -cx "USER=$1")" -eq "$2" ]
}

# The first two logins are there, the third is refused, until one has ended.
logins() {
	local i pids=()

	for i in 1 2; do
		timeout 60 ssh "${SSH_OPTIONS[@]}" -tt -l "$1" 127.0.0.1 \
			"echo in; sleep 30" > "$OUT/$i" 2>&1 < /dev/null &
		pids+=($!)
		wait_until 10 grep -qs in "$OUT/$i" ||
			fail "login $i of $1 fails" "$(cat "$OUT/$i")"
		wait_until 5 entries "$1" "$i" || fail "login $i is not counted"
	done
	nssh "$1" -tt "echo third" > "$OUT/3" 2>&1 < /dev/null
	kill "${pids[0]}"
	wait_until 10 entries "$1" 1 || fail "a login that ended is counted"
	nssh "$1" -tt "echo fourth" > "$OUT/4" 2>&1 < /dev/null
	kill "${pids[1]}"
	contains "the third login" "too many logins" "$(cat "$OUT/3")"
	contains "when one has ended" fourth "$(cat "$OUT/4")"
}

t "maxlogins counts logins on the host" logins bob
t "maxlogins counts logins in a container" logins alice
