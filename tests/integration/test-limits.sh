#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits on the number of sessions, and on the time of sessions and container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip limits # product is not installed"; exit 0; }
pam_enable sshd su
config alice '{"rootfs": "/"}'
sshd_start 22

one_session() {
	[ "$(count_sessions alice)" -eq 1 ]
}

# container.json has precedence over nscontainer.conf.
limited() {
	conf 'max_sessions = 50;'
	config alice '{"rootfs": "/", "lifecycle": {"max_sessions": 2}}'
	status_is 0 nsinit check alice
	contains "nsinit check" "max_sessions" "$(cat "$OUT/stdout")"
	hold alice
	status_is 0 nssh alice true
	connect 'sleep 1017; echo'
	wait_until 5 there 'sleep 1017' || fail "no command"
	nssh alice true && fail "a third session"
	status_is 1 "$TESTS/pamcaller" su alice
	contains "what the user sees" "You have 2 sessions, which is the most" \
		"$(cat "$OUT/stdout")"
	logged "login refused: You have 2 sessions"
	equal "sessions" 2 "$(count_sessions alice)"
	# Not even if errors let the login in.
	conf 'on_error = "host";'
	status_is 1 "$TESTS/pamcaller" su alice
	kill -KILL "$CLIENT"
	wait_until 5 one_session || fail "the session does not end"
	status_is 0 nssh alice true
	release
	clean_slate
	config alice '{"rootfs": "/"}'
	conf
}

# The limit holds for simultaneous logins; several channels are one session.
limited_storm() {
	local i

	conf 'max_sessions = 5;'
	rm -f /home/alice/go
	for ((i = 0; i < 20; i++)); do
		su alice -c "echo in; $STAY" > "$OUT/in.$i" 2> "$OUT/err.$i" &
	done
	wait_until 20 five || fail "in: $(cat "$OUT"/in.* | grep -c in)"
	sleep 1
	equal "sessions" 5 "$(cat "$OUT"/in.* | grep -c in)"
	: > /home/alice/go
	wait
	equal "refused" 15 "$(cat "$OUT"/err.* | grep -c 'You have 5')"
	rm -f /home/alice/go
	conf
	wait_until 5 no_container alice || fail "something is left"
}
five() {
	[ "$(cat "$OUT"/in.* | grep -c in)" -ge 5 ] &&
		[ "$(cat "$OUT"/err.* | grep -c 'You have')" -ge 15 ]
}
multiplexed() {
	local i

	conf 'max_sessions = 1;'
	ssh "${SSH_OPTIONS[@]}" -M -S "$OUT/mux" -N -l alice 127.0.0.1 &
	CLIENT=$!
	wait_until 10 test -S "$OUT/mux" || fail "no connection"
	for ((i = 0; i < 3; i++)); do
		status_is 0 ssh -S "$OUT/mux" -l alice 127.0.0.1 true
	done
	kill "$CLIENT"
	conf
	clean_slate
}

# A session without input or work gets a warning and ends; a busy one stays.
idle() {
	conf 'idle_timeout = 6;'
	nssh alice 'while :; do :; done' &
	hold=$!
	wait_until 10 logged_in sshd || fail "no session"
	sleep 20 | timeout 40 ssh "${SSH_OPTIONS[@]}" -tt -l alice 127.0.0.1 \
		'trap "" HUP; sleep 1018; echo' > "$OUT/client" 2>&1 &
	wait_until 10 there 'sleep 1018' || fail "no command"
	SECONDS=0
	wait_until 30 gone 'sleep 1018' || fail "it lives on"
	[ "$SECONDS" -ge 5 ] || fail "it ended after $SECONDS seconds"
	contains "the warning" "This session is idle and ends in 3 seconds" \
		"$(cat "$OUT/client")"
	wait_until 5 one_session || fail "the session does not end"
	kill -0 "$hold" || fail "a busy session was ended"
	kill "$hold"
	conf
	clean_slate
}

# A session with input stays; ssh ends it when the input ends.
typing() {
	conf 'idle_timeout = 20;'
	{ for ((i = 0; i < 30; i++)); do echo; sleep 1; done; sleep 60; } |
		ssh "${SSH_OPTIONS[@]}" -tt -l alice 127.0.0.1 \
		'while read -r x; do :; done; echo' > "$OUT/client" 2>&1 &
	wait_until 10 logged_in sshd || fail "no session"
	SECONDS=0
	wait_until 90 logged_out sshd || fail "it lives on"
	[ "$SECONDS" -ge 40 ] || fail "it ended after $SECONDS seconds"
	conf
	clean_slate
}

# The container ends, whatever runs in it.
lifetime() {
	config alice '{"rootfs": "/", "lifecycle": {"max_lifetime": 4}}'
	sleep 20 | timeout 40 ssh "${SSH_OPTIONS[@]}" -tt -l alice 127.0.0.1 \
		'sleep 1019; echo' > "$OUT/client" 2>&1 &
	wait_until 10 there 'sleep 1019' || fail "no command"
	wait_until 20 gone 'sleep 1019' || fail "it lives on"
	contains "the warning" "This container ends in 2 seconds" \
		"$(cat "$OUT/client")"
	wait_until 5 no_container alice || fail "something is left"
	# The next container has its own lifetime.
	status_is 0 su alice -c "$INSIDE"
	config alice '{"rootfs": "/"}'
	clean_slate
}

