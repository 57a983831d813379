#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit exec with a terminal of the container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

BOX=/srv/images/box
TTY='{"rootfs": "/", "tty": true}'
PLAIN_BOX='{"rootfs": "/"}'

fresh() {
	need_product
	clean_slate
	[ ! -d "$BOX" ] || timeout 10 nsinit stop --timeout 0 --root "$BOX" \
		> /dev/null 2>&1
	wait_until 3 box_gone || fail "a container is left"
	mkdir -p "$BOX"
	echo "${1-$TTY}" > "$BOX/container.json"
}

box_gone() {
	[ ! -e "$BOX/pid" ] && [ "$(count_inits)" -eq 0 ] &&
		[ -z "$(monitors)" ]
}

box() {
	timeout --foreground 20 nsinit exec --root "$BOX" "$@"
}

# talk SCRIPT COMMAND... : the status of the expect script; output in $OUT/talk
talk() {
	{
		cat <<-'END'
		set timeout 15
		set command [join $argv]
		proc check {code pattern} {
			expect {
				-re $pattern {}
				timeout { exit $code }
				eof { exit $code }
			}
		}
		proc end_status {code status} {
			expect eof {} timeout { exit $code }
			set result [wait]
			if {[lindex $result 3] != $status} { exit $code }
			return $result
		}
		END
		printf '%s\n' "$1"
	} > "$OUT/script"
	shift
	expect -f "$OUT/script" -- "$@" > "$OUT/talk" 2>&1 ||
		fail "dialogue: status $?" "$(tr -d '\r' < "$OUT/talk" | cat -v)"
}

EXEC=(nsinit exec --root "$BOX")

own_terminal() {
	fresh
	box -- sh -c 'tty; stat -c "%U %a %t" "$(tty)"; ls /dev/pts
		: > /dev/tty && echo controlling; stat -c %d /dev/pts' \
		< /dev/null | tr -d '\r' > "$OUT/text"
	equal "tty" /dev/pts/0 "$(sed -n 1p "$OUT/text")"
	equal "owner, mode, major number" "root 620 88" \
		"$(sed -n 2p "$OUT/text")"
	contains "terminals" "0" "$(sed -n 3p "$OUT/text")"
	contains "/dev/tty" controlling "$(cat "$OUT/text")"
	differ "devpts" "$(stat -c %d /dev/pts)" "$(tail -n 1 "$OUT/text")"
}

options_win() {
	fresh
	equal "--no-tty" "not a tty" "$(box --no-tty tty < /dev/null)"
	wait_until 3 box_gone || fail "it goes on"
	status_is 1 box --no-tty test -e /dev/console
	fresh "$PLAIN_BOX"
	equal "without" "not a tty" "$(box tty < /dev/null)"
	wait_until 3 box_gone || fail "it goes on"
	equal "--tty" /dev/pts/0 "$(box --tty tty < /dev/null | tr -d '\r')"
	wait_until 3 box_gone || fail "it goes on"
	equal "-t" /dev/pts/0 "$(box -t tty < /dev/null | tr -d '\r')"
}

user_owns_it() {
	fresh '{"rootfs": "/", "tty": true, "user": "alice"}'
	box -- sh -c 'stat -c "%U %a" "$(tty)"; echo x > /dev/console' \
		< /dev/null | tr -d '\r' > "$OUT/text"
	equal "owner and mode" "alice 620" "$(sed -n 1p "$OUT/text")"
	equal "written to the console" x "$(sed -n 2p "$OUT/text")"
}

no_user_namespace() {
	fresh '{"rootfs": "/", "tty": true,
		"namespaces": {"NEWNS": true, "NEWPID": true}}'
	box -- sh -c 'tty; stat -c "%U %a" "$(tty)"' < /dev/null |
		tr -d '\r' > "$OUT/text"
	equal "terminal" /dev/pts/0 "$(sed -n 1p "$OUT/text")"
	equal "owner and mode" "root 620" "$(sed -n 2p "$OUT/text")"
}

console() {
	fresh
	box -- sh -c 'stat -c %t:%T /dev/console "$(tty)"; echo by name > \
		/dev/console; ls -l /dev/console | cut -c 1' < /dev/null |
		tr -d '\r' > "$OUT/text"
	equal "device" "88:0 88:0 by name c" "$(xargs < "$OUT/text")"
	wait_until 3 box_gone || fail "it goes on"
	# Nobody inside can remove it.
	box -- sh -c 'rm -f /dev/console; umount /dev/console
		mv /dev/console /dev/c; ls /dev/console' < /dev/null \
		> "$OUT/text" 2>&1
	contains "still there" /dev/console "$(tail -n 1 "$OUT/text")"
}

