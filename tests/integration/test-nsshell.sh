#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsshell as a login shell, with and without the PAM module.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

SHELLS=/usr/bin/nsshell
# Not a function: the process is the program itself, and can be signalled.
AS_ALICE=(setpriv --reuid=alice --regid=alice --init-groups)
sshd_start 22
[ -n "$PLAIN" ] || {
	echo "$SHELLS" >> /etc/shells
	usermod -s "$SHELLS" alice
	usermod -s "$SHELLS" bob
}

# start JSON : starts alice's container by 'nsinit start'.
start() {
	need_product
	timeout 10 nsinit stop alice > /dev/null 2>&1
	config alice "$1"
	timeout 20 nsinit start alice || fail "nsinit start fails"
	syslog_mark
}

started() {
	[ -e "$RUN/alice/pid" ] || start '{"rootfs": "/"}'
}

command_lands() {
	started
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails"
	landed_inside "$OUT/ns" alice
}

login_lands() {
	started
	# One line, without tabs: it is typed at a prompt.
	nssh alice -tt <<< "$NS_COMMAND; shopt -q login_shell && \
echo is login; echo is \$0 \$SHELL; exit 3" > "$OUT/ns"
	equal "status" 3 $?
	landed_inside "$OUT/ns" alice
	contains "the shell" "is login" "$(cat "$OUT/ns")"
	contains "argv[0] and SHELL" "is -bash /bin/bash" "$(cat "$OUT/ns")"
}

argument_login() {
	started
	"${AS_ALICE[@]}" "$SHELLS" -l -c 'shopt -q login_shell && echo is login' \
		> "$OUT/text" || fail "status $?"
	contains "nsshell -l" "is login" "$(cat "$OUT/text")"
}

# The argument of -c is passed on unchanged.
unchanged() {
	started
	status_is 0 nssh alice "printf '%s|' 'a  b' \"c'd\" \\\$x '
new	line' \"\$((1 + 1))\" '*' \"\\\\\""
	equal "output" "a  b|c'd|\$x|
new	line|2|*|\\|" "$(cat "$OUT/stdout")"
}

more_arguments() {
	started
	status_is 0 "${AS_ALICE[@]}" "$SHELLS" -c 'echo "$0,$1,$2"' zero one 'two three'
	equal "output" "zero,one,two three" "$(cat "$OUT/stdout")"
}

binary() {
	started
	head -c 1000000 /dev/urandom > "$OUT/sent"
	nssh alice cat < "$OUT/sent" > "$OUT/back" || fail "ssh fails"
	cmp "$OUT/sent" "$OUT/back" || fail "the bytes came back changed"
	head -c 100000 /dev/urandom > "$OUT/sent"
	"${AS_ALICE[@]}" "$SHELLS" -c 'cat; echo error >&2' < "$OUT/sent" \
		> "$OUT/back" 2> "$OUT/error"
	cmp "$OUT/sent" "$OUT/back" || fail "the bytes came back changed"
	equal "standard error" error "$(cat "$OUT/error")"
}

statuses() {
	started
	status_is 7 nssh alice 'exit 7'
	status_is 7 "${AS_ALICE[@]}" "$SHELLS" -c 'exit 7'
	status_is 127 "${AS_ALICE[@]}" "$SHELLS" -c 'no-such-command'
}

signals() {
	started
	status_is 143 timeout 20 bash -c \
		'setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "kill -TERM \$\$"; exit $?'
	python3 - <<-'END' || fail "nsshell did not die by the signal"
	import os, subprocess, pwd
	pw = pwd.getpwnam("alice")
	p = subprocess.run(["/usr/bin/nsshell", "-c", "kill -KILL $$"],
	                   user=pw.pw_uid, group=pw.pw_gid)
	print("status", p.returncode)
	raise SystemExit(p.returncode != -9)
	END
}

# A signal to nsshell goes to the command inside.
signal_inwards() {
	started
	"${AS_ALICE[@]}" "$SHELLS" -c 'trap "echo heard; exit 9" TERM
		echo ready; while :; do sleep 0.1; done' > "$OUT/text" &
	wait_until 5 grep -q ready "$OUT/text" || fail "it does not start"
	kill -TERM $!
	wait $!
	equal "status" 9 $?
	contains "output" heard "$(cat "$OUT/text")"
}

# kill -9 of nsshell leaves nothing inside.
killed() {
	started
	"${AS_ALICE[@]}" "$SHELLS" -c 'echo ready; exec sleep 654' > "$OUT/text" &
	wait_until 5 grep -q ready "$OUT/text" || fail "it does not start"
	kill -KILL $!
	wait $! 2> /dev/null
	sleep_gone() { ! pgrep -f 'sleep 654' > /dev/null; }
	wait_until 3 sleep_gone || fail "what it ran goes on"
}

