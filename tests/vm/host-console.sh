#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A login on the serial console: agetty, login, the shell.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/host.sh"

guest_lib "conf 'linger = 60;'"

# One line: a shell at a terminal takes a tab as a question.
SHOW="$NS_COMMAND; $INSIDE && echo is inside; test -t 0 && echo is terminal; \
: > /dev/tty && echo is controlling"

# The whole prompt is matched: "login: " is in "Last login: " as well.  login
# throws away what was typed before it asks.
lands() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 150
	spawn -noecho socat -,raw,echo=0 UNIX-CONNECT:$env(SERIAL)
	send "\r"
	expect "nscontainer-vm login: " {} default { exit 10 }
	send "alice\r"
	expect "assword: " {} default { exit 11 }
	sleep 0.5
	send "secret-alice\r"
	expect "alice@" {} default { exit 12 }
	send "PS1=; $env(SHOW); echo is ended\r"
	expect "\nis ended" {} default { exit 13 }
	send "exit\r"
	expect "nscontainer-vm login: " {} default { exit 14 }
	END
	SERIAL=$SERIAL SHOW=$SHOW timeout 900 expect -f "$OUT/dialogue" \
		> "$OUT/all" 2>&1 || fail "status $?" "$(cat "$OUT/all")"
	guest_landed "$OUT/all" alice
	tr -d '\r' < "$OUT/all" | grep -a '^is ' > "$OUT/is"
	contains "the mark" "is inside" "$(cat "$OUT/is")"
	contains "descriptor 0" "is terminal" "$(cat "$OUT/is")"
	contains "/dev/tty" "is controlling" "$(cat "$OUT/is")"
}

nothing_stays() {
	guest nsinit stop alice
	guest_gone alice
}

t "a login on the console lands in the container" lands
guest_lib "conf ''"
t "nothing is left of the login on the console" nothing_stays
