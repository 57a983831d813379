#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit metrics, its counters, and the units of systemd.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip metrics # product is not installed"; exit 0; }
LOG=/var/log/nscontainer/sessions
STATE=/var/lib/nscontainer
pam_enable sshd su
config alice '{"rootfs": "/"}'
sshd_start 22

# sample NAME: its value, with the labels as they are in the text.
sample() {
	nsinit metrics | grep -F "nscontainer_$1 " | sed 's/.* //'
}

# logged_as N EVENT: writers of records are processes of their own.
logged_as() {
	[ "$(cat "$LOG" "$LOG.1" 2> /dev/null | grep -c "^event=$2 ")" -ge "$1" ]
}

fresh() {
	rm -rf "$STATE/.counters" "$LOG" "$LOG.1"
}

# The rules of OpenMetrics 1.0 that a reader depends on.
valid() {
	python3 - "$1" <<-'END'
	import re, sys
	text = open(sys.argv[1]).read()
	assert text.endswith("# EOF\n") and text.count("# EOF") == 1
	types, seen, done = {}, set(), set()
	current = None
	for line in text.split("\n")[:-2]:
	    if line.startswith("# "):
	        word, name, rest = line[2:].split(" ", 2)
	        assert word in ("TYPE", "UNIT", "HELP"), line
	        if name != current:
	            assert name not in done and word == "TYPE", line
	            done.add(name)
	            current = name
	        if word == "TYPE":
	            types[name] = rest
	        if word == "UNIT":
	            assert name.endswith("_" + rest), line
	        continue
	    m = re.fullmatch(r'(\w+)(\{(?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? '
	                     r'([0-9.]+)', line)
	    assert m, line
	    suffix = {"gauge": "", "counter": "_total"}.get(types[current])
	    assert m[1] == current + suffix if suffix is not None else \
	        m[1] in (current + "_bucket", current + "_count",
	                 current + "_sum"), line
	    assert m[1] + (m[2] or "") not in seen, line
	    seen.add(m[1] + (m[2] or ""))
	END
}

format() {
	fresh
	mkdir -p '/srv/a "b\c'
	echo '{"rootfs": "/"}' > '/srv/a "b\c/container.json'
	hold alice
	nsinit exec --root '/srv/a "b\c' -- sleep 30 > /dev/null 2>&1 &
	wait_until 10 two || fail "$(nsinit list)"
	status_is 0 nsinit metrics
	valid "$OUT/stdout" || fail "not valid" "$(cat "$OUT/stdout")"
	contains "sessions" 'nscontainer_sessions{user="alice",generation="1"} 1' \
		"$(cat "$OUT/stdout")"
	contains "directory" 'directory="/srv/a \"b\\c"} 1' \
		"$(cat "$OUT/stdout")"
	[ "$(sample 'memory_bytes{user="alice",generation="1"}')" -gt 0 ] ||
		fail "memory"
	[ "$(sample 'pids{user="alice",generation="1"}')" -gt 1 ] || fail "pids"
	sample 'cpu_seconds_total{user="alice",generation="1"}' |
		grep -q '^0\.[0-9]*[1-9]' || fail "cpu"
	equal "kills" 0 "$(sample 'oom_kills_total{user="alice",generation="1"}')"
	kill "$!"
	release
}
two() {
	[ "$(nsinit list | wc -l)" -eq 3 ]
}

counts() {
	fresh
	status_is 0 su alice -c true
	status_is 0 su alice -c true
	wait_until 5 logged_as 2 close || fail "$(cat "$LOG")"
	wait_until 5 logged_as 2 start || fail "$(cat "$LOG")"
	equal "starts" 2 "$(sample starts_total)"
	equal "sessions" 2 "$(sample session_opens_total)"
	equal "joins" 2 "$(sample join_seconds_count)"
	equal "joins" 2 "$(sample 'join_seconds_bucket{le="+Inf"}')"
	equal "joins" 0 "$(sample 'join_seconds_bucket{le="0.0025"}')"
	sample join_seconds_sum | grep -q '[1-9]' || fail "no time"
	config alice '{"rootfs": "/nowhere"}'
	"$TESTS/pamcaller" su alice > /dev/null 2>&1 && fail "su gets in"
	config alice '{"rootfs": "/", "cgroups": {"pids": 2}}'
	"$TESTS/pamcaller" su alice > /dev/null 2>&1 && fail "su gets in"
	wait_until 5 logged_as 2 refused || fail "$(cat "$LOG")"
	equal "refused" 1 "$(sample 'refusals_total{cause="configuration"}')"
	equal "refused" 1 "$(sample 'refusals_total{cause="limit"}')"
	contains "the log" 'error="Your container has 1 process' "$(cat "$LOG")"
	# A refusal is no session.
	nsinit last alice | grep -c '' > "$OUT/lines"
	equal "nsinit last" 3 "$(cat "$OUT/lines")"
}

