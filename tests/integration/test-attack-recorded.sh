#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ways around a recording of everything.  The first word of a test is the
# attack's number in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"
. "$(dirname "$0")/recorded.sh"

pam_enable sshd su su-l login
ALL='{"rootfs": "/", "session": {"record": "all"}}'
config alice "$ALL"
conf 'linger = 30;'
sshd_start 22 -o Subsystem=sftp\ internal-sftp

not() {
	! "$@"
}

# What tmux and screen show is recorded, also in another login that attaches.
multiplexers() {
	need_product
	forget
	# The control: the server's window alone is on no terminal of a login.
	nssh alice 'tmux -L t new-session -d "echo in-\$((40 + 2)); sleep 100"' ||
		fail "tmux: $?"
	lacks "nothing is shown" "in-42" "$(texts)"
	timeout 10 script -qec "ssh ${SSH_OPTIONS[*]} -tt \
alice@127.0.0.1 env TERM=xterm timeout 4 tmux -L t attach" /dev/null \
		< /dev/null > "$OUT/text"
	contains "it is shown" "in-42" "$(cat -v "$OUT/text")"
	wait_until 10 has_text "in-42" || fail "tmux is not recorded"
	nssh alice 'tmux -L t kill-server'
	forget
	timeout 20 script -qec "ssh ${SSH_OPTIONS[*]} -tt alice@127.0.0.1 \
env TERM=xterm SCREENDIR=/tmp/alice-screen timeout 4 screen -q sh -c \
\"'echo in-\\\$((40 + 2)); sleep 3'\"" /dev/null < /dev/null > "$OUT/text"
	contains "screen shows it" "in-42" "$(cat -v "$OUT/text")"
	wait_until 10 has_text "in-42" || fail "screen is not recorded"
	forget
	nssh alice 'export TERM=xterm SCREENDIR=/tmp/alice-screen
		screen -dmS t sh -c "echo in-\$((40 + 3)); sleep 100"' ||
		fail "screen: $?"
	lacks "nothing is shown" "in-43" "$(texts)"
	timeout 10 script -qec "ssh ${SSH_OPTIONS[*]} -tt alice@127.0.0.1 \
env TERM=xterm SCREENDIR=/tmp/alice-screen timeout 4 screen -x t" /dev/null \
		< /dev/null > "$OUT/text"
	contains "another login shows it" "in-43" "$(cat -v "$OUT/text")"
	wait_until 10 has_text "in-43" || fail "screen -x is not recorded"
	pkill -u alice screen
}

# A terminal in a terminal, and the door of the console.
doors() {
	need_product
	forget
	on_console() {
		sleep 1
		printf 'echo seen-$((40 + 2)); exit\n'
	}
	on_console | timeout 20 script -qec "login -f alice" /dev/null \
		> "$OUT/text"
	contains "login" "seen-42" "$(cat -v "$OUT/text")"
	wait_until 10 has_text "seen-42" || fail "login is not recorded"
}

# The processes that copy and write a command's streams are killed, and
# everything that root inside can see.
killed() {
	local one

	need_product
	for one in writer copier inside; do
		forget
		connect 'echo here; exec sleep 300'
		wait_until 10 has_text here || fail "it is not recorded"
		as_root_inside sh -c 'cat /proc/[0-9]*/comm' > "$OUT/inside"
		contains "control" "sleep" "$(cat "$OUT/inside")"
		lacks "the recorder" "nsc-" "$(cat "$OUT/inside")"
		if [ "$one" = inside ]; then
			as_root_inside sh -c 'kill -KILL -1' 2> /dev/null
		else
			kill -KILL "$(part "$one")" || fail "no $one"
		fi
		wait "$CLIENT"
		wait_until 10 logged_out sshd || fail "$one: it goes on"
		wait_until 10 not pgrep -f container-recorder > /dev/null ||
			fail "$one: recorders: $(ps -ef)"
		has_text here || fail "$one: the recording has gone"
	done
	goes_on_unrecorded all
	config alice "$ALL"
	clean_slate
}

# The process that traces a command until it executes its program.
noter() {
	local sent='\0\0\0\5\1\0\0\0\3' client signal

	need_product
	mkfifo "$OUT/in"
	for signal in KILL TERM STOP; do
		forget
		# internal-sftp executes none.
		nssh alice -s sftp <> "$OUT/in" > "$OUT/text" &
		client=$!
		wait_until 10 pgrep -x nsc-noter > /dev/null || fail "no noter"
		kill "-$signal" "$(part noter)"
		# shellcheck disable=SC2059 # bytes
		printf "$sent" > "$OUT/in"
		wait_until 10 [ -s "$OUT/text" ] || fail "$signal: no answer"
		pkill -CONT -x nsc-noter
		pkill -u alice sshd
		wait "$client"
		wait_until 20 not pgrep -x nsc-noter > /dev/null ||
			fail "$signal: $(ps -ef)"
	done
	equal "the next one" "shown" "$(nssh alice 'echo shown')"
}

