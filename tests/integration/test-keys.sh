#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keys of container.json, each seen from inside: mounts, limits of processes,
# accounts, hooks, init.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su
conf 'linger = 0; stop = "logout";'
sshd_start 22
IMAGE=/srv/images/busybox
REASON=$(make_busybox "$IMAGE") || IMAGE=
ALICE=$(id -u alice)
rm -f "$IMAGE/bin/bash"
printf '#!/bin/sh\nexec /bin/sh "$@"\n' > "$IMAGE/bin/bash"
chmod 0755 "$IMAGE/bin/bash"

# fresh MORE : alice's container has the host's system, and MORE.
fresh() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

# image MORE : alice's container has the image, and MORE.
image() {
	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	clean_slate
	config alice "{\"rootfs\": \"$IMAGE\", \"session\": {\"shell\": \"/bin/sh\"}${1:+, $1}}"
	syslog_mark
}

inside() {
	timeout 20 su - alice -s /bin/sh -c "$INSIDE || exit 99; $1"
}

refused() {
	inside true > "$OUT/text" 2>&1 && fail "the login is not refused"
	logged "$1"
	empty "containers" "$(inits)"
}

# --- mounts

mount_types() {
	image '"mounts": [
		{"type": "tmpfs", "destination": "/t", "size": "2m", "mode": "1777"},
		{"type": "proc", "destination": "/p", "writable": true},
		{"type": "proc", "destination": "/pro"},
		{"type": "sysfs", "destination": "/s"},
		{"type": "mqueue", "destination": "/q"},
		{"type": "devpts", "destination": "/pts"},
		{"type": "cgroup", "destination": "/cg"}]'
	inside 'mount' > "$OUT/mounts" || fail "login fails"
	grep -E ' on /(t|p|pro|s|q|pts|cg)(/| )' "$OUT/mounts" \
		> "$OUT/ours"
	contains "tmpfs" "on /t type tmpfs (rw,nosuid,nodev" "$(cat "$OUT/ours")"
	contains "its size" "size=2048k" "$(cat "$OUT/ours")"
	equal "its mode" 1777 "$(inside "stat -c %a /t")"
	contains "proc" "on /p type proc (rw,nosuid,nodev,noexec" \
		"$(cat "$OUT/ours")"
	contains "proc" "on /pro type proc (ro," "$(cat "$OUT/ours")"
	contains "sysfs" "on /s type sysfs (ro,nosuid,nodev,noexec" \
		"$(cat "$OUT/ours")"
	contains "mqueue" "on /q type mqueue (rw,nosuid,nodev,noexec" \
		"$(cat "$OUT/ours")"
	contains "devpts" "on /pts type devpts (rw,nosuid,noexec" \
		"$(cat "$OUT/ours")"
	contains "cgroup" "on /cg" "$(cat "$OUT/ours")"
	lacks "cgroup" "rw" "$(grep -F ' on /cg' "$OUT/ours" | grep -v '(ro,')"
	equal "the pid namespace of the second proc" "1" \
		"$(inside 'ls /p | grep -cx 1')"
	equal "a process that it shows" same \
		"$(inside 'cmp /proc/$$/stat /p/$$/stat && echo same')"
}

tmpfs_is_full() {
	image '"mounts": [{"type": "tmpfs", "destination": "/t", "size": "1m", "mode": "1777"}]'
	status_is 0 inside 'head -c 900000 /dev/zero > /t/a'
	inside 'head -c 2000000 /dev/zero > /t/a' 2> /dev/null &&
		fail "more than its size fits"
	return 0
}

second_proc_is_masked() {
	image '"mounts": [{"type": "proc", "destination": "/p", "writable": true},
		{"type": "sysfs", "destination": "/s", "writable": true}]'
	equal "secrets" "" "$(inside 'cat /p/keys /p/timer_list
		/p/sysrq-trigger; ls /s/firmware' 2> /dev/null)"
	status_is 0 inside '! echo 1 > /p/sys/kernel/panic && ! echo h > /p/sysrq-trigger'
}

