#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks by a caller's descriptors 0, 1 and 2, and by signals to the caller's
# job.  Each door makes the same promise.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l sudo sudo-i runuser
conf 'linger = 60;'
GIVEN=/usr/local/bin/nsc-given
DOORS="su sudo runuser nsshell exec"
BOX=/srv/box
SHARED=/srv/shared
MARK=$SHARED/was-here
mkdir -p "$SHARED"
chmod 0777 "$SHARED"
REFUSED="which is not allowed inside: redirect it to a file or a pipe"

# given KIND FD COMMAND... : gives COMMAND an object of that kind as descriptor
# FD.
cat > "$GIVEN" <<'E2'
#!/usr/bin/python3
import fcntl, os, select, socket, sys, termios
kind, fd, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
os.makedirs("/root/nsc-tree", exist_ok=True)
open("/root/nsc-tree/secret", "w").close()
pair = socket.socketpair()
peers = os.pipe()
epoll = select.epoll()
ptys = os.openpty() + os.openpty()
got = {
    "directory": lambda: os.open("/root/nsc-tree", os.O_RDONLY),
    "path": lambda: os.open("/root/nsc-tree/secret", os.O_PATH),
    "directory-path": lambda: os.open("/", os.O_PATH),
    "namespace": lambda: os.open("/proc/self/ns/mnt", os.O_RDONLY),
    "process": lambda: os.pidfd_open(os.getpid()),
    "epoll": lambda: epoll.fileno(),
    "memory": lambda: os.memfd_create("x"),
    "master": lambda: os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY),
    "slave": lambda: ptys[1],
    "device": lambda: os.open("/root/nsc-device", os.O_RDONLY),
    "file": lambda: os.open("/tmp/nsc-file", os.O_RDWR | os.O_CREAT),
    "pipe": lambda: peers[0] if fd == 0 else peers[1],
    "socket": lambda: pair[0].fileno(),
    "null": lambda: os.open("/dev/null", os.O_RDWR),
    "zero": lambda: os.open("/dev/zero", os.O_RDWR),
    "random": lambda: os.open("/dev/urandom", os.O_RDONLY),
}[kind]()
for each in [got, *ptys, *peers] + [p.fileno() for p in pair]:
    os.set_inheritable(each, True)
# The other ends stay open here, even if the command closes its descriptors.
pid = os.fork()
if pid == 0:
    if kind == "slave":
        # A different terminal from the test's own.
        os.setsid()
        fcntl.ioctl(ptys[3], termios.TIOCSCTTY, 0)
    os.dup2(got, fd)
    os.execvp(command[0], command)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
E2
chmod 0755 "$GIVEN"

# door DOOR COMMAND : sets COMMAND, to run it as alice.
door() {
	case $1 in
	su) COMMAND=(su - alice -c "$2") ;;
	sudo) COMMAND=(sudo -n -u alice /bin/sh -c "$2") ;;
	runuser) COMMAND=(runuser -u alice -- /bin/sh -c "$2") ;;
	nsshell) COMMAND=(setpriv --reuid=alice --regid=alice --init-groups
		"${NSSHELL-/usr/bin/nsshell}" -c "$2") ;;
	exec) COMMAND=(nsinit exec --root "$BOX" -- /bin/sh -c "$2") ;;
	esac
}

MOUNTS="\"mounts\": [{\"type\": \"bind\", \"source\": \"$SHARED\",
	\"destination\": \"$SHARED\", \"writable\": true}]"
NO_USERNS=', "accept": ["exposed-files"], "namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true}'

# A container of alice, and one of a directory, which has alice as its user.
running() {
	need_product
	command -v python3 > /dev/null || skip "python3 is missing"
	clean_slate
	config alice "{\"rootfs\": \"/\", $MOUNTS ${1-}}"
	mkdir -p "$BOX"
	echo "{\"rootfs\": \"/\", \"user\": \"alice\", $MOUNTS ${1-}}" \
		> "$BOX/container.json"
	nsinit start alice || fail "nsinit start"
}

# --- E4

refuse() {
	local door=$1 kind=$2 fd=$3 what=$4

	echo "$door: $kind on $fd"
	rm -f "$MARK"
	syslog_mark
	door "$door" "echo x > $MARK"
	timeout 20 "$GIVEN" "$kind" "$fd" "${COMMAND[@]}" \
		< /dev/null > "$OUT/text" 2>&1
	differ "status" 0 $?
	[ ! -e "$MARK" ] || fail "it ran"
	case $door in
	nsshell | exec)
		[ "$fd" -eq 2 ] || contains "message" \
			"descriptor $fd is $what, $REFUSED" "$(cat "$OUT/text")" ;;
	*)
		# With sudo, the module is silent.
		[ "$fd" -eq 2 ] || [ "$door" = sudo ] || contains "message" "$REFUSED" \
			"$(cat "$OUT/text")"
		logged "login refused: descriptor $fd is $what, $REFUSED" ;;
	esac
}

