#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recordings are listed, played, searched, verified, and removed when they are
# old.  The first word of a test of an attack is its number in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"
. "$(dirname "$0")/recorded.sh"

pam_enable sshd
config alice '{"rootfs": "/", "session": {"record": "terminals"}}'
config bob '{"rootfs": "/", "session": {"record": "terminals"}}'
conf 'linger = 60;'
rm -f /home/alice/.hushlogin
sshd_start 22

forget() {
	rm -rf "$REC"
	rm -f /var/log/nscontainer/sessions
}
# record USER COMMAND: one more recording, which has ended.
record() {
	local n

	n=$(count "$1")
	nssh "$1" -tt "$2" > "$OUT/ssh" || fail "ssh: $?"
	wait_until 10 has "$1" $((n + 1)) || fail "it is not recorded" \
		"$(ls -l "$REC/$1")"
}
# The ids of a user, the oldest first.
ids() {
	nsinit recordings --json "$1" |
		python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)["id"])'
}
# Of each recording, its name, and what --verify says.
chain() {
	nsinit recordings --verify "$@" | awk 'NR > 1 { print $NF, $1 }'
}
# matches WHAT EXPRESSION TEXT
matches() {
	grep -qE -- "$2" <<< "$3" || fail "$1" "expected to match: $2" "got: $3"
}
program() {
	cat > "/usr/local/bin/$1"
	chmod 0755 "/usr/local/bin/$1"
}

listed() {
	need_product
	forget
	nsinit recordings > "$OUT/text" || fail "without any: $?"
	equal "without any" 1 "$(wc -l < "$OUT/text")"
	connect -tt 'echo here; exec sleep 300'
	record bob 'echo bob'
	nsinit recordings > "$OUT/text" || fail "recordings: $?"
	equal "two at once" 3 "$(wc -l < "$OUT/text")"
	matches "one that goes on" 'alice  *sshd  *.* -  *[0-9]* +- +open' \
		"$(grep alice "$OUT/text")"
	matches "one that has ended" 'bob  *sshd  *.* 0 +linked' \
		"$(grep bob "$OUT/text")"
	kill "$CLIENT"
	wait "$CLIENT"
	wait_until 10 has alice 1 || fail "it has not ended"
	python3 - "$(nsinit recordings --json alice)" <<-'END2' || fail "JSON"
		import json, sys, time
		r = json.loads(sys.argv[1])
		assert r["user"] == "alice" and r["service"] == "sshd", r
		assert r["chain"] == "linked" and r["gaps"] == 0, r
		assert r["rhost"] == "127.0.0.1" and r["size"] > 0, r
		assert 0 <= r["to"] - r["from"] < 60 and r["pid"] > 1, r
		assert abs(time.time() - r["to"]) < 60, r
	END2
	contains "completion of an id" "$(ids alice)" \
		"$(nsinit --complete play '')"
	contains "completion of a user" "alice" \
		"$(nsinit --complete recordings '')"
	contains "completion of an option" "--verify" \
		"$(nsinit --complete recordings -)"
	contains "help" "--follow" "$(nsinit help play)"
	status_is 2 nsinit play --speed fast "$(ids alice)"
	contains "a wrong speed" "--speed: expected a number from 0.001" \
		"$(cat "$OUT/stderr")"
	status_is 1 nsinit play 20200101T000000Z-0000001-00
	contains "an unknown one" "there is no such recording" \
		"$(cat "$OUT/stderr")"
	status_is 1 nsinit play ../../../etc/passwd
	contains "a path" "is not the name of a recording" \
		"$(cat "$OUT/stderr")"
}