# Even with CAP_SYS_ADMIN inside, no protection can be removed.
masks_stay() {
	local pid

	image '"seccomp": "unconfined", "mounts": [{"type": "proc", "destination": "/p"}]'
	hold alice
	pid=$(pid_of alice)
	for path in /p/keys /p/sys /p /proc/sys /sys/firmware; do
		nsenter -t "$pid" -a -S 0 -G 0 umount "$path" 2> "$OUT/err" &&
			fail "umount $path works"
	done
	nsenter -t "$pid" -a -S 0 -G 0 mount -o remount,rw,bind /p \
		2> "$OUT/err" && fail "remount works"
	release
}

overlay_mount() {
	image '"mounts": [{"type": "overlay", "source": "/srv/o/a:/srv/o/b",
		"destination": "/o", "writable": true},
		{"type": "overlay", "source": "/srv/o/a:/srv/o/b",
		"destination": "/ro"}]'
	mkdir -p /srv/o/a /srv/o/b
	echo a > /srv/o/a/both
	echo b > /srv/o/b/both
	echo only > /srv/o/b/b
	chmod 0777 /srv/o/a
	equal "layers" "a only" "$(inside 'echo $(cat /o/both) $(cat /o/b)')"
	status_is 0 inside 'echo new > /o/new && cat /o/new && ! touch /ro/x'
	[ ! -e /srv/o/a/new ] || fail "written to the source"
	empty "kept" "$(inside 'ls /o' | grep new)"
}

# Does a later mount of the host appear in the container?
propagation() {
	image '"mounts": [
		{"type": "bind", "source": "/srv/p", "destination": "/slave", "private": false, "writable": true},
		{"type": "bind", "source": "/srv/p", "destination": "/own", "writable": true}]'
	mkdir -p /srv/p/later
	mount --bind /srv/p /srv/p
	mount --make-shared /srv/p
	hold alice
	mount -t tmpfs nsc-later /srv/p/later
	echo seen > /srv/p/later/file
	equal "slave" seen "$(inside 'cat /slave/later/file')"
	equal "private" "" "$(inside 'cat /own/later/file' 2> /dev/null)"
	# The other direction: as root of the container with all capabilities.
	nsenter -t "$(pid_of alice)" -a -S 0 -G 0 mount -t tmpfs nsc-inside \
		/slave/later || fail "the test is wrong: no mount inside"
	lacks "mounts of the host" nsc-inside "$(cat /proc/self/mounts)"
	release
	umount /srv/p/later
	umount /srv/p
}

readonly_recursive() {
	image '"mounts": [{"type": "bind", "source": "/srv/r", "destination": "/r"}]'
	mkdir -p /srv/r/sub
	mount -t tmpfs nsc-sub /srv/r/sub
	chmod 0777 /srv/r /srv/r/sub
	status_is 0 inside '! touch /r/x && ! touch /r/sub/x'
	umount /srv/r/sub
}

# The owner of the rootfs swaps a directory for a link to the host while the
# container is made: nothing is ever mounted, or made, outside.
swapped_rootfs() {
	local i swapper before

	image '"mounts": [{"type": "tmpfs", "destination": "/swap/target/deep"},
		{"type": "bind", "source": "/srv/source", "destination": "/swap/file"}]'
	mkdir -p /srv/victim /srv/other
	echo x > /srv/source
	rm -rf "$IMAGE/swap"
	mkdir "$IMAGE/swap"
	before=$(grep -c . /proc/self/mounts)
	(while :; do
		mv -T "$IMAGE/swap" "$IMAGE/swap.d" 2> /dev/null
		ln -sfn /srv/victim "$IMAGE/swap"
		rm -f "$IMAGE/swap"
		ln -sfn ../../../../srv/victim "$IMAGE/swap"
		rm -f "$IMAGE/swap"
		mv -T "$IMAGE/swap.d" "$IMAGE/swap" 2> /dev/null
	done) &
	swapper=$!
	for ((i = 0; i < 12; i++)); do
		inside true > /dev/null 2>&1
	done
	kill "$swapper"
	wait "$swapper" 2> /dev/null
	empty "made outside of the rootfs" "$(ls -A /srv/victim)"
	equal "mounts of the host" "$before" "$(grep -c . /proc/self/mounts)"
	rm -rf "$IMAGE/swap" "$IMAGE/swap.d"
}

