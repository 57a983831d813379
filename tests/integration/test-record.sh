#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each session is recorded once when it opens and once when it closes, even if
# processes are killed meanwhile; nsinit ps, last and kick; who and last on the
# host.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

HISTORY=/var/log/nscontainer/sessions
pam_enable sshd su su-l cron
pam_service() {
	printf 'auth required pam_permit.so\naccount required pam_permit.so\n'
	printf 'session required pam_container.so\n'
}
pam_service > /etc/pam.d/rec
config alice '{"rootfs": "/"}'
config carol '{"rootfs": "/"}'
conf 'linger = 3;'
: > /run/utmp
sshd_start 22

begin() {
	need_product
	clean_slate
	rm -rf /var/log/nscontainer
	: > /run/utmp
	: > /var/log/wtmp
	syslog_mark
}

# records EVENT KEY=VALUE... : prints the lines that have all of these.
records() {
	local event=$1 part

	shift
	grep -a "^event=$event " "$HISTORY" 2> /dev/null > "$OUT/records"
	for part; do
		grep -aF -- " $part" "$OUT/records" > "$OUT/records.some"
		mv "$OUT/records.some" "$OUT/records"
	done
	cat "$OUT/records"
}

count_is() {
	local expected=$1

	shift
	[ "$(records "$@" | wc -l)" -eq "$expected" ]
}

# expect NUMBER EVENT KEY=VALUE...
expect() {
	wait_until 5 count_is "$@" ||
		fail "expected $*" "history:" "$(cat "$HISTORY")"
}

value() {
	sed "s/.* $1=\([^ ]*\).*/\1/"
}

# Each session that opened has closed once, with the same values.
all_closed() {
	sed -n 's/^event=open \(.*\) join_us=[0-9unkow]*$/\1/p' "$HISTORY" | sort > "$OUT/opened"
	sed -n 's/^event=close \(.*\) exit=.*/\1/p' "$HISTORY" | sort \
		> "$OUT/closed"
	[ -s "$OUT/opened" ] && cmp -s "$OUT/opened" "$OUT/closed"
}

need_all_closed() {
	wait_until 10 all_closed || fail "what opened is not what closed:" \
		"$(diff "$OUT/opened" "$OUT/closed")"
}

# stay USER [FILE]: a session by ssh until release; LOGIN is its login process.
stay() {
	local before

	before=$(records open "user=$1" | wc -l)
	hold "$1"
	wait_until 5 count_is $((before + 1)) open "user=$1"
	LOGIN=$(records open "user=$1" | tail -n 1 | value pid)
	[ -n "$LOGIN" ] || fail "no record of the login"
}

opens_and_closes() {
	local line

	begin
	stay alice
	line=$(records open)
	contains "open" "event=open user=alice service=sshd pid=$LOGIN " "$line"
	contains "open" ' rhost=127.0.0.1 tty=ssh ruser="" ' "$line"
	equal "loginuid" "$(cat "/proc/$LOGIN/loginuid")" "$(value loginuid \
		<<< "$line" | sed 's/^unset$/4294967295/')"
	equal "audit session" "$(cat "/proc/$LOGIN/sessionid")" \
		"$(value audit_session <<< "$line" |
			sed 's/^unset$/4294967295/')"
	count_is 0 close || fail "closed although it is open"
	release
	expect 1 close "pid=$LOGIN" "duration="
	need_all_closed
	equal "mode" "600 root" "$(stat -c '%a %U' "$HISTORY")"
}

goes_to_syslog() {
	begin
	timeout 20 su alice -c true || fail "su fails"
	need_all_closed
	logged '<85>.* nscontainer\[[0-9]*\]: event=open user=alice service=su '
	logged '<85>.* nscontainer\[[0-9]*\]: event=close user=alice .* exit='
	equal "the same lines as in the history" "$(cat "$HISTORY")" \
		"$(syslog_since | sed -n 's/.* nscontainer\[[0-9]*\]: //p')"
}

exit_is() {
	count_is 1 close "exit=$1" || fail "expected exit=$1" "$(cat "$HISTORY")"
}

