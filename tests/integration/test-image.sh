#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A rootfs that is an image, a layer and a home with a size.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'linger = 0; stop = "logout";'
TREE=/srv/images/busybox
IMAGES=/srv/images
STATE=/var/lib/nscontainer
REASON=$(make_busybox "$TREE") || TREE=

make_loop_devices 2> /dev/null ||
	REASON=${REASON:-loop: the kernel has no loop devices}
if [ -z "$REASON" ]; then
	mkdir -p "$TREE/home/alice" "$TREE/dev/pts" "$TREE/run/user"
	mke2fs -q -t ext4 -d "$TREE" "$IMAGES/sys.ext4" 24M ||
		REASON="mke2fs -d fails"
	mksquashfs "$TREE" "$IMAGES/sys.squashfs" -quiet -no-progress \
		> /dev/null 2>&1 || rm -f "$IMAGES/sys.squashfs"
	mkfs.erofs "$IMAGES/sys.erofs" "$TREE" > /dev/null 2>&1 ||
		rm -f "$IMAGES/sys.erofs"
fi

# fresh IMAGE MORE : alice's container has the image, and MORE.
fresh() {
	need_product
	clean_slate
	HELD=
	[ -z "$REASON" ] || skip "$REASON"
	[ -e "$IMAGES/$1" ] || skip "the program that makes $1 is missing"
	config alice "{\"rootfs\": \"$IMAGES/$1\", \"session\": {\"shell\": \"/bin/sh\"}${2:+, $2}}"
	syslog_mark
}

# The layer and the home begin anew.
purged() {
	need_product
	clean_slate
	wait_until 5 unused
	nsinit purge alice > /dev/null 2>&1
	fresh "$@"
}

inside() {
	timeout 20 su - alice -s /bin/sh -c "$INSIDE || exit 99; $1"
}

root_inside() {
	hold_one && nsenter -t "$(pid_of alice)" -a -S 0 -G 0 /bin/busybox "$@"
}

# A session that lasts until the end of the test; clean_slate ends it.
hold_one() {
	[ -z "$HELD" ] || ! kill -0 "$HELD" 2> /dev/null || return 0
	rm -f "$OUT/held"
	timeout 60 su alice -s /bin/sh -c 'echo ready; exec sleep 50' \
		> "$OUT/held" 2>&1 &
	HELD=$!
	wait_until 10 grep -qs ready "$OUT/held" || fail "su: $(cat "$OUT/held")"
}

# backed : a line "NAME RO INODE DEVICE" for each loop device.
backed() {
	losetup --list --noheadings --raw -O NAME,RO,BACK-INO,BACK-MAJ:MIN |
		sed 's/\\x20//g'
}

# loops FILE : the devices that show the file.
loops() {
	backed | grep " $(stat -c '%i %Hd:%Ld' "$1")$"
}

# Has no device a file of this world?
unused() {
	! backed | grep -q -e " $(stat -c %Hd:%Ld /srv)$" \
		-e " $(stat -c %Hd:%Ld $STATE)$"
}

refused() {
	status_is 1 inside true
	logged "$1"
}

lands() {
	fresh "$1" '"overlay": "tmpfs"'
	equal "the image" "made for the test" "$(inside 'cat /etc/image')"
	status_is 0 root_inside touch /etc/new
	equal "owner" 0 "$(root_inside stat -c %u /bin/busybox)"
	equal "devices of the image" 1 "$(loops "$IMAGES/$1" | wc -l)"
	equal "it is read-only" 1 "$(loops "$IMAGES/$1" | cut -d ' ' -f 2)"
	clean_slate
	wait_until 5 unused || fail "a loop device is left"
}

plain_image() {
	fresh sys.ext4
	equal "the image" "made for the test" "$(inside 'cat /etc/image')"
	root_inside touch /etc/new 2> /dev/null && fail "it is writable"
	status_is 0 inside 'echo x > ~/of-image && rm ~/of-image'
}

no_userns() {
	fresh sys.ext4 '"accept": ["exposed-files"], "namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true}'
	equal "the image" "made for the test" "$(inside 'cat /etc/image')"
	root_inside mount -o remount,rw / 2> /dev/null &&
		fail "it is writable"
	:
}

