#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of another engine, joined by their pid file: crun, lxc,
# systemd-nspawn if available, and unshare.  C6 of pid files: recycled numbers,
# processes of the host, files that others can write.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

BOX=/run/box
PIDFILE=$BOX/alice.pid
IMAGE=/srv/image
LIBEXEC=$(dirname "$(find /usr/libexec /usr/lib -name container-shell |
	head -n 1)" 2> /dev/null)

make_image() {
	make_busybox "$1" || return
	mkdir -p "$1/home/alice"
	sed -i "s,/home/alice:.*,/home/alice:/bin/sh," "$1/etc/passwd"
	chown alice: "$1/home/alice"
	printf '#!/bin/sh\nsleep 7001 &\nexec sleep 7000\n' > "$1/bin/box"
	chmod 0755 "$1/bin/box"
	[ ! -e "$LIBEXEC/container-shell" ] ||
		cp "$LIBEXEC/container-shell" "$1/bin/nsshell"
}

mkdir -p "$BOX" /root/bin
IMAGE_PROBLEM=$(make_image "$IMAGE")
# The shell that busybox has.
usermod -s /bin/sh alice
pam_enable sshd su su-l
sshd_start "$SSHD_PORT"
PLAIN_JSON="{\"pidfile\": \"$BOX/%u.pid\"}"

# --- engines; each makes the container "box" and its pid file

# Removes the remains of a failed test.
fresh() {
	local pid

	for pid in $(pgrep -f '^(/bin/)?sleep 700[0-9]'); do
		kill -KILL "$pid" 2> /dev/null
	done
	crun --root /run/crun delete -f box > /dev/null 2>&1
	wait_until 10 forgotten
	rm -f "$PIDFILE" "$BOX/broken"
	setcap -r /usr/bin/nsshell 2> /dev/null
	chown root "$BOX"
	usermod -s /bin/sh alice > /dev/null 2>&1
	conf
	config alice "$PLAIN_JSON"
}

need() {
	need_product
	fresh
	[ -z "$IMAGE_PROBLEM" ] || skip "busybox: $IMAGE_PROBLEM"
	command -v "$1" > /dev/null || skip "$1 is missing"
}

# bundle DIR [FIRST-ID]
bundle() {
	local user='' maps=''

	mkdir -p "$1"
	[ -z "${2-}" ] || {
		user=', {"type": "user"}'
		maps="\"uidMappings\": [{\"containerID\": 0, \"hostID\": $2,
			\"size\": ${3-65536}}],
			\"gidMappings\": [{\"containerID\": 0, \"hostID\": $2,
			\"size\": ${3-65536}}],"
	}
	cat > "$1/config.json" << END
{"ociVersion": "1.0.0", "process": {"terminal": false,
 "user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
 "args": ["/bin/box"]},
 "root": {"path": "$1/rootfs", "readonly": false}, "hostname": "box",
 "mounts": [
 {"destination": "/proc", "type": "proc", "source": "proc"},
 {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
  "options": ["nosuid", "mode=755"]},
 {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
  "options": ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]}],
 "linux": {$maps "namespaces": [{"type": "pid"}, {"type": "network"},
 {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}$user]}}
END
}

# Version 1.8 does not run with both versions of cgroups mounted.
crun_run() {
	unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2> /dev/null
		exec crun --root /run/crun run -d --pid-file "$1" -b "$2" box' \
		sh "$PIDFILE" "$1"
}

crun_end() {
	crun --root /run/crun delete -f box
}

crun_make() {
	bundle /srv/plain
	ln -sfn "$IMAGE" /srv/plain/rootfs
	crun_run /srv/plain || fail "crun does not run"
}

crun_userns_make() {
	bundle /srv/shifted 200000
	[ -d /srv/shifted/rootfs ] || {
		make_image /srv/shifted/rootfs
		find /srv/shifted/rootfs -printf '%U %G %p\n' |
			while read -r u g path; do
				chown -h "$((200000 + u)):$((200000 + g))" \
					"$path"
			done
	}
	crun_run /srv/shifted || fail "crun does not run"
}

