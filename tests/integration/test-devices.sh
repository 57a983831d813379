#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit update --from-file gives devices to a running container, and takes them
# away, while root inside does what it can in its /dev.  The first word of an
# attack is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
PROGRAMS=$(dirname "$0")

[ -z "$PLAIN" ] || { echo "skip devices # product is not installed"; exit 0; }
pam_enable su su-l
mkdir -p /etc/cdi /run/cdi
chmod 0755 /etc/cdi /run/cdi

FULL='{"path": "/dev/card1", "type": "c", "major_number": 1,
	"minor_number": 7, "file_mode": "0646"}'
DEEP='{"path": "/dev/vfio/a/71", "type": "c", "major_number": 1,
	"minor_number": 5, "file_mode": "0606", "cgroup_permissions": "r"}'
NULL='{"path": "/dev/null", "type": "c", "major_number": 1,
	"minor_number": 3}'
LOOP='{"path": "/dev/loop7", "type": "b", "major_number": 7,
	"minor_number": 7}'

# nodes LIST [MORE] : container.json of alice
nodes() {
	config alice "{\"rootfs\": \"/\", ${2-} \"device_nodes\": [$1]}"
}
started() {
	cd / || exit
	clean_slate
	nodes "$@"
	status_is 0 nsinit start alice
}
update() {
	status_is 0 timeout 60 nsinit update --from-file alice
}
why() {
	nsinit list --json alice | jq -r '.why // "no"'
}
in_alice() {
	timeout 30 nsinit exec alice -- sh -c "$1" 2>&1
}
in_root() {
	timeout 30 nsinit exec -u root alice -- sh -c "$1" 2>&1
}

# A device comes and goes; what is open stays open.
comes_and_goes() {
	local pid reader

	started "$NULL"
	pid=$(pid_of alice)
	contains "before" "No such file" "$(in_alice ': < /dev/card1')"
	contains "a default that the file leaves out" "No such file" \
		"$(in_alice ': < /dev/zero')"
	mkfifo "$OUT/go"
	nodes "$NULL, $FULL, $DEEP"
	contains "not yet" "container.json" "$(why)"
	update
	equal "nothing to say" "" "$(cat "$OUT/stdout")"
	equal "not stale" no "$(why)"
	equal "the node" "646 root 1 7" \
		"$(in_alice 'stat -c "%a %U %t %T" /dev/card1')"
	contains "it works" "No space left" "$(in_alice 'cat /etc/passwd > /dev/card1')"
	equal "below a directory" "606 00" "$(in_alice '
		stat -c %a /dev/vfio/a/71
		head -c 1 /dev/vfio/a/71 | od -An -tx1' | xargs)"
	contains "list" "nodes: " "$(nsinit list)"
	contains "list" "/dev/vfio/a/71" "$(nsinit list)"
	contains "list --json" '"device_nodes": ["/dev/null", "/dev/card1"' \
		"$(nsinit list --json alice)"
	# A login joins it: it is what a start would make.
	equal "a login" "in" "$(su alice -c ': > /dev/card1 && echo in')"
	equal "the same container" "$pid" "$(pid_of alice)"
	# Taken away while a process has it open.
	nsinit exec alice -- sh -c 'exec 3> /dev/card1; read x
		: 2> /dev/null >&3 && echo open
		: < /dev/card1' < "$OUT/go" > "$OUT/reader" 2>&1 &
	reader=$!
	exec 7> "$OUT/go"
	wait_until 10 has_open || fail "not open"
	nodes "$NULL"
	update
	equal "not stale without" no "$(why)"
	echo go >&7
	exec 7>&-
	wait "$reader"
	contains "stays open" open "$(cat "$OUT/reader")"
	contains "a new open" "No such file" "$(cat "$OUT/reader")"
	# The defaults, which come back with the key.
	config alice "{\"rootfs\": \"/\", \"hostname\": \"x\"}"
	update
	equal "the defaults" "00" \
		"$(in_alice 'head -c 1 /dev/zero | od -An -tx1' | xargs)"
	contains "the rest" "container.json" "$(why)"
	contains "is told" "stale: container.json" "$(cat "$OUT/stdout")"
	rm -f "$OUT/go"
	clean_slate
}
has_open() {
	local i

	for i in $(pgrep -u alice -x sh); do
		[ "$(stat -L -c %t:%T "/proc/$i/fd/3" 2> /dev/null)" = 1:7 ] &&
			return 0
	done
	return 1
}

