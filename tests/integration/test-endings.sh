#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How sessions end, and which of their processes remain.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip endings # product is not installed"; exit 0; }
pam_enable sshd su cron
config alice '{"rootfs": "/"}'
sshd_start 22

# The connection of a command without a terminal is lost.
lost_connection() {
	witness_begin
	connect 'sleep 1001; echo'
	wait_until 5 there 'sleep 1001' || fail "no command"
	kill -KILL "$CLIENT"
	wait_until 10 gone 'sleep 1001' || fail "the command lives on"
	witness_end
}

lost_with_nohup() {
	witness_begin
	connect 'nohup sleep 1002; echo'
	wait_until 5 there 'sleep 1002' || fail "no command"
	kill -KILL "$CLIENT"
	wait_until 10 one_session || fail "the session does not end"
	sleep 0.5
	there 'sleep 1002' || fail "nohup did not help"
	witness_end
}
one_session() {
	[ "$(count_sessions alice)" -eq 1 ]
}

# sshd's privileged process is killed: without the product its child continues.
killed_sshd() {
	local pid before

	witness_begin
	before=$(sessions_of alice)
	connect "$@"
	wait_until 5 there 'sleep 1003' || fail "no command"
	pid=$(sessions_of alice | grep -vx "$before")
	kill -KILL "$pid"
	wait_until 10 gone 'sleep 1003' || fail "the command lives on" \
		"$(ps -ef)"
	wait_until 10 one_session || fail "the session's file stays"
	wait "$CLIENT"
	witness_end
}

# An ordinary logout: processes that were left on purpose remain.
background() {
	witness_begin
	status_is 0 nssh alice 'sleep 1004 > /dev/null 2>&1 < /dev/null &
		setsid sleep 1005 > /dev/null 2>&1 < /dev/null & sleep 0.3'
	wait_until 10 one_session || fail "the session does not end"
	sleep 0.5
	there 'sleep 1004' || fail "the job in the background is gone"
	there 'sleep 1005' || fail "the daemon is gone"
	witness_end
}

# The connection of a session with a terminal is closed by ssh's escape.
escape() {
	witness_begin
	{ sleep 2; printf '\r~.'; sleep 5; } | timeout 20 \
		ssh "${SSH_OPTIONS[@]}" -tt -e '~' -l alice 127.0.0.1 \
		'sleep 1006; echo' > "$OUT/client" 2>&1 &
	wait_until 10 there 'sleep 1006' || fail "no command"
	wait_until 10 gone 'sleep 1006' || fail "the command lives on"
	wait_until 10 one_session || fail "the session's file stays"
	witness_end
}

killed_su() {
	local pid

	witness_begin
	su alice -c 'sleep 1007; echo' < /dev/null > /dev/null 2>&1 &
	wait_until 10 there 'sleep 1007' || fail "no command"
	pid=$(login_of su)
	kill -KILL "$pid"
	wait_until 10 gone 'sleep 1007' || fail "the command lives on"
	wait_until 5 logged_out su || fail "the session's file stays"
	witness_end
}

su_background() {
	witness_begin
	su alice -c 'sleep 1008 & setsid sleep 1009 & sleep 0.3' \
		< /dev/null > /dev/null 2>&1
	wait_until 5 logged_out su || fail "the session's file stays"
	sleep 0.5
	there 'sleep 1008' || fail "the job in the background is gone"
	there 'sleep 1009' || fail "the daemon is gone"
	witness_end
}

# The CRON process of a cron job is killed.
killed_cron() {
	local pid

	witness_begin
	printf '* * * * * sleep 1010; echo\n' | crontab -u alice -
	/usr/sbin/cron -f &
	CRON=$!
	wait_until 70 there 'sleep 1010' || fail "cron starts nothing"
	crontab -u alice -r
	pid=$(login_of cron)
	kill "$CRON"
	kill -KILL "$pid"
	wait_until 10 gone 'sleep 1010' || fail "the command lives on"
	wait_until 5 logged_out cron || fail "the session's file stays"
	witness_end
}

