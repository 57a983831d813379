#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rootfs_verity with this kernel's device mapper and the real veritysetup.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

IMAGE=/srv/images/sys
KNOWN='this line is known'

make_image() {
	install -d -m 0700 /srv/images
	make_busybox /srv/tree
	mkdir -p /srv/tree/{home/{alice,bob},dev/pts,run/user}
	yes "$KNOWN" | head -c 1M > /srv/tree/etc/known
	mke2fs -q -t ext4 -b 4096 -d /srv/tree "$IMAGE" 32M > /dev/null
	sync
}
hash_of() {
	veritysetup format "$1" "$1.verity" |
		sed -n 's/^Root hash:[[:space:]]*//p'
}
# verity [HASH]: alice's image; without HASH the right one.
verity() {
	config alice "{\"rootfs\": \"$IMAGE\",
		\"rootfs_verity\": \"${1-$HASH}\"}"
}
devices() {
	find /dev/mapper -name 'nscontainer-*'
}
loops() {
	losetup -l -n -O BACK-FILE | grep -F "$IMAGE"
}
unused() {
	[ -z "$(devices)$(loops)" ]
}
has_one() {
	[ "$(devices | wc -l)" -eq 1 ]
}
nothing_is_left() {
	wait_until 10 unused ||
		fail "left:" "$(devices; loops)"
}
known() {
	su - alice -c "sed -n 2p /etc/known"
}

right() {
	verity
	equal "a line of the image" "$KNOWN" "$(known)"
	nsinit stop alice
	nothing_is_left
}

two() {
	verity
	hold_su alice
	mkdir -p "$CONF/users/bob"
	cp "$CONF/users/alice/container.json" "$CONF/users/bob"
	equal "bob's line" "$KNOWN" "$(su - bob -c "sed -n 2p /etc/known")"
	nsinit stop bob
	wait_until 10 has_one || fail "devices of alice's container" "$(devices)"
	equal "a line that was not read before" "$KNOWN" \
		"$(nsinit exec alice head -n 1 /etc/known)"
	kill "$HOLDER"
	nsinit stop alice
	nothing_is_left
}

# refused_for PATTERN
refused_for() {
	syslog_mark
	! known > "$OUT/out" 2>&1 || fail "a login" "$(cat "$OUT/out")"
	contains "the log" "$1" "$(syslog_since)"
	nothing_is_left
}

wrong_hash() {
	verity "${HASH//[0-9]/7}"
	refused_for 'the hash of another image'
}

other_tree() {
	cp "$IMAGE.verity" /srv/images/kept
	veritysetup format "$IMAGE" "$IMAGE.verity" > /dev/null
	verity
	refused_for 'the hash of another image'
	mv /srv/images/kept "$IMAGE.verity"
}

# With the hash, what somebody changed is an error to read; without, it is read.
changed_block() {
	local at

	at=$(grep -abo -m 1 "$KNOWN" "$IMAGE" | cut -d : -f 1 | head -n 1)
	printf T | dd of="$IMAGE" bs=1 seek="$at" conv=notrunc status=none
	sync
	echo 3 > /proc/sys/vm/drop_caches
	verity
	su - alice -c "head -n 1 /etc/known" > "$OUT/out" 2>&1
	contains "what reads it" "Input/output error" "$(cat "$OUT/out")"
	nsinit stop alice
	nothing_is_left
	config alice "{\"rootfs\": \"$IMAGE\"}"
	equal "the line without a hash" "T${KNOWN#t}" \
		"$(su - alice -c "head -n 1 /etc/known")"
	nsinit stop alice
	printf t | dd of="$IMAGE" bs=1 seek="$at" conv=notrunc status=none
	sync
	nothing_is_left
}

# mke2fs makes blocks of 1 KiB in a small file system, and verity's have 4.
small_blocks() {
	local hash

	mke2fs -q -t ext4 -b 1024 "$IMAGE.small" 8M > /dev/null
	hash=$(hash_of "$IMAGE.small")
	config alice "{\"rootfs\": \"$IMAGE.small\",
		\"rootfs_verity\": \"$hash\"}"
	refused_for 'mke2fs -b 4096'
}

# A start that is killed while its device has no other user.
killed() {
	verity
	cat > "$OUT/killing" <<-'END'
	#!/bin/bash
	[ "$1" != close ] || { kill -KILL $PPID; exit 1; }
	exec /srv/veritysetup "$@"
	END
	chmod 0755 "$OUT/killing"
	cp -p /usr/sbin/veritysetup /srv/veritysetup
	mount --bind "$OUT/killing" /usr/sbin/veritysetup
	! known > "$OUT/out" 2>&1 || fail "a login" "$(cat "$OUT/out")"
	wait_until 5 umount /usr/sbin/veritysetup
	equal "devices that the start left" 1 "$(devices | wc -l)"
	equal "the next login" "$KNOWN" "$(known)"
	nsinit stop alice
	nothing_is_left
}

make_image
HASH=$(hash_of "$IMAGE")
conf 'linger = 60;'
t "an image with the right hash is entered, and its device goes" right
t "two containers have the same image with a hash" two
t "M18 an image with another hash is refused" wrong_hash
t "M18 an image with another tree of hashes is refused" other_tree
t "M18 a changed block is an error to read" changed_block
t "an image with blocks that verity cannot have is refused" small_blocks
t "a killed start's device goes with the next one" killed
config alice '{"rootfs": "/"}'
config bob '{"rootfs": "/"}'
conf ''
clean_slate