knows_exit() {
	begin
	timeout 20 su alice -c 'exit 7'
	need_all_closed
	# The kernel reports the status since 6.15.
	count_is 1 close exit=unknown && skip "kernel does not tell the status"
	exit_is 7
	timeout 20 su alice -c "$STAY" &
	expect 2 open
	kill -KILL "$(records open | tail -n 1 | value pid)"
	need_all_closed
	exit_is signal:9
}

# sshd's own status, 255, is not the user's: the last command's is.
knows_exit_of_ssh() {
	begin
	status_is 7 nssh alice 'exit 7'
	need_all_closed
	count_is 1 close exit=unknown && skip "kernel does not tell the status"
	exit_is 7
	nsinit last > "$OUT/last" || fail "nsinit last fails"
	equal "nsinit last" 7 "$(awk 'NR == 2 { print $NF }' "$OUT/last")"
	begin
	nssh alice 'kill -TERM $$'
	need_all_closed
	exit_is signal:15
	begin
	status_is 3 nssh_with -tt alice@127.0.0.1 <<< 'exit 3'
	need_all_closed
	exit_is 3
}

# No command, or one that goes on after the connection: nobody knows.
knows_no_exit_of_ssh() {
	local client

	begin
	nssh_with -N -f -o ControlMaster=yes -o "ControlPath=$OUT/c" \
		alice@127.0.0.1 || fail "no connection"
	expect 1 open
	ssh -o "ControlPath=$OUT/c" -O exit x 2> /dev/null
	need_all_closed
	exit_is unknown
	begin
	ssh "${SSH_OPTIONS[@]}" -l alice 127.0.0.1 \
		'trap "" HUP PIPE; sleep 3; exit 7' &
	client=$!
	expect 1 open
	wait_until 5 pgrep -u alice sleep > /dev/null
	kill -KILL "$client"
	need_all_closed
	exit_is unknown
}

# The last of several commands.
knows_last_exit_of_ssh() {
	begin
	nssh_with -N -f -o ControlMaster=yes -o "ControlPath=$OUT/c" \
		alice@127.0.0.1 || fail "no connection"
	ssh -o "ControlPath=$OUT/c" x 'exit 5'
	ssh -o "ControlPath=$OUT/c" x 'exit 6'
	ssh -o "ControlPath=$OUT/c" -O exit x 2> /dev/null
	need_all_closed
	count_is 1 close exit=unknown && skip "kernel does not tell the status"
	exit_is 6
}

knows_usage() {
	local line

	begin
	timeout 20 su alice -c 'x=$(head -c 20000000 /dev/zero | tr "\0" x)
		i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
	need_all_closed
	line=$(records close)
	lacks "close" "cpu_us=unknown" "$line"
	[ "$(value cpu_us <<< "$line")" -gt 1000 ] || fail "cpu: $line"
	case $line in *peak_memory=unknown*) skip "no memory is counted" ;; esac
	[ "$(value peak_memory <<< "$line")" -gt 15000000 ] ||
		fail "memory: $line"
}

all_doors() {
	begin
	echo "@reboot true" > "$TOP/crontab"
	crontab -u alice "$TOP/crontab"
	rm -f /run/crond.reboot
	cron -f &
	expect 1 close user=alice service=cron
	kill $!
	crontab -u alice -r
	timeout 20 su - alice -c true
	expect 1 close user=alice service=su-l
	nssh alice true
	expect 1 close user=alice service=sshd
	timeout 20 nsinit start alice 2> /dev/null
	setpriv --reuid=alice --regid=alice --init-groups nsshell -c true ||
		fail "nsshell fails"
	expect 1 close user=alice service=nsshell
	mkdir -p /srv/own
	echo '{"rootfs": "/"}' > /srv/own/container.json
	timeout 20 nsinit exec --root /srv/own -- true || fail "exec fails"
	expect 1 close user=root service=nsinit-exec
	need_all_closed
}

many() {
	begin
	for _ in 1 2 3 4 5 6 7 8; do
		timeout 30 su alice -c true &
	done
	wait
	need_all_closed
	equal "sessions" 8 "$(records open | wc -l)"
}

no_zombies() {
	local monitor

	begin
	stay alice
	monitor=$(monitors)
	for _ in 1 2 3; do
		su alice -c true || fail "su fails"
	done
	expect 3 close
	wait_until 5 eval '! ps -o stat= --ppid "$monitor" | grep -q Z' ||
		fail "$(ps -f --ppid "$monitor")"
	equal "monitor" "$monitor" "$(monitors)"
	release
}

