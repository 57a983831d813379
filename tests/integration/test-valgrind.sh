#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# valgrind on nsshell and on the module: no error, and no leak of nscontainer.
# Only runs by name, as in CI.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

command -v valgrind > /dev/null || {
	t "valgrind" skip "valgrind is not installed"
	exit 0
}
# valgrind does not know pidfd_open(2) and clone3(2), so operations that need
# them end with a refusal; all code up to there reads, parses and frees.
VALGRIND=(valgrind -q --error-exitcode=99 --leak-check=full
	--show-leak-kinds=definite --errors-for-leak-kinds=definite
	--child-silent-after-fork=yes)
# valgrind does not recognize a static C library, so this nsshell is linked
# with the shared one.
NSSHELL=$TESTS/nsshell-shared
AS_ALICE=(setpriv --reuid=alice --regid=alice --init-groups)
printf '%s\n' "auth required pam_permit.so" "account required pam_permit.so" \
	"session required pam_container.so" > /etc/pam.d/nsc-test

shell_without_container() {
	need_product
	status_is 126 "${AS_ALICE[@]}" "${VALGRIND[@]}" "$NSSHELL" -c true
}

shell_joins() {
	need_product
	config alice '{"rootfs": "/", "environment": ["A=b"]}'
	nsinit start alice || fail "nsinit start"
	"${AS_ALICE[@]}" "${VALGRIND[@]}" "$NSSHELL" \
		-c 'echo $A; exit 7' > "$OUT/text" 2>&1
	differ "valgrind's status" 99 $?
	nsinit stop --timeout 0 alice
}

module_host_user() {
	need_product
	rm -rf "$CONF/users/alice"
	status_is 0 "${VALGRIND[@]}" "$TESTS/pamcaller" nsc-test alice
}

module_refuses() {
	need_product
	config alice '{"rootfs": "/", "nonsense": 1}'
	"${VALGRIND[@]}" "$TESTS/pamcaller" nsc-test alice > "$OUT/text" 2>&1
	differ "valgrind's status" 99 $?
	contains "result" "open 6" "$(cat "$OUT/text")"
}

module_joins() {
	need_product
	config alice '{"rootfs": "/"}'
	clean_slate
	nsinit start alice || fail "nsinit start"
	"${VALGRIND[@]}" "$TESTS/pamcaller" nsc-test alice > "$OUT/text" 2>&1
	differ "valgrind's status" 99 $?
	nsinit stop --timeout 0 alice
}

t "nsshell without a container, under valgrind" shell_without_container
t "nsshell that joins, under valgrind" shell_joins
t "the module and a user of the host, under valgrind" module_host_user
t "the module and a broken configuration, under valgrind" module_refuses
t "the module and a running container, under valgrind" module_joins
