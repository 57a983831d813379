#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The container's root against checks of the host: it owns its rootfs, and has
# CAP_SYS_ADMIN in its user namespace.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

BOX=/srv/images/hostile
ADMIN='{"capabilities": ["SYS_ADMIN", "DAC_OVERRIDE", "CHOWN", "FOWNER",
	"SYS_CHROOT", "SYS_PTRACE", "MKNOD", "KILL"]}'

SHARED='{"seccomp": "unconfined", "namespaces": {"NEWNS": true, "NEWPID": true},
	"capabilities": ["DAC_OVERRIDE", "CHOWN", "FOWNER", "SYS_PTRACE"]}'

# box JSON : a rootfs with its container.json at the top, the layout of 2014.
box() {
	need_product
	rm -rf $BOX
	mkdir -p $BOX/bin $BOX/etc
	cp /bin/busybox $BOX/bin/
	for name in sh ls cat id rm mv mount umount mknod dd grep touch head; do
		ln -s busybox $BOX/bin/$name
	done
	echo 'root:x:0:0::/:/bin/sh' > $BOX/etc/passwd
	printf '%s\n' "$1" > $BOX/container.json
	cd $BOX || fail "cd"
}

# Files that the container's root writes beside its container.json are not
# trusted.
forged_files() {
	box "$ADMIN"
	nsinit exec sh -c 'echo "{}" > /container.json && echo BAD write
		rm -f /container.json && echo BAD rm
		mv /container.json /x && echo BAD mv
		umount /container.json && echo BAD umount
		mount -o remount,bind,rw /container.json && echo BAD remount
		rm -f /pid /start; echo 1 > /pid; echo 1 > /start
		echo "environment LD_PRELOAD=/evil.so" > /state
		echo done' > "$OUT/text" 2>&1
	contains "what root did" "done" "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
	equal "container.json" "$ADMIN" "$(cat $BOX/container.json)"
	status_is 0 nsinit exec sh -c 'echo "preload=$LD_PRELOAD"'
	equal "environment" "preload=" "$(cat "$OUT/stdout")"
}

config_further_down() {
	box '{}'
	mkdir $BOX/conf
	echo "{\"rootfs\": \"$BOX\"}" > $BOX/conf/container.json
	status_is 126 nsinit exec --root $BOX/conf sh -c true
	contains "sentence" "lies in a directory of its own rootfs" \
		"$(cat "$OUT/stderr")"
}

# Each mount of the tree is locked: a user namespace cannot undo it.
masks_are_locked() {
	box "$ADMIN"
	nsinit exec sh -c 'for m in /proc/sys /proc/irq /proc/keys /sys /proc \
			/dev /dev/pts /sys/firmware; do
			umount $m && echo BAD umount $m
			umount -l $m && echo BAD umount -l $m
			mount -o remount,bind,rw $m && case $m in
				/proc/*|/sys*) echo BAD remount $m ;; esac
		done 2> /dev/null
		echo 1 > /proc/sys/vm/drop_caches && echo BAD sysctl
		echo x > /proc/sys/kernel/core_pattern && echo BAD core_pattern
		mknod /disk b 254 0 && head -c 1 /disk && echo BAD disk
		echo done' > "$OUT/text" 2>&1
	contains "what root did" "done" "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
}

# The host's file of PID 1's program; without a user namespace this root owns
# it.
init_is_unreachable() {
	local before

	box "$1"
	before=$(sha256sum "$LIBEXEC"/container-init)
	nsinit exec sh -c 'echo x > /proc/1/exe && echo BAD write
		mount -o remount,bind,rw /proc/1/exe && echo BAD remount
		ls /proc/1/root/../etc/shadow && echo BAD root
		echo done' > "$OUT/text" 2>&1
	contains "what root did" "done" "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
	equal "container-init" "$before" \
		"$(sha256sum "$LIBEXEC"/container-init)"
}

t "the container's root cannot forge what the next exec believes" forged_files
t "a container.json deep in its own rootfs is refused" config_further_down
t "M5 masks and read-only mounts hold against CAP_SYS_ADMIN inside" \
	masks_are_locked
t "J2 PID 1's program cannot be written from inside" init_is_unreachable "$ADMIN"
t "J2 PID 1's program cannot be written from inside without a user namespace" \
	init_is_unreachable "$SHARED"

# A session could open every descriptor of PID 1 through /proc/1/fd.
init_holds_nothing() {
	local pid links

	need_product
	config alice '{"rootfs": "/"}'
	nsinit start alice > "$OUT/started" 2>&1 < /etc/hostname ||
		fail "nsinit start"
	pid=$(cat "$RUN/alice/pid")
	links=$(readlink "/proc/$pid"/fd/* | sort -u)
	equal "PID 1's descriptors" /dev/null "$links"
	equal "PID 1's capabilities" "0000000000000020" \
		"$(awk '/^CapPrm/ {print $2}' "/proc/$pid/status")"
	links=$(readlink "/proc/$(pgrep -x container-monit | head -n 1)"/fd/[012] |
		sort -u)
	equal "the monitor's standard descriptors" /dev/null "$links"
	nsinit stop --timeout 0 alice
	# A container without that device is recognized as well.
	box '{"device_nodes": []}'
	status_is 0 nsinit exec sh -c true
}
t "H1 PID 1 holds nothing of who started it" init_holds_nothing
