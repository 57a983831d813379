#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sudo to a contained user lands in the container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sudo sudo-i
config alice '{"rootfs": "/"}'
conf 'linger = 30;'
echo 'carol ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/carol
chmod 0440 /etc/sudoers.d/carol
# sudo -i quotes the command for the shell, but differently from sh.
echo "$NS_COMMAND" > /usr/local/bin/nsc-where
chmod 0755 /usr/local/bin/nsc-where

sudo_user() {
	timeout 20 sudo -u alice sh -c "$NS_COMMAND" > "$OUT/ns" ||
		fail "sudo -u fails"
	landed_inside "$OUT/ns" alice
}

sudo_login() {
	timeout 20 sudo -i -u alice nsc-where > "$OUT/ns" ||
		fail "sudo -i fails"
	landed_inside "$OUT/ns" alice
	equal "working directory" /home/alice \
		"$(timeout 20 sudo -i -u alice pwd)"
}

sudo_from_user() {
	timeout 20 su carol -s /bin/sh -c \
		"sudo -n -u alice sh -c '$NS_COMMAND'" > "$OUT/ns" ||
		fail "carol's sudo fails"
	landed_inside "$OUT/ns" alice
}

sudo_status() {
	status_is 7 timeout 20 sudo -u alice sh -c 'exit 7'
	status_is 7 timeout 20 sudo -i -u alice sh -c 'exit 7'
}

sudo_terminal() {
	on_terminal \
		"sudo -i -u alice sh -c 'test -t 0 && echo terminal; nsc-where'" \
		> "$OUT/ns"
	landed_inside "$OUT/ns" alice
	contains "descriptor 0" terminal "$(cat "$OUT/ns")"
}

sudo_root() {
	timeout 20 su carol -s /bin/sh -c "sudo -n sh -c '$NS_COMMAND'" \
		> "$OUT/ns" || fail "sudo fails"
	landed_on_host "$OUT/ns"
}

t "sudo -u lands in the container" sudo_user
t "sudo -i -u lands in the container" sudo_login
t "sudo -u by another user lands in the container" sudo_from_user
t "sudo's exit status comes back" sudo_status
t "sudo -i on a terminal lands in the container" sudo_terminal
t "sudo to root stays on the host" sudo_root
