#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The view and the rights of a session in the container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su
config alice '{"rootfs": "/", "hostname": "box-of-%u",
	"environment": ["GREETING=good day", "LANG=C.UTF-8"],
	"capabilities": ["NET_BIND_SERVICE", "CAP_KILL"],
	"no_new_privs": true}'
[ -n "$PLAIN" ] || sed -i 's/box-of-%u/box-of-alice/' \
	"$CONF/users/alice/container.json"
config bob '{"rootfs": "/"}'
conf 'linger = 30;'
sshd_start 22
echo private > /home/bob/private
chmod 0644 /home/bob/private
chmod 0755 /home/bob
: > "$TOP/host-file"

inside() {
	local guard="$INSIDE || exit 99; "

	[ -z "$PLAIN" ] || guard=
	nssh alice "$guard$1"
}

identity() {
	equal "id" "$(setpriv --reuid=alice --regid=alice --init-groups id)" \
		"$(inside id)"
}

# The rights of root's group and of others are also the host's.
shadow() {
	need_product
	status_is 1 inside 'cat /etc/shadow'
	empty "what cat printed" "$(cat "$OUT/stdout")"
	status_is 1 inside 'cat /etc/ssh/ssh_host_ed25519_key'
	empty "what cat printed" "$(cat "$OUT/stdout")"
}

homes() {
	need_product
	equal "homes" alice "$(inside 'ls /home')"
	status_is 1 inside 'cat /home/bob/private'
	status_is 2 inside 'ls /root'
}

own_home() {
	status_is 0 inside 'echo mine > ~/mine; stat -c "%U %G" ~/mine'
	equal "owner inside" "alice alice" "$(cat "$OUT/stdout")"
	equal "owner outside" "alice alice" \
		"$(stat -c '%U %G' /home/alice/mine)"
	equal "owner of home" "alice alice" \
		"$(inside 'stat -c "%U %G" /home/alice')"
}

processes() {
	need_product
	inside 'echo /proc/[0-9]*; ps -e -o comm=' > "$OUT/text"
	lacks "processes" sshd-listener "$(cat "$OUT/text")"
	lacks "processes" socat "$(cat "$OUT/text")"
	inside 'for p in /proc/[0-9]*; do cat $p/comm; done' |
		sort -u > "$OUT/comms"
	grep -vx 'container-init\|sshd\|sshd-session\|bash\|cat\|sort' "$OUT/comms" \
		> "$OUT/others"
	empty "processes that are not the container's" "$(cat "$OUT/others")"
	equal "PID 1" container-init "$(inside 'cat /proc/1/comm')"
}

pid1_exe() {
	need_product
	status_is 1 inside 'readlink /proc/1/exe || exit 1'
	status_is 1 inside ': 2> /dev/null > /proc/1/exe || exit 1'
	status_is 1 inside 'cat /proc/1/environ > /dev/null || exit 1'
}

capabilities() {
	need_product
	inside 'grep ^Cap /proc/self/status' > "$OUT/text"
	# KILL is 5, NET_BIND_SERVICE is 10.
	contains "capabilities" "CapBnd:	0000000000000420" \
		"$(cat "$OUT/text")"
	for set in CapInh CapPrm CapEff CapAmb; do
		contains "capabilities" "$set:	0000000000000000" \
			"$(cat "$OUT/text")"
	done
}

no_new_privileges() {
	need_product
	equal "NoNewPrivs" "NoNewPrivs:	1" \
		"$(inside 'grep NoNewPrivs /proc/self/status')"
}

default_new_privileges() {
	need_product
	equal "NoNewPrivs by default" "NoNewPrivs:	0" \
		"$(nssh bob "$INSIDE && grep NoNewPrivs /proc/self/status")"
}

# No descriptor of the login program is left.  The shell itself must not have a
# pipe open meanwhile.
FDS='ls /proc/$$/fd > ~/fds; sort -n ~/fds | xargs'
descriptors() {
	equal "descriptors" "0 1 2" "$(inside "$FDS")"
	equal "descriptors with a pty" "0 1 2" \
		"$(nssh alice -tt "$FDS" | tr -d '\r')"
}

descriptors_of_su() {
	equal "descriptors" "0 1 2" "$(timeout 20 su alice -c "$FDS")"
	equal "descriptors of su -" "0 1 2" "$(timeout 20 su - alice -c "$FDS")"
}

devices() {
	need_product
	inside 'cd /dev; for f in null zero full random urandom tty; do
		stat -c "%n %F %t:%T %a" $f; done' > "$OUT/text"
	cat > "$OUT/expected" <<-'END'
	null character special file 1:3 666
	zero character special file 1:5 666
	full character special file 1:7 666
	random character special file 1:8 666
	urandom character special file 1:9 666
	tty character special file 5:0 666
	END
	cmp "$OUT/expected" "$OUT/text" || fail "$(cat "$OUT/text")"
	inside 'find /dev -type b -o -type c' |
		grep -v '^/dev/\(null\|zero\|full\|u*random\|tty\|pts/.*\)$' \
		> "$OUT/more"
	empty "more devices" "$(cat "$OUT/more")"
	equal "use" "3 4" "$(inside 'head -c 3 /dev/zero | wc -c;
		head -c 4 /dev/urandom | wc -c; : > /dev/null' | xargs)"
	equal "/dev/fd" /proc/self/fd "$(inside 'readlink /dev/fd')"
	equal "/dev/ptmx" pts/ptmx "$(inside 'readlink /dev/ptmx')"
	equal "/dev/shm" 1777 "$(inside 'stat -c %a /dev/shm')"
	status_is 1 inside 'mknod /tmp/sda b 8 0'
	status_is 1 inside 'touch /dev/file'
}