# Neither a file of the rootfs in its place nor a node of device_nodes matters.
console_diverted() {
	fresh '{"rootfs": "image", "tty": true}'
	make_busybox "$BOX/image" || skip "busybox"
	: > "$OUT/victim"
	rm -rf "$BOX/image/dev"
	mkdir "$BOX/image/dev"
	ln -s "$OUT/victim" "$BOX/image/dev/console"
	ln -s /proc "$BOX/image/dev/pts"
	equal "tty" "/dev/pts/0" "$(box tty < /dev/null | tr -d '\r')"
	empty "the host's file" "$(cat "$OUT/victim")"
	wait_until 3 box_gone || fail "it goes on"
	fresh '{"rootfs": "/", "tty": true, "device_nodes": [{"path":
		"/dev/console", "type": "c", "major_number": 5,
		"minor_number": 1}]}'
	equal "device" 88:0 "$(box stat -c %t:%T /dev/console < /dev/null |
		tr -d '\r')"
	rm -rf "$BOX/image"
}

exit_status() {
	fresh
	status_is 7 box -- sh -c 'exit 7' < /dev/null
	status_is 0 box true < /dev/null
	status_is 127 box no-such-command < /dev/null
	contains "message" "no-such-command" "$(cat "$OUT/stderr")"
	wait_until 3 box_gone || fail "it goes on"
	bash -c '"$@"; exit $?' - "${EXEC[@]}" -- sh -c 'kill -TERM $$' \
		< /dev/null > /dev/null 2>&1
	equal "status of death by signal" 143 $?
}

# The second line is typed before the command of the first one runs.
talks_to_bash() {
	fresh
	talk '
	spawn -noecho bash --norc --noprofile
	stty rows 33 columns 101 < $spawn_out(slave,name)
	send "PS1=outer\\>\r"
	check 10 "outer>"
	send "stty -a > $env(OUT)/before; $command bash --norc; echo st=\$?\rPS1=inner\\>\r"
	check 11 "inner>"
	send "tty\r"
	check 12 "/dev/pts/0"
	send "stty size\r"
	check 13 "33 101"
	stty rows 44 columns 55 < $spawn_out(slave,name)
	send "stty size\r"
	check 14 "44 55"
	send "sleep 61\r"
	sleep 0.7
	send "\003"
	check 15 "inner>"
	send "sleep 62\r"
	sleep 0.7
	send "\032"
	check 16 "Stopped"
	check 17 "inner>"
	send "kill -9 %1; while jobs -s | grep -q .; do sleep 0.1; done; echo kil\"\"led\r"
	check 18 "killed.*inner>"
	send "exit 5\r"
	check 19 "st=5"
	send "stty rows 33 columns 101; stty -a > $env(OUT)/after; exit 0\r"
	end_status 20 0
	' "${EXEC[@]}"
	cmp "$OUT/before" "$OUT/after" || fail "terminal is not as before" \
		"$(diff "$OUT/before" "$OUT/after")"
}

# restored NAME COMMAND : COMMAND ends nsinit while the terminal is raw.
restored() {
	echo "$1"
	fresh
	ENDS=$2 talk '
	spawn -noecho bash --norc --noprofile
	send "PS1=outer\\>\r"
	check 10 "outer>"
	send "stty -a > $env(OUT)/before; $command sh -c \"echo re\"\"ady; exec \
sleep 63\"\r"
	check 11 "ready"
	exec bash -c "stty -a < $spawn_out(slave,name) > $env(OUT)/raw"
	exec bash -c $env(ENDS)
	check 12 "outer>"
	send "stty -a > $env(OUT)/after; exit 0\r"
	end_status 13 0
	' "${EXEC[@]}"
	contains "while it ran" "-icanon" "$(cat "$OUT/raw")"
	cmp "$OUT/before" "$OUT/after" || fail "$1: terminal is not as before" \
		"$(diff "$OUT/before" "$OUT/after")"
	wait_until 3 box_gone || fail "$1: it goes on"
	empty "$1: processes" "$(pgrep -f 'sleep 6[3]')"
}