lxc_make() {
	mkdir -p /var/lib/lxc/box "$BOX"
	# lxc-start --pidfile writes the pid of lxc-start itself.
	printf '#!/bin/sh\necho "$LXC_PID" > %s\n' "$PIDFILE" > /root/bin/pid
	chmod 0755 /root/bin/pid
	cat > /var/lib/lxc/box/config << END
lxc.rootfs.path = dir:$IMAGE
lxc.uts.name = box
lxc.net.0.type = empty
lxc.init.cmd = /bin/box
lxc.mount.auto = proc:mixed sys:ro
lxc.autodev = 1
lxc.pty.max = 64
lxc.apparmor.profile = unconfined
lxc.hook.start-host = /root/bin/pid
END
	lxc-start -n box -d -o "$OUT/lxc" ||
		fail "lxc-start" "$(cat "$OUT/lxc")"
}

lxc_end() {
	lxc-stop -k -n box
}

# It has no pid file: its caller writes one.
nspawn_make() {
	systemd-nspawn -q -D "$IMAGE" -M box --register=no --keep-unit \
		--private-network --as-pid2 --timezone=off \
		/bin/box > "$OUT/nspawn" 2>&1 < /dev/null &
	ENGINE=$!
	started() { pgrep -f '^sleep 7000' > "$OUT/payload"; }
	wait_until 20 started || fail "systemd-nspawn" "$(cat "$OUT/nspawn")"
	pgrep -f '^(systemd-nspawn.* |.sd-stubinit)' > /dev/null
	awk '$1 == "PPid:" {print $2}' \
		"/proc/$(cat "$OUT/payload")/status" > "$PIDFILE"
}

nspawn_end() {
	kill -KILL "$(cat "$PIDFILE")"
	wait "$ENGINE" || return 0
}

# A separate root by pivot_root, as people make it by hand.
unshare_make() {
	unshare --mount --pid --fork --net --uts --ipc --propagation private \
		sh -c 'mount --bind "$1" "$1" && cd "$1" &&
		mount -t proc proc proc && mount -t tmpfs dev dev &&
		mkdir dev/pts && mknod -m 666 dev/null c 1 3 && mount -t devpts \
			-o newinstance,ptmxmode=0666,mode=0620,gid=5 pts dev/pts &&
		ln -s pts/ptmx dev/ptmx && hostname box && mkdir -p old &&
		pivot_root . old && umount -l /old && exec /bin/box' sh "$IMAGE" &
	ENGINE=$!
	inner() { pgrep -f '^sleep 7000' > "$PIDFILE"; }
	wait_until 10 inner || fail "unshare"
}

unshare_end() {
	kill -KILL "$(cat "$PIDFILE")"
	wait "$ENGINE" || return 0
}

# Alice's own user namespace with a range of ids, as engines without root make
# it; only root can write the maps.
rootless_make() {
	setpriv --reuid=alice --regid=alice --clear-groups \
		unshare --user --keep-caps --mount --pid --fork --net --uts \
		--ipc --propagation private sh -c '
		until [ "$(cat /proc/self/gid_map)" ]; do sleep 0.05; done
		exec setpriv --reuid=0 --regid=0 --clear-groups sh -c "$2" \
			sh "$1"' sh "$IMAGE" '
		mount --rbind "$1" "$1" && cd "$1" && mount -t proc proc proc &&
		mount -t tmpfs dev dev && mkdir dev/pts && : > dev/null &&
		mount --bind /dev/null dev/null && mount -t devpts \
			-o newinstance,ptmxmode=0666,mode=0620,gid=5 pts dev/pts &&
		ln -s pts/ptmx dev/ptmx && hostname box && mkdir dev/old &&
		pivot_root . dev/old && umount -l /dev/old && exec /bin/box' &
	ENGINE=$!
	outer() { pgrep -f '^sh -c' -P "$ENGINE" > "$OUT/outer"; }
	wait_until 10 outer || fail "unshare"
	printf '0 300000 %s\n%s %s 1\n' "$(id -u alice)" \
		"$(id -u alice)" "$(id -u alice)" > "$OUT/map"
	for map in uid_map gid_map; do
		# In a single write.
		cat "$OUT/map" > "/proc/$(cat "$OUT/outer")/$map" ||
			fail "$map"
	done
	inner() { pgrep -f '^sleep 7000' > "$PIDFILE"; }
	wait_until 10 inner || fail "rootless"
}