# held : what nsinit ps says of alice's devices, without the pid
held() {
	nsinit ps --json alice | jq -r '.devices[]? |
		"\(.path) \(.device) \(.processes)"'
}
# nsinit ps names who has a device open.
who_has() {
	local tun='{"path": "/dev/net/tun", "type": "c", "major_number": 10,
		"minor_number": 200}' session pid

	started "$NULL, $tun"
	in_alice 'exec 3<> /dev/net/tun' | grep -q . &&
		skip "tun: not on this host"
	mkfifo "$OUT/go"
	# Descriptors of usual devices and O_PATH do not count.
	timeout 30 nsinit exec alice -- sh -c 'read x < /dev/fd/0
		python3 -c "
import os, sys
os.open(\"/dev/net/tun\", os.O_PATH)
os.open(\"/dev/null\", os.O_RDWR)
open(\"/dev/ptmx\")
print(os.getpid(), flush=True)
sys.stdin.readline()
os.open(\"/dev/net/tun\", os.O_RDWR)
os.open(\"/dev/net/tun\", os.O_RDWR)
if os.fork():
	os.wait()
print(\"open\", flush=True)
sys.stdin.readline()
"' < "$OUT/go" > "$OUT/holder" 2>&1 &
	session=$!
	exec 7> "$OUT/go"
	echo >&7
	wait_until 10 grep -q . "$OUT/holder" || fail "python3 does not run"
	equal "not open yet" "" "$(held)"
	echo >&7
	wait_until 10 grep -q open "$OUT/holder" || fail "not open"
	equal "open" "/dev/net/tun c 10:200 2" "$(held)"
	pid=$(nsinit ps --json alice | jq -r '.devices[0].pid')
	equal "the process" python3 "$(cat "/proc/$pid/comm")"
	contains "as text" \
		"    /dev/net/tun (c 10:200): process $pid, 2 in all" \
		"$(nsinit ps alice)"
	nodes "$NULL"
	update
	equal "taken away" "/dev/net/tun (deleted) c 10:200 2" \
		"$(held)"
	exec 7>&-
	wait "$session"
	equal "ended" "" "$(held)"
	rm -f "$OUT/go"
	clean_slate
}

# What a program may do so that a look at its descriptors does not find a device.
hides() {
	local tun='{"path": "/dev/net/tun", "type": "c", "major_number": 10,
		"minor_number": 200}' session how

	# The default filter refuses unshare(2), but not the same by clone(2).
	started "$NULL, $tun" '"seccomp": "unconfined",'
	in_alice 'exec 3<> /dev/net/tun' | grep -q . &&
		skip "tun: not on this host"
	cat > /home/alice/hides.py <<-'END'
	import ctypes, os, sys, threading, time
	libc = ctypes.CDLL(None)
	def hold():
	    open_it = lambda mode: os.open("/dev/net/tun", mode)
	    if sys.argv[1] == "mode":	# neither to read nor to write
	        open_it(3)
	    elif sys.argv[1] != "control":
	        libc.unshare(0x400)	# CLONE_FILES
	        open_it(os.O_RDWR)
	    print("ready", flush=True)
	    time.sleep(60)
	threading.Thread(target=hold, daemon=True).start()
	if sys.argv[1] == "dead":		# the main thread alone
	    libc.syscall(93 if os.uname().machine == "aarch64" else 60, 0)
	time.sleep(60)
	END
	for how in control mode thread dead; do
		timeout 60 nsinit exec alice -- python3 /home/alice/hides.py \
			$how > "$OUT/$how" 2>&1 &
		session=$!
		wait_until 10 grep -q ready "$OUT/$how" || fail "$how: not open" \
			"$(cat "$OUT/$how")"
		equal "$how" "$([ $how = control ] ||
			echo "/dev/net/tun c 10:200 1")" "$(held)"
		status_is 0 nsinit kill KILL alice
		wait "$session"
	done
	rm -f /home/alice/hides.py
	clean_slate
}

# Rules alone: for nodes that root inside may make itself.
rules() {
	local ns='"accept": ["exposed-files"], "capabilities": ["MKNOD"],
		"namespaces": {"NEWNS": true, "NEWPID": true},'
	local mk='mknod /dev/own c 1 11 2> /dev/null; : > /dev/own && echo opened'
	local allow='"cgroups": {"allowed_devices": [{"type": "c",
		"major_number": -1, "minor_number": -1,
		"cgroup_permissions": "m"}, {"type": "c", "major_number": 1,
		"minor_number": 11}]},'
	local deny="${allow/\"minor_number\": 11/\"minor_number\": 3}"

	[ -n "$RULES" ] || skip "cgroup: no device rules"
	started "$NULL" "$ns $deny"
	contains "denied" "not permitted" "$(in_root "$mk")"
	# The control: the same node, when it is allowed.
	nodes "$NULL" "$ns $allow"
	update
	contains "allowed" opened "$(in_root "$mk")"
	equal "not stale" no "$(why)"
	nodes "$NULL" "$ns $deny"
	update
	contains "denied again" "not permitted" "$(in_root "$mk")"
	# In the groups of sessions that began before, too.
	nsinit exec -u root alice -- sh -c 'while [ ! -e /dev/shm/go ]; do
		sleep 0.1; done; : > /dev/own && echo opened' \
		> "$OUT/session" 2>&1 &
	wait_until 10 session_runs || fail "no session"
	nodes "$NULL" "$ns $allow"
	update
	in_root ': > /dev/shm/go'
	wait $!
	contains "a session of before" opened "$(cat "$OUT/session")"
	clean_slate
}
session_runs() {
	[ "$(count_sessions alice)" -gt 0 ]
}

