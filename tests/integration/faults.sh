# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by test-fault-*.sh after lib.sh: makes each step of an operation
# fail, with 'faults', which defines a step.
#
# NSC_TEST_FAULTS=each tries each step once, =all with each errno.  By default
# a sample is tried: the first of each call of each program, all calls that
# wait or list a directory, and one in STRIDE of the others.  NSC_TEST_FAULTS_PHASE (0) says which
# ones: with STRIDE numbers in turn it is each step, and later another errno.

WANTED=${NSC_TEST_FAULTS-}
PHASE=${NSC_TEST_FAULTS_PHASE:-0}
STRIDE=1
CALLER=$TESTS/pamcaller
SERVICE=nsc-test
TRIED=0
MISSED=0
BAD=0
STEPS=0

# errors_of CALL : the errors that it can return.  Never ENOENT: "there is no
# container.json" is not a failure, but means the host.
errors_of() {
	case $1 in
	open* | socket* | pipe* | *fd_create | epoll_create* | inotify_init* | \
	pidfd_open | accept* | dup* | fs[mo]* | fcntl | execve*)
		echo "EMFILE ENOMEM EIO" ;;
	mkdir* | mknod* | symlink* | rename* | unlink* | rmdir | fchmod* | \
	fchown* | ftruncate | utimensat | fsetxattr | write*)
		echo "ENOSPC EIO ENOMEM" ;;
	clone* | set*id | unshare) echo "EAGAIN ENOMEM EPERM" ;;
	mmap | mprotect | brk | mremap) echo "ENOMEM" ;;
	wait* | flock) echo "EINTR" ;;
	poll | epoll_wait | ioctl) echo "EINTR ENOMEM" ;;
	read* | getdents* | pread*) echo "EIO EINTR" ;;
	connect | send* | recv* | bind | listen) echo "EAGAIN ENOBUFS EINTR" ;;
	*) echo "EPERM ENOMEM" ;;
	esac
}

# The state that must be the same afterwards.  Locks have the device of /run.
snapshot() {
	local process name

	cut -d ' ' -f 3- /proc/self/mountinfo
	ls /sys/class/net
	find /run /var/lib/nscontainer -printf '%y %m %u %p\n' \
		2> /dev/null | sort
	find /sys/fs/cgroup -type d 2> /dev/null | sort
	# The processes of this pipeline may or may not exist.
	for process in /proc/[0-9]*; do
		read -r name < "$process/comm" && echo "process $name"
	done 2> /dev/null | grep -vxE 'process (bash|sort|grep)' | sort
	sed -n "s/^[0-9]*: \(.*\) [0-9]* \(${LOCKS}[0-9]*\) .*/\1 \2/p" /proc/locks
}

as_before() {
	snapshot > "$OUT/now"
	cmp -s "$OUT/now" "$TOP/baseline"
}

baseline() {
	printf -v LOCKS '%02x:%02x:' $(($(stat -c %d /run) >> 8)) \
		$(($(stat -c %d /run) & 255))
	snapshot > "$TOP/baseline"
}

# A container with an object of each kind that a start makes.
rich_container() {
	[ -z "$PLAIN" ] || return 0
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" \
		"session required pam_container.so" > "/etc/pam.d/$SERVICE"
	conf 'stop = "logout"; start_timeout = 10;'
	config alice '{"rootfs": "/", "overlay": "tmpfs", "hostname": "%u",
		"mounts": [{"type": "bind", "source": "/srv",
			"destination": "/srv"}],
		"cgroups": {"pids": 300},
		"networks": [{"type": "veth", "address": "10.77.0.5/24",
			"context": {"bridge": "br0", "prefix": "nv"}}],
		"hooks": {"start": [{"path": "/usr/bin/true"}],
			"stop": [{"path": "/usr/bin/true", "timeout": 1}]}}'
	ip link add br0 type bridge
	ip link set br0 up
}

