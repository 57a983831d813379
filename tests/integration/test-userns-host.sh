#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The host is itself an unprivileged container, as LXC and Incus make it: root
# of a user namespace, without rights outside of it.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

ROOT=/srv/host

# The ids are mapped to themselves, so that the files of the world keep their
# owners: the kernel refuses as much as with others.
IDS=${NSC_TEST_IDS:-1000000}

# Makes the root of that container from the world's files, in its own mounts:
# none is locked.
make_root() {
	local dir name

	mkdir -p "$ROOT" /srv/layers
	mount -n -t tmpfs nsc-host "$ROOT"
	mount -n -t tmpfs nsc-host /srv/layers
	for dir in usr etc; do
		mkdir -p "$ROOT/$dir" "/srv/layers/$dir/upper" \
			"/srv/layers/$dir/work"
		mount -n -t overlay -o "lowerdir=/$dir,userxattr" -o \
			"upperdir=/srv/layers/$dir/upper,workdir=/srv/layers/$dir/work" \
			nsc-host "$ROOT/$dir" || return
	done
	mkdir -p "$ROOT"/{dev,proc,sys,run/sshd,run/lock,tmp,srv,mnt,media}
	mkdir -p "$ROOT"/var/{cache,log,spool,tmp,lib/nscontainer}
	ln -s /run "$ROOT/var/run"
	chmod 1777 "$ROOT/tmp"
	cp -a /bin /sbin /lib* /home /root "$ROOT/"
	mount -n --bind /mnt "$ROOT/mnt"
	mount -n -t tmpfs -o mode=0755 nsc-host "$ROOT/dev"
	for name in null zero full random urandom tty log; do
		: > "$ROOT/dev/$name"
		mount -n --bind "/dev/$name" "$ROOT/dev/$name"
	done
	mkdir "$ROOT/dev/pts" "$ROOT/dev/shm"
	mount -n -t devpts -o newinstance,ptmxmode=0666,gid=5,mode=620 \
		nsc-host "$ROOT/dev/pts"
	ln -s pts/ptmx "$ROOT/dev/ptmx"
	ln -s /proc/self/fd "$ROOT/dev/fd"
	mount -n -t proc nsc-host "$ROOT/proc" || return
	mount -n -t sysfs nsc-host "$ROOT/sys" || return
	make_groups
	cd "$ROOT" && pivot_root . . && umount -l . && cd /
}

# The control groups of that container, if the kernel gives any.
make_groups() {
	local top=$ROOT/sys/fs/cgroup controller

	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mount -n -t cgroup2 nsc-host "$top"
		return
	fi
	mount -n -t tmpfs nsc-host "$top"
	for controller in devices pids memory; do
		mkdir "$top/$controller"
		mount -n -t cgroup -o "$controller" nsc-host "$top/$controller"
	done
}

# Becomes root of the new user namespace, in namespaces of its own.
enter_host() {
	mkfifo "$OUT/mapped"
	unshare --user --mount --pid --fork --kill-child --net --uts --ipc \
		--cgroup --propagation private bash -c '
		: < "$1"
		shift
		NSC_HOST=new exec "$@"' bash "$OUT/mapped" "$0" &
	host=$!
	wait_until 5 child_of "$host"
	echo "0 0 $IDS" > "/proc/$child/uid_map"
	echo "0 0 $IDS" > "/proc/$child/gid_map"
	: > "$OUT/mapped"
	wait "$host"
}
child_of() {
	child=$(cat "/proc/$1/task/$1/children")
	child=${child% }
	[ "$child" ] && [ "$(readlink "/proc/$child/ns/user")" != \
		"$(readlink /proc/self/ns/user)" ]
}

case ${NSC_HOST-} in
"") enter_host; exit ;;
new)
	make_root || { echo "skip a container as host # userns: refused"; exit; }
	ip link set lo up
	NSC_HOST=ready exec "$TESTS/$(basename "$0")" ;;
esac
pam_enable su su-l sshd
conf 'stop = "logout";' 'id_pool_first = 200000;' 'id_pool_count = 655360;'
# The container of a directory is root's.
echo root:100000:65536 | tee /etc/subuid > /etc/subgid
sshd_start 22