killed_sshd() {
	begin
	stay alice
	kill -KILL "$LOGIN"
	need_all_closed
	equal "closed" 1 "$(records close | wc -l)"
}

kill_monitor() {
	kill -KILL "$(monitors)"
	wait_until 5 eval '[ -z "$(monitors)" ]' || fail "the monitor lives"
}

# One session ends without a monitor, one stays, and a third starts a monitor.
killed_monitor() {
	local first

	begin
	stay alice
	first=$LOGIN
	timeout 60 su alice -c "$STAY" &
	expect 1 open service=su
	kill_monitor
	kill -KILL "$first"
	release
	rm -f /home/alice/go
	timeout 20 su alice -c true || fail "the next login fails"
	expect 1 close "pid=$first"
	: > /home/alice/go
	need_all_closed
	rm -f /home/alice/go
	equal "opened" 3 "$(records open | wc -l)"
	equal "closed" 3 "$(records close | wc -l)"
}

# So soon after a login that its opening may not be recorded yet.
killed_at_once() {
	local first='' end=$((SECONDS + 20))

	begin
	timeout 20 su alice -c true || fail "no container"
	rm -f /home/alice/go
	timeout 60 su alice -c "$STAY" &
	until [ "$first" ] && grep -qs "session-$first" "/proc/$first/cgroup"; do
		[ "$SECONDS" -lt "$end" ] || fail "no session"
		first=$(find "$RUN/alice/current/session" -name '[0-9]*' \
			-printf '%f\n')
	done
	kill_monitor
	kill -KILL "$first"
	timeout 20 su alice -c true || fail "the next login fails"
	expect 1 close "pid=$first"
	[ "$(records open "pid=$first" | wc -l)" -le 1 ] ||
		fail "opened twice" "$(cat "$HISTORY")"
}

# The next start records the sessions that ended with the container.
all_killed() {
	begin
	stay alice
	kill_monitor
	kill -KILL "$(pid_of alice)"
	kill -KILL "$LOGIN"
	release
	timeout 20 su alice -c true || fail "the next login fails"
	need_all_closed
	equal "closed" 2 "$(records close | wc -l)"
}

container_stops() {
	begin
	stay alice
	timeout 20 nsinit stop --timeout 0 alice || fail "stop fails"
	need_all_closed
	release
}

# Debian 13 has other programs instead.
need_utmp() {
	local program

	for program in utmpdump last w who; do
		command -v "$program" > /dev/null ||
			skip "$program is missing"
	done
}

in_who() {
	need_utmp
	begin
	stay alice
	wait_until 5 eval 'who | grep -q alice' || fail "who: $(who)"
	contains "who" "(127.0.0.1)" "$(who)"
	contains "who" "nsc/$LOGIN " "$(who)"
	contains "last" "still logged in" "$(last alice)"
	contains "w" "alice" "$(w)"
	equal "entries" 1 "$(who | wc -l)"
	release
	wait_until 5 eval '[ -z "$(who)" ]' || fail "who, after it: $(who)"
	wait_until 5 eval 'last alice | grep -q "nsc/.* - "' ||
		fail "last: $(last)"
	lacks "last" "still" "$(last alice)"
	lacks "last" "gone" "$(last alice)"
}

# Sessions that are not logins: who shows only those with their own entry.
not_in_who() {
	need_utmp
	begin
	timeout 20 su alice -c "$STAY" &
	expect 1 open service=su
	empty "who" "$(who)"
	: > /home/alice/go
	need_all_closed
	rm -f /home/alice/go
	empty "wtmp" "$(last alice | grep alice)"
	rm /run/utmp
	nssh alice true || fail "without utmp"
	need_all_closed
	[ ! -e /run/utmp ] || fail "utmp was made"
}

# caller TYPE USER LINE : a program with an entry in utmp, as left by getty.
caller() {
	local pid=$BASHPID

	printf '[%s] [%05d] [tty9] [%-8s] [%-12s] [%-20s] [0.0.0.0] [%s]\n' \
		"$1" "$pid" "$2" tty9 "" 2026-01-01T10:00:00,000000+00:00 |
		utmpdump -r > /run/utmp 2> /dev/null
	exec "$TESTS/pamcaller" -y /dev/tty9 rec alice true
}