# record FILE [-m] COMMAND... : records the steps of nscontainer's programs.
record() {
	local file=$1

	shift
	"$TESTS/faults" -o "$file.all" "$@" > "$OUT/text" 2>&1 ||
		fail "without a fault: status $?" "$(cat "$OUT/text")"
	grep -E '^[0-9.]+ (pamcaller|login-start|nsinit|nsshell|container-)' "$file.all" \
		> "$file"
}

# Records a login that starts the container, and the container's end.
record_start() {
	login_works
	wait_until 5 no_container alice
	sleep 0.5
	baseline
	record "$OUT/steps" -m "$CALLER" "$SERVICE" alice "$INSIDE"
	wait_until 5 as_before || fail "left without a fault" \
		"$(diff "$TOP/baseline" "$OUT/now")"
}

# plan FILE ACTION... : prints "PATH PROGRAM CALL N ACTION" for each trial.
plan() {
	local file=$1 path program call n errors i=0

	shift
	declare -A seen=()
	while read -r path program call n; do
		i=$((i + 1))
		[ "$WANTED" ] || [ -z "${seen[$program $call]-}" ] ||
			[ $(((i + PHASE) % STRIDE)) -eq 0 ] ||
			[[ $#:$call == 0:@(poll|waitid|getdents64) ]] || continue
		seen[$program $call]=1
		read -ra errors <<< "${*:-$(errors_of "$call")}"
		[ "$WANTED" = all ] || [[ $#:$call == 0:poll ]] ||
			errors=("${errors[(i + PHASE / STRIDE) % ${#errors[@]}]}")
		printf '%s\n' "${errors[@]/#/$path $program $call $n }"
	done < "$file"
}

# begin_plan FILE ACTION... ; then next_step sets STEP and FAULT in turn.
begin_plan() {
	STEPS=$(wc -l < "$1")
	plan "$@" > "$OUT/plan"
	exec {PLAN_FD}< "$OUT/plan"
}
next_step() {
	local path program call n action

	read -r -u "$PLAN_FD" path program call n action || return
	FAULT=$path:$call:$n:$action
	STEP="$program $FAULT"
}

# wrong WHAT... : counts an error and continues, to show all errors.
wrong() {
	BAD=$((BAD + 1))
	echo "WRONG: $STEP: $*"
}

# Are all printed namespaces the host's? Is none?
all_host() {
	local ns

	for ns in $NAMESPACES; do
		[[ $TEXT == *"ns $ns ${HOST_NS[$ns]}"* ]] || return 1
	done
}
none_host() {
	local ns

	for ns in $NAMESPACES; do
		[[ $TEXT == *"ns $ns ${HOST_NS[$ns]}"* ]] && return 1
	done
	return 0
}

# Reads the log since the last call, into LOG.
read_log() {
	local parts

	mapfile -d '' -u "$LOG_FD" parts
	LOG+="${parts[*]}"
}
has_logged() {
	read_log
	[[ $LOG =~ $1 ]]
}

# judge_login STATUS : the login must be refused or inside, never half inside.
judge_login() {
	case $TEXT in
	*"open 0"*)
		[[ $TEXT == *"status 0"* ]] || wrong "not inside" "$TEXT"
		none_host || wrong "half on the host" "$TEXT"
		[[ $TEXT != *"changed "* ]] || wrong "touched" "$TEXT" ;;
	*"open 6"*)
		all_host || wrong "half inside" "$TEXT"
		[[ $TEXT == *"message error Your container could not "* ||
			$TEXT == *"message error descriptor "* ]] ||
			wrong "the user is told nothing"
		# If libpam has no memory for the line, it says so itself: the
		# trial and its parent fail at the same count.
		soon 3 has_logged 'login refused: .|asprintf: Cannot alloc' ||
			wrong "no reason is logged" "$LOG"
		[[ $TEXT != *"changed "* ]] || [[ $STEP == *:STOP ]] ||
			wrong "touched" "$TEXT" ;;
	*"open "*)
		# A message of libpam itself, from its audit code, after the
		# module's.
		all_host || none_host || wrong "half inside" "$TEXT" ;;
	*) [ "$1" -ne 0 ] || wrong "no result, status $1" ;;
	esac
}

