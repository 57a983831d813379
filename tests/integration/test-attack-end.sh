#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A login process that stands still, in the container of its user: the
# administrator ends the container all the same, and every tool sees it until
# then.  The first word of a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip end # product is not installed"; exit 0; }
pam_enable sshd su
sshd_start 22

# fresh CONF-LINE... : alice's container runs, and her home has no old files.
fresh() {
	clean_slate
	rm -f /home/alice/go /home/alice/in
	config alice '{"rootfs": "/"}'
	conf 'stop = "logout";' 'start_timeout = 10;' "$@"
	timeout 20 nsinit start alice || fail "nsinit start"
	PID1=$(pid_of alice)
	syslog_mark
}

ended() {
	! kill -0 "$1" 2> /dev/null
}

# stopped DOOR: alice's login process by DOOR is stopped.
stopped() {
	by "$1" ": > ~/in; $STAY" > /dev/null 2>&1 &
	wait_until 10 [ -e /home/alice/in ] || fail "no session by $1"
	LOGIN=$(sessions_of alice | head -n 1)
	[ -n "$LOGIN" ] || fail "the session by $1 has no file"
	stand_still "$LOGIN"
}

closed() {
	grep -q "^event=close .* pid=$LOGIN .* exit=" \
		/var/log/nscontainer/sessions
}

# nothing_left: the container is gone, with files, records and login process.
nothing_left() {
	wait_until 5 no_container alice || fail "left: $(ls -R "$RUN/alice/")"
	wait_until 5 ended "$LOGIN" || fail "the login process is left"
	wait_until 5 closed || fail "no record"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
}

# The control: without the product's help PID 1 waits for a stopped parent.
control() {
	local child pid1

	unshare --fork --pid --kill-child sleep 300 &
	wait_until 5 pgrep -P $! > /dev/null
	pid1=$(pgrep -P $!)
	nsenter -t "$pid1" -p sh -c 'sleep 301 & exec sleep 302' &
	child=$!
	wait_until 5 pgrep -P "$child" > /dev/null
	sleep 0.3
	stand_still "$child"
	kill -KILL "$pid1"
	sleep 1
	kill -0 "$pid1" || fail "control: a stopped parent is no obstacle"
	kill -KILL "$child"
	wait_until 5 ended "$pid1" || fail "control: it goes on"
}

stop_stopped() {
	local door begin

	for door in nsshell su ssh; do
		fresh
		stopped "$door"
		begin=$SECONDS
		status_is 0 timeout 30 nsinit stop --timeout 2 alice
		[ $((SECONDS - begin)) -le 8 ] || fail "$door: it took long"
		nothing_left
	done
}


# The monitor ends the container by itself.
lifetime_stopped() {
	fresh 'max_lifetime = 3;'
	stopped nsshell
	wait_until 25 ended "$PID1" || fail "max_lifetime ends nothing"
	nothing_left
}

# Nobody looks, and the stop hook and the records come all the same.
crash_stopped() {
	fresh
	stopped nsshell
	kill -KILL "$PID1"
	sleep 0.3
	kill -0 "$PID1" || fail "the test is wrong: PID 1 has ended"
	status_is 0 nsinit list --json alice
	contains "nsinit list --json" '"ending": true' "$(cat "$OUT/stdout")"
	status_is 0 nsinit list alice
	contains "nsinit list" ' ending ' "$(cat "$OUT/stdout")"
	status_is 0 nsinit ps alice
	contains "nsinit ps" " $LOGIN " "$(cat "$OUT/stdout")"
	wait_until 12 ended "$PID1" || fail "it does not end"
	nothing_left
}

crash_then() {
	fresh
	stopped nsshell
	kill -KILL "$PID1"
	sleep 0.3
	kill -0 "$PID1" || fail "the test is wrong: PID 1 has ended"
	status_is "$@"
	wait_until 12 ended "$PID1" || fail "it does not end"
	nothing_left
}

# The monitor was killed as well: whoever comes next ends it.
crash_without_monitor() {
	fresh
	stopped nsshell
	kill -KILL "$(monitors)" "$PID1"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	wait_until 5 ended "$PID1" || fail "it does not end"
	nothing_left
}

kick_stopped() {
	fresh
	stopped nsshell
	status_is 0 timeout 20 nsinit kick --timeout 1 alice "$LOGIN"
	wait_until 5 ended "$LOGIN" || fail "the login process is left"
	status_is 0 nsinit stop alice
	nothing_left
}