rootless_end() {
	unshare_end
}

# --- what holds for all of them

first() {
	cat "$PIDFILE"
}

engine_runs() {
	[ -d "/proc/$1" ] && pgrep -f '^sleep 7001' > /dev/null
}

no_sessions() {
	nsinit list --json alice | grep -q '"sessions": 0'
}

forgotten() {
	[ ! -e "$RUN/alice/pid" ] && [ ! -e "$RUN/alice/current/state" ] &&
		[ ! -e "$RUN/alice/current/cgroup" ] && [ -z "$(monitors)" ]
}

# equal_namespaces FILE PID: the namespaces in FILE are those of the process.
equal_namespaces() {
	local ns

	for ns in $NAMESPACES; do
		equal "namespace $ns" "$(ns_of "$2" "$ns")" \
			"$(printed_ns "$1" "$ns")"
	done
	differ "mount namespace of session and host" "$(ns_of self mnt)" \
		"$(printed_ns "$1" mnt)"
}

# nsshell needs capabilities if root owns the namespaces.
as_nsshell() {
	setcap cap_sys_admin,cap_sys_chroot,cap_sys_ptrace,cap_setpcap+ep \
		/usr/bin/nsshell || skip "setcap does not work here"
	setpriv --reuid=alice --regid=alice --init-groups /usr/bin/nsshell \
		"$@"
}

doors() {
	local pid1

	pid1=$(first)
	status_is 3 nssh alice "$NS_COMMAND; id -u; exit 3"
	equal_namespaces "$OUT/stdout" "$pid1"
	equal "uid" "$(id -u alice)" "$(tail -n 1 "$OUT/stdout")"
	equal "pid in the run directory" "$pid1" "$(pid_of alice)"
	status_is 4 su - alice -c "$NS_COMMAND; exit 4"
	equal_namespaces "$OUT/stdout" "$pid1"
	status_is 5 as_nsshell -c "$NS_COMMAND; id -u; exit 5"
	equal_namespaces "$OUT/stdout" "$pid1"
	equal "uid with nsshell" "$(id -u alice)" "$(tail -n 1 "$OUT/stdout")"
	status_is 0 nssh_with -tt -l alice 127.0.0.1 'tty'
	contains "terminal" /dev/pts "$(cat "$OUT/stdout")"
}

# bounds DOOR : prints the bounds in the status file of a session.
bounds() {
	by "$1" 'grep -E "^(CapBnd|NoNewPrivs):" /proc/self/status' |
		tr -s '\t\n\r' ' '
}
bounded() {
	local door

	need crun
	unshare_make
	# The control: if PID 1 has all, container.json decides.
	for door in ssh su; do
		equal "$door" "CapBnd: 00000000a00405fb NoNewPrivs: 0 " \
			"$(bounds "$door")"
	done
	unshare_end
	wait_until 10 forgotten || fail "it is not forgotten"
	rm -f "$PIDFILE"
	bundle /srv/bounded
	ln -sfn "$IMAGE" /srv/bounded/rootfs
	sed -i -e 's/"terminal": false,/& "noNewPrivileges": true, CAPS,/' \
		-e 's/CAPS/"capabilities": {"bounding": ["CAP_CHOWN",\
			"CAP_SYS_ADMIN"]}/' /srv/bounded/config.json
	crun_run /srv/bounded || fail "crun does not run"
	# Neither more than PID 1 has, nor more than container.json allows.
	for door in ssh su; do
		equal "$door" "CapBnd: 0000000000000001 NoNewPrivs: 1 " \
			"$(bounds "$door")"
	done
	crun_end
}