interactive() {
	started
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho {*}$argv
	send "PS1='pr''ompt> '\r"
	expect "prompt> " {} default { exit 10 }
	send "tty; stty size\r"
	expect "prompt> " {} default { exit 11 }
	send "sleep 60\r"
	sleep 0.5
	send "\032"
	expect "Stopped" {} default { exit 12 }
	expect "prompt> "
	send "fg\r"
	sleep 0.3
	send "\003"
	expect "prompt> " {} default { exit 13 }
	send "exit 5\r"
	expect eof {} default { exit 14 }
	lassign [wait] pid id os status
	exit [expr {$status == 5 ? 0 : 15}]
	END
	expect -f "$OUT/dialogue" -- ssh "${SSH_OPTIONS[@]}" -tt \
		alice@127.0.0.1 > "$OUT/text" 2>&1 ||
		fail "dialogue: status $?" "$(tr -d '\r' < "$OUT/text")"
	lacks "job control" "no job control" "$(cat "$OUT/text")"
}

no_container_running() {
	need_product
	config bob '{"rootfs": "/"}'
	status_is 126 nssh bob true
	equal "lines" 1 "$(wc -l < "$OUT/stderr")"
	contains "what the user sees" "no container is running for 'bob'" \
		"$(cat "$OUT/stderr")"
	empty "output" "$(cat "$OUT/stdout")"
}

other_users_container() {
	local pid

	started
	pid=$(pid_of alice)
	mkdir -p "$RUN/$(id -u bob)"
	cp -a "$RUN/alice/." "$RUN/$(id -u bob)/"
	status_is 126 nssh bob true
	rm -rf "${RUN:?}/$(id -u bob)"
	kill -0 "$pid" || fail "alice's container ended"
}

# lands GROUPS : nsshell, run by alice with further groups, joins.
lands() {
	setpriv --reuid=alice --regid=alice --groups="$(id -g alice)$1" \
		"$SHELLS" -c "$NS_COMMAND" > "$OUT/ns" || fail "status $?"
	landed_inside "$OUT/ns" alice
}

# The link with the user's name is for people: its target does not matter.
name_link() {
	local to

	started
	equal "the link" "$(id -u alice)" "$(readlink "$RUN/alice")"
	for to in "$(id -u bob)" 0 nobody /etc; do
		ln -sfn "$to" "$RUN/alice"
		lands_by_uid
	done
	rm "$RUN/alice"
	lands_by_uid
	ln -s "$(id -u alice)" "$RUN/alice"
	lands ""
}
lands_by_uid() {
	"${AS_ALICE[@]}" "$SHELLS" -c "$INSIDE" || fail "status $?"
}

# A renamed user keeps the container, by each door.
renamed() {
	local pid

	start '{"rootfs": "/"}'
	pid=$(pid_of alice)
	cp -a "$CONF/users/alice" "$CONF/users/alicia"
	sed -i 's/^alice:/alicia:/' /etc/passwd /etc/shadow
	timeout 20 setpriv --reuid=alicia --regid=alice --init-groups \
		"$SHELLS" -c "$NS_COMMAND" > "$OUT/ns" || fail "nsshell: $?"
	landed_inside "$OUT/ns" alice
	cp /etc/pam.d/su "$OUT/su"
	pam_enable su
	timeout 20 su -s /bin/bash alicia -c "$NS_COMMAND" > "$OUT/ns" 2>&1
	cp "$OUT/su" /etc/pam.d/su
	landed_inside "$OUT/ns" alice
	equal "PID 1" "$pid" "$(pid_of alice)"
	contains "list" "^alice " "^$(nsinit list | tail -n 1)"
	timeout 20 nsinit stop alicia || fail "nsinit stop by the new name"
	timeout 20 nsinit start alicia || fail "nsinit start"
	equal "link" "$(id -u alicia)" "$(readlink "$RUN/alicia")"
	timeout 20 nsinit stop alice > "$OUT/text" 2>&1 &&
		fail "the old name stops it"
	[ -n "$(pid_of alicia)" ] || fail "the old name has stopped it"
	timeout 20 nsinit stop alicia
	sed -i 's/^alicia:/alice:/' /etc/passwd /etc/shadow
	rm -r "$CONF/users/alicia"
}

# The user's current membership counts, not that at the start.
late_glass() {
	local group=nscontainer-admins

	started
	groupadd -f "$group"
	usermod -aG "$group" alice
	timeout 20 "${AS_ALICE[@]}" "$SHELLS" -c "$NS_COMMAND" > "$OUT/ns"
	gpasswd -d alice "$group" > /dev/null
	landed_on_host "$OUT/ns"
	command_lands
}

