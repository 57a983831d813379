#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Terminals of sessions are recorded, by each door.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"
. "$(dirname "$0")/recorded.sh"

pam_enable sshd su su-l sudo sudo-i
config alice '{"rootfs": "/", "session": {"record": "terminals"}}'
config bob '{"rootfs": "/"}'
conf 'linger = 30;'
echo 'carol ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/carol
chmod 0440 /etc/sudoers.d/carol
BOX=/srv/box
mkdir -p "$BOX"
echo '{"rootfs": "/", "session": {"record": "terminals"}}' \
	> "$BOX/container.json"
rm -f /home/alice/.hushlogin
sshd_start 22 -o Subsystem=sftp\ internal-sftp

# Prints the outputs of a recording, and fails if it is no asciicast.
cat > "$TOP/cast.py" <<'END2'
import gzip, json, sys
kinds, files = sys.argv[1], sys.argv[2:]
for name in files:
    with (gzip.open if name.endswith("gz") else open)(name, "rb") as f:
        lines = f.read().split(b"\n")
    assert lines.pop() == b""
    header = json.loads(lines[0])
    assert header["version"] == 2 and header["width"] > 0, header
    if kinds == "header":
        print(json.dumps(header))
        continue
    before = 0
    for line in lines[1:]:
        at, kind, text = json.loads(line)
        assert at >= before and kind in "oirm", line
        before = at
        assert not any(ord(c) < 32 for c in line.decode()), line
        if kind in kinds:
            sys.stdout.buffer.write(text.encode())
END2
cast() {
	python3 "$TOP/cast.py" "$@"
}

