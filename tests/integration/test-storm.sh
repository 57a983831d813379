#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many first logins at once: one container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

LOGINS=50
pam_enable sshd su
config alice '{"rootfs": "/"}'
config bob '{"rootfs": "/"}'
conf 'stop = "logout";'
sshd_start 22

arrived() {
	[ "$(cat "$OUT"/ns.* 2> /dev/null | grep -c '^ns cgroup')" -ge "$1" ]
}

has_inits() {
	[ "$(count_inits)" -eq "$1" ]
}

# storm COMMAND... : COMMAND runs its last argument in a session of alice.
storm() {
	local i

	rm -f /home/alice/go
	for ((i = 0; i < LOGINS; i++)); do
		"$@" "$NS_COMMAND; $STAY" > "$OUT/ns.$i" 2> "$OUT/err.$i" &
	done
	wait_until 60 arrived "$LOGINS" || fail "logins that arrived:" \
		"$(cat "$OUT"/ns.* | grep -c '^ns cgroup')" \
		"$(cat "$OUT"/err.* | sort | uniq -c)"
	[ -n "$PLAIN" ] || equal "containers" 1 "$(count_inits)"
	[ -n "$PLAIN" ] || equal "monitors" 1 "$(monitors | wc -l)"
	for ((i = 0; i < LOGINS; i++)); do
		landed_inside "$OUT/ns.$i" alice
	done
	: > /home/alice/go
	wait
	rm -f /home/alice/go
	[ -n "$PLAIN" ] || wait_until 5 no_container alice ||
		fail "something is left" "$(ls "$RUN/alice/")" \
			"inits: $(inits)" "monitors: $(monitors)"
}

ssh_login() {
	timeout 90 ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 "$@"
}

su_login() {
	timeout 90 su alice -c "$@"
}

# Logins end at once while others begin: each must get in.
churn() {
	local i

	for ((i = 0; i < LOGINS; i++)); do
		timeout 60 su bob -c 'echo in' > "$OUT/in.$i" 2> "$OUT/err.$i" &
		[ $((i % 10)) -ne 9 ] || sleep 0.1
	done
	wait
	equal "logins that worked" "$LOGINS" "$(cat "$OUT"/in.* | grep -c in)"
	[ -n "$PLAIN" ] || wait_until 5 no_container bob ||
		fail "something is left" "$(ls "$RUN/bob")"
}

# 200 users, 5 sessions each at the same time.
USERS=200
SESSIONS=1000
landed() {
	[ "$(grep -l '^ns cgroup' "$OUT"/ns.* 2> /dev/null | wc -l)" -ge "$1" ]
}
callers_end() {
	! pgrep -x pamcaller > /dev/null
}
nothing_left() {
	[ "$(count_inits)" -eq 0 ] && [ -z "$(monitors)" ] &&
		[ -z "$(find "$RUN"/storm*/current/{session,pid} -type f \
			2> /dev/null)" ] &&
		[ -z "$(find /sys/fs/cgroup -type d -path '*nscontainer/storm*' \
			2> /dev/null)" ]
}

# Each session stays until the writer of the FIFO ends.
many() {
	local i fd pid

	[ "$(nproc)" -ge 2 ] || skip "processors: fewer than two"
	conf 'stop = "logout"; start_timeout = 120;'
	make_many storm "$USERS"
	mkdir -p "$CONF/default"
	echo '{"rootfs": "/"}' > "$CONF/default/container.json"
	mkfifo "$OUT/go"
	exec {fd}<> "$OUT/go"
	SECONDS=0
	for ((i = 0; i < SESSIONS; i++)); do
		"$TESTS/pamcaller" -w su "storm$((i % USERS))" \
			< "$OUT/go" > "$OUT/ns.$i" 2>&1 {fd}>&- &
	done
	wait_until 90 landed "$SESSIONS" || fail "sessions that landed:" \
		"$(grep -l '^ns cgroup' "$OUT"/ns.* | wc -l)" \
		"$(cat "$OUT"/ns.* | grep -v '^ns\|^same' | sort | uniq -c)"
	echo "$SESSIONS sessions after $SECONDS seconds" | tee "$TOP/storm"
	equal "sessions that were opened" "$SESSIONS" \
		"$(cat "$OUT"/ns.* | grep -cx 'open 0')"
	# A helper of PID 1 may still be about to end.
	wait_until 20 has_inits "$USERS"
	equal "containers" "$USERS" "$(count_inits)"
	equal "monitors" "$USERS" "$(monitors | wc -l)"
	equal "files of sessions" "$SESSIONS" \
		"$(find "$RUN"/storm*/current/session -type f | wc -l)"
	for ((i = 0; i < USERS; i++)); do
		pid=$(pid_of "storm$i")
		echo "$i $(ns_of "$pid" mnt)"
	done > "$OUT/containers"
	equal "sessions elsewhere than in their user's container" "" \
		"$(awk -v users="$USERS" 'FILENAME ~ /containers$/ {
			at[$1] = $2; next }
		/^ns mnt/ { n = FILENAME; sub(/.*\./, "", n)
			if ($3 != at[n % users]) print FILENAME, $0 }' \
			"$OUT/containers" "$OUT"/ns.*)"
	# All at once.
	exec {fd}>&-
	wait_until 120 callers_end || {
		ps -o pid,ppid,stat,wchan:20,etimes,args --forest -N -C bash |
			head -n 40
		pkill -KILL -x pamcaller
		fail "sessions do not end"
	}
	wait
	wait_until 60 nothing_left || fail "something is left" \
		"inits: $(count_inits)" "$(find "$RUN" -name pid)"
	echo "none after $SECONDS seconds" >> "$TOP/storm"
	rm -r "$CONF/default"
	conf 'stop = "logout";'
}

