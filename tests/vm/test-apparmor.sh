#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# context.apparmor_profile, on a kernel that has AppArmor.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

CONFINED='{"rootfs": "/", "context": {"apparmor_profile": "nsc-test"}}'

# What it denies would be allowed without it.
load() {
	apparmor_parser -r <<-'END'
	profile nsc-test flags=(attach_disconnected, mediate_deleted) {
	  file,
	  capability,
	  network,
	  mount,
	  umount,
	  pivot_root,
	  ptrace,
	  signal,
	  unix,
	  dbus,
	  deny /home/alice/denied rw,
	}
	END
}

confined() {
	nothing_left alice || clean_slate
	config alice "$CONFINED"
	valid alice
}

label() {
	confined
	hold_su alice
	su - alice -c 'cat /proc/self/attr/current' > "$OUT/label"
	contains "the session's label" "nsc-test" "$(cat "$OUT/label")"
	contains "the session's label" "(enforce)" "$(cat "$OUT/label")"
	release
	gone alice
}

label_by_ssh() {
	confined
	contains "the label after a login by ssh" "nsc-test (enforce)" \
		"$(nssh alice 'cat /proc/self/attr/current' 2>&1)"
	gone alice
}

denies() {
	confined
	su - alice -c 'echo x > ~/allowed && echo is allowed
		echo x > ~/denied && echo is written' > "$OUT/all" 2>&1
	contains "another file" "is allowed" "$(cat "$OUT/all")"
	contains "what the profile denies" "Permission denied" \
		"$(cat "$OUT/all")"
	lacks "what the profile denies" "is written" "$(cat "$OUT/all")"
	gone alice
}

# Inside, nobody gets rid of it.
stays() {
	confined
	su - alice -c 'echo "changeprofile unconfined" > /proc/self/attr/exec
		cat /proc/self/attr/current' > "$OUT/all" 2>&1
	contains "the label" "nsc-test (enforce)" "$(cat "$OUT/all")"
	gone alice
}

others() {
	hold_su bob
	equal "the label of a user without the key" unconfined \
		"$(tr -d '\0' < "/proc/$(pid_of bob)/attr/current")"
	release
	gone bob
}

unknown() {
	config alice '{"rootfs": "/",
		"context": {"apparmor_profile": "nsc-nowhere"}}'
	status_is 1 nsinit check alice
	contains "nsinit check" "is not loaded" "$(cat "$OUT/stderr")"
	su - alice -c 'echo is in' > "$OUT/all" 2>&1 &&
		fail "the login succeeds" "$(cat "$OUT/all")"
	lacks "the login" "is in" "$(cat "$OUT/all")"
	logged "nsc-nowhere"
	gone alice
}

t "the test's profile is loaded" load
t "the session has the profile" label
t "a login by ssh has the profile" label_by_ssh
t "what the profile denies is denied" denies
t "a session cannot leave the profile" stays
t "a user without the key is not confined" others
t "a profile that is not loaded refuses the login" unknown
config alice '{"rootfs": "/"}'
clean_slate
