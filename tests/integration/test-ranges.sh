#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Subordinate ranges: from /etc/subuid or the pool, and never shared.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

# first USER : the container's root as an id of the host.
first() {
	nsinit check "$1" | sed -n 's/^uid_map: 0:\([0-9]*\):.*/\1/p'
}

subids() {
	need_product
	printf '%s\n' "$@" > /etc/subuid
	cp /etc/subuid /etc/subgid
	for user in alice bob carol; do
		config "$user" '{"rootfs": "/"}'
	done
}

from_files() {
	subids alice:300000:65536 bob:400000:65536
	equal "alice" 300000 "$(first alice)"
	equal "bob" 400000 "$(first bob)"
}

# subuid(5): the owner is a name or a uid.
by_uid() {
	subids "$(id -u alice):300000:65536" carol:700000:10 carol:500000:65536
	equal "alice" 300000 "$(first alice)"
	equal "carol, of the one that is large enough" 500000 "$(first carol)"
}

overlap_refused() {
	local user

	subids alice:300000:65536 bob:365535:65536
	for user in alice bob; do
		status_is 1 nsinit check "$user"
		contains "sentence" "overlaps that of" "$(cat "$OUT/stderr")"
		status_is 1 su "$user" -c true
	done
}

from_pool() {
	local alice carol

	subids ""
	carol=$(first carol)
	alice=$(first alice)
	equal "carol" 1879048192 "$carol"
	equal "alice" $((carol + 65536)) "$alice"
	equal "carol again" "$carol" "$(first carol)"
	# Another user gets ids of the pool in the file.
	subids "dave:$((alice + 10)):10"
	status_is 1 nsinit check alice
	equal "carol's is free of it" "$carol" "$(first carol)"
}

# The range that bob would get overlaps alice's: only bob is refused.
pool_moved() {
	subids ""
	rm -f /var/lib/nscontainer/ids
	conf 'id_pool_count = 65536000;'
	equal "alice" 1879048192 "$(first alice)"
	conf 'id_pool_first = 1879000000;'
	status_is 1 nsinit check bob
	contains "sentence" "are in the range of 'alice' (1879048192+65536)" \
		"$(cat "$OUT/stderr")"
	equal "alice, again" 1879048192 "$(first alice)"
	rm -f /var/lib/nscontainer/ids
	conf
}

# Nor does a range of /etc/subuid yield to one of the pool.
pool_on_files() {
	subids bob:1879050000:65536
	rm -f /var/lib/nscontainer/ids
	status_is 1 nsinit check alice
	contains "sentence" "overlaps that of 'bob'" "$(cat "$OUT/stderr")"
	equal "bob" 1879050000 "$(first bob)"
	rm -f /var/lib/nscontainer/ids
}

pool_ends() {
	subids ""
	rm -f /var/lib/nscontainer/ids
	conf 'id_pool_count = 65536;'
	equal "alice" 1879048192 "$(first alice)"
	status_is 1 nsinit check bob
	contains "sentence" "enlarge id_pool_count" "$(cat "$OUT/stderr")"
}

pam_enable su
t "a range of /etc/subuid and /etc/subgid is used" from_files
t "the owner may be a uid, and a user have more ranges" by_uid
t "C9 ranges that overlap refuse both users" overlap_refused
t "C9 the pool gives each user a range, for good" from_pool
t "C9 a pool that was moved gives no range twice" pool_moved
t "C9 a range of the pool yields to /etc/subuid" pool_on_files
t "a pool that is used up says so" pool_ends
