#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits, on a host with cgroup v2 and systemd: each container is a transient
# scope, in it container/ with the limits, and monitor/.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

SCOPE=nscontainer-alice.scope

property() {
	systemctl show "$SCOPE" -p "$1" --value
}

# The scope's group as systemd sees it.
group() {
	local path

	path=$(property ControlGroup)
	[ -n "$path" ] || fail "$SCOPE has no group" "$(left alice)"
	echo "$CGROUP$path"
}

# The group of a process, which /proc gives below the root of the mount.
group_of() {
	sed -n "s,^0::,$CGROUP,p" "/proc/$1/cgroup"
}

# A test that failed leaves its container to the next one.
fresh() {
	nothing_left alice || clean_slate
}

# limited JSON : alice's container with these limits runs, held by su.
limited() {
	fresh
	config alice "{\"rootfs\": \"/\", \"cgroups\": $1}"
	valid alice
	hold_su alice
	SCOPE_DIR=$(group) || { echo "$SCOPE_DIR"; exit 1; }
	LIMITS=$SCOPE_DIR/container
}

done_with() {
	release
	gone alice
}

# limit FILE VALUE
limit() {
	equal "$1" "$2" "$(cat "$LIMITS/$1" 2>&1)"
}

scope() {
	limited '{"memory": 134217728}'
	equal "$SCOPE" active "$(property ActiveState)"
	equal "delegated" yes "$(property Delegate)"
	case $(property Slice) in
	"user-$(id -u alice).slice" | cgroups.slice) ;;
	*) fail "slice: $(property Slice)" ;;
	esac
	done_with
	equal "$SCOPE after logout" inactive "$(property ActiveState)"
	empty "units that failed" "$(systemctl --failed --no-legend)"
}

places() {
	local pid second

	limited '{"memory": 134217728}'
	pid=$(pid_of alice)
	equal "PID 1" "$LIMITS/init" "$(group_of "$pid")"
	pid=$(pgrep -n -u alice -x cat)
	contains "the session" "$LIMITS/session-" "$(group_of "$pid")"
	SESSION=$(group_of "$pid")
	for pid in $(monitors); do
		equal "the monitor" "$SCOPE_DIR/monitor" "$(group_of "$pid")"
	done
	su - alice -c 'cat /proc/self/cgroup' > "$OUT/inside"
	lacks "what a session sees of its group" user.slice \
		"$(cat "$OUT/inside")"
	# The group of a session that ended is removed by the next login.
	second=$(sessions_groups | grep -vx "$SESSION")
	su - alice -c true
	[ ! -d "$second" ] || fail "$second stays"
	done_with
	[ ! -d "$SESSION" ] || fail "$SESSION is left"
}

sessions_groups() {
	compgen -G "$LIMITS/session-*"
}

need_command() {
	nsinit --help 2>&1 | grep -qw "$1" || skip "unsupported: nsinit $1"
}

files() {
	limited '{"memory": 134217728, "memory_reservation": 67108864,
		"memory_swap": 0, "memory_high": 100663296, "pids": 64,
		"cpu_weight": 50, "cpu_quota": 50000, "cpu_period": 100000,
		"cpuset_cpus": "0"}'
	limit memory.max 134217728
	limit memory.low 67108864
	limit memory.high 100663296
	# Version 1's figure was memory and swap together.
	[ ! -e "$LIMITS/memory.swap.max" ] ||
		limit memory.swap.max 134217728
	limit pids.max 64
	limit cpu.weight 50
	limit cpu.max "50000 100000"
	limit cpuset.cpus 0
	done_with
}

# Two conversions are in use, which differ in the middle.
shares() {
	local weight

	limited '{"cpu_shares": 512}'
	weight=$(cat "$LIMITS/cpu.weight")
	[[ $weight -ge 19 && $weight -le 60 ]] ||
		fail "cpu.weight of 512 shares: $weight"
	done_with
}

verbatim() {
	limited '{"unified": {"memory.high": "max", "pids.max": "77"}}'
	limit memory.high max
	limit pids.max 77
	done_with
}

processes() {
	limited '{"pids": 20}'
	su - alice -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 \
		19 20 21 22 23 24; do sleep 20 & done; wait' \
		> "$OUT/many" 2>&1 &
	MANY=$!
	wait_until 20 refused ||
		fail "no fork was refused" "$(cat "$OUT/many" "$LIMITS/pids.current")"
	[ "$(cat "$LIMITS/pids.current")" -le 20 ] ||
		fail "pids.current: $(cat "$LIMITS/pids.current")"
	pkill -KILL -u alice
	wait "$MANY"
	done_with
}

# Before Linux 6.11 it is counted where the process is, not where the limit is.
refused() {
	grep -qs '^max [1-9]' "$LIMITS/pids.events" \
		"$LIMITS"/session-*/pids.events
}

memory() {
	limited '{"memory": 50331648, "memory_swap": 0}'
	# tail keeps what has no end of line yet.
	su - alice -c 'head -c 100m /dev/zero | tail -n 1 | wc -c' \
		> "$OUT/used" 2>&1
	grep -q '^oom_kill [1-9]' "$LIMITS/memory.events" ||
		fail "nothing was killed" "$(cat "$OUT/used")" \
			"$(cat "$LIMITS/memory.events")"
	contains "the container afterwards" "still here" \
		"$(su - alice -c 'echo still here' 2>&1)"
	done_with
}