# The second part is what makes a terminal answer, or sets something of it.
played() {
	local id

	need_product
	forget
	program nsc-show <<-'END2'
		#!/bin/sh
		printf 'plain \033[1;31mred\033[0m caf\303\251\n'
		sleep 2
		printf '\033[6n\033[c\033]52;c;Zm9v\007\033]0;title\033\\\005'
		printf '\033P+q436f\033\\\033[?1003h\033[21t\033Zend\n'
	END2
	record alice nsc-show
	id=$(ids alice)
	contains "control: the file has them" '\u001b[6n\u001b[c\u001b]52;c' \
		"$(zcat "$REC/alice/$id.cast.gz")"
	nsinit play --speed 1000 "$id" > "$OUT/text" || fail "play: $?"
	contains "what was shown" "plain ^[[1;31mred^[[0m cafM-CM-)" \
		"$(cat -v "$OUT/text")"
	equal "what a terminal answers" "end" \
		"$(tail -n 1 "$OUT/text" | tr -d '\r')"
	[ "$(stopwatch nsinit play "$id")" -ge 1 ] || fail "it does not pause"
	equal "--idle: it does not" shorter "$(shorter "$id")"
}
# What --idle saves is more than a second, whatever else takes time.
shorter() {
	local began=$EPOCHREALTIME between

	nsinit play "$1" > /dev/null
	between=$EPOCHREALTIME
	nsinit play --idle 0.1 "$1" > /dev/null
	echo "$began $between $EPOCHREALTIME" |
		awk '{ print ($2 - $1 > $3 - $2 + 1 ? "shorter" : "not") }'
}

# stopwatch COMMAND...: how many whole seconds it takes.
stopwatch() {
	local began=$EPOCHREALTIME

	"$@" > /dev/null || fail "$*: $?"
	echo "$began $EPOCHREALTIME" | awk '{ print int($2 - $1) }'
}

searched() {
	local id text

	need_product
	forget
	# Typed, corrected, printed over, erased, wrapped.
	program nsc-lines <<-'END2'
		#!/bin/sh
		printf 'shred x\b\bed-file\r\n'
		printf 'first-progress\rother-progress\n'
		printf 'erased-secret'; sleep 0.2; printf '\r\033[Kkept\n'
		printf 'A\033[5CB\033[4Dxyz\n'
		stty cols 20
		printf '0123456789abcdefghijklmnopqrstuvwxyz\n'
		seq 100
		printf '\033[?1049h\033[Hin-another-screen\033[?1049l'
	END2
	record alice nsc-lines
	record bob 'echo of-bob'
	id=$(ids alice)
	for text in 'shreded-file' 'first-progress' 'other-progress' \
		'erased-secret' 'A  xyzB' '0123456789abcdefghijklmnopqrstuvwxyz' \
		'in-another-screen'; do
		nsinit search "$text" > "$OUT/text" || fail "$text: $?"
		matches "$text" "^$id  20[0-9-]* [0-9:]*  $text$" \
			"$(cat "$OUT/text")"
	done
	status_is 1 nsinit search nobody-said-that
	status_is 1 nsinit search of-bob alice
	status_is 0 nsinit search of-bob bob
	nsinit play --text "$id" > "$OUT/text" || fail "play --text: $?"
	contains "lines" "$(seq 100)" "$(cat "$OUT/text")"
	contains "wrapped" "0123456789abcdefghijklmnopqrstuvwxyz" \
		"$(cat "$OUT/text")"
	lacks "lines have no escapes" "^[" "$(cat -v "$OUT/text")"
}

# finds TEXT LINE : a search prints it for alice, and nothing else.
finds() {
	nsinit search "$1" alice > "$OUT/text" || fail "search $1: $?"
	equal "$1" "$2" "$(sed 's/^[^ ]*  [^ ]* [^ ]*//' "$OUT/text")"
}