replace_stopped() {
	fresh
	stopped nsshell
	status_is 0 timeout 20 nsinit start --replace alice
	differ "PID 1" "$PID1" "$(pid_of alice)"
	wait_until 5 ended "$PID1" || fail "the old one goes on"
	status_is 0 nsinit stop alice
	nothing_left
}

# The login program opens files by their names inside: whatever waits there, it
# is a session that all tools see, and that ends.
FIFOS="/var/log/wtmp /var/log/lastlog /run/utmp /etc/passwd"
fifos() {
	local rootfs=/srv/own/image path

	install -d -m 0700 /srv/own
	reason=$(make_busybox "$rootfs") || skip "$reason"
	mkdir -p "$rootfs/var/log" "$rootfs/var/run"
	rm -rf "$rootfs/var/run"
	ln -s /run "$rootfs/var/run"
	for path in $FIFOS; do
		fresh
		nsinit stop alice
		config alice '{"rootfs": "/srv/own/image", "mounts": []}'
		status_is 0 timeout 20 nsinit start alice
		PID1=$(pid_of alice)
		as_root_inside rm -f "$path"
		as_root_inside mkfifo -m 0666 "$path" || fail "no FIFO at $path"
		timeout 60 ssh "${SSH_OPTIONS[@]}" -tt -l alice 127.0.0.1 \
			'sleep 1' < /dev/null > "$OUT/client" 2>&1 &
		if ! wait_until 5 logged_in sshd; then
			fail "$path: no session" "$(cat "$OUT/client")"
		fi
		LOGIN=$(login_of sshd)
		echo "# $path: $(cat "/proc/$LOGIN/wchan" 2> /dev/null)"
		status_is 0 nsinit ps alice
		contains "$path: nsinit ps" " $LOGIN " "$(cat "$OUT/stdout")"
		status_is 0 timeout 20 nsinit stop --timeout 1 alice
		wait_until 5 ended "$LOGIN" || fail "$path: sshd is left"
		wait_until 5 no_container alice || fail "$path: left"
	done
}

no_monitor() {
	[ -z "$(monitors)" ]
}

# A process of alice's on the host, of which nothing is known, keeps PID 1: the
# records, the monitor and the next login do not wait for it.
stranger() {
	local stranger

	fresh
	setpriv --reuid=alice --regid=alice --init-groups nsenter -t "$PID1" \
		-U -p --preserve-credentials sleep 321 &
	wait_until 5 pgrep -u alice -x sleep > /dev/null || fail "no stranger"
	stranger=$(pgrep -u alice -x nsenter)
	stopped nsshell
	stand_still "$stranger"
	status_is 1 timeout 30 nsinit stop --timeout 1 alice
	contains "the reason" "cannot be killed" "$(cat "$OUT/stderr")"
	wait_until 15 no_monitor || fail "the monitor waits"
	logged "event=stuck user=alice pid=$PID1 "
	wait_until 5 closed || fail "no record"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	status_is 0 nsinit list --json alice
	contains "nsinit list" '"ending": true' "$(cat "$OUT/stdout")"
	kill -KILL "$stranger"
	wait_until 5 ended "$PID1" || fail "it does not end"
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	wait_until 5 no_container alice || fail "left"
}

# hits SIGNAL COMMAND... : does a signal by the command to its process group hit
# a process of alice's in the group of the script that calls the command?
hits() {
	local signal=$1 mate state

	shift
	cat > /run/script <<-END
		. $TESTS/lib.sh
		setpriv --reuid=alice --regid=alice --init-groups sleep 322 &
		echo \$! > /run/mate
		$* "sleep 0.1; kill -$signal 0; sleep 0.1" < /dev/null | cat
	END
	timeout 3 setsid -w bash /run/script > "$OUT/text" 2>&1
	mate=$(cat /run/mate)
	state=$(ps -o stat= -p "$mate")
	kill -KILL "$mate" 2> /dev/null
	case $state in
	S*) return 1 ;;
	esac
}

# Without a user namespace, uids inside are those of the host.
group_signalled() {
	local all='"NEWNS": true, "NEWPID": true, "NEWUTS": true, "NEWIPC": true'
	local door signal more

	for signal in KILL STOP TERM HUP; do
		for door in su sudo nsshell exec; do
			clean_slate
			more=", \"namespaces\": {$all, \"NEWUSER\": false}"
			# Without privileges it needs the user namespace.
			[ "$door" != nsshell ] || more=
			config alice "{\"rootfs\": \"/\"$more}"
			timeout 20 nsinit start alice || fail "nsinit start"
			! hits "$signal" by "$door" ||
				fail "$door: kill -$signal 0 hits the caller" \
					"$(cat "$OUT/text")"
		done
		hits "$signal" setpriv --reuid=alice --regid=alice \
			--init-groups sh -c || fail "control: no hit"
	done
}