refuses() {
	local door fd

	running
	for door in $DOORS; do
		[ "$door" != nsshell ] || [ -n "$(pid_of alice)" ] ||
			nsinit start alice
		for fd in 0 1 2; do
			refuse "$door" directory "$fd" "a directory of the host"
		done
		refuse "$door" path 2 "a path of the host, opened with O_PATH"
		refuse "$door" directory-path 0 \
			"a path of the host, opened with O_PATH"
		refuse "$door" namespace 0 "an object of the kernel"
		refuse "$door" process 2 "an object of the kernel"
		refuse "$door" epoll 1 "an object of the kernel"
		refuse "$door" master 0 "the other end of a terminal"
		refuse "$door" slave 1 "a terminal that is not this session's"
	done
	# The control: it is a way out.
	[ -n "$(pid_of alice)" ] || nsinit start alice
	contains "control: nsenter" secret "$("$GIVEN" directory 2 nsenter \
		-t "$(pid_of alice)" -a -S 0 -G 0 ls /proc/self/fd/2/)"
}

refuses_devices() {
	local door type

	running
	for type in "b 7 250" "c 10 250"; do
		rm -f /root/nsc-device
		# shellcheck disable=SC2086 # three words
		mknod /root/nsc-device $type || skip "mknod: not here"
		: 2> /dev/null < /root/nsc-device || continue
		for door in $DOORS; do
			refuse "$door" device 0 "a device of the host"
		done
	done
	rm -f /root/nsc-device
	# A memory device that only root can open.
	mknod /root/nsc-device c 1 11
	: 2> /dev/null < /root/nsc-device || skip "device: none can be opened"
	for door in $DOORS; do
		refuse "$door" device 0 "a device of the host"
	done
	rm -f /root/nsc-device
}

# Common uses.
passes() {
	local door kind fd

	running
	: > /tmp/nsc-file
	chmod 0666 /tmp/nsc-file
	for door in $DOORS; do
		for kind in file pipe socket null zero random memory; do
			for fd in 0 1 2; do
				rm -f "$MARK"
				door "$door" "echo x > $MARK"
				timeout 20 "$GIVEN" "$kind" "$fd" \
					"${COMMAND[@]}" < /dev/null \
					> "$OUT/text" 2>&1 ||
					fail "$door: $kind on $fd" \
						"$(cat "$OUT/text")"
				[ -e "$MARK" ] || fail "$door: it did not run"
			done
		done
	done
	for door in $DOORS; do
		door "$door" cat
		equal "$door: from file to pipe" "some text" \
			"$("${COMMAND[@]}" <<< "some text")"
	done
}

# A caller with a refused descriptor does not land on the host.
not_to_host() {
	local door

	running
	conf 'on_error = "host";'
	for door in su sudo runuser; do
		refuse "$door" directory 2 "a directory of the host"
	done
	# The control: other errors let the login in on the host.
	config alice '{"rootfs": "/srv/nothing"}'
	clean_slate
	equal "control" host "$(su alice -c "$INSIDE || echo host" 2> /dev/null)"
	conf 'linger = 60;'
}

# A daemon's terminal may be long gone: it does not block the login, and it
# does not get inside, where root could open the terminal that has its number
# now.
hung_up() {
	local door

	running
	for door in $DOORS; do
		rm -f "$MARK"
		door "$door" "readlink /proc/self/fd/0 > $MARK"
		python3 - "${COMMAND[@]}" > "$OUT/text" 2>&1 <<-'END' || :
		import os, subprocess, sys
		m, s = os.openpty()
		os.close(m)
		r = subprocess.run(sys.argv[1:], stdin=s, stdout=s,
		                   start_new_session=True)
		print("status", r.returncode)
		END
		contains "$door" "status 0" "$(cat "$OUT/text")"
		equal "$door" /dev/null "$(cat "$MARK")"
	done
}

# --- T2

# keys DOOR KIND ACCESS : descriptors 0 and 1 are another user's terminal, open
# with ACCESS; the caller has another terminal, or none (KIND).  Does the input
# of that terminal arrive at $SHARED/stolen?
keys() {
	local command="exec cat <&1 > $SHARED/stolen"

	rm -f "$SHARED/stolen"
	case $1 in
	tty) COMMAND=(nsinit exec --tty --root "$BOX" -- /bin/sh -c
		"cat > $SHARED/stolen") ;;
	*) door "$1" "$command" ;;
	esac
	timeout -k 1 20 python3 - "$2" "$3" "${COMMAND[@]}" <<-'END'
	import fcntl, os, signal, sys, termios, time
	kind, access, command = sys.argv[1], sys.argv[2], sys.argv[3:]
	master, slave = os.openpty()
	theirs = os.open(os.ttyname(slave), os.O_NOCTTY |
	                 (os.O_RDWR if access == "rw" else os.O_WRONLY))
	other, own = os.openpty()
	pid = os.fork()
	if pid == 0:
	    os.setsid()
	    if kind == "other":
	        fcntl.ioctl(own, termios.TIOCSCTTY, 0)
	    os.dup2(theirs, 0)
	    os.dup2(theirs, 1)
	    os.execvp(command[0], command)
	time.sleep(1)
	for i in range(6):
	    os.write(master, b"my secret\n")
	    time.sleep(0.1)
	os.kill(pid, signal.SIGKILL)
	os.waitpid(pid, 0)
	END
	pkill -KILL -u alice -x cat
	grep -qs "my secret" "$SHARED/stolen"
}

