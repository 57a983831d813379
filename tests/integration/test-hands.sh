#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The administrator's hands in a user's container: nsinit exec USER and enter,
# with a container whose programs are hostile.  The first word of an attack is
# the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l sshd
sshd_start 22
JSON='{"rootfs": "/", "overlay": "tmpfs", "environment": ["FROM=file"]}'

# fresh [JSON] : alice's container runs.
fresh() {
	need_product
	cd / || exit
	clean_slate
	config alice "${1:-$JSON}"
	status_is 0 nsinit start alice
}
ex() {
	timeout 30 nsinit exec "$@"
}

as_user() {
	fresh
	equal "who, where, what" "alice /home/alice file 1" \
		"$(ex alice sh -c "echo \$(id -un) \$PWD \$FROM \$(
			$INSIDE && echo 1)")"
	status_is 7 ex alice -- sh -c 'exit 7'
	equal "input and output" "HI" "$(echo hi | ex alice tr a-z A-Z)"
	status_is 127 ex alice nonesuch
	contains "nonesuch" "run 'nonesuch' in the container" \
		"$(cat "$OUT/stderr")"
	# A shell without a command, with and without a terminal.
	equal "a shell" "in $(id -u alice)" "$(echo 'echo in $(id -u)' | ex alice)"
	contains "a shell on a terminal" "/dev/pts/" \
		"$(script -qec 'nsinit exec alice' /dev/null <<< 'tty; exit')"
	status_is 0 ex alice -t tty
	# Options of the command are its own.
	equal "options" "-u --root" "$(ex alice echo -u --root)"
}

as_others() {
	fresh
	equal "root" "0 0 /root root" "$(ex alice --user root sh -c \
		'echo $(id -u) $(id -g) $HOME $USER')"
	equal "a number" "12 34" "$(ex -u 12:34 alice sh -c \
		'echo $(id -u) $(id -g)')"
	equal "a name" daemon "$(ex alice -u daemon id -un)"
	status_is 127 ex alice -u nonesuch true
	contains "no such user" "'nonesuch' is not in the container" \
		"$(cat "$OUT/stderr")"
	# Root inside has what the container gives, and is not the host's.
	ex alice -u root cat /etc/shadow && fail "root inside reads shadow"
	status_is 0 ex alice -u root touch /run/by-root
	[ ! -e /run/by-root ] || fail "on the host"
}

settings() {
	fresh
	equal "env" "one two=2" \
		"$(ex alice -e FROM=one --env B=two=2 sh -c 'echo $FROM $B')"
	status_is 126 ex alice -e =x true
	equal "cwd" /usr "$(ex alice --cwd /usr pwd)"
	status_is 127 ex alice -w /nonesuch pwd
	contains "cwd" "enter the directory '/nonesuch'" "$(cat "$OUT/stderr")"
	# The caller's own variables stay outside.
	lacks "caller" secret "$(SECRET=secret ex alice env)"
}

detached() {
	fresh
	rm -f /home/alice/done
	SECONDS=0
	status_is 0 ex alice -d sh -c "$STAY; readlink /proc/self/fd/0 > ~/done"
	[ "$SECONDS" -lt 20 ] || fail "it did not return"
	equal "its session" nsinit-exec "$(nsinit ps --json alice |
		jq -r '.[].service')"
	touch /home/alice/go
	wait_until 10 test -s /home/alice/done || fail "it does not run"
	equal "its input" /dev/null "$(cat /home/alice/done)"
	status_is 127 ex alice --detach nonesuch
	status_is 126 ex alice --detach -t true
	rm -f /home/alice/go
}

started() {
	fresh
	nsinit stop alice
	status_is 126 ex alice true
	contains "not running" "no container is running" "$(cat "$OUT/stderr")"
	equal "started" alice "$(ex --start alice id -un)"
	[ -n "$(pid_of alice)" ] || fail "it does not stay"
	equal "again" alice "$(ex alice --start id -un)"
}

# The form for directories is as ever; what could be both is refused.
directory() {
	fresh
	equal "with --root" root "$(ex --root "$CONF/users/alice" id -un)"
	cd "$CONF/users/alice" || exit
	equal "in the directory" root "$(ex id -un)"
	status_is 2 ex alice id
	contains "ambiguous" "use --root ." "$(cat "$OUT/stderr")"
	cd / || exit
}