own_entries() {
	need_utmp
	begin
	( caller 6 LOGIN ) > "$OUT/caller" || fail "$(cat "$OUT/caller")"
	need_all_closed
	contains "last" "tty9" "$(last alice)"
	contains "utmp, after it" "[8]" "$(utmpdump /run/utmp 2> /dev/null)"
	equal "utmp's entries" 1 "$(utmpdump /run/utmp 2> /dev/null | wc -l)"
	: > /var/log/wtmp
	( caller 7 alice ) > "$OUT/caller" || fail "$(cat "$OUT/caller")"
	need_all_closed
	wait_until 5 eval '[ -s /var/log/wtmp ]' || fail "no end in wtmp"
	lacks "wtmp: written twice" "[7]" \
		"$(utmpdump /var/log/wtmp 2> /dev/null)"
	equal "who, after it" "" "$(who)"
}

shows_ps() {
	begin
	status_is 3 nsinit ps alice
	stay alice
	timeout 60 su carol -c "exec sleep 61" &
	expect 1 open user=carol
	status_is 0 nsinit ps
	contains "ps" "sshd         127.0.0.1        ssh" "$(cat "$OUT/stdout")"
	contains "ps" " cat" "$(grep ^alice "$OUT/stdout")"
	contains "ps" " sleep" "$(grep ^carol "$OUT/stdout")"
	status_is 0 nsinit ps alice
	lacks "ps alice" carol "$(cat "$OUT/stdout")"
	status_is 0 nsinit ps --json alice
	equal "ps --json" "alice $LOGIN sshd 127.0.0.1" "$(python3 -c '
import json, sys
s, = map(json.loads, sys.stdin)
print(s["user"], s["pid"], s["service"], s["rhost"])' < "$OUT/stdout")"
	# A file whose number another process has by now is not a session.
	sed 's/^start .*/start 1/' "$RUN/alice/current/session/$LOGIN" > "$OUT/file"
	cp "$OUT/file" "$RUN/alice/current/session/1"
	equal "sessions" 2 "$(nsinit ps alice | wc -l)"
	rm "$RUN/alice/current/session/1"
	release
	status_is 0 nsinit kick --timeout 0 carol
}

shows_last() {
	begin
	status_is 0 nsinit last
	timeout 20 su alice -c 'exit 7'
	need_all_closed
	# A second later, so that the order is certain.
	sed -i 's/opened=[0-9]*/opened=1000000000/' "$HISTORY"
	stay carol
	status_is 0 nsinit last
	contains "first" carol "$(sed -n 2p "$OUT/stdout")"
	contains "first" " open" "$(sed -n 2p "$OUT/stdout")"
	contains "second" "2001-09-09" "$(sed -n 3p "$OUT/stdout")"
	equal "lines" 3 "$(wc -l < "$OUT/stdout")"
	equal "of carol" 2 "$(nsinit last carol | wc -l)"
	mv "$HISTORY" "$HISTORY.1"
	install -m 600 /dev/null "$HISTORY"
	printf 'x\n\n=\nevent="\nevent=close pid=x opened=1\n\377\0\33[2J\n' \
		>> "$HISTORY"
	printf '%s\n' 'event=open user="a\x0a" pid=1 start=1 opened=5' \
		>> "$HISTORY"
	release
	expect 1 close user=carol
	status_is 0 nsinit last --json
	equal "last --json" "carol closed, alice closed, a\\x0a lost" \
		"$(python3 -c '
import json, sys
print(", ".join(s["user"] + " " + s["state"] for s in map(json.loads, sys.stdin)))
' < "$OUT/stdout")"
}

kicks_one() {
	local other

	begin
	stay alice
	timeout 60 su alice -c 'trap "" HUP; echo kept > $HOME/kept
		while :; do sleep 0.2; done' &
	other=$!
	expect 1 open service=su
	status_is 0 nsinit kick alice "$LOGIN"
	need_closed=$LOGIN
	expect 1 close "pid=$need_closed"
	[ -n "$(pid_of alice)" ] || fail "the container is gone"
	kill -0 "$other" || fail "the other session is gone"
	count_is 1 close || fail "another session was closed"
	# A process that ignores SIGHUP is killed after the timeout.
	status_is 0 nsinit kick --timeout 1 alice
	expect 2 close
	empty "alice's processes" "$(pgrep -u alice -l)"
	[ -n "$(pid_of alice)" ] || fail "the container does not linger"
	release
}

