#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# After kill -9 of any process at any moment, the next login clears all
# remains.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su
config alice '{"rootfs": "/"}'
conf 'stop = "logout";'
sshd_start 22

gone() {
	! kill -0 "$1" 2> /dev/null
}

# A login works, in one container, and nothing is left after it.
next_login_works() {
	local others

	# The shell in the background may be late to truncate the file of an
	# earlier call.
	rm -f "$OUT/next" /home/alice/go
	timeout 90 su alice -c "$NS_COMMAND; $STAY" > "$OUT/next" &
	login=$!
	wait_until 20 grep -qs 'ns cgroup' "$OUT/next" ||
		fail "the next login does not work" "$(ls "$RUN/alice/")"
	landed_inside "$OUT/next" alice
	equal "containers after it" 1 "$(count_inits)"
	equal "monitors after it" 1 "$(monitors | wc -l)"
	: > /home/alice/go
	wait "$login" || fail "the next login's status is $?"
	wait_until 5 no_container alice || fail "left after the next login" \
		"files: $(ls "$RUN/alice/")" "inits: $(inits)" \
		"monitors: $(monitors)"
	others=$(pgrep -u alice -l)
	empty "alice's processes" "$others"
	empty "processes of a start" "$(pgrep -l login-start)"
}

begin() {
	need_product
	clean_slate
	syslog_mark
	hold alice
	PID1=$(pid_of alice)
	[ -n "$PID1" ] || fail "no container"
}

kill_sshd_session() {
	local pid

	begin
	pid=$(sshd_session_of alice)
	[ -n "$pid" ] || fail "no sshd process for alice"
	kill -KILL "$pid"
	release
	wait_until 5 no_container alice || fail "the container goes on" \
		"$(ls "$RUN/alice/")"
	next_login_works
}

kill_sshd_child() {
	begin
	kill -KILL "$(sshd_child_of alice)" || fail "no sshd child of alice's"
	wait_until 5 no_container alice || fail "the container goes on"
	release
	next_login_works
}

kill_shell() {
	begin
	pkill -KILL -u alice -x cat || fail "no cat"
	wait "$HOLDER"
	equal "status of ssh" 255 $?
	wait_until 5 no_container alice || fail "the container goes on"
	next_login_works
}

kill_monitor() {
	local pid

	begin
	pid=$(monitors)
	kill -KILL "$pid"
	wait_until 2 gone "$pid"
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "cannot join"
	landed_inside "$OUT/ns" alice
	equal "PID 1" "$PID1" "$(pid_of alice)"
	equal "monitors" 1 "$(monitors | wc -l)"
	release
	wait_until 5 no_container alice || fail "the container goes on"
	next_login_works
}

kill_monitor_then_logout() {
	begin
	kill -KILL "$(monitors)"
	release
	next_login_works
}

kill_waiter() {
	local monitor

	begin
	monitor=$(monitors)
	# PID 1 is also a child of it.
	pkill -KILL -x container-monit -P "$monitor" ||
		fail "the monitor has no child"
	sleep 0.2
	equal "PID 1" "$PID1" "$(pid_of alice)"
	kill -0 "$PID1" || fail "the container ended"
	release
	wait_until 5 no_container alice || fail "the container goes on"
	next_login_works
}

kill_init() {
	begin
	kill -KILL "$PID1"
	wait "$HOLDER"
	differ "status of ssh" 0 $?
	wait_until 5 no_container alice || fail "left: $(ls "$RUN/alice/")"
	next_login_works
}

# No process remains to remove the files.
kill_init_and_monitor() {
	begin
	stand_still "$(monitors)"
	kill -KILL "$PID1"
	kill -KILL "$(monitors)"
	release
	[ -e "$RUN/alice/pid" ] || fail "the test is wrong: no stale pid"
	next_login_works
}

kill_init_at_once_login() {
	local i

	for i in 1 2 3 4 5 6; do
		begin
		kill -KILL "$PID1"
		timeout 30 su alice -c "$NS_COMMAND; sleep 0.3" > "$OUT/ns" \
			2> "$OUT/error" || fail "round $i" "$(cat "$OUT/error")"
		release
	done
	next_login_works
}

# The freezer of v1 keeps a process that was killed from its end.
kill_init_that_stays() {
	local ice=/sys/fs/cgroup/freezer/nsc-ice login early

	begin
	mkdir "$ice" || fail "there is no freezer of v1"
	echo "$PID1" > "$ice/cgroup.procs"
	echo FROZEN > "$ice/freezer.state"
	kill -KILL "$PID1"
	timeout 30 su alice -c "$NS_COMMAND; sleep 0.5" > "$OUT/ns" \
		2> "$OUT/error" &
	login=$!
	sleep 1
	early=$(cat "$OUT/ns")
	# Nothing ends while it is frozen, this test neither.
	echo THAWED > "$ice/freezer.state"
	empty "what has joined what was killed" "$early"
	wait "$login" || fail "status $?" "$(cat "$OUT/error")"
	differ "pid namespace" "$(ns_of self pid)" "$(printed_ns "$OUT/ns" pid)"
	rmdir "$ice"
	release
	next_login_works
}

