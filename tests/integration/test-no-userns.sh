#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers without a user namespace, as in 2014: capabilities, masks and
# read-only mounts are the boundary.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

SHARED='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true}'
pam_enable su su-l
conf 'stop = "logout";'

user_lands() {
	need_product
	config alice "{\"rootfs\": \"/\", \"hostname\": \"plain\", $SHARED}"
	status_is 5 su - alice -c 'hostname; id; readlink /proc/self/ns/user
		cat /etc/shadow; exit 5'
	contains "output" plain "$(cat "$OUT/stdout")"
	contains "groups" "groups=$(id -g alice)(alice)" "$(cat "$OUT/stdout")"
	contains "user namespace" "$(readlink /proc/self/ns/user)" \
		"$(cat "$OUT/stdout")"
	contains "shadow" "Permission denied" "$(cat "$OUT/stderr")"
}

# Without a filter, which would deny the same.
root_is_bound() {
	need_product
	config root "{\"rootfs\": \"/\", \"seccomp\": \"unconfined\", $SHARED}"
	su - root -c 'grep CapBnd /proc/self/status
		echo 1 > /proc/sysrq-trigger && echo BAD sysrq
		echo x > /proc/sys/kernel/core_pattern && echo BAD core_pattern
		echo x > /proc/sys/kernel/hostname && echo BAD hostname
		mknod /tmp/disk b 254 0 && echo BAD mknod
		umount /proc/sys && echo BAD umount
		mount -o remount,rw / && echo BAD remount
		mount -t tmpfs x /mnt && echo BAD mount
		touch /usr/BAD && echo BAD write
		chroot / true && echo chroot allowed
		exit 0' > "$OUT/text" 2> "$OUT/errors" || fail "su: $(cat "$OUT/errors")"
	lacks "root inside" BAD "$(cat "$OUT/text")"
	contains "bounding set" "00000000a00405fb" "$(cat "$OUT/text")"
	rm -rf "$CONF/users/root"
}

root_needs_no_userns() {
	need_product
	config root '{"rootfs": "/"}'
	syslog_mark
	su - root -c true > "$OUT/text" 2>&1 && fail "root was let in"
	contains "syslog" "NEWUSER to be false" "$(syslog_tail)"
	rm -rf "$CONF/users/root"
}

shell_needs_capabilities() {
	need_product
	config alice "{\"rootfs\": \"/\", $SHARED}"
	nsinit start alice || fail "nsinit start"
	status_is 126 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c true
	contains "sentence" "file capabilities" "$(cat "$OUT/stderr")"
	setcap cap_sys_admin,cap_sys_chroot,cap_sys_ptrace,cap_setpcap+ep \
		/usr/bin/nsshell || skip "setcap does not work here"
	status_is 0 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c 'readlink /proc/self/ns/pid
		grep -E "Cap(Prm|Eff|Inh|Amb)" /proc/self/status'
	equal "pid namespace" \
		"$(readlink "/proc/$(cat "$RUN/alice/pid")/ns/pid")" \
		"$(head -n 1 "$OUT/stdout")"
	equal "capabilities" "0000000000000000" \
		"$(tail -n 4 "$OUT/stdout" | awk '{print $2}' | sort -u)"
	setcap -r /usr/bin/nsshell
	nsinit stop alice
}

t "a login lands, with the user's own groups" user_lands
t "root is bound by capabilities, masks and read-only mounts" root_is_bound
t "root's container with a user namespace is refused" root_needs_no_userns
t "nsshell needs file capabilities there, and keeps none" \
	shell_needs_capabilities