# PID 1's limits, filter and bounding set also hold for a session.
confined() {
	local pid1 session

	pid1=$(first)
	nssh alice 'grep -E "^(Seccomp|CapBnd):" /proc/self/status
		exec sleep 7002' > "$OUT/session" &
	found() { session=$(pgrep -f '^sleep 7002'); }
	wait_until 10 found || fail "no session"
	equal "control groups" "$(cat "/proc/$pid1/cgroup")" \
		"$(cat "/proc/$session/cgroup")"
	contains "filter" "Seccomp:	2" "$(cat "$OUT/session")"
	# The part of container.json's capabilities that the engine gives to
	# PID 1.
	contains "bounding set" "$(printf 'CapBnd:\t%016x' $((0xa00405fb &
		0x$(awk '/^CapBnd:/ { print $2 }' "/proc/$pid1/status"))))" \
		"$(cat "$OUT/session")"
	kill "$session"
	wait_until 10 no_sessions || fail "the session does not end"
	engine_runs "$pid1" || fail "the engine's processes were ended"
	contains "list" "pidfile $PIDFILE" "$(nsinit list alice)"
	contains "stats" "$PIDFILE" "$(nsinit stats --json alice)"
}

all_doors() {
	local engine=$1

	need "$2"
	syslog_mark
	"${engine}_make"
	( doors && confined )
	local status=$?
	"${engine%_userns}_end" > /dev/null 2>&1
	[ "$status" -eq 0 ] || exit "$status"
	wait_until 10 forgotten || fail "files are left:" \
		"$(ls -A "$RUN/alice/")" "$(monitors)"
	status_is 1 su - alice -c true
	contains "reason" "does not run" "$(syslog_since)"
}

# --- pid files

# refused TEXT: the login is refused, with TEXT in syslog.
refused() {
	syslog_mark
	su - alice -c "$NS_COMMAND" > "$OUT/refused" 2>&1 &&
		fail "a login was not refused" "$(cat "$OUT/refused")"
	lacks "output" "ns mnt" "$(cat "$OUT/refused")"
	logged "$1"
	[ ! -e "$RUN/alice/pid" ] || fail "there is a pid: $(pid_of alice)"
}

pid_files() {
	local text

	need_product
	fresh
	for text in 0 -1 1 +7 x 12x '12 13' 99999999999 '5
6'; do
		printf '%s\n' "$text" > "$PIDFILE"
		refused "expected a process id"
	done
	: > "$PIDFILE"
	refused "the file is empty"
	head -c 100 /dev/zero | tr '\0' 1 > "$PIDFILE"
	refused "larger than"
	echo 2147483646 > "$PIDFILE"
	refused "its process has ended"
	rm -f "$PIDFILE"
	refused "there is no such file"
}

# A file that alice, or anybody, could have written.
unsafe_files() {
	need unshare
	unshare_make
	chmod 0646 "$PIDFILE"
	refused "writable by others"
	chmod 0644 "$PIDFILE"
	chown alice "$PIDFILE"
	refused "must be owned by root"
	chown root "$PIDFILE"
	chown alice "$BOX"
	refused "must be owned by root"
	chown root "$BOX"
	mv "$PIDFILE" "$BOX/real"
	ln -s real "$PIDFILE"
	refused "symbolic link"
	rm "$PIDFILE"
	mkfifo "$PIDFILE"
	refused "expected a regular file"
	rm "$PIDFILE"
	mv "$BOX/real" "$PIDFILE"
	status_is 0 su - alice -c true
	unshare_end
	wait_until 10 forgotten || fail "files are left"
}

