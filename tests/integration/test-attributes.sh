#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The attributes of processes and the clocks of container.json, as each door
# gives them.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'linger = 0; stop = "logout";'
sshd_start 22
IMAGE=/srv/images/busybox
REASON=$(make_busybox "$IMAGE") || IMAGE=
WAYS="su ssh sudo nsshell user dir"
ALL='"NEWNS": true, "NEWPID": true, "NEWUSER": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true, "NEWTIME": true'

# fresh MORE : alice's container has the host's system, and MORE.
fresh() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

refused() {
	timeout 20 su - alice -c true > "$OUT/text" 2>&1 &&
		fail "the login is not refused"
	logged "$1"
	empty "containers" "$(inits)"
}

# way NAME COMMAND : those of by(), "user" and "dir" for nsinit exec.
way() {
	case $1 in
	user) timeout 30 nsinit exec --start alice -- /bin/sh -c "$2" ;;
	dir) by exec "$2" ;;
	nsshell)
		# One that is ending takes no more logins.
		wait_until 2 no_container alice
		[ -n "$(pid_of alice)" ] || nsinit start alice
		by nsshell "$2" ;;
	*) by "$@" ;;
	esac
}

# each_way WHAT EXPECTED COMMAND
each_way() {
	local way

	for way in $WAYS; do
		equal "$1: $way" "$2" "$(way "$way" "$3" 2> "$OUT/err")"
		[ ! -s "$OUT/err" ] || echo "# $way: $(cat "$OUT/err")"
	done
}

# Newer ones of chrt also tell the slice of the policy.
SCHEDULE='(chrt -p $$ | grep -v runtime; nice; ionice -p $$; uname -m) | sed "s/.*: //" | xargs'

scheduler() {
	fresh '"scheduler": {"policy": "SCHED_BATCH", "nice": 5},
		"io_priority": {"class": "IOPRIO_CLASS_BE", "priority": 6},
		"personality": "LINUX32"'
	each_way "scheduler" "SCHED_BATCH 0 5 prio 6 $(linux32 uname -m)" \
		"$SCHEDULE"
	# A control: without the keys.
	fresh
	each_way "usual" "SCHED_OTHER 0 0 prio 0 $(uname -m)" "$SCHEDULE"
}

# Inherited by what a login starts, and by an exec of set-user-ID programs.
descendants() {
	fresh '"scheduler": {"policy": "SCHED_IDLE"},
		"personality": "LINUX32"'
	equal "a grandchild" "SCHED_IDLE $(linux32 uname -m)" "$(nssh alice \
		'sh -c "(chrt -p \$\$ | head -n 1; uname -m) | sed \"s/.*: //\"" |
		xargs')"
}

real_time() {
	fresh '"scheduler": {"policy": "SCHED_RR", "priority": 3}'
	if ! chrt -r 3 true 2> /dev/null; then
		refused 'scheduler: '
		return
	fi
	timeout 20 su - alice -c 'chrt -p $$' > "$OUT/text" 2>&1 || {
		# Groups of v1 have no real-time share of their own.
		logged 'scheduler: '
		return
	}
	contains "su" "policy: SCHED_RR" "$(cat "$OUT/text")"
	contains "su" "priority: 3" "$(cat "$OUT/text")"
	# nsshell has no rights of its own.
	wait_until 10 no_container alice
	nsinit start alice > /dev/null
	by nsshell true > "$OUT/text" 2>&1 && fail "nsshell gave it"
	contains "nsshell" "scheduler: only root of the host may give so much" \
		"$(cat "$OUT/text")"
	# container-init is not real-time.
	contains "PID 1" SCHED_OTHER "$(chrt -p "$(pid_of alice)")"
}

better_nice() {
	fresh '"scheduler": {"policy": "SCHED_OTHER", "nice": -5}'
	equal "ssh" -5 "$(nssh alice nice)"
	wait_until 10 no_container alice
	nsinit start alice > /dev/null
	by nsshell true > "$OUT/text" 2>&1 && fail "nsshell gave it"
	contains "nsshell" "scheduler: only root" "$(cat "$OUT/text")"
	# The user may not take more than that.
	contains "more" "ermission" "$(nssh alice 'renice -n -9 $$' 2>&1)"
}

affinity() {
	local last=$(($(getconf _NPROCESSORS_ONLN) - 1))

	fresh "\"cpu_affinity\": \"$last\""
	each_way "processors" "$last" 'taskset -cp $$ | sed "s/.*: //"'
	fresh '"cpu_affinity": "8000"'
	refused "cpu_affinity: this host, or cgroups.cpuset_cpus, does not have all"
	[ "$last" -gt 0 ] || return 0
	fresh "\"cpu_affinity\": \"0-$last\", \"cgroups\": {\"cpuset_cpus\": \"0\"}"
	refused "cpu_affinity: this host, or cgroups.cpuset_cpus, does not have all"
	# The login program's own processors are not asked.
	fresh "\"cpu_affinity\": \"$last\""
	equal "a bound caller" "$last" "$(taskset -c 0 timeout 20 su - alice -c \
		'taskset -cp $$' | sed 's/.*: //')"
}