# The sums rise whatever becomes of the log.
rotates() {
	local i

	fresh
	status_is 0 su alice -c true
	wait_until 5 logged_as 1 open || fail "$(cat "$LOG")"
	equal "at first" 1 "$(sample session_opens_total)"
	status_is 0 su alice -c true
	wait_until 5 logged_as 2 open || fail "$(cat "$LOG")"
	mv "$LOG" "$LOG.1"
	status_is 0 su alice -c true
	wait_until 5 logged_as 3 open || fail "$(cat "$LOG")"
	equal "after a rotation" 3 "$(sample session_opens_total)"
	equal "again" 3 "$(sample session_opens_total)"
	rm "$LOG.1"
	: > "$LOG"
	equal "truncated" 3 "$(sample session_opens_total)"
	rm "$LOG"
	equal "removed" 3 "$(sample session_opens_total)"
	status_is 0 su alice -c true
	wait_until 5 logged_as 1 open || fail "$(cat "$LOG")"
	equal "a new one" 4 "$(sample session_opens_total)"
	# Half a line is not counted until it is complete.
	printf 'event=open user=alice' >> "$LOG"
	equal "half" 4 "$(sample session_opens_total)"
	echo ' join_us=3000' >> "$LOG"
	equal "whole" 5 "$(sample session_opens_total)"
	equal "joins" 1 "$(sample 'join_seconds_bucket{le="0.005"}')"
	# Many readers at once count each line once.
	for ((i = 0; i < 8; i++)); do
		echo 'event=open user=bob' >> "$LOG"
		nsinit metrics > /dev/null &
	done
	wait
	equal "at once" 13 "$(sample session_opens_total)"
	# A sum that cannot be kept is not lost.
	echo nonsense > "$STATE/.counters"
	status_is 0 nsinit metrics
	equal "from the log" "$(grep -c '^event=open' "$LOG")" \
		"$(sample session_opens_total)"
}

# --- attacks

# What a user can name in a login looks like no other key.
forged() {
	fresh
	status_is 0 su alice -c true
	wait_until 5 logged_as 1 open || fail "$(cat "$LOG")"
	equal "fast joins" 0 "$(sample 'join_seconds_bucket{le="0.0025"}')"
	echo 'event=open user=x rhost="a join_us=1 b" join_us=9000000' >> "$LOG"
	equal "in quotes" 0 "$(sample 'join_seconds_bucket{le="0.0025"}')"
	# The control.
	echo 'event=open user=x rhost=a join_us=1 b' >> "$LOG"
	equal "a key" 1 "$(sample 'join_seconds_bucket{le="0.0025"}')"
}

# login_works WHAT: within its time, and a refusal is a refusal.
login_works() {
	local begin=$SECONDS

	status_is 0 timeout 10 su alice -c true
	config alice '{"rootfs": "/nowhere"}'
	timeout 10 "$TESTS/pamcaller" su alice > /dev/null 2>&1
	equal "$1: the refusal" 1 "$?"
	config alice '{"rootfs": "/"}'
	[ $((SECONDS - begin)) -lt 6 ] || fail "$1: $((SECONDS - begin)) s"
}

# holds FILE: its pid is $!.
holds() {
	( exec 9<> "$1"; flock 9; exec sleep 30 ) &
}

