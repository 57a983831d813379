#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The user's own home: it is where passwd says, whoever owns it and whatever is
# mounted there, or somebody is told.  The first word of a test is the entry of
# the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l sshd
SERVER=$(dirname "$0")/fuseserver
REAL=/srv/data/alice
install -D -m 0644 "$KEY.pub" /srv/keys
sshd_start 22 -o AuthorizedKeysFile=/srv/keys

# fresh JSON [CONF...] : alice's home is as useradd made it.
fresh() {
	need_product
	release_all
	conf 'stop = "logout";' "${@:2}"
	config alice "$1"
	usermod -d /home/alice alice > /dev/null 2>&1
	rm -rf /srv/data /home/alice
	mkdir -p /srv/data
	make_home /home/alice alice:alice 0700
	syslog_mark
}
make_home() {
	install -d -o "${2%:*}" -g "${2#*:}" -m "$3" "$1"
	echo "of alice" > "$1/file"
	chmod 0644 "$1/file"
}
release_all() {
	local pid

	for pid in $(jobs -p); do
		kill "$pid" 2> /dev/null
	done
	clean_slate
	while umount /home/alice 2> /dev/null; do :; done
}

login() {
	timeout 20 su - -s /bin/sh alice -c "$INSIDE && { $1; }" 2>&1
}

# The same with what PAM says, which su -c suppresses.
greeted() {
	echo "$INSIDE && { $1; }" | timeout 20 su - -s /bin/sh alice 2>&1
}

# sees WHAT PATH... : alice reads the files in a container of her own.
sees() {
	local path

	for path in "${@:2}"; do
		equal "$1: $path" "of alice" "$(login "cat $path")"
	done
}

# Both kinds of system.
OWN='"rootfs": "/srv/images/plain", "accept": ["exposed-files"],
	"session": {"shell": "/bin/sh"}'
systems() {
	local rootfs

	[ -d /srv/images/plain ] || make_busybox /srv/images/plain > /dev/null
	for rootfs in '"rootfs": "/"' "$OWN"; do
		fresh "{$rootfs ${2-}}"
		"$1" || exit
	done
}

# /home/alice is a link of root's.
move_home() {
	rm -rf "$REAL" /home/alice
	make_home "$REAL" alice:alice 0700
	ln -s "$REAL" /home/alice
}

link() {
	move_home
	sees "behind a link" /home/alice/file '$HOME/file'
	login 'echo new > ~/new' > /dev/null
	equal "written" new "$(cat "$REAL/new")"
	equal "owner" alice "$(stat -c %U "$REAL/new")"
}
# Programs may have noted the directory itself; the host's "/" has it.
link_target() {
	fresh '{"rootfs": "/"}'
	move_home
	sees "the directory" "$REAL/file" /home/alice/file
	login "echo new > $REAL/new" > /dev/null
	equal "written" new "$(cat "$REAL/new")"
	# The control.
	fresh '{"rootfs": "/", "home": "none"}'
	move_home
	lacks "no home" "of alice" "$(login 'cat /home/alice/file')"
}

roots() {
	local mode

	for mode in "root:alice 0750" "root:root 0755"; do
		rm -rf /home/alice
		# shellcheck disable=SC2086 # two words
		make_home /home/alice $mode
		install -d -o alice /home/alice/upload
		sees "$mode" /home/alice/file
		equal "may not write" no "$(login \
			'touch ~/x 2> /dev/null && echo yes || echo no')"
		equal "may write" yes "$(login \
			'touch ~/upload/x && echo yes')"
		wait_until 5 no_container alice
	done
}

# serve USER : mount a file system of the user's there, without allow_other.
serve() {
	[ -x "$SERVER" ] || skip "fuseserver: it is not built"
	[ -e /dev/fuse ] || mknod -m 0666 /dev/fuse c 10 229
	(: < /dev/fuse) 2> /dev/null || skip "fuse: the host has no such device"
	rm -f "$OUT/server"
	"$SERVER" /home/alice "$(id -u "$1")" answers > "$OUT/server" 2>&1 &
	wait_until 5 grep -qs mounted "$OUT/server" ||
		fail "fuseserver: $(cat "$OUT/server")"
}
users_fuse() {
	serve alice
	# The control: root may not look.
	ls /home/alice 2> /dev/null && fail "root may look into it"
	equal "her file system" sub "$(login '[ -d ~/sub ] && echo sub')"
}
# Somebody else's is not hers.
others_fuse() {
	fresh '{"rootfs": "/"}'
	serve bob
	contains "alice" "Your home directory is not in" "$(greeted 'ls ~')"
}

