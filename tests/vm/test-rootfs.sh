#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Systems of their own on this kernel and its ext4: id-mapped mounts, overlays.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

mkdir -m 0700 /srv/images
make_busybox /srv/images/plain
conf 'linger = 60;'

# lands OVERLAY
lands() {
	config bob "{\"rootfs\": \"/srv/images/plain\", \"overlay\": \"$1\"}"
	su - bob -c "ls -ln /bin/busybox; touch /tmp/new && echo is written
		$NS_COMMAND" > "$OUT/all" 2>&1 || fail "$(cat "$OUT/all")"
	landed_inside "$OUT/all" bob
	contains "root's file, inside" " 0        0 " "$(cat "$OUT/all")"
	nsinit stop bob
}

overlay() {
	rm -f /srv/images/plain/tmp/new
	lands "$1"
	contains "a file in /tmp" "is written" "$(cat "$OUT/all")"
	[ ! -e /srv/images/plain/tmp/new ] || fail "the image itself was written to"
}

t "a rootfs of its own is entered" lands none
t "a rootfs with a scratch layer is entered" overlay tmpfs
t "a rootfs with a persistent layer is entered" overlay persistent
config bob '{"rootfs": "/"}'
conf ''
nsinit stop bob > /dev/null 2>&1
t "nothing is left of the systems of their own" gone bob
clean_slate
