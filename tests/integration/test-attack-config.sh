#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on configuration and state files.  The first word of a test is the
# entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'stop = "logout";' 'start_timeout = 3;'
FILE=$CONF/users/alice/container.json
ALICE=(setpriv --reuid=alice --regid=alice --init-groups)

fresh() {
	need_product
	clean_slate
	rm -rf "$CONF"
	conf 'stop = "logout";' 'start_timeout = 3;'
	config alice '{"rootfs": "/"}'
	syslog_mark
}

# refused PART : refused at once, with the reason in the log, and not on the
# host.
refused() {
	local begin=$SECONDS

	timeout 10 su alice -c 'echo landed' < /dev/null > "$OUT/text" 2>&1
	differ "status of su" 0 $?
	[ $((SECONDS - begin)) -lt 6 ] || fail "it took too long"
	lacks "output" landed "$(cat "$OUT/text")"
	logged "login refused: .*$1"
}

# --- C2

# The control: an ordinary open of a FIFO waits for ever.
no_hanging() {
	fresh
	rm "$FILE"
	mkfifo -m 0644 "$FILE"
	timeout 1 cat "$FILE"
	equal "control: status of cat" 124 $?
	refused 'container.json: expected a regular file'
	rm "$FILE"
	mknod -m 0644 "$FILE" c 1 5
	refused 'container.json: expected a regular file'
	rm "$FILE"
	socat -u UNIX-LISTEN:"$FILE" - &
	wait_until 5 [ -e "$FILE" ]
	chmod 0644 "$FILE"
	refused 'container.json'
	kill $!
	rm -f "$FILE"
	mkdir "$FILE"
	refused 'container.json: expected a regular file'
	rmdir "$FILE"
	head -c 5000000 /dev/zero | tr '\0' ' ' > "$FILE"
	refused 'is larger than'
	config alice '{"rootfs": "/"}'
	rm "$CONF/nscontainer.conf"
	mkfifo -m 0644 "$CONF/nscontainer.conf"
	refused 'nscontainer.conf: expected a regular file'
	fresh
	config alice '{"rootfs": "/", "seccomp": "/etc/nscontainer/fifo"}'
	mkfifo -m 0644 "$CONF/fifo"
	refused 'fifo'
}

# --- C3

# Names are not paths; the control is a name that is a path.
names_are_names() {
	local name

	fresh
	status_is 0 su alice -c true
	for name in ../alice .. . '' / a/b -l --help '%u' '%s%s' 1000 0 \
			"$(printf 'x%.0s' {1..255})" $'a\nb'; do
		for command in start stop check; do
			timeout 10 nsinit "$command" -- "$name" \
				> "$OUT/text" 2>&1 &&
				fail "nsinit $command '$name' works"
		done
	done
	equal "run directories" "$(id -u alice) alice" "$(find "$RUN" \
		-mindepth 1 -maxdepth 1 ! -name ".*" -printf "%f\n" | sort |
		xargs)"
	status_is 0 nsinit check -- alice
}

# --- C4