# No moment has what neither the old nor the new list allows: a process that
# opens all the time sees each device of both lists without a break, and never
# another one.
no_gap() {
	local i

	[ -n "$RULES" ] || skip "cgroup: no device rules"
	started "$NULL, $FULL"
	nsinit exec alice -- sh -c 'while [ ! -e /dev/shm/end ]; do
		true > /dev/card1 || echo broken; done' > "$OUT/gap" 2>&1 &
	wait_until 10 session_runs || fail "no session"
	for i in 1 2 3; do
		nodes "$NULL, $FULL, $DEEP"
		update
		nodes "$NULL, $FULL"
		update
	done
	in_alice ': > /dev/shm/end'
	wait $!
	equal "each open" "" "$(cat "$OUT/gap")"
	clean_slate
}

# Rules that cannot be changed still hold: a user namespace does not make up for
# that.
failed_rules() {
	local dir status

	[ -n "$RULES" ] || skip "cgroup: no device rules"
	started "$NULL"
	dir=$(awk '$2 ~ /devices/ { print $3; exit }' "$RUN/alice/current/cgroup")
	[ -e "$dir/devices.allow" ] || skip "cgroup: no v1"
	mount --bind /dev/full "$dir/devices.allow"
	nodes "$NULL, $LOOP"
	nsinit update --from-file alice 2> "$OUT/stderr"
	status=$?
	umount "$dir/devices.allow"
	equal "status" 1 "$status"
	contains "is told" "devices.allow: No space left" "$(cat "$OUT/stderr")"
	contains "stale" container.json "$(why)"
	update
	equal "then" no "$(why)"
	clean_slate
}