hostname_inside() {
	need_product
	equal "hostname" box-of-alice "$(inside hostname)"
	equal "the host's" nscontainer-test "$(hostname)"
}

environment() {
	need_product
	inside env > "$OUT/text"
	contains "environment" "GREETING=good day" "$(cat "$OUT/text")"
	contains "environment" "HOME=/home/alice" "$(cat "$OUT/text")"
	contains "environment" "USER=alice" "$(cat "$OUT/text")"
	contains "environment" "SHELL=/bin/bash" "$(cat "$OUT/text")"
	contains "environment" "SSH_CONNECTION=" "$(cat "$OUT/text")"
}

masked() {
	local path

	need_product
	for path in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger
	do
		inside "head -c 1 $path" > "$OUT/text" 2> /dev/null
		empty "$path" "$(cat "$OUT/text")"
	done
	status_is 1 inside 'echo 1 > /proc/sys/kernel/panic || exit 1'
	equal "/sys/firmware" "" "$(inside 'ls /sys/firmware' 2> /dev/null)"
	status_is 1 inside 'echo b > /proc/sysrq-trigger || exit 1'
}

# Nobody can change the host's system, not even the container's root.
read_only() {
	need_product
	status_is 1 inside 'touch /usr/x || exit 1'
	status_is 1 inside 'touch /etc/x || exit 1'
	status_is 1 inside 'touch /x || exit 1'
	status_is 0 inside 'touch /tmp/x ~/x /dev/shm/x'
	[ ! -e /tmp/x ] || fail "/tmp is the host's"
	[ -e /home/alice/x ] || fail "the home is not the user's"
	# Writable mounts that are not file systems of the container.
	inside 'cat /proc/self/mounts' | awk '$4 ~ /^rw/ && $2 != "/home/alice" &&
		!($3 == "tmpfs" && $1 !~ /^nsc-world/) && $2 !~ /^.dev/ &&
		$3 != "proc" { print }' > "$OUT/more"
	empty "more writable mounts" "$(cat "$OUT/more")"
	inside 'find / -xdev -path /tmp -prune -o -type d -writable -print; for d in /root \
		/media /mnt /srv /opt /var /etc; do [ ! -w $d ] || echo $d; done' \
		> "$OUT/text" 2> /dev/null
	empty "directories that the user can write to" "$(cat "$OUT/text")"
}

network() {
	need_product
	equal "interfaces" lo "$(inside 'ls /sys/class/net' | xargs)"
	contains "loopback" "refused" "$(inside \
		'exec 3<>/dev/tcp/127.0.0.1/22' 2>&1)"
}

# The container's root has no power over the host or the masks, not even if no
# filter prevents its own mounts.
no_mounting() {
	need_product
	config carol '{"rootfs": "/", "seccomp": "unconfined"}'
	inside() { nssh carol "$INSIDE || exit 99; $1"; }
	status_is 0 inside 'unshare -Urm mount -t tmpfs none /mnt'
	status_is 1 inside 'unshare -Urm umount /proc/kcore || exit 1'
	status_is 1 inside 'unshare -Urm mount -o remount,rw / || exit 1'
	status_is 1 inside 'unshare -Urm sh -c \
		"mount -o remount,bind,rw /usr && touch /usr/x" || exit 1'
	[ ! -e /usr/x ] || fail "/usr/x is on the host"
	nsinit stop carol
}

not_traceable() {
	local pid

	need_product
	hold alice
	pid=$(pid_of alice)
	equal "host's view of PID 1's root" "" "$(setpriv --reuid=bob \
		--regid=bob --clear-groups ls "/proc/$pid/root" 2> /dev/null)"
	release
}

kill_init_inside() {
	need_product
	inside 'kill -KILL 1; kill -TERM 1' 2> /dev/null
	status_is 0 inside true
}

message() {
	need_product
	config carol '{"rootfs": "/", "session": {"message": "Welcome."}}'
	contains "message" "Welcome." "$(timeout 20 su - carol < /dev/null 2>&1)"
	lacks "message in the output of a command" Welcome \
		"$(nssh carol 'echo x' 2> /dev/null)"
}

umask_and_directory() {
	need_product
	rm -rf "$CONF/users/bob"
	equal "umask" "$(nssh bob umask)" "$(inside umask)"
	equal "working directory" /home/alice "$(inside pwd)"
}

t "id prints the same inside as outside" identity
t "M7 shadow and the host's keys cannot be read" shadow
t "M7 other users' homes are invisible" homes
t "the home is the user's own" own_home
t "proc shows the container's processes only" processes
t "PID 1's program and environment are out of reach" pid1_exe
t "J7 the bounding set is what is configured" capabilities
t "no_new_privs is set where configured" no_new_privileges
t "no_new_privs is not set by default" default_new_privileges
t "E4 a session's descriptors are 0, 1 and 2 only" descriptors
t "E4 a session of su has descriptors 0, 1 and 2 only" descriptors_of_su
t "P7 the devices are those of the table" devices
t "the hostname is the container's" hostname_inside
t "the environment has what is configured" environment
t "P1 paths of the kernel are masked" masked
t "M7 only home, tmp, run and dev are writable" read_only
t "the network is a loopback of its own" network
t "M5 masks and read-only mounts cannot be lifted" no_mounting
t "J1 another user does not see into the container" not_traceable
t "L6 the user cannot kill PID 1" kill_init_inside
t "session.message is shown on entry" message
t "umask and working directory are a login's" umask_and_directory