entered() {
	local text

	fresh
	text=$(script -qec 'nsinit enter alice' /dev/null <<-'END'
	echo "$(id -un) $(pwd)"; tty
	exit 3
	END
	)
	equal "status" 3 $?
	contains "banner" "You are root in the container of 'alice'" "$text"
	contains "who and where" "root /" "$text"
	contains "a terminal" "/dev/pts/" "$text"
	status_is 2 nsinit enter alice
}

# --- attacks

# A system that root inside can change.
own() {
	[ -d /srv/images/own ] || make_busybox /srv/images/own > /dev/null ||
		skip "busybox is missing"
	fresh '{"rootfs": "/srv/images/own", "overlay": "tmpfs"}'
	hold_own
}
hold_own() {
	nsinit exec alice -d sleep 60
}

# Whatever alice puts in the place of programs and files runs inside.
replaced() {
	own
	as_root_inside sh -c 'printf "#!/bin/busybox sh\necho hostile
		[ -d /dev/.nscontainer ] && echo inside\n" > /bin/evil
		chmod 0755 /bin/evil; ln -sf evil /bin/id; ln -sf evil /bin/sh'
	equal "the replaced program" "hostile inside" \
		"$(ex alice -u root id | xargs)"
	equal "the replaced shell" "hostile inside" \
		"$(ex alice < /dev/null | xargs)"
}

# A terminal of the container: nothing can be pushed into the caller's, and
# a hangup of the caller ends the command.
terminal() {
	fresh
	contains "another terminal" "/dev/pts/" "$(script -qec \
		'nsinit exec -t alice tty' /dev/null < /dev/null)"
	cat > /home/alice/push.py <<-'END'
	import fcntl, termios
	for c in "PUSHED\n":
	    fcntl.ioctl(0, termios.TIOCSTI, c.encode())
	END
	contains "the control: pushed by a program on the host" "got PUSHED" \
		"$(pushed 'python3 /home/alice/push.py')"
	lacks "pushed by root inside" "got PUSHED" \
		"$(pushed 'nsinit exec alice -u root python3 push.py')"
	timeout 5 script -qec 'nsinit exec alice sleep 4242' /dev/null \
		< <(sleep 1) > /dev/null
	wait_until 10 gone_sleep || fail "the command outlives its terminal"
}
# pushed COMMAND : what a command leaves in the input of its terminal.
pushed() {
	timeout 20 script -qec "bash -c '$1; read -t 2 x && echo got \$x'" \
		/dev/null < <(exec sleep 20)
}
gone_sleep() {
	[ -z "$(pgrep -u alice -f 'sleep 4242')" ]
}

# passwd inside: a FIFO, a link to the host's, and a huge one.
passwd_inside() {
	local passwd

	own
	for passwd in 'mkfifo /etc/passwd' 'truncate -s 1000G /etc/passwd' \
		'ln -s /proc/1/root/etc/shadow /etc/passwd' \
		'ln -s /dev/zero /etc/passwd' 'mkdir /etc/passwd' \
		'echo "daemon:x:4000000000:0::/:/bin/sh" > /etc/passwd'; do
		as_root_inside sh -c "rm -rf /etc/passwd; $passwd" ||
			fail "$passwd"
		SECONDS=0
		ex alice -u daemon true 2> "$OUT/stderr" && fail "$passwd"
		[ "$SECONDS" -lt 5 ] || fail "$passwd holds it up"
		lacks "$passwd" "root:" "$(cat "$OUT/stderr")"
	done
	# The control.
	as_root_inside sh -c 'rm /etc/passwd
		echo "daemon:x:7:8::/:/bin/sh" > /etc/passwd'
	equal "its own ids" "7 8" \
		"$(ex alice -u daemon sh -c 'echo $(id -u) $(id -g)')"
}

t "nsinit exec USER runs a command, or a shell" as_user
t "nsinit exec --user" as_others
t "nsinit exec --env and --cwd" settings
t "nsinit exec --detach" detached
t "nsinit exec --start" started
t "nsinit exec in a directory" directory
t "nsinit enter" entered
t "B1 what the container replaced runs inside" replaced
t "B1 a terminal of the caller's is out of reach" terminal
t "B1 passwd of the container holds nobody up" passwd_inside
cd /
clean_slate