# Root inside owns /dev: what it puts there leads nowhere.
hostile_dev() {
	local home=/home/alice pid

	started "$NULL" '"capabilities": ["SYS_ADMIN", "CHOWN", "FOWNER",
		"DAC_OVERRIDE"],'
	pid=$(pid_of alice)
	nodes "$NULL, $DEEP" '"capabilities": ["SYS_ADMIN", "CHOWN", "FOWNER",
		"DAC_OVERRIDE"],'
	mkdir -p $home/trap/a
	chown -R alice $home/trap
	in_root 'ln -s /home/alice/trap /dev/vfio' > /dev/null
	# The control: the path leads into the home.
	[ -d "/proc/$pid/root/dev/vfio/a" ] || fail "no trap"
	status_is 1 nsinit update --from-file alice
	contains "a link" "make device '/dev/vfio/a/71': its directory inside" \
		"$(cat "$OUT/stderr")"
	in_root 'rm /dev/vfio; mkdir /dev/vfio; ln -s /home/alice/trap/a \
		/dev/vfio/a'
	status_is 1 nsinit update --from-file alice
	in_root 'rm /dev/vfio/a; mkdir -p /dev/vfio/a/71'
	status_is 1 nsinit update --from-file alice
	contains "in the way" "something else has this name inside" \
		"$(cat "$OUT/stderr")"
	in_root 'rmdir /dev/vfio/a/71; mkdir /dev/vfio/a/.nscontainer.new'
	status_is 1 nsinit update --from-file alice
	contains "its other name" "remove '.nscontainer.new'" \
		"$(cat "$OUT/stderr")"
	in_root 'rmdir /dev/vfio/a/.nscontainer.new
		: > /dev/vfio/a/.nscontainer.new
		ln -s /home/alice/trap/x /dev/vfio/a/71'
	status_is 1 nsinit update --from-file alice
	contains "a link in the way" "something else has this name inside" \
		"$(cat "$OUT/stderr")"
	equal "in the home" "" "$(find $home/trap ! -type d)"
	# The claim does not grow by each of them.
	equal "rows of the claim" 1 \
		"$(grep -c vfio/a/71 "$RUN/alice/current/devices")"
	# And the rest goes on when the way is free.
	in_root 'rm /dev/vfio/a/71'
	update
	equal "made" 5 "$(in_alice 'stat -c %T /dev/vfio/a/71')"
	equal "not stale" no "$(why)"
	clean_slate
}

# Where root inside can mount, it covers /dev and its directories by what the
# host shares with it.
covered_dev() {
	local more='"capabilities": ["SYS_ADMIN", "DAC_OVERRIDE"],
		"seccomp": "unconfined",'
	local cover

	started "$NULL" "$more"
	rm -rf /home/alice/trap
	mkdir -p /home/alice/trap
	chown alice /home/alice/trap
	nodes "$NULL, $DEEP" "$more"
	cover='mkdir -p /dev/vfio && mount --bind /home/alice/trap /dev/vfio'
	nsenter_root "$cover" || skip "mount: root inside cannot mount here"
	status_is 1 nsinit update --from-file alice
	contains "a mount in the way" "its directory inside" \
		"$(cat "$OUT/stderr")"
	nsenter_root 'umount /dev/vfio; mount --bind /home/alice/trap /dev' ||
		fail "cover /dev"
	status_is 1 nsinit update --from-file alice
	contains "another /dev" "a file system that was mounted inside covers /dev" \
		"$(cat "$OUT/stderr")"
	equal "in the home" "" "$(find /home/alice/trap -mindepth 1)"
	nsenter_root 'umount -l /dev'
	update
	clean_slate
}
# Root inside, in PID 1's own mount namespace.
nsenter_root() {
	in_root "$1 && echo did" > "$OUT/nsenter"
	grep -q did "$OUT/nsenter"
}

# A file system of root's inside over /dev, whose server is silent: the update
# fails, and leaves nothing that others wait for.
silent_dev() {
	local server more='"accept": ["exposed-files"],
		"capabilities": ["SYS_ADMIN", "DAC_OVERRIDE"],
		"namespaces": {"NEWNS": true, "NEWPID": true},
		"seccomp": "unconfined",'
	local fuse='{"path": "/dev/fuse", "type": "c", "major_number": 10,
		"minor_number": 229}'

	[ -x "$PROGRAMS/fuseserver" ] || skip "fuseserver: it is not built"
	[ -e /dev/fuse ] || mknod -m 0666 /dev/fuse c 10 229
	(: < /dev/fuse) 2> /dev/null || skip "fuse: the host has no such device"
	started "$NULL, $fuse" "$more"
	install -m 0755 "$PROGRAMS/fuseserver" /srv/server
	nsinit exec -u root alice -- /srv/server /dev 0 deaf \
		allow_other > "$OUT/server" 2>&1 &
	server=$!
	wait_until 10 grep -qs mounted "$OUT/server" ||
		skip "fuse: root inside cannot mount it: $(cat "$OUT/server")"
	nodes "$NULL, $fuse, $FULL" "$more"
	status_is 1 timeout -s KILL 60 nsinit update --from-file alice
	contains "is told" "/dev does not answer: unmount" "$(cat "$OUT/stderr")"
	# Its locks have gone with it, although its child cannot end.
	SECONDS=0
	status_is 0 timeout 30 nsinit stop alice
	[ "$SECONDS" -lt 8 ] || fail "the next command waited $SECONDS s"
	wait "$server"
	rm -f /srv/server
	clean_slate
}

