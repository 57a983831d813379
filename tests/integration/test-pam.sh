#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The installed module and programs, and a caller seen from outside.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

CALLER=$TESTS/pamcaller
MODULE=$(find /lib/*/security /usr/lib/*/security -name pam_container.so \
	2> /dev/null | head -n 1)
config alice '{"rootfs": "/"}'
conf 'linger = 0; stop = "logout";'
printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' \
	'session required pam_container.so' > /etc/pam.d/nsc-one

# caller OPTION... : waits until 'go'; its pid is in $PID.
caller() {
	need_product
	[ -x "$CALLER" ] || skip "pamcaller is not built"
	mkfifo "$OUT/wait"
	"$CALLER" -w "$@" nsc-one alice <> "$OUT/wait" > "$OUT/text" 2>&1 &
	PID=$!
	wait_until 10 grep -qs '^ns cgroup' "$OUT/text" ||
		fail "it does not open" "$(cat "$OUT/text")"
}

go() {
	echo > "$OUT/wait"
	wait "$PID"
}

seen_from_outside() {
	local ns

	caller
	for ns in mnt uts ipc net user cgroup pid_for_children; do
		equal "namespace $ns of the caller" \
			"$(ns_of "$(pid_of alice)" "${ns%_for_children}")" \
			"$(ns_of "$PID" "$ns")"
	done
	equal "pid namespace of the caller" "$(ns_of self pid)" \
		"$(ns_of "$PID" pid)"
	go
}

end_without_close() {
	caller
	[ -n "$(pid_of alice)" ] || fail "no container"
	go
	wait_until 5 no_container alice || fail "left: $(ls "$RUN/alice/")"
}

# The only open file of the host is the lock of the session and, until the end,
# the caller's own; after close_session, the lock is closed as well.
descriptors() {
	local open

	caller
	open=$(readlink "/proc/$PID/fd/"* | grep -c "^$RUN/$(id -u alice)/")
	equal "descriptors in the run directory" 1 "$open"
	go
	rm "$OUT/wait"
	caller -c
	empty "descriptors in the run directory after close_session" \
		"$(readlink "/proc/$PID/fd/"* | grep "^$RUN/$(id -u alice)/")"
	go
}

# systemd itself would become the user, and would be half inside.
user_manager() {
	need_product
	[ -x "$CALLER" ] || skip "pamcaller is not built"
	clean_slate
	cp /etc/pam.d/nsc-one /etc/pam.d/systemd-user
	"$CALLER" systemd-user alice true > "$OUT/text" 2>&1
	rm /etc/pam.d/systemd-user
	contains "what the caller is told" "login is refused" \
		"$(cat "$OUT/text")"
	logged "service manager of a user who has a container is not started"
	[ -z "$(pid_of alice)" ] || fail "a container was started for it"
}

exports() {
	need_product
	nm -D --defined-only "$MODULE" > "$OUT/symbols" || skip "nm is missing"
	equal "exported" "pam_sm_acct_mgmt pam_sm_close_session pam_sm_open_session" \
		"$(awk '{ print $3 }' "$OUT/symbols" | sed 's/@.*//' |
		grep -v '^PAM_CONTAINER\|^$' | sort | xargs)"
}

# needed FILE LIBRARY... : the file needs no other library.
needed() {
	local file=$1 name

	need_product
	shift
	command -v readelf > /dev/null || skip "readelf is missing"
	readelf -d "$file" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' > "$OUT/text"
	for name; do
		sed -i "/^$name\.so/d" "$OUT/text"
	done
	empty "more libraries" "$(cat "$OUT/text")"
}

t "J4 a caller is in all namespaces but the pid namespace, as its children are" \
	seen_from_outside
t "pam_end without close_session lets the container end" end_without_close
t "L4 a caller holds one descriptor of ours, and none after close_session" \
	descriptors
t "a user's service manager is not started for who has a container" \
	user_manager
t "H6 the installed module exports its entry points only" exports
t "H6 the installed module needs libpam, libcap, libconfig and libc only" \
	needed "$MODULE" libpam libcap libconfig libc
t "the installed nsshell needs libcap, libconfig and libc only" \
	needed /usr/bin/nsshell libcap libconfig libc
