#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Control groups: limits, device rules, sessions, and their removal.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
# shellcheck disable=SC2024,SC2034 # root runs sudo; lib.sh reads the port
. "$(dirname "$0")/lib.sh"

CG=/sys/fs/cgroup
NO_USERNS='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true}'
pam_enable su su-l sshd cron sudo sudo-i
conf 'linger = 0; stop = "logout";'

# group CONTROLLER: the directory of alice's group, v1 or v2.
group() {
	local dir

	for dir in "$CG/$1/nscontainer/${2-alice}" \
		"$CG/unified/nscontainer/${2-alice}" \
		"$CG/nscontainer/${2-alice}"; do
		[ -d "$dir" ] && { echo "$dir"; return; }
	done
	return 1
}

fresh() {
	need_product
	clean_slate
	grep -q cgroup /proc/self/mountinfo || skip "cgroup: none is mounted"
	mkdir "$CG/pids/nsc-probe" 2> /dev/null || mkdir "$CG/nsc-probe" ||
		skip "cgroup: not writable"
	rmdir "$CG/pids/nsc-probe" "$CG/nsc-probe" 2> /dev/null
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

v1() {
	[ -d "$CG/$1/nscontainer" ] || [ -e "$CG/$1/cgroup.procs" ] ||
		skip "hybrid: $1 is not a v1 hierarchy here"
}

inside() {
	timeout 30 su - alice -c "$INSIDE || exit 99; $1"
}

left() {
	find $CG -type d -path '*nscontainer*' 2> /dev/null
}

nothing_left() {
	[ -z "$(left)" ]
}

# value FILE EXPECTED : a file of alice's group, while a session exists.
value() {
	equal "$1" "$2" "$(cat "$(group "${1%%.*}")/$1")"
}

hold_su() {
	# The shell in the background truncates the file a moment later.
	rm -f "$OUT/held"
	su - alice -c "echo held; sleep 60" > "$OUT/held" 2>&1 &
	HELD=$!
	wait_until 10 grep -qs held "$OUT/held" ||
		fail "su fails" "$(cat "$OUT/held")"
}

drop_su() {
	nsinit stop --timeout 0 alice > /dev/null 2>&1
	wait "$HELD" 2> /dev/null
	return 0
}

numbers_v1() {
	v1 memory
	fresh '"cgroups": {"memory": 268435456, "memory_reservation": 134217728,
		"cpu_shares": 512, "cpu_quota": 50000, "cpu_period": 100000,
		"pids": 100, "cpuset_cpus": "0", "cpuset_mems": "0"}'
	hold_su
	value memory.limit_in_bytes 268435456
	value memory.memsw.limit_in_bytes 536870912
	value memory.soft_limit_in_bytes 134217728
	value cpu.shares 512
	value cpu.cfs_quota_us 50000
	value cpu.cfs_period_us 100000
	value pids.max 100
	value cpuset.cpus 0
	value cpuset.mems 0
	drop_su
	wait_until 5 nothing_left || fail "left" "$(left)"
}

swap_and_weight_v1() {
	v1 memory
	fresh '"cgroups": {"memory": 268435456, "memory_swap": -1,
		"cpu_weight": 200}'
	hold_su
	[ "$(cat "$(group memory)/memory.memsw.limit_in_bytes")" -gt \
		1000000000000 ] || fail "swap is limited"
	value cpu.shares 2048
	drop_su
	fresh '"cgroups": {"memory": 268435456, "memory_swap": 300003328}'
	hold_su
	value memory.memsw.limit_in_bytes 300003328
	drop_su
}

memory_hog() {
	fresh '"cgroups": {"memory": 67108864}'
	inside 'head -c 30000000 /dev/zero | tail -c 30000000 > /dev/null' ||
		fail "30 MB do not fit"
	inside 'head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null
		echo "${PIPESTATUS[1]}"' > "$OUT/text" 2>&1
	contains "end of the hog" 137 "$(cat "$OUT/text")"
}

fork_bomb() {
	fresh '"cgroups": {"pids": 30}'
	inside 'i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i + 1)); done
		echo done' > "$OUT/text" 2>&1
	contains "message" "Resource temporarily unavailable" \
		"$(cat "$OUT/text")"
}

cpuset_inside() {
	fresh '"cgroups": {"cpuset_cpus": "0"}'
	equal "processors" 1 "$(inside nproc)"
}