# Whatever is at the path of the log, or holds it, delays no login.
hindered() {
	local holder

	fresh
	login_works "a new file"
	holds "$LOG"
	holder=$!
	holds "$STATE/.counters.lock"
	login_works "a locked file"
	status_is 1 timeout 20 nsinit metrics
	valid "$OUT/stdout" || fail "what there is: $(cat "$OUT/stdout")"
	contains "the lock" ".counters.lock" "$(cat "$OUT/stderr")"
	kill "$holder" "$!"
	rm -f "$LOG"
	mkfifo "$LOG"
	login_works "a FIFO"
	rm -f "$LOG"
	mkdir "$LOG"
	login_works "a directory"
	rmdir "$LOG"
	ln -s /dev/full "$LOG"
	login_works "a link"
	rm -f "$LOG"
	mount -t tmpfs -o size=4k none /var/log/nscontainer
	head -c 4096 /dev/zero > /var/log/nscontainer/full
	login_works "a full disk"
	status_is 0 nsinit metrics
	umount /var/log/nscontainer
	# Nobody else reads or holds what root writes.
	status_is 0 nsinit metrics
	for file in "$STATE/.counters" "$STATE/.counters.lock" "$LOG"; do
		[ ! -e "$file" ] || equal "$file" "0 600" \
			"$(stat -c '%u %a' "$file")"
	done
}

# --- where it goes

to_file() {
	local dir=/srv/textfile

	mkdir -p "$dir"
	echo old > "$dir/nscontainer.prom"
	exec 7< "$dir/nscontainer.prom"
	status_is 0 nsinit metrics --output "$dir/nscontainer.prom"
	# node_exporter knows the format before OpenMetrics: a counter's name
	# has its end in each line.
	contains "a counter" "# TYPE nscontainer_starts_total counter" \
		"$(cat "$dir/nscontainer.prom")"
	sed -E 's/^(# (TYPE|HELP|UNIT) [a-z_]*)_total /\1 /' \
		"$dir/nscontainer.prom" > "$OUT/open"
	valid "$OUT/open" || fail "$(cat "$OUT/open")"
	equal "the old one" old "$(cat <&7)"
	exec 7<&-
	equal "mode" 644 "$(stat -c %a "$dir/nscontainer.prom")"
	equal "files" nscontainer.prom "$(ls -A "$dir")"
	# A link is replaced, and not followed.
	ln -sf /etc/passwd "$dir/nscontainer.prom"
	cp /etc/passwd "$OUT/passwd"
	status_is 0 nsinit metrics --output "$dir/nscontainer.prom"
	cmp /etc/passwd "$OUT/passwd" || fail "a link was followed"
	# A disk that is full keeps the old text, and no other file.
	mount -t tmpfs -o size=4k none "$dir"
	echo old > "$dir/nscontainer.prom"
	status_is 1 nsinit metrics --output "$dir/nscontainer.prom"
	contains "the error" "No space left" "$(cat "$OUT/stderr")"
	equal "a full disk" old "$(cat "$dir/nscontainer.prom")"
	equal "files" nscontainer.prom "$(ls -A "$dir")"
	umount "$dir"
	status_is 1 nsinit metrics --output /nowhere/x.prom
	status_is 2 nsinit metrics --output
}

http() {
	command -v systemd-socket-activate > /dev/null ||
		skip "systemd-socket-activate is missing"
	command -v curl > /dev/null || skip "curl is missing"
	systemd-socket-activate --inetd --accept -l 127.0.0.1:9976 \
		/usr/sbin/nsinit metrics --http > /dev/null 2>&1 &
	wait_until 10 listening 9976 || fail "nobody listens"
	curl -s -D "$OUT/head" http://127.0.0.1:9976/metrics > "$OUT/body" ||
		fail "curl: $?"
	valid "$OUT/body" || fail "$(cat "$OUT/body")"
	contains "type" "application/openmetrics-text" "$(cat "$OUT/head")"
	equal "other methods" 400 "$(curl -s -o /dev/null -w '%{http_code}' \
		-X POST -d x http://127.0.0.1:9976/metrics)"
	# A client that says nothing, or too much, is left in its time.
	timeout 20 bash -c 'exec 3<> /dev/tcp/127.0.0.1/9976; cat <&3' \
		> "$OUT/silent" || fail "a silent client stays"
	contains "silent" "400 Bad" "$(cat "$OUT/silent")"
	head -c 100000 /dev/zero | timeout 20 bash -c \
		'exec 3<> /dev/tcp/127.0.0.1/9976; cat >&3; cat <&3' \
		> "$OUT/much" 2> /dev/null
	status_is 0 curl -s -o /dev/null http://127.0.0.1:9976/
	kill "$!"
}