no_pivot() {
	image '"no_pivot_root": true'
	# The test of a swapped mount point may have made one there.
	rm -rf "${IMAGE:?}/srv"
	inside "$NS_COMMAND; cat /etc/image; ls /; $STAY" > "$OUT/ns" &
	wait_until 10 grep -qs proc "$OUT/ns" || fail "login fails"
	landed_inside "$OUT/ns" alice
	contains "image" "made for the test" "$(cat "$OUT/ns")"
	lacks "/" srv "$(cat "$OUT/ns")"
	status_is 0 nsenter -t "$(pid_of alice)" -a -S 0 -G 0 \
		/bin/sh -c 'cd /; cd ../../..; [ -e etc/image ] &&
		chroot . [ -e /etc/image ]'
	: > /home/alice/go
	wait
	rm -f /home/alice/go
}

# --- processes

limits() {
	fresh '"umask": "0027", "oom_score_adj": 300, "rlimits": [
		{"type": "RLIMIT_NOFILE", "hard": 200, "soft": 100},
		{"type": "RLIMIT_NPROC", "hard": 5000, "soft": 4000}]'
	inside 'umask; ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj' \
		> "$OUT/got" || fail "login fails"
	equal "su" "0027 100 200 0 300" "$(tr '\n' ' ' < "$OUT/got" | sed 's/ $//')"
	nssh alice 'ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj' \
		> "$OUT/got" || fail "ssh fails"
	equal "ssh" "100 200 0 300" "$(tr '\n' ' ' < "$OUT/got" | sed 's/ $//')"
}

limits_of_pid1() {
	fresh '"oom_score_adj": 300, "rlimits": [
		{"type": "RLIMIT_NOFILE", "hard": 200, "soft": 100}]'
	hold alice
	equal "oom_score_adj" 300 "$(cat "/proc/$(pid_of alice)/oom_score_adj")"
	contains "limits" "Max open files            100                  200" \
		"$(cat "/proc/$(pid_of alice)/limits")"
	release
}

sysctl_inside() {
	fresh '"sysctl": {"net.ipv4.ip_unprivileged_port_start": "80",
		"kernel.msgmax": "4096", "fs.mqueue.msg_max": "7",
		"kernel.domainname": "inside.example"}'
	equal "inside" "80 4096 7 inside.example" "$(inside 'cd /proc/sys
		echo $(cat net/ipv4/ip_unprivileged_port_start kernel/msgmax \
		fs/mqueue/msg_max kernel/domainname)')"
	differ "the host's" 80 \
		"$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)"
	fresh '"sysctl": {"net.ipv4.no_such_thing": "1"}'
	refused 'this kernel has no such parameter'
	fresh '"sysctl": {"kernel.msgmax": "many"}'
	refused "sysctl: write 'many' to kernel/msgmax"
}

paths() {
	fresh '"masked_paths": ["/proc/cpuinfo", "/usr/share/doc", "/no/such"],
		"readonly_paths": ["/tmp"]'
	status_is 0 inside '[ -z "$(cat /proc/cpuinfo)" ] &&
		[ -z "$(ls /usr/share/doc)" ] && ! touch /tmp/x'
}

time_namespace() {
	fresh '"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUSER": true,
		"NEWUTS": true, "NEWIPC": true, "NEWNET": true,
		"NEWCGROUP": true, "NEWTIME": true}'
	differ "time namespace" "$(readlink /proc/self/ns/time)" \
		"$(inside 'readlink /proc/self/ns/time')"
	differ "time namespace, ssh" "$(readlink /proc/self/ns/time)" \
		"$(nssh alice 'readlink /proc/self/ns/time')"
}

no_security_module() {
	[ ! -e /sys/module/apparmor ] ||
		[ "$(cat /sys/module/apparmor/parameters/enabled)" = N ] ||
		return 0
	fresh '"context": {"apparmor_profile": "some"}'
	refused 'context.apparmor_profile: AppArmor is not active on this host'
	fresh '"context": {"process_label": "a:b:c:s0"}'
	refused 'context.process_label: SELinux is not active on this host'
	fresh '"context": {"mount_label": "a:b:c:s0"}'
	refused 'context.mount_label: SELinux is not active on this host'
}