# A user who was a member at the start is looked up each time.
early_glass() {
	local group=nscontainer-admins

	need_product
	groupadd -f "$group"
	usermod -aG "$group" alice
	start '{"rootfs": "/"}'
	timeout 20 "${AS_ALICE[@]}" "$SHELLS" -c "$NS_COMMAND" > "$OUT/ns"
	gpasswd -d alice "$group" > /dev/null
	landed_on_host "$OUT/ns"
	lands ""
}

not_setuid() {
	need_product
	lacks "mode" s "$(stat -c %A "$SHELLS")"
	chmod u+s "$SHELLS"
	status_is 126 "${AS_ALICE[@]}" "$SHELLS" -c true
	chmod u-s "$SHELLS"
}

environment() {
	started
	status_is 0 "${AS_ALICE[@]}" env -i EVIL=1 LD_PRELOAD=/tmp/x TERM=vt100 \
		LC_TIME=C "$SHELLS" -c 'env | sort'
	lacks "environment" EVIL "$(cat "$OUT/stdout")"
	lacks "environment" LD_PRELOAD "$(cat "$OUT/stdout")"
	contains "environment" TERM=vt100 "$(cat "$OUT/stdout")"
	contains "environment" LC_TIME=C "$(cat "$OUT/stdout")"
	contains "environment" HOME=/home/alice "$(cat "$OUT/stdout")"
	contains "environment" SHELL=/bin/bash "$(cat "$OUT/stdout")"
	contains "environment" USER=alice "$(cat "$OUT/stdout")"
}

identity() {
	started
	status_is 0 nssh alice 'id; grep -E "^(Cap|NoNew)" /proc/self/status'
	contains "id" "uid=$(id -u alice)(alice)" "$(cat "$OUT/stdout")"
	for set in CapInh CapPrm CapEff CapAmb; do
		contains "capabilities" "$set:	0000000000000000" \
			"$(cat "$OUT/stdout")"
	done
}

both_doors() {
	need_product
	cp /etc/pam.d/sshd "$OUT/sshd"
	pam_enable sshd
	nssh alice "$NS_COMMAND; echo is \$SHELL" > "$OUT/ns"
	status=$?
	cp "$OUT/sshd" /etc/pam.d/sshd
	equal "status" 0 "$status"
	landed_inside "$OUT/ns" alice
	contains "SHELL" "is /bin/bash" "$(cat "$OUT/ns")"
}

busybox() {
	local reason

	need_product
	reason=$(make_busybox /srv/images/busybox) || skip "$reason"
	start '{"rootfs": "/srv/images/busybox", "session":
		{"shell": "/bin/sh"}}'
	nssh alice "$NS_COMMAND; cat /etc/image; echo is \$SHELL" > "$OUT/ns" ||
		fail "status $?"
	landed_inside "$OUT/ns" alice
	contains "the image" "made for the test" "$(cat "$OUT/ns")"
	contains "SHELL" "is /bin/sh" "$(cat "$OUT/ns")"
}

busybox_both() {
	need_product
	[ -d /srv/images/busybox ] || skip "busybox is missing"
	cp /etc/pam.d/sshd "$OUT/sshd"
	pam_enable sshd
	nssh alice "$NS_COMMAND; cat /etc/image; exit 7" > "$OUT/ns"
	status=$?
	nssh alice -tt "tty" > "$OUT/tty"
	cp "$OUT/sshd" /etc/pam.d/sshd
	equal "status" 7 "$status"
	landed_inside "$OUT/ns" alice
	contains "the image" "made for the test" "$(cat "$OUT/ns")"
	contains "tty" /dev/pts/ "$(cat "$OUT/tty")"
}

t "nsshell -c by ssh lands in the container" command_lands
t "nsshell as a login shell lands there and runs a login shell" login_lands
t "nsshell -l runs a login shell" argument_login
t "nsshell's -c argument comes unchanged, quotes and newlines too" unchanged
t "nsshell passes further arguments" more_arguments
t "nsshell is byte-clean without a terminal" binary
t "nsshell's exit status comes back" statuses
t "nsshell dies by the signal that the shell died by" signals
t "a signal to nsshell reaches the shell inside" signal_inwards
t "kill -9 of nsshell ends what it ran" killed
t "nsshell on a terminal has job control" interactive
t "E2 nsshell makes a new environment" environment
t "J7 nsshell's session is the user's and has no capabilities" identity
t "nsshell without a container says one sentence and ends with 126" \
	no_container_running
t "C6 nsshell does not join another user's container" other_users_container
t "nsshell finds the container by the uid, whatever the name's link is" name_link
t "a user who is renamed keeps the container that runs" renamed
t "nsshell lets a later member of the break-glass group out" late_glass
t "nsshell lets one out who was a member at the start" early_glass
t "E8 nsshell is not setuid and refuses to be" not_setuid
t "nsshell in a session that PAM placed runs the real shell" both_doors
t "nsshell works with a busybox rootfs" busybox
t "nsshell and the module together work with a busybox rootfs" busybox_both
