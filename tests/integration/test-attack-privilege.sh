#!/bin/bash
# What each process has at a moment when all of them are there, compared with
# the table of SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'stop = "logout";'
config alice '{"rootfs": "/"}'
sshd_start 22

# child NAME PID : its child of that name.
child() {
	pgrep -P "$2" -x "$1" | head -n 1
}

# what STAY runs in, from the door's marker.
shell_of() {
	pgrep -u alice -f "^[^ ]*sh -c : > ~/in.$1" | head -n 1
}

wait_in() {
	wait_until 15 [ -e "/home/alice/in.$1" ] || fail "$1: no session"
}

session() {
	rm -f "/home/alice/in.$1"
	by "$1" ": > ~/in.$1; $STAY" > "$OUT/said.$1" 2>&1 < /dev/null &
	wait_in "$1"
}

collect() {
	local sshd nsshell

	echo "$(pid_of alice) container-init, PID 1"
	echo "$(monitors) container-monitor"
	sshd=$(pgrep -f '^sshd: alice \[priv\]')
	echo "$sshd sshd, session process"
	echo "$(child sshd "$sshd") sshd, the user's process"
	echo "$(shell_of ssh) shell by ssh"
	echo "$(pgrep -x su) su"
	echo "$(shell_of su) shell by su"
	echo "$(shell_of sudo) shell by sudo"
	nsshell=$(pgrep -x nsshell | head -n 1)
	echo "$nsshell nsshell, waiting"
	echo "$(shell_of nsshell) shell by nsshell"
}

table() {
	local door range

	need_product
	for door in ssh su sudo nsshell; do
		session "$door"
	done
	range=$(awk '$1 == 0 { print $2; exit }' \
		"/proc/$(pid_of alice)/uid_map")
	collect > "$OUT/pids"
	python3 "$TESTS/privileges.py" "$(id -u alice)" "$range" \
		< "$OUT/pids" > "$OUT/got" || fail "privileges.py" \
			"$(cat "$OUT/pids")"
	# Who made the container, and who tried it, are gone.
	empty "left of the start" "$(pgrep -lx nsinit)"
	: > /home/alice/go
	wait
	rm -f /home/alice/go /home/alice/in.*
	sed -n '/^| process /,/^$/p' "$TESTS/SECURITY.md" | tail -n +3 |
		grep . > "$OUT/expected"
	diff "$OUT/expected" "$OUT/got" > "$OUT/diff" || {
		cat "$OUT/diff"
		fail "the table of SECURITY.md is to be:" "$(cat "$OUT/got")"
	}
}

t "each process has what the table of SECURITY.md says" table