# runs COMMAND : and goes on until its command line is noted.
runs() {
	nssh alice "$1; until [ -e go ]; do sleep 0.1; done; rm -f go" &
	wait_until 20 is_noted || fail "no command line: $(texts)"
	touch /home/alice/go
	wait "$!" || fail "ssh: $?"
}
is_noted() {
	cat "$REC"/alice/*.cast 2> /dev/null | grep -q '"command'
}

# What was not on a screen: commands, files, bytes.
noted() {
	local text end more

	need_product
	forget
	config alice '{"rootfs": "/", "session": {"record": "all"}}'
	nsinit stop alice > /dev/null 2>&1
	runs 'rm -rf ~/no-"such"-file'
	wait_until 10 has alice 1 || fail "it is not recorded"
	finds 'rm -rf ~/no-"such"' " note: command: bash -c rm -rf ~/no-\"such\"-file; \
until [ -e go ]; do sleep 0.1; done; rm -f go"
	matches "where and when" "^$(ids alice)  20[0-9-]* [0-9:]* note: " \
		"$(cat "$OUT/text")"
	status_is 1 nsinit search 'rm -rf ~/no-such' alice
	# What a screen shows is never taken for one.
	nssh alice -tt 'echo " note: x-on-a-screen"' > /dev/null || fail "ssh: $?"
	wait_until 10 has alice 2 || fail "it is not recorded"
	finds 'x-on-a-screen' '   note: x-on-a-screen'
	: > "$OUT/text"
	# shellcheck disable=SC2094 # it waits for the answer
	{ wait_until 20 test -s "$OUT/text"
		printf 'C0644 0 \033]0;hidden\007caf\303\251\n\0'; } |
		nssh alice 'scp -t /tmp' > "$OUT/text" || fail "scp: $?"
	wait_until 10 has alice 3 || fail "it is not recorded"
	text=' note: scp: \x1b]0;hidden\x07café: 0 bytes'
	finds 'hidden' "$text"
	finds 'café: 0 bytes' "$text"
	finds 'scp: ' "$text"
	# They are one line each, also as the last thing and after half a sequence.
	nsinit play --text "$(ids alice | tail -n 1)" > "$OUT/text"
	contains "play --text" '[scp: \x1b]0;hidden\x07café: 0 bytes]' \
		"$(cat "$OUT/text")"
	nsinit play "$(ids alice | tail -n 1)" | cat -v > "$OUT/text"
	contains "play" '[scp: \x1b]0;hidden\x07cafM-CM-): 0 bytes]^M' \
		"$(cat "$OUT/text")"
	nssh alice 'printf "\033[8m\033]0;"; sleep 1' > /dev/null || fail "ssh: $?"
	wait_until 10 has alice 4 || fail "it is not recorded"
	for text in play "play --text"; do
		# shellcheck disable=SC2086
		contains "$text: after half a sequence" '[input: 0 bytes, output: 8 bytes]' \
			"$(nsinit $text "$(ids alice | tail -n 1)")"
	done
	# The end of one note, and the beginning of the next.
	runs ": $(seq -s , 3000)"
	wait_until 10 has alice 5 || fail "it is not recorded"
	zcat "$REC/alice/$(ids alice | tail -n 1).cast.gz" |
		grep -o 'command[:,][^"]*' > "$OUT/parts"
	end=$(sed -n '1s/.*\(.\{8\}\)$/\1/p' "$OUT/parts")
	more=$(sed -n '2s/^command, continued: //p' "$OUT/parts")
	equal "parts" 2 "$(wc -l < "$OUT/parts")"
	finds "$end${more:0:8}" " note: command, continued: $more"
	finds "${more:8}" " note: command, continued: $more"
	status_is 1 nsinit search "$end command, continued" alice
	config alice '{"rootfs": "/", "session": {"record": "terminals"}}'
	nsinit stop alice > /dev/null 2>&1
}

shown() {
	grep -q "$1" "$OUT/live"
}
followed() {
	local id player

	need_product
	forget
	connect -tt 'echo early; until [ -e go ]; do sleep 0.1; done; rm -f go;
		echo late'
	wait_until 10 test -e "$REC/alice"
	id=$(ids alice)
	nsinit play --follow "$id" > "$OUT/live" &
	player=$!
	wait_until 10 shown early || fail "what was there is not shown"
	shown late && fail "it is shown before it is there"
	touch /home/alice/go
	wait_until 10 shown late || fail "what comes is not shown" \
		"$(cat "$OUT/client" "$REC"/alice/*; ls -la /home/alice)"
	wait_until 10 gone "$player" || fail "it does not end"
	wait "$player" || fail "play --follow: $?"
	wait "$CLIENT"
}
gone() {
	! kill -0 "$1" 2> /dev/null
}

# What the recording's reader may do, while it waits.
confined() {
	local id player reader

	need_product
	forget
	record alice 'echo a; sleep 3; echo b'
	id=$(ids alice)
	nsinit play "$id" > "$OUT/live" &
	player=$!
	wait_until 5 shown a || fail "it does not play"
	reader=$(pgrep -P "$player" -x nsinit)
	equal "ids" "65534 65534 65534 65534" \
		"$(awk '$1 == "Uid:" { print $2, $3, $4, $5 }' \
		"/proc/$reader/status")"
	equal "capabilities" "0000000000000000" \
		"$(awk '$1 == "CapEff:" { print $2 }' "/proc/$reader/status")"
	equal "filter" 2 "$(awk '$1 == "Seccomp:" { print $2 }' \
		"/proc/$reader/status")"
	equal "descriptors" "/dev/null /dev/null /dev/null pipe pipe" \
		"$(readlink "/proc/$reader"/fd/* | sed 's/:.*//' | xargs)"
	kill -KILL "$player"
	wait "$player" 2> /dev/null
	wait_until 5 gone "$reader" || fail "the reader outlives nsinit"
}