missing() {
	timeout 10 nsinit check --json alice |
		python3 -c 'import json, sys
print("\n".join(json.load(sys.stdin)["missing"]))'
}

# not_given PART : the user, the log and check are told, or it is refused.
not_given() {
	contains "alice" "Your home directory is not in this container" \
		"$(greeted 'echo in')"
	logged "'alice'.*home '.*$1"
	contains "check" "$1" "$(missing)"
	config alice "$(sed 's/^{/{"home_required": true, /' \
		"$CONF/users/alice/container.json")"
	status_is 1 timeout 20 su - alice -c true
	logged "login refused: .*home_required: .*$1"
	contains "check" "home_required" "$(nsinit check alice 2>&1)"
}
told() {
	chown bob: /home/alice
	not_given "belongs to uid $(id -u bob)"
}
# A home that the host lacks as well is nothing that the container lacks.
absent() {
	fresh '{"rootfs": "/"}'
	rm -rf /home/alice
	lacks "alice" "Your home directory" "$(greeted 'echo in')"
	empty "missing" "$(missing)"
}

# --- attacks

# The user's link leads to root's directory, which only root's link may.
users_link() {
	fresh '{"rootfs": "/"}'
	mkdir -p /srv/secret/alice
	chown root:alice /srv/secret/alice
	echo "of root" > /srv/secret/alice/file
	install -d -o alice /srv/data/mine
	ln -sfn /srv/secret/alice /srv/data/mine/home
	usermod -d /srv/data/mine/home alice
	contains "alice" "Your home directory is not in" "$(greeted 'echo in')"
	logged "users other than root can lead its path elsewhere"
	# The control: the same link of root's.
	wait_until 5 no_container alice
	chown root: /srv/data/mine
	lacks "alice" "Your home directory is not in" "$(greeted 'echo in')"
	rm -rf /srv/secret
}
# Root's directories that are the system's, or have homes of others.
systems_dirs() {
	fresh '{"rootfs": "/", "namespaces": {"NEWUSER": false, "NEWNS": true,
		"NEWPID": true}}'
	usermod -d /usr/sbin alice
	lacks "sbin" "Your home" "$(greeted 'echo in')"
	equal "mount" "" "$(login 'grep " /usr/sbin " /proc/self/mountinfo')"
	chown root:alice /srv/data
	mkdir -p /srv/data/b
	usermod -d /srv/data alice
	usermod -d /srv/data/b bob
	contains "others' homes" "Your home" "$(greeted 'echo in')"
	logged "homes of others are in it"
	usermod -d /home/bob bob
}

# --- while the container runs

generation() {
	readlink "$RUN/alice/current"
}
# later WHAT [same] : logins have the home that the host has by then.
later() {
	local what=$1 first

	hold alice
	first=$(generation)
	mount -t tmpfs -o "mode=0700,uid=$(id -u alice)" nsc-home /home/alice
	echo mounted > /home/alice/file
	equal "$what: mounted" mounted "$(login 'cat ~/file')"
	login 'echo new > ~/new' > /dev/null
	equal "$what: written" new "$(cat /home/alice/new)"
	umount /home/alice || fail "the home is busy"
	[ ! -e /home/alice/new ] || fail "$what: written below the mount"
	equal "$what: unmounted" "of alice" "$(login 'cat ~/file')"
	[ "${2-}" = same ] || differ "$what: container" "$first" "$(generation)"
	[ "${2-}" != same ] || equal "$what: container" "$first" "$(generation)"
	release
}
private() {
	local change

	for change in drain keep recycle; do
		fresh '{"rootfs": "/"}' "on_change = \"$change\";"
		later "$change"
	done
}
# A host whose mounts are shared, as systemd makes them: the mount arrives.
shared() {
	fresh '{"rootfs": "/"}'
	mount --bind /home /home
	mount --make-shared /home
	later shared same
	hold alice
	mount -t tmpfs -o "mode=0700,uid=$(id -u alice)" nsc-home /home/alice
	echo mounted > /home/alice/file
	# The container's root can remove it, but later logins have it.
	as_root_inside umount /home/alice || fail "umount inside"
	equal "removed inside" mounted "$(login 'cat ~/file')"
	release
	umount /home/alice
	umount /home
}
exclusive() {
	fresh '{"rootfs": "/", "overlay": "persistent"}'
	hold alice
	# The control: another login joins.
	equal "joins" "of alice" "$(login 'cat ~/file')"
	mount -t tmpfs -o "mode=0700,uid=$(id -u alice)" nsc-home /home/alice
	status_is 1 timeout 20 su - alice -c 'echo new > ~/new'
	logged "is another directory on the host than in the"
	release
	wait_until 5 no_container alice || fail "it goes on"
	equal "then" new "$(login 'echo new > ~/new; cat ~/new')"
	umount /home/alice
	[ ! -e /home/alice/new ] || fail "written below the mount"
}
made() {
	fresh '{"rootfs": "/"}'
	rm -rf /home/alice
	hold alice
	make_home /home/alice alice:alice 0700
	sees "made later" '$HOME/file'
	release
}
# --- a real automounter

