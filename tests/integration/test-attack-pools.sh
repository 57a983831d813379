#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on kernel resources that all containers share.  The first word of a
# test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i cron
sshd_start 22 -o Subsystem="sftp internal-sftp"

# fresh [MORE] : alice's container has the host's system and runs; bob's runs,
# too.
fresh() {
	need_attacker
	clean_slate
	conf 'stop = "logout";'
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	config bob '{"rootfs": "/"}'
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# take KIND COUNT : alice takes COUNT by ssh, and holds them until leave.
take() {
	# What an earlier one took must not count.
	rm -f "$OUT/took"
	mkfifo "$OUT/take"
	timeout 60 ssh "${SSH_OPTIONS[@]}" -l alice 127.0.0.1 \
		"exec $ATTACKER $1 $2" <> "$OUT/take" > "$OUT/took" 2>&1 &
	TAKER=$!
	wait_until 20 grep -qs '^took' "$OUT/took" ||
		fail "took nothing: $(cat "$OUT/took")"
}
took() {
	sed -n 's/^took \([0-9]*\):.*/\1/p' "$OUT/took"
}
leave() {
	kill "$TAKER"
	wait "$TAKER" 2> /dev/null
	rm -f "$OUT/take"
}

# --- K1

terminals_end() {
	fresh
	take terminals 300
	equal "terminals by default" 256 "$(took)"
	leave
	fresh '"max_terminals": 7'
	take terminals 300
	equal "terminals with max_terminals" 7 "$(took)"
	# The terminals of another user are not affected.
	script -qec 'su - bob -c "tty; '"$INSIDE"' && echo in"' /dev/null \
		> "$OUT/text" 2>&1 < /dev/null
	contains "bob on a terminal" "in" "$(tr -d '\r' < "$OUT/text")"
	contains "bob on a terminal" "/dev/pts/" "$(cat "$OUT/text")"
	leave
	# The control: without a limit, all are taken.
	fresh '"max_terminals": 0'
	take terminals 300
	equal "terminals without a limit" 300 "$(took)"
	leave
}

cron_ran() {
	[ -s /home/alice/cron ]
}

# All terminals are taken: only a login that wants one lacks it.
no_terminal_left() {
	local door

	fresh '"max_terminals": 5'
	take terminals 300
	equal "terminals" 5 "$(took)"
	for door in ssh su sudo nsshell; do
		# A session of its own has no terminal at first.
		contains "$door" inside "$(DOOR=$door setsid -w bash -c \
			". $TESTS/lib.sh; by \$DOOR '$INSIDE && echo inside'" \
			< /dev/null 2>&1)"
	done
	timeout 30 sftp -q -b <(echo pwd) "${SSH_OPTIONS[@]}" \
		alice@127.0.0.1 > "$OUT/text" 2>&1 ||
		fail "sftp: $(cat "$OUT/text")"
	rm -f /home/alice/cron /run/crond.reboot
	echo "@reboot $INSIDE && echo in > \$HOME/cron" | crontab -u alice -
	cron
	wait_until 10 cron_ran || fail "cron: $(syslog_since | grep -ai cron)"
	pkill -F /run/crond.pid
	# sshd itself reports it, and the session continues.
	echo "$INSIDE && echo in''side; exit" > "$OUT/input"
	script -qec "ssh ${SSH_OPTIONS[*]} -o LogLevel=INFO -l alice \
		127.0.0.1 < $OUT/input 2>&1; ssh -tt ${SSH_OPTIONS[*]} \
		-o LogLevel=INFO -l alice 127.0.0.1 2>&1" /dev/null \
		> "$OUT/text" 2>&1 < /dev/null
	contains "ssh -tt" "PTY allocation request failed" "$(cat "$OUT/text")"
	contains "ssh" "inside" "$(cat "$OUT/text")"
	# The administrator's commands.
	status_is 0 nsinit list
	status_is 0 nsinit ps alice
	status_is 0 nsinit check alice
	status_is 0 timeout 20 nsinit stop --timeout 1 alice
	wait "$TAKER"
	wait_until 5 no_container alice || fail "it runs"
}

# A login on a terminal is refused with a sentence, and stays wholly on the
# host.
refused_on_a_terminal() {
	fresh '"max_terminals": 5'
	take terminals 300
	script -qec 'su alice -c "echo in"; echo "su $?"' /dev/null \
		> "$OUT/text" 2>&1 < /dev/null
	contains "su on a terminal" "su 1" "$(tr -d '\r' < "$OUT/text")"
	lacks "su on a terminal" "in$(printf '\r')" "$(cat "$OUT/text")"
	logged 'terminal: no terminal is left: end sessions, or raise max_terminals'
	# The control: one terminal is left.
	leave
	script -qec 'su alice -c "echo in"; echo "su $?"' /dev/null \
		> "$OUT/text" 2>&1 < /dev/null
	contains "control" "su 0" "$(tr -d '\r' < "$OUT/text")"
}

# --- K2

own_processes() {
	fresh
	[ -s "$RUN/alice/current/cgroup" ] || skip "no control groups here"
	take processes 3000
	[ "$(took)" -gt 2000 ] || fail "took $(cat "$OUT/took")"
	[ "$(took)" -lt 2048 ] || fail "took $(cat "$OUT/took")"
	status_is 7 timeout 20 su bob -c "$INSIDE && exit 7"
	status_is 0 timeout 20 nsinit stop --timeout 1 alice
	leave
	# The control: without a limit, all are taken.
	fresh '"cgroups": {"pids": 0}'
	take processes 3000
	equal "processes without a limit" 3000 "$(took)"
	leave
	status_is 0 timeout 20 nsinit stop --timeout 1 alice
}

# A default needs nothing that the host lacks; an explicit key is refused.
without_groups() {
	unshare --mount --pid --fork --mount-proc sh -c "awk '\$3 ~ /^cgroup/ { print \$2 }' /proc/mounts |
		while read -r dir; do umount -l \$dir; done
		su alice -c '$INSIDE && exit 7'" > "$OUT/text" 2>&1
}
without_controller() {
	fresh
	nsinit stop alice
	without_groups
	equal "status by default" 7 $?
	clean_slate
	config alice '{"rootfs": "/", "cgroups": {"pids": 100}}'
	without_groups
	equal "status with pids" 1 $?
	logged 'cgroups.pids: the pids controller is not available'
}

# --- K3

# Root has 128 for all containers, and a user may take all of the user's: a
# monitor needs none, and notices without one that it must drain.
no_inotify() {
	local old

	fresh
	conf 'on_change = "drain";'
	old=$(monitors)
	readlink "/proc/$old/fd"/* | grep -q eventpoll ||
		fail "the test is wrong: nothing of the monitor is seen"
	readlink "/proc/$old/fd"/* | grep -q inotify && fail "it has one"
	mkfifo "$OUT/take"
	setpriv --reuid=alice --regid=alice --clear-groups \
		"$ATTACKER" inotify 4000 <> "$OUT/take" > "$OUT/took" 2>&1 &
	wait_until 5 grep -qs '^took' "$OUT/took" || fail "$(cat "$OUT/took")"
	[ "$(took)" -lt 4000 ] || skip "there is no end of inotify here"
	config alice '{"rootfs": "/", "hostname": "new"}'
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	wait_until 5 [ ! -e "/proc/$old" ] || fail "the old one goes on"
	status_is 7 timeout 20 su bob -c "$INSIDE && exit 7"
	kill %1
	conf ''
}

t "K1 a container has no more terminals than its own" terminals_end
t "K1 without a terminal left all other logins come in" no_terminal_left
t "K1 without a terminal left who has one is refused" refused_on_a_terminal
t "K2 a container has no more processes than its own" own_processes
t "K2 a host without the controller starts containers" without_controller
t "K3 a monitor takes no inotify instance" no_inotify
