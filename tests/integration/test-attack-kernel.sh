#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks through interfaces of the kernel, and terminals.  The first word of a
# test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'stop = "logout";'
sshd_start 22
POWERS='"seccomp": "unconfined", "capabilities": ["SYS_ADMIN", "SYS_CHROOT",
	"DAC_OVERRIDE", "DAC_READ_SEARCH", "MKNOD", "CHOWN", "FOWNER"]'
NO_USER='"NEWNS": true, "NEWPID": true, "NEWUTS": true, "NEWCGROUP": true'
ALL_BUT_USER="$NO_USER, \"NEWIPC\": true, \"NEWNET\": true"

# fresh [MORE] : alice's container is the host's system and runs.
fresh() {
	need_attacker
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# Root of the host, inside, with the default capabilities and without a filter.
root_of_host() {
	timeout 60 su - root -c "$1"
}

with_root() {
	need_attacker
	clean_slate
	config root "{\"rootfs\": \"/\", \"seccomp\": \"unconfined\",
		\"namespaces\": {$ALL_BUT_USER}${1:+, $1}}"
}

without_root() {
	rm -rf "$CONF/users/root"
}

# --- P1

# Each writable file of proc and sysfs that can be opened for writing, except
# the files of processes.  pressure may be opened: everybody may set its
# triggers.
WRITABLE='import os, sys
for top in ("/proc", "/sys"):
    for where, dirs, names in os.walk(top):
        if where == "/proc":
            dirs[:] = [d for d in dirs if not d.isdigit() and
                       d not in ("self", "thread-self")]
        for name in names:
            path = where + "/" + name
            if os.path.islink(path):
                continue
            try:
                if not os.stat(path).st_mode & 0o222:
                    continue
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            if not path.startswith("/proc/pressure/"):
                print("BAD", path)
print("done")'
READABLE='import os
def bad(path, data):
    if data:
        print("BAD", path)
for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list",
             "/proc/sched_debug", "/proc/sysrq-trigger", "/proc/scsi/scsi",
             "/proc/kmsg", "/dev/kmsg", "/dev/mem"):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        bad(path, os.read(fd, 16))
    except OSError:
        pass
for path in ("/sys/firmware", "/sys/kernel/security", "/sys/kernel/debug",
             "/sys/kernel/tracing", "/sys/fs/bpf"):
    try:
        bad(path, os.listdir(path))
    except OSError:
        pass
print("done")'
kernel_files() {
	local script

	for script in "$WRITABLE" "$READABLE"; do
		"$@" "python3 -c '$script'" > "$OUT/text" 2>&1
		contains "what root did" "done" "$(cat "$OUT/text")"
		lacks "what root got" BAD "$(cat "$OUT/text")"
	done
}

kernel_in_userns() {
	inside() { as_root_inside sh -c "$1"; }
	fresh "$POWERS"
	kernel_files inside
}

kernel_without_userns() {
	with_root
	kernel_files root_of_host
	without_root
	# The control: root on the host can.
	python3 -c "$WRITABLE" > "$OUT/text"
	contains "control" "BAD /proc/sys/kernel/core_pattern" "$(cat "$OUT/text")"
	contains "control" "BAD /sys/" "$(cat "$OUT/text")"
}

# --- P2

# No release_agent, and no other file of a hierarchy, can be written; not even
# if root inside mounts the hierarchy itself.
release_agent() {
	local hierarchy=$OUT/h

	fresh "$POWERS, \"mounts\": [{\"type\": \"cgroup\",
		\"destination\": \"/mnt\"}]"
	as_root_inside sh -c 'for d in /mnt /mnt/* /tmp/m; do
			mkdir -p /tmp/m
			[ $d != /tmp/m ] || mount -t cgroup -o pids x /tmp/m ||
				mount -t cgroup2 x /tmp/m
			echo /x > $d/release_agent && echo BAD agent $d
			echo 1 > $d/notify_on_release && echo BAD notify $d
			mkdir $d/made && echo BAD made $d
			mount -o remount,rw $d && echo BAD remount $d
		done; echo done' > "$OUT/text" 2> "$OUT/err"
	contains "what root did" "done" "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
	with_root
	root_of_host 'mkdir /tmp/m; mount -t cgroup -o pids x /tmp/m &&
		echo BAD mount; find / -xdev -name release_agent -writable
		grep -c cgroup /proc/mounts; echo done' > "$OUT/text" 2>&1
	lacks "without a user namespace" BAD "$(cat "$OUT/text")"
	lacks "without a user namespace" release_agent "$(cat "$OUT/text")"
	without_root
	# The control: root of the host can.
	mkdir "$hierarchy"
	mount -t cgroup -o pids x "$hierarchy" || skip "no cgroup version 1"
	[ -w "$hierarchy/release_agent" ] ||
		[ -w "$hierarchy/notify_on_release" ] ||
		fail "the test is wrong: root of the host may not either"
	umount "$hierarchy"
}

# --- P3

core_limit() {
	local door

	fresh
	ulimit -c unlimited
	for door in ssh su sudo nsshell; do
		equal "$door" "0 0" "$(by "$door" \
			'echo $(ulimit -c) $(ulimit -Hc)')"
	done
	equal "PID 1" 0 "$(awk '/^Max core/ { print $5 }' \
		"/proc/$(pid_of alice)/limits")"
	equal "control" unlimited "$(ulimit -c)"
}

# --- P4