# Other names of nodes that are taken away, or replaced under the same path.
second_name() {
	local i more='"capabilities": ["CHOWN", "FOWNER", "DAC_OVERRIDE"],'

	started "$NULL, $FULL, $DEEP" "$more"
	in_root 'cd /dev; ln card1 kept; chmod 0666 kept
		mkdir -p a/b; ln vfio/a/71 a/b/linked; mv a c
		mv card1 moved' > /dev/null
	contains "the control" "No space left" "$(in_root 'cat /etc/passwd > /dev/kept')"
	equal "the control" 00 "$(in_alice 'head -c 1 /dev/c/b/linked | od -An -tx1' | xargs)"
	nodes "$NULL" "$more"
	update
	for i in kept moved c/b/linked; do
		contains "root inside: $i" "denied" "$(in_root "
			chmod 0666 /dev/$i 2> /dev/null; head -c 1 /dev/$i")"
		contains "the user: $i" "denied" "$(in_alice "head -c 1 /dev/$i")"
		equal "the node: $i" 0 "$(in_alice "stat -c %a /dev/$i")"
	done
	equal "the rest" 666 "$(in_alice 'stat -c %a /dev/null')"
	clean_slate
}
replaced() {
	local more='"capabilities": ["CHOWN", "FOWNER", "DAC_OVERRIDE"],'

	started "$NULL, $FULL, $DEEP" "$more"
	in_root 'ln /dev/card1 /dev/kept; ln /dev/vfio/a/71 /dev/other'
	nodes "$NULL, ${FULL/0646/0600}, ${DEEP/\"minor_number\": 5/\"minor_number\": 8}" "$more"
	update
	equal "the new ones" "600 7 606 8" \
		"$(in_alice 'stat -c "%a %T" /dev/card1 /dev/vfio/a/71' | xargs)"
	equal "the old ones" "0 7 0 5" \
		"$(in_alice 'stat -c "%a %T" /dev/kept /dev/other' | xargs)"
	clean_slate
}

# Where root inside can mount, it covers a node, and its directory.
covered_node() {
	local more='"capabilities": ["SYS_ADMIN", "DAC_OVERRIDE"],
		"seccomp": "unconfined",'

	started "$NULL, $FULL, $DEEP" "$more"
	nsenter_root 'mount --bind /dev/null /dev/card1' ||
		skip "mount: root inside cannot mount here"
	nsenter_root 'mount -t tmpfs none /dev/vfio' || fail "cover /dev/vfio"
	nodes "$NULL" "$more"
	update
	in_root 'umount /dev/card1; umount /dev/vfio' > /dev/null 2>&1
	contains "covered" "No such file" "$(in_root ': < /dev/card1')"
	contains "below" "No such file" "$(in_root ': < /dev/vfio/a/71')"
	# It is mounted elsewhere, which is the same node.
	nodes "$NULL, $FULL" "$more"
	update
	nsenter_root ': > /dev/shm/x; mount --bind /dev/card1 /dev/shm/x' ||
		fail "mount elsewhere"
	nodes "$NULL" "$more"
	update
	contains "elsewhere" "denied" "$(in_alice ': < /dev/shm/x')"
	# Nothing can be found in a mount that cannot be cloned.
	nodes "$NULL, $FULL" "$more"
	update
	nsenter_root 'mount --make-unbindable /dev' || fail "unbindable"
	nodes "$NULL" "$more"
	status_is 1 nsinit update --from-file alice
	contains "unbindable" "make it private" "$(cat "$OUT/stderr")"
	nsenter_root 'mount --make-private /dev' || fail "private"
	update
	clean_slate
}