# Nobody reads the errors of the command, where the reason would be.
unread() {
	need_product
	forget
	mkfifo "$OUT/pipe"
	exec 7<> "$OUT/pipe"
	dd if=/dev/zero of="$OUT/pipe" bs=4096 oflag=nonblock 2> /dev/null
	su - alice -c 'echo here; exec sleep 300' < /dev/null \
		> "$OUT/text" 2>&7 &
	CLIENT=$!
	wait_until 10 has_text here || fail "it is not recorded"
	kill -KILL "$(part writer)" || fail "no writer"
	wait_until 15 not kill -0 "$CLIENT" 2> /dev/null ||
		fail "it goes on: $(ps -ef)"
	exec 7>&-
}

full() {
	need_product
	clean_slate
	forget
	mkdir -p "$REC/alice"
	mount -t tmpfs -o size=64k,mode=0700 none "$REC/alice" || skip "no tmpfs"
	# The control: what fits is passed on.
	equal "lines that fit" 100 "$(nssh alice 'seq 100' | wc -l)"
	nssh alice 'seq 100000; sleep 300' > "$OUT/text" 2> "$OUT/errors"
	contains "the end" "This command can no longer be recorded" \
		"$(cat "$OUT/errors")"
	[ "$(wc -l < "$OUT/text")" -lt 100000 ] || fail "all was passed on"
	wait_until 10 recorders_ended || fail "the recorder does not end"
	dd if=/dev/zero of="$REC/alice/full" bs=4k 2> /dev/null
	nssh alice 'echo shown' > "$OUT/text" 2> "$OUT/errors"
	contains "the next one" "This session must be recorded, and cannot be" \
		"$(cat "$OUT/errors")"
	lacks "the next one" "shown" "$(cat "$OUT/text")"
	clean_slate
	config alice '{"rootfs": "/", "session": {"record": "all",
		"on_record_error": "continue"}}'
	syslog_mark
	equal "continue" "shown" "$(nssh alice 'echo shown')"
	logged "event=unrecorded user=alice .*from=.* to="
	# What removes old recordings takes longer than a login waits.
	printf '#!/bin/sh\nexec sleep 100\n' > "$OUT/slow"
	chmod 0755 "$OUT/slow"
	mount --bind "$OUT/slow" "$(command -v nsinit)"
	SECONDS=0
	equal "slowly" "shown" "$(su - alice -c 'echo shown')"
	umount "$(command -v nsinit)"
	[ "$SECONDS" -lt 10 ] || fail "it waited for $SECONDS seconds"
	[ "$SECONDS" -ge 4 ] || fail "nothing was slow"
	umount "$REC/alice"
	clean_slate
	config alice "$ALL"
}

# As much as it can, through both ways, and every byte.  Nothing is between the
# third one and its recorder: without one, it takes less than a second.
fast() {
	need_product
	forget
	equal "bytes of a command" 20000000 "$(nssh alice \
		'yes | head -c 20000000' | wc -c)"
	equal "bytes of a terminal" 20000000 "$(nssh alice -tt \
		'stty -opost; yes | head -c 20000000' | wc -c)"
	equal "bytes of su" 100000000 "$(timeout 120 su - alice -c \
		'yes | head -c 100000000' | wc -c)"
	wait_until 60 not pgrep -f container-recorder > /dev/null ||
		fail "a recorder stays"
	equal "all are recorded" 70000000 "$(texts | grep -ao '"o", .*' |
		tr -dc y | wc -c)"
}

# The container is paused, and silent for a while.
paused() {
	need_product
	[ -s "$RUN/alice/current/cgroup" ] || nssh alice true
	forget
	connect 'echo here; sleep 2; echo later-$((40 + 2)); sleep 1'
	wait_until 10 has_text here || fail "it is not recorded"
	nsinit pause alice || skip "groups: it cannot be paused"
	sleep 3
	lacks "while it is paused" later-42 "$(texts)"
	nsinit resume alice || fail "resume"
	wait "$CLIENT"
	contains "afterwards" later-42 "$(cat "$OUT/client")"
	wait_until 10 has_text later-42 || fail "it is not recorded"
}

names() {
	need_product
	forget
	: > "$OUT/text"
	# shellcheck disable=SC2094 # it waits for the answer
	{ wait_until 20 test -s "$OUT/text"; printf 'C0644 0 a\033[2Jb\n\0'; } |
		nssh alice 'scp -t /tmp' > "$OUT/text" || fail "scp: $?"
	wait_until 10 has_text 'scp: a.u001b.2Jb: 0 bytes' ||
		fail "it is not noted: $(texts)"
	lacks "the note" $'\e' "$(texts)"
}

t "R6 tmux and screen are recorded in the login that shows them" multiplexers
t "R6 so is a login on a console" doors
t "R6 commands end with their recorder, which nobody inside reaches" killed
t "R6 so does one whose caller reads nothing" unread
t "R6 a command does not end with what notes its line" noter
t "R6 a full disk ends a command, or the log has the time" full
t "R6 fast output is recorded to the last byte" fast
t "R6 a paused container is recorded when it goes on" paused
t "R6 escapes in names are not passed on" names
