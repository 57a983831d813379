#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks by the caller of a login program: attributes that a start inherits,
# and locks for which others wait, held, stopped or frozen.  The first word of
# a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

STATE=/var/lib/nscontainer
HISTORY=/var/log/nscontainer/sessions
HOLD=/run/nsc-hold
pam_enable sshd su
printf '%s\n' "auth required pam_permit.so" "account required pam_permit.so" \
	"session required pam_container.so" > /etc/pam.d/nsc-one
make_many pool 3
sshd_start 22
BOB=(setpriv --reuid=bob --regid=bob --init-groups)

fresh() {
	need_product
	clean_slate
	conf 'stop = "logout"; start_timeout = 40;'
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	rm -f "$HOLD" /home/alice/go
	mkfifo "$HOLD"
	syslog_mark
}

# with_hook LINE... : the lines run at the start of alice's container, which
# waits until HOLD is written to; /run/nsc-hooked exists while they run.
with_hook() {
	rm -f /run/nsc-hooked
	printf '%s\n' '#!/bin/sh' "$@" ': > /run/nsc-hooked' \
		"read x < $HOLD" > /usr/local/lib/nsc-hook
	chmod 0755 /usr/local/lib/nsc-hook
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/nsc-hook",
		"timeout": 60}]}'
}

# child NAME PID : a child of PID with that name.
child() {
	pgrep -P "$2" -x "$1" | head -n 1
}

# --- groups of a caller's own

# The writable hierarchies.
hierarchies() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-") break
		if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo
}

enter_groups() {
	local dir file

	for dir in $(hierarchies); do
		mkdir -p "$dir/nsc-caller" 2> /dev/null || continue
		for file in cpuset.cpus cpuset.mems; do
			[ -e "$dir/cgroup.controllers" ] ||
				[ ! -e "$dir/$file" ] || cat "$dir/$file" \
				> "$dir/nsc-caller/$file"
		done
		echo "$BASHPID" > "$dir/nsc-caller/cgroup.procs"
	done
}

# group FILE... : the group of the caller that has such a file.
group() {
	local dir file

	for dir in $(hierarchies); do
		for file; do
			[ ! -w "$dir/nsc-caller/$file" ] || {
				echo "$dir/nsc-caller/$file"
				return
			}
		done
	done
}

leave_groups() {
	local dir

	for dir in $(hierarchies); do
		rmdir "$dir/nsc-caller" 2> /dev/null
	done
	return 0
}

# --- E10

# Attributes that a caller can choose, and that fork and exec pass on.
hostile() {
	enter_groups
	echo 700 > /proc/self/oom_score_adj
	ulimit -S -c unlimited -n 64 -s 4096
	umask 0777
	cd /home/bob || exit
	NSC_CALLER=1 exec nice -n 19 chrt --batch 0 taskset -c 0 \
		"$TESTS/hostile" inherited "$@"
}

clean() {
	cd / || exit
	exec "$@"
}

# snapshot CALLER: the attributes of all processes that it starts, in
# $OUT/CALLER.NAME.
snapshot() {
	local caller between start

	with_hook "exec 3> /run/nsc-inherited" \
		"/usr/bin/python3 $TESTS/inherited.py 0 >&3"
	( "$1" /bin/su alice -c "$STAY" ) > "$OUT/said" 2>&1 < /dev/null &
	caller=$!
	wait_until 20 [ -e /run/nsc-hooked ] || fail "no start" \
		"$(cat "$OUT/said")"
	between=$(child su "$caller")
	start=$(child login-start "$(child login-start "$between")")
	cp /run/nsc-inherited "$OUT/$1.hook"
	python3 "$TESTS/inherited.py" "$start" > "$OUT/$1.start" ||
		fail "login-start"
	python3 "$TESTS/inherited.py" "$(child login-start "$start")" \
		> "$OUT/$1.builder" || fail "builder"
	echo > "$HOLD"
	wait_until 10 [ -s "$RUN/alice/pid" ] || fail "no container"
	python3 "$TESTS/inherited.py" "$(monitors)" > "$OUT/$1.monitor" ||
		fail "monitor"
	# The namespaces are new each time.
	python3 "$TESTS/inherited.py" "$(pid_of alice)" > "$OUT/pid1" ||
		fail "PID 1"
	grep -v "^ns " "$OUT/pid1" > "$OUT/$1.pid1"
	: > /home/alice/go
	wait "$caller" || fail "su: $?" "$(cat "$OUT/said")"
	rm -f /home/alice/go
	leave_groups
}

# A start must leave the root of a cgroup namespace in v2, where a process
# would keep controllers from the container.
left_alone() {
	local dir

	for dir in $(hierarchies); do
		[ ! -e "$dir/cgroup.events" ] || {
			sed '/^cgroup /s/ 0::[^ ]*//' "$1"
			return
		}
	done
	cat "$1"
}