# --- accounts

account_of_image() {
	image
	sed -i '/^alice/d' "$IMAGE/etc/passwd" "$IMAGE/etc/group"
	groupadd -f -g 4321 helpers
	usermod -aG helpers alice
	equal "whoami" alice "$(inside whoami)"
	equal "id" "uid=$ALICE(alice) gid=$ALICE(alice) groups=$ALICE(alice),4321(helpers)" \
		"$(nssh alice id)"
	equal "home" /home/alice "$(inside 'cd; pwd')"
	# Root inside may write them, so they are not mounted over.
	equal "lines in the rootfs" "1 1" "$(grep -c ^alice: \
		"$IMAGE/etc/passwd") $(grep -c ^helpers: "$IMAGE/etc/group")"
	status_is 0 inside '! echo x >> /etc/passwd'
	sed -i '/^alice/d' "$IMAGE/etc/passwd"
	sed -i '/^alice/d; /^helpers/d' "$IMAGE/etc/group"
	getent passwd alice >> "$IMAGE/etc/passwd"
	getent group alice >> "$IMAGE/etc/group"
}

# With ids that are mapped to other ids of the host, files of the home still
# belong to the user on both sides, by each door.
home_of_mapped_ids() {
	local map="[{\"container_id\": 0, \"host_id\": 3000000, \"size\": 65536}]"
	local door

	fresh "\"uid_mappings\": $map, \"gid_mappings\": $map"
	echo before > /home/alice/before
	chown alice:alice /home/alice/before
	chmod 0600 /home/alice/before
	for door in ssh su nsshell; do
		case $door in
		ssh) set -- nssh alice ;;
		su) set -- timeout 20 su - alice -c ;;
		nsshell)
			timeout 20 nsinit stop alice > /dev/null 2>&1
			timeout 20 nsinit start alice
			set -- timeout 20 setpriv --reuid=alice --regid=alice \
				--init-groups /usr/bin/nsshell -c ;;
		esac
		equal "$door" "before $ALICE:$ALICE alice" "$("$@" \
			"cd; rm -f made; : > made; echo \$(cat before) \$(stat -c %u:%g made) \$(id -un)")"
		equal "$door: on the host" "$ALICE:$ALICE" \
			"$(stat -c %u:%g /home/alice/made)"
	done
	nssh alice 'exec sleep 321' &
	sleeper() { pgrep -fx 'sleep 321' > "$OUT/pid"; }
	wait_until 10 sleeper || fail "ssh fails"
	equal "a process of the session, on the host" $((3000000 + ALICE)) \
		"$(stat -c %u "/proc/$(cat "$OUT/pid")")"
	kill "$(cat "$OUT/pid")"
	wait
	rm -f /home/alice/before /home/alice/made
}

account_without_files() {
	image
	mv "$IMAGE/etc/passwd" "$IMAGE/etc/group" "$OUT/"
	equal "whoami" alice "$(inside whoami)"
	equal "the rest of /etc" "made for the test" "$(inside 'cat /etc/image')"
	[ ! -e "$IMAGE/etc/passwd" ] || fail "the image was changed"
	mv "$IMAGE/etc" "$IMAGE/etc.away"
	equal "whoami without /etc" alice "$(inside whoami)"
	empty "in the image" "$(ls "$IMAGE/etc")"
	rmdir "$IMAGE/etc"
	mv "$IMAGE/etc.away" "$IMAGE/etc"
	mv "$OUT/passwd" "$OUT/group" "$IMAGE/etc/"
}

account_of_readonly_image() {
	image '"readonly_fs": true'
	sed -i '/^alice/d' "$IMAGE/etc/passwd"
	equal "whoami" alice "$(inside whoami)"
	getent passwd alice >> "$IMAGE/etc/passwd"
}

