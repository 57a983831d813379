#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on recordings.  The first word of a test is the attack's number in
# SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"
. "$(dirname "$0")/recorded.sh"

pam_enable sshd su su-l
RECORDED='{"rootfs": "/", "session": {"record": "terminals"}}'
config alice "$RECORDED"
conf 'linger = 30;'
sshd_start 22

shows() {
	grep -aq -- "$1" "$2"
}
recorders() {
	pgrep -f container-recorder
}

# Each line is printed by another way; the user sees all of them, and so does
# the recording.
WAYS='echo way-$((1 + 0)); sh -c "echo way-$((2 + 0))"; '\
'exec 3> /dev/tty; echo way-$((3 + 0)) >&3; '\
'setsid sh -c "sleep 1; echo way-$((4 + 0))" & '\
'echo way-$((5 + 0)) > "$(tty)"; '\
'script -qec "echo way-$((6 + 0))" /dev/null; wait; '\
'exec sh -c "echo way-$((7 + 0))"'
left_out() {
	local door i

	need_product
	for door in "ssh ${SSH_OPTIONS[*]} -tt alice@127.0.0.1" \
		"su - alice -c"; do
		forget
		timeout 60 script -qec "$door '$WAYS'" /dev/null \
			< /dev/null > "$OUT/text"
		for i in 1 2 3 4 5 6 7; do
			# "su -c" has no controlling terminal.
			[ "$door $i" != "su - alice -c 3" ] || continue
			shows "way-$i" "$OUT/text" ||
				fail "$door: way $i is not shown" "$(cat "$OUT/text")"
			wait_until 10 has_text "way-$i" ||
				fail "$door: way $i is not recorded" "$(texts)"
		done
	done
}

