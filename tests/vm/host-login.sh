#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Logins over the network, with ssh as it comes.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/host.sh"

guest_lib "conf 'linger = 60;'"
SHOW="$NS_COMMAND; $INSIDE && echo is inside"

by_key() {
	timeout 240 ssh "${SSH_OPTIONS[@]}" -i "$KEY" -o BatchMode=yes \
		alice@127.0.0.1 "$SHOW" > "$OUT/all" 2>&1 ||
		fail "$(cat "$OUT/all")"
	guest_landed "$OUT/all" alice
	contains "the mark" "is inside" "$(cat "$OUT/all")"
}

# With a terminal, and typed.
by_password() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 150
	eval spawn -noecho ssh $env(OPTIONS) bob@127.0.0.1
	expect "assword:" {} default { exit 10 }
	send "secret-bob\r"
	expect "bob@" {} default { exit 11 }
	send "PS1=; $env(SHOW)\r"
	send "exit\r"
	expect eof {} default { exit 12 }
	END
	OPTIONS="${SSH_OPTIONS[*]} -o PubkeyAuthentication=no" SHOW=$SHOW \
		timeout 400 expect -f "$OUT/dialogue" > "$OUT/all" 2>&1 ||
		fail "status $?" "$(cat "$OUT/all")"
	guest_landed "$OUT/all" bob
	contains "the mark" "is inside" "$(tr -d '\r' < "$OUT/all")"
}

nothing_stays() {
	guest nsinit stop alice
	guest nsinit stop bob
	guest_gone alice
	guest_gone bob
}

t "a login by key lands in the container" by_key
t "a login by password lands in the container" by_password
guest_lib "conf ''"
t "nothing is left of the logins" nothing_stays