# An object in the place of the file must neither block nor mislead the start.
account_hostile() {
	image
	mv "$IMAGE/etc/passwd" "$OUT/"
	mkfifo "$IMAGE/etc/passwd"
	refused "passwd is not a regular file"
	rm "$IMAGE/etc/passwd"
	ln -s ../../../../etc/shadow "$IMAGE/etc/passwd"
	inside 'cat /etc/passwd' > "$OUT/text" 2> /dev/null
	lacks "passwd" 'root:' "$(cat "$OUT/text")"
	rm "$IMAGE/etc/passwd"
	mv "$OUT/passwd" "$IMAGE/etc/"
}

# --- hooks and init

hook() {
	mkdir -p /usr/local/lib/hooks
	printf '#!/bin/sh\n%s\n' "$2" > "/usr/local/lib/hooks/$1"
	chmod 0755 "/usr/local/lib/hooks/$1"
}

hooks_run() {
	hook start 'echo "$NSC_HOOK $NSC_USER $NSC_ROOTFS $*" >> /run/hooks
		env | cut -d = -f 1 | sort | tr "\n" " " >> /run/hooks.env
		ls /proc/self/fd | tr "\n" " " >> /run/hooks.env
		[ -d /proc/$NSC_PID ] && readlink /proc/self/ns/mnt >> /run/hooks
		id -u >> /run/hooks'
	hook stop 'echo "$NSC_HOOK $NSC_USER $#$1" >> /run/hooks'
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/hooks/start", "args": ["one", "two words"]}],
		"stop": [{"path": "/usr/local/lib/hooks/stop", "args": [""]}]}'
	rm -f /run/hooks /run/hooks.env
	status_is 0 inside true
	wait_until 5 grep -qs '^stop' /run/hooks || fail "stop did not run"
	equal "what ran" "start alice / one two words
$(readlink /proc/self/ns/mnt)
0
stop alice 1" "$(cat /run/hooks)"
	equal "environment and descriptors" \
		"NSC_CONFIG NSC_HOOK NSC_PID NSC_ROOTFS NSC_USER PATH PWD 0 1 2 3 " \
		"$(cat /run/hooks.env)"
	wait_until 5 no_container alice || fail "left"
	[ ! -e "$RUN/alice/current/hooks" ] || fail "the file of the hooks is left"
}

hooks_fail() {
	hook fail 'echo "no license for today" >&2; exit 3'
	hook hang 'exec sleep 100'
	hook stop 'echo "$NSC_HOOK" >> /run/hooks'
	rm -f /run/hooks
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/hooks/fail"}],
		"stop": [{"path": "/usr/local/lib/hooks/stop"}]}'
	refused "hooks.start '/usr/local/lib/hooks/fail': ended with status 3: no license for today"
	equal "stop hooks" stop "$(cat /run/hooks)"
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/hooks/fail", "on_failure": "ignore"}]}'
	status_is 0 inside true
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/hooks/hang", "timeout": 1}]}'
	refused "did not end within its timeout of 1 seconds"
	empty "left of the hook" "$(pgrep -f 'sleep 100')"
	fresh '"hooks": {"start": [{"path": "/no/such"}]}'
	refused "hooks.start '/no/such'"
	chmod 0777 /usr/local/lib/hooks/stop
	fresh '"hooks": {"stop": [{"path": "/usr/local/lib/hooks/stop"}]}'
	refused "writable by others"
}

