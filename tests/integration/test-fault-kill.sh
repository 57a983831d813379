#!/bin/bash
# Each process of a login that starts a container, and of the container's end,
# is killed or stopped before each of its steps in turn: the login is inside
# or refused, the next one works, and then nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=60
rich_container

# The file has the steps of what changes anything, and what waits.
changing() {
	grep -vE ' (open|openat|newfstatat|mmap|mprotect|brk|read|pread64|'\
'fcntl|prctl|access|getdents64|fstatfs|get[a-z]*|readlink(at)?) ' "$1"
}

kills() {
	faults_begin
	record_start
	changing "$OUT/steps" > "$OUT/changing"
	begin_plan "$OUT/changing" KILL
	while next_step; do
		login_with "$FAULT"
		# What had its end killed needs another login to see that.
		login_works
		nothing_left
	done
	end_of_faults 90
}

# What stands still is given up in time, by whoever waits for it.
stops() {
	faults_begin
	conf 'stop = "logout"; start_timeout = 2;'
	record_start
	# Nobody waits for the login itself.
	grep -v '^0 ' "$OUT/steps" | grep -E ' (clone3|unshare|setns|move_mount|sendmsg|execve|execveat) ' \
		> "$OUT/waits"
	STRIDE=1000
	begin_plan "$OUT/waits" STOP
	while next_step; do
		login_with "$FAULT"
		continue_all
		login_works
		nothing_left
	done
	end_of_faults 5
}

f "each process is killed before each of its steps in turn" kills
f "each process is stopped after steps in turn" stops
