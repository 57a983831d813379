#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Moments between the steps of a login that waits for its turn, which the model
# lib/rundir/protocol.pml found: processes are stopped there, or killed.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
WHICH='cat /proc/sys/kernel/hostname'
LOCKS=$RUN/$(id -u alice)

configure() {
	config alice "{\"rootfs\": \"/\", \"hostname\": \"$1\"${2-}}"
}

fresh() {
	need_product
	clean_slate
	conf "$@"
	rm -rf "$LOCKS"
	configure first
}

helpers() {
	pgrep -x login-start
}

one_container() {
	equal "containers" 1 "$(count_inits)"
}

# A login has read the policy, and waits for its turn behind a command of an
# administrator: meanwhile the configuration changes, and another login starts a
# container of it.  The first one must not take that for outdated.
older_than_the_container() {
	local late job pid

	fresh 'on_change = "drain";'
	mkdir -p "$LOCKS"
	: > "$LOCKS/admin"
	exec 7< "$LOCKS/admin"
	flock -x 7
	timeout 60 su alice -c "$WHICH" > "$OUT/late" 2> "$OUT/late.err" &
	job=$!
	wait_until 20 helper_waits || fail "no login waits for the command"
	late=$(helpers)
	for pid in $late; do stand_still "$pid"; done
	flock -u 7
	exec 7<&-
	configure second
	timeout 60 su alice -c 'echo in; read -r line' \
		< <(wait_until 40 [ -e "$OUT/over" ]) > "$OUT/other" &
	wait_until 30 grep -qs in "$OUT/other" || fail "the other login fails"
	for pid in $late; do kill -CONT "$pid"; done
	wait "$job" || fail "the late login: $(cat "$OUT/late.err")"
	equal "it is in" second "$(cat "$OUT/late")"
	equal "its instance" 1 "$(readlink "$LOCKS/current")"
	one_container
	: > "$OUT/over"
	wait
	rm -f "$OUT/over"
}

# It has opened 'admin', for which it waits.
helper_waits() {
	local pid

	for pid in $(helpers); do
		find "/proc/$pid/fd" -lname "$LOCKS/admin" 2> /dev/null |
			grep -q . && return
	done
	return 1
}

# The control: with the same stop, a container that is outdated does drain.
outdated() {
	fresh 'on_change = "drain";'
	equal "the first is in" first "$(su alice -c "$WHICH")"
	timeout 60 su alice -c 'echo in; read -r line' \
		< <(wait_until 40 [ -e "$OUT/over" ]) > "$OUT/other" &
	wait_until 30 grep -qs in "$OUT/other" || fail "no session"
	configure second
	equal "the next is in" second "$(su alice -c "$WHICH")"
	[ "$(readlink "$LOCKS/current")" -gt 1 ] || fail "nothing drained"
	: > "$OUT/over"
	wait
	rm -f "$OUT/over"
}

# slowly ARGUMENT... -- COMMAND...: under strace, which makes the moment long.
slowly() {
	local inject=()

	[ -x /usr/bin/strace ] || skip "strace is not here"
	while [ "$1" != -- ]; do
		inject+=(-e "inject=$1")
		shift
	done
	shift
	timeout 60 strace -f -o /dev/null "${inject[@]}" "$@"
}

# The helper is killed when its container does not depend on it any more, and is
# not yet the current one: the next login waits for it, and makes no second.
killed_before_current() {
	local pid

	fresh 'on_change = "keep";'
	slowly mknodat:delay_exit=2500000 -- su alice -c true \
		> "$OUT/killed" 2>&1 &
	wait_until 30 monitor_before_current ||
		fail "no such moment" "$(cat "$OUT/killed")"
	for pid in $(helpers); do kill -KILL "$pid"; done
	wait_until 10 no_helpers || fail "the helper lives"
	[ ! -e "$LOCKS/current" ] || skip "the machine is too slow"
	timeout 60 su alice -c 'echo in; read -r line' \
		< <(wait_until 40 [ -e "$OUT/over" ]) > "$OUT/next" 2>&1 &
	wait_until 30 grep -qs in "$OUT/next" ||
		fail "the next login: $(cat "$OUT/next")"
	one_container
	: > "$OUT/over"
	wait
	rm -f "$OUT/over"
}

# Its FIFO is made last before it makes its instance current.
monitor_before_current() {
	[ -n "$(monitors)" ] && [ -p "$LOCKS/1/renew" ]
}

no_helpers() {
	[ -z "$(helpers)" ]
}

# recycle: between its two looks at the outdated container, the last session
# ends, and the monitor is faster: the login gets the next container.
monitor_is_faster() {
	fresh 'on_change = "recycle";' 'stop = "logout";' 'linger = 0;'
	configure first ', "hooks": {"stop": [{"path": "/usr/bin/sleep",
		"args": ["3"]}]}'
	timeout 60 su alice -c 'echo in; read -r line' \
		< <(wait_until 40 [ -e "$OUT/over" ]) > "$OUT/last" 2>&1 &
	wait_until 30 grep -qs in "$OUT/last" || fail "$(cat "$OUT/last")"
	configure second
	slowly setns:delay_enter=1200000:when=1 flock:delay_enter=600000:when=5 -- \
		su alice -c "$WHICH" > "$OUT/next" 2>&1 &
	wait_until 30 has_sessions 2 || fail "no helper looks at it"
	: > "$OUT/over"
	wait
	equal "the login is in" second "$(tail -n 1 "$OUT/next")"
	rm -f "$OUT/over"
}

has_sessions() {
	nsinit list --json alice | grep -q "\"sessions\": *$1"
}

t "a login that waited does not renew what another has renewed" \
	older_than_the_container
t "control: what is outdated is renewed" outdated
t "a helper is killed just before its container is the current one" \
	killed_before_current
t "the monitor ends a container while a login recycles it" monitor_is_faster