shared_by_two() {
	local pid

	fresh sys.ext4 '"overlay": "tmpfs"'
	config bob "{\"rootfs\": \"$IMAGES/sys.ext4\", \"overlay\": \"tmpfs\", \"session\": {\"shell\": \"/bin/sh\"}}"
	hold_one
	timeout 60 su bob -s /bin/sh -c 'echo ready; exec sleep 50' \
		> "$OUT/bob" 2>&1 &
	wait_until 10 grep -qs ready "$OUT/bob" || fail "$(cat "$OUT/bob")"
	equal "devices for two containers" 1 \
		"$(loops "$IMAGES/sys.ext4" | wc -l)"
	root_inside touch /etc/of-alice || fail "alice cannot write"
	pid=$(pid_of bob)
	nsenter -t "$pid" -a -S 0 -G 0 /bin/busybox test ! -e /etc/of-alice ||
		fail "bob sees alice's file"
	timeout 15 nsinit stop alice > /dev/null
	equal "bob's, after alice's end" "made for the test" \
		"$(nsenter -t "$pid" -a -S 0 -G 0 /bin/busybox cat /etc/image)"
	clean_slate
	wait_until 5 unused || fail "a loop device is left"
}

killed_with_all() {
	local pid

	purged sys.ext4 '"overlay": "persistent", "overlay_size": "16M"'
	hold_one
	differ "devices" "" "$(loops "$STATE/alice/overlay/image")"
	for pid in $(monitors) $(inits) $(pgrep -u alice); do
		kill -KILL "$pid" 2> /dev/null
	done
	wait_until 5 unused || fail "a loop device is left"
	equal "the next one" "made for the test" "$(inside 'cat /etc/image')"
}

replaced() {
	fresh sys.ext4 '"overlay": "tmpfs"'
	hold_one
	cp "$IMAGES/sys.ext4" "$IMAGES/new.ext4"
	debugfs -w -R 'rm /etc/image' "$IMAGES/new.ext4" > /dev/null 2>&1
	cp -a "$IMAGES/sys.ext4" "$IMAGES/keep.ext4"
	mv "$IMAGES/new.ext4" "$IMAGES/sys.ext4"
	equal "in the running container" "made for the test" \
		"$(root_inside cat /etc/image)"
	clean_slate
	inside 'test ! -e /etc/image' || fail "the next one has the old image"
	mv "$IMAGES/keep.ext4" "$IMAGES/sys.ext4"
}

# attack NAME COMMAND TEXT : after the command, the image is refused.
attack_image() {
	fresh sys.ext4
	mkdir -p /srv/attack
	cp "$IMAGES/sys.ext4" /srv/attack/image
	config alice '{"rootfs": "/srv/attack/image", "session": {"shell": "/bin/sh"}}'
	status_is 0 inside true
	clean_slate
	syslog_mark
	eval "$1"
	refused "$2"
	exec 7>&-
	rm -rf /srv/attack
}

of_user() {
	attack_image 'chown alice /srv/attack/image' 'is owned by uid'
}

of_group() {
	attack_image 'chgrp alice /srv/attack/image; chmod g+w /srv/attack/image' \
		'is writable by others'
}

writable_directory() {
	attack_image 'chown alice /srv/attack' 'is owned by uid'
}

by_a_link() {
	attack_image 'mv /srv/attack/image /srv/attack/real
		ln -s real /srv/attack/image' 'is a symbolic link'
}

still_open() {
	attack_image 'chown alice /srv/attack/image
		exec 7<> /srv/attack/image; chown root /srv/attack/image' \
		'has it open for writing'
}

a_device() {
	attack_image 'rm /srv/attack/image
		mknod /srv/attack/image b 7 0' 'expected a regular file'
}

no_image() {
	attack_image 'head -c 20000 /dev/zero > /srv/attack/image' \
		'neither a directory nor an image of squashfs'
}

broken_image() {
	attack_image 'dd if=/dev/urandom of=/srv/attack/image bs=1k seek=1 \
		count=1 conv=notrunc 2> /dev/null
		printf "\123\357" | dd of=/srv/attack/image bs=1 seek=1080 \
		conv=notrunc 2> /dev/null' "file system 'ext4'"
}

for image in ext4 squashfs erofs; do
	t "an image of $image is a rootfs" lands "sys.$image"
done
t "an image without an overlay is read-only" plain_image
t "an image without a user namespace is read-only" no_userns
t "two containers share the device of an image" shared_by_two
t "M17 no device outlives the kill of every process" killed_with_all
t "an image that is replaced is the next container's" replaced
t "M16 an image of a user's is refused" of_user
t "M16 an image that a group writes is refused" of_group
t "M16 an image in a user's directory is refused" writable_directory
t "M16 a link to an image is refused" by_a_link
t "M16 an image that somebody can still write is refused" still_open
t "a device is no image" a_device
t "a file that is no image is refused" no_image
t "a broken image is refused" broken_image

