#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks with what a container leaves on the host: set-user-ID programs in its
# directories that users of the host can run, ids that belong to somebody else,
# and a layer that two containers write to.
#
# Most controls are the same container with the hole in "accept": there the
# attack succeeds.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

FILES='"accept": ["exposed-files"]'
IDS='"accept": ["foreign-ids"]'
NO_USERNS='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true}'
REACHED="other users of the host can reach"
BOB=(setpriv --reuid=bob --regid=bob --init-groups)

fresh() {
	need_product
	clean_slate
	umount -q -R /srv/safe 2> /dev/null
	rm -rf "$CONF" /srv/*
	chmod 0755 /srv
	syslog_mark
}

# image DIRECTORY : a busybox system with a shell that its root may copy.
image() {
	make_busybox "$1" > "$OUT/why" || skip "$(cat "$OUT/why")"
	chmod 0755 "$(dirname "$1")"
	# A program for the host: busybox gives up what it gains.
	cp /usr/bin/id "$1/tool"
}

# refused TEXT : the login, by check and by su, with the reason.
refused() {
	status_is 1 nsinit check alice
	contains "check" "$1" "$(cat "$OUT/stderr")"
	status_is 1 timeout 30 su -s /bin/sh alice -c true
	logged "${1//[/\\[}"
	[ -z "$(pid_of alice)" ] || fail "a container runs"
}

accepted() {
	status_is 0 nsinit check alice
	status_is 0 timeout 30 su -s /bin/sh alice -c true
}

# gained FILE : bob runs a program that the container's root left.  setpriv has
# capabilities until it executes the shell.
# shellcheck disable=SC2016
gained() {
	"${BOB[@]}" /bin/sh -c 'exec "$0" -u' "$1" 2> /dev/null
}

# plant DIRECTORY-INSIDE : the container's root leaves the program.
# shellcheck disable=SC2016
plant() {
	nsenter -t "$(pid_of alice)" -a -S 0 -G 0 /bin/sh -c \
		'cp /tool $0/tool && chmod 4755 $0/tool' "$1"
}

# --- R1

rootfs_reached() {
	fresh
	image /srv/images/plain
	config alice "{\"rootfs\": \"/srv/images/plain\", \"home\": \"none\" $1}"
	refused "rootfs: $REACHED '/srv/images/plain'"
	# The control.
	config alice "{\"rootfs\": \"/srv/images/plain\", \"home\": \"none\",
		$FILES $1}"
	accepted
	contains "check" "accepted: $CONF/users/alice/container.json: rootfs" \
		"$(nsinit check alice)"
	nsinit start alice || fail "start"
	plant /root
	equal "the program of $(stat -c '%U %a' /srv/images/plain/root/tool)" \
		root:4755 "$(stat -c %U:%a /srv/images/plain/root/tool)"
	chmod 0755 /srv/images/plain/root
	equal "bob becomes" 0 "$(gained /srv/images/plain/root/tool)"
}

# Each of these keeps bob out.
rootfs_kept() {
	local dir=/srv/images/plain

	fresh
	image $dir
	config alice "{\"rootfs\": \"$dir\", \"home\": \"none\" $1}"
	refused "$REACHED"
	chmod 0700 /srv/images
	accepted
	nsinit start alice || fail "start"
	plant /root
	chmod 0777 $dir $dir/root
	equal "bob becomes" "" "$(gained $dir/root/tool)"
	nsinit stop alice
	# A directory of root's that its group may enter keeps fewer out.
	chmod 0750 /srv/images
	refused "$REACHED"
	# Nor does a directory whose owner may open it.
	chmod 0700 /srv/images
	chown bob /srv/images
	refused "$REACHED"
	# The mode of the rootfs itself is its root's to change.
	chown root /srv/images
	chmod 0755 /srv/images
	chmod 0700 $dir
	refused "$REACHED"
	chmod 0755 $dir
	for key in '"overlay": "tmpfs"' '"overlay": "persistent"' \
			'"readonly_fs": true'; do
		config alice "{\"rootfs\": \"$dir\", \"home\": \"none\", $key $1}"
		accepted
	done
}

rootfs_nosuid() {
	fresh
	mkdir /srv/safe
	mount -t tmpfs -o nosuid,mode=0755 tmpfs /srv/safe
	image /srv/safe/plain
	config alice "{\"rootfs\": \"/srv/safe/plain\", \"home\": \"none\"}"
	accepted
	nsinit start alice || fail "start"
	plant /root
	chmod 0755 /srv/safe/plain/root
	equal "bob stays" "$(id -u bob)" "$(gained /srv/safe/plain/root/tool)"
	nsinit stop alice
	# A file system below it is written to as well.
	mkdir -p /srv/safe/plain/data
	mount -t tmpfs -o mode=0755 tmpfs /srv/safe/plain/data
	refused "$REACHED '/srv/safe/plain/data'"
	config alice "{\"rootfs\": \"/srv/safe/plain\", \"home\": \"none\",
		\"readonly_fs\": true}"
	refused "$REACHED '/srv/safe/plain/data'"
	mount -o remount,bind,nosuid /srv/safe/plain/data
	accepted
	umount /srv/safe/plain/data
	umount /srv/safe
}

# Without a user namespace also in what is bound, and in the home.
binds_reached() {
	local bind='{"type": "bind", "source": "/srv/data",
		"destination": "/mnt", "writable": true}'

	fresh
	image /srv/images/plain
	chmod 0700 /srv/images
	mkdir /srv/data
	config alice "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS}"
	refused "home: $REACHED '/home/alice'"
	config alice "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS,
		\"home\": \"private\"}"
	accepted
	clean_slate
	chmod 0755 /var/lib/nscontainer/alice
	refused "home: $REACHED '/var/lib/nscontainer/alice/home'"
	chmod 0700 /var/lib/nscontainer/alice
	config alice "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS,
		\"home\": \"none\", \"mounts\": [$bind]}"
	refused "mounts[0].source: $REACHED '/srv/data'"
	config alice "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS,
		\"no_new_privs\": true, \"mounts\": [$bind]}"
	accepted
	# The control.
	config alice "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS,
		$FILES, \"mounts\": [$bind]}"
	accepted
	nsinit start alice || fail "start"
	plant /mnt
	equal "bob becomes" 0 "$(gained /srv/data/tool)"
	nsinit stop alice
	# With one, root inside has no id of the host that bob does not.
	config alice "{\"rootfs\": \"/srv/images/plain\", \"mounts\": [$bind]}"
	chmod 0777 /srv/data
	rm -f /srv/data/tool
	accepted
	nsinit start alice || fail "start"
	plant /mnt
	differ "bob becomes" 0 "$(gained /srv/data/tool)"
}

# What belongs to root in the rootfs may be the container's, also where nobody
# else reaches it.
trusted_inside() {
	local dir=/srv/images/plain

	fresh
	image $dir
	chmod 0700 /srv/images
	printf '#!/bin/sh\nid -u > /run/hooked\n' > /srv/hook
	chmod 0755 /srv/hook
	cp /srv/hook $dir/hook
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' > $dir/profile
	for key in '"hooks": {"start": [{"path": "/srv/images/plain/hook"}]}' \
			'"hooks": {"stop": [{"path": "/srv/images/plain/hook"}]}' \
			'"seccomp": "/srv/images/plain/profile"'; do
		clean_slate
		syslog_mark
		config alice "{\"rootfs\": \"$dir\", \"home\": \"none\",
			$FILES, $key}"
		refused "is in the rootfs, whose root could replace it"
		config alice "{\"rootfs\": \"$dir\", \"home\": \"none\",
			\"overlay\": \"tmpfs\", $key}"
		accepted
	done
	config alice "{\"rootfs\": \"$dir\", \"home\": \"none\",
		\"hooks\": {\"start\": [{\"path\": \"/srv/hook\"}]}}"
	accepted
	rm -f /run/hooked
}

# --- R2

# map UIDS GIDS [MORE] : alice's container with maps, each of one entry more.
map() {
	local root='{"container_id": 0, "host_id": 5000000, "size": 1000}'

	config alice "{\"rootfs\": \"/\" ${3-},
		\"uid_mappings\": [$root, $(own "$(id -u alice)")${1:+, $1}],
		\"gid_mappings\": [$root, $(own "$(id -g alice)")${2:+, $2}]}"
}

own() {
	echo "{\"container_id\": $1, \"host_id\": $1, \"size\": 1}"
}

entry() {
	echo "{\"container_id\": 2000, \"host_id\": $1, \"size\": $2}"
}

# map_one KIND ENTRY [MORE]
map_one() {
	case $1 in
	uid) map "$2" "" "${3-}" ;;
	gid) map "" "$2" "${3-}" ;;
	esac
}

# foreign KIND FILE LINE ID COUNT TEXT : with the line in the file, the ids are
# refused; without it, or if they are accepted, they are not.
foreign() {
	local kind=$1 file=$2 line=$3 entry

	entry=$(entry "$4" "$5")
	cp "$file" "$OUT/before"
	map "" ""
	map_one "$kind" "$entry"
	[ -z "$line" ] || accepted
	clean_slate
	syslog_mark
	[ -z "$line" ] || echo "$line" >> "$file"
	refused "${kind}_mappings: $6"
	map_one "$kind" "$entry" ", $IDS"
	accepted
	clean_slate
	cp "$OUT/before" "$file"
}

foreign_ids() {
	local ids=/var/lib/nscontainer/ids

	fresh
	: >> $ids
	foreign uid /etc/passwd other:x:70123:70123::/:/bin/sh 70000 200 \
		"/etc/passwd: 'other' has the id 70123"
	foreign gid /etc/group other:x:70123: 70000 200 \
		"/etc/group: 'other' has the id 70123"
	foreign uid /etc/subuid bob:6000000:65536 6065000 10 \
		"/etc/subuid: the range of user 'alice' (6065000+10) overlaps"
	foreign gid /etc/subgid bob:6000000:65536 6065000 10 \
		"/etc/subgid: the range of user 'alice' (6065000+10) overlaps"
	foreign uid $ids "bob 7000000 $(id -u bob)" 7000000 1 \
		"$ids: ids of user 'alice' are in the range of 'bob'"
	foreign uid $ids "other 7000000 7100000" 7100000 1 \
		"$ids: 'other' has the id 7100000"
	foreign gid /etc/group "" 1879048192 1 "1879048192+1 is in the pool"
	# Another user's group, but not one of the user's own.
	foreign gid /etc/group "" "$(id -g bob)" 1 "/etc/group: 'bob' has"
	gpasswd -a alice bob > /dev/null
	map "" "$(entry "$(id -g bob)" 1)"
	accepted
	gpasswd -d alice bob > /dev/null
}

# With such a map, the container's root has the files of the other user.
foreign_files() {
	local bind='{"type": "bind", "source": "/srv/data",
		"destination": "/mnt"}'

	fresh
	mkdir -m 0755 /srv/data
	echo secret > /srv/data/file
	chown bob /srv/data/file
	chmod 0600 /srv/data/file
	map "$(entry "$(id -u bob)" 1)" "" ", \"mounts\": [$bind]"
	refused "uid_mappings: /etc/passwd: 'bob' has the id"
	map "$(entry "$(id -u bob)" 1)" "" ", \"mounts\": [$bind], $IDS"
	nsinit start alice || fail "start"
	equal "what root inside reads" secret \
		"$(as_root_inside setpriv --reuid=2000 cat /mnt/file)"
}

# Root of the host is never accepted.
host_root() {
	fresh
	for kind in uid gid; do
		clean_slate
		syslog_mark
		map_one $kind "$(entry 0 1)" ", $IDS"
		refused "${kind}_mappings: 0 is root of the host"
	done
}

# The range of somebody else contains alice, as it can with an account of a
# directory service, which is in no file here: that user's root is alice.
own_ids() {
	local file line uid ids=/var/lib/nscontainer/ids

	fresh
	: >> $ids
	uid=$(id -u alice)
	for file in /etc/subuid /etc/subgid $ids; do
		cp "$file" "$OUT/before"
		line=bob:$((uid - 1)):10
		[ "$file" != "$ids" ] || line="bob $((uid - 100)) $(id -u bob)"
		config alice '{"rootfs": "/"}'
		accepted
		clean_slate
		syslog_mark
		echo "$line" >> "$file"
		refused "'bob'"
		config alice "{\"rootfs\": \"/\", $IDS}"
		accepted
		clean_slate
		config alice "{\"rootfs\": \"/\", $NO_USERNS}"
		syslog_mark
		refused "'bob'"
		cp "$OUT/before" "$file"
	done
	# The owner of the range is refused as well, if the other uid is known.
	echo 'carol 7000000 7100000' > $ids
	cp /etc/subuid /etc/subgid "$OUT"
	config alice '{"rootfs": "/"}'
	sed -i 's/^alice:.*/alice:7090000:65536/' /etc/subuid /etc/subgid
	refused "'carol' has the id 7100000"
	echo 'carol 7000000 7200000' > $ids
	accepted
	cp "$OUT/subuid" "$OUT/subgid" /etc/
	: > $ids
}