keystrokes() {
	local door kind

	running
	# The control: a process that may read a terminal, and has no other,
	# does so.
	keys su none rw || fail "the test is wrong: nothing is read"
	for door in $DOORS tty; do
		for kind in none other; do
			echo "$door, $kind"
			! keys "$door" "$kind" w ||
				fail "$door: keystrokes of another terminal"
		done
	done
	for door in $DOORS; do
		! keys "$door" other rw || fail "$door: another terminal"
	done
}

# --- J11

# in_script COMMAND... : runs it from a script on the host, whose process group
# has a process of alice.  Reports for both whether they continue, and which
# are stopped.
in_script() {
	{ timeout 30 setsid --wait bash -c '
		setpriv --reuid=alice --regid=alice --clear-groups sleep 61 &
		victim=$!
		sleep 0.2
		"$@" &
		door=$!
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			sleep 0.1
			[ -d /proc/$door ] || break
		done
		# Only processes of the job: a process inside is not in it.
		ps -eo pgrp=,stat=,args= | grep "^ *$$ T" | sed "s/^/stopped /"
		[ ! -d /proc/$victim ] || echo victim lives
		echo script lives
		kill -KILL $door $victim 0' - "$@" < /dev/null > "$OUT/text" 2>&1
	} 2> /dev/null
	pkill -KILL -u alice -f 'slee[p] 6[12]'
	cat "$OUT/text"
}

job() {
	local signal door NSSHELL=/usr/local/bin/nsc-nsshell

	running "$1"
	cp /usr/bin/nsshell "$NSSHELL"
	[ -z "$1" ] || setcap cap_sys_admin,cap_sys_chroot,cap_sys_ptrace,cap_setpcap+ep \
		"$NSSHELL" || skip "setcap does not work here"
	for signal in KILL STOP; do
		# The control: a process in the group reaches all processes of
		# alice.
		# shellcheck disable=SC2046
		in_script nsenter -t "$(pid_of alice)" -m -p -i -u setpriv \
			--reuid=alice --regid=alice --clear-groups /bin/sh -c \
			"kill -$signal 0; sleep 62" > "$OUT/control"
		[ "$signal" = KILL ] &&
			lacks "control" "victim lives" "$(cat "$OUT/control")"
		[ "$signal" = STOP ] &&
			contains "control" stopped "$(cat "$OUT/control")"
		for door in $DOORS; do
			echo "$door: $signal"
			[ "$door" != nsshell ] || [ -n "$(pid_of alice)" ] ||
				nsinit start alice
			door "$door" "echo ran; kill -$signal 0; sleep 62"
			in_script "${COMMAND[@]}" > "$OUT/seen"
			contains "$door: kill -$signal 0" ran "$(cat "$OUT/seen")"
			contains "$door: kill -$signal 0" "victim lives" \
				"$(cat "$OUT/seen")"
			contains "$door: kill -$signal 0" "script lives" \
				"$(cat "$OUT/seen")"
			lacks "$door: kill -$signal 0" stopped \
				"$(cat "$OUT/seen")"
		done
	done
}

# Root inside, which is root of the host.
job_of_root() {
	running "$NO_USERNS"
	echo "{\"rootfs\": \"/\", \"capabilities\": [\"KILL\"] $NO_USERNS}" \
		> "$BOX/container.json"
	door exec "echo ran; kill -KILL 0; sleep 62"
	in_script "${COMMAND[@]}" > "$OUT/seen"
	contains "root" ran "$(cat "$OUT/seen")"
	contains "root" "victim lives" "$(cat "$OUT/seen")"
	contains "root" "script lives" "$(cat "$OUT/seen")"
}

# A shell that reads commands does not leave the session by itself.
job_of_shell() {
	running
	door su ""
	echo 'echo ran; kill -KILL 0' > "$OUT/commands"
	in_script bash -c "exec su alice -s /bin/sh < $OUT/commands" \
		> "$OUT/seen"
	contains "su" ran "$(cat "$OUT/seen")"
	contains "su" "victim lives" "$(cat "$OUT/seen")"
	contains "su" "script lives" "$(cat "$OUT/seen")"
}

echo 'root ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/nsc-root
chmod 0440 /etc/sudoers.d/nsc-root
t "E4 directories, O_PATH and objects of the kernel are refused" refuses
t "E4 devices of the host are refused" refuses_devices
t "files, pipes, sockets and null devices pass" passes
t "E4 a refused descriptor is no way to the host" not_to_host
t "E4 a terminal that was hung up is replaced" hung_up
t "T2: no keystroke of another terminal is read" keystrokes
t "J12 kill 0 stays inside" job ""
t "J12 kill 0 stays inside without a user namespace" job "$NO_USERNS"
t "J12 kill 0 of root inside stays inside" job_of_root
t "J12 kill 0 of a shell that su runs stays inside" job_of_shell
