#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# When a container ends: stop = empty, logout, never, and linger.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su
config alice '{"rootfs": "/"}'
config bob '{"rootfs": "/"}'
sshd_start 22

fresh() {
	need_product
	clean_slate
	conf "$@"
	syslog_mark
}

files_there() {
	[ -e "$RUN/alice/pid" ] && [ -e "$RUN/alice/start" ] &&
		[ -e "$RUN/alice/current/state" ]
}

running() {
	[ -e "$RUN/alice/pid" ] && kill -0 "$(pid_of alice)" 2> /dev/null
}

default_is_empty() {
	fresh ''
	su alice -c "$INSIDE" || fail "su fails"
	wait_until 5 no_container alice || fail "it still runs"
}

files_exactly_while_running() {
	fresh 'stop = "empty";'
	hold alice
	files_there || fail "files: $(ls "$RUN/alice/")"
	equal "comm of PID 1" container-init \
		"$(cat "/proc/$(pid_of alice)/comm")"
	equal "start" "$(sed 's/.*) //' "/proc/$(pid_of alice)/stat" |
		cut -d ' ' -f 20)" "$(cat "$RUN/alice/start")"
	equal "mode of pid" 644 "$(stat -Lc %a "$RUN/alice/pid")"
	equal "owner of pid" root "$(stat -Lc %U "$RUN/alice/pid")"
	release
	wait_until 5 no_container alice || fail "it still runs"
	[ ! -e "$RUN/alice/current/state" ] || fail "state is still there"
	equal "what stays" "admin lock" "$(find "$RUN/alice/" \
		-type f -printf '%f\n' | sort | xargs)"
}

empty_waits_for_process() {
	fresh 'stop = "empty";'
	su alice -c 'nohup sleep 4 > /dev/null 2>&1 &'
	sleep 1.5
	running || fail "it ended although a process was left"
	timeout 20 su alice -c 'pgrep -c sleep' > "$OUT/count"
	equal "the process in the next login" 1 "$(cat "$OUT/count")"
	wait_until 8 no_container alice || fail "it still runs" "$(ls "$RUN/alice/")"
}

logout_ends_process() {
	fresh 'stop = "logout";'
	su alice -c 'nohup sleep 987 > /dev/null 2>&1 &'
	wait_until 5 no_container alice || fail "it still runs"
	empty "left processes" "$(pgrep -f 'sleep 987')"
}

logout_waits_for_last() {
	fresh 'stop = "logout";'
	hold alice
	PID1=$(pid_of alice)
	su alice -c true
	sleep 0.5
	equal "PID 1" "$PID1" "$(pid_of alice)"
	kill -0 "$HOLDER" || fail "the other session was ended"
	release
	wait_until 5 no_container alice || fail "it still runs"
}

never() {
	fresh 'stop = "never";'
	su alice -c true
	PID1=$(pid_of alice)
	sleep 1.5
	running || fail "it ended"
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns"
	landed_inside "$OUT/ns" alice
	equal "PID 1" "$PID1" "$(pid_of alice)"
	timeout 10 nsinit stop alice || fail "nsinit stop fails"
	no_container alice || fail "nsinit stop left something"
}

linger() {
	fresh 'linger = 2;'
	su alice -c true
	PID1=$(pid_of alice)
	[ -n "$PID1" ] || fail "it ended at once"
	sleep 1
	equal "PID 1 after a second" "$PID1" "$(pid_of alice)"
	su alice -c true
	sleep 1.4
	equal "PID 1: a login begins the time anew" "$PID1" "$(pid_of alice)"
	wait_until 5 no_container alice || fail "it still runs"
}

multiplexed_session_counts() {
	local control=(-o "ControlPath=$OUT/control")

	fresh 'stop = "logout";'
	nssh_with "${control[@]}" -M -N -f -l alice 127.0.0.1 ||
		fail "the master fails"
	wait_until 3 running || fail "a connection without a command has no container"
	nssh_with "${control[@]}" -l alice 127.0.0.1 true
	PID1=$(pid_of alice)
	sleep 0.5
	equal "PID 1" "$PID1" "$(pid_of alice)"
	nssh_with "${control[@]}" -O exit 127.0.0.1 2> /dev/null
	wait_until 5 no_container alice || fail "it still runs"
}

one_does_not_end_other() {
	fresh 'stop = "logout";'
	hold alice
	PID1=$(pid_of alice)
	su bob -c true
	wait_until 5 [ ! -e "$RUN/bob/pid" ] || fail "bob's still runs"
	equal "PID 1 of alice" "$PID1" "$(pid_of alice)"
	release
}

init_reaps() {
	fresh 'linger = 5;'
	timeout 20 su alice -c "$INSIDE && "'{ (sleep 0.1 & exec true) &
		sleep 0.5; ps -e -o stat= | grep -c Z; }' > "$OUT/zombies"
	equal "zombies" 0 "$(cat "$OUT/zombies")"
}

user_cannot_hold_files() {
	fresh 'linger = 1;'
	equal "alice can write" "" "$(su -s /bin/sh bob -c \
		'find /run/nscontainer -writable' 2> /dev/null |
		grep -v '^find')"
	hold alice
	setpriv --reuid=alice --regid=alice --init-groups \
		find "$RUN" -writable > "$OUT/writable" 2> /dev/null
	# By these nsshell, as the user, enters the control groups, and asks for
	# a container that its version can join.
	sed -i -E "\\,^$(instance alice)/(enter|renew)\$,d" "$OUT/writable"
	empty "alice can write on the host" "$(cat "$OUT/writable")"
	release
}

# User names that are used below /run and /var/lib: each user has separate
# files.
odd_names() {
	local name uid=31001

	fresh 'linger = 60;'
	hold alice
	for name in ids addresses current "$(id -u alice)"; do
		echo "$name:x:$uid:$uid::/tmp:/bin/sh" >> /etc/passwd
		echo "$name:x:$uid:" >> /etc/group
		echo "$name:*:20000:0:99999:7:::" >> /etc/shadow
		config "$name" '{"rootfs": "/", "home": "private"}'
		equal "su $name" "$uid" "$(timeout 20 su "$name" -c \
			"$INSIDE && id -u")"
		[ -s "$RUN/$uid/pid" ] || fail "$name: no container"
		contains "list" "$name " "$(nsinit list)"
		timeout 20 nsinit stop "$name" || fail "nsinit stop $name"
		[ ! -e "$RUN/$uid/pid" ] || fail "$name: it is not stopped"
		rm -r "$CONF/users/$name"
		uid=$((uid + 1))
	done
	[ -f /var/lib/nscontainer/ids ] || fail "the pool is gone"
	[ ! -L "$RUN/$(id -u alice)" ] ||
		fail "a link has alice's place"
	[ -n "$(pid_of alice)" ] || fail "alice's container has ended"
	release
	sed -i '/:3100[0-9]:/d' /etc/passwd /etc/group
}

t "by default a container ends with its last session" default_is_empty
t "pid, start and state are there exactly while the container runs" \
	files_exactly_while_running
t "stop = empty waits for the last process" empty_waits_for_process
t "L4 stop = logout ends what was left in the background" logout_ends_process
t "stop = logout waits for the last session" logout_waits_for_last
t "stop = never keeps the container until nsinit stop" never
t "linger keeps the container for its seconds, anew after each login" linger
t "an ssh connection without a session counts" multiplexed_session_counts
t "the end of one user's container is not that of another's" \
	one_does_not_end_other
t "orphans in the container are reaped" init_reaps
t "C7 the user can write to none of the run directory's files" \
	user_cannot_hold_files
t "names that are numbers, or files of ours, are those of users" odd_names
