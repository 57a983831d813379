#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# login(1) on a terminal lands in the container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable login
config alice '{"rootfs": "/"}'
conf 'linger = 30;'

# dialogue COMMAND STATUS : log in with the password, run COMMAND, end.
dialogue() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho $env(CONSOLE) login
	expect "login:" {} default { exit 10 }
	send "alice\r"
	expect "assword:" {} default { exit 11 }
	send "secret-alice\r"
	expect "alice@" {} default { exit 12 }
	send "PS1=; $env(COMMAND)\r"
	send "exit\r"
	expect eof {} default { exit 13 }
	END
	COMMAND=$1 timeout 60 expect -f "$OUT/dialogue" \
		> "$OUT/all" 2>&1 || fail "status $?" "$(cat "$OUT/all")"
	# A line may begin with the sequence that switches bracketed paste off.
	tr -d '\r' < "$OUT/all" | grep -ao '\(ns [a-z]* [a-z]*:\|is \).*' \
		> "$OUT/ns"
}

lands() {
	dialogue "$NS_COMMAND"
	landed_inside "$OUT/ns" alice
}

terminal() {
	dialogue 'echo "is $(stat -Lc %U:%a /proc/self/fd/0) $(test -t 0 && '\
'echo terminal)"; : > /dev/tty && echo "is controlling"'
	contains "the terminal's owner" "is alice:6" "$(cat "$OUT/ns")"
	contains "descriptor 0" "terminal" "$(cat "$OUT/ns")"
	contains "/dev/tty" "is controlling" "$(cat "$OUT/ns")"
}

wrong_password() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho $env(CONSOLE) login
	expect "login:"
	send "alice\r"
	expect "assword:"
	send "wrong\r"
	expect "incorrect" { exit 0 } default { exit 1 }
	END
	expect -f "$OUT/dialogue" > "$OUT/all" 2>&1 ||
		fail "$(cat "$OUT/all")"
	[ -n "$PLAIN" ] || [ ! -e "$RUN/bob/pid" ] || fail "bob has a container"
}

t "login on a terminal lands in the container" lands
t "login's terminal is handed over to the user" terminal
t "login with a wrong password is refused" wrong_password