# others_go_on: while a descriptor of alice's blocks its last holder, her
# logins, records and max_lifetime go on.
others_go_on() {
	local begin

	begin=$SECONDS
	status_is 7 timeout 30 su alice -c "$INSIDE && exit 7"
	[ $((SECONDS - begin)) -le 4 ] || fail "the next login had to wait"
	LOGIN=$(awk -F 'pid=' '/^event=open/ { split($2, p, " "); print p[1] }' \
		/var/log/nscontainer/sessions | tail -n 1)
	wait_until 5 closed || fail "no record"
	wait_until 25 ended "$PID1" || fail "max_lifetime ends nothing"
	wait_until 5 no_container alice || fail "left"
}

slowclose_there() {
	[ -x "$TESTS/slowclose" ] || skip "slowclose is not built"
	install -m 0755 "$TESTS/slowclose" /usr/local/bin/nsc-slowclose
}

# Each close of a file of FUSE waits for the answer of its server.
fuse_output() {
	[ -c /dev/fuse ] || mknod -m 0666 /dev/fuse c 10 229
	slowclose_there
	fresh 'max_lifetime = 12;'
	nsinit stop alice
	config alice '{"rootfs": "/", "device_nodes": [
		{"path": "/dev/fuse", "type": "c", "major_number": 10,
		 "minor_number": 229},
		{"path": "/dev/null", "type": "c", "major_number": 1,
		 "minor_number": 3}], "capabilities": ["SYS_ADMIN"],
		"seccomp": "unconfined"}'
	timeout 20 nsinit start alice || fail "nsinit start"
	PID1=$(pid_of alice)
	: > /home/alice/slow
	chmod 0666 /home/alice/slow
	as_root_inside /usr/local/bin/nsc-slowclose fuse /home/alice/slow \
		> "$OUT/server" 2>&1 &
	wait_until 5 grep -q ready "$OUT/server" ||
		skip "fuse: $(cat "$OUT/server")"
	su alice -c 'setsid /usr/local/bin/nsc-slowclose hold ~/slow & sleep 1'
	there 'nsc-slowclose hold' || fail "no process with that output"
	# The control: who takes such a descriptor waits in its close.
	timeout 2 su alice -c ': > ~/slow' > /dev/null 2>&1
	equal "status of the control" 124 $?
	others_go_on
}

# A socket lingers for its last holder: a slow host, made by strace, gives the
# user the time to make the monitor that.  The tracer ends with the monitor: its
# earlier end would interrupt the close.
linger_output() {
	[ -x /usr/bin/strace ] || skip "strace is not here"
	slowclose_there
	fresh 'max_lifetime = 12;'
	strace -f -e inject=pidfd_getfd:delay_exit=900000 -p "$(monitors)" \
		> /dev/null 2>&1 &
	sleep 0.5
	su alice -c 'setsid /usr/local/bin/nsc-slowclose linger < /dev/null > ~/in & sleep 0.5'
	wait_until 5 grep -q ready /home/alice/in ||
		fail "no such output" "$(cat /home/alice/in)"
	sleep 0.4
	kill -KILL "$(pgrep -o -u alice -f 'nsc-slowclose linger')"
	sleep 1
	others_go_on
}

t "L11 control: a stopped parent keeps PID 1 from ending" control
t "L11 nsinit stop ends stopped login processes" stop_stopped
t "L11 max_lifetime ends a stopped login process" lifetime_stopped
t "L11 a dead PID 1 is seen until its stopped login process is ended" \
	crash_stopped
t "L11 nsinit stop goes on with the end of a dead PID 1" \
	crash_then 0 timeout 20 nsinit stop alice
t "L11 nsinit kick ends a stopped login process of a dead PID 1" \
	crash_then 0 timeout 20 nsinit kick --timeout 0 alice
t "L11 a login replaces a dead PID 1 with a stopped login process" \
	crash_then 7 timeout 9 su alice -c "$INSIDE && exit 7"
t "L11 without a monitor, too" crash_without_monitor
t "L11 nsinit kick ends a stopped login process" kick_stopped
t "L11 start --replace ends a stopped login process" replace_stopped
t "L11 a login program that waits for a FIFO ends with the container" fifos
t "L11 what nobody can end keeps nobody waiting" stranger
t "L11 a command's group is its own, by each door" group_signalled
t "L12 a file of FUSE as output blocks no monitor" fuse_output
t "L12 a socket that lingers as output blocks no monitor" linger_output