# without_groups COMMAND... : runs it on a host without groups.  A start uses
# the view of the host's PID 1.
without_groups() {
	unshare --mount --pid --fork --mount-proc bash -c '
		umount -n -R -l /sys/fs/cgroup
		"$@"' bash "$@"
}

# Without control groups, keys that need them are refused, and the rest works.
no_groups() {
	local key

	for key in 'on_disconnect = "kill"' 'idle_timeout = 60'; do
		conf "$key;"
		without_groups "$TESTS/pamcaller" su alice > "$OUT/out" &&
			fail "$key: the login was let in"
		logged "${key%% *}.*needs control groups"
	done
	conf 'max_sessions = 1;'
	without_groups bash -c '
		su alice -c "[ -d /dev/.nscontainer ] && echo in; sleep 2" &
		sleep 1; "$0" su alice; wait' "$TESTS/pamcaller" > "$OUT/out"
	contains "output" "in" "$(cat "$OUT/out")"
	contains "output" "You have 1 session, which" "$(cat "$OUT/out")"
	conf
	clean_slate
}

# same_refusal COMMAND... : with it, check and start refuse with the same
# sentence.
same_refusal() {
	local text

	"$@" nsinit check alice > "$OUT/check" 2>&1 && fail "check: let in"
	"$@" nsinit start alice > "$OUT/start" 2>&1 && fail "start: let in"
	text=$(sed 's/^nsinit: //' "$OUT/check")
	[ -n "$text" ] || fail "check says nothing"
	[ "$(tail -c "$((${#text} + 1))" "$OUT/start")" = "$text" ] ||
		fail "check: $text" "start: $(cat "$OUT/start")"
}

# Both refuse a wrong lifecycle key in either file.
check_is_start() {
	local key value

	while read -r key value; do
		conf "$key = $value;"
		same_refusal
		conf
		config alice "{\"rootfs\": \"/\", \"lifecycle\":
			{\"$key\": $value}}"
		same_refusal
		config alice '{"rootfs": "/"}'
	done <<-'END'
		stop "sometimes"
		stop 1
		linger 86401
		linger "1"
		on_disconnect "wait"
		idle_timeout -1
		idle_timeout 2592001
		max_lifetime 31536001
		max_sessions 10001
		max_session 1
	END
	while read -r key value; do
		conf "$key = $value;"
		same_refusal without_groups
		contains "sentence" "needs control groups" "$(cat "$OUT/check")"
		conf
		config alice "{\"rootfs\": \"/\", \"lifecycle\":
			{\"$key\": $value}}"
		same_refusal without_groups
		config alice '{"rootfs": "/"}'
	done <<-'END'
		on_disconnect "kill"
		idle_timeout 60
	END
	status_is 0 nsinit check alice
	status_is 0 nsinit start alice
}

# The error is found before the running container is stopped.
replace_keeps() {
	without_groups bash -c '
		nsinit start alice
		echo "idle_timeout = 60;" > /etc/nscontainer/nscontainer.conf
		pid=$(cat /run/nscontainer/alice/pid)
		nsinit start --replace alice && exit 1
		[ "$(cat /run/nscontainer/alice/pid)" = "$pid" ] &&
			kill -0 "$pid"' > "$OUT/text" 2>&1 ||
		fail "replaced" "$(cat "$OUT/text")"
	contains "sentence" "needs control groups" "$(cat "$OUT/text")"
}

# A process of the user connects as often as it can.
flood() {
	local n

	witness_begin
	cat > "$OUT/flood" <<-'END'
		import socket, os
		for i in range(2000):
		    if os.fork() == 0:
		        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		        s.connect("/run/nscontainer/alice/current/enter")
		        s.recv(512)
		        os._exit(0)
		    if i % 50 == 49:
		        for _ in range(50): os.wait()
	END
	setpriv --reuid alice --regid alice --clear-groups \
		python3 - < "$OUT/flood" || fail "the flood ends early"
	status_is 0 su alice -c true
	wait_until 10 one_session || fail "files stay" \
		"$(count_sessions alice)"
	n=$(find "/proc/$(monitors)/fd" | wc -l)
	[ "$n" -lt 30 ] || fail "descriptors stay: $n"
	setpriv --reuid bob --regid bob --clear-groups python3 -c '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/nscontainer/alice/current/enter")' 2> /dev/null &&
		fail "another user reaches the socket"
	witness_end
}

# A failed test must not disturb the next.
e() {
	t "$@"
	clean_slate
	config alice '{"rootfs": "/"}'
	conf
}

e "max_sessions refuses one more, with a sentence for the user" limited
e "max_sessions holds for many at the same time" limited_storm
e "a multiplexed connection is one session" multiplexed
e "an idle session is warned and ended, a busy one stays" idle
e "a session in which something is typed stays" typing
e "a container ends after max_lifetime, with a warning" lifetime
e "without control groups there is what does not need them" no_groups
e "check refuses each lifecycle key that a start refuses" check_is_start
e "start --replace keeps what runs where that key cannot be" replace_keeps
e "a user who floods the monitor harms nobody" flood