# What a writer that was taken over may have put into the file.
hostile_files() {
	local id

	need_product
	forget
	record alice 'echo one'
	id=$(ids alice)
	gunzip "$REC/alice/$id.cast.gz"
	python3 - "$REC/alice/$id.cast" <<-'END2'
		import re, sys
		text = open(sys.argv[1]).read()
		head, rest = text.split("\n", 1)
		head = head.replace('"sshd"', '"\\u001b[6n\\u009b6n"')
		head = re.sub('"width": [0-9]*', '"width": 99999999', head)
		rest += '[1.0, "o", "\\u001b]52;c;x\\u0007after"]\n'
		rest += '[1.0, "r", "99999999x99999999"]\n'
		rest += '[2.0, "o", "\\u001b[99999999L\\u001b[99999999P!"]\n'
		open(sys.argv[1], "w").write(head + "\n" + rest)
	END2
	nsinit recordings > "$OUT/text" || fail "recordings: $?"
	contains "the name of a service" '\x1b[6n\xc2\x9b6n' "$(cat "$OUT/text")"
	nsinit play "$id" > "$OUT/text" || fail "play: $?"
	lacks "the clipboard" "]52" "$(cat -v "$OUT/text")"
	contains "what comes after" "after" "$(cat "$OUT/text")"
	nsinit search after > "$OUT/text" || fail "search: $?"
	echo '[3, "o", "' >> "$REC/alice/$id.cast"
	status_is 1 nsinit play "$id"
	contains "a broken line" "cannot be read to its end" \
		"$(cat "$OUT/stderr")"
}

