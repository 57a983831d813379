#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# su lands in the container, with and without a terminal of its own.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# Debian's su-l includes su: the module runs twice in one login.
pam_enable su su-l
config alice '{"rootfs": "/"}'
conf 'linger = 30;'

su_command() {
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns" || fail "su -c fails"
	landed_inside "$OUT/ns" alice
}

su_login() {
	timeout 20 su - alice -c "pwd; echo \$HOME; $NS_COMMAND" > "$OUT/ns" ||
		fail "su - fails"
	landed_inside "$OUT/ns" alice
	equal "working directory" /home/alice "$(sed -n 1p "$OUT/ns")"
	equal "HOME" /home/alice "$(sed -n 2p "$OUT/ns")"
}

su_pty() {
	on_terminal "su --pty alice -c 'tty; $NS_COMMAND'" > "$OUT/ns"
	landed_inside "$OUT/ns" alice
	contains "su --pty: tty" "/dev/pts/" "$(head -n 1 "$OUT/ns")"
}

su_login_pty() {
	on_terminal "su --pty - alice -c 'tty; $NS_COMMAND'" > "$OUT/ns"
	landed_inside "$OUT/ns" alice
	contains "su --pty -: tty" "/dev/pts/" "$(head -n 1 "$OUT/ns")"
}

su_terminal() {
	on_terminal "su - alice -c 'test -t 0 && echo terminal; $NS_COMMAND'" \
		> "$OUT/ns"
	landed_inside "$OUT/ns" alice
	contains "descriptor 0" terminal "$(cat "$OUT/ns")"
}

su_status() {
	status_is 7 timeout 20 su alice -c 'exit 7'
	status_is 7 timeout 20 su - alice -c 'exit 7'
	timeout 20 script -qec 'su --pty alice -c "exit 7"' /dev/null \
		> /dev/null
	equal "status of su --pty" 7 $?
}

su_signal() {
	status_is 143 timeout 20 su alice -c 'kill -TERM $$'
}

su_keeps_directory() {
	equal "working directory" /usr/share \
		"$(cd /usr/share && timeout 20 su alice -c pwd)"
}

su_binary() {
	head -c 200000 /dev/urandom > "$OUT/sent"
	timeout 20 su alice -c cat < "$OUT/sent" > "$OUT/back"
	cmp "$OUT/sent" "$OUT/back" || fail "the bytes came back changed"
}

su_password() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho su -s /bin/sh bob -c "su alice"
	expect "assword:" {} default { exit 10 }
	sleep 0.5
	send "secret-alice\r"
	expect "alice@" {} default { exit 11 }
	send "$env(COMMAND)\rexit\r"
	expect eof {} default { exit 12 }
	END
	COMMAND=$NS_COMMAND expect -f "$OUT/dialogue" > "$OUT/ns" ||
		fail "status $?" "$(cat "$OUT/ns")"
	landed_inside "$OUT/ns" alice
}

one_container() {
	[ "$(count_inits)" -eq 1 ]
}

once() {
	need_product
	rm -f /home/alice/go
	timeout 20 su - alice -c ": > here; $STAY" &
	wait_until 10 test -e /home/alice/here
	# The lingering container of an earlier session may be about to end.
	wait_until 5 one_container || fail "containers: $(count_inits)"
	: > /home/alice/go
	wait
}

t "su -c lands in the container" su_command
t "su - lands in the container, though the module is listed twice" su_login
t "su --pty lands in the container with a terminal of it" su_pty
t "su --pty - lands in the container with a terminal of it" su_login_pty
t "su - on the caller's terminal lands in the container" su_terminal
t "su's exit status comes back" su_status
t "death by signal comes back through su" su_signal
t "su without - stays in the working directory" su_keeps_directory
t "su's input and output are unchanged bytes" su_binary
t "su with a password from another user's shell lands in the container" \
	su_password
t "su - makes one container" once