# root_config MORE: root's container, in which MKNOD does not protect.
root_config() {
	config root "{\"rootfs\": \"/\", \"capabilities\": [\"MKNOD\",
		\"DAC_OVERRIDE\", \"SETUID\", \"SETGID\", \"KILL\"], $1
		$NO_USERNS}"
}

devices_denied() {
	fresh
	[ -c /dev/fuse ] || mknod /dev/fuse c 10 229
	: < /dev/fuse || skip "fuse: the host has no such device"
	root_config ""
	su - root -c 'mknod /dev/test c 10 229 && echo made
		: < /dev/test && echo BAD
		mknod /dev/zero-test c 1 5 && head -c 1 /dev/zero-test \
			> /dev/null && echo zero works' > "$OUT/text" 2>&1
	contains "mknod" made "$(cat "$OUT/text")"
	lacks "open" BAD "$(cat "$OUT/text")"
	contains "errno" "Operation not permitted" "$(cat "$OUT/text")"
	contains "an allowed one" "zero works" "$(cat "$OUT/text")"
	root_config '"cgroups": {"allow_all_devices": true},'
	su - root -c 'mknod /dev/test c 10 229 && : < /dev/test && echo opened' \
		> "$OUT/text" 2>&1
	contains "with all allowed" opened "$(cat "$OUT/text")"
	root_config '"device_nodes": [{"path": "/dev/test", "type": "c",
		"major_number": 10, "minor_number": 229,
		"cgroup_permissions": "r"}, {"path": "/dev/null", "type": "c",
		"major_number": 1, "minor_number": 3}],'
	su - root -c ': < /dev/test && echo opened
		echo x > /dev/test && echo BAD' > "$OUT/text" 2>&1
	contains "a configured node" opened "$(cat "$OUT/text")"
	lacks "a configured node" BAD "$(cat "$OUT/text")"
	root_config '"cgroups": {"allowed_devices": [{"type": 99,
		"major_number": 1, "minor_number": -1}, {"type": 99,
		"major_number": 5, "minor_number": -1}, {"type": 99,
		"major_number": 136, "minor_number": -1}]},'
	su - root -c 'mknod /dev/test c 10 229 && echo BAD
		: < /dev/zero && echo opened' > "$OUT/text" 2>&1
	contains "allowed_devices" opened "$(cat "$OUT/text")"
	lacks "allowed_devices" BAD "$(cat "$OUT/text")"
	rm -rf "$CONF/users/root"
}

# has FILE: a group of this host has it.
has_file() {
	[ -n "$(find /sys/fs/cgroup -name "$1" -print -quit)" ]
}

idle_and_burst() {
	fresh '"cgroups": {"cpu_idle": 1, "cpu_quota": 50000,
		"cpu_burst": 20000}'
	hold_su
	value cpu.idle 1
	if has_file cpu.max.burst; then
		value cpu.max.burst 20000
	else
		value cpu.cfs_burst_us 20000
	fi
	drop_su
	fresh '"cgroups": {"cpu_quota": 50000}'
	hold_su
	status_is 0 nsinit update alice --cpu-burst 30000
	if has_file cpu.max.burst; then
		value cpu.max.burst 30000
	else
		value cpu.cfs_burst_us 30000
	fi
	status_is 1 nsinit update alice --cpu-burst 60000
	contains "beyond the quota" "cgroups.cpu_burst" "$(cat "$OUT/stderr")"
	drop_su
}

swappiness() {
	fresh '"cgroups": {"memory_swappiness": 7}'
	if has_file memory.swappiness; then
		hold_su
		value memory.swappiness 7
		drop_su
		return
	fi
	inside true > "$OUT/text" 2>&1 && fail "it was let in"
	logged 'cgroups.memory_swappiness: the memory controller is not'
}

rdma() {
	fresh '"cgroups": {"rdma": {"none_0": {"hca_handles": 1}}}'
	inside true > "$OUT/text" 2>&1 && fail "it was let in"
	logged 'cgroups.rdma: '
	wait_until 5 nothing_left || fail "left" "$(left)"
}