chosen() {
	local name

	snapshot clean
	snapshot hostile
	for name in hook start builder monitor pid1; do
		[ -s "$OUT/clean.$name" ] || fail "nothing of $name"
		diff <(left_alone "$OUT/clean.$name") \
			<(left_alone "$OUT/hostile.$name") ||
			fail "$name has what the caller chose"
	done
	# The control: the caller's own programs have these attributes.
	( clean python3 "$TESTS/inherited.py" 0 ) > "$OUT/clean.own"
	( hostile /usr/bin/python3 "$TESTS/inherited.py" 0 ) > "$OUT/own"
	leave_groups
	diff "$OUT/clean.own" "$OUT/own" > "$OUT/diff"
	for name in personality timerslack_ns coredump_filter oom_score_adj \
			Umask CapInh THP_enabled "limit Max open files" \
			"ns mnt" "ns net" "ns ipc" "ns uts" ioprio sched_attr \
			"prctl securebits" "prctl mce" "prctl subreaper" \
			"session keyring" cwd cgroup; do
		grep -q "^> $name" "$OUT/diff" || fail "$(cat "$OUT/diff")" \
			"the test is wrong: no other $name"
	done
}

# A process that joins later gets the filter for this kernel.
kernel_of_profile() {
	fresh '"seccomp": "/etc/nscontainer/profile.json"'
	cat > "$CONF/profile.json" <<-'END'
	{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
		"includes": {"minKernel": "4.8"}}]}
	END
	contains "control" 2.6. "$(setarch --uname-2.6 uname -r)"
	setarch --uname-2.6 su alice -c "$STAY" &
	wait_until 10 [ -s "$RUN/alice/pid" ] || fail "no container"
	nssh alice 'mkdir /tmp/denied' 2> "$OUT/text" &&
		fail "the denial is missing"
	contains "ssh" "not permitted" "$(cat "$OUT/text")"
	: > /home/alice/go
	wait
}

# The login's run directory differs from the host's.
other_run() {
	fresh
	unshare --mount bash -c "mount -t tmpfs -o mode=755 none $RUN
		exec su alice -c true" 2> "$OUT/text" && fail "it is let in"
	logged 'login refused: .*differs between the login and the host'
	no_container alice || fail "left"
}

# --- L10

# A user locks every file that can be opened there, and holds the lock.
hold_all() {
	local program

	program=$(cat <<-'END'
		import fcntl, os, sys
		held = []
		for top in sys.argv[1:]:
		    for where, _, files in os.walk(top):
		        for name in ["."] + files:
		            path = os.path.join(where, name)
		            try:
		                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
		                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
		                held.append(path)
		            except OSError:
		                pass
		print("\n".join(held), flush=True)
		sys.stdin.read()
	END
	)
	"${BOB[@]}" python3 -c "$program" "$RUN" "$STATE" <> "$HOLD" \
		> "$OUT/held" &
	HOLDER=$!
	wait_until 10 [ -s "$OUT/held" ] || fail "nothing is locked"
}

locked_by_others() {
	local user

	fresh
	ip link add br0 type bridge 2> /dev/null
	conf 'address_pool = "10.77.1.0/29"; start_timeout = 5;'
	for user in pool0 pool1; do
		config "$user" '{"rootfs": "/", "networks": [{"type": "veth",
			"address": "auto",
			"context": {"bridge": "br0", "prefix": "nv"}}]}'
	done
	# All files of a running container and of the pools must exist.
	nsinit start pool0 || fail "login-start"
	[ "$(wc -l < "$STATE/ids")$(wc -l < "$STATE/addresses")" = 11 ] ||
		fail "the test is wrong: no pool is used"
	hold_all
	contains "what is locked" "$STATE/." "$(cat "$OUT/held")"
	# The control: nobody else gets these locks.
	flock -n -x "$STATE" true && fail "the test is wrong: not locked"
	status_is 0 timeout 20 su pool1 -c true
	status_is 0 timeout 20 su pool0 -c true
	status_is 0 timeout 20 nsinit stop pool0
	kill "$HOLDER"
	wait "$HOLDER"
	nsinit stop pool1 > /dev/null 2>&1
	# The pool's lock, which only root can hold, is only held for a while.
	flock -x "$STATE/.lock" sleep 3218 &
	wait_until 5 pgrep -f 'sleep 3218' > /dev/null
	SECONDS=0
	status_is 1 timeout 30 nsinit start pool1
	[ "$SECONDS" -lt 20 ] || fail "it took $SECONDS seconds"
	contains "sentence" "$STATE: lock '.lock': another process holds it: \
process $! took it" "$(cat "$OUT/stderr")"
	pkill -f 'sleep 3218'
	status_is 0 timeout 20 nsinit start pool1
	nsinit stop pool1
}

