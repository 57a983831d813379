#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Logins by the machine's sshd, as logind sees them.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# The session's shell or whatever it became.
process_of() {
	pgrep -n -u "$1" -x cat
}

show() {
	loginctl show-session "$1" -p "$2" --value
}

known_to_logind() {
	local id

	hold alice
	id=$(sessions_of alice)
	equal "sessions of alice" 1 "$(echo "$id" | wc -w)"
	equal "service" sshd "$(show "$id" Service)"
	equal "class" user "$(show "$id" Class)"
	equal "loginuid" "$(id -u alice)" \
		"$(cat "/proc/$(process_of alice)/loginuid")"
	contains "environment" "XDG_SESSION_ID=$id" \
		"$(tr '\0' '\n' < "/proc/$(process_of alice)/environ")"
	release
	gone alice
}

# pam_systemd is called inside at the end, where there is no system bus.
quiet_end() {
	local id

	hold alice
	id=$(sessions_of alice)
	release
	gone alice
	hold_su alice
	release
	gone alice
	# systemd 262 has no such mark any more: it asks, and complains.
	! grep -q systemd.existing /lib/*/security/pam_systemd.so ||
		lacks "the log" "Failed to connect to system bus" \
			"$(syslog_since)"
	empty "the session" \
		"$(loginctl --no-legend list-sessions | grep -w "$id")"
}

lands() {
	hold alice
	# shellcheck disable=SC2029
	nssh alice "$NS_COMMAND; $INSIDE && echo is inside" > "$OUT/ns"
	landed_inside "$OUT/ns" alice
	contains "the mark" "is inside" "$(cat "$OUT/ns")"
	equal "containers" 1 "$(count_inits)"
	release
	gone alice
}

restart() {
	hold alice
	systemctl restart ssh || fail "systemctl restart ssh"
	echo still there > "$OUT/fifo.alice"
	wait_until 5 grep -q "still there" "$OUT/held" ||
		fail "the session ended with sshd"
	[ -n "$(pid_of alice)" ] || fail "the container ended with sshd"
	release
	gone alice
}

terminated() {
	hold alice
	ends_by loginctl terminate-user alice
	hold alice
	ends_by loginctl terminate-session "$(sessions_of alice)"
	hold alice
	ends_by loginctl kill-session "$(sessions_of alice)"
}

# The session that is terminated ends, and no other.
others_go_on() {
	local id

	hold alice
	SSH=$HOLDER
	id=$(sessions_of alice)
	hold_su alice
	equal "the scope of session $id" active \
		"$(systemctl is-active "session-$id.scope")"
	loginctl terminate-session "$id"
	HOLDER=$SSH
	wait_until 10 holder_ended || fail "the session goes on"
	echo still there > "$OUT/fifo.alice"
	wait_until 5 grep -q "still there" "$OUT/held.alice" ||
		fail "another session ended with it"
	pkill -u alice -x cat
	gone alice
}

killed() {
	hold alice
	ends_by kill -KILL "$(show "$(sessions_of alice)" Leader)"
}

# A unit that takes its time keeps the slice's stop in systemd's queue.
starts_while_slice_stops() {
	local slice

	slice=user-$(id -u alice).slice
	systemd-run -q --unit slow --slice "$slice" -p ExecStop='/bin/sleep 5' \
		-p RemainAfterExit=yes true || fail "systemd-run"
	systemctl stop --no-block "$slice"
	systemctl list-jobs --no-legend | grep -q "$slice *stop" ||
		fail "$slice is not being stopped" "$(systemctl list-jobs)"
	if systemd-run -q --scope --slice "$slice" true 2> /dev/null; then
		fail "the stop is in nobody's way"
	fi
	nsinit start alice || fail "nsinit start"
	nsinit stop alice
	gone alice
}

slice_goes() {
	local slice

	slice=$CGROUP/user.slice/user-$(id -u alice).slice
	wait_until 30 test ! -d "$slice" ||
		fail "$slice is still there" "$(systemd-cgls --no-pager)"
	empty "units that failed" "$(systemctl --failed --no-legend)"
}

t "a login is a session of logind, and nothing is left of it" known_to_logind
t "the end of a session asks no bus, and logind forgets the session" quiet_end
t "a second login lands in the first one's container" lands
t "a restart of sshd leaves sessions and container alone" restart
t "loginctl ends a contained session, and leaves nothing of it" terminated
t "loginctl ends one session, and no other" others_go_on
t "a login whose sshd is killed leaves nothing" killed
t "a container starts while its user's slice is being stopped" \
	starts_while_slice_stops
t "alice's slice goes after her last session" slice_goes
clean_slate