# A node that is moved to and fro while it is searched.
moved_meanwhile() {
	local i pid

	for i in 1 2 3; do
		started "$NULL, $FULL"
		in_root 'mkdir /dev/a /dev/b; mv /dev/card1 /dev/a/x'
		nsinit exec -u root alice -- sh -c 'while mv /dev/a/x /dev/b/x
			mv /dev/b/x /dev/a/x; do :; done' > /dev/null 2>&1 &
		pid=$!
		wait_until 10 session_runs || fail "no session"
		nodes "$NULL"
		timeout 30 nsinit update --from-file alice 2> "$OUT/stderr" ||
			contains "moved" "change /dev all the time" \
				"$(cat "$OUT/stderr")"
		kill "$pid"
		wait_until 30 no_session || fail "a session" \
			"$(ps -eo pid,ppid,stat,wchan:20,args --forest)"
		wait "$pid"
		update
		equal "found" 0 "$(in_alice 'stat -c %a /dev/[ab]/x')"
		clean_slate
	done
}
no_session() {
	! session_runs
}

# An update that is killed at any moment is made good by the next one.
killed() {
	local i

	started "$NULL"
	exec 8>&2 2> /dev/null
	for i in 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.07 0.09 0.12; do
		if [ -e "$OUT/odd" ]; then
			nodes "$NULL"
			rm "$OUT/odd"
		else
			nodes "$NULL, $FULL, $DEEP, $LOOP"
			: > "$OUT/odd"
		fi
		timeout -s KILL "$i" nsinit update --from-file alice
	done > /dev/null
	exec 2>&8 8>&-
	nodes "$NULL, $FULL"
	update
	equal "not stale" no "$(why)"
	equal "the nodes" "/dev/card1" "$(in_alice '
		find /dev -name card1 -o -name 71 -o -name loop7 -o \
			-name "*.new"')"
	contains "it works" "No space left" "$(in_alice 'cat /etc/passwd > /dev/card1')"
	nodes "$NULL"
	update
	contains "and goes" "No such file" "$(in_alice ': < /dev/card1')"
	rm -f "$OUT/odd"
	clean_slate
}

cdi() {
	cat > /etc/cdi/a.json
	chmod 0644 /etc/cdi/a.json
}
SPEC='{"cdiVersion": "0.5.0", "kind": "vendor.com/device", "devices": [
 {"name": "one", "containerEdits": {"deviceNodes": [
  {"path": "/dev/one", "type": "c", "major": 1, "minor": 7}]}},
 {"name": "two", "containerEdits": {"deviceNodes": [
  {"path": "/dev/two", "type": "c", "major": 1, "minor": 5}]}},
 {"name": "env", "containerEdits": {"env": ["A=1"], "deviceNodes": [
  {"path": "/dev/env", "type": "c", "major": 1, "minor": 9}]}}]}'

# The nodes of vendors' devices; what else they ask for needs a start.
by_files() {
	local list='{"rootfs": "/", "devices": ['

	clean_slate
	cdi <<< "$SPEC"
	config alice "$list\"vendor.com/device=one\"]}"
	status_is 0 nsinit start alice
	config alice "$list\"vendor.com/device=two\"]}"
	update
	equal "not stale" no "$(why)"
	equal "one for the other" "/dev/two" \
		"$(in_alice 'ls /dev/one /dev/two 2> /dev/null')"
	contains "who has which" "devices: vendor.com/device=two" \
		"$(nsinit list)"
	lacks "who has which" "device=one" "$(nsinit list)"
	config alice "$list\"vendor.com/device=two\", \"vendor.com/device=env\"]}"
	update
	equal "the node" "/dev/env" "$(in_alice 'ls /dev/env')"
	contains "is told" "mounts, variables, hooks or groups of devices" \
		"$(cat "$OUT/stdout")"
	contains "stale" "mounts, variables, hooks or groups of devices" "$(why)"
	status_is 0 nsinit start --replace alice
	equal "a new container" "no 1" "$(why) $(in_alice 'echo $A')"
	# The file of the vendor changes, and then container.json says the same.
	cdi <<< "${SPEC/\"minor\": 5/\"minor\": 8}"
	equal "a changed file" "nodes of devices" "$(why)"
	contains "list --why" "nodes of devices" "$(nsinit list --why)"
	update
	equal "put into force" "no 8" "$(why) $(in_alice 'stat -c %T /dev/two')"
	sed 's/"minor": 5/"minor": 8/; s/A=1/A=2/' <<< "$SPEC" | cdi
	equal "variables" "mounts, variables, hooks or groups of devices" "$(why)"
	rm /etc/cdi/a.json
	equal "no file" "devices that no file has" "$(why)"
	status_is 1 nsinit update --from-file alice
	contains "no file" "no file in /etc/cdi and /run/cdi has" \
		"$(cat "$OUT/stderr")"
	clean_slate
}

