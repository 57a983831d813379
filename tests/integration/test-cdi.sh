#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Devices by the Container Device Interface: files of vendors in /etc/cdi and
# /run/cdi, for devices that every machine has.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip cdi # product is not installed"; exit 0; }
pam_enable su
mkdir -p /etc/cdi /run/cdi /srv/vendorroot/dev
chmod 0755 /etc/cdi /run/cdi
mknod -m 0660 /srv/vendorroot/dev/card1 c 1 7	# full
mknod -m 0660 /srv/vendorroot/dev/ctl c 1 5		# zero
[ -e /dev/loop7 ] || mknod -m 0660 /dev/loop7 b 7 7

cdi() {
	cat > "$1"
	chmod 0644 "$1"
}

# devices LIST [MORE]
devices() {
	config "${WHO:-alice}" "{\"rootfs\": \"/\", ${2-} \"devices\": [$1]}"
}

inside() {
	su "${WHO:-alice}" -c "$1"
}

refused() {
	status_is 1 nsinit check "${WHO:-alice}"
	contains "check" "$1" "$(cat "$OUT/stderr")"
	inside 'echo got-in' > "$OUT/text" 2>&1
	lacks "a login" got-in "$(cat "$OUT/text")"
	logged "$(printf %s "$1" | sed 's/[][\.*^$]/./g')"
}

