#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each process of a login that starts a container hangs after chosen steps in
# turn: the login is inside or refused in time, the next one works, and then
# nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=1000
rich_container

# patience SECONDS : how long a login waits for a start.
patience() {
	conf "stop = \"logout\"; start_timeout = $1;"
}

# Every process that waits for the hanging one gives up in time.  The next login
# may have a busy machine.
stops() {
	faults_begin
	patience 2
	record_start
	# Nobody waits for the login process itself.
	grep -v '^0 ' "$OUT/steps" | grep -E ' (clone3|unshare|setns|'\
'move_mount|sendmsg|execve|execveat) ' > "$OUT/waits"
	stop_each 5
}

# Each answer: who has given it has nothing left to do but to end.
answered() {
	local WANTED=each

	faults_begin
	patience 2
	record_start
	grep ' login-start sendmsg ' "$OUT/steps" > "$OUT/waits"
	stop_each 2
}

# stop_each LEAST
stop_each() {
	begin_plan "$OUT/waits" STOP
	while next_step; do
		patience 2
		login_with "$FAULT"
		continue_all
		patience 20
		login_works
		nothing_left
	done
	end_of_faults "$1"
}

f "each process is stopped after steps in turn" stops
f "each process is stopped after its answer" answered