# open_in GROUP DEVICE : as host root, whom only the group's program denies.
open_in() {
	(echo "$BASHPID" > "$1/cgroup.procs" &&
		exec dd if="$2" of=/dev/null bs=1 count=1 iflag=nonblock) 2>&1
}

devices() {
	limited '{"allow_all_devices": false}'
	open_in "$LIMITS/init" /dev/zero > "$OUT/zero" ||
		fail "/dev/zero is denied" "$(cat "$OUT/zero")"
	contains "the host's disk" "Operation not permitted" \
		"$(open_in "$LIMITS/init" /dev/vda)"
	contains "the kernel's log" "Operation not permitted" \
		"$(open_in "$LIMITS/init" /dev/kmsg)"
	done_with
}

all_devices() {
	limited '{"allow_all_devices": true}'
	open_in "$LIMITS/init" /dev/vda > "$OUT/disk" ||
		fail "the disk is denied" "$(cat "$OUT/disk")"
	done_with
}

# Devices are denied where no limit is asked for, too.
default_devices() {
	limited '{}'
	contains "the host's disk" "Operation not permitted" \
		"$(open_in "$LIMITS/init" /dev/vda)"
	done_with
}

# Every way in is under the limits.
ways_in() {
	limited '{"memory": 134217728}'
	nssh alice 'exec sleep 41' > /dev/null 2>&1 &
	sudo -u alice sleep 42 &
	wait_until 20 pgrep -u alice -f '^sleep 41' > /dev/null ||
		fail "ssh does not get there"
	contains "a login by ssh" "$LIMITS/session-" \
		"$(group_of "$(pgrep -u alice -f '^sleep 41')")"
	contains "sudo" "$LIMITS/session-" \
		"$(group_of "$(pgrep -u alice -f '^sleep 42')")"
	pkill -u alice -f '^sleep 4[12]'
	done_with
}

stats() {
	need_command stats
	limited '{"memory": 134217728}'
	nsinit stats alice > "$OUT/stats" 2>&1 ||
		fail "nsinit stats:" "$(cat "$OUT/stats")"
	contains "nsinit stats" memory "$(cat "$OUT/stats")"
	contains "nsinit stats" cpu "$(cat "$OUT/stats")"
	done_with
}

pause() {
	need_command pause
	limited '{"memory": 134217728}'
	status_is 0 nsinit pause alice
	equal "cgroup.freeze" 1 "$(cat "$LIMITS/cgroup.freeze")"
	wait_until 5 grep -q '^frozen 1' "$LIMITS/cgroup.events" ||
		fail "not frozen" "$(cat "$LIMITS/cgroup.events")"
	status_is 0 nsinit resume alice
	equal "cgroup.freeze" 0 "$(cat "$LIMITS/cgroup.freeze")"
	wait_until 5 grep -q '^frozen 0' "$LIMITS/cgroup.events" ||
		fail "still frozen" "$(cat "$LIMITS/cgroup.events")"
	done_with
}

# A frozen container can be stopped.
stop_paused() {
	need_command pause
	limited '{"memory": 134217728}'
	status_is 0 nsinit pause alice
	status_is 0 timeout 30 nsinit stop alice
	gone alice
}

started_by_hand() {
	fresh
	config alice '{"rootfs": "/", "cgroups": {"pids": 50}}'
	valid alice
	status_is 0 nsinit start alice
	LIMITS=$(group)/container
	limit pids.max 50
	status_is 0 nsinit stop alice
	gone alice
}

# The first session's scope is not the container's.
first_ends() {
	fresh
	config alice '{"rootfs": "/", "cgroups": {"pids": 50}}'
	valid alice
	hold alice
	FIRST=$HOLDER
	ID=$(sessions_of alice)
	hold_su alice
	loginctl terminate-session "$ID"
	SECOND=$HOLDER HOLDER=$FIRST
	wait_until 10 holder_ended || fail "the session goes on"
	HOLDER=$SECOND
	echo still there > "$OUT/fifo.alice"
	wait_until 5 grep -q "still there" "$OUT/held.alice" ||
		fail "the second session ended with the first"
	[ -n "$(pid_of alice)" ] || fail "the container ended with the first"
	done_with
}

terminate_user() {
	fresh
	config alice '{"rootfs": "/", "cgroups": {"pids": 50}}'
	valid alice
	hold alice
	ends_by loginctl terminate-user alice
}

t "a container is a transient scope with delegation" scope
t "PID 1, sessions and the monitor have groups of their own" places
t "each limit is in its file" files
t "cpu_shares become a weight" shares
t "unified writes files verbatim" verbatim
t "pids refuses the fork that is too many" processes
t "memory ends the process that is too large, not the container" memory
t "devices that are not allowed are denied by the group" devices
t "devices are denied without a limit as well" default_devices
t "allow_all_devices allows them" all_devices
t "ssh and sudo are under the limits" ways_in
t "nsinit stats reads the groups" stats
t "nsinit pause and resume freeze and thaw" pause
t "a paused container can be stopped" stop_paused
t "nsinit start sets the limits" started_by_hand
t "the end of the first session does not end the container" first_ends
t "loginctl terminate-user ends a container with limits" terminate_user
config alice '{"rootfs": "/"}'
clean_slate