# reach : an abstract socket and a port of the host.
abstract_sockets() {
	fresh
	socat ABSTRACT-LISTEN:nsc-host,fork SYSTEM:'echo of the host' &
	wait_until 5 grep -q @nsc-host /proc/net/unix
	lacks "inside" "of the host" "$(by su 'socat -T 2 - \
		ABSTRACT-CONNECT:nsc-host < /dev/null' 2>&1)"
	lacks "inside" "@nsc-host" "$(by su 'cat /proc/net/unix')"
	fresh "\"namespaces\": {$NO_USER, \"NEWIPC\": true, \"NEWUSER\": true}"
	contains "control: without NEWNET" "of the host" "$(by su 'socat -T 2 - \
		ABSTRACT-CONNECT:nsc-host < /dev/null')"
	kill %1
}

# --- P5

ipc() {
	local id queue=/nsc-queue

	fresh
	id=$(ipcmk -M 4096 -p 0666 | grep -o '[0-9]*$')
	[ -n "$id" ] || skip "ipcmk does not work"
	mkdir -p "$OUT/mq"
	mount -t mqueue none "$OUT/mq" && : > "$OUT/mq$queue" &&
		chmod 666 "$OUT/mq$queue"
	echo x > /dev/shm/of-host
	empty "shared memory inside" "$(by su 'ipcs -m | grep 0x')"
	empty "shm inside" "$(by su 'ls /dev/shm')"
	fresh "$POWERS"
	lacks "queues inside" nsc-queue "$(as_root_inside sh -c \
		'mkdir -p /tmp/mq; mount -t mqueue none /tmp/mq; ls /tmp/mq' \
		2>&1)"
	fresh "\"namespaces\": {$NO_USER, \"NEWNET\": true, \"NEWUSER\": true}"
	contains "control: without NEWIPC" "0x" "$(by su 'ipcs -m')"
	ipcrm -m "$id"
	umount "$OUT/mq"
	rm /dev/shm/of-host
}

# --- P7

# A device that is not allowed, by mknod where a device may exist, and by a
# bind mount of a directory that has it.  The control: the host has it.
devices() {
	local read='head -c 1 > /dev/null 2>&1 && echo BAD'

	mkdir -p /srv/nodes
	mknod -m 0666 /srv/nodes/full c 1 7
	mknod -m 0666 /srv/nodes/other c 1 11
	with_root "\"capabilities\": [\"MKNOD\", \"DAC_OVERRIDE\", \"CHOWN\",
		\"SETUID\", \"SETGID\", \"FOWNER\"], \"mounts\": [{\"type\":
		\"bind\", \"source\": \"/srv/nodes\", \"destination\": \"/mnt\",
		\"writable\": true}]"
	root_of_host "mknod -m 666 /dev/shm/x c 1 7; $read < /dev/shm/x
		mknod -m 666 /tmp/x c 1 7; $read < /tmp/x
		mknod -m 666 /dev/x c 1 11; $read < /dev/x
		mknod -m 666 /dev/d b 7 0; $read < /dev/d
		mknod -m 666 /mnt/x c 1 7; $read < /mnt/x
		$read < /mnt/full; $read < /mnt/other
		$read < /dev/full && echo allowed" > "$OUT/text" 2>&1
	contains "what root did" "allowed" "$(cat "$OUT/text")"
	equal "what root could read: /dev/full alone" 1 \
		"$(grep -c BAD "$OUT/text")"
	without_root
	head -c 1 /srv/nodes/full > /dev/null ||
		fail "control: cannot be read on the host"
}

# --- T5

# The terminals inside belong to the container: no terminal of the host is
# there, by any name.
terminals() {
	local before

	fresh "$POWERS"
	before=$(find /dev/pts | sort | xargs)
	differ "device of /dev/pts" "$(stat -c %d /dev/pts)" \
		"$(as_root_inside stat -c %d /dev/pts)"
	as_root_inside python3 -c 'import os
m, s = os.openpty()
print(os.ttyname(s))
print(sorted(os.listdir("/dev/pts")))
try:
    os.mknod("/tmp/ptmx", 0o20666, os.makedev(5, 2))
    os.open("/tmp/ptmx", os.O_RDWR)
    print("BAD ptmx")
except OSError as error:
    print(error)
for path in ("/dev/console", "/dev/tty0", "/dev/tty1", "/dev/vcs"):
    try:
        os.open(path, os.O_RDWR | os.O_NOCTTY)
        print("BAD", path)
    except OSError:
        pass' > "$OUT/text" 2>&1
	contains "terminal inside" "/dev/pts/0" "$(cat "$OUT/text")"
	contains "terminals inside" "['0', 'ptmx']" "$(cat "$OUT/text")"
	lacks "what root could open" BAD "$(cat "$OUT/text")"
	equal "the host's terminals" "$before" "$(find /dev/pts | sort | xargs)"
}

t "P1 nothing of the kernel can be written or read in a user namespace" \
	kernel_in_userns
t "P1 nothing of the kernel can be written or read without one" \
	kernel_without_userns
t "P2 no group of the host's and no release_agent can be written" release_agent
t "P3 there are no core dumps by default" core_limit
t "P4 abstract sockets of the host are out of reach by default" abstract_sockets
t "P5 IPC of the host is out of reach" ipc
t "P7 devices are not opened that are made, or bound" devices
t "T5 ptmx and the terminals of the host are out of reach" terminals