hugetlb_refused() {
	fresh '"cgroups": {"memory_high": 1000000}'
	if group memory > /dev/null || [ -d "$CG/memory" ]; then
		inside true > "$OUT/text" 2>&1 && fail "it was let in"
		logged 'cgroups.memory_high: the memory controller is not'
	fi
	wait_until 5 nothing_left || fail "left" "$(left)"
	fresh '"cgroups": {"hugetlb": {"3KB": 4096}}'
	inside true > "$OUT/text" 2>&1 && fail "it was let in"
	logged 'cgroups.hugetlb: '
	wait_until 5 nothing_left || fail "left" "$(left)"
	status_is 1 nsinit start alice
	contains "nsinit start" "cgroups.hugetlb" "$(cat "$OUT/stderr")"
}

hugetlb_limit() {
	fresh '"cgroups": {"hugetlb": {"2MB": 4194304}}'
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] ||
		skip "hugetlb: no pages of 2 MB"
	grep -qs hugetlb "$CG/unified/cgroup.controllers" ||
		skip "hugetlb: not a controller of v2 here"
	hold_su
	value hugetlb.2MB.max 4194304
	drop_su
	wait_until 5 nothing_left || fail "left" "$(left)"
}

io_max() {
	v1 blkio
	[ -e /sys/dev/block/254:0 ] || skip "disk: none is 254:0"
	fresh '"cgroups": {"io_max": [{"major_number": 254, "minor_number": 0,
		"rbps": 104857600, "wiops": 5000}]}'
	hold_su
	value blkio.throttle.read_bps_device "254:0 104857600"
	value blkio.throttle.write_iops_device "254:0 5000"
	drop_su
	fresh '"cgroups": {"io_max": [{"major_number": 99, "minor_number": 0,
		"rbps": 104857600}]}'
	inside true > "$OUT/text" 2>&1 && fail "a device that is not there"
	logged 'cgroups.io_max: write'
	wait_until 5 nothing_left || fail "left" "$(left)"
}

unified_files() {
	fresh '"cgroups": {"unified": {"cgroup.max.descendants": "77"}}'
	hold_su
	value cgroup.max.descendants 77
	drop_su
	fresh '"cgroups": {"unified": {"no.such.file": "1"}}'
	inside true > "$OUT/text" 2>&1 && fail "it was let in"
	logged "cgroups.unified: .*no.such.file"
	wait_until 5 nothing_left || fail "left" "$(left)"
}

# in_session FILE: a line of /proc/self/cgroup names a session's group
in_session() {
	grep -q 'session-[0-9]*' "$1" ||
		fail "not in a session's group" "$(cat "$1")"
}

# groups_of PID: the groups of a process, as the host sees them.
groups_of() {
	cat "/proc/$1/cgroup"
}

doors() {
	local pid path

	fresh
	conf 'linger = 3; stop = "logout";'
	SSHD_PORT=2207
	sshd_start 2207
	hold alice
	pid=$(pid_of alice)
	groups_of "$pid" > "$OUT/init"
	contains "PID 1" "nscontainer/alice" "$(cat "$OUT/init")"
	lacks "PID 1" "session-" "$(cat "$OUT/init")"
	# The view from inside begins at the container's group.
	inside 'cat /proc/self/cgroup' > "$OUT/su"
	nssh alice 'cat /proc/self/cgroup' > "$OUT/ssh"
	setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c 'cat /proc/self/cgroup' > "$OUT/nsshell" ||
		fail "nsshell fails"
	sudo -i -u alice cat /proc/self/cgroup > "$OUT/sudo"
	for path in su ssh nsshell sudo; do
		in_session "$OUT/$path"
		lacks "$path" nscontainer "$(cat "$OUT/$path")"
		lacks "$path" /.. "$(cat "$OUT/$path")"
	done
	release
}

exec_door() {
	fresh
	mkdir -p /srv/box
	echo '{"rootfs": "/", "cgroups": {"pids": 50}}' \
		> /srv/box/container.json
	timeout 20 nsinit exec --root /srv/box -- cat /proc/self/cgroup \
		> "$OUT/text" || fail "nsinit exec"
	in_session "$OUT/text"
	wait_until 5 nothing_left || fail "left" "$(left)"
}

