#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Root file systems: a separate directory, and the mounts on it.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'linger = 0; stop = "logout";'
IMAGE=/srv/images/busybox
REASON=$(make_busybox "$IMAGE") || IMAGE=

# fresh MORE : alice's container has the image, and MORE.
fresh() {
	need_product
	clean_slate
	[ -n "$IMAGE" ] || skip "$REASON"
	config alice "{\"rootfs\": \"$IMAGE\", \"session\": {\"shell\": \"/bin/sh\"}${1:+, $1}}"
	syslog_mark
}

host_fresh() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

inside() {
	timeout 20 su - alice -s /bin/sh -c "$INSIDE || exit 99; $1"
}

# Runs as the container's root, which a user namespace makes harmless.
root_inside() {
	local pid

	timeout 20 su alice -s /bin/sh -c 'echo ready; sleep 3' \
		> "$OUT/held" &
	wait_until 10 grep -qs ready "$OUT/held" || fail "su fails"
	pid=$(pid_of alice)
	nsenter -t "$pid" -a -S 0 -G 0 "$@"
}

lands() {
	fresh
	rm -f /home/alice/go
	inside "$NS_COMMAND; $STAY" > "$OUT/ns" &
	wait_until 10 grep -qs 'ns cgroup' "$OUT/ns" || fail "su fails"
	landed_inside "$OUT/ns" alice
	: > /home/alice/go
	wait
	equal "the image" "made for the test" "$(inside 'cat /etc/image')"
}

owners() {
	fresh
	equal "owner of the image's files" "0 0" \
		"$(inside 'stat -c "%u %g" /bin/busybox')"
	root_inside /bin/busybox touch /root/by-root || fail "root cannot write"
	equal "owner inside" 0 "$(root_inside /bin/busybox stat -c %u \
		/root/by-root)"
	equal "owner on the host" "0 0" \
		"$(stat -c '%u %g' "$IMAGE/root/by-root")"
	rm -f "$IMAGE/root/by-root"
	wait
}

not_rootfs_of_host() {
	fresh
	status_is 0 inside true
	equal "host's files" "" "$(inside 'ls /srv /work' 2> /dev/null)"
	lacks "mounts" nsc-world-secret "$(inside 'cat /proc/self/mounts')"
	equal "left of the host" "" \
		"$(inside 'cat /proc/self/mounts' | grep -v ' /home' |
		grep -e ' /usr' -e ' /var' -e oldroot -e ' /mnt')"
}

home_bound() {
	fresh
	inside 'echo from inside > ~/rootfs-file' || fail "cannot write"
	equal "owner" alice "$(stat -c %U /home/alice/rootfs-file)"
}

home_none() {
	fresh '"home": "none"'
	touch /home/alice/here
	status_is 1 inside 'test -e /home/alice/here'
}

home_private() {
	fresh '"home": "private"'
	touch /home/alice/here
	status_is 1 inside 'test -e /home/alice/here'
	status_is 0 inside 'echo kept > ~/kept'
	wait_until 5 no_container alice
	equal "the next container" kept "$(inside 'cat ~/kept')"
	[ ! -e /home/alice/kept ] || fail "it is the host's home"
}

overlay_none() {
	fresh
	inside 'echo x > /tmp/file; cat /tmp/file' > /dev/null || fail "/tmp"
	[ ! -e "$IMAGE/tmp/file" ] || echo "# /tmp is the image's"
	rm -f "$IMAGE/tmp/file"
}

overlay_tmpfs() {
	fresh '"overlay": "tmpfs"'
	root_inside /bin/busybox sh -c 'echo x > /etc/new && rm /etc/image' ||
		fail "root cannot write"
	equal "inside" x "$(root_inside /bin/busybox cat /etc/new)"
	[ ! -e "$IMAGE/etc/new" ] || fail "the image has changed"
	[ -e "$IMAGE/etc/image" ] || fail "the image has lost a file"
	wait
	wait_until 5 no_container alice
	status_is 1 inside 'test -e /etc/new'
	status_is 0 inside 'test -e /etc/image'
}

overlay_persistent() {
	fresh '"overlay": "persistent"'
	root_inside /bin/busybox sh -c 'echo x > /etc/new' ||
		fail "root cannot write"
	[ ! -e "$IMAGE/etc/new" ] || fail "the image has changed"
	wait
	wait_until 5 no_container alice
	equal "the next container" x "$(inside 'cat /etc/new')"
}

overlay_of_host() {
	host_fresh '"overlay": "tmpfs"'
	status_is 0 inside 'test -e /usr/bin/env && id'
	[ -z "$(root_inside /bin/sh -c 'touch /usr/new /etc/new' 2>&1)" ] ||
		echo "# the container's root cannot write to the host's overlay"
	[ ! -e /usr/new ] || fail "the host's /usr has changed"
	[ ! -e /etc/new ] || fail "the host's /etc has changed"
	status_is 1 inside 'cat /etc/shadow'
	wait
}