# kill_starting NAME : SIGKILL to each process of that name at several moments
# of the start.
kill_starting() {
	local delay name=$1 hits=0

	need_product
	for delay in 0 1 2 3 4 5 6 8 10 12 14 16 20 24 28 35 45 60 80 99; do
		clean_slate
		timeout 30 su alice -c 'sleep 0.1' > "$OUT/text" 2>&1 &
		login=$!
		sleep "0.0$(printf %02d "$delay")"
		pkill -KILL -x "$name" && hits=$((hits + 1))
		# On a busy machine the process starts later than all of these.
		[ "$delay" != 99 ] || [ "$hits" -gt 0 ] ||
			! wait_until 5 pkill -KILL -x "$name" ||
			hits=$((hits + 1))
		wait "$login"
	done
	echo "# $name was hit $hits times"
	[ "$hits" -gt 0 ] || fail "$name was never hit"
	next_login_works
}

kill_login_starting() {
	local delay

	need_product
	for delay in 0 2 4 6 8 10 12 15 20 25 30 40; do
		clean_slate
		su alice -c true > "$OUT/text" 2>&1 &
		login=$!
		sleep "0.0$(printf %02d "$delay")"
		kill -KILL "$login"
		wait "$login" 2> /dev/null
		timeout 20 su alice -c true || fail "after delay $delay ms"
	done
	next_login_works
}

field22() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
}

# recycled: the files of a container that ended have a stranger's pid.
stale_files() {
	begin
	cp -aL "$RUN/alice/pid" "$RUN/alice/start" "$RUN/alice/current/state" "$OUT"
	release
	wait_until 5 no_container alice || fail "the container goes on"
	sleep 300 &
	STRANGER=$!
	mkdir -p "$(instance alice)"
	cp -a "$OUT/pid" "$OUT/start" "$OUT/state" "$(instance alice)"
	echo "$STRANGER" > "$RUN/alice/pid"
}

not_joined() {
	next_login_works
	kill -0 "$STRANGER" || fail "the stranger was killed"
	kill "$STRANGER"
}

recycled_pid() {
	stale_files
	not_joined
}

recycled_pid_and_state() {
	stale_files
	sed -i "s/^\(pid \)[0-9]*/\1$STRANGER/" "$RUN/alice/current/state"
	not_joined
}

recycled_pid_and_start() {
	local start

	stale_files
	start=$(field22 "$STRANGER")
	echo "$start" > "$RUN/alice/start"
	sed -i "s/^\(pid \)[0-9]*/\1$STRANGER/
		s/^\(start \)[0-9]*/\1$start/" "$RUN/alice/current/state"
	grep -q "$STRANGER" "$RUN/alice/current/state" ||
		fail "the test is wrong: state has no pid" \
			"$(cat "$RUN/alice/current/state")"
	not_joined
}

broken_state() {
	stale_files
	head -c 100 "$OUT/state" > "$RUN/alice/current/state"
	not_joined
	stale_files
	: > "$RUN/alice/current/state"
	: > "$RUN/alice/pid"
	not_joined
	stale_files
	rm "$RUN/alice/current/state"
	not_joined
}

no_other_boot() {
	begin
	release
	wait_until 5 no_container alice
	rm -rf "$RUN"
	next_login_works
}

t "L3 kill -9 of sshd's session process ends the container" kill_sshd_session
t "L3 kill -9 of sshd's child ends the container" kill_sshd_child
t "kill -9 of the user's process ends the session" kill_shell
t "kill -9 of the monitor: the next login joins and brings a new one" \
	kill_monitor
t "kill -9 of the monitor, then logout: the next login works" \
	kill_monitor_then_logout
t "kill -9 of the monitor's child stops no container in use" kill_waiter
t "L6 kill -9 of PID 1 ends the sessions and its files" kill_init
t "kill -9 of PID 1 and the monitor: the next login clears their files" \
	kill_init_and_monitor
t "a login right after kill -9 of PID 1 works" kill_init_at_once_login
t "a login does not join PID 1 that was killed" kill_init_that_stays
t "C8 kill -9 of login-start leaves nothing" \
	kill_starting login-start
t "kill -9 of PID 1 during the start leaves nothing" \
	kill_starting container-init
t "kill -9 of the login during the start leaves nothing" kill_login_starting
t "C6 a recycled pid is not joined" recycled_pid
t "C6 a recycled pid that state names is not joined" recycled_pid_and_state
t "C6 a recycled pid with its own start time is not joined" \
	recycled_pid_and_start
t "C8 a broken state is not joined and goes away" broken_state
t "a run directory that vanished is made again" no_other_boot