# many BYTES : a hook at the end with BYTES bytes of arguments.
many() {
	local args
	args=$(printf '"%0999d",' $(seq 1 $(($1 / 1000))))
	fresh "\"hooks\": {\"stop\": [
		{\"path\": \"/usr/local/lib/hooks/stop\", \"args\": [${args%,}]}]}"
	rm -f /run/hooks
}

# A hook that does not fit into the file in the run directory is refused, not
# dropped.
hooks_too_many() {
	hook stop 'echo "$NSC_HOOK $#" >> /run/hooks'
	many 64000
	status_is 0 inside true
	wait_until 5 no_container alice
	equal "those that fit" "stop 64" "$(cat /run/hooks)"
	many 66000
	refused "hooks.stop: hooks: needs 66"
	refused ", but the limit is 65536: arguments takes 66"
	[ ! -e /run/hooks ] || fail "they ran"
	nsinit check alice > "$OUT/check" 2>&1 && fail "check finds nothing"
	contains "check" "combine them in one script" "$(cat "$OUT/check")"
}

# A background process of a hook that holds its output does not block the
# start.
hook_in_background() {
	hook back 'sleep 7 & exit 0'
	fresh '"hooks": {"start": [{"path": "/usr/local/lib/hooks/back", "timeout": 5}]}'
	status_is 0 inside true
	pkill -x -f 'sleep 7'
}

# kill -9 of monitor and PID 1: the next start runs the remaining hooks.
hooks_after_kill() {
	hook stop 'echo "$NSC_HOOK $NSC_PID" >> /run/hooks'
	fresh '"hooks": {"stop": [{"path": "/usr/local/lib/hooks/stop"}]}'
	rm -f /run/hooks
	hold alice
	pid=$(pid_of alice)
	pkill -KILL -x container-monit
	kill -KILL "$pid"
	release
	[ ! -e /run/hooks ] || fail "the test is wrong: stop hooks ran"
	status_is 0 inside true
	wait_until 5 no_container alice
	equal "first to run" "stop $pid" "$(head -n 1 /run/hooks)"
	equal "runs" 2 "$(grep -c . /run/hooks)"
}

own_init() {
	image '"init": "/sbin/own-init --flag"'
	mkdir -p "$IMAGE/sbin"
	printf '#!/bin/sh\n%s\n' 'echo "$$ $0 $* $container $(id -u)" > /tmp/init
		trap "echo halt > /tmp/halted; sleep 0.2; exit 0" PWR
		while :; do sleep 0.1; done' > "$IMAGE/sbin/own-init"
	chmod 0755 "$IMAGE/sbin/own-init"
	hold alice
	equal "what it is" "1 /sbin/own-init --flag nscontainer 0" \
		"$(inside 'cat /tmp/init')"
	inside "$NS_COMMAND; $STAY" > "$OUT/ns" &
	wait_until 10 grep -qs 'ns cgroup' "$OUT/ns" || fail "no second login"
	landed_inside "$OUT/ns" alice
	: > /home/alice/go
	wait $!
	rm -f /home/alice/go
	status_is 0 nsinit stop alice
	equal "asked to halt" halt "$(cat "$IMAGE/tmp/halted")"
	release
	wait_until 5 no_container alice || fail "left"
	image '"init": "/sbin/none"'
	refused "init: '/sbin/none' in the container: No such file"
	image '"init": "/sbin/own-init"'
	status_is 0 inside true
	wait_until 5 no_container alice || fail "stop policy: goes on"
}

t "mounts of each type are there, as restricted as they must be" mount_types
t "L5 a tmpfs holds no more than its size" tmpfs_is_full
t "M5 a second proc or sysfs shows and writes nothing of the host's" \
	second_proc_is_masked
t "M5 no mask comes off, whatever one may inside" masks_stay
t "an overlay mount shows its layers and keeps nothing" overlay_mount
t "M3 mounts propagate as private says, and never outwards" propagation
t "M4 a read-only bind is so with all below it" readonly_recursive
t "M1 a rootfs that is swapped while it is mounted leads nowhere" swapped_rootfs
t "no_pivot_root enters the rootfs all the same" no_pivot
t "umask, rlimits and oom_score_adj hold in a session" limits
t "rlimits and oom_score_adj hold for PID 1" limits_of_pid1
t "sysctls are the container's, and wrong ones are refused" sysctl_inside
t "masked_paths and readonly_paths" paths
t "NEWTIME gives a time namespace" time_namespace
t "labels without a security module are refused" no_security_module
t "a user that the image does not know has an account" account_of_image
t "a home is id-mapped where the ids are others on the host" home_of_mapped_ids
t "an account in an image without passwd and group" account_without_files
t "an account in a read-only image" account_of_readonly_image
t "M10 hostile passwd files do not hang or leak" account_hostile
t "L9 hooks run as root with a clean environment" hooks_run
t "L9 hooks that fail, hang or are not trusted" hooks_fail
t "L9 hooks at the end that nobody could run are refused" hooks_too_many
t "L9 a hook that leaves a process behind is over" hook_in_background
t "stop hooks run after kill -9 of monitor and PID 1" hooks_after_kill
t "an init of the rootfs is PID 1 and is joined like any" own_init
