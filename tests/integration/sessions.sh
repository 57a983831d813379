# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034 # used by those who source it
# Sourced by the tests of how alice's sessions end, after lib.sh.

# The processes of alice's on whose command line there is a mark.
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

# connect [SSH ARGUMENT...] COMMAND: in the background, as CLIENT.
connect() {
	ssh "${SSH_OPTIONS[@]}" -l alice 127.0.0.1 "$@" \
		< /dev/null > "$OUT/client" 2>&1 &
	CLIENT=$!
	wait_until 10 logged_in sshd || fail "no session: $(cat "$OUT/client")"
}

# Another session is there before and after, with a process of its own.
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