# Two that run at a time, by maps that only a running container can show.
running_ids() {
	local root='{"container_id": 0, "host_id": 5000500, "size": 1000}'

	fresh
	map "" ""
	config bob "{\"rootfs\": \"/\",
		\"uid_mappings\": [$root, $(own "$(id -u bob)")],
		\"gid_mappings\": [$root, $(own "$(id -g bob)")]}"
	status_is 0 nsinit check alice
	nsinit start bob || fail "start"
	refused "uid_mappings: 5000000+1000 is also in the running container of 'bob'"
	map "" "" ", $IDS"
	accepted
	clean_slate
	map "" ""
	accepted
}

# --- R3

# box NAME : a directory for nsinit exec.
box() {
	mkdir -p "/srv/images/$1"
	echo "{\"rootfs\": \"/srv/images/plain\", \"overlay\": \"persistent\"}" \
		> "/srv/images/$1/container.json"
}

# has FILE BOX... : the boxes that have it, at the same time.
has() {
	local name file=$1

	shift
	for name; do
		nsinit exec --root "/srv/images/$name" /bin/sh -c \
			"[ ! -e $file ] || echo $name"
	done | xargs
}

# Each directory has a layer of its own, and root's logins have another.
own_layers() {
	local dir

	fresh
	image /srv/images/plain
	chmod 0700 /srv/images
	box a
	box b
	nsinit exec --root /srv/images/a /bin/sh -c \
		'echo > /ready; sleep 60' &
	dir=$(dirname "$(wait_for_ready)") || fail "the first does not run"
	equal "whose" /srv/images/a/container.json "$(cat "${dir%/overlay*}/path")"
	equal "mode" 700 "$(stat -c %a "${dir%/overlay*}")"
	equal "at the same time" a "$(has /ready a b)"
	config root "{\"rootfs\": \"/srv/images/plain\", $NO_USERNS,
		\"overlay\": \"persistent\"}"
	status_is 0 nsinit check root
	status_is 1 nsinit reset --root /srv/images/a
	contains "reset" "'nsinit stop --root /srv/images/a'" \
		"$(cat "$OUT/stderr")"
	# A layer that moved away with its directory is not another one's.
	mv /srv/images/a /srv/images/old
	box a
	status_is 126 nsinit exec --root /srv/images/a /bin/true
	contains "exec" "overlay: the layer is in use by the container" \
		"$(cat "$OUT/stderr")"
	kill $!
	nsinit stop --root /srv/images/old
	equal "the layer of the path" a "$(has /ready a b)"
	status_is 0 nsinit reset --root /srv/images/a
	empty "after reset" "$(has /ready a b)"
	rm -r /srv/images/a
	contains "doctor" "the layer of /srv/images/a/container.json" \
		"$(nsinit doctor)"
}
wait_for_ready() {
	ready() { compgen -G "/var/lib/nscontainer/.dir-*/overlay/upper/ready"; }
	wait_until 10 ready
}