# each ATTACK: with the three recordings of "before", and what is said.
verified() {
	local first middle last list

	need_product
	forget
	for list in 1 2 3; do
		[ ! -e "$REC/alice/last" ] || cp "$REC/alice/last" "$TOP/last"
		record alice "echo number-$list"
	done
	mapfile -t list <<< "$(ids alice)"
	first=${list[0]} middle=${list[1]} last=${list[2]}
	cp -a "$REC" "$TOP/before"
	equal "as they were" "ok $last
ok $middle
ok $first" "$(chain alice)"
	nsinit recordings --verify > /dev/null || fail "verify: $?"

	rm "$REC/alice/$middle.cast.gz"
	equal "one is removed" "ok $last
missing $middle
unnamed $first" "$(chain alice)"
	status_is 1 nsinit recordings --verify
	again

	rm "$REC/alice/$last.cast.gz"
	contains "the last one is removed" "missing $last" "$(chain alice)"
	cp "$TOP/last" "$REC/alice/last"
	equal "with all that names it but the log" "ok $middle
ok $first
missing $last" "$(chain alice)"
	mv /var/log/nscontainer/sessions "$TOP/sessions"
	equal "control: and without the log" "ok $middle
ok $first" "$(chain alice)"
	mv "$TOP/sessions" /var/log/nscontainer/sessions
	again

	zcat "$REC/alice/$middle.cast.gz" | sed s/number-2/number-9/ | gzip \
		> "$TOP/changed"
	cat "$TOP/changed" > "$REC/alice/$middle.cast.gz"
	equal "one is changed" "ok $last
changed $middle
ok $first" "$(chain alice)"
	status_is 1 nsinit recordings --verify alice
	again

	mv "$REC/alice/$middle.cast.gz" "$TOP/other"
	mv "$REC/alice/$first.cast.gz" "$REC/alice/$middle.cast.gz"
	mv "$TOP/other" "$REC/alice/$first.cast.gz"
	contains "two are exchanged" "changed $middle" "$(chain alice)"
	again

	cp "$REC/alice/$first.cast.gz" \
		"$REC/alice/20200101T000000Z-0000001-00.cast.gz"
	contains "one is added" "unnamed 20200101T000000Z-0000001-00" \
		"$(chain alice)"
	again

	# As if its recorder had been killed: such a one is taken up by the next.
	zcat "$REC/alice/$first.cast.gz" | sed '1s/"ended": [0-9]*/"ended": 0/
		s/number-1/number-9/' > "$REC/alice/$first.cast"
	rm "$REC/alice/$first.cast.gz"
	contains "the oldest one is another" "changed $first" "$(chain alice)"
	again

	head -c 60 "$TOP/before/alice/$middle.cast.gz" \
		> "$REC/alice/$middle.cast.gz"
	contains "one is cut" "changed $middle" "$(chain alice)"
	again
	equal "as they were" 3 "$(chain alice | grep -c '^ok ')"
	rm -rf "$TOP/before"
}
again() {
	rm -rf "$REC"
	cp -a "$TOP/before" "$REC"
}

# By the real logrotate, as Debian runs it each night: the previous log goes on
# to say which recordings there were.
rotated() {
	local log=/var/log/nscontainer/sessions

	need_product
	command -v logrotate > /dev/null || skip "logrotate is not installed"
	forget
	record alice 'echo one'
	cp "$REC/alice/last" "$TOP/last"
	record alice 'echo two'
	mapfile -t list <<< "$(ids alice)"
	wait_until 10 in_log "${list[1]}" || fail "it is not logged"
	logrotate -f -s "$OUT/state" /etc/logrotate.d/nscontainer ||
		fail "logrotate: $?"
	equal "the log" "600 0" "$(stat -c '%a %s' "$log")"
	contains "the previous one" "recording=${list[1]} " "$(cat "$log.1")"
	record bob 'echo three'
	wait_until 10 in_log "$(ids bob)" || fail "the next one is not logged"
	status_is 0 nsinit recordings --verify
	rm "$REC/alice/${list[1]}.cast.gz"
	mv "$TOP/last" "$REC/alice/last"
	contains "with all that names it but this log" "missing ${list[1]}" \
		"$(chain alice)"
	rm "$log.1"
	lacks "control: without it" "missing" "$(chain alice)"
}
in_log() {
	grep -q "event=recorded .*recording=$1 " /var/log/nscontainer/sessions
}

# One child reads the first line, and gzip runs for it and for the digest.
read_once() {
	need_product
	forget
	record alice 'echo one'
	record alice 'echo two'
	wait_until 10 recorders_ended || fail "a recorder goes on"
	cp /bin/gzip /usr/local/bin/nsc-real-gzip
	mkdir -m 0777 /usr/local/runs
	program nsc-gzip <<-'END2'
		#!/bin/sh
		: > "/usr/local/runs/$$"
		exec /usr/local/bin/nsc-real-gzip "$@"
	END2
	mount --bind /usr/local/bin/nsc-gzip /bin/gzip
	chain alice > "$OUT/text"
	umount /bin/gzip
	equal "both are as they were" 2 "$(grep -c '^ok ' "$OUT/text")"
	equal "gzip ran" 4 "$(find /usr/local/runs -type f | wc -l)"
}