# Sends the stop key of the caller's terminal, and SIGSTOP to all processes
# that the caller may signal, while the helper works.
stopped() {
	local caller pid

	with_hook
	cat > "$OUT/job.py" <<-'END'
		import fcntl, os, pty, signal, sys, termios, time
		master, slave = pty.openpty()
		if os.fork() == 0:
		    os.setsid()
		    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
		    pid = os.fork()
		    if pid == 0:
		        os.setpgid(0, 0)
		        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
		        os.tcsetpgrp(slave, os.getpid())
		        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
		        for fd in range(3):
		            os.dup2(slave, fd)
		        os.execvp(sys.argv[1], sys.argv[1:])
		    os.waitpid(pid, 0)
		    os._exit(0)
		while not os.path.exists("/run/nsc-hooked"):
		    time.sleep(0.02)
		os.write(master, b"\x1a")
		os.wait()
	END
	python3 "$OUT/job.py" setpriv --ruid=bob --euid=0 --rgid=bob \
		--egid=0 --clear-groups "$TESTS/pamcaller" nsc-one alice true &
	wait_until 10 [ -e /run/nsc-hooked ] || fail "no hook runs"
	caller=$(pgrep -x pamcaller | head -n 1)
	wait_until 5 is_stopped "$caller" ||
		fail "the test is wrong: ^Z does not stop the caller"
	"${BOB[@]}" kill -STOP -1 2> /dev/null
	for pid in $(pgrep -x login-start); do
		! is_stopped "$pid" || {
			ps -eo pid,ppid,sid,pgid,stat,comm
			pkill -CONT -x 'login-start|pamcaller'
			fail "the helper is stopped"
		}
	done
	echo > "$HOLD"
	wait_until 10 [ -s "$RUN/alice/pid" ] || fail "no container" \
		"$(ps -eo pid,ppid,sid,pgid,stat,comm)"
	kill -CONT "$caller"
	wait
	wait_until 10 no_container alice || fail "left"
}

# The groups of the caller of su: processes that were started for it are not in
# them.
frozen_and_full() {
	local freezer pids caller

	fresh
	rm -rf /var/log/nscontainer
	( enter_groups; exec su alice -c "$STAY" ) > "$OUT/said" 2>&1 &
	caller=$!
	wait_until 10 [ -s "$RUN/alice/pid" ] || fail "no container" \
		"$(cat "$OUT/said")"
	freezer=$(group freezer.state cgroup.freeze)
	pids=$(group pids.max)
	[ -n "$freezer" ] || skip "no control groups here"
	[ -n "$pids" ] || skip "no control groups here"
	case $freezer in
	*.state) set -- FROZEN THAWED ;;
	*) set -- 1 0 ;;
	esac
	echo 0 > "$pids"
	# The control: in these groups nobody can fork.
	( echo "$BASHPID" > "${pids%/*}/cgroup.procs"
		: "$(true)" ) > /dev/null 2> "$OUT/text"
	contains "control" "fork" "$(cat "$OUT/text")"
	echo "$1" > "$freezer"
	nssh alice "$INSIDE && echo in" > "$OUT/in"
	wait_until 5 grep -qs "^event=close.*service=sshd" "$HISTORY"
	echo "$2" > "$freezer"
	equal "ssh" in "$(cat "$OUT/in")"
	contains "the record" service=sshd "$(grep ^event=close "$HISTORY")"
	echo max > "$pids"
	: > /home/alice/go
	wait "$caller"
	leave_groups
}

# The process that waits for the pools' lock.
waits_for_pool() {
	find /proc/[0-9]*/fd -lname "$STATE/.lock" 2> /dev/null |
		cut -d / -f 3 | xargs -r ps -o pid=,comm= -p |
		awk '$2 == "login-start" { print $1 }'
}
pool_is_wanted() {
	[ -n "$(waits_for_pool)" ]
}

# An audit looks into the pools, too.
audited() {
	local pid

	fresh
	conf 'mode = "audit"; start_timeout = 40;'
	config pool2 '{"rootfs": "/"}'
	flock -x "$STATE/.lock" sleep 3220 &
	wait_until 5 pgrep -f 'sleep 3220' > /dev/null
	( enter_groups; exec nice -n 19 su pool2 -c true ) > "$OUT/said" 2>&1 &
	wait_until 5 pool_is_wanted || fail "no audit" "$(cat "$OUT/said")"
	pid=$(waits_for_pool)
	equal "its priority" 0 "$(ps -o ni= -p "$pid" | tr -d ' ')"
	# See left_alone for v2.
	lacks "its groups" nsc-caller "$(grep -v ^0:: "/proc/$pid/cgroup")"
	# The control: its parent has what the caller chose.
	pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
	equal "control" 19 "$(ps -o ni= -p "$pid" | tr -d ' ')"
	pkill -f 'sleep 3220'
	wait
	leave_groups
}

t "E10 nothing that fork and exec pass on is the caller's" chosen
t "E10 a filter is made for this kernel, whatever the caller's says" \
	kernel_of_profile
t "E10 a login whose run directory is another is refused" other_run
t "L10 who locks all that a user can open holds up nobody" locked_by_others
t "L10 who called su stops nothing of a start" stopped
t "L10 an audit holds the pools' lock out of reach" audited
t "L10 a frozen and full group of who called su holds up nobody" \
	frozen_and_full