kicks_exec() {
	begin
	mkdir -p /srv/own
	echo '{"rootfs": "/"}' > /srv/own/container.json
	timeout 60 nsinit exec --root /srv/own -- sleep 61 &
	expect 1 open user=root service=nsinit-exec
	status_is 0 nsinit ps --root /srv/own
	contains "ps" "nsinit-exec" "$(cat "$OUT/stdout")"
	contains "ps of all" "nsinit-exec" "$(nsinit ps)"
	status_is 0 nsinit kick --root /srv/own
	expect 1 close service=nsinit-exec
	status_is 3 nsinit ps --root /srv/own
}

kicks_nothing_else() {
	begin
	status_is 3 nsinit kick alice
	stay alice
	sleep 60 &
	status_is 3 nsinit kick alice $!
	contains "message" "no session has the login process" \
		"$(cat "$OUT/stderr")"
	# Another process has the number by now.
	sed 's/^start .*/start 1/' "$RUN/alice/current/session/$LOGIN" \
		> "$RUN/alice/current/session/$!"
	status_is 3 nsinit kick --timeout 0 alice $!
	kill -0 $! || fail "another process was killed"
	kill $!
	rm "$RUN/alice/current/session/$!"
	status_is 2 nsinit kick
	status_is 2 nsinit kick alice 12x
	status_is 2 nsinit kick alice -- -1
	status_is 0 nsinit pause alice
	status_is 1 nsinit kick alice
	contains "message" "paused" "$(cat "$OUT/stderr")"
	status_is 0 nsinit resume alice
	count_is 0 close || fail "closed: $(cat "$HISTORY")"
	release
}

hostile_values() {
	local long nasty

	begin
	long=$(head -c 10000 /dev/zero | tr '\0' x)
	nasty=$'a\nevent=open user=root pid=1\n\e[2J" x="\xff\'%n%s `id`'
	"$TESTS/pamcaller" -r "$nasty" -y "$nasty" -u "$nasty" rec alice true \
		> "$OUT/nasty" || fail "$(cat "$OUT/nasty")"
	# libpam's own audit record has no room for longer values of the first
	# two.
	"$TESTS/pamcaller" -r "${long:0:3000}" -y "${long:0:3000}" -u "$long" \
		rec alice true > "$OUT/long" || fail "$(cat "$OUT/long")"
	need_all_closed
	equal "lines" 4 "$(grep -vc '^event=start' "$HISTORY")"
	equal "sessions" 3 "$(nsinit last | wc -l)"
	LC_ALL=C grep -aq '[^ -~]' "$HISTORY" && fail "$(cat -v "$HISTORY")"
	nsinit last --json | python3 -c 'import json, sys
assert all(s["user"] == "alice" for s in map(json.loads, sys.stdin))' ||
		fail "$(nsinit last --json)"
	nsinit last | LC_ALL=C grep -q '[^ -~]' && fail "$(nsinit last)"
	equal "forged lines" 0 "$(syslog_since | grep -ac '^event=open user=root')"
	equal "login uids" 1 "$(grep -o ' loginuid=[^ ]*' "$HISTORY" |
		sort -u | grep -c .)"
	[ "$(wc -L < "$HISTORY")" -lt 2000 ] || fail "long: $(cat "$HISTORY")"
	! last | LC_ALL=C grep -q $'\e' || fail "last has escape sequences"
}

# quickly COMMAND... : well within the time that any place may take.
quickly() {
	local begin=$SECONDS

	"$@" || fail "$* fails"
	[ $((SECONDS - begin)) -le 7 ] || fail "$* took $((SECONDS - begin)) s"
}

