#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The privileges of each process at a moment when all exist, and of those that
# exist only while a container starts or is tried, compared with the tables of
# SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'stop = "logout";'
config alice '{"rootfs": "/"}'
sshd_start 22 -o 'Subsystem=sftp internal-sftp'

# child NAME PID : a child of PID with that name.
child() {
	pgrep -P "$2" -x "$1" | head -n 1
}

# The commands of the user, distinguished by the time that they sleep.
declare -A SLEEPS=([ssh]=4001 [su]=4002 [sudo]=4003 [nsshell]=4004)
program_of() {
	pgrep -u alice -x -f "sleep ${SLEEPS[$1]}" | head -n 1
}

runs() {
	[ -n "$(program_of "$1")" ]
}

# The caller's attributes that could all get inside.
session() {
	(
		export NSC_CALLER=1
		ulimit -Sn 512
		trap '' USR1
		by "$1" "exec sleep ${SLEEPS[$1]}"
	) > "$OUT/said.$1" 2>&1 < /dev/null &
	wait_until 15 runs "$1" || fail "$1: no session"
}

collect() {
	local sshd nsshell

	echo "$(pid_of alice) container-init, PID 1"
	echo "$(monitors) container-monitor"
	sshd=$(sshd_session_of alice)
	echo "$sshd sshd, session process"
	echo "$(sshd_child_of alice) sshd, the user's process"
	echo "$(program_of ssh) program by ssh"
	echo "$(pgrep -x su) su"
	echo "$(program_of su) program by su"
	echo "$(program_of sudo) program by sudo"
	nsshell=$(pgrep -x nsshell | head -n 1)
	echo "$nsshell nsshell, waiting"
	echo "$(program_of nsshell) program by nsshell"
}

# caller: a su that does not get far, in the background.
caller() {
	NSC_CALLER=1 su - alice -c true > "$OUT/said.su" 2>&1 < /dev/null &
	CALLER=$!
}

measure() {
	local kind

	for kind in rights surroundings; do
		python3 "$TESTS/privileges.py" $kind "$(id -u alice)" "$2" \
			< "$1" >> "$OUT/$kind" || fail "$kind" "$(cat "$1")"
	done
}

# first_uid PID: the host's uid that is 0 in the process's user namespace.
first_uid() {
	awk '$1 == 0 { print $2; exit }' "/proc/$1/uid_map"
}

# A pasta that never becomes ready blocks the worker, and so the whole start.
start_phases() {
	local between helper parent builder inits

	make_tun
	rm -f /run/nsc-hold
	mv /usr/bin/pasta /usr/bin/pasta.real
	mkfifo -m 0666 /run/nsc-hold
	printf '#!/bin/sh\nread x < /run/nsc-hold\n' > /usr/bin/pasta
	chmod 0755 /usr/bin/pasta
	config alice '{"rootfs": "/", "networks": [{"type": "pasta"}]}'
	caller
	wait_until 10 pgrep -x pasta > /dev/null || fail "pasta does not run"
	between=$(child su "$CALLER")
	helper=$(child login-start "$between")
	parent=$(child login-start "$helper")
	builder=$(child login-start "$parent")
	inits=$(pgrep -P "$builder" -x login-start)
	{
		echo "$CALLER su, before it enters"
		echo "$between su, child that waits for the helper"
		echo "$helper login-start"
		echo "$parent login-start, child that waits for the builder"
		echo "$builder builder"
		echo "$(head -n 1 <<< "$inits") init, before container-init"
		echo "$(tail -n 1 <<< "$inits") worker"
		echo "$(pgrep -x pasta) pasta"
	} > "$OUT/pids"
	measure "$OUT/pids" "$(first_uid "$(head -n 1 <<< "$inits")")"
	echo > /run/nsc-hold
	wait "$CALLER"
	wait_until 5 no_container alice || fail "left of the start"
}

hook_phase() {
	printf '#!/bin/sh\nread x < /run/nsc-hold\n' > /usr/local/lib/nsc-hook
	chmod 0755 /usr/local/lib/nsc-hook
	config alice '{"rootfs": "/", "hooks": {"start": [
		{"path": "/usr/local/lib/nsc-hook"}]}}'
	caller
	wait_until 10 pgrep -x nsc-hook > /dev/null || fail "no hook runs"
	echo "$(pgrep -x nsc-hook) hook at start" > "$OUT/pids"
	measure "$OUT/pids" none
	echo > /run/nsc-hold
	wait "$CALLER"
	wait_until 10 no_container alice || fail "left after the hook"
}

