#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pam_limits counts contained sessions as it counts others.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd
config alice '{"rootfs": "/"}'
: > /run/utmp
printf 'alice - maxlogins 2\nbob - maxlogins 2\n' > /etc/security/limits.conf
rm -f /etc/security/limits.d/*
sshd_start 22

entries() {
	[ "$(who | grep -c "^$1 ")" -eq "$2" ]
}

# The first two logins are there, the third is refused.
logins() {
	local i pids=()

	# Those of Debian 13 count the sessions of logind, which no world has.
	! grep -qs sd_get_sessions /usr/lib/*/security/pam_limits.so ||
		skip "unsupported: pam_limits asks logind"
	for i in 1 2; do
		timeout 60 ssh "${SSH_OPTIONS[@]}" -tt -l "$1" 127.0.0.1 \
			"echo in; sleep 30" > "$OUT/$i" 2>&1 < /dev/null &
		pids+=($!)
		wait_until 10 grep -qs in "$OUT/$i" ||
			fail "login $i of $1 fails" "$(cat "$OUT/$i")"
		wait_until 5 entries "$1" "$i" || fail "utmp has no login $i"
	done
	nssh "$1" -tt "echo third" > "$OUT/3" 2>&1 < /dev/null
	kill "${pids[@]}"
	contains "the third login" "too many logins" "$(cat "$OUT/3")"
}

t "maxlogins counts logins on the host" logins bob
t "maxlogins counts logins in a container" logins alice