# A fork bomb harms only alice.
bomb() {
	config alice '{"rootfs": "/", "cgroups": {"pids": 300}}'
	echo 'while :; do (sleep 1020; :) & done' > /home/alice/bomb
	chmod 644 /home/alice/bomb
	su alice -c '. ~/bomb' > /dev/null 2>&1 &
	wait_until 20 exploded || fail "it does not fork"
	SECONDS=0
	status_is 0 timeout 20 su bob -c "$INSIDE"
	status_is 0 nsinit stop --timeout 0 alice
	wait_until 5 no_container alice || fail "something is left"
	config alice '{"rootfs": "/"}'
}
exploded() {
	[ "$(pgrep -u alice | wc -l)" -gt 200 ]
}

# refused PATTERN: nobody gets in, syslog has the reason, and nothing is left.
refused() {
	status_is 1 "$TESTS/pamcaller" su alice
	contains "what the user sees" \
		"message error Your container could not be entered" \
		"$(cat "$OUT/stdout")"
	logged "login refused: .*$1"
	[ -z "$(pid_of alice)" ] || fail "a container is left"
	empty "files of sessions" "$(sessions_of alice)"
	equal "inits" 0 "$(count_inits)"
}
works() {
	status_is 0 timeout 20 su alice -c "$INSIDE"
	wait_until 5 no_container alice || fail "the container stays"
}

readonly_run() {
	works
	mount -o remount,ro /run
	refused "Read-only file system"
	mount -o remount,rw /run
	works
}

# No more files can be made.
fill_run() {
	local i

	mount -o "remount,nr_inodes=$(($(df --output=iused /run |
		tail -n 1) + 8))" /run
	for ((i = 0; i < 20; i++)); do
		: > "/run/fill.$i"
	done 2> /dev/null
}
empty_run() {
	rm -f /run/fill.*
	mount -o remount,nr_inodes=1000000 /run
}

# The start fails first; then a session in a running container.
full_run() {
	works
	fill_run
	refused "No space left on device"
	empty_run
	works
	hold alice
	fill_run
	status_is 1 "$TESTS/pamcaller" su alice
	logged "note the session.*No space left on device"
	equal "files of sessions" 1 "$(count_sessions alice)"
	empty_run
	status_is 0 su alice -c "$INSIDE"
	release
	wait_until 5 no_container alice || fail "the container stays"
}

# The login process itself cannot fork.
no_pids() {
	local group

	group=$(find /sys/fs/cgroup -maxdepth 2 -name pids.max -printf '%h\n' |
		head -n 1)
	[ -n "$group" ] || group=/sys/fs/cgroup/pids
	mkdir "$group/few" || skip "groups: no pids"
	[ -e "$group/few/pids.max" ] || skip "groups: no pids"
	echo 1 > "$group/few/pids.max"
	(
		echo 0 > "$group/few/cgroup.procs"
		exec "$TESTS/pamcaller" su alice
	) > "$OUT/stdout" 2>&1 && fail "it was let in"
	contains "what the user sees" \
		"message error Your container could not be entered" \
		"$(cat "$OUT/stdout")"
	logged "login refused: .*Resource temporarily unavailable"
	[ -z "$(pid_of alice)" ] || fail "a container is left"
	rmdir "$group/few"
	works
}

