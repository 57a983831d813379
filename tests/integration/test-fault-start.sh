#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each system call of a login that starts a container, and of the container's
# end, fails in turn: the login is inside or refused, and nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=60
rich_container

errors() {
	faults_begin
	record_start
	begin_plan "$OUT/steps"
	while next_step; do
		login_with "$FAULT"
		nothing_left
	done
	end_of_faults 200
}

f "each system call of start, join and end fails in turn" errors