# Whoever ends a large recording has this lock, for seconds.
locked() {
	local holder reader

	need_product
	forget
	record alice 'echo of-alice'
	record bob 'echo of-bob'
	flock "$REC/alice/.lock" sleep 300 &
	holder=$!
	wait_until 10 is_locked || fail "no lock"
	nsinit recordings --verify > "$OUT/verified" &
	reader=$!
	timeout 60 nsinit play --speed 1000 "$(ids bob)" > "$OUT/text" ||
		fail "play waits for the lock of another user"
	contains "play" "of-bob" "$(cat "$OUT/text")"
	timeout 60 nsinit recordings > "$OUT/text" || fail "recordings waits"
	equal "recordings" 3 "$(wc -l < "$OUT/text")"
	timeout 60 nsinit search of-alice > "$OUT/text" || fail "search waits"
	contains "completion" "$(ids bob)" \
		"$(timeout 60 nsinit --complete play '')"
	gone "$reader" && fail "control: --verify does not wait"
	pkill -P "$holder"
	wait "$holder"
	wait "$reader" || fail "--verify: $?"
	equal "--verify" 2 "$(grep -c 'ok$' "$OUT/verified")"
}
is_locked() {
	! flock -n "$REC/alice/.lock" true
}

# What has expired is known for the newest only: the first 2500 are made up.
stubs_end() {
	need_product
	forget
	(umask 077 && mkdir -p "$REC/alice")
	python3 - "$REC/alice" <<-'END2'
		import sys
		zero = "-" * 27, "0" * 64
		with open(sys.argv[1] + "/expired", "w") as stubs:
		    before = zero
		    for i in range(2500):
		        one = "20200101T000000Z-%07d-00" % i, "%064x" % (i + 1)
		        stubs.write("\n%s %s %s %s\n" % (*one, *before))
		        before = one
		with open(sys.argv[1] + "/last", "w") as last:
		    last.write("%s %s\n%s\n" % (*before, ""))
	END2
	record alice 'echo one'
	record alice 'echo two'
	mapfile -t list <<< "$(ids alice)"
	status_is 0 nsinit recordings --verify alice
	equal "control: all of them are known" 2500 \
		"$(chain alice | grep -c '^expired ')"
	old "${list[0]}" 90000
	conf 'linger = 60; record_max_age = "1d";'
	nsinit recordings --expire || fail "expire: $?"
	conf 'linger = 60;'
	status_is 0 nsinit recordings --verify alice
	chain alice > "$OUT/text"
	equal "the newest" "ok ${list[1]}
expired ${list[0]}
expired 20200101T000000Z-0002499-00" "$(head -n 3 "$OUT/text")"
	equal "the rest" 1000 "$(grep -c '^expired ' "$OUT/text")"
	equal "lines" 1000 "$(grep -c . "$REC/alice/expired")"
	# The log has both; it says as well which has expired.
	: > "$REC/alice/expired"
	contains "control: without its stub" "missing ${list[0]}" \
		"$(chain alice)"
}