# The login and its helpers, before the container, have little memory: the
# login works, or is killed at some point, and nothing is left.
no_memory() {
	local dir file size died=0

	file=$(find /sys/fs/cgroup -maxdepth 2 -name memory.limit_in_bytes \
		-o -maxdepth 2 -name memory.max | head -n 1)
	[ -n "$file" ] || file=/sys/fs/cgroup/memory/memory.max
	dir=${file%/*}/little
	mkdir "$dir" || skip "groups: no memory"
	[ -e "$dir/${file##*/}" ] || skip "groups: no memory"
	for size in 400 700 1000 1300 1700 2100 2600 3200 4000; do
		echo "${size}K" > "$dir/${file##*/}"
		timeout 60 bash -c "echo 0 > '$dir/cgroup.procs'
			exec '$TESTS/pamcaller' su alice" \
			> "$OUT/stdout" 2>&1 || died=$((died + 1))
		wait_until 20 no_container alice || fail "$size KiB: left" \
			"$(ls "$RUN/alice/")" "$(cat "$OUT/stdout")"
		empty "processes" "$(pgrep -l login-start)"
	done
	[ "$died" -gt 0 ] || fail "there was always enough"
	rmdir "$dir"
	# The next login removes the remains that no process could clean up.
	works
	empty "files of sessions" "$(sessions_of alice)"
	wait_until 5 no_groups || fail "groups are left"
}
no_groups() {
	[ -z "$(find /sys/fs/cgroup -type d -path '*nscontainer/alice*')" ]
}

slow_start() {
	config alice '{"rootfs": "/", "hooks": {"start": [{"path":
		"/usr/bin/sleep", "args": ["1021"], "timeout": 3600}]}}'
	conf 'stop = "logout"; start_timeout = 2;'
	SECONDS=0
	refused "start_timeout"
	[ "$SECONDS" -lt 10 ] || fail "it took $SECONDS seconds"
	empty "processes of the start" "$(pgrep -f 'sleep 1021')"
	empty "groups" "$(find /sys/fs/cgroup -type d \
		-path '*nscontainer/alice*')"
	config alice '{"rootfs": "/"}'
	conf 'stop = "logout";'
	works
}

# PID 1 is killed repeatedly while logins join.
dying() {
	local i pid killer logins=()

	( while :; do
		pid=$(pid_of bob)
		[ -z "$pid" ] || kill -KILL "$pid"
		sleep 0.1
	done ) 2> /dev/null &
	killer=$!
	for ((i = 0; i < 30; i++)); do
		timeout 60 "$TESTS/pamcaller" su bob > "$OUT/in.$i" 2>&1 &
		logins+=($!)
		[ $((i % 5)) -ne 4 ] || sleep 0.2
	done
	for pid in "${logins[@]}"; do
		wait "$pid"
	done
	kill "$killer"
	# A login inside dies with the container, and one that is about to
	# enter ends; a login that was refused earlier is on the host.
	for ((i = 0; i < 30; i++)); do
		grep -qx 'open 0' "$OUT/in.$i" ||
			! grep -q '^open ' "$OUT/in.$i" ||
			landed_on_host "$OUT/in.$i"
	done
	wait_until 10 no_container bob || fail "something is left"
	status_is 0 timeout 20 su bob -c "$INSIDE"
	wait_until 5 no_container bob || fail "the container stays"
}

t "L1 $LOGINS simultaneous first logins by su are in one container" \
	storm su_login
t "L1 $LOGINS simultaneous first logins by ssh are in one container" \
	storm ssh_login
t "$LOGINS short logins while the container stops and starts all work" churn

# A failed test must not disturb the next.
e() {
	t "$@"
	mount -o remount,rw,nr_inodes=1000000 /run
	clean_slate
	config alice '{"rootfs": "/"}'
	conf 'stop = "logout";'
}

[ -z "$PLAIN" ] || exit 0
e "$SESSIONS simultaneous sessions of $USERS users land in their containers" \
	many
[ ! -e "$TOP/storm" ] || sed 's/^/# /' "$TOP/storm"
e "a fork bomb inside keeps nobody else out" bomb
e "logins while the container is killed land or are refused" dying
e "a read-only /run refuses a login, and nothing is left" readonly_run
e "a full /run refuses a login, and nothing is left" full_run
e "a login without processes left is refused" no_pids
e "a login without memory ends, and nothing is left" no_memory
e "a start that hangs is given up after start_timeout" slow_start