# What another container has for itself is not given, and what was given is
# claimed.
exclusive_update() {
	local list='{"rootfs": "/", "devices": ['
	local own='{"name": "vendor.com/device=one", "exclusive": true}'

	clean_slate
	cdi <<< "$SPEC"
	config alice "$list$own]}"
	config bob "$list\"vendor.com/device=two\"]}"
	status_is 0 nsinit start alice
	status_is 0 nsinit start bob
	config bob "$list\"vendor.com/device=one\"]}"
	status_is 1 nsinit update --from-file bob
	contains "held" "is held by the container of 'alice'" \
		"$(cat "$OUT/stderr")"
	equal "not given" "" "$(nsinit exec bob -- ls /dev/one 2> /dev/null)"
	contains "bob keeps" "vendor.com/device=two" "$(nsinit list --json bob)"
	config alice "$list]}"
	update
	status_is 0 nsinit update --from-file bob
	equal "given" /dev/one "$(nsinit exec bob -- ls /dev/one)"
	config alice "$list$own]}"
	status_is 1 nsinit update --from-file alice
	contains "held by bob" "is held by the container of 'bob'" \
		"$(cat "$OUT/stderr")"
	# With one of its own, a container cannot drain any more.
	config alice "$list{\"name\": \"vendor.com/device=two\",
		\"exclusive\": true}]}"
	update
	contains "exclusive" '"exclusive_devices": ["vendor.com/device=two"]' \
		"$(nsinit list --json alice)"
	contains "state" "devices[].exclusive" "$(cat "$RUN/alice/current/state")"
	clean_slate
}

# Limits and lifecycle of the file leave nothing stale either.
settled() {
	clean_slate
	config alice '{"rootfs": "/", "cgroups": {"pids": 100}}'
	status_is 0 nsinit start alice
	grep -q pids "$RUN/alice/current/cgroup" || skip "cgroup: no pids"
	config alice '{"rootfs":"/", "cgroups": {"pids": 70},
		"lifecycle": {"max_sessions": 7}}'
	contains "a changed file" container.json "$(why)"
	update
	equal "all of it" no "$(why)"
	# A limit that is gone from the file needs a new container.
	config alice '{"rootfs": "/", "lifecycle": {"max_sessions": 7}}'
	update
	contains "a limit less" container.json "$(why)"
	config alice '{"rootfs": "/", "cgroups": {"pids": 80}}'
	update
	equal "again" no "$(why)"
	clean_slate
}

# The same where the rules are a program of cgroup v2.
by_program() {
	local top=/sys/fs/cgroup

	[ -n "$RULES" ] || skip "cgroup: no device rules"
	clean_slate
	if [ -d $top/devices ]; then
		umount $top/devices || skip "cgroup: the hierarchy stays"
		grep -q ' cgroup2 ' /proc/mounts || {
			mkdir -p $top/unified
			mount -t cgroup2 none $top/unified
		} || skip "no cgroup v2"
	fi
	rules
	no_gap
	comes_and_goes
}

RULES=
config alice '{"rootfs": "/"}'
if nsinit start alice && grep -q devices "$RUN/alice/current/cgroup"; then
	RULES=yes
fi
t "nsinit update gives devices and takes them away" comes_and_goes
t "nsinit ps says who has a device open" who_has
t "nsinit ps sees devices that are opened in unusual ways" hides
t "nsinit update changes device rules" rules
t "nsinit update leaves no gap" no_gap
t "nsinit update fails where rules cannot be changed" failed_rules
t "E11 links and mounts inside lead no new device elsewhere" hostile_dev
t "E11 a mount over /dev gets no device" covered_dev
t "E11 a file system over /dev that does not answer" silent_dev
t "E12 a second name of a device that was taken away" second_name
t "E12 a second name of a device that was replaced" replaced
t "E12 a mount over a device that was taken away" covered_node
t "E12 a device that is moved while it is taken away" moved_meanwhile
t "nsinit update that was killed is made good" killed
t "nsinit update and devices by files of vendors" by_files
t "E13 nsinit update gives no device that another has for itself" \
	exclusive_update
t "nsinit update leaves nothing stale" settled
t "nsinit update changes the program of cgroup v2" by_program