# --- units

units() {
	local unit dir=/usr/lib/systemd/system

	command -v systemd-analyze > /dev/null ||
		skip "systemd-analyze is missing"
	for unit in nscontainer@.service nscontainer-linger.service \
		nscontainer-linger.path nscontainer-metrics.socket \
		nscontainer-metrics@.service; do
		[ -e "$dir/$unit" ] || fail "$unit is not installed"
		lacks "$unit" "@sbindir@" "$(cat "$dir/$unit")"
		cp "$dir/$unit" "$OUT/"
	done
	for unit in nscontainer@alice.service nscontainer-linger.service \
		nscontainer-linger.path nscontainer-metrics.socket \
		nscontainer-metrics@1.service; do
		cp -n "$OUT/${unit/@*./@.}" "$OUT/$unit" 2> /dev/null
		systemd-analyze verify --man=no "$OUT/$unit" \
			> "$OUT/verify" 2>&1 || fail "$unit" "$(cat "$OUT/verify")"
		lacks "$unit" "$OUT/$unit" "$(cat "$OUT/verify")"
	done
	equal "enabled" "" "$(find /etc/systemd /usr/lib/systemd -type l \
		-name 'nscontainer[-@][^p]*')"
}

# The commands of the units.
boot() {
	local linger=/var/lib/systemd/linger

	mkdir -p "$linger"
	rm -f "$linger"/*
	: > "$linger/alice"
	: > "$linger/bob"
	: > "$linger/nobody-like-that"
	: > "$linger/\\x1b\\"
	nsinit start --boot > "$OUT/boot" 2>&1
	equal "about others" "" "$(cat "$OUT/boot")"
	[ -e "$RUN/alice/pid" ] || fail "alice has none" "$(cat "$OUT/boot")"
	equal "it stays" start "$(nsinit list --json alice | jq -r .stop)"
	[ ! -e "$RUN/bob/pid" ] || fail "bob has one"
	rm "$linger/nobody-like-that"
	status_is 0 nsinit start --boot
	status_is 0 nsinit start --boot alice
	status_is 1 nsinit start alice
	status_is 0 su alice -c true
	[ -e "$RUN/alice/pid" ] || fail "it has ended with a login"
	status_is 0 nsinit stop alice
	# A user who is exempt stays on the host.
	conf 'exempt_users = [ "alice" ];'
	status_is 0 nsinit start --boot
	[ ! -e "$RUN/alice/pid" ] || fail "an exempt user has one"
	status_is 1 nsinit start --boot alice
	status_is 2 nsinit start
	conf
	rm -r "$linger"
	status_is 0 nsinit start --boot
}

# A name that systemd writes in another way is read as it was.
boot_escaped() {
	local linger=/var/lib/systemd/linger name='DOM\user'

	printf '%s\n' 'DOM\user:x:1077:1001::/home/alice:/bin/bash' \
		>> /etc/passwd
	mkdir -p "$linger"
	config "$name" '{"rootfs": "/", "home": "none"}'
	: > "$linger/DOM\\\\user"
	nsinit start --boot > "$OUT/boot" 2>&1
	contains "list" "$name" "$(nsinit list --json | jq -r .user)" ||
		fail "$(cat "$OUT/boot")"
	status_is 0 nsinit stop "$name"
	rm -r "$linger" "$CONF/users/$name"
	sed -i '/^DOM/d' /etc/passwd
}

# A failed test must not disturb the next.
e() {
	t "$@"
	clean_slate
	config alice '{"rootfs": "/"}'
	conf
}

e "metrics are OpenMetrics, with usage by container" format
e "starts, sessions, refusals and joins are counted" counts
e "counters rise across rotations of the log" rotates
e "L16 no text of a user's is counted" forged
e "L16 nothing that is done to the log delays a login" hindered
e "--output replaces a file in one step" to_file
e "--http answers one request, and waits for none for long" http
e "the units are valid, and not enabled" units
e "start --boot starts the containers of users who linger" boot
e "start --boot knows names as logind writes them" boot_escaped