# "kill": ends all processes of this session, and of no other.
killed() {
	conf 'on_disconnect = "kill";'
	witness_begin
	nssh alice 'trap "" HUP; sleep 1011 > /dev/null 2>&1 < /dev/null &
		setsid nohup sleep 1012 > /dev/null 2>&1 < /dev/null & sleep 0.3'
	there 'sleep 1011' || fail "killed before two seconds"
	wait_until 10 gone 'sleep 101[12]' || fail "something lives on"
	wait_until 5 one_group || fail "the session's group stays" \
		"$(groups_of)"
	witness_end
}
groups_of() {
	find /sys/fs/cgroup -type d -path '*/nscontainer/alice/session-*'
}
one_group() {
	[ "$(groups_of | sed 's,.*/,,' | sort -u | wc -l)" -eq 1 ]
}

# A fork bomb that ignores signals does not escape.
killed_bomb() {
	config alice '{"rootfs": "/", "cgroups": {"pids": 200}}'
	conf 'on_disconnect = "kill";'
	cat > /home/alice/bomb <<-'END'
		trap '' HUP TERM
		while :; do (sleep 1013; :) & done 2> /dev/null
	END
	chmod 644 /home/alice/bomb
	connect 'exec bash ./bomb'
	wait_until 20 enough || fail "it does not fork"
	kill -KILL "$CLIENT"
	wait_until 20 gone 'sleep 1013' || fail "something lives on"
	wait_until 5 no_container alice || fail "the container stays"
	config alice '{"rootfs": "/"}'
}
enough() {
	[ "$(marked 'sleep 1013' | wc -l)" -gt 50 ]
}

kept() {
	conf 'on_disconnect = "keep";'
	witness_begin
	connect 'sleep 1014; echo'
	wait_until 5 there 'sleep 1014' || fail "no command"
	kill -KILL "$CLIENT"
	wait_until 10 one_session || fail "the session does not end"
	sleep 1
	there 'sleep 1014' || fail "it was ended"
	witness_end
}

# The monitor is killed: the next one ends the sessions that ended meanwhile.
adopted() {
	conf
	witness_begin
	connect 'sleep 1015; echo'
	wait_until 5 there 'sleep 1015' || fail "no command"
	kill -KILL "$(monitors)"
	kill -KILL "$CLIENT"
	sleep 0.5
	status_is 0 su alice -c true
	wait_until 10 gone 'sleep 1015' || fail "it lives on"
	# A session that the new monitor took over.
	connect 'sleep 1016; echo'
	wait_until 5 there 'sleep 1016' || fail "no command"
	kill -KILL "$(monitors)"
	status_is 0 su alice -c true
	there 'sleep 1016' || fail "a session was ended with its monitor"
	kill -KILL "$CLIENT"
	wait_until 10 gone 'sleep 1016' || fail "it lives on"
	witness_end
}

# A failed test must not disturb the next.
e() {
	t "$@"
	clean_slate
	config alice '{"rootfs": "/"}'
	conf
}

e "a command whose connection is lost is hung up" lost_connection
e "nohup survives a lost connection" lost_with_nohup
e "a killed sshd takes its command along" killed_sshd 'sleep 1003; echo'
e "a killed sshd takes its command with a terminal along" \
	killed_sshd -tt 'sleep 1003; echo'
e "what runs in the background survives a logout" background
e "ssh's escape ends a command on a terminal" escape
e "a killed su takes its command along" killed_su
e "what runs in the background survives the end of su" su_background

e "a killed CRON takes its command along" killed_cron
e "on_disconnect kill ends what is left, and nothing else" killed
e "on_disconnect kill ends what forks for ever" killed_bomb
e "on_disconnect keep ends nothing" kept
e "a monitor that replaces a killed one ends sessions as well" adopted