NO_USER='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true}'

fresh() {
	need_product
	wait_until 5 no_container alice || fail "the container goes on"
	config alice "$1"
	syslog_mark
}
check_of() {
	timeout 10 nsinit check --json alice | python3 -c 'import json, sys
print("\n".join(json.load(sys.stdin)["missing"]))'
}

# The control: what is refused to root here.
host_is_a_container() {
	status_is 1 mknod "$OUT/null" c 1 3
	contains "mknod" "not permitted" "$(cat "$OUT/stderr")"
}

lands() {
	fresh '{"rootfs": "/"}'
	hold alice
	equal "missing" "" "$(check_of)"
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns" 2>&1
	landed_inside "$OUT/ns" alice
	nssh alice "$NS_COMMAND" > "$OUT/ns" 2>&1
	landed_inside "$OUT/ns" alice
	release
	status_is 7 timeout 20 nsinit exec --root "$CONF/users/alice" \
		/bin/sh -c "$INSIDE && exit 7"
	fresh "{\"rootfs\": \"/\", $NO_USER}"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	# This host has no audit system that takes records.
	sleep 0.3
	empty "lost records" "$(syslog_since | grep -a event=lost)"
}

devices_work() {
	fresh '{"rootfs": "/", "overlay": "tmpfs"}'
	equal "devices" "$(stat -c '%n %F %t %T' \
		/dev/{full,null,random,tty,urandom,zero})" \
		"$(timeout 20 su alice -c "stat -c '%n %F %t %T' \
			/dev/{full,null,random,tty,urandom,zero}")"
	status_is 0 timeout 20 su alice -c "echo x > /dev/null &&
		head -c 1 /dev/zero && head -c 1 /dev/urandom > /dev/null"
	fresh '{"rootfs": "/", "device_nodes": [{"path": "/dev/zero",
		"type": "c", "major_number": 1, "minor_number": 5}]}'
	contains "missing" "device_nodes: this host is itself a container" \
		"$(check_of)"
	equal "the only node" /dev/zero \
		"$(timeout 20 su alice -c 'for f in zero full; do
			[ ! -c /dev/$f ] || echo /dev/$f; done')"
}

# The same in a container that runs.
devices_change() {
	local node='{"type": "c", "major_number": 1, "minor_number"'
	local zero="$node: 5, \"path\": \"/dev/zero\"}"
	local full="$node: 7, \"path\": \"/dev/full\"}"

	fresh "{\"rootfs\": \"/\", \"device_nodes\": [$zero]}"
	status_is 0 timeout 20 nsinit start alice
	# What an update leaves that was killed before it mounted the node.
	install -m 0444 /dev/null "/proc/$(pid_of alice)/root/dev/full"
	config alice "{\"rootfs\": \"/\", \"device_nodes\": [$zero, $full]}"
	status_is 0 timeout 20 nsinit update --from-file alice
	equal "both" "5 7" "$(nsinit exec alice -- \
		stat -c %T /dev/zero /dev/full | xargs)"
	config alice "{\"rootfs\": \"/\", \"device_nodes\": [$full]}"
	status_is 0 timeout 20 nsinit update --from-file alice
	equal "one" /dev/full "$(nsinit exec alice -- \
		ls /dev/zero /dev/full 2> /dev/null)"
	# The host's node is as it was.
	equal "on the host" 666 "$(stat -c %a /dev/zero)"
	status_is 0 timeout 20 nsinit stop alice
}

# Files of the lower layer are removed and made again.
overlay_works() {
	mkdir -p /opt/dir/below
	chown -R alice: /opt
	fresh '{"rootfs": "/", "overlay": "tmpfs"}'
	status_is 0 timeout 20 su alice -c 'rm -r /opt/dir && mkdir /opt/dir &&
		mv /opt/dir /opt/moved && [ -z "$(ls /opt/moved)" ]'
	[ -d /opt/dir/below ] || fail "the host's directory has changed"
}