all_restored() {
	local signal

	export OUT
	for signal in TERM HUP INT QUIT KILL SEGV; do
		restored "SIG$signal" "pkill -$signal -o -x nsinit"
	done
	restored "nsinit stop" "nsinit stop --timeout 0 --root $BOX"
	restored "the death of PID 1" "kill -KILL \$(cat $BOX/pid)"
}

# Until the command ends, the caller's terminal does not get inside.
host_terminal_unreachable() {
	fresh "$1"
	talk '
	spawn -noecho {*}$argv sh -c {
		ls -l /proc/*/fd 2>&1 | grep -c "tty\|pts" > /tmp/n
		for f in /proc/[0-9]*/fd/*; do
			stat -L -c "%d %n" $f
		done 2>/dev/null | sort -u
		echo devpts $(stat -c %d /dev/pts); ps -e | grep -c nsinit
		echo la""st
		exec sleep 0.2 }
	check 10 "last"
	end_status 11 0
	' "${EXEC[@]}"
	if grep -q "^$(stat -c %d /dev/pts) " "$OUT/talk"; then
		fail "a terminal of the host is open inside" "$(cat "$OUT/talk")"
	fi
}

output_unchanged() {
	fresh
	head -c 1048576 /dev/urandom > "$BOX/data"
	want=$(cksum < "$BOX/data")
	echo '{"rootfs": "/", "tty": true, "mounts": [{"type": "bind",
		"source": "/srv/images/box", "destination": "/mnt"}]}' \
		> "$BOX/container.json"
	for i in 1 2 3; do
		equal "checksum $i" "$want" "$(box -- sh -c \
			'stty -opost; cat /mnt/data' < /dev/null | cksum)"
	done
	# A slow reader, and the last bytes of a process that ends at once.
	equal "slow reader" "$want" "$(box -- sh -c \
		'stty -opost; cat /mnt/data' < /dev/null |
		{ sleep 1; cat; } | cksum)"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		equal "the last output, $i" "20000 y" "$(box -- sh -c \
			'yes 2> /dev/null | head -n 20000' < /dev/null | tr -d '\r' |
			uniq -c | xargs)"
	done
	rm -f "$BOX/data"
}

input_from_pipe() {
	fresh
	equal "two lines" "one two one two" \
		"$(printf 'one\ntwo\n' | box cat | tr -d '\r' | xargs)"
	equal "no newline" 4 "$(printf 'part' | box -- sh -c \
		'x=$(cat); echo; echo ${#x}' | tr -d '\r' | tail -n 1)"
	equal "more than a buffer" 30000 "$(seq -w 30000 | box wc -l |
		tr -d '\r' | tail -n 1)"
	equal "a shell" "st 3" "$(echo 'exit 3' | { box bash --norc \
		> /dev/null 2>&1; echo "st $?"; })"
	equal "a shell at its end" "st 0" "$(echo 'true' | { box bash --norc \
		> /dev/null 2>&1; echo "st $?"; })"
	equal "nothing" "st 0" "$(: | { box cat > /dev/null; echo "st $?"; })"
}

# All 256 bytes get inside: nsinit reserves no key.
no_byte_is_ours() {
	fresh
	python3 -c 'import sys
for i in range(256): sys.stdout.buffer.write(bytes([i]))' > "$OUT/bytes"
	{ sleep 1; cat "$OUT/bytes"; sleep 2; } | timeout 20 "${EXEC[@]}" -- \
		sh -c 'stty raw -echo; head -c 256 | od -An -v -tx1' |
		tr -d '\r' | xargs > "$OUT/got"
	equal "bytes" "$(od -An -v -tx1 < "$OUT/bytes" | xargs)" \
		"$(cat "$OUT/got")"
}

joins() {
	fresh
	box -- sh -c 'echo ready; exec sleep 20' < /dev/null > "$OUT/first" &
	wait_until 10 grep -qs ready "$OUT/first" || fail "it does not start"
	equal "tty of the second" /dev/pts/1 \
		"$(box tty < /dev/null | tr -d '\r')"
	equal "without" "not a tty" "$(box --no-tty tty < /dev/null)"
	box -- sh -c 'echo to the console > /dev/console' < /dev/null
	wait_until 3 grep -q "to the console" "$OUT/first" ||
		fail "not on the first's terminal: $(cat "$OUT/first")"
	equal "containers" 1 "$(count_inits)"
	pkill -TERM -o -x nsinit
	wait
	wait_until 3 box_gone || fail "it goes on"
}

signals_go_in() {
	fresh
	box -- bash -c 'trap "echo got usr1; exit 9" USR1; echo ready
		while :; do sleep 0.1; done' < /dev/null > "$OUT/text" &
	wait_until 10 grep -qs ready "$OUT/text" || fail "it does not start"
	pkill -USR1 -o -x nsinit
	wait $!
	equal "status" 9 $?
	contains "output" "got usr1" "$(cat "$OUT/text")"
}

# Without a terminal the command has its own session; keys still signal it and
# its children.
keys_go_in() {
	fresh "$PLAIN_BOX"
	talk '
	spawn -noecho bash --norc --noprofile
	send "PS1=outer\\>\r"
	check 10 "outer>"
	set quiet "< /dev/null > $env(OUT)/text 2>&1"
	send "$command sh -c \"ps -o sid=,pid= -p \\\$\\\$; sleep 6\\\$(echo 4)\" $quiet\r"
	exec bash -c "until pgrep -x -f \"sleep 64\"; do sleep 0.1; done"
	send "\032"
	check 11 "Stopped.*outer>"
	exec bash -c "ps -o stat= -p \$(pgrep -x -f \"sleep 64\") | grep ^T"
	send "fg\r"
	sleep 0.5
	exec bash -c "ps -o stat= -p \$(pgrep -x -f \"sleep 64\") | grep ^S"
	send "\003"
	check 12 "outer>"
	send "echo st=\$?; exit 0\r"
	check 13 "st=130"
	end_status 14 0
	' "${EXEC[@]}"
	wait_until 3 box_gone || fail "it goes on"
	empty "processes" "$(pgrep -x -f 'sleep 64')"
	read -r sid pid < "$OUT/text"
	equal "its session" "$pid" "$sid"
}

# The other end of the caller's terminal is closed.
hang_up() {
	fresh
	export OUT
	talk '
	spawn -noecho {*}$argv bash -c {trap "echo hup > /tmp/hup; \
		cp /tmp/hup /dev/shm; exit 0" HUP; echo re""ady
		while :; do sleep 0.1; done}
	check 10 "ready"
	close
	wait
	' "${EXEC[@]}"
	wait_until 5 box_gone || fail "it goes on"
	empty "nsinit" "$(pgrep -x nsinit)"
	fresh
	box -- sh -c 'yes' < /dev/null | head -n 1 > /dev/null
	wait_until 5 box_gone || fail "it goes on when nobody reads"
}

not_a_devpts() {
	fresh '{"rootfs": "/", "capabilities": ["SYS_ADMIN", "DAC_OVERRIDE"]}'
	timeout 20 "${EXEC[@]}" -- sh -c 'mount -t tmpfs x /dev/pts &&
		mkfifo /dev/pts/ptmx && echo ready; exec sleep 20' \
		> "$OUT/first" 2>&1 &
	wait_until 10 grep -qs ready "$OUT/first" ||
		skip "mount: $(cat "$OUT/first")"
	status_is 126 box -t true < /dev/null
	contains "message" "is not a devpts" "$(cat "$OUT/stderr")"
	pkill -TERM -o -x nsinit
	wait
}

export OUT
t "exec with tty: a terminal of the container's own" own_terminal
t "--tty and --no-tty win over tty" options_win
t "the terminal is the user's" user_owns_it
t "a terminal without a user namespace" no_user_namespace
t "/dev/console is the terminal" console
t "T3 /dev/console is not diverted" console_diverted
t "exec with tty ends like its command" exit_status
t "an interactive shell: keys, size, jobs, status" talks_to_bash
t "the caller's terminal is restored, whatever ends it" all_restored
t "nobody inside has the caller's terminal" host_terminal_unreachable "$TTY"
t "nor without a terminal that was asked for" host_terminal_unreachable \
	"$PLAIN_BOX"
t "a megabyte of output comes unchanged" output_unchanged
t "input from a pipe, and its end" input_from_pipe
t "no byte is ours" no_byte_is_ours
t "a second exec has a terminal of its own" joins
t "signals go in" signals_go_in
t "keys stop and end what has no terminal" keys_go_in
t "a hang-up hangs up the inside" hang_up
t "T5 what is not a devpts is refused" not_a_devpts