# For any content of the file there is an answer, at once, that names the file.
fuzzed() {
	fresh
	python3 - "$FILE" > "$OUT/text" <<-'END' || fail "$(cat "$OUT/text")"
	import random, subprocess, sys

	path = sys.argv[1]
	seeds = [open("/mnt/tests/2014.json", "rb").read(),
	         b'{"rootfs": "/", "rlimits": [{"type": "RLIMIT_NOFILE",'
	         b'"hard": 20, "soft": 10}], "mounts": [{"type": "tmpfs",'
	         b'"destination": "/t"}], "networks": [{"type": "veth"}]}']
	extra = [b"9" * 400, b"-1", b"1e999", b"[" * 5000, b'{"a":' * 3000,
	         b"\x00", b"\xff\xfe", b'"\\u0000"', b'"\\ud800"', b"null",
	         b'"' + b"x" * 100000 + b'"', b"4294967296",
	         b"18446744073709551616", b"../" * 1000, b"%n%s", b"\x1b[31m"]
	random.seed(2014)
	bad = 0
	for i in range(240):
	    text = bytearray(random.choice(seeds))
	    for _ in range(random.randint(1, 4)):
	        at = random.randrange(len(text))
	        kind = random.randrange(3)
	        if kind == 0:
	            text[at:at] = random.choice(extra)
	        elif kind == 1:
	            del text[at:at + random.randint(1, 40)]
	        else:
	            text[at] = random.randrange(256)
	    open(path, "wb").write(text)
	    p = subprocess.run(["nsinit", "check", "alice"], timeout=10,
	                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
	    if p.returncode not in (0, 1):
	        print("status", p.returncode, bytes(text)[:2000])
	        raise SystemExit(1)
	    if b"\x1b" in p.stdout or b"\x00" in p.stdout:
	        print("not escaped:", p.stdout[:500])
	        raise SystemExit(1)
	    if p.returncode and b"container.json" not in p.stdout:
	        print("no place:", p.stdout[:500])
	        raise SystemExit(1)
	    bad += p.returncode
	print(bad, "of 240 refused")
	raise SystemExit(bad < 100)
	END
	cat "$OUT/text"
}

# --- C5

# Only a file that certainly does not exist means the host.
fail_closed() {
	fresh
	rm "$FILE"
	ln -s /nowhere "$FILE"
	refused 'is a symbolic link'
	rm "$FILE"
	rmdir "$CONF/users/alice"
	echo file > "$CONF/users/alice"
	refused 'expected a directory'
	rm "$CONF/users/alice"
	ln -s /nowhere "$CONF/users/alice"
	refused 'expected a directory'
	rm "$CONF/users/alice"
	rmdir "$CONF/users"
	echo file > "$CONF/users"
	refused 'expected a directory'
	rm "$CONF/users"
	ln -s /nowhere "$CONF/users"
	refused 'expected a directory'
	rm "$CONF/users"
	# The user is in a group whose directory cannot be read.
	mkdir -m 0777 "$CONF/groups" && chmod 0777 "$CONF/groups"
	refused 'is writable by others'
	# The control: without a file.
	rmdir "$CONF/groups"
	status_is 0 su alice -c '[ ! -d /dev/.nscontainer ]'
}

# --- C6

# With another pid in the files of a running container, nobody joins.
pids() {
	local pid

	fresh
	nsinit start alice || fail "nsinit start"
	cp -a "$(instance alice)" "$OUT/good"
	status_is 0 "${ALICE[@]}" /usr/bin/nsshell -c true
	python3 -c 'import threading, time, os
t = threading.Thread(target=lambda: (print(threading.get_native_id(), flush=True), time.sleep(60)), daemon=True)
t.start(); time.sleep(60)' > "$OUT/thread" &
	wait_until 5 [ -s "$OUT/thread" ]
	for pid in 0 -1 1 "$$" "$(cat "$OUT/thread")" 4194304 2147483648 \
			99999999999999999999 "" " $(pid_of alice)" \
			"$(pid_of alice) " 0x10 "$(monitors)"; do
		echo "$pid" > "$RUN/alice/pid"
		status_is 126 "${ALICE[@]}" /usr/bin/nsshell -c true
		# Even if the state agrees.
		sed "s/^\(pid \)[0-9]*/\1${pid:-0}/" "$OUT/good/state" \
			> "$RUN/alice/current/state"
		status_is 126 "${ALICE[@]}" /usr/bin/nsshell -c true
		cp -a "$OUT/good/state" "$OUT/good/pid" "$(instance alice)"
	done
	kill $!
	# The control: the right pid is joined.
	status_is 0 "${ALICE[@]}" /usr/bin/nsshell -c true
}

# --- C7

# A file that a user has made earlier is not used.
made_before() {
	fresh
	rm -rf "$RUN"
	install -d -o alice -m 0755 "$RUN"
	refused "$RUN: is owned by uid"
	rm -rf "$RUN"
	mkdir -m 0777 "$RUN" && chmod 0777 "$RUN"
	refused "$RUN: is writable by others"
	rm -rf "$RUN"
	install -d -o alice /srv/elsewhere
	ln -s /srv/elsewhere "$RUN"
	refused "$RUN: expected a directory"
	empty "made there" "$(ls -A /srv/elsewhere)"
	rm "$RUN"
	status_is 0 su alice -c true
}

# The only lock that a user may open is for that user's logins.
user_locks() {
	fresh
	config bob '{"rootfs": "/"}'
	nsinit start alice || fail "nsinit start"
	"${ALICE[@]}" flock -x "$RUN/alice/current/sessions" sleep 60 &
	wait_until 5 pgrep -u alice -x sleep > /dev/null
	# The control: the process does hold the lock.
	flock -n -s "$RUN/alice/current/sessions" true &&
		fail "the test is wrong: not locked"
	refused 'wait for the container to stop'
	status_is 0 timeout 20 su bob -c true
	status_is 0 timeout 20 nsinit stop alice
	no_container alice || fail "the container goes on"
	status_is 1 "${ALICE[@]}" cat "$RUN/alice/lock"
	status_is 1 "${ALICE[@]}" cat "$RUN/alice/current/monitor"
	pkill -u alice
	wait
}

# --- C9

ranges() {
	local map

	fresh
	for map in '"host_id": 4294967290, "size": 100' \
			'"host_id": 4294967296, "size": 1' \
			'"host_id": 100000, "size": 4294967297' \
			'"host_id": -1, "size": 10' \
			'"host_id": 100000, "size": 0'; do
		map="[{\"container_id\": 0, $map}]"
		config alice "{\"rootfs\": \"/\", \"uid_mappings\": $map, \"gid_mappings\": $map}"
		refused '_mappings'
	done
	map='[{"container_id": 0, "host_id": 100000, "size": 65536},
		{"container_id": 10, "host_id": 300000, "size": 10}]'
	config alice "{\"rootfs\": \"/\", \"uid_mappings\": $map, \"gid_mappings\": $map}"
	refused 'mappings'
}

# A range with the id of an account would give that account's files to the
# container.  The control: without the account the range is accepted.
accounts_in_range() {
	fresh
	cp /etc/subuid /etc/subgid "$OUT"
	echo alice:300000:65536 | tee /etc/subuid > /etc/subgid
	status_is 0 su alice -c true
	for file in passwd group; do
		clean_slate
		syslog_mark
		cp "/etc/$file" "$OUT"
		echo 'service:x:365535:365535::/:/bin/false' >> "/etc/$file"
		refused "'service' has the id 365535, which is in the range"
		sed -i s/:365535:/:365536:/ "/etc/$file"
		status_is 0 su alice -c true
		cp "$OUT/$file" "/etc/$file"
	done
	cp "$OUT/subuid" "$OUT/subgid" /etc/
}

t "C2 what is no regular file refuses the login at once" no_hanging
t "C3 nsinit takes no name that is a path" names_are_names
t "C4 a hostile container.json gets an answer and a place" fuzzed
t "C5 only what is certainly not there means the host" fail_closed
t "C6 a pid that is not PID 1's is not joined, whoever says it" pids
t "C7 a run directory that a user made is not used" made_before
t "C7 a user's lock blocks neither others nor nsinit stop" user_locks
t "C9 ranges beyond 32 bits and ranges twice are refused" ranges
t "C9 a range with an account of the host in it is refused" accounts_in_range
