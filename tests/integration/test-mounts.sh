#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Options, id maps and propagation of mounts[].
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'linger = 30;'
NO_USERNS='"namespaces": {"NEWNS": true, "NEWPID": true}'

# with MORE : alice's container is the host's system, with MORE.
with() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\", $1}"
	syslog_mark
}

inside() {
	timeout 20 su alice -c "$1"
}

# A directory that only root reaches, with files of root and of bob.
sources() {
	install -d -m 0700 /srv/kept
	install -d -m 0755 /srv/kept/data /srv/open /srv/over
	install -m 0755 /bin/true /srv/kept/data/program
	echo secret > /srv/kept/data/secret
	chmod 0600 /srv/kept/data/secret
	echo below > /srv/over/below
	install -o bob /dev/null /srv/kept/data/bobs
}

# mount TYPE SOURCE MORE : one mount at /mnt/x.
mount_of() {
	echo "\"mounts\": [{\"type\": \"$1\", ${2:+\"source\": \"$2\", }
		\"destination\": \"/mnt/x\"${3:+, $3}}]"
}

# options TYPE SOURCE OPTIONS : the options that /mnt/x has inside.
options_of() {
	with "\"overlay\": \"tmpfs\", $(mount_of "$1" "$2" "\"options\": $3")"
	inside 'while read -r _ point _ options _; do
		[ "$point" != /mnt/x ] || echo ",$options,"
	done < /proc/self/mounts'
}

options() {
	local type source got

	sources
	while read -r type source; do
		got=$(options_of "$type" "$source" \
			'["noexec", "noatime", "nosymfollow", "nodiratime"]')
		for option in nosuid nodev noexec noatime nosymfollow \
			nodiratime; do
			contains "$type" ",$option," "$got"
		done
		got=$(options_of "$type" "$source" '["strictatime"]')
		lacks "$type, strictatime" ,relatime, "$got"
		lacks "$type, strictatime" ,noatime, "$got"
		lacks "control: $type" ,noexec, "$got"
		contains "$type, relatime" ,relatime, \
			"$(options_of "$type" "$source" '["relatime"]')"
	done <<-END
	bind /srv/kept/data
	tmpfs
	overlay /srv/open:/srv/over
	END
}

# An option does what its name says.
noexec() {
	sources
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/kept/data)"
	status_is 0 inside /mnt/x/program
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/kept/data \
		'"options": ["noexec"]')"
	status_is 126 inside /mnt/x/program
}

# Options and read-only hold for what is mounted below the source.
below() {
	local got

	sources
	install -d /srv/open/sub
	mount -n -t tmpfs -o exec,strictatime sub /srv/open/sub
	install -m 0755 /bin/true /srv/open/sub/program
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/open \
		'"writable": true')"
	status_is 0 inside /mnt/x/sub/program
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/open \
		'"options": ["noexec", "nosymfollow", "noatime"]')"
	status_is 126 inside /mnt/x/sub/program
	got=$(inside 'while read -r _ point _ options _; do
		[ "$point" != /mnt/x/sub ] || echo ",$options,"
	done < /proc/self/mounts')
	for option in ro nosuid nodev noexec noatime nosymfollow; do
		contains "below" ",$option," "$got"
	done
	umount -n /srv/open/sub
	rmdir /srv/open/sub
}

# A bind of a noatime file system takes another mode.
atime_of_the_host() {
	sources
	mount -n -t tmpfs -o noatime data /srv/open
	contains "control" ,noatime, "$(options_of bind /srv/open '[]')"
	contains "relatime" ,relatime, \
		"$(options_of bind /srv/open '["relatime"]')"
	umount -n /srv/open
}

# refused MOUNT TEXT : the start is refused with TEXT.
refused() {
	with "$1"
	nsinit check alice > "$OUT/check" 2>&1 &&
		fail "accepted: $1"
	contains "the reason" "$2" "$(cat "$OUT/check")"
}