own_rootfs() {
	mkdir -p /srv/images
	chmod 0700 /srv/images
	make_busybox /srv/images/one > /dev/null || skip "busybox: it is missing"
	fresh '{"rootfs": "/srv/images/one"}'
	usermod -s /bin/sh alice
	equal "the image" "made for the test" \
		"$(timeout 20 su alice -c 'cat /etc/image')"
	usermod -s /bin/bash alice
}

# refused CONFIG SENTENCE : the same from nsinit check and at a login.
refused() {
	fresh "$1"
	status_is 1 timeout 10 nsinit check alice
	contains "nsinit check" "$2" "$(cat "$OUT/stderr")"
	status_is 1 timeout 20 su alice -c true
	logged "login refused: .*$2"
}

refusals() {
	local dir

	refused '{"rootfs": "/", "device_nodes": [{"path": "/dev/fuse",
		"type": "c", "major_number": 10, "minor_number": 229}]}' \
		"device '/dev/fuse': this host is itself a container"
	refused '{"rootfs": "/", "cgroups": {"allowed_devices": [{"type": "c",
		"major_number": 1, "minor_number": 3}]}}' \
		"cgroups.allowed_devices: this host is itself a container"
	refused '{"rootfs": "/",
		"uid_mappings": [{"container_id": 0, "host_id": 990000,
		"size": 65536}], "gid_mappings": [{"container_id": 0,
		"host_id": 300000, "size": 65536}]}' \
		"does not have the id 1000000: give it more ids"
	# The world mounted this one, not this host.
	dir=$TOP/image
	mkdir -p "$dir"
	refused "{\"rootfs\": \"$dir\"}" \
		"map its ids: this host is itself a container"
	fresh "{\"rootfs\": \"$dir\", $NO_USER}"
	equal "missing, without NEWUSER" "" "$(check_of)"
}

# Mounts over parts of /proc that a container cannot remove, as docker makes
# them.
hidden_proc() {
	local fresh_host="unshare --user --map-root-user --mount --pid --fork
		--net"

	# A namespace of one id has no setgroups().
	fresh '{"rootfs": "/", "no_new_privs": true}'
	: > "$OUT/cpuinfo"
	status_is 1 unshare --mount sh -c \
		"mount -n --bind '$OUT/cpuinfo' /proc/cpuinfo &&
		exec ${fresh_host//$'\n'/ } timeout 10 nsinit check alice"
	contains "nsinit check" "file system 'proc': this host is itself" \
		"$(cat "$OUT/stderr")"
	# The control: where nothing is hidden, ids are what is missing.
	# shellcheck disable=SC2086 # a command
	status_is 1 $fresh_host timeout 10 nsinit check alice
	contains "nsinit check" "does not have the id" "$(cat "$OUT/stderr")"
}

less_effect() {
	fresh '{"rootfs": "/", "oom_score_adj": -500}'
	contains "missing" "oom_score_adj: this host" "$(check_of)"
	equal "oom_score_adj" "$(cat /proc/1/oom_score_adj)" \
		"$(timeout 20 su alice -c 'cat /proc/self/oom_score_adj')"
	logged "'alice': oom_score_adj: this host"
	fresh '{"rootfs": "/", "rlimits": [{"type": "RLIMIT_NOFILE",
		"hard": 1000000000, "soft": 1000000000}]}'
	contains "missing" "rlimits: RLIMIT_NOFILE: this host" "$(check_of)"
	equal "open files" "$(prlimit -p 1 -n -o HARD --noheadings | tr -d ' ')" \
		"$(timeout 20 su alice -c 'ulimit -n')"
}

t "the host is an unprivileged container" host_is_a_container
t "logins and nsinit exec land in containers there" lands
t "the host's device nodes are bound" devices_work
t "nsinit update binds the host's device nodes" devices_change
t "an overlay there removes and makes directories again" overlay_works
t "a rootfs of its own is id-mapped there" own_rootfs
t "what is not possible there is refused, and check says it" refusals
t "a host that hides parts of /proc is named" hidden_proc
t "what has less effect there is in missing, and in syslog" less_effect
