#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Logins while processes are killed at random: none lands outside, none hangs,
# and nothing is left.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

SECONDS_EACH=${NSC_TEST_CHAOS:-3}
pam_enable su sshd
config alice '{"rootfs": "/"}'
conf 'stop = "logout"; start_timeout = 20;'
sshd_start 22

# A killed monitor takes a moment to end, and a new one to start.
one_monitor() {
	[ "$(monitors | wc -l)" -eq 1 ]
}

# Logs in repeatedly until the file exists, and prints each result.
login_loop() {
	local i=0

	while [ ! -e "$OUT/end" ]; do
		i=$((i + 1))
		timeout 12 su alice -c "$NS_COMMAND; sleep 0.0$((RANDOM % 10))" \
			> "$OUT/ns.$1.$i" 2> "$OUT/err.$1.$i"
		echo $? > "$OUT/status.$1.$i"
	done
}

# kill_one NAME : SIGKILL to one process of that name, if there is one.
kill_one() {
	local pid

	pid=$(pgrep -x "$1" | shuf -n 1)
	[ -n "$pid" ] && kill -KILL "$pid" 2> /dev/null &&
		echo "$1" >> "$OUT/kills"
}

# chaos LOOPS NAME... : one loop of logins starts and stops the container all
# the time, several loops keep it running.
chaos() {
	local i loops=$1 end=$((SECONDS + SECONDS_EACH))

	shift
	need_product
	clean_slate
	for ((i = 0; i < loops; i++)); do
		login_loop "$i" &
	done
	# On a busy machine, continue until one process was killed, and one
	# login got through: login-start runs for only a few milliseconds.
	while [ "$SECONDS" -lt "$end" ] ||
	      { [ "$SECONDS" -lt $((end + 30)) ] &&
		! { [ -s "$OUT/kills" ] &&
			grep -qsx 0 "$OUT"/status.*; }; }; do
		kill_one "$(shuf -n 1 -e "$@")"
		sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
	done
	: > "$OUT/end"
	wait
	echo "logins: $(find "$OUT" -name 'status.*' | wc -l), that worked:" \
		"$(cat "$OUT"/status.* | grep -cx 0), kills:" \
		"$(sort "$OUT/kills" | uniq -c | xargs)"
	[ -s "$OUT/kills" ] || fail "nothing was killed"
	grep -qx 0 "$OUT"/status.* || fail "no login worked"
	none_outside
	none_hung
	afterwards
}

none_outside() {
	local ns

	for ns in mnt pid user; do
		lacks "what sessions printed" "$(ns_of self "$ns")" \
			"$(cat "$OUT"/ns.*)"
	done
}

# A login may succeed, be refused, or be killed, but not by the time limit,
# which is 124.  A refusal is one known sentence.
none_hung() {
	local file

	for file in "$OUT"/status.*; do
		case $(cat "$file") in
		0 | 1 | 137 | 255) ;;
		*) fail "status $(cat "$file")" \
			"$(cat "${file/status/ns}" "${file/status/err}")" ;;
		esac
	done
	# After PID 1 died, the kernel lets fork fail with ENOMEM.
	grep -hv -e 'this login is refused' -e '^$' -e 'Session terminated' \
		-e '[Kk]illed' -e 'su: cannot open session' \
		-e 'su: cannot create child process: Cannot allocate' \
		"$OUT"/err.* | sort | uniq -c > "$OUT/unknown"
	empty "what logins said" "$(cat "$OUT/unknown")"
}

afterwards() {
	timeout 40 su alice -c "$NS_COMMAND; sleep 1" > "$OUT/next" &
	wait_until 30 grep -qs 'ns cgroup' "$OUT/next" ||
		fail "the next login does not work"
	landed_inside "$OUT/next" alice
	equal "containers" 1 "$(count_inits)"
	wait_until 5 one_monitor || fail "monitors: $(monitors)"
	wait
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")" \
		"inits: $(inits)" "monitors: $(monitors)"
	empty "alice's processes" "$(pgrep -u alice -l)"
	empty "processes of a start" "$(pgrep -l login-start)"
	equal "files" "admin current lock pid start" "$(find "$RUN/alice/" \
		-mindepth 1 -printf '%f\n' | sort | xargs)"
}

herd_login() {
	timeout 12 su alice -c 'sleep 0.1' 2> "$OUT/err.$1"
	echo $? > "$OUT/status.$1"
}

herd_is_in() {
	[ "$(cat "$OUT"/status.* 2> /dev/null | wc -l)" -eq "$1" ]
}

# Many logins notice at once that the monitor is gone; one starts the next.
herd() {
	local i round

	need_product
	clean_slate
	syslog_mark
	hold alice
	for round in 1 2 3 4; do
		kill -KILL "$(monitors)"
		for i in 1 2 3 4 5 6 7 8; do
			herd_login "$round.$i" &
		done
		wait_until 15 herd_is_in $((round * 8))
	done
	equal "status of the logins" 0 "$(sort -u "$OUT"/status.* | xargs)"
	wait_until 5 one_monitor || fail "monitors: $(monitors)"
	release
	afterwards
}

t "logins at once after kill -9 of the monitor all get in" herd
t "kill -9 of PID 1 at random" chaos 3 container-init
t "kill -9 of the monitor at random" chaos 3 container-monit
t "kill -9 of login-start at random" chaos 1 login-start
t "kill -9 of logins at random" chaos 3 su
t "kill -9 of everything at random, while it is used" chaos 3 \
	container-init container-monit login-start su sleep
t "kill -9 of everything at random, while it starts and stops" chaos 1 \
	container-init container-monit login-start su sleep
