#!/bin/bash
# Each process of a login that starts a container, and of the container's end,
# is killed before each of its steps in turn: the login is inside or refused,
# the next one works, and then nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=60
rich_container

# The file has the steps of what changes anything, or waits.
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

f "each process is killed before each of its steps in turn" kills