# old ID SECONDS: it ended that long ago.
old() {
	touch -d "@$(($(date +%s) - $2))" "$REC/alice/$1.cast.gz"
}
went() {
	[ ! -e "$REC/alice/$1.cast.gz" ]
}
open_one() {
	nsinit recordings alice | grep -q 'open$'
}
expired() {
	local list size

	need_product
	forget
	for size in 1 2 3; do
		record alice "echo number-$size"
	done
	mapfile -t list <<< "$(ids alice)"
	old "${list[0]}" 90000
	old "${list[1]}" 80000
	nsinit recordings --expire || fail "without a limit: $?"
	equal "without a limit" 3 "$(count alice)"
	conf 'linger = 60; record_max_age = "1d";'
	connect -tt 'echo here; exec sleep 300'
	wait_until 10 open_one || fail "it is not recorded"
	touch -d "@$(($(date +%s) - 90000))" "$REC"/alice/*.cast
	nsinit recordings --expire || fail "expire: $?"
	equal "by age, and what goes on stays" "${list[1]}
${list[2]}" "$(ids alice | head -n 2)"
	open_one || fail "what goes on is removed"
	logged "event=expired user=\"alice\" recording=${list[0]} sha256="
	kill "$CLIENT"
	wait "$CLIENT"
	wait_until 10 has alice 3 || fail "it has not ended"
	contains "the chain" "ok ${list[1]}
expired ${list[0]}" "$(chain alice)"
	status_is 0 nsinit recordings --verify
	rm "$REC/alice/${list[2]}.cast.gz"
	contains "what somebody else removes" "missing ${list[2]}" \
		"$(chain alice)"

	# Each file takes 4 KiB; the next end of a session has the oldest go.
	conf 'linger = 60; record_max_size = "8K";'
	nssh alice -tt 'echo again' > /dev/null || fail "ssh"
	wait_until 10 went "${list[1]}" || fail "the oldest one stays"
	wait_until 10 has alice 2 || fail "by size: $(ls -la "$REC/alice")"
	conf 'linger = 60;'
}

# On a full disk the end may have to be written by the next recorder.
two_ended() {
	[ "$(syslog_since | grep -cE 'event=(recorded|lost)')" -ge 2 ]
}

# A disk that is full of recordings: the oldest go if the policy says so.
full_disk() {
	local first used

	need_product
	forget
	record alice 'head -c 150000 /dev/urandom | base64'
	first=$(ids alice)
	mv "$REC/alice" "$TOP/kept"
	mkdir "$REC/alice"
	mount -t tmpfs -o size=400k,mode=0700 none "$REC/alice" ||
		skip "no tmpfs"
	cp -a "$TOP/kept/." "$REC/alice"
	# As the recorder had left it.
	fallocate -n -l 4096 "$REC/alice/expired"
	nssh alice -tt 'seq 100000; sleep 300' > "$OUT/text"
	contains "control: without a policy" \
		"This session can no longer be recorded" "$(tail -n 3 "$OUT/text")"
	[ -e "$REC/alice/$first.cast.gz" ] || fail "it removes without a policy"
	# What has ended is packed, now or in a moment: the disk is full again.
	wait_until 20 two_ended || fail "it has not ended"
	used=$(df --output=used "$REC/alice" | tail -n 1)
	mount -o "remount,size=$((used))k" "$REC/alice" || fail "remount"
	conf 'linger = 60; record_min_free = "40K";'
	nssh alice -tt 'seq 5000' > "$OUT/text" || fail "ssh: $?" \
		"$(tail -n 3 "$OUT/text"; ls -la "$REC/alice")"
	equal "the whole output" 5000 "$(wc -l < "$OUT/text")"
	# It goes when the session has ended, which the client does not wait for.
	wait_until 10 went "$first" || fail "the oldest one stays"
	wait_until 10 has alice 2 || fail "$(ls -la "$REC/alice")"
	contains "the chain" "expired $first" "$(chain alice)"
	status_is 0 nsinit recordings --verify
	umount "$REC/alice"
	rm -r "$TOP/kept"
	conf 'linger = 60;'
}

t "recordings are listed, two at once" listed
t "a recording is played as it was shown" played
t "lines are found as they were on the screen" searched
t "R4 notes are found and shown, whatever a screen has shown" noted
t "a recording that goes on is followed" followed
t "R4 what reads a recording has no rights" confined
t "R4 nothing in a recording does harm to whoever looks at it" hostile_files
t "R5 a removed, changed, exchanged or added recording is found" verified
t "R5 a removed recording is found when the log was rotated" rotated
t "each recording is read once to be verified" read_once
t "no one waits for recordings of others that end" locked
t "old recordings go by age and by size, and the chain says so" expired
t "the chain keeps the names of the newest that have gone" stubs_end
t "the oldest recordings make room on a full disk, if they may" full_disk