stats() {
	fresh '"cgroups": {"memory": 268435456, "pids": 100}'
	status_is 3 nsinit stats alice
	hold_su
	nsinit stats alice > "$OUT/text" || fail "nsinit stats"
	contains "user" "user: alice" "$(cat "$OUT/text")"
	grep -q '^cpu.usage_us: [1-9]' "$OUT/text" || fail "no cpu usage"
	grep -q '^cpu.percent: ' "$OUT/text" || fail "no percent"
	grep -q '^cpu.throttling.periods: ' "$OUT/text" || fail "no periods"
	grep -q '^memory.usage: [1-9]' "$OUT/text" || fail "no memory"
	grep -q '^memory.peak: [1-9]' "$OUT/text" || fail "no peak"
	grep -q '^memory.limit: 268435456' "$OUT/text" || fail "no limit"
	grep -q '^memory.stat.pgfault: [1-9]' "$OUT/text" || fail "no pgfault"
	grep -q '^pids.limit: 100' "$OUT/text" || fail "no limit of pids"
	grep -q '^freezer.state: THAWED' "$OUT/text" || fail "no freezer"
	grep -q '^sessions\[0\].pid: [1-9]' "$OUT/text" || fail "no session"
	nsinit stats --json alice | jq -e '.sessions[0].pids > 0 and
		.memory.stat.pgfault > 0 and .pids.current > 1' > /dev/null ||
		fail "JSON" "$(nsinit stats --json alice)"
	timeout 3 nsinit stats --follow --json alice > "$OUT/follow"
	[ "$(wc -l < "$OUT/follow")" -ge 2 ] || fail "--follow"
	drop_su
	[ -z "${DEBUG-}" ] || cat "$OUT/text"
}

pause_resume() {
	local begin

	fresh
	conf 'linger = 0; stop = "logout";'
	su - alice -c 'echo held; while :; do date +%N > ~/tick; sleep 0.05; done' \
		> "$OUT/held" 2>&1 &
	HELD=$!
	wait_until 10 grep -qs held "$OUT/held" || fail "su fails"
	status_is 0 nsinit pause alice
	nsinit stats alice | grep -q '^freezer.state: FROZEN' || fail "state"
	begin=$(cat /home/alice/tick)
	sleep 0.3
	equal "tick while paused" "$begin" "$(cat /home/alice/tick)"
	begin=$SECONDS
	inside true > "$OUT/text" 2>&1 && fail "a login got in"
	[ $((SECONDS - begin)) -le 4 ] || fail "the login hung"
	logged 'the container is paused'
	status_is 126 setpriv --reuid=alice --regid=alice --init-groups \
		timeout 10 /usr/bin/nsshell -c true
	contains "nsshell" "is paused" "$(cat "$OUT/stderr")"
	status_is 0 nsinit resume alice
	inside true || fail "no login after resume"
	status_is 0 nsinit pause alice
	status_is 0 timeout 20 nsinit stop alice
	wait "$HELD"
	wait_until 5 nothing_left || fail "left" "$(left)"
	status_is 3 nsinit pause alice
}

freezer_key() {
	fresh '"cgroups": {"freezer": "FROZEN"}'
	status_is 0 nsinit start alice
	nsinit stats alice | grep -q '^freezer.state: FROZEN' || fail "state"
	status_is 0 nsinit resume alice
	inside true || fail "no login after resume"
	status_is 0 timeout 20 nsinit stop alice
	wait_until 5 nothing_left || fail "left" "$(left)"
}

shared_parent() {
	fresh
	usermod -aG users alice
	usermod -aG users bob
	config bob '{"rootfs": "/"}'
	conf 'linger = 0; stop = "logout";' \
		'cgroup_parents = ( { name = "students"; groups = [ "users" ];' \
		'pids = 40; memory = 1073741824L; } );'
	su - alice -c 'echo held; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		sleep 20 & done; wait' > "$OUT/held" 2>&1 &
	HELD=$!
	wait_until 10 grep -qs held "$OUT/held" || fail "su fails"
	equal "limit of the parent" 40 "$(cat "$(group pids students)/pids.max")"
	[ -d "$(group pids students)/alice" ] || fail "not below" "$(left)"
	timeout 30 su - bob -c 'i=0; while [ $i -lt 30 ]; do sleep 5 &
		i=$((i + 1)); done' > "$OUT/text" 2>&1
	contains "bob" "Resource temporarily unavailable" "$(cat "$OUT/text")"
	drop_su
	conf 'linger = 0; stop = "logout";'
	wait_until 5 nothing_left || fail "left" "$(left)"
}

