#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on lifecycle, and denial of service.  The first word of a test is the
# entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
sshd_start 22
POWERS='"seccomp": "unconfined", "capabilities": ["SYS_PTRACE", "KILL",
	"SYS_ADMIN", "DAC_OVERRIDE"]'

# fresh [MORE] : alice's container is the host's system and runs.
fresh() {
	need_attacker
	clean_slate
	conf 'stop = "logout";' 'start_timeout = 3;'
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	config bob '{"rootfs": "/"}'
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# bob gets in at once, whatever alice's container does.
bob_gets_in() {
	local begin=$SECONDS

	status_is 7 timeout 20 su bob -c "$INSIDE && exit 7"
	[ $((SECONDS - begin)) -le 3 ] || fail "bob had to wait"
}

gone() {
	! kill -0 "$1" 2> /dev/null
}

# --- L2

# PID 1 and the monitor do not answer.
stopped_parts() {
	local begin monitor pid terminal

	fresh
	pid=$(pid_of alice) monitor=$(monitors)
	stand_still "$pid"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	bob_gets_in
	stand_still "$monitor"
	begin=$SECONDS
	timeout 30 script -qec 'su alice -c true' /dev/null < /dev/null \
		> "$OUT/terminal" 2>&1 &
	terminal=$!
	timeout 30 su alice -c true > "$OUT/text" 2>&1
	differ "status by the time limit of the test" 124 $?
	wait "$terminal"
	[ $((SECONDS - begin)) -le 22 ] || fail "the login hung"
	bob_gets_in
	kill -CONT "$monitor"
	equal "logins, with a terminal and without, that know why" 2 \
		"$(syslog_since | grep -c "container-monitor does not answer")"
	status_is 0 timeout 20 nsinit stop --timeout 1 alice
	wait_until 5 gone "$pid" || fail "PID 1 goes on"
}

# A start hangs: others start, this one is refused in time, and leaves nothing.
hung_start() {
	local begin

	fresh
	nsinit stop alice
	printf '#!/bin/sh\necho $$ > /run/hung\nexec sleep 3216\n' \
		> /usr/local/lib/nsc-hang
	chmod 0755 /usr/local/lib/nsc-hang
	config alice '{"rootfs": "/", "hooks": {"start": [
		{"path": "/usr/local/lib/nsc-hang", "timeout": 60}]}}'
	begin=$SECONDS
	timeout 30 su alice -c true > "$OUT/text" 2>&1 &
	wait_until 5 [ -s /run/hung ] || fail "it does not start"
	bob_gets_in
	wait $!
	differ "status" 0 $?
	[ $((SECONDS - begin)) -le 9 ] || fail "the login hung"
	wait_until 5 no_container alice || fail "left: $(ls "$RUN/alice/")"
	wait_until 5 gone "$(cat /run/hung)" || fail "the hook goes on"
	rm /run/hung
}

# --- L4

# A program that a session runs has no file of the run directory open; only the
# login programs have the lock.
no_lock_inside() {
	local door pid

	fresh
	for door in ssh su sudo nsshell; do
		by "$door" ": > ~/in.$door; $STAY" &
	done
	wait_until 10 [ -e /home/alice/in.ssh -a -e /home/alice/in.su -a \
		-e /home/alice/in.sudo -a -e /home/alice/in.nsshell ] ||
		fail "not all are there"
	rm -f /home/alice/in.*
	for pid in $(pgrep --ns "$(pid_of alice)" --nslist pid); do
		for fd in "/proc/$pid/fd"/*; do
			echo "$(cat "/proc/$pid/comm") $(readlink "$fd")"
		done
	done > "$OUT/open" 2> /dev/null
	contains "what is open" "bash pipe" "$(cat "$OUT/open")"
	# sshd's own processes are login programs.
	empty "of ours open inside" \
		"$(grep "$RUN" "$OUT/open" | grep -v '^sshd' | sort -u)"
	# The control: the login programs outside have the lock.
	readlink /proc/[0-9]*/fd/* 2> /dev/null |
		grep -q "$(instance alice)/sessions" ||
		fail "the test is wrong: nobody has the lock"
	: > /home/alice/go
	wait
	rm -f /home/alice/go
}

# --- L5

# Endless processes: the limit holds inside, other users and root can work.
flood() {
	fresh '"cgroups": {"pids": 40}'
	[ -s "$RUN/alice/current/cgroup" ] || skip "no control groups here"
	setsid su alice -c 'f() { f | f & }; f; sleep 60' \
		> "$OUT/text" 2>&1 < /dev/null &
	wait_until 10 grep -qs 'fork' "$OUT/text" ||
		fail "the limit is not hit" "$(pgrep -cu alice)"
	[ "$(pgrep -cu alice)" -le 60 ] || fail "$(pgrep -cu alice) processes"
	bob_gets_in
	status_is 0 timeout 20 nsinit list
	status_is 0 timeout 20 nsinit stop alice
	wait_until 5 no_container alice || fail "left"
	wait_until 5 no_processes || fail "$(pgrep -u alice -l)"
}

no_processes() {
	! pgrep -u alice > /dev/null
}

# --- L6

# Root inside may trace and kill: at most its own container ends, cleanly.
init_attacked() {
	local canary pid

	fresh "$POWERS"
	sleep 3217 &
	canary=$!
	pid=$(pid_of alice)
	as_root_inside sh -c "kill -KILL 1; kill -TERM $canary; kill -KILL -1;
		true" > "$OUT/text" 2>&1
	kill -0 "$pid" || fail "PID 1 is gone by kill -9 from inside"
	as_root_inside "$ATTACKER" trace 1 > "$OUT/text" 2>&1
	cat "$OUT/text"
	sleep 0.2
	kill -0 "$canary" || fail "a process of the host was signalled"
	if gone "$pid"; then
		wait_until 5 no_container alice || fail "files are left"
	fi
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	kill -0 "$canary" || fail "a process of the host was signalled"
	kill "$canary"
	# The control: from outside it ends at once.
	fresh
	pid=$(pid_of alice)
	kill -KILL "$pid"
	wait_until 5 no_container alice || fail "control: it goes on"
}

# --- L8

# nsinit stop with the files of a container that ended, whose pid another
# process has.
recycled() {
	local stranger

	fresh
	cp -a "$(instance alice)" "$OUT/kept"
	nsinit stop alice
	sleep 3218 &
	stranger=$!
	mkdir -p "$(instance alice)"
	cp -a "$OUT/kept/pid" "$OUT/kept/start" "$OUT/kept/state" \
		"$(instance alice)"
	echo "$stranger" > "$RUN/alice/pid"
	sed -i "s/^\(pid \)[0-9]*/\1$stranger/" "$RUN/alice/current/state"
	timeout 20 nsinit stop alice > "$OUT/text" 2>&1
	timeout 20 nsinit stop --timeout 0 alice > "$OUT/text" 2>&1
	kill -0 "$stranger" || fail "the stranger was killed"
	kill "$stranger"
	# The control: the unchanged files would have been taken for alice's.
	rm -rf "$(instance alice)"
	nsinit start alice
	status_is 0 nsinit stop alice
	wait_until 5 no_container alice || fail "control: it goes on"
}

t "L2 a stopped PID 1 or monitor blocks nobody for long" stopped_parts
t "L2 a start that hangs is refused in time and blocks nobody else" hung_start
t "L4 no lock is open in what a session runs" no_lock_inside
t "L5 a flood of processes stops inside, and nsinit stop works" flood
t "L6 root inside ends no more than its own container" init_attacked
t "L8 nsinit stop kills no process whose pid was used again" recycled