# The process is younger than the file: the number was reused.
recycled() {
	need unshare
	unshare_make
	touch -d '1 minute ago' "$PIDFILE"
	refused "started after the file was written"
	unshare_end
}

of_the_host() {
	need_product
	fresh
	cat "/run/sshd-$SSHD_PORT.pid" > "$PIDFILE"
	refused "host's pid namespace"
	unshare --pid --fork sleep 7003 &
	wait_until 5 pgrep -f '^sleep 7003' > "$PIDFILE" || fail "unshare"
	pgrep -f '^sleep 7003' > "$PIDFILE"
	refused "sees the host's mounts"
	kill -KILL "$(first)"
	wait
}

# setns() leads to the root of the mounts, not into a chroot.
chroot_is_no_root() {
	need unshare
	unshare --pid --fork --mount --root="$IMAGE" /bin/sleep 7003 &
	wait_until 5 pgrep -f '^/bin/sleep 7003' > /dev/null || fail "unshare"
	pgrep -f '^/bin/sleep 7003' > "$PIDFILE"
	refused "is in a chroot"
	kill -KILL "$(first)"
	wait
}

not_the_first() {
	need unshare
	unshare_make
	pgrep -f '^sleep 7001' > "$OUT/child"
	cp "$PIDFILE" "$OUT/first"
	cp "$OUT/child" "$PIDFILE"
	refused "is not PID 1 of its pid namespace"
	cp "$OUT/first" "$PIDFILE"
	unshare_end
}

of_another_user() {
	need unshare
	setpriv --reuid=bob --regid=bob --clear-groups \
		unshare --user --map-root-user --pid --fork --mount \
		sleep 7003 &
	wait_until 5 pgrep -f '^sleep 7003' > /dev/null || fail "unshare"
	pgrep -f '^sleep 7003' > "$PIDFILE"
	refused "made by uid $(id -u bob), who is neither root nor 'alice'"
	kill -KILL "$(first)"
	wait
}

unmapped() {
	need crun
	crun_userns_make > /dev/null
	crun_end
	bundle /srv/shifted 200000 500
	crun_run /srv/shifted || fail "crun does not run"
	refused "uid_map of the container: must map $(id -u alice)"
	crun_end
}

own_namespaces() {
	need unshare
	equal "gid" "$(id -u alice)" "$(id -g alice)"
	rootless_make
	status_is 4 su - alice -c "$NS_COMMAND; exit 4"
	equal_namespaces "$OUT/stdout" "$(first)"
	# Joining such a container needs no capability.
	status_is 5 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$NS_COMMAND; id -u; exit 5"
	equal_namespaces "$OUT/stdout" "$(first)"
	equal "uid" "$(id -u alice)" "$(tail -n 1 "$OUT/stdout")"
	rootless_end
	wait_until 10 forgotten || fail "files are left"
	# If root owns the namespaces, nsshell reports the reason.
	unshare_make
	status_is 0 su - alice -c true
	status_is 126 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c true
	contains "nsshell" "file capabilities" "$(cat "$OUT/stderr")"
	unshare_end
}

# --- starting and stopping

commands() {
	cat > /usr/local/sbin/box << END
#!/bin/sh
echo "\$*" >> /run/box/log
[ "\$1" = start ] || { crun --root /run/crun delete -f box; exit; }
[ ! -e /run/box/broken ] || { echo "no disk" >&2; exit 9; }
sleep 0.5
unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2> /dev/null
	exec crun --root /run/crun run -d --pid-file $PIDFILE -b /srv/plain box'
END
	chmod 0755 /usr/local/sbin/box
	bundle /srv/plain
	sed -i 's,"/bin/box","/bin/sh"\, "-c"\, "echo noise >\&2; exec box",' \
		/srv/plain/config.json
	ln -sfn "$IMAGE" /srv/plain/rootfs
	rm -f "$PIDFILE" "$BOX/log"
	config alice "{\"pidfile\": \"$BOX/%u.pid\", \"engine\": {
		\"start\": {\"path\": \"/usr/local/sbin/box\",
			\"args\": [\"start\", \"%u\"], \"timeout\": 20},
		\"stop\": {\"path\": \"/usr/local/sbin/box\",
			\"args\": [\"stop\"]}}}"
}