# The session file is written before the monitor is asked.
asks() {
	[ -e "$RUN/alice/current/session/$CALLER" ]
}

# The caller waits for a monitor that does not answer.
groups_phase() {
	local monitor

	config alice '{"rootfs": "/"}'
	session ssh
	monitor=$(monitors)
	stand_still "$monitor"
	caller
	wait_until 10 asks || {
		kill -CONT "$monitor"
		fail "it does not enter the control groups"
	}
	echo "$CALLER su, about to enter" > "$OUT/pids"
	measure "$OUT/pids" none
	kill -CONT "$monitor"
	wait "$CALLER"
}

# parent_of PID
parent_of() {
	ps -o ppid= -p "$1" | tr -d ' '
}

# The processes outside that a recording and a list of names have.
outside_phase() {
	local one

	mv /usr/bin/pasta.real /usr/bin/pasta
	# pasta wants an interface that leads outside.
	ip link add wan0 type veth peer name far0
	ip link set wan0 up
	ip link set far0 up
	ip addr add 10.80.0.2/24 dev wan0
	ip -6 addr add fd80::2/64 dev wan0 nodad
	ip route add default via 10.80.0.1
	ip -6 route add default via fd80::1
	rm -f /etc/resolv.conf
	echo 'nameserver 127.0.0.1' > /etc/resolv.conf
	config alice '{"rootfs": "/", "session": {"record": "all"}, "networks":
		[{"type": "pasta", "allow": ["allowed.example.org:80"]}]}'
	session ssh
	one=$(parent_of "$(pgrep -x nsc-writer)")
	{
		echo "$(parent_of "$one") container-recorder"
		echo "$one container-recorder, of one command"
		echo "$(pgrep -x nsc-writer) writer of a recording"
		echo "$(pgrep -x nsc-copier) copier of a recording"
		one=$(pgrep -x name-resolver | head -n 1)
		echo "$one name-resolver, which changes the list"
		echo "$(pgrep -P "$one") name-resolver, which reads messages"
	} > "$OUT/pids"
	measure "$OUT/pids" "$(first_uid "$(pid_of alice)")"
	pkill -u alice -x sleep
	wait_until 10 no_container alice || fail "left of the recorded one"
	# Some seconds it waits for a program, and internal-sftp executes none.
	config alice '{"rootfs": "/", "session": {"record": "all"}}'
	mkfifo "$OUT/silent"
	nssh alice -s sftp <> "$OUT/silent" > /dev/null &
	wait_until 10 pgrep -x nsc-noter > /dev/null || fail "no noter"
	one=$(pgrep -x nsc-noter)
	stand_still "$one"
	echo "$one noter of a command line" > "$OUT/pids"
	measure "$OUT/pids" "$(first_uid "$(pid_of alice)")"
	kill -CONT "$one"
	pkill -u alice sshd
	wait_until 10 no_container alice || fail "left of sftp"
	config alice '{"rootfs": "/"}'
}

sessions() {
	local door

	for door in su sudo nsshell; do
		session "$door"
	done
	collect > "$OUT/pids"
	measure "$OUT/pids" "$(first_uid "$(pid_of alice)")"
	# The processes that made and tried the container are gone.
	empty "left of the start" "$(pgrep -lx login-start)"
	pkill -u alice -x sleep
	wait
}

table() {
	need_product
	[ -x /usr/bin/pasta ] || skip "pasta is not installed"
	# To distinguish the limits of PID 1 from others.
	prlimit --pid 1 --nofile=2048:4096
	# Remove what this host's pam_env and shells add.
	rm -f /etc/profile.d/*
	: > /etc/environment
	: > /etc/default/locale
	start_phases
	hook_phase
	outside_phase
	groups_phase
	sessions
	cat "$OUT/rights" "$OUT/surroundings" > "$OUT/got"
	awk '/^\| process / { rows = 1; getline; next }
		!/^\|/ { rows = 0 } rows' "$TESTS/SECURITY.md" \
		> "$OUT/expected"
	diff "$OUT/expected" "$OUT/got" > "$OUT/diff" ||
		fail "the tables of SECURITY.md are to be:" \
			"$(cat "$OUT/got")" "that is" "$(cat "$OUT/diff")"
}

t "each process has what the table of SECURITY.md says" table