AUTO=/srv/auto
# The program of the map makes the home known, and notes who was asked for.
automounter() {
	[ -n "$(type -P automount)" ] || skip "automount is missing"
	mkdir -p "$AUTO"
	make_home /srv/data/alice alice:alice 0700
	make_home /srv/data/bob bob:bob 0700
	cat > "$TOP/auto.home" <<-END
	#!/bin/sh
	echo "\$1" >> $TOP/asked
	[ -d "/srv/data/\$1" ] && echo "-fstype=bind :/srv/data/\$1"
	END
	chmod 0755 "$TOP/auto.home"
	echo "$AUTO program:$TOP/auto.home --timeout=1" > "$TOP/auto.master"
	: > "$TOP/asked"
	# The kernel knows the automounter by its group of processes.
	setsid automount --foreground --dont-check-daemon "$TOP/auto.master" \
		> "$OUT/automount" 2>&1 &
	AUTOMOUNT=$!
	wait_until 10 mountpoint -q "$AUTO" || {
		stop_automounter
		skip "autofs: $(tail -n 1 "$OUT/automount")"
	}
	usermod -d "$AUTO/alice" alice
}
stop_automounter() {
	kill "$AUTOMOUNT" && wait "$AUTOMOUNT"
	umount -l "$AUTO/alice" "$AUTO" 2> /dev/null
	usermod -d /home/alice alice
}
mounted() {
	grep -q " $AUTO/$1 " /proc/self/mountinfo
}
not_mounted() {
	! mounted "$1"
}
asked_for_others() {
	grep -v '^alice$' "$TOP/asked"
}
automounted() {
	local first

	fresh '{"rootfs": "/"}'
	automounter
	not_mounted alice || fail "it is mounted before the login"
	equal "mounted by the login" "of alice" "$(login 'cat ~/file')"
	login 'echo new > ~/new' > /dev/null
	equal "written" new "$(cat /srv/data/alice/new)"
	empty "others' homes" "$(asked_for_others)"
	wait_until 5 no_container alice || fail "it goes on"
	wait_until 15 not_mounted alice || fail "it does not expire"
	equal "mounted again" new "$(login 'cat ~/new')"
	# On the host it expires under a container, which has it still.
	hold alice
	first=$(generation)
	wait_until 15 not_mounted alice || fail "it does not expire"
	equal "after that" new "$(login 'cat ~/new')"
	login 'echo newer > ~/new' > /dev/null
	equal "written" newer "$(cat /srv/data/alice/new)"
	equal "container" "$first" "$(generation)"
	release
	# One that the administrator started before anybody logged in.
	wait_until 15 not_mounted alice || fail "it does not expire"
	status_is 0 nsinit start alice
	equal "started before" newer "$(login 'cat ~/new')"
	status_is 0 nsinit stop alice
	stop_automounter
}

# A private home is not the host's: what happens there is no change.
private_home() {
	local first

	fresh '{"rootfs": "/", "home": "private"}'
	hold alice
	first=$(generation)
	mount -t tmpfs nsc-home /home/alice
	login true
	equal "container" "$first" "$(generation)"
	release
	umount /home/alice
}

t "a home behind a link" systems link
t "the directory behind a link is there too" link_target
t "a home of root or of the user's group" systems roots
t "the user's own FUSE file system" systems users_fuse
t "a home that is not given is told, or refused" systems told
t "a home that the host lacks" absent
t "M14 a user's FUSE file system is no other's home" others_fuse
t "M14 a user's link makes nothing of root's a home" users_link
t "M14 nothing of the system's is a home" systems_dirs
t "M15 a login never writes below a mount" private
t "M15 what the host mounts over a home arrives, and stays" shared
t "M15 a container that cannot drain refuses another home" exclusive
t "a home that is made while the container runs" made
t "an automounter's home" automounted
t "a private home is not the host's" private_home
release_all