forget() {
	rm -f /etc/cdi/* /run/cdi/*
	clean_slate
}

# The names and facts of the specification's own example.
example() {
	mkdir -p /srv/cdi
	printf '#!/bin/sh\necho vendor\n' > /srv/cdi/vendorBin
	printf 'library\n' > /srv/cdi/libVendor.so.0
	chmod 0755 /srv/cdi/vendorBin
	cdi /etc/cdi/vendor.json <<-'END'
	{"cdiVersion": "0.6.0", "kind": "vendor.com/device",
	 "annotations": {"whatever": "false"},
	 "devices": [{"name": "myDevice", "containerEdits": {"deviceNodes": [
	    {"hostPath": "/srv/vendorroot/dev/card1", "path": "/dev/card1"},
	    {"path": "/dev/vfio/71", "type": "c", "major": 1, "minor": 9,
	     "fileMode": 384, "permissions": "rw", "uid": 1000}]}},
	  {"name": "other", "containerEdits": {"env": ["OTHER=1"]}}],
	 "containerEdits": {
	  "env": ["FOO=VALID_SPEC", "BAR=BARVALUE1"],
	  "deviceNodes": [{"path": "/dev/vendorctl",
	    "hostPath": "/srv/vendorroot/dev/ctl", "uid": 0, "gid": 0,
	    "fileMode": 438}],
	  "mounts": [
	   {"hostPath": "/srv/cdi/vendorBin", "containerPath": "/mnt/vendorBin",
	    "options": ["ro", "nosuid", "nodev", "rbind", "rprivate"]},
	   {"hostPath": "/srv/cdi/libVendor.so.0",
	    "containerPath": "/mnt/libVendor.so.0", "options": ["ro"]},
	   {"hostPath": "tmpfs", "containerPath": "/tmp/data", "type": "tmpfs",
	    "options": ["nosuid","strictatime","mode=755","size=65536k"]}],
	  "hooks": [
	   {"hookName": "createRuntime", "path": "/usr/bin/touch",
	    "args": ["touch", "/run/hook-start"]},
	   {"hookName": "createContainer", "path": "/bin/sh",
	    "args": ["sh", "-c", "cat > /run/hook-create"]},
	   {"hookName": "startContainer", "path": "/bin/sh",
	    "args": ["sh", "-c", "id -u > /run/hook-inside"]},
	   {"hookName": "poststop", "path": "/bin/sh", "env": ["WHAT=stopped"],
	    "args": ["sh", "-c", "echo $WHAT > /run/hook-stop"]}]}}
	END
	devices '"vendor.com/device=myDevice"' \
		'"overlay": "tmpfs", "environment": ["FOO=mine", "OWN=1"],'
	status_is 0 nsinit check alice
	[ ! -e /run/hook-start ] || fail "a check runs a hook"
	inside 'ls -ln /dev/card1 /dev/vendorctl /dev/vfio/71
		: > /dev/card1 && echo opened
		head -c 3 /dev/vendorctl | od -An -tx1
		echo x > /dev/card1; head -c 1 /dev/vfio/71 > /dev/null && echo 71
		/mnt/vendorBin; cat /mnt/libVendor.so.0
		echo x 2>&1 > /mnt/libVendor.so.0; ls /run/hook-inside
		stat -f -c "%T %b %S" /tmp/data; stat -c %a /tmp/data
		echo "$FOO $BAR $OWN ${OTHER-none}"' > "$OUT/text" 2>&1
	contains "card1" "crw-rw---- 1 $(id -u alice) $(id -g alice) 1, 7" \
		"$(tr -s ' ' < "$OUT/text")"
	contains "vendorctl" "crw-rw-rw- 1 0 0 1, 5" \
		"$(tr -s ' ' < "$OUT/text")"
	contains "mode of 71" "crw------- 1 1000 $(id -g alice) 1, 9" \
		"$(tr -s ' ' < "$OUT/text")"
	contains "card1" opened "$(cat "$OUT/text")"
	contains "full" "No space left" "$(cat "$OUT/text")"
	contains "zero" "00 00 00" "$(cat "$OUT/text")"
	contains "a program" vendor "$(cat "$OUT/text")"
	contains "a library" library "$(cat "$OUT/text")"
	contains "a library" "Read-only file system" "$(cat "$OUT/text")"
	contains "a tmpfs" "tmpfs" "$(cat "$OUT/text")"
	contains "its mode" 755 "$(cat "$OUT/text")"
	contains "variables" "VALID_SPEC BARVALUE1 1 none" "$(cat "$OUT/text")"
	wait_until 5 test -e /run/hook-stop || fail "poststop did not run"
	equal "poststop" stopped "$(cat /run/hook-stop)"
	[ -e /run/hook-start ] || fail "createRuntime did not run"
	contains "createContainer" '"status":"creating"' \
		"$(cat /run/hook-create)"
	contains "startContainer" "hook-inside" "$(cat "$OUT/text")"
	rm -f /run/hook-*
	forget
}

# Hooks such as nvidia-cdi-hook read the bundle's config.json: where the root
# is, and which devices and mounts there are.
reads_bundle() {
	cat > /srv/cdi-hook <<-'END'
	#!/bin/sh
	set -e
	state=$(cat)
	spec=$(printf %s "$state" | jq -r .bundle)/config.json
	root=$(jq -er '.root.path | select(startswith("/"))' "$spec")
	case $1 in
	create-symlinks)
		mkdir -p "$root/mnt/links"
		ln -s "$3" "$root$2" ;;
	update-ldcache)
		jq -r '.linux.devices[] | [.path, .type, .major, .minor,
			.fileMode, .uid] | map(tostring) | join(" ")' \
			"$spec" > "$root/mnt/devices"
		jq -r '.mounts[] | .destination + " " + .type + " " +
			(.options // [] | join(","))' "$spec" \
			> "$root/mnt/mounts"
		jq -r '.ociVersion + " " + (.process.env | join(" ")) + " " +
			(.linux.uidMappings | length | tostring)' "$spec" \
			> "$root/mnt/process" ;;
	esac
	END
	chmod 0755 /srv/cdi-hook
	cdi /etc/cdi/nvidia.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [
	 {"name": "0", "containerEdits": {"env": ["GPU=0"],
	  "mounts": [{"hostPath": "/usr/lib", "containerPath": "/mnt/lib",
	   "options": ["ro"]}],
	  "deviceNodes": [{"path": "/dev/nvidia0",
	   "hostPath": "/srv/vendorroot/dev/card1"}],
	  "hooks": [
	   {"hookName": "createContainer", "path": "/srv/cdi-hook", "args":
	    ["nvidia-cdi-hook", "create-symlinks", "/mnt/links/libcuda.so",
	     "libcuda.so.1"]},
	   {"hookName": "createContainer", "path": "/srv/cdi-hook", "args":
	    ["nvidia-cdi-hook", "update-ldcache"]}]}}]}
	END
	devices '"nvidia.com/gpu=0"' '"overlay": "tmpfs",'
	inside 'readlink /mnt/links/libcuda.so; cat /mnt/devices /mnt/mounts \
		/mnt/process; ls -A /run/nscontainer' > "$OUT/text" 2>&1
	contains "a link" "libcuda.so.1" "$(cat "$OUT/text")"
	contains "a device" "/dev/nvidia0 c 1 7 432 $(id -u alice)" \
		"$(cat "$OUT/text")"
	contains "a default device" "/dev/null c 1 3 438 0" "$(cat "$OUT/text")"
	contains "a mount" "/mnt/lib bind ro,nosuid,nodev,rbind" \
		"$(cat "$OUT/text")"
	contains "process and maps" "1.2.0 GPU=0" "$(cat "$OUT/text")"
	lacks "nothing of it inside" config.json "$(cat "$OUT/text")"
	forget
}

# YAML as nvidia-ctk writes it; what is in /run/cdi comes before /etc/cdi.
yaml() {
	cdi /etc/cdi/nvidia.yaml <<-'END'
	---
	cdiVersion: 0.5.0
	containerEdits:
	  deviceNodes:
	  - path: /dev/nvidiactl
	    hostPath: /srv/vendorroot/dev/ctl
	  env:
	  - NVIDIA_VISIBLE_DEVICES=void
	  mounts:
	  - containerPath: /mnt/lib
	    hostPath: /usr/lib
	    options:
	    - ro
	    - nosuid
	    - nodev
	    - bind
	devices:
	- containerEdits:
	    deviceNodes:
	    - hostPath: /srv/vendorroot/dev/card1
	      path: /dev/nvidia0
	      fileMode: 0606
	  name: "0"
	- name: all
	  containerEdits:
	    deviceNodes:
	    - {path: /dev/nvidia0, hostPath: /srv/vendorroot/dev/card1}
	    - {path: /dev/nvidia1, type: c, major: 1, minor: 9}
	kind: nvidia.com/gpu
	END
	devices '"nvidia.com/gpu=0"' '"overlay": "tmpfs",'
	inside 'stat -c "%a %t %T" /dev/nvidia0; ls /dev/nvidia*; ls /mnt/lib |
		head -n 1; echo $NVIDIA_VISIBLE_DEVICES' > "$OUT/text" 2>&1
	contains "device 0" "606 1 7" "$(cat "$OUT/text")"
	contains "environment" void "$(cat "$OUT/text")"
	lacks "device 1" nvidia1 "$(cat "$OUT/text")"
	devices '"nvidia.com/gpu=all"' '"overlay": "tmpfs",'
	inside 'ls /dev/nvidia*' > "$OUT/text" 2>&1
	contains "device 1" nvidia1 "$(cat "$OUT/text")"
	cdi /run/cdi/later.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [
	 {"name": "0", "containerEdits": {"env": ["FROM=run"]}}]}
	END
	devices '"nvidia.com/gpu=0"'
	inside 'echo $FROM; ls /dev/nvidia*' > "$OUT/text" 2>&1
	contains "/run/cdi" run "$(cat "$OUT/text")"
	lacks "/etc/cdi" /dev/nvidia0 "$(grep -v cannot "$OUT/text")"
	cp /run/cdi/later.json /run/cdi/twice.json
	refused "'nvidia.com/gpu=0' is in /run/cdi/later.json and in"
	rm /run/cdi/*
	sed -i 's/name: all/name: [1/' /etc/cdi/nvidia.yaml
	refused "left out: /etc/cdi/nvidia.yaml: did not find expected"
	forget
}

# A block device, in the kernel's own user namespace too.
block() {
	cdi /etc/cdi/loop.json <<-'END'
	{"cdiVersion": "0.7.0", "kind": "example.org/loop", "devices": [
	 {"name": "7", "containerEdits": {
	  "deviceNodes": [{"path": "/dev/loop7", "permissions": "r"}],
	  "additionalGids": [0, 4242]}}]}
	END
	devices '"example.org/loop=7"'
	inside 'stat -c "%F %t:%T" /dev/loop7; id -G' > "$OUT/text" 2>&1
	contains "loop7" "block special file 7:7" "$(cat "$OUT/text")"
	contains "group" 4242 "$(cat "$OUT/text")"
	devices '"example.org/loop=7"' '"accept": ["exposed-files"],
		"namespaces": {"NEWNS": true, "NEWPID": true},'
	inside 'stat -c "%F %t:%T" /dev/loop7; id -G' > "$OUT/text" 2>&1
	contains "loop7" "block special file 7:7" "$(cat "$OUT/text")"
	contains "group" 4242 "$(cat "$OUT/text")"
	forget
}

# Each with the sentence that a reader needs.
wrong() {
	local text expected

	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
	 {"name": "one", "containerEdits": {"env": ["A=1"]}},
	 {"name": "gone", "containerEdits": {"deviceNodes": [
	   {"path": "/dev/gone"}]}},
	 {"name": "pipe", "containerEdits": {"deviceNodes": [
	   {"path": "/dev/pipe", "type": "p"}]}},
	 {"name": "far", "containerEdits": {"deviceNodes": [
	   {"path": "/srv/full", "type": "c", "major": 1, "minor": 7}]}},
	 {"name": "hook", "containerEdits": {"hooks": [
	   {"hookName": "createRuntime", "path": "/nowhere/hook"}]}},
	 {"name": "proc", "containerEdits": {"mounts": [
	   {"hostPath": "/proc", "containerPath": "/p",
	    "options": ["bind", "suid"]}]}}]}
	END
	devices '"vendor.com/device=onne"'
	refused "has the device 'vendor.com/device=onne': did you mean 'vendor.com/device=one'?"
	devices '"vendor.com/device=gone"'
	refused "'vendor.com/device=gone': device '/dev/gone' of the host"
	devices '"vendor.com/device=pipe"'
	refused "a FIFO is not supported"
	devices '"vendor.com/device=far"'
	refused "whose path is not below /dev is not supported"
	devices '"vendor.com/device=hook"'
	refused "/nowhere/hook"
	devices '"vendor.com/device=proc"'
	refused 'the option "suid" is not supported'
	devices '"vendor.com/device"'
	refused 'expected a device such as "vendor.com/class=name"'
	while IFS='|' read -r expected text; do
		printf '%s\n' "$text" > /etc/cdi/a.json
		devices '"vendor.com/device=one"'
		refused "left out: /etc/cdi/a.json: $expected"
	done <<-'END'
	cdiVersion: is not one of|{"cdiVersion": "7", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {}}]}
	cdiVersion: hostPath needs at least 0.5.0|{"cdiVersion": "0.4.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"deviceNodes": [{"path": "/dev/a", "hostPath": "/dev/b"}]}}]}
	cdiVersion: additionalGids needs at least 0.7.0|{"cdiVersion": "0.6.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"additionalGids": [1]}}]}
	cdiVersion: is not one of 0.3.0 to 1.1.0|{"cdiVersion": "0.2.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"env": ["A=1"]}}]}
	cdiVersion: netDevices needs at least 1.1.0|{"cdiVersion": "1.0.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"netDevices": [{"hostInterfaceName": "a", "name": "b"}]}}]}
	devices[1].containerEdits: is missing or empty|{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"env": ["A=1"]}}, {"name": "two"}]}
	devices[0].containerEdits: is missing or empty|{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"env": [], "mounts": []}}]}
	devices[0].containerEdits.mounts[0]: expected hostPath|{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"mounts": [{"hostPath": "", "containerPath": "/a"}]}}]}
	devices[0].containerEdits.deviceNodes[0].path: is missing|{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"deviceNodes": [{"path": ""}]}}]}
	kind: expected a name|{"cdiVersion": "0.7.0", "kind": "foo", "devices": [{"name": "one", "containerEdits": {}}]}
	expected cdiVersion, kind and devices|{"cdiVersion": "0.7.0", "kind": "vendor.com/device", "devices": []}
	devices[1].name: is there twice|{"cdiVersion": "0.7.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {}}, {"name": "one", "containerEdits": {}}]}
	devices[0].containerEdits.hooks[0].hookName: is no name|{"cdiVersion": "0.7.0", "kind": "vendor.com/device", "devices": [{"name": "one", "containerEdits": {"hooks": [{"hookName": "later", "path": "/bin/true"}]}}]}
	END
	forget
}

# What only one device has takes no other device away, and nothing that is empty
# counts.
one_alone() {
	local name expected

	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "annotations": {},
	 "devices": [
	 {"name": "one", "annotations": {}, "containerEdits": {"env": ["A=1"],
	  "additionalGids": [], "netDevices": [], "hooks": [],
	  "deviceNodes": [{"path": "/dev/one", "type": "", "hostPath": "",
	   "permissions": "", "major": 0}],
	  "mounts": [{"hostPath": "/etc", "containerPath": "/mnt/one",
	   "type": "", "options": []}]}},
	 {"name": "relative", "containerEdits": {"mounts": [
	  {"hostPath": "lib", "containerPath": "/mnt/x"}]}},
	 {"name": "inside", "containerEdits": {"mounts": [
	  {"hostPath": "/lib", "containerPath": "mnt"}]}},
	 {"name": "up", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/x", "hostPath": "/dev/../x"}]}},
	 {"name": "major", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/x", "type": "c", "major": 4096}]}},
	 {"name": "minor", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/x", "type": "c", "major": 1, "minor": -1}]}},
	 {"name": "uid", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/x", "type": "c", "major": 1, "uid": 4294967295}]}},
	 {"name": "timeout", "containerEdits": {"hooks": [
	  {"hookName": "poststop", "path": "/bin/true", "timeout": 0}]}},
	 {"name": "hook", "containerEdits": {"hooks": [
	  {"hookName": "poststop", "path": "true"}]}}]}
	END
	mknod -m 0666 /dev/one c 1 3
	devices '"vendor.com/device=one"' '"overlay": "tmpfs",'
	equal "the one" "1 character special file 1:3 hostname" \
		"$(inside 'echo "$A $(stat -c "%F %t:%T" /dev/one)" \
			$(ls /mnt/one/hostname | xargs -n 1 basename)')"
	while IFS='|' read -r name expected; do
		devices "\"vendor.com/device=$name\""
		refused "'vendor.com/device=$name': /etc/cdi/a.json: $expected"
	done <<-'END'
	relative|devices[1].containerEdits.mounts[0].hostPath: only an absolute path without '..' is supported
	inside|devices[2].containerEdits.mounts[0].containerPath: only an absolute path
	up|devices[3].containerEdits.deviceNodes[0].hostPath: only an absolute path
	major|devices[4].containerEdits.deviceNodes[0].major: only a number from 0 to 4095 is supported
	minor|devices[5].containerEdits.deviceNodes[0].minor: only a number from 0 to 1048575
	uid|devices[6].containerEdits.deviceNodes[0].uid: only a number from 0 to 4294967294
	timeout|devices[7].containerEdits.hooks[0].timeout: only a number from 1 to 3600
	hook|devices[8].containerEdits.hooks[0].path: only an absolute path
	END
	rm -f /dev/one
	forget
}

# Only files of root say what is a device.
trusted() {
	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
	 {"name": "one", "containerEdits": {"env": ["A=1"]}}]}
	END
	devices '"vendor.com/device=one"'
	status_is 0 nsinit check alice		# the control
	chown alice /etc/cdi/a.json
	refused "left out: /etc/cdi/a.json"
	chown root /etc/cdi/a.json
	chmod 0666 /etc/cdi/a.json
	refused "left out: /etc/cdi/a.json"
	mv /etc/cdi/a.json /srv/a.json
	chmod 0644 /srv/a.json
	ln -s /srv/a.json /etc/cdi/a.json
	refused "left out: /etc/cdi/a.json"
	rm /etc/cdi/a.json
	mkfifo -m 0644 /etc/cdi/a.json
	refused "left out: /etc/cdi/a.json"
	rm /etc/cdi/a.json
	chmod 0777 /run/cdi
	refused "/run/cdi"
	chmod 0755 /run/cdi
	forget
}

# A user's link in the way of a vendor's path leads to a link of root's.
users_link() {
	mkdir -p /srv/mine /srv/roots /srv/secret
	ln -s /srv/secret /srv/roots/data
	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
	 {"name": "one", "containerEdits": {"mounts": [
	  {"hostPath": "/srv/mine/link/data", "containerPath": "/mnt/x"}]}}]}
	END
	devices '"vendor.com/device=one"'
	ln -s /srv/roots /srv/mine/link
	status_is 0 nsinit check alice		# the control: root's links
	chown -h alice /srv/mine/link
	chown alice /srv/mine
	refused "/srv/mine/link/data"
	rm -rf /srv/mine /srv/roots /srv/secret
	forget
}

held_by() {
	contains "the holder" "'vendor.com/device=$1' is held by the container of 'alice'" \
		"$(cat "$OUT/text")"
}

# An exclusive device belongs to one container, until that has ended.
exclusive() {
	local i pid

	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
	 {"name": "one", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/one", "hostPath": "/srv/vendorroot/dev/card1"}]}},
	 {"name": "two", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/two", "hostPath": "/srv/vendorroot/dev/ctl"}]}},
	 {"name": "all", "containerEdits": {"deviceNodes": [
	  {"path": "/dev/one", "hostPath": "/srv/vendorroot/dev/card1"},
	  {"path": "/dev/two", "hostPath": "/srv/vendorroot/dev/ctl"}]}}],
	 "containerEdits": {"deviceNodes": [
	  {"path": "/dev/common", "type": "c", "major": 1, "minor": 9}]}}
	END
	devices '{"name": "vendor.com/device=one", "exclusive": true}'
	WHO=bob devices '"vendor.com/device=one"'
	status_is 0 nsinit start alice
	status_is 0 nsinit check alice		# it has it itself
	nsinit start bob > "$OUT/text" 2>&1 && fail "bob has it too"
	held_by one
	contains "the reason" "that one is exclusive" "$(cat "$OUT/text")"
	WHO=bob refused "is held by the container of 'alice'"
	status_is 0 nsinit list
	contains "list" "devices: vendor.com/device=one, exclusive: vendor.com/device=one" \
		"$(cat "$OUT/stdout")"
	status_is 0 nsinit list --json alice
	contains "list --json" '"exclusive_devices": ["vendor.com/device=one"]' \
		"$(cat "$OUT/stdout")"
	# By another name, or as a node.
	WHO=bob devices '"vendor.com/device=all"'
	WHO=bob refused "'vendor.com/device=all' is held by the container of"
	config bob '{"rootfs": "/", "device_nodes": [{"path": "/dev/x",
		"type": "c", "major_number": 1, "minor_number": 7}]}'
	WHO=bob refused "'/dev/x' is held by the container of 'alice'"
	# Another device, although the common node is the same.
	WHO=bob devices '{"name": "vendor.com/device=two", "exclusive": true}'
	status_is 0 nsinit start bob
	status_is 0 nsinit stop bob
	# However it ends.
	WHO=bob devices '{"name": "vendor.com/device=one", "exclusive": true}'
	pid=$(pid_of alice)
	for i in $(monitors alice) "$pid"; do
		kill -KILL "$i"
	done
	wait_until 10 nsinit start bob > /dev/null 2>&1 ||
		fail "the device is not released"
	nsinit start alice > "$OUT/text" 2>&1 && fail "alice has it too"
	contains "the holder" "is held by the container of 'bob'" \
		"$(cat "$OUT/text")"
	status_is 0 nsinit start --replace bob
	status_is 0 nsinit stop bob
	status_is 0 nsinit start alice
	forget
}

# The process that has the monitor's lock.
monitors() {
	local file

	file=$(instance "$1")/monitor
	awk -v inode="$(stat -c %i "$file")" '
		$6 ~ ":" inode "$" { print $5 }' /proc/locks
}

# Of many that start at once, one gets the device.
exclusive_storm() {
	local i n=8 got=0

	make_many cdi $n 23000
	cdi /etc/cdi/a.json <<-'END'
	{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
	 {"name": "one", "containerEdits": {"env": ["A=1"]}}]}
	END
	for ((i = 0; i < n; i++)); do
		WHO=cdi$i devices '{"name": "vendor.com/device=one", "exclusive": true}'
	done
	for ((i = 0; i < n; i++)); do
		nsinit start "cdi$i" > "$OUT/start.$i" 2>&1 &
	done
	wait
	for ((i = 0; i < n; i++)); do
		if [ -s "$OUT/start.$i" ]; then
			contains "refused" "is held by" "$(cat "$OUT/start.$i")"
		else
			got=$((got + 1))
		fi
	done
	equal "containers with the device" 1 "$got"
	forget
}

t "the specification's example" example
t "hooks read the bundle" reads_bundle
t "YAML, and the order of the directories" yaml
t "a block device, and groups" block
t "what is wrong is named" wrong
t "a device that cannot be takes no other away" one_alone
t "P9 only files of root name devices" trusted
t "P9 a user's link leads no path of a vendor" users_link
t "P10 an exclusive device has one container" exclusive
t "P10 of simultaneous starts, one gets it" exclusive_storm