layer_size() {
	local text

	purged sys.ext4 '"overlay": "persistent", "overlay_size": "20M"'
	text=$(root_inside sh -c 'dd if=/dev/zero of=/usr/big bs=64k 2>&1; ls -s /usr/big')
	contains "full" "No space left" "$text"
	[ "$(root_inside stat -c %s /usr/big)" -lt $((20 << 20)) ] ||
		fail "it took more than 20 MiB"
	[ "$(root_inside stat -c %s /usr/big)" -gt $((8 << 20)) ] ||
		fail "it took too little"
	equal "a login meanwhile" "made for the test" "$(inside 'cat /etc/image')"
	clean_slate
	equal "a login in a new one" "made for the test" \
		"$(inside 'cat /etc/image')"
	equal "what is kept" "$(stat -c %s "$STATE/alice/overlay/image")" \
		$((20 << 20))
	status_is 0 root_inside rm /usr/big
	status_is 0 root_inside touch /usr/small
}

home_size() {
	purged sys.ext4 '"home": "private", "home_size": "16M"'
	contains "full" "No space left" \
		"$(inside 'echo first > ~/first; dd if=/dev/zero of=big bs=64k 2>&1')"
	equal "owner" alice "$(inside 'stat -c %U ~')"
	equal "a login meanwhile" first "$(inside 'cat ~/first')"
	clean_slate
	equal "the next container" first "$(inside 'rm ~/big; cat ~/first')"
	[ ! -e "$STATE/alice/home" ] || fail "a home without a size is there"
	equal "lost+found is not in it" "" "$(inside 'ls | grep lost')"
}

tmpfs_size() {
	purged sys.ext4 '"overlay": "tmpfs", "overlay_size": "16M"'
	contains "full" "No space left" \
		"$(root_inside sh -c 'dd if=/dev/zero of=/usr/big bs=64k 2>&1')"
	[ "$(root_inside stat -c %s /usr/big)" -le $((16 << 20)) ] ||
		fail "it took more than 16 MiB"
	[ ! -e "$STATE/alice/overlay" ] || fail "something is kept"
}

grows() {
	purged sys.ext4 '"home": "private", "home_size": "16M"'
	status_is 0 inside 'echo kept > ~/kept'
	clean_slate
	fresh sys.ext4 '"home": "private", "home_size": "40M"'
	equal "the content" kept "$(inside 'cat ~/kept')"
	status_is 0 inside 'dd if=/dev/zero of=big bs=1M count=24 2> /dev/null'
	clean_slate
	fresh sys.ext4 '"home": "private", "home_size": "20M"'
	refused 'home_size.*is not made smaller'
	fresh sys.ext4 '"home": "private"'
	refused 'home_size: is missing'
	fresh sys.ext4 '"home": "private", "home_size": "40M"'
	equal "the content" kept "$(inside 'cat ~/kept')"
}

unsized_before() {
	purged sys.ext4 '"overlay": "persistent"'
	status_is 0 root_inside touch /etc/mine
	clean_slate
	fresh sys.ext4 '"overlay": "persistent", "overlay_size": "16M"'
	refused 'is kept without a size already'
	status_is 0 nsinit reset alice
	status_is 0 inside 'test ! -e /etc/mine'
	clean_slate
	wait_until 5 unused
	status_is 0 nsinit reset alice
	[ ! -e "$STATE/alice/overlay" ] || fail "reset leaves the image"
}

full_disk() {
	purged sys.ext4 '"home": "private", "home_size": "64T"'
	refused 'home_size: reserve .* MiB in .*: No space left'
	equal "nothing is left" "" "$(find "$STATE/alice" -name '*image*')"
}

after_a_crash() {
	local image=$STATE/alice/home.image

	purged sys.ext4 '"home": "private", "home_size": "16M"'
	status_is 0 inside 'echo kept > ~/kept; sync'
	hold_one
	cp "$image" "$STATE/alice/dirty"
	clean_slate
	wait_until 5 unused
	mv "$STATE/alice/dirty" "$image"
	touch "$STATE/alice/home.image.new"
	# A counter of free blocks that is wrong is repaired.
	debugfs -w -R 'ssv free_blocks_count 1' "$image" > /dev/null 2>&1
	equal "the content" kept "$(inside 'cat ~/kept')"
	clean_slate
	wait_until 5 unused
	# Without an inode table, root has to decide.
	debugfs -w -R 'clri <2>' "$image" > /dev/null 2>&1
	debugfs -w -R 'ssv state 2' "$image" > /dev/null 2>&1
	syslog_mark
	refused 'needs a repair that root decides'
}