name_and_parent() {
	fresh '"cgroups": {"name": "box-%u", "parent": "lab/%g"}'
	hold_su
	[ -d "$(group pids lab/alice/box-alice)" ] || fail "where" "$(left)"
	nsinit check alice > "$OUT/text" || fail "nsinit check"
	contains "nsinit check" nscontainer/lab/alice/box-alice \
		"$(cat "$OUT/text")"
	drop_su
	wait_until 5 nothing_left || fail "left" "$(left)"
}

same_name() {
	fresh '"cgroups": {"name": "same"}'
	config bob '{"rootfs": "/", "cgroups": {"name": "same"}}'
	hold_su
	timeout 20 su - bob -c true > "$OUT/text" 2>&1 && fail "bob got in"
	logged 'is in use: each container needs a name'
	inside true || fail "alice's container suffered"
	drop_su
	config bob '{"rootfs": "/"}'
	wait_until 5 nothing_left || fail "left" "$(left)"
}

monitor_killed() {
	fresh
	hold_su
	kill -KILL "$(monitors)"
	status_is 126 setpriv --reuid=alice --regid=alice --init-groups \
		timeout 10 /usr/bin/nsshell -c true
	contains "nsshell" "container-monitor cannot be reached" \
		"$(cat "$OUT/stderr")"
	inside 'cat /proc/self/cgroup' > "$OUT/text" || fail "no login"
	in_session "$OUT/text"
	setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c true || fail "nsshell after a new monitor"
	drop_su
	wait_until 5 nothing_left || fail "left" "$(left)"
}

all_killed() {
	fresh
	hold_su
	kill -KILL "$(monitors)" "$(pid_of alice)"
	wait "$HELD" 2> /dev/null
	[ -n "$(left)" ] || fail "the test removes what it looks for"
	inside 'cat /proc/self/cgroup' > "$OUT/text" || fail "no login"
	in_session "$OUT/text"
	wait_until 5 nothing_left || fail "left" "$(left)"
}

failed_start() {
	fresh '"mounts": [{"type": "bind", "source": "/srv/missing",
		"destination": "/data"}]'
	inside true > "$OUT/text" 2>&1 && fail "it was let in"
	wait_until 5 nothing_left || fail "left" "$(left)"
}

# A client that is not a login is served or refused, and never waited for.
hostile_clients() {
	fresh
	hold_su
	setpriv --reuid=alice --regid=alice --init-groups socat -u \
		OPEN:/dev/null "UNIX-CONNECT:$RUN/alice/current/enter,type=5" &
	setpriv --reuid=bob --regid=bob --init-groups socat -u OPEN:/dev/null \
		"UNIX-CONNECT:$RUN/alice/current/enter,type=5" 2> "$OUT/bob" &&
		fail "bob could connect"
	contains "bob" "Permission denied" "$(cat "$OUT/bob")"
	inside true || fail "no login"
	drop_su
	wait_until 5 nothing_left || fail "left" "$(left)"
}

# descriptors_for USER PID: tries to move itself, and then PID, with each
# descriptor of the monitor's answer, and prints the results.
descriptors_for() {
	setpriv --reuid="$1" --regid="$1" --init-groups python3 -c '
import array, os, socket, sys
def move(fd, who):
    try:
        os.write(fd, who)
        return "moved"
    except OSError as e:
        return os.strerror(e.errno)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
data, control, _, _ = s.recvmsg(4096, 4096)
assert len(data) > 500 and not data[0], data
fds = array.array("i")
for c in control:
    fds.frombytes(c[2])
for fd in fds:
    print(move(fd, b"0"), "and", move(fd, sys.argv[2].encode()))
' "$RUN/alice/current/enter" "$2" | sort | uniq -c | sed 's/^ *//'
}

# Otherwise a process of the host could be moved into the container's groups,
# and end with it.
no_others() {
	local n

	fresh
	hold_su
	n=$(grep -cE '^[sg] [^v]' "$RUN/alice/current/cgroup")
	sleep 300 &
	# With only v2, there are no descriptors.
	equal "alice" "$([ "$n" -eq 0 ] || echo "$n moved and Permission denied")" \
		"$(descriptors_for alice $!)"
	grep -q nscontainer "/proc/$!/cgroup" && fail "it was moved"
	kill $!
	drop_su
}