# root inside, with all capabilities, looks for the recorder, and for terminals
# by their number; the control finds a process of its own.
reached() {
	local outer name

	need_product
	forget
	connect -tt 'echo here; exec sleep 300'
	wait_until 10 has_text here || fail "it is not recorded"
	outer=$(part copier)
	[ -n "$outer" ] || fail "there is no copier"
	as_root_inside sh -c 'cat /proc/[0-9]*/comm' > "$OUT/inside"
	contains "control" "sleep" "$(cat "$OUT/inside")"
	lacks "the recorder" "nsc-" "$(cat "$OUT/inside")"
	lacks "the recorder" "container-rec" "$(cat "$OUT/inside")"
	as_root_inside sh -c 'ls /dev/pts' > "$OUT/terminals"
	equal "terminals inside" "0 ptmx" "$(xargs < "$OUT/terminals")"
	# Nobody opens the other end by its number: neither there nor here.
	name=$(readlink "/proc/$outer/fd"/* | grep -m 1 '^/dev/pts/[0-9]')
	[ -n "$name" ] || fail "the copier has no terminal"
	as_root_inside sh -c ': <> /dev/pts/0' || fail "control: the own one"
	as_root_inside sh -c "mknod /tmp/outer c 136 ${name#/dev/pts/} &&
		: <> /tmp/outer" 2> /dev/null && fail "root inside opens a node of it"
	if setpriv --reuid=alice --regid=alice --clear-groups \
		sh -c ": < $name" 2> /dev/null; then
		fail "alice opens $name"
	fi
	# It is exclusive, so that the host's root needs CAP_SYS_ADMIN.
	script -qec 'tty > /run/other; exec sleep 300' /dev/null > /dev/null &
	wait_until 10 test -s /run/other || fail "no other terminal"
	opens "$(cat /run/other)" || fail "control: another terminal of the host"
	opens "$name" && fail "root opens $name"
	contains "exclusive" busy "$(opens "$name" 2>&1)"
	pkill -P "$!"
	equal "ids of the copier" "65534 65534 65534 65534" \
		"$(awk '$1 == "Uid:" { print $2, $3, $4, $5 }' \
		"/proc/$outer/status")"
	equal "capabilities of the copier" "0000000000000000" \
		"$(awk '$1 == "CapEff:" { print $2 }' "/proc/$outer/status")"
	# What a user can kill inside ends the session, and hides nothing.
	as_root_inside sh -c 'kill -KILL -1' 2> /dev/null
	wait "$CLIENT"
	wait_until 10 not recorders || fail "recorders: $(ps -ef)"
	has_text here || fail "the recording has gone"
}
not() {
	! "$@"
}
# opens TERMINAL : as root, without the right to open those that are exclusive.
opens() {
	setpriv --bounding-set=-sys_admin sh -c ": <> $1"
}

# Longer than a recorder without progress may take, nobody shows anything.
silent() {
	local pid

	need_product
	forget
	timeout 90 script -qec "su - alice -c 'echo here; sleep 31
		echo later-\$((40 + 2))'" /dev/null < /dev/null > "$OUT/su" &
	pid=$!
	connect -tt 'echo here; sleep 31; echo later-$((40 + 2))'
	wait_until 10 has_text here || fail "it is not recorded"
	lacks "control: it is silent" later-42 "$(texts)"
	wait "$CLIENT"
	wait "$pid"
	contains "ssh" later-42 "$(cat "$OUT/client")"
	contains "su" later-42 "$(cat "$OUT/su")"
	wait_until 10 recorders_ended || fail "a recorder stays"
	equal "recorded" 2 "$(texts | grep -c 'later-42')"
	lacks "the log" unrecorded "$(syslog_since)"
}

# The writer is killed while nothing is shown.
killed() {
	local part

	need_product
	for part in writer copier; do
		forget
		connect -tt 'echo here; sleep 300; echo later'
		wait_until 10 has_text here || fail "it is not recorded"
		kill -KILL "$(part "$part")" || fail "no $part"
		wait "$CLIENT"
		wait_until 10 logged_out sshd || fail "$part: the session goes on"
		[ "$part" = copier ] ||
			contains "$part" "This session can no longer be recorded" \
			"$(cat "$OUT/client")"
		wait_until 10 not recorders || fail "recorders: $(ps -ef)"
	done
	forget
	timeout 30 script -qec "su - alice -c 'echo here; sleep 300'" \
		/dev/null < /dev/null > "$OUT/text" &
	wait_until 10 has_text here || fail "su is not recorded"
	kill -KILL "$(part writer)"
	wait "$!"
	contains "su" "This session can no longer be recorded" \
		"$(cat "$OUT/text")"
	logged "event=unrecorded user=alice .*killed by signal 9"
	goes_on_unrecorded terminals -tt
	config alice "$RECORDED"
	clean_slate
}

full() {
	need_product
	forget
	mkdir -p "$REC/alice"
	mount -t tmpfs -o size=64k,mode=0700 none "$REC/alice" || skip "no tmpfs"
	# The control: what fits is shown.
	nssh alice -tt 'seq 100' > "$OUT/text" || fail "ssh: $?"
	equal "lines that fit" 100 "$(wc -l < "$OUT/text")"
	nssh alice -tt 'seq 100000; sleep 300' > "$OUT/text"
	contains "the end" "This session can no longer be recorded" \
		"$(tail -n 3 "$OUT/text")"
	logged "event=unrecorded user=alice .*No space left on device"
	wait_until 10 recorders_ended || fail "the recorder does not end"
	dd if=/dev/zero of="$REC/alice/full" bs=4k 2> /dev/null
	nssh alice -tt 'echo shown' > "$OUT/text"
	contains "the next one" "This session must be recorded, and cannot be" \
		"$(cat "$OUT/text")"
	lacks "the next one" "shown" "$(cat "$OUT/text")"
	config alice '{"rootfs": "/", "session": {"record": "terminals",
		"on_record_error": "continue"}}'
	clean_slate
	syslog_mark
	nssh alice -tt 'echo shown' > "$OUT/text" || fail "ssh: $?"
	contains "continue" "shown" "$(cat "$OUT/text")"
	logged "event=unrecorded user=alice .*from=.* to="
	umount "$REC/alice"
	config alice "$RECORDED"
	clean_slate
}

t "T6 nothing that is shown is left out" left_out
t "T6 nobody inside reaches the recorder or its terminal" reached
t "T6 what is shown after half a minute of silence is recorded" silent
t "T7 a session ends with its recorder" killed
t "T7 a full disk ends a session, or the log has the time" full