readonly_fs() {
	fresh '"readonly_fs": true, "mounts": [{"type": "bind",
		"source": "/srv/data", "destination": "/data",
		"writable": true}]'
	mkdir -p /srv/data
	chmod 1777 /srv/data
	root_inside /bin/busybox touch /etc/x 2> /dev/null &&
		fail "the rootfs is writable"
	status_is 0 inside 'touch /data/x /dev/shm/x'
	[ -e /srv/data/x ] || fail "/data is not the host's"
	wait
}

bind_mounts() {
	mkdir -p /srv/data/sub
	chmod 1777 /srv/data
	echo text > /srv/file
	mount -n -t tmpfs below /srv/data/sub
	fresh '"mounts": [
		{"type": "bind", "source": "/srv/data", "destination": "/new/place"},
		{"type": "bind", "source": "/srv/file", "destination": "/etc/one",
		 "writable": false},
		{"type": "tmpfs", "destination": "/scratch"}]'
	equal "a file" text "$(inside 'cat /etc/one')"
	status_is 1 inside 'touch /new/place/x'
	status_is 1 inside 'touch /new/place/sub/x'
	contains "mounts" " /scratch tmpfs" "$(inside 'cat /proc/self/mounts')"
	umount -n /srv/data/sub
}

missing_source() {
	fresh '"mounts": [{"type": "bind", "source": "/srv/nothing",
		"destination": "/data"}]'
	status_is 1 timeout 20 su alice -c true
	logged "login refused.*/srv/nothing"
}

# Our own directory in /run has other files while a container begins and ends.
host_files() {
	find /srv/victim /etc /run -xdev -path /run/nscontainer -prune -o \
		-print | sort
}

# hostile FILE TARGET : no link in the rootfs led there.
hostile() {
	local link=$1 target=$2 before

	fresh '"mounts": [{"type": "bind", "source": "/srv/file",
		"destination": "/data/deep/file"}]'
	echo text > /srv/file
	mkdir -p /srv/victim/deep
	before=$(host_files)
	cp -a "$IMAGE" "$OUT/image"
	rm -rf "${OUT:?}/image/$link"
	ln -s "$target" "$OUT/image/$link"
	config alice "{\"rootfs\": \"$OUT/image\", \"session\":
		{\"shell\": \"/bin/sh\"}, \"mounts\": [{\"type\": \"bind\",
		\"source\": \"/srv/file\", \"destination\":
		\"/data/deep/file\"}]}"
	# Both are right: a view without that link, or a refusal.
	timeout 20 su alice -s /bin/sh -c "$INSIDE" > "$OUT/text" 2>&1 ||
		contains "what the user sees" "login is refused" \
			"$(cat "$OUT/text")"
	awk '{ print $5 }' /proc/self/mountinfo > "$OUT/host-mounts"
	lacks "the host's mounts" /srv/victim "$(cat "$OUT/host-mounts")"
	[ ! -s /srv/victim/deep/file ] || fail "mounted on the host"
	wait_until 5 no_container alice || fail "left: $(ls "$RUN/alice/")"
	equal "the host's files" "$before" "$(host_files)"
}

two_users() {
	fresh
	config bob "{\"rootfs\": \"$IMAGE\", \"session\": {\"shell\": \"/bin/sh\"}}"
	timeout 20 su alice -s /bin/sh -c 'cat /proc/self/uid_map' > "$OUT/a"
	timeout 20 su bob -s /bin/sh -c 'cat /proc/self/uid_map' > "$OUT/b"
	python3 - "$OUT/a" "$OUT/b" <<-'END' || fail "$(cat "$OUT/a" "$OUT/b")"
	import sys
	def ids(name):
	    rows = [list(map(int, l.split())) for l in open(name)]
	    assert rows and all(r[1] > 0 for r in rows)
	    return [(r[1], r[1] + r[2]) for r in rows]
	a, b = map(ids, sys.argv[1:])
	for x in a:
	    for y in b:
	        assert x[1] <= y[0] or y[1] <= x[0], (x, y)
	END
}

t "a login lands in a rootfs of its own" lands
t "the rootfs's files belong to the container's root" owners
t "M6 nothing of the host is visible in a rootfs of its own" not_rootfs_of_host
t "home bind is the host's home" home_bound
t "home none is no home" home_none
t "home private is kept apart" home_private
t "overlay none" overlay_none
t "overlay tmpfs leaves the image as it is, and is gone afterwards" \
	overlay_tmpfs
t "overlay persistent is kept" overlay_persistent
t "overlay tmpfs on the host's system leaves the host as it is" \
	overlay_of_host
t "readonly_fs leaves writable binds writable" readonly_fs
t "M4 bind mounts are read-only recursively unless writable" bind_mounts
t "a bind mount without source refuses the login" missing_source
t "M2 a link at /dev in the rootfs leads nowhere" hostile dev /srv/victim
t "M2 a link at /proc in the rootfs leads nowhere" hostile proc /srv/victim
t "M2 a link at /sys in the rootfs leads nowhere" hostile sys \
	../../../srv/victim
t "M2 a link at /home in the rootfs leads nowhere" hostile home /srv/victim
t "M1 a link as a bind destination leads nowhere" hostile data /srv/victim
t "M1 a link that climbs as a bind destination leads nowhere" hostile data \
	../../../../../srv/victim
t "C9 the id ranges of two users do not overlap" two_users