few_descriptors() {
	fresh
	hold_su
	setpriv --reuid=alice --regid=alice --init-groups prlimit --nofile=10 \
		/usr/bin/nsshell -c true 2> "$OUT/text" && fail "it was let in"
	contains "text" "limit of open files is too low" "$(cat "$OUT/text")"
	inside true || fail "no login"
	drop_su
}

dead_sessions() {
	fresh
	hold_su
	for _ in 1 2 3 4 5; do inside true || fail "no login"; done
	[ "$(find "$(group pids)" -name 'session-*' | wc -l)" -le 4 ] ||
		fail "sessions stay" "$(left)"
	drop_su
}

# A group lasts as long as the processes that the session left in it, and no
# longer.
left_behind() {
	fresh
	hold_su
	for _ in 1 2 3 4 5; do
		inside 'setsid sleep 1 > /dev/null 2>&1 < /dev/null &' ||
			fail "no login"
	done
	[ "$(session_groups)" -ge 6 ] || fail "not in groups" "$(left)"
	sleep 1.2
	inside true || fail "no login"
	wait_until 5 one_group || fail "groups stay" "$(left)"
	drop_su
}
session_groups() {
	find "$(group pids)" -name 'session-*' | wc -l
}
one_group() {
	[ "$(session_groups)" -eq 1 ]
}

# A process that the session left behind ends with the container.
background() {
	fresh
	conf 'linger = 0; stop = "empty";'
	inside 'setsid sleep 300 > /dev/null 2>&1 & echo $!' > /dev/null
	status_is 0 nsinit stop --timeout 1 alice
	wait_until 5 nothing_left || fail "left" "$(left)"
	conf 'linger = 0; stop = "logout";'
}

readonly_hierarchies() {
	fresh
	for dir in "$CG" "$CG"/*/; do
		mountpoint -q "$dir" && mount -o remount,ro,bind "$dir"
	done
	inside true || fail "a user namespace needs no groups"
	config alice "{\"rootfs\": \"/\", $NO_USERNS}"
	inside true > "$OUT/text" 2>&1 && fail "no device control"
	logged 'cgroups.allowed_devices: the devices controller is not'
	config alice '{"rootfs": "/", "cgroups": {"pids": 10}}'
	inside true > "$OUT/text" 2>&1 && fail "no limit"
	logged 'cgroups.pids: the pids controller is not available'
	config alice "{\"rootfs\": \"/\", \"cgroups\": {\"allow_all_devices\":
		true}, $NO_USERNS}"
	inside true || fail "all devices are allowed"
	for dir in "$CG" "$CG"/*/; do
		mountpoint -q "$dir" && mount -o remount,rw,bind "$dir"
	done
}

t "numbers are in the files of v1" numbers_v1
t "swap, and cpu_weight as shares" swap_and_weight_v1
t "L5 memory: a hog is killed" memory_hog
t "L5 pids: a fork bomb stops" fork_bomb
t "cpuset_cpus: what the inside can run on" cpuset_inside
t "P7 devices: made, but not opened; configured ones are" devices_denied
t "a limit that cannot be enforced refuses the login" hugetlb_refused
t "hugetlb: where the controller is" hugetlb_limit
t "cpu_idle and cpu_burst are set, and changed while it runs" idle_and_burst
t "memory_swappiness is set on v1, and refused on v2" swappiness
t "rdma: without the controller or the device, the login is refused" rdma
t "io_max: rates of a disk" io_max
t "unified: files of v2 verbatim" unified_files
t "J9 su, ssh, sudo and unprivileged nsshell are in groups of their own" doors
t "nsinit exec is, too" exec_door
t "nsinit stats" stats
t "L2 nsinit pause and resume" pause_resume
t "freezer: FROZEN starts a paused container" freezer_key
t "cgroup_parents: users share a limit" shared_parent
t "name and parent" name_and_parent
t "two containers of one name do not meet" same_name
t "a killed monitor is replaced, and until then nobody enters" monitor_killed
t "groups of a container that was killed are replaced" all_killed
t "L7 a start that fails leaves no groups" failed_start
t "L2 clients of the monitor cannot stop it" hostile_clients
t "L2 a user's descriptors move nobody else's process" no_others
t "too few descriptors for the groups refuse the login" few_descriptors
t "groups of ended sessions go" dead_sessions
t "groups go with what a session left in them" left_behind
t "what is in the background ends with its container" background
t "without writable hierarchies" readonly_hierarchies