blocked_places() {
	local full lock

	begin
	# A syslog that does not read, with a full queue.
	mv /dev/log /dev/log.kept
	python3 -c '
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.setblocking(False)
try:
    while True:
        c.sendto(b"x", "/dev/log")
except BlockingIOError:
    print("full", flush=True)
time.sleep(60)' > "$OUT/full" &
	full=$!
	# Anybody may lock utmp.
	setpriv --reuid=bob --regid=bob --clear-groups python3 -c '
import fcntl, time
f = open("/run/utmp")
fcntl.lockf(f, fcntl.LOCK_SH)
print("locked", flush=True)
time.sleep(60)' > "$OUT/lock" &
	lock=$!
	wait_until 10 grep -qs full "$OUT/full" || fail "the socket: $(cat "$OUT/full")"
	wait_until 10 grep -qs locked "$OUT/lock" || fail "no lock"
	quickly "$TESTS/pamcaller" -r 192.0.2.1 rec alice true > "$OUT/caller"
	# A process that waits holds nothing of the monitor.
	quickly nsinit stop alice
	quickly "$TESTS/pamcaller" -r 192.0.2.1 rec alice true > "$OUT/caller"
	kill "$full" "$lock"
	rm /dev/log
	quickly "$TESTS/pamcaller" -r 192.0.2.1 rec alice true > "$OUT/caller"
	mv /dev/log.kept /dev/log
	need_all_closed
	# utmp gets the entries that it can; no entry stays for ever.
	wait_until 25 eval '[ -z "$(who)" ]' || fail "who: $(who)"
}

no_place() {
	begin
	: > /var/log/nscontainer
	timeout 20 su alice -c true || fail "su fails"
	logged 'event=lost user=alice .* to="/var/log/nscontainer/sessions" error='
	logged 'event=close user=alice'
	rm /var/log/nscontainer
	ln -s /etc/passwd "$TOP/link"
	mkdir /var/log/nscontainer
	ln -s "$TOP/made" "$HISTORY"
	timeout 20 su alice -c true || fail "su fails"
	logged 'event=close user=alice'
	[ ! -e "$TOP/made" ] || fail "a link was followed"
	rm -r /var/log/nscontainer
}

# A host at its limit of processes.
no_process() {
	local dir group

	begin
	stay alice
	dir=$(awk '$5 ~ /pids/ && / - cgroup / { print $5; exit }' \
		/proc/self/mountinfo)
	group=${dir:-/sys/fs/cgroup}/full
	mkdir "$group" || skip "no group can be made"
	monitors > "$group/cgroup.procs"
	echo 1 > "$group/pids.max" || skip "no pids controller"
	timeout 20 su alice -c true || fail "su fails"
	logged 'event=open user=alice service=su '
	logged 'event=lost user=alice .* to="all but syslog" error='
	logged 'event=close user=alice service=su '
	echo max > "$group/pids.max"
	release
	wait_until 10 eval '[ -z "$(monitors)" ]'
	rmdir "$group"
}

t "a session is recorded when it opens and when it closes" opens_and_closes
t "records go to syslog" goes_to_syslog
t "a record has the login process's exit status" knows_exit
t "an ssh session has the exit status of its command" knows_exit_of_ssh
t "an ssh session without one has none" knows_no_exit_of_ssh
t "an ssh session of several commands has that of the last" knows_last_exit_of_ssh
t "a record has memory and cpu time" knows_usage
t "sessions through all doors are recorded" all_doors
t "many sessions at a time are recorded once each" many
t "who wrote a record leaves no zombie" no_zombies
t "a killed sshd closes its session" killed_sshd
t "a killed monitor loses and doubles no record" killed_monitor
t "a monitor killed at once after a login leaves one close" killed_at_once
t "what ended without a monitor is recorded by the next start" all_killed
t "the end of the container closes its sessions" container_stops
t "who and last on the host show a login from another host" in_who
t "su is not in who, and no utmp is made" not_in_who
t "an entry of getty's or of the login program's own is used" own_entries
t "nsinit ps shows the sessions that are" shows_ps
t "nsinit last shows the sessions that were" shows_last
t "nsinit kick ends one session, or all, and not the container" kicks_one
t "nsinit ps and kick work on a directory's container" kicks_exec
t "nsinit kick ends nothing else" kicks_nothing_else
t "hostile values stay values" hostile_values
t "logins do not wait for a place that blocks" blocked_places
t "a host without processes has records in syslog" no_process
t "a place that takes nothing refuses no login" no_place
