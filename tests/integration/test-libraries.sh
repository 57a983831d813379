#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Libraries are loaded only when they are needed.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

ON_DEMAND="libsubid libsystemd libselinux libapparmor libnl-3 libnl-route-3
	libnftables"
BOX=/srv/box

# files_of LIBRARY: the files of the library with that name.
files_of() {
	ldconfig -p | sed -n "s,^\s*$1\.so\.[0-9]* .* => ,,p"
}

# without "LIBRARY..." COMMAND...: runs in a mount namespace without these
# libraries.
without() {
	local libraries=$1 library file files=()

	shift
	for library in $libraries; do
		for file in $(files_of "$library"); do
			files+=("$file")
		done
	done
	[ "${#files[@]}" -gt 0 ] || skip "no $libraries"
	# The host's own mount needs some of them.
	# shellcheck disable=SC2016
	unshare --mount --propagation slave busybox sh -c '
		while [ "$1" != -- ]; do
			busybox mount -o bind /dev/null "$1" || exit 99
			shift
		done
		shift
		exec "$@"' sh "${files[@]}" -- "$@"
}

# box KEYS: the container.json of a directory.
box() {
	need_product
	mkdir -p "$BOX"
	printf '{"rootfs": "/srv/images/plain"%s}\n' "$1" > "$BOX/container.json"
}

# lacks_library LIBRARY: the message names the library.
lacks_library() {
	contains "sentence" "$1.so" "$(cat "$OUT/stderr")"
	contains "sentence" "is needed and cannot be loaded: " \
		"$(cat "$OUT/stderr")"
	contains "sentence" ": install it" "$(cat "$OUT/stderr")"
}

plain_exec() {
	local library pid process

	box ''
	mkfifo "$OUT/fifo"
	status_is 0 without "$ON_DEMAND" nsinit exec --root "$BOX" true
	exec 9<> "$OUT/fifo"
	nsinit exec --root "$BOX" cat < "$OUT/fifo" 9>&- &
	pid=$!
	wait_until 10 [ -e "$BOX/pid" ] || fail "nsinit exec does not start"
	# The process, and its fork that starts the container.
	for process in "$pid" $(pgrep -x -P "$pid" nsinit); do
		cat "/proc/$process/maps"
	done > "$OUT/mapped"
	exec 9>&-
	wait "$pid" || fail "nsinit exec fails"
	grep -q libjansson "$OUT/mapped" || fail "$(cat "$OUT/mapped")"
	for library in $ON_DEMAND libnss_systemd libnss_sss; do
		lacks "nsinit exec" "/$library.so" "$(cat "$OUT/mapped")"
	done
}

plain_login() {
	need_product
	conf
	config alice '{"rootfs": "/"}'
	status_is 0 without "$ON_DEMAND" nsinit start alice
	clean_slate || fail "alice's container stays"
}

# subid_by WORD...: writes that line of nsswitch.conf.
subid_by() {
	need_product
	sed -i '/^subid:/d' /etc/nsswitch.conf
	echo "subid: $*" >> /etc/nsswitch.conf
	config alice '{"rootfs": "/"}'
}

subid_module() {
	subid_by files other
	status_is 0 without libsubid nsinit check alice
	subid_by other
	status_is 1 without libsubid nsinit check alice
	lacks_library libsubid
	# With a module that does not exist, libsubid uses the files.
	status_is 0 nsinit check alice
	sed -i '/^subid:/d' /etc/nsswitch.conf
}

networks() {
	ip link add nsc-br type bridge || skip "no bridge"
	box ', "networks": [{"type": "veth", "context": {"bridge": "nsc-br",
		"prefix": "nsc-"}}]'
	status_is 0 nsinit exec --root "$BOX" true
	status_is 126 without libnl-route-3 nsinit exec --root "$BOX" true
	lacks_library libnl-route-3
	ip link del nsc-br
}

bridge() {
	echo 1 > /proc/sys/net/ipv4/ip_forward
	box ', "networks": [{"type": "veth", "context": {"bridge": "auto"}}]'
	status_is 0 nsinit exec --root "$BOX" true
	status_is 126 without libnftables nsinit exec --root "$BOX" true
	lacks_library libnftables
	contains "package" "nftables, of the package libnftables1: " \
		"$(cat "$OUT/stderr")"
}

labels() {
	box ', "context": {"apparmor_profile": "some"}'
	status_is 126 without libapparmor nsinit exec --root "$BOX" true
	lacks_library libapparmor
	box ', "context": {"process_label": "a:b:c:s0"}'
	status_is 126 without libselinux nsinit exec --root "$BOX" true
	lacks_library libselinux
}

# The builder loads it: everything that it made before is removed.
systemd() {
	grep -q ' - cgroup2 ' /proc/self/mountinfo || skip "no cgroup v2"
	box ''
	mkdir -p /run/systemd/system
	status_is 126 without libsystemd nsinit exec --root "$BOX" true
	lacks_library libsystemd
	status_is 126 nsinit exec --root "$BOX" true
	contains "with it" "systemd: connect to the bus" "$(cat "$OUT/stderr")"
	rmdir /run/systemd/system
	[ ! -e "$BOX/pid" ] || fail "a container runs"
	status_is 0 nsinit exec --root "$BOX" true
}

make_busybox /srv/images/plain > /dev/null || fail "no image"
t "a plain nsinit exec needs and loads none of them" plain_exec
t "nor does the container of a login" plain_login
t "libsubid is needed where nsswitch.conf names a module" subid_module
t "libnl is needed for networks" networks
t "libnftables is needed for a bridge of nscontainer's" bridge
t "libapparmor and libselinux are needed for labels" labels
t "libsystemd is needed where systemd manages the groups" systemd
