# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034 # used by those who source it
# Sourced after lib.sh by the tests about the end of alice's sessions.

# The processes of alice that have the mark on their command line.
marked() {
	pgrep -u alice -f -- "$1" || :
}
gone() {
	[ -z "$(marked "$1")" ]
}
there() {
	[ -n "$(marked "$1")" ]
}

# The login process of the session with that service, on the host.
login_of() {
	grep -l "^service $1\$" "$RUN"/alice/current/session/* 2> /dev/null |
		head -n 1 | xargs -r basename
}
logged_in() {
	[ -n "$(login_of "$1")" ]
}
logged_out() {
	[ -z "$(login_of "$1")" ]
}

# connect [SSH ARGUMENT...] COMMAND: in the background; its pid is CLIENT.
connect() {
	ssh "${SSH_OPTIONS[@]}" -l alice 127.0.0.1 "$@" \
		< /dev/null > "$OUT/client" 2>&1 &
	CLIENT=$!
	wait_until 10 logged_in sshd || fail "no session: $(cat "$OUT/client")"
}

# Another session must exist before and after, with its own process.
witness_begin() {
	hold alice
}
witness_end() {
	kill -0 "$HOLDER" 2> /dev/null || fail "another session was ended"
	[ -n "$(pgrep -u alice -x cat)" ] || fail "another session was hit"
	release
	wait_until 5 logged_out sshd || fail "the session's file stays"
	clean_slate
}
