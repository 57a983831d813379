#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Interfaces on one of the host's, ipvlan above all: this kernel has it, and
# many others do not, where the same tests see it refused.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

kernel() {
	local type

	ip link add parent type dummy || fail "no dummy interface"
	for type in ipvlan macvlan; do
		ip link add child link parent type "$type" ||
			fail "the kernel has no $type"
		ip link del child
	done
	ip link del parent
}

t "the kernel has ipvlan and macvlan" kernel
# Each file in a world of its own, as on a host, one after the other.
wait_until 10 managers_gone
NSC_TEST_ONLY=vlan NSC_TEST_REQUIRE=this NSC_TEST_JOBS=1 \
	NSC_TEST_TIMEOUT=1800 /mnt/tests/integration/run /srv/stage \
	test-network.sh test-lists.sh test-dns.sh test-rate.sh |
	grep --line-buffered -v '^[0-9]* passed, '