# A monitor that polls may make a few calls more or less.
was_tried() {
	[ -s "$OUT/hit" ] || { MISSED=$((MISSED + 1)); return 1; }
	TRIED=$((TRIED + 1))
}

# login_with FAULT : tries a login with it.
login_with() {
	local status

	rm -f "$OUT/hit"
	# If the call was not reached, try again from the same state.
	for _ in 1 2 3 4; do
		LOG=
		read_log
		LOG=
		"$TESTS/faults" -m -t 30 -o "$OUT/hit" -f "$1" "$CALLER" \
			"$SERVICE" alice "$INSIDE" > "$OUT/text" 2>&1
		status=$?
		[ ! -s "$OUT/hit" ] || break
		soon 10 as_before
	done
	was_tried || return
	TEXT=$(< "$OUT/text")
	[ "$status" -ne 124 ] || wrong "it hangs" "$TEXT"
	judge_login "$status"
}

# Tries a login without a fault.
login_works() {
	TEXT=$(timeout 30 "$CALLER" "$SERVICE" alice "$INSIDE" 2>&1)
	[[ $TEXT == *"open 0"*"status 0"* ]] && none_host && return
	wrong "the next login fails" "$TEXT" "$(syslog_tail | grep refused)"
}

# Continues all processes that a fault has stopped, and that still exist.
continue_all() {
	local pid

	for pid in $(inits) $(monitors) $(pgrep login-start) $(pgrep pamcaller) \
		$(pgrep true); do
		kill -CONT "$pid" 2> /dev/null
	done
}

# soon SECONDS COMMAND... : wait_until with shorter pauses.
soon() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return
		sleep 0.01
	done
}

# An object that could not be removed may stay until the next login; so may the
# content of a directory that could not be read (fdopendir(3) calls fcntl).
nothing_left() {
	local seconds=10

	case $STEP in
	*:unlink* | *:rmdir:* | *:KILL | \
	container-monit*:getdents64:* | container-monit*:fcntl:*) seconds=1 ;;
	esac
	soon "$seconds" as_before && return
	[ "$seconds" -eq 1 ] ||
		wrong "left:" "$(diff "$TOP/baseline" "$OUT/now")"
	login_works
	soon 10 as_before && return
	wrong "left after the next login:" \
		"$(diff "$TOP/baseline" "$OUT/now")"
	clean_slate
	soon 2 as_before || baseline
}

# end_of_faults LEAST : at least LEAST faults were tried, few were not reached
# (one of a short plan), and none went wrong.
end_of_faults() {
	echo "# $STEPS steps: $TRIED faults tried, $BAD wrong," \
		"$MISSED not reached" > "$TOP/faults"
	grep '^WRONG' "$OUT/.log" | head -n 40
	equal "what went wrong" 0 "$BAD"
	[ "$MISSED" -le $((1 + TRIED / 20)) ] || fail "$MISSED were not reached"
	[ "$TRIED" -ge "$1" ] || fail "only $TRIED faults were tried"
}

faults_begin() {
	local ns

	need_product
	"$TESTS/faults" true || skip "faults: cannot trace here"
	declare -gA HOST_NS
	for ns in $NAMESPACES; do
		HOST_NS[$ns]=$(ns_of self "$ns")
	done
	exec {LOG_FD}< "$TOP/syslog"
}

# f NAME FUNCTION : runs one test, and counts it.
f() {
	[ -z "$PLAIN" ] || return 0
	t "$@"
	[ ! -e "$TOP/faults" ] || cat "$TOP/faults"
	rm -f "$TOP/faults"
}