used_twice() {
	purged sys.ext4 '"home": "private", "home_size": "16M"'
	status_is 0 inside true
	clean_slate
	wait_until 5 unused
	exec 7< "$STATE/alice/home.image"
	flock 7
	syslog_mark
	refused 'home_size: lock .*home.image.*another process'
	exec 7>&-
	status_is 0 inside true
}

dry() {
	purged sys.ext4 '"home": "private", "home_size": "16M", "overlay": "persistent", "overlay_size": "16M"'
	status_is 0 nsinit check alice
	[ ! -e "$STATE/alice/home.image" ] || fail "a check makes an image"
	hold_one
	status_is 0 nsinit check alice
	equal "devices" 1 "$(loops "$STATE/alice/home.image" | wc -l)"
}

no_verity() {
	purged sys.ext4 "\"rootfs_verity\": \"$(printf '%064d' 0)\""
	[ ! -e /dev/mapper/control ] || skip "the kernel has a device mapper"
	refused 'rootfs_verity: the kernel has no device mapper'
}

# A device mapper whose devices are those of the image.
fake_mapper() {
	mkdir -p /dev/mapper
	: > /dev/mapper/control
	rm -f "$TOP/verity" /usr/sbin/veritysetup
	cat > /usr/sbin/veritysetup <<-END
	#!/bin/bash
	echo "\$*" >> $TOP/verity
	[ "\$1" = close ] || [ ! -e $TOP/spoilt ] ||
		{ echo "Verification of root hash failed." >&2; exit 1; }
	[ "\$1" = close ] || mknod "/dev/mapper/\$3" b 7 "\${2#/dev/loop}"
	END
	chmod 0755 /usr/sbin/veritysetup
}

# started PID: when, in clock ticks since the boot; see proc_pid_stat(5).
started() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
}

by_verity() {
	local hash alive

	hash=$(printf '%064d' 7)
	fresh sys.ext4 "\"rootfs_verity\": \"$hash\""
	[ ! -e /dev/mapper/control ] || skip "the kernel has a device mapper"
	fake_mapper
	refused 'sys.ext4.verity'
	cp "$IMAGES/sys.ext4" "$IMAGES/sys.ext4.verity"
	# PID 1 made none of them at that time; this shell made one just now.
	alive="nscontainer-$$-$(started $$)"
	mknod /dev/mapper/nscontainer-1-1 b 7 255
	mknod "/dev/mapper/$alive" b 7 254
	hold_one
	grep -Eqx "open /dev/loop[0-9]+ nscontainer-[0-9]+-[0-9]+ /dev/loop[0-9]+ $hash" \
		"$TOP/verity" || fail "opened" "$(cat "$TOP/verity")"
	grep -qx 'close --deferred nscontainer-1-1' "$TOP/verity" ||
		fail "what a killed start left stays" "$(cat "$TOP/verity")"
	lacks "control: of a living process" "$alive" "$(cat "$TOP/verity")"
	contains "closed" "close --deferred nscontainer-" \
		"$(tail -n 1 "$TOP/verity")"
	equal "the image" "made for the test" "$(root_inside cat /etc/image)"
	clean_slate
	wait_until 5 unused || fail "a loop device is left"
	touch "$TOP/spoilt"
	syslog_mark
	refused 'Verification of root hash failed'
	wait_until 5 unused || fail "a loop device is left after the refusal"
	rm -rf /dev/mapper /usr/sbin/veritysetup "$TOP/spoilt"
}

t "M17 a layer with a size is full, and logins work" layer_size
t "M17 a private home with a size is full, and logins work" home_size
t "a layer in memory with a size is full" tmpfs_size
t "a size grows, and does not shrink" grows
t "a layer without a size is not hidden by one with a size" unsized_before
t "a disk that is too small is named" full_disk
t "an image is repaired after a crash" after_a_crash
t "M17 a size is not mounted twice" used_twice
t "a dry run makes no image" dry
t "rootfs_verity asks veritysetup, and leaves nothing" by_verity
t "rootfs_verity is refused without a device mapper" no_verity
clean_slate
