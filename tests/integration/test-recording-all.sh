#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With "all", what has no terminal is recorded, too, and arrives unchanged.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"
. "$(dirname "$0")/recorded.sh"

pam_enable sshd su su-l sudo sudo-i cron
config alice '{"rootfs": "/", "session": {"record": "all"}}'
config bob '{"rootfs": "/", "session": {"record": "terminals"}}'
conf 'linger = 30;'
sshd_start 22 -o Subsystem=sftp\ internal-sftp
BOX=/srv/box
mkdir -p "$BOX"
echo '{"rootfs": "/", "session": {"record": "all"}}' > "$BOX/container.json"

ended() {
	[ "$(count "$1")" -ge "$2" ]
}
# recorded WHAT USER TEXT...: one recording has ended, and has the texts.
recorded() {
	local what=$1 user=$2 text

	shift 2
	wait_until 15 ended "$user" 1 ||
		fail "$what: no recording: $(ls -la "$REC" "$REC/$user")"
	zcat "$REC/$user"/*.gz > "$OUT/cast"
	for text; do
		contains "$what" "$text" "$(cut -c 1-600 "$OUT/cast")"
	done
}

# The recording says which command runs.
noted_command() {
	grep -qs "\"command: .*$1" "$REC"/*/*.cast
}

# Output, errors, status, and a half-closed input.
ssh_command() {
	need_product
	forget
	printf 'one\ntwo\n' > "$OUT/in"
	{ cat "$OUT/in"; wait_until 10 noted_command cat; } | nssh alice \
		'cat; echo seen-$((40 + 2)); echo wrong >&2; exit 7' \
		> "$OUT/text" 2> "$OUT/errors"
	equal "status" 7 "$?"
	equal "output" "one two seen-42" "$(xargs < "$OUT/text")"
	equal "errors" "wrong" "$(cat "$OUT/errors")"
	recorded "ssh" alice 'seen-42' 'wrong' 'input: 8 bytes' \
		'sh -c cat; echo'
	forget
	nssh alice ": $(printf 'x%.0s' {1..20000}); echo at-the-end" \
		> "$OUT/text" || fail "a long command: $?"
	recorded "a long command" alice '"command: ' '"command, continued: '
	[ "$(grep '"command' "$OUT/cast" | tr -cd x | wc -c)" -ge 20000 ] ||
		fail "a long command is cut"
	forget
	nssh alice ": $(printf '€%.0s' {1..7000}); echo at-the-end" \
		> "$OUT/text" || fail "a long command: $?"
	recorded "a command in UTF-8" alice '"command, continued: '
	equal "characters" 7000 "$(grep '"command' "$OUT/cast" | grep -o € |
		wc -l)"
	lacks "the recording" $'\ufffd' "$(cat "$OUT/cast")"
	contains "it is played" "echo at-the-end" \
		"$(nsinit play "$(basename "$REC"/alice/*.gz .cast.gz)")"
	# The control: without "all", the same command leaves nothing.
	nssh bob 'echo seen-$((40 + 2))' > "$OUT/text" || fail "bob: $?"
	equal "bob sees it" "seen-42" "$(cat "$OUT/text")"
	[ ! -e "$REC/bob" ] || fail "bob is recorded"
}

doors() {
	local door

	need_product
	for door in "su - alice -c" "su alice -c" \
		"sudo -n -u alice /bin/sh -c" \
		"setpriv --reuid=alice --regid=alice --init-groups nsshell -c" \
		"nsinit exec --root $BOX /bin/sh -c"; do
		forget
		rm -f "$OUT/text"
		# shellcheck disable=SC2086 # words
		{ echo typed; wait_until 10 noted_command "read a"; } |
			setsid $door 'read a; echo "got-$a"; echo wrong >&2
			read b; exit 5' > "$OUT/text" 2> "$OUT/errors"
		equal "$door: status" 5 "$?"
		# The last byte is there when the door has ended.
		equal "$door: output" "got-typed" "$(cat "$OUT/text")"
		contains "$door: errors" "wrong" "$(cat "$OUT/errors")"
		# su and sudo start it themselves, and are noted.
		case $door in
		nsinit*) recorded "$door" root 'got-typed' 'wrong' \
			'"command: /bin/sh -c read a' ;;
		setpriv*) recorded "$door" alice 'got-typed' 'wrong' \
			'sh -c read a' ;;
		*) recorded "$door" alice 'got-typed' 'wrong' \
			"\"command: $door read a" ;;
		esac
	done
}

# It stands still until it is noted, and would have ended before.
at_once() {
	local door user

	need_product
	for door in "nssh alice" "nsinit exec --root $BOX /bin/sh -c" \
		"setpriv --reuid=alice --regid=alice --init-groups nsshell -c"; do
		user=alice
		[ "${door#nsinit}" = "$door" ] || user=root
		forget
		for _ in {1..20}; do
			$door 'exit 3'
			equal "$door" 3 "$?"
		done
		wait_until 15 ended "$user" 20 ||
			fail "$door: $(ls "$REC" "$REC/$user")"
		equal "$door: notes" 20 "$(for one in "$REC/$user"/*.gz; do
			zcat "$one"
		done | grep -c '"command: .*sh -c exit 3"')"
	done
}

# sshd runs this file of the user's before the command.
late() {
	need_product
	forget
	mkdir -p /home/alice/.ssh
	echo 'sleep 2' > /home/alice/.ssh/rc
	equal "output" seen-42 "$(nssh alice 'echo seen-$((40 + 2))')"
	rm /home/alice/.ssh/rc
	recorded "late" alice 'seen-42' 'sh -c echo seen'
}

# With hidepid, a process sees those of its own user only; proc(5).
hidden() {
	need_product
	for mode in noaccess invisible; do
		mount -o "remount,hidepid=$mode" /proc || fail "$mode"
		setpriv --reuid=65534 --regid=65534 --clear-groups \
			grep -q . /proc/1/cmdline 2> /dev/null &&
			fail "$mode hides nothing"
		doors
		forget
		{ wait_until 10 noted_command hidden; echo; } |
			nssh alice ': hidden; read x; echo seen-$((40 + 2))' \
			> "$OUT/text" || fail "ssh: $?"
		recorded "ssh" alice 'seen-42' 'sh -c : hidden'
	done
	mount -o remount,hidepid=off /proc
}

# A terminal, and a file beside it.
both() {
	need_product
	forget
	rm -f "$OUT/file"
	timeout 30 script -qec "su - alice -c 'echo to-file; tty >&2' \
		> $OUT/file" /dev/null < /dev/null > "$OUT/text"
	equal "the file" "to-file" "$(cat "$OUT/file")"
	contains "the terminal" "/dev/pts/" "$(cat "$OUT/text")"
	wait_until 15 ended alice 2 || fail "$(ls -la "$REC/alice")"
	contains "recorded" "to-file" "$(zcat "$REC"/alice/*.gz)"
	contains "recorded" "/dev/pts/" "$(zcat "$REC"/alice/*.gz)"
}

cron_job() {
	need_product
	forget
	echo 'SHELL=/bin/sh' > "$OUT/table"
	echo '@reboot echo job-$((40 + 2)); touch $HOME/done' >> "$OUT/table"
	rm -f /home/alice/done
	crontab -u alice "$OUT/table"
	rm -f /run/crond.reboot
	cron
	wait_until 15 test -e /home/alice/done || fail "no job"
	crontab -u alice -r
	pkill -P 1 -x cron
	recorded "cron" alice 'job-42' '"service": "cron"' \
		'command: /bin/sh -c echo job-'
}

# Every byte, in both directions, and both at once.
binary() {
	local i

	need_product
	forget
	head -c 3000000 /dev/urandom > "$OUT/bytes"
	nssh alice cat < "$OUT/bytes" > "$OUT/back" || fail "ssh: $?"
	cmp "$OUT/bytes" "$OUT/back" || fail "ssh changes bytes"
	su - alice -c cat < "$OUT/bytes" > "$OUT/back" || fail "su: $?"
	cmp "$OUT/bytes" "$OUT/back" || fail "su changes bytes"
	for i in 1 2 3 4 5 6 7 8; do
		nssh alice 'seq 2000; echo end' > "$OUT/many.$i" &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		equal "command $i" "2001" "$(wc -l < "$OUT/many.$i")"
	done
	nssh alice 'kill -TERM $$'
	equal "a signal" 255 "$?"
	nssh alice 'echo first; exec >&-; cat > /dev/null' < /dev/null \
		> "$OUT/text" || fail "closed output: $?"
	equal "before it was closed" first "$(cat "$OUT/text")"
	# Who reads no more ends the writer.
	nssh alice 'yes; echo status-$? >&2' 2> /dev/null | head -n 1 \
		> "$OUT/text"
	equal "yes" y "$(cat "$OUT/text")"
}

# The command has ended, and its reader is slow.
copier_ticks() {
	# shellcheck disable=SC2046 # words
	awk '{ n += $14 + $15 } END { print n + 0 }' \
		$(pgrep -x nsc-copier | sed 's,.*,/proc/&/stat,') /dev/null
}
slow_reader() {
	need_product
	forget
	su - alice -c 'head -c 100000 /dev/zero' |
		(while [ ! -e "$OUT/go" ]; do sleep 0.1; done; wc -c) \
		> "$OUT/text" &
	wait_until 10 pgrep -x nsc-copier > /dev/null || fail "no copier"
	sleep 2
	pgrep -x nsc-copier > /dev/null || fail "the copier has ended"
	[ "$(copier_ticks)" -lt 50 ] || fail "it is busy: $(copier_ticks)"
	touch "$OUT/go"
	wait
	equal "bytes" 100000 "$(cat "$OUT/text")"
}

# A command that waits for its input.
type_one() {
	echo typed > "$OUT/keys"
	TYPED_ONE=$((TYPED_ONE + 1))
}
shows_one() {
	[ "$(grep -c typed "$OUT/text")" -eq "$TYPED_ONE" ]
}
waits() {
	need_product
	wait_until 30 recorders_ended || fail "others go on"
	forget
	mkfifo "$OUT/keys"
	timeout 120 ssh "${SSH_OPTIONS[@]}" -l alice 127.0.0.1 cat \
		<> "$OUT/keys" > "$OUT/text" &
	TYPED_ONE=0
	type_one
	idle 'container-recor|nsc-writer|nsc-copier' type_one shows_one
	kill $!
	wait
}

# What is written after the shell has gone is recorded, or has no way out.
later() {
	need_product
	forget
	nssh alice '(sleep 1; echo later-$((40 + 2))) & echo now' > "$OUT/text"
	contains "ssh" "later-42" "$(cat "$OUT/text")"
	recorded "ssh" alice now later-42
	forget
	su - alice -c '(sleep 1; echo later-$((40 + 2))) & echo now' \
		> "$OUT/text"
	recorded "su" alice now later-42
	contains "su" "later-42" "$(cat "$OUT/text")"
}

# What programs for files send: names and sizes, and none of the content.
ssh_program() {
	printf '#!/bin/sh\nexec ssh -F none -i %s -o BatchMode=yes '"$(
		)"'-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null '"$(
		)"'-o LogLevel=ERROR "$@"\n' "$KEY" > "$OUT/ssh"
	chmod 0755 "$OUT/ssh"
	echo "$OUT/ssh"
}
# noted WHAT NOTE... : and not the content.
noted() {
	recorded "$1" alice "${@:2}"
	lacks "$1" "the-content" "$(cat "$OUT/cast")"
	equal "$1: files" "$(md5sum < "$OUT/file")" \
		"$(md5sum < "${FILE-/home/alice/file}")"
}
transfers() {
	local program

	need_product
	program=$(ssh_program)
	rm -rf /home/alice/file /home/alice/repo /home/alice/got
	yes the-content | head -c 500000 > "$OUT/file"
	forget
	printf 'put %s /home/alice/file\nmkdir made\nget file %s\n' \
		"$OUT/file" "$OUT/back" | sftp -S "$program" -b - \
		alice@127.0.0.1 > "$OUT/said" 2>&1 || fail "$(cat "$OUT/said")"
	cmp "$OUT/file" "$OUT/back" || fail "sftp changes the file"
	noted "sftp" "/home/alice/file: read 0 bytes, wrote 500000 bytes" \
		"file: read 500000 bytes, wrote 0 bytes" "sftp: mkdir" \
		"alice@internal-sftp"
	forget
	scp -O -S "$program" "$OUT/file" alice@127.0.0.1:file || fail "scp: $?"
	noted "scp" "scp: file: 500000 bytes"
	forget
	scp -O -S "$program" alice@127.0.0.1:file "$OUT/back" || fail "scp: $?"
	noted "scp from" "scp: file: 500000 bytes"
	rm /home/alice/file
	forget
	rsync -v -e "$program" "$OUT/file" alice@127.0.0.1: > /dev/null ||
		fail "rsync: $?"
	noted "rsync" "input: "
	forget
	rsync --ignore-times -e "$program" alice@127.0.0.1:file "$OUT/back" ||
		fail "rsync: $?"
	noted "rsync from" "output: "
}

git_repository() {
	need_product
	forget
	GIT_SSH=$(ssh_program)
	export GIT_SSH GIT_CONFIG_GLOBAL=/dev/null
	su alice -c 'git init -q --bare -b main ~/repo' > /dev/null
	git init -q -b main "$OUT/work"
	yes the-content | head -c 5000 > "$OUT/work/file"
	git -C "$OUT/work" add file
	git -C "$OUT/work" -c user.name=a -c user.email=a@b commit -qm one
	wait_until 10 ended alice 1
	forget
	git -C "$OUT/work" push -q alice@127.0.0.1:repo main || fail "push: $?"
	recorded "push" alice "git: receives a pack" "refs/heads/main"
	forget
	git clone -q alice@127.0.0.1:repo "$OUT/clone" || fail "clone: $?"
	cmp "$OUT/work/file" "$OUT/clone/file" || fail "git changes the file"
	wait_until 10 ended alice 1 || fail "clone is not recorded"
}

# A program that runs after the transfer, and one that only looks like one.
after_transfers() {
	need_product
	forget
	: > "$OUT/text"
	# shellcheck disable=SC2094 # it waits for the answer
	{ wait_until 20 test -s "$OUT/text"; printf 'C0644 3 name\nabc\0'; } |
		nssh alice 'cd /tmp; scp -t .; bash -c id' > "$OUT/text"
	contains "the shell" "uid=" "$(cat -v "$OUT/text")"
	recorded "scp -t; bash" alice "uid=" "name: 3 bytes"
	forget
	printf '\0\0\0\5\1\0\0\0\3' |
		nssh alice 'head -c 9 > /dev/null; echo seen-42; id' > "$OUT/text"
	contains "it looks like sftp" "seen-42" "$(cat "$OUT/text")"
	recorded "it looks like sftp" alice "seen-42" "uid="
}

t "a command of ssh is recorded, and unchanged" ssh_command
t "su, sudo, nsshell and nsinit exec without a terminal are recorded" doors
t "the line of a command that ends at once is noted" at_once
t "so is that of one that begins late" late
t "so are they where /proc hides the processes of others" hidden
t "what goes to a file beside a terminal is recorded" both
t "streams keep every byte, their ends and signals" binary
t "whoever waits for a slow reader is idle" slow_reader
t "the recorder of a command that waits does not wake up" waits
t "a process that writes later is recorded" later
t "a job of cron is recorded" cron_job
t "sftp, scp and rsync are noted by name and size" transfers
t "git is noted" git_repository
t "what runs after a transfer, or looks like one, is recorded" after_transfers