# An init of the rootfs, and with it its services, has all but cpu_affinity.
of_own_init() {
	local pid

	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	clean_slate
	printf '#!/bin/sh\ntrap "exit 0" RTMIN+3 PWR TERM\nwhile :; do sleep 1; done\n' \
		> "$IMAGE/bin/my-init"
	chmod 0755 "$IMAGE/bin/my-init"
	config alice "{\"rootfs\": \"$IMAGE\", \"init\": \"/bin/my-init\",
		\"cpu_affinity\": \"0\", \"personality\": \"LINUX32\",
		\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": 3},
		\"io_priority\": {\"class\": \"IOPRIO_CLASS_IDLE\"}}"
	status_is 0 nsinit start alice
	pid=$(pid_of alice)
	contains "policy" SCHED_BATCH "$(chrt -p "$pid")"
	equal "nice" 3 "$(ps -o ni= -p "$pid" | xargs)"
	contains "disks" idle "$(ionice -p "$pid")"
	equal "personality" 00000008 "$(cat "/proc/$pid/personality")"
	equal "processors" "$(grep Cpus_allowed: /proc/1/status)" \
		"$(grep Cpus_allowed: "/proc/$pid/status")"
	status_is 0 nsinit stop --time 1 alice
	clean_slate
}

# --- clocks

NOW='python3 -c "import time; print(int(time.monotonic()), int(time.clock_gettime(time.CLOCK_BOOTTIME)))"'

# near WHAT EXPECTED NUMBER : within a minute.
near() {
	local difference=$(($3 - $2))

	[ "${difference#-}" -lt 60 ] || fail "$1" "expected: $2" "got: $3"
}

clocks() {
	local way monotonic boottime here

	fresh "\"namespaces\": {$ALL}, \"time_offsets\": {
		\"monotonic\": {\"secs\": 172800, \"nanosecs\": 5},
		\"boottime\": {\"secs\": 604800}}"
	for way in $WAYS; do
		here=$(cut -d. -f1 /proc/uptime)
		read -r monotonic boottime < <(way "$way" "$NOW")
		near "monotonic: $way" $((here + 172800)) "${monotonic:-0}"
		near "boottime: $way" $((here + 604800)) "${boottime:-0}"
	done
	# ps, uptime and top agree: nothing inside is older than a minute.
	near "uptime" $(($(cut -d. -f1 /proc/uptime) + 604800)) \
		"$(nssh alice 'cut -d. -f1 /proc/uptime')"
	# ps has nonsense for a process that is younger than its clock ticks.
	near "age of a process" 0 "$(nssh alice 'sleep 1.1; ps -o etimes= -p $$')"
	near "its start" "$(date +%s)" "$(nssh alice \
		'date -d "$(ps -o lstart= -p $$)" +%s')"
	near "the time of day" "$(date +%s)" "$(nssh alice 'date +%s')"
	contains "top" "up $(($(cut -d. -f1 /proc/uptime) / 86400 + 7)) days" "$(nssh alice \
		'top -bn1 | sed -n 1p; uptime')"
	# A timeout is as long as on the host.
	equal "timeout" 124 "$(nssh alice 'timeout 0.2 sleep 9; echo $?')"
	# The host's tools see the container as ever.
	conf 'linger = 60; stop = "logout";'
	nssh alice true
	contains "nsinit list" alice "$(nsinit list)"
	sleep 1.1
	near "the host's view" 0 "$(ps -o etimes= -p "$(pid_of alice)")"
	conf 'linger = 0; stop = "logout";'
	clean_slate
}

clocks_that_cannot_be() {
	fresh '"time_offsets": {"monotonic": {"secs": 1}}'
	refused "time_offsets: needs namespaces.NEWTIME"
	fresh "\"namespaces\": {$ALL}, \"time_offsets\": {
		\"boottime\": {\"secs\": -2000000000}}"
	refused "time_offsets.boottime: "
	# A control: the namespace alone changes no clock.
	fresh "\"namespaces\": {$ALL}"
	near "uptime" "$(cut -d. -f1 /proc/uptime)" \
		"$(nssh alice 'cut -d. -f1 /proc/uptime')"
}

# Root inside, with its capabilities, cannot change the clocks of sessions.
clocks_stay() {
	fresh "\"namespaces\": {$ALL}, \"capabilities\": [\"SYS_TIME\", \"SYS_ADMIN\",
		\"SETUID\", \"SETGID\"], \"time_offsets\": {\"boottime\": {\"secs\": 9}}"
	hold alice
	as_root_inside sh -c 'echo boottime 99 0 > /proc/1/timens_offsets' \
		2> "$OUT/err" && fail "root inside moved the clock"
	equal "the offset" 9 "$(awk '$1 == "boottime" { print $2 }' \
		"/proc/$(pid_of alice)/timens_offsets")"
	release
}

t "scheduler, io_priority and personality reach each door" scheduler
t "they are inherited" descendants
t "a real-time policy is given by root, and refused by nsshell" real_time
t "so is a better nice value" better_nice
t "cpu_affinity reaches each door, or refuses the login" affinity
t "an init of the rootfs has them" of_own_init
t "time_offsets: clocks inside differ as told, and programs agree" clocks
t "time_offsets that cannot be refuse the login" clocks_that_cannot_be
t "J15 nobody inside moves the clocks" clocks_stay
