#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each allocation of a login and of login-start fails in turn: the login is
# inside or refused, and nothing is left.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

rich_container

# allocations PROGRAM LEAST : tries the first 20, then fewer and fewer.
allocations() {
	local n=1

	STEPS=0
	while STEP="$1, allocation $n"; do
		echo "$1 $n" > "$TOP/nomemory"
		rm -f "$TOP/nomemory.hit"
		read_log
		LOG=
		TEXT=$(timeout 60 "$CALLER" "$SERVICE" alice "$INSIDE" 2>&1)
		judge_login $?
		rm "$TOP/nomemory"
		nothing_left
		[ -e "$TOP/nomemory.hit" ] || break
		TRIED=$((TRIED + 1))
		STEPS=$n
		n=$((n + 1 + (${#WANTED} > 0 ? 0 : n / 18)))
	done
	end_of_faults "$2"
}

memory() {
	faults_begin
	[ -e /etc/ld.so.preload ] || cp "$TESTS/nomemory.so" /usr/local/lib/
	echo /usr/local/lib/nomemory.so > /etc/ld.so.preload
	login_works
	wait_until 5 no_container alice
	sleep 0.5
	baseline
	allocations "$@"
}

f "each allocation of a login fails in turn" memory pamcaller 35
f "each allocation of a start fails in turn" memory login-start 70
# A user who is contained by a group must not be outside for lack of memory:
# the C library skips a module of the name service that lacks memory.
by_group() {
	local WANTED=each

	groupadd boxed
	usermod -aG boxed alice
	mkdir -p "$CONF/groups"
	mv "$CONF/users/alice" "$CONF/groups/boxed"
	memory pamcaller 90
}
f "each allocation of a login by its group fails in turn" by_group