starts_once() {
	local i pids=()

	need crun
	commands
	for i in 1 2 3; do
		nssh alice "$NS_COMMAND" > "$OUT/login.$i" &
		pids+=($!)
	done
	for i in 1 2 3; do
		wait "${pids[i - 1]}" || fail "login $i failed"
		equal_namespaces "$OUT/login.$i" "$(first)"
	done
	equal "starts" "start alice" "$(cat "$BOX/log")"
	engine_runs "$(first)" || fail "it does not run any more"
	# It ends with all its processes, and is started again.
	crun_end
	status_is 0 su - alice -c "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	equal "starts" 2 "$(grep -c start "$BOX/log")"
}

stops() {
	need crun
	commands
	status_is 0 nsinit start alice
	status_is 1 nsinit pause alice
	contains "pause" "another engine" "$(cat "$OUT/stderr")"
	contains "check" "$PIDFILE" "$(nsinit check alice)"
	config alice "$PLAIN_JSON"
	status_is 1 nsinit stop alice
	contains "stop" "stop it with that engine" "$(cat "$OUT/stderr")"
	engine_runs "$(first)" || fail "it was ended"
	rm "$BOX/log"
	config alice "{\"pidfile\": \"$PIDFILE\", \"engine\": {\"stop\":
		{\"path\": \"/usr/local/sbin/box\", \"args\": [\"stop\"]}}}"
	status_is 0 nsinit stop alice
	equal "stops" stop "$(cat "$BOX/log")"
	wait_until 10 forgotten || fail "files are left"
}

# Another version recorded the container: it is recorded once more.
other_version() {
	need unshare
	unshare_make
	usermod -s /bin/sh alice
	nssh alice 'exec sleep 7002' &
	found() { session=$(pgrep -f '^sleep 7002'); }
	wait_until 10 found || fail "no session"
	sed 's/^version .*/version 77/' "$RUN/alice/current/state" > "$OUT/state"
	cat "$OUT/state" > "$RUN/alice/current/state"
	status_is 0 su - alice -c "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	equal "records" "$PIDFILE $PIDFILE" "$(nsinit list --json alice |
		jq -r .external | xargs)"
	kill "$session"
	wait_until 10 no_sessions || fail "the session does not end"
	engine_runs "$(first)" || fail "the engine's processes were ended"
	unshare_end
	wait_until 10 forgotten || fail "files are left: $(ls "$RUN/alice/")"
}

# nsinit check also refuses keys that need a container with control groups.
lifecycle_of_engine() {
	need unshare
	conf 'idle_timeout = 60;'
	export -f unshare_make wait_until
	export PIDFILE IMAGE
	unshare --mount --pid --fork --mount-proc bash -c '
		umount -n -R -l /sys/fs/cgroup
		unshare_make
		nsinit check alice
		nsinit start alice' > "$OUT/text" 2>&1
	equal "refusals" 2 "$(grep -c "needs control groups" "$OUT/text")"
	conf
}

failing_start() {
	need crun
	commands
	touch "$BOX/broken"
	refused "engine.start '/usr/local/sbin/box': ended with status 9: no disk"
	rm "$BOX/broken"
	chmod 0777 /usr/local/sbin/box
	refused "writable by others"
}

new_monitor() {
	local monitor

	need crun
	commands
	status_is 0 su - alice -c true
	monitor=$(monitors)
	kill -KILL "$monitor"
	status_is 0 su - alice -c "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	differ "monitor" "$monitor" "$(monitors)"
	equal "starts" "start alice" "$(cat "$BOX/log")"
	crun_end
	wait_until 10 forgotten || fail "files are left"
}

# --- the format

default_pidfile() {
	need unshare
	conf "pidfile = \"$BOX/%u.pid\";"
	config alice '{}'
	unshare_make
	status_is 0 su - alice -c "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	unshare_end
	wait_until 10 forgotten || fail "files are left"
	config alice '{"hostname": "mine"}'
	refused "hostname: cannot be combined with pidfile"
	config alice '{"rootfs": "/", "hostname": "mine"}'
	status_is 0 su - alice -c hostname
	equal "host name" mine "$(cat "$OUT/stdout")"
	conf
	nsinit stop alice 2> /dev/null
	wait_until 10 forgotten || fail "files are left"
}

# Its system is the host's: nothing there marks it as a container.
no_second_join() {
	need unshare
	usermod -s /usr/bin/nsshell alice
	unshare --mount --pid --fork --mount-proc --propagation private \
		sleep 7000 &
	inner() { pgrep -f '^sleep 7000' > "$PIDFILE"; }
	wait_until 10 inner || fail "unshare"
	status_is 0 nssh alice "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	status_is 0 nsenter -t "$(first)" -a su - alice -c "$NS_COMMAND"
	equal_namespaces "$OUT/stdout" "$(first)"
	conf 'nested = "refuse";'
	status_is 1 nsenter -t "$(first)" -a su - alice -c true
	conf
	usermod -s /bin/sh alice
	kill -KILL "$(first)"
	wait_until 10 forgotten || fail "files are left"
	wait
}

# The engine provides container-shell at the path that /etc/passwd of the host
# has for nsshell.
login_shell() {
	need unshare
	[ -e "$IMAGE/bin/nsshell" ] || fail "container-shell was not found"
	config alice "$PLAIN_JSON"
	usermod -s /usr/bin/nsshell alice
	unshare_make
	status_is 6 nssh alice "$NS_COMMAND; echo \$0 \$HOME; exit 6"
	equal_namespaces "$OUT/stdout" "$(first)"
	equal "shell" "sh /home/alice" "$(tail -n 1 "$OUT/stdout")"
	status_is 126 "$LIBEXEC/container-shell" -c true
	usermod -s /bin/sh alice
	unshare_end
	wait_until 10 forgotten || fail "files are left"
}

t "crun: every door leads into its container" all_doors crun crun
t "crun with a user namespace: every door" all_doors crun_userns crun
t "lxc: every door leads into its container" all_doors lxc lxc-start
t "systemd-nspawn: every door leads into its container" \
	all_doors nspawn systemd-nspawn
t "unshare: every door leads into its container" all_doors unshare unshare
t "J7 PID 1 of the engine bounds capabilities and privileges" bounded
t "pid files that are no pid files are refused" pid_files
t "a pid file that others can write is refused" unsafe_files
t "a number that was used again is refused" recycled
t "a process of the host is refused" of_the_host
t "a chroot is refused" chroot_is_no_root
t "a process that is not PID 1 is refused" not_the_first
t "another user's container is refused" of_another_user
t "a user who is not mapped is refused" unmapped
t "the user's own namespaces take no capability to join" own_namespaces
t "three logins start it once, and again when it ended" starts_once
t "only engine.stop stops it" stops
t "check refuses a lifecycle that an engine's container cannot have" \
	lifecycle_of_engine
t "a container that another version recorded is joined" other_version
t "a failing engine refuses the login" failing_start
t "a killed monitor is replaced" new_monitor
t "nscontainer.conf can have the pid file" default_pidfile
t "a login inside is not joined again" no_second_join
t "container-shell stands in for nsshell" login_shell