# Nor is a layer anybody's rootfs, or bound to be written to.
layer_as_source() {
	local dir=/var/lib/nscontainer/bob/overlay/upper

	fresh
	image /srv/images/plain
	chmod 0700 /srv/images
	config bob '{"rootfs": "/srv/images/plain", "overlay": "persistent"}'
	nsinit start bob || fail "start"
	config alice "{\"rootfs\": \"$dir\", \"overlay\": \"tmpfs\"}"
	refused "'$dir' is kept for a container"
	config alice "{\"rootfs\": \"/\", \"mounts\": [{\"type\": \"bind\",
		\"source\": \"$dir\", \"destination\": \"/mnt\",
		\"writable\": true}]}"
	refused "'$dir' is kept for a container"
	# Each user has a layer.
	config alice '{"rootfs": "/srv/images/plain", "overlay": "persistent"}'
	accepted
}

pam_enable su
t "R1 a rootfs that others reach is refused" rootfs_reached ""
t "R1 also without a user namespace" rootfs_reached ", $NO_USERNS"
t "R1 what keeps others away from a rootfs" rootfs_kept ""
t "R1 nosuid does, on each file system of it" rootfs_nosuid
t "R1 without a user namespace homes and binds count" binds_reached
t "R1 no hook or profile lies in the rootfs" trusted_inside
t "R2 maps with ids of others are refused" foreign_ids
t "R2 such maps give away files" foreign_files
t "R2 the host's root is in no map" host_root
t "R2 own ids in a range of somebody else refuse the login" own_ids
t "R2 maps of two that run do not overlap" running_ids
t "R3 each container has a layer of its own" own_layers
t "R3 a layer is nobody else's directory" layer_as_source
