#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit top: the table, its keys, and the terminal afterwards.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

[ -z "$PLAIN" ] || { echo "skip top # product is not installed"; exit 0; }
mkdir -p "/srv/a"$'\e'"[2Jb" /srv/idle
echo '{"rootfs": "/"}' > "/srv/a"$'\e'"[2Jb/container.json"
echo '{"rootfs": "/"}' > /srv/idle/container.json
nsinit exec --root "/srv/a"$'\e'"[2Jb" -- sleep 1000 > /dev/null 2>&1 &
FIRST=$!
nsinit exec --root /srv/idle -- sh -c 'sleep 1000 & sleep 1000 & wait' \
	> /dev/null 2>&1 &
SECOND=$!
both() {
	[ "$(nsinit list | wc -l)" -eq 3 ]
}
wait_until 20 both || { echo "not ok the containers run"; exit 1; }

once() {
	nsinit top < /dev/null > "$OUT/table" || fail "status $?"
	equal "lines" 3 "$(wc -l < "$OUT/table")"
	contains "title" "CPU%" "$(head -n 1 "$OUT/table")"
	LC_ALL=C grep -q '[^ -~]' "$OUT/table" && fail "not plain" \
		"$(cat -v "$OUT/table")"
	contains "the name" '/srv/a\x1b[2Jb' "$(cat "$OUT/table")"
	equal "by processes" /srv/idle "$(nsinit top --sort p < /dev/null |
		sed -n '2s/ .*//p')"
	equal "by user" '/srv/a\x1b[2Jb' "$(nsinit top --sort u < /dev/null |
		sed -n '2s/ .*//p')"
	equal "by a title" /srv/idle "$(nsinit top --sort pids < /dev/null |
		sed -n '2s/ .*//p')"
	status_is 0 nsinit top --sort memory
	status_is 2 nsinit top --sort x
	status_is 2 nsinit top alice
}

# on_terminal INPUT: a shell on a terminal runs nsinit top, gets INPUT after the
# first table, and prints its settings before and after.
cat > /srv/top.py <<'END'
import os, pty, select, signal, sys, termios, time
what = sys.argv[1]
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-c", "stty -a > $0.1; nsinit top; "
              "echo status-$?; stty -a > $0.2; cmp $0.1 $0.2 && echo same-tty",
              sys.argv[2]])
seen, sent, end = b"", False, time.time() + 40
while time.time() < end:
    if not select.select([fd], [], [], 0.2)[0]:
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
    if not sent and b"containers, by" in seen:
        sent = True
        if what.startswith("SIG"):
            top = int(os.popen("pgrep -x -P %d nsinit" % pid).read())
            os.kill(top, getattr(signal, what))
        else:
            os.write(fd, what.encode())
sys.stdout.buffer.write(seen)
END

on_terminal() {
	python3 /srv/top.py "$1" "$OUT/tty" > "$OUT/seen" 2>&1
	contains "$1: the settings" same-tty "$(cat -v "$OUT/seen")"
	contains "$1: the screen" '^[[?1049l' "$(cat -v "$OUT/seen")"
	contains "$1: the cursor" '^[[?25h' "$(cat -v "$OUT/seen")"
	lacks "$1: from inside" '^[[2J' "$(cat -v "$OUT/seen")"
}

keys() {
	on_terminal q
	contains "status" status-0 "$(cat -v "$OUT/seen")"
	on_terminal mpq
	contains "sorted" "containers, by m" "$(cat -v "$OUT/seen")"
	contains "sorted" "containers, by p" "$(cat -v "$OUT/seen")"
}

signals() {
	local signal

	for signal in SIGINT SIGTERM SIGHUP; do
		on_terminal "$signal"
		contains "$signal" "status-1" "$(cat -v "$OUT/seen")"
	done
}

t "top without a terminal is one table, in any order" once
t "top sorts by keys, ends with q, and names move no cursor" keys
t "top restores the terminal at signals" signals
kill "$FIRST" "$SECOND"
wait