bad_options() {
	sources
	refused "$(mount_of bind /srv/open '"options": ["suid"]')" \
		'mounts[0].options[0]: is not possible: all mounts are nosuid'
	refused "$(mount_of bind /srv/open '"options": ["ro"]')" \
		'mounts[0].options[0]: is written "writable": false'
	refused "$(mount_of bind /srv/open '"options": ["rslave"]')" \
		'is written "private": false'
	for option in rro:'is written "writable": false' \
		rrw:'is written "writable": true' \
		rnoexec:'is written without the first r' \
		rnosuid:'is written without the first r' \
		rnoatime:'is written without the first r' \
		rsuid:'is not possible: all mounts are nosuid' \
		rshared:'is not possible: what is mounted inside never' \
		unbindable:'is not possible: see private' \
		tmpcopyup:'is not possible: an overlay' \
		ridmap:'is not possible: idmap is for the source alone' \
		sync:'is not possible: it is an option of the file' \
		remount:'expected one of noexec'; do
		refused "$(mount_of bind /srv/open \
			"\"options\": [\"${option%%:*}\"]")" \
			"mounts[0].options[0]: ${option#*:}"
	done
	refused "$(mount_of bind /srv/open '"options": ["noexce"]')" \
		'mounts[0].options[0]: expected one of noexec'
	refused "$(mount_of bind /srv/open \
		'"options": ["noatime", "relatime"]')" \
		'mounts[0].options[1]: expected one of noatime, relatime'
	refused "$(mount_of proc '' '"options": ["noexec"]')" \
		'mounts[0].options: is for the types'
	refused "$(mount_of tmpfs '' '"idmap": true')" \
		'mounts[0].idmap: is for the types'
	refused "$NO_USERNS, $(mount_of bind /srv/open '"idmap": true')" \
		'mounts: idmap needs namespaces.NEWUSER'
	refused "$(mount_of bind /srv/open \
		'"idmap": true, "private": false')" \
		'mounts[0].private: false is not possible with idmap'
}

# map TYPE SOURCE MORE : the owners of three files, as root inside sees them.
owners_inside() {
	with "\"overlay\": \"tmpfs\", $(mount_of "$@")"
	inside 'cat /mnt/x/secret 2> /dev/null' && fail "alice reads root's"
	as_root_inside stat -c %u /mnt/x/program /mnt/x/secret /mnt/x/bobs |
		xargs
}

idmap() {
	local bob

	sources
	bob=$(id -u bob)
	equal "control: nobody's" "65534 65534 65534" \
		"$(owners_inside bind /srv/kept/data)"
	equal "bind" "0 0 $bob" \
		"$(owners_inside bind /srv/kept/data '"idmap": true')"
	equal "root reads" secret "$(as_root_inside cat /mnt/x/secret)"
	as_root_inside touch /mnt/x/new 2> /dev/null &&
		fail "a read-only bind is written to"
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/kept/data \
		'"idmap": true, "writable": true')"
	inside true
	as_root_inside touch /mnt/x/new || fail "root cannot write"
	equal "owner on the host" 0 "$(stat -c %u /srv/kept/data/new)"
	rm -f /srv/kept/data/new
}

idmap_overlay() {
	sources
	with "\"overlay\": \"tmpfs\", $(mount_of overlay \
		/srv/kept/data:/srv/over '"writable": true')"
	inside true
	as_root_inside sh -c 'echo x > /mnt/x/below' 2> /dev/null &&
		fail "control: files of the host's root can be written"
	with "\"overlay\": \"tmpfs\", $(mount_of overlay \
		/srv/kept/data:/srv/over '"writable": true, "idmap": true')"
	inside true
	as_root_inside sh -c 'echo x > /mnt/x/below; echo y > /mnt/x/secret
		rm /mnt/x/program' || fail "root cannot write"
	equal "inside" "x y" "$(as_root_inside cat /mnt/x/below /mnt/x/secret |
		xargs)"
	equal "the host" "below secret" \
		"$(cat /srv/over/below /srv/kept/data/secret | xargs)"
	[ -x /srv/kept/data/program ] || fail "the host's file is gone"
}

idmap_exposed() {
	sources
	refused "$(mount_of bind /srv/open \
		'"idmap": true, "writable": true')" \
		'mounts[0].source: other users of the host can reach'
	contains "remedy" "leave out idmap" "$(cat "$OUT/check")"
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/open \
		'"idmap": true, "writable": true'), \"accept\":
		[\"exposed-files\"]"
	status_is 0 inside true
	for more in '' '"writable": true' '"idmap": true'; do
		with "\"overlay\": \"tmpfs\", \
			$(mount_of bind /srv/open "$more")"
		status_is 0 inside true
	done
}

# The same configuration on a shared mount and on one that is not.
unshared() {
	sources
	mount -n -t tmpfs data /srv/open
	mount -n --make-shared /srv/open
	with "\"overlay\": \"tmpfs\", $(mount_of bind /srv/open '"private": false')"
	lacks "control" "mount is not shared" "$(nsinit check alice 2>&1)"
	mount -n --make-private /srv/open
	contains "check" "mounts[0].private: what is mounted below '/srv/open'" \
		"$(nsinit check alice 2>&1)"
	inside true
	logged "user 'alice': mounts\[0\].private: .* is not shared"
	umount -n /srv/open
}

t "mounts take options" options
t "noexec keeps programs from running" noexec
t "options hold for what is mounted below the source" below
t "a bind takes another mode of access times than its source has" \
	atime_of_the_host
t "wrong options are refused with what to write" bad_options
t "idmap gives files of a bind the ids of the host" idmap
t "idmap lets the container's root write to an overlay" idmap_overlay
t "R1 a writable bind with idmap is refused where others reach it" \
	idmap_exposed
t "private false says that the source is not shared" unshared