# recorded WHAT USER TEXT: one recording has ended, and has the text.
recorded() {
	wait_until 10 has "$2" 1 || fail "$1: no recording: $(ls -la "$REC" \
		"$REC"/*)"
	cast o "$REC/$2"/*.gz > "$OUT/cast" || fail "$1: it cannot be read"
	contains "$1" "$3" "$(cat -v "$OUT/cast")"
}

SAY='printf "seen-%s\n" $((40 + 2)); [ -d /dev/.nscontainer ] && tty'

ssh_terminal() {
	need_product
	forget
	nssh alice -tt "$SAY" > "$OUT/text" || fail "ssh -tt: $?"
	contains "the user sees it" "seen-42" "$(cat "$OUT/text")"
	contains "the name of the terminal" "/dev/pts/" "$(cat "$OUT/text")"
	recorded "ssh -tt" alice "seen-42"
}

ssh_shell() {
	need_product
	forget
	shell_dialogue 'stty rows 33 columns 101 < $spawn_out(slave,name)
		expect -timeout 1 zzz {}
		send "stty size; tty; echo \$SSH_TTY\r"
		expect "33 101" {} default { exit 11 }'
	contains "the user is told" "This session is recorded." \
		"$(cat "$OUT/text")"
	recorded "ssh" alice "sleep 60"
	contains "the size" "101x33" "$(cast r "$REC"/alice/*.gz)"
}

other_doors() {
	local door

	need_product
	echo 'Defaults !use_pty' > /etc/sudoers.d/no-pty
	for door in "su - alice -c '$SAY'" "su alice -c '$SAY'" \
		"su --pty alice -c '$SAY'" \
		"sudo -n -u alice /bin/sh -c '$SAY'" \
		"setpriv --reuid=alice --regid=alice --init-groups \
/usr/bin/nsshell -c '$SAY'"; do
		forget
		on_terminal "$door" > "$OUT/text"
		contains "$door" "seen-42" "$(cat "$OUT/text")"
		recorded "$door" alice "seen-42"
	done
	rm /etc/sudoers.d/no-pty
	forget
	on_terminal "nsinit exec --root $BOX /bin/sh -c '$SAY'" > "$OUT/text"
	contains "exec" "seen-42" "$(cat "$OUT/text")"
	recorded "exec" root "seen-42"
}

# sudo has a terminal of its own for its command, and copies to the caller's.
own_terminal() {
	local i

	need_product
	echo 'Defaults use_pty' > /etc/sudoers.d/no-pty
	forget
	on_terminal "sudo -n -u alice /bin/sh -c '$SAY; sleep 0.1; seq 3000'" \
		> "$OUT/text"
	contains "sudo with use_pty" "seen-42" "$(cat "$OUT/text")"
	equal "its last line" 3000 "$(tail -n 1 "$OUT/text")"
	recorded "sudo with use_pty" alice "seen-42"
	equal "its last recorded line" 3000 "$(tr -d '\r' < "$OUT/cast" |
		tail -n 1)"
	forget
	timeout 30 script -qec "sudo -n -u alice /bin/sh -c 'read a; echo got-\$a
		exit 7'" /dev/null > "$OUT/text" < <(sleep 2; echo typed
		exec sleep 30)
	equal "status" 7 "$?"
	contains "input" "got-typed" "$(cat "$OUT/text")"
	for ((i = 0; i < 10; i++)); do
		on_terminal "sudo -n -u alice seq 500" > "$OUT/text"
		equal "the last line, $i" 500 "$(tail -n 1 "$OUT/text")"
	done
	rm /etc/sudoers.d/no-pty
}

# Nothing of the command's output is lost, with or without a recorder.
whole_output() {
	local i

	need_product
	forget
	for ((i = 0; i < 10; i++)); do
		status_is 7 nssh alice -tt 'seq 3000; exit 7'
		equal "lines" 3000 "$(wc -l < "$OUT/stdout")"
	done
	wait_until 10 has alice 10 || fail "$(ls "$REC/alice")"
	equal "recorded lines" 30000 "$(cast o "$REC"/alice/*.gz | wc -l)"
}

# Each recording names the digest of the one that ended before.
chain() {
	local file

	need_product
	forget
	nssh alice -tt 'echo one' > /dev/null || fail "ssh"
	wait_until 10 has alice 1 || fail "no first one"
	nssh alice -tt 'echo two' > /dev/null || fail "ssh"
	wait_until 10 has alice 2 || fail "no second one"
	file=$(find "$REC/alice" -name '*.gz' | sort | head -n 1)
	equal "mode" "600 root" "$(stat -c '%a %U' "$file")"
	equal "mode of the directory" "700 root" \
		"$(stat -c '%a %U' "$REC/alice")"
	file=${file%.cast.gz}
	contains "the chain" "\"previous\": \"${file##*/}\", \
\"previous_sha256\": \"$(zcat "$file.cast.gz" | sha256sum | cut -d ' ' -f 1)\"" \
		"$(cast header "$(find "$REC/alice" -name '*.gz' | sort |
		tail -n 1)")"
	contains "the name" '"service": "sshd"' \
		"$(cast header "$file.cast.gz")"
}

# What is not UTF-8, and what would break JSON.
bytes() {
	need_product
	forget
	printf '#!/bin/sh\nprintf '"'"'a\\377"\\\\\\302\\233\\033[2J\\303\\251.'"'" \
		> /usr/local/bin/nsc-bytes
	chmod 0755 /usr/local/bin/nsc-bytes
	nssh alice -tt nsc-bytes > /dev/null || fail "ssh"
	wait_until 10 has alice 1 || fail "no recording"
	contains "bytes" 'a\ufffd\"\\\u009b\u001b[2Jé.' \
		"$(zcat "$REC"/alice/*.gz)"
}

