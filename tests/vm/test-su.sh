#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# su and sudo, with the machine's own PAM configuration.
# shellcheck disable=SC2016,SC2024,SC2317 # session commands; run by t
. "$(dirname "$0")/lib.sh"

conf 'linger = 60;'
# sudo -i quotes what it passes to the shell, and not as sh would.
printf '#!/bin/sh\n%s\n' "$NS_COMMAND" > /usr/local/bin/nsc-where
chmod 0755 /usr/local/bin/nsc-where

su_login() {
	su - alice -c "$NS_COMMAND" > "$OUT/ns" || fail "su - fails"
	landed_inside "$OUT/ns" alice
}

su_command() {
	su alice -c "$NS_COMMAND" > "$OUT/ns" || fail "su -c fails"
	landed_inside "$OUT/ns" alice
}

sudo_login() {
	sudo -i -u alice nsc-where > "$OUT/ns" || fail "sudo -i fails"
	landed_inside "$OUT/ns" alice
}

sudo_from_user() {
	su - carol -c "sudo -n -u alice nsc-where" > "$OUT/ns" ||
		fail "carol's sudo fails"
	landed_inside "$OUT/ns" alice
}

uncontained() {
	su - carol -c "nsc-where" > "$OUT/ns" || fail "su - carol fails"
	landed_on_host "$OUT/ns"
	su - carol -c "sudo -n -i nsc-where" > "$OUT/ns" || fail "sudo -i fails"
	landed_on_host "$OUT/ns"
}

stops() {
	nsinit stop alice
	gone alice
}

t "su - lands in the container" su_login
t "su -c lands in the container" su_command
t "sudo -i lands in the container" sudo_login
t "sudo by a user without a container lands in the container" sudo_from_user
t "a user without a container.json, and root, stay on the host" uncontained
conf ''
t "nothing is left of su and sudo" stops
clean_slate
