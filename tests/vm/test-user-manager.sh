#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The user's own service manager, which logind starts at a login: what the user
# puts into the home inside is not run on the host.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

UNITS=/home/alice/.config/systemd/user
MANAGER=user@$(id -u alice)

prepare() {
	mkdir -p "$UNITS/default.target.wants"
	printf '[Service]\nExecStart=touch %%h/unit-ran\n' > "$UNITS/x.service"
	ln -s ../x.service "$UNITS/default.target.wants/x.service"
	chown -R alice: /home/alice/.config
	systemctl stop "$MANAGER"
}

login() {
	rm -f /home/alice/unit-ran
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails"
}

has_run() {
	[ -e /home/alice/unit-ran ]
}

# This is why; where it is not so any more, nothing else here means anything.
without() {
	login
	wait_until 10 has_run || fail "the user's unit is not run"
	systemctl stop "$MANAGER"
}

refused() {
	nsinit enable systemd-user > "$OUT/enable" 2>&1 ||
		fail "nsinit enable" "$(cat "$OUT/enable")"
	conf 'linger = 30;'
	login
	landed_inside "$OUT/ns" alice
	failed() { [ "$(systemctl is-failed "$MANAGER")" = failed ]; }
	wait_until 10 failed || fail "$(systemctl status --no-pager "$MANAGER")"
	! has_run || fail "the user's unit was run on the host"
	logged "service manager of a user who has a container is not started"
}

others() {
	nssh carol true || fail "ssh fails"
	equal "carol's manager" active \
		"$(systemctl is-active "user@$(id -u carol)")"
}

# The key that lets it run on the host.
exempt() {
	systemctl reset-failed
	nsinit stop alice
	gone alice
	conf 'linger = 30; exempt_services = [ "systemd-user" ];'
	login
	landed_inside "$OUT/ns" alice
	wait_until 10 has_run || fail "the user's unit is not run"
	systemctl stop "$MANAGER"
}

restore() {
	nsinit disable systemd-user || fail "nsinit disable"
	[ ! -e /etc/pam.d/systemd-user ] || fail "/etc/pam.d/systemd-user stays"
	rm -rf "$UNITS" /home/alice/unit-ran
	conf ''
	systemctl reset-failed
	nsinit stop alice
	gone alice
}

prepare
t "without the module in systemd-user a user's units run on the host" without
t "with it a contained user has no service manager, and logs in" refused
t "with it who has no container has a service manager" others
t "exempt_services lets it run on the host" exempt
t "nothing is left of it" restore
clean_slate