# The secret is typed while the terminal echoes nothing.
typed() {
	printf 'echo-%s\n' shown
	wait_until 20 grep -q ready "$OUT/text"
	printf 'secret\n'
	wait_until 20 grep -q got "$OUT/text"
}
TYPED='read a; stty -echo; echo ready; read b; stty echo; echo "got $a"'
input() {
	local hidden

	need_product
	for hidden in false true; do
		clean_slate
		forget
		config alice '{"rootfs": "/", "session": {"record": "terminals",
			"record_input": true, "record_hidden_input": '"$hidden"'}}'
		: > "$OUT/text"
		typed | nssh alice -tt "$TYPED" > "$OUT/text" || fail "ssh"
		recorded "input" alice "got echo-shown"
		contains "input" "echo-shown" "$(cast i "$REC"/alice/*.gz)"
		if [ "$hidden" = true ]; then
			contains "hidden" "secret" "$(cast i "$REC"/alice/*.gz)"
		else
			lacks "hidden" "secret" "$(cast io "$REC"/alice/*.gz)"
		fi
	done
	clean_slate
	config alice '{"rootfs": "/", "session": {"record": "terminals"}}'
}

everybody() {
	need_product
	clean_slate
	forget
	conf 'linger = 30; record = "terminals";'
	nssh bob -tt "$SAY" > "$OUT/text" || fail "ssh -tt: $?"
	recorded "bob" bob "seen-42"
	conf 'linger = 30;'
	clean_slate
}

# told KEY : what su prints before its shell, with this key of session as well.
told() {
	config alice "{\"rootfs\": \"/\", \"session\": {
		\"record\": \"terminals\", \"message\": \"Welcome.\"$1}}"
	su - alice < /dev/null 2>&1 | xargs
}
message() {
	need_product
	clean_slate
	forget
	equal "by default" "Welcome. This session is recorded." "$(told "")"
	clean_slate
	equal "changed" "Welcome. We watch alice." \
		"$(told ', "record_message": "We watch %u."')"
	clean_slate
	equal "empty" "Welcome." "$(told ', "record_message": ""')"
	clean_slate
	config alice '{"rootfs": "/", "session": {"record": "terminals"}}'
}

not_recorded() {
	need_product
	forget
	nssh bob -tt "$SAY" > "$OUT/text" || fail "ssh -tt: $?"
	contains "bob sees it" "seen-42" "$(cat "$OUT/text")"
	clean_slate
	[ ! -e "$REC" ] || fail "bob is recorded"
}

# One session of ssh and one of su, at whose terminals nobody types.
type_both() {
	TYPED_BOTH=$((TYPED_BOTH + 1))
	echo "typed-$TYPED_BOTH" > "$OUT/ssh-keys"
	echo "typed-$TYPED_BOTH" > "$OUT/su-keys"
}
both_show() {
	grep -q "typed-$TYPED_BOTH" "$OUT/ssh" &&
		grep -q "typed-$TYPED_BOTH" "$OUT/su"
}
idle_terminals() {
	need_product
	wait_until 30 recorders_ended || fail "others go on"
	forget
	mkfifo "$OUT/ssh-keys" "$OUT/su-keys"
	touch "$OUT/su" "$OUT/ssh"
	timeout 120 ssh "${SSH_OPTIONS[@]}" -tt -l alice 127.0.0.1 cat \
		<> "$OUT/ssh-keys" > "$OUT/ssh" &
	timeout 120 script -qec 'su - alice -c cat' /dev/null \
		<> "$OUT/su-keys" > "$OUT/su" &
	TYPED_BOTH=0
	type_both
	idle 'container-recor|nsc-writer|nsc-copier|su' type_both both_show
	printf '\004' > "$OUT/ssh-keys"
	printf '\004' > "$OUT/su-keys"
	wait
	wait_until 10 has alice 2 || fail "they are not recorded"
}

t "a terminal of ssh is recorded" ssh_terminal
t "a shell of ssh is recorded with its sizes, and its user is told" ssh_shell
t "terminals of su, sudo, nsshell and nsinit exec are recorded" other_doors
t "sudo with a terminal of its own is recorded, up to its last line" own_terminal
t "recorders of terminals at which nobody types do not wake up" idle_terminals
t "no output is lost by recording" whole_output
t "each recording names the one before" chain
t "a recording is JSON whatever is shown" bytes
t "input is recorded as the keys say" input
t "the line that says so is the administrator's" message
t "nscontainer.conf has everybody recorded" everybody
t "without the key nothing is recorded" not_recorded
