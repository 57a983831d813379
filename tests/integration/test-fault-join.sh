#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each system call of a login that joins, of nsshell and of nsinit stop fails
# in turn: the login is inside or refused, and nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=40
rich_container
AS_ALICE=(setpriv --reuid=alice --regid=alice --init-groups)

# Makes the container run, whatever the last test did to it.
begin_running() {
	faults_begin
	nsinit start alice || fail "nsinit start"
	login_works
	wait_until 5 no_sessions
	baseline
}
no_sessions() {
	[ "$(count_sessions alice)" -eq 0 ]
}
end_running() {
	nsinit stop --timeout 0 alice || fail "nsinit stop"
	end_of_faults "$1"
}

joins() {
	begin_running
	record "$OUT/steps" -m "$CALLER" "$SERVICE" alice "$INSIDE"
	begin_plan "$OUT/steps"
	while next_step; do
		login_with "$FAULT"
		nothing_left
	done
	end_running 50
}

shell_with() {
	local status

	rm -f "$OUT/hit"
	"$TESTS/faults" -t 30 -o "$OUT/hit" -f "$1" "${AS_ALICE[@]}" nsshell \
		-c "$INSIDE && $NS_COMMAND" > "$OUT/text" 2>&1
	status=$?
	was_tried || return
	TEXT=$(< "$OUT/text")
	case $status:$TEXT in
	0:*"ns cgroup"*) none_host || wrong "on the host" "$TEXT" ;;
	*"ns cgroup"*) wrong "status $status" "$TEXT" ;;
	0:*) wrong "it does nothing" "$TEXT" ;;
	124:*) wrong "it hangs" "$TEXT" ;;
	# The loader crashes without its first memory.
	139:) [[ $STEP == *:mmap:* ]] || wrong "it crashes" ;;
	*:) wrong "it says nothing, status $status" ;;
	esac
}

shells() {
	begin_running
	record "$OUT/steps" "${AS_ALICE[@]}" nsshell -c "$INSIDE"
	begin_plan "$OUT/steps"
	while next_step; do
		shell_with "$FAULT"
		nothing_left
	done
	end_running 35
}

stop_with() {
	local status

	rm -f "$OUT/hit"
	TEXT=$("$TESTS/faults" -t 30 -o "$OUT/hit" -f "$1" \
		nsinit stop --timeout 0 alice 2>&1)
	status=$?
	was_tried || return
	case $status in
	0) [ -z "$(pid_of alice)" ] || wrong "it goes on" ;;
	124) wrong "it hangs" ;;
	*)	[ -n "$TEXT" ] || [[ $status:$STEP == 139:*:mmap:* ]] ||
			wrong "it says nothing, status $status"
		[ -z "$(pid_of alice)" ] || nsinit stop --timeout 0 alice ||
			[ -z "$(pid_of alice)" ] ||
			wrong "it cannot be stopped any more" ;;
	esac
}

stops() {
	faults_begin
	login_works
	wait_until 5 no_container alice
	sleep 0.5
	baseline
	nsinit start alice || fail "nsinit start"
	record "$OUT/steps" nsinit stop --timeout 0 alice
	begin_plan "$OUT/steps"
	while next_step; do
		nsinit start alice || wrong "it does not start"
		stop_with "$FAULT"
		nothing_left
	done
	end_of_faults 20
}

f "each system call of a login that joins fails in turn" joins
f "each system call of nsshell fails in turn" shells
f "each system call of nsinit stop fails in turn" stops
