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
	status_is 126 ex alice -u nonesuch true
	contains "no such user" "'nonesuch' is not in the container" \
		"$(cat "$OUT/stderr")"
	status_is 126 ex alice -u 99999 true
	contains "no such id" "user 99999: the container's map has no such id" \
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
	status_is 2 ex alice -e =x true
	status_is 2 ex alice -e FROM true
	contains "env" "--env: expected NAME=VALUE" "$(cat "$OUT/stderr")"
	equal "cwd" /usr "$(ex alice --cwd /usr pwd)"
	status_is 126 ex alice -w /nonesuch pwd
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
		jq -r .service)"
	touch /home/alice/go
	wait_until 10 test -s /home/alice/done || fail "it does not run"
	equal "its input" /dev/null "$(cat /home/alice/done)"
	status_is 127 ex alice --detach nonesuch
	status_is 2 ex alice --detach -t true
	contains "with a terminal" "--detach has no terminal: leave out --tty" \
		"$(cat "$OUT/stderr")"
	status_is 2 ex alice --detach
	contains "without a command" "--detach needs a command" \
		"$(cat "$OUT/stderr")"
	status_is 2 ex -t --no-tty alice true
	contains "both" "--tty and --no-tty exclude each other" \
		"$(cat "$OUT/stderr")"
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
	status_is 2 ex --root "$CONF/users/alice" --detach true
	contains "detached" "ends with its command" "$(cat "$OUT/stderr")"
	status_is 126 ex --root '' true
	contains "none" "directory '': No such file" "$(cat "$OUT/stderr")"
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
	# Who is not inside is not told so.
	nsinit stop alice
	text=$(script -qec 'nsinit enter alice' /dev/null < /dev/null)
	equal "status" 126 $?
	contains "not running" "no container is running" "$text"
	lacks "no banner" "You are root" "$text"
	text=$(script -qec 'nsinit enter --start alice' /dev/null <<< 'exit 4')
	equal "status" 4 $?
	contains "banner" "You are root in the container of 'alice'" "$text"
}

# --- copies

make_tree() {
	rm -rf "$TOP/tree"
	mkdir -p "$TOP/tree/sub/empty" "$TOP/tree/a name"
	head -c 300000 /dev/urandom > "$TOP/tree/sub/data"
	truncate -s 5M "$TOP/tree/sparse"
	echo end >> "$TOP/tree/sparse"
	install -m 0750 /bin/true "$TOP/tree/sub/program"
	touch -d '2001-02-03 04:05:06.789' "$TOP/tree/sub/data"
	: > "$TOP/tree/Grüße"
	printf x > "$TOP/tree/$(printf 'esc\033[31m\nape')"
}
cp_() {
	timeout 60 nsinit cp "$@"
}

copied() {
	fresh
	make_tree
	status_is 0 cp_ "$TOP/tree" alice:
	diff -r "$TOP/tree" /home/alice/tree || fail "into the home"
	equal "owner" "alice" "$(find /home/alice/tree -printf '%u\n' | sort -u)"
	equal "mode and time" "$(stat -c '%a %y' "$TOP/tree/sub/data" \
		"$TOP/tree/sub/program")" "$(stat -c '%a %y' \
		/home/alice/tree/sub/data /home/alice/tree/sub/program)"
	[ "$(stat -c %b /home/alice/tree/sparse)" -lt 1000 ] ||
		fail "holes are filled"
	mkdir "$OUT/back"
	status_is 0 cp_ alice:tree "$OUT/back"
	diff -r "$TOP/tree" "$OUT/back/tree" || fail "out of the home"
	equal "owner here" root "$(find "$OUT/back" -printf '%u\n' | sort -u)"
	# One file: a new name, and again in its place.
	status_is 0 cp_ "$TOP/tree/sub/data" alice:/tmp/one
	equal "inside" "$(sha256sum < "$TOP/tree/sub/data")" \
		"$(ex alice cat /tmp/one | sha256sum)"
	[ ! -e /tmp/one ] || fail "on the host"
	echo other > "$OUT/other"
	status_is 0 cp_ "$OUT/other" alice:/tmp/one
	equal "replaced" other "$(ex alice cat /tmp/one)"
	status_is 0 cp_ alice:/tmp/one "$OUT/one"
	equal "out" other "$(cat "$OUT/one")"
	# As another user inside.
	status_is 0 cp_ --user root "$OUT/other" alice:/tmp/roots
	equal "root's" "root other" \
		"$(ex alice sh -c 'echo $(stat -c %U /tmp/roots; cat /tmp/roots)')"
	# A directory under a name that ends with a slash, as with cp.
	status_is 0 cp_ "$TOP/tree/sub/" alice:new/
	equal "a new name" "data empty program" "$(cd /home/alice/new && echo *)"
	status_is 0 cp_ alice:new/ "$OUT/old///"
	equal "a new name" "data empty program" "$(cd "$OUT/old" && echo *)"
	[ -z "$(ex alice sh -c 'ls -A /tmp | grep nsinit-cp')" ] ||
		fail "something is left"
}

cp_refused() {
	local long i

	fresh
	echo x > "$OUT/x"
	status_is 1 cp_ "$OUT/x" alice:/usr/bin/x
	contains "may not" "make 'x': Read-only file system" "$(cat "$OUT/stderr")"
	status_is 1 cp_ alice:/etc/shadow "$OUT/y"
	contains "may not read" "'/etc/shadow': Permission denied" "$(cat "$OUT/stderr")"
	[ ! -e "$OUT/y" ] || fail "it was made"
	status_is 1 cp_ alice:/nonesuch "$OUT/y"
	status_is 1 cp_ "$OUT/nonesuch" alice:
	status_is 1 cp_ alice:/ "$OUT/y"
	status_is 2 cp_ "$OUT/x" "$OUT/y"
	status_is 2 cp_ alice:x alice:y
	status_is 1 cp_ alice:/tmp "$OUT/nonesuch/below"
	status_is 1 cp_ "$OUT/x" alice:nothing/
	long=$(printf 'x%.0s' {1..300})
	status_is 1 cp_ "$OUT/x" "alice:$long"
	contains "too long" "File name too long" "$(cat "$OUT/stderr")"
	equal "nothing is made" "" "$(find /home/alice -name 'xxx*')"
	# What is no file stays what it is, also behind a link.
	mknod "$OUT/null" c 1 3
	mkfifo "$OUT/pipe"
	ln -s null "$OUT/link"
	ln -s /proc/self/fd/1 "$OUT/output"
	for i in null pipe link output; do
		status_is 1 cp_ alice:/etc/hostname "$OUT/$i"
		contains "$i" "is a device, FIFO or socket, and is not replaced" \
			"$(cat "$OUT/stderr")"
	done
	equal "what they are" "character special file
fifo
symbolic link
symbolic link" "$(stat -c %F "$OUT"/{null,pipe,link,output})"
	status_is 2 cp_ - alice:x
	status_is 2 cp_ alice:x -
	contains "a pipe" "'-' is not standard input" "$(cat "$OUT/stderr")"
	nsinit stop alice
	status_is 3 cp_ "$OUT/x" alice:
}

signalled() {
	fresh
	nsinit exec alice -d sh -c 'trap "echo got >> ~/signal" USR1
		echo ready > ~/signal; while :; do sleep 0.1; done'
	wait_until 10 grep -qs ready /home/alice/signal
	status_is 0 nsinit kill usr1 alice
	wait_until 10 grep -qs got /home/alice/signal || fail "no signal"
	status_is 0 nsinit kill KILL alice
	wait_until 10 no_sleep || fail "it goes on"
	[ -n "$(pid_of alice)" ] || fail "the container ended"
	status_is 2 nsinit kill NONESUCH alice
	status_is 2 nsinit kill 0 alice
	status_is 2 nsinit kill RTMIN+99 alice
	status_is 2 nsinit kill RTMINX alice
	status_is 2 nsinit kill 65 alice
	status_is 2 nsinit kill "" alice
	nsinit exec alice -d bash -c 'trap "echo real >> ~/signal" RTMIN+2
		echo ready > ~/signal; while :; do sleep 0.1; done'
	wait_until 10 grep -qs ready /home/alice/signal
	status_is 0 nsinit kill SIGRTMIN+2 alice
	wait_until 10 grep -qs real /home/alice/signal || fail "no signal"
	nsinit kill 9 alice
	nsinit stop alice
	status_is 3 nsinit kill TERM alice
}
no_sleep() {
	[ -z "$(pgrep -u alice)" ]
}

# --- limits, logs

# group CONTROLLER : alice's group, as the host sees it.
group() {
	awk -v c="$1" '$1 ~ /^[sg]$/ && ("," $2 ",") ~ "," c "," {
		print $3; exit }' "$RUN/alice/current/cgroup"
}
limit() {
	local file

	for file in "$(group pids)/pids.max" "$(group memory)/memory.max" \
		"$(group memory)/memory.limit_in_bytes"; do
		case $file in
		*/$1*) [ ! -e "$file" ] || cat "$file" ;;
		esac
	done
}
stale() {
	nsinit list --json alice | jq -r '.why // "no"'
}

updated() {
	local controller

	fresh '{"rootfs": "/", "cgroups": {"pids": 100, "memory": "512M"}}'
	for controller in pids memory; do
		[ -n "$(group "$controller")" ] || skip "cgroup: no $controller"
	done
	equal "before" "100 536870912" "$(limit pids) $(limit memory)"
	equal "not stale" no "$(stale)"
	status_is 0 nsinit update alice --pids 50 --memory 2G
	equal "raised and lowered" "50 2147483648" \
		"$(limit pids) $(limit memory)"
	equal "why" "nsinit update has set pids=50 memory=2G" "$(stale)"
	contains "it says so" "nsinit update has set" "$(cat "$OUT/stdout")"
	contains "list --why" "nsinit update has set" "$(nsinit list --why)"
	status_is 0 nsinit update --memory 256M alice
	equal "lowered" 268435456 "$(limit memory)"
	# It holds: alice's processes meet it.
	status_is 0 nsinit update --pids 12 alice
	contains "processes" 'fork' "$(ex alice sh -c \
		'for i in $(seq 30); do sleep 5 & done' 2>&1)"
	# The file stays the truth, now and for the next container.
	status_is 0 nsinit update --from-file alice
	equal "as the file" "100 536870912" "$(limit pids) $(limit memory)"
	equal "not stale any more" no "$(stale)"
	config alice '{"rootfs": "/", "hostname": "other",
		"cgroups": {"pids": 70, "memory": "300M"}}'
	status_is 0 nsinit update alice --from-file
	equal "a changed file" "70 314572800" "$(limit pids) $(limit memory)"
	contains "the rest" "container.json or its seccomp profile" "$(stale)"
	nsinit update alice --pids 30
	status_is 0 nsinit start --replace alice
	equal "a new container" "70 no" "$(limit pids) $(stale)"
}
update_refused() {
	fresh
	status_is 2 nsinit update alice
	status_is 2 nsinit update alice --pids 5 --from-file
	status_is 1 nsinit update alice --pids many
	contains "a number" "pids: 'many': expected a number" \
		"$(cat "$OUT/stderr")"
	status_is 1 nsinit update alice --memory 1
	status_is 2 nsinit list --pids 5
	equal "nothing changed" no "$(stale)"
	echo '{"rootfs": 5}' > "$CONF/users/alice/container.json"
	status_is 1 nsinit update alice --pids 5
	nsinit stop alice
	fresh
	nsinit stop alice
	status_is 3 nsinit update alice --pids 5
}

# The monitor and the next login have the new lifecycle at once.
updated_lifecycle() {
	local pid

	clean_slate
	config alice "$JSON"
	hold alice
	pid=$(pid_of alice)
	status_is 0 nsinit update alice --max-sessions 1
	contains "it says so" "nsinit update has set max_sessions=1" \
		"$(cat "$OUT/stdout")"
	nssh alice true > "$OUT/text" 2>&1 && fail "a second session"
	status_is 0 nsinit update alice --max-sessions 5 --stop never
	status_is 0 nssh alice true
	# The container of a login ends no more with its last session ...
	release
	wait_until 10 ended_sessions || fail "the session is still there"
	sleep 1.5
	equal "the container stays" "$pid" "$(pid_of alice)"
	# ... until it may again.
	status_is 0 nsinit update alice --stop logout
	wait_until 10 no_container alice || fail "the container stays"
	hold alice
	status_is 0 nsinit update alice --idle-timeout 1
	wait_until 20 gone "$HOLDER" || fail "an idle session goes on"
	wait_until 10 no_container alice || fail "the container stays"
	hold alice
	config alice '{"rootfs": "/", "lifecycle": {"max_lifetime": 1}}'
	status_is 0 nsinit update alice --from-file
	wait_until 20 gone "$HOLDER" || fail "the container goes on"
	clean_slate
	fresh
	status_is 1 nsinit update alice --stop later
	contains "a choice" "stop: 'later': expected empty, logout or never" \
		"$(cat "$OUT/stderr")"
	status_is 1 nsinit update alice --linger -1
	contains "a number" "linger: '-1': expected a number" \
		"$(cat "$OUT/stderr")"
	equal "nothing changed" no "$(stale)"
	# What an administrator has started stays until it is stopped.
	status_is 0 nsinit update alice --stop logout
	nssh alice true
	sleep 1.5
	[ -n "$(pid_of alice)" ] || fail "the container has ended"
	clean_slate
}
ended_sessions() {
	[ "$(count_sessions alice)" -eq 0 ]
}
gone() {
	! kill -0 "$1" 2> /dev/null
}

# Refused logins have cause, time and service; nobody fills the log with them.
logged_refusals() {
	local log=/var/log/nscontainer/sessions now i

	clean_slate
	rm -f "$log"
	config alice '{"rootfs": "/none"}'
	config bob '{"rootfs": "/none"}'
	su alice -c true > /dev/null 2>&1 && fail "not refused"
	wait_until 5 grep -qs refused "$log" || fail "no line"
	status_is 0 nsinit logs
	contains "logs" "alice su refused (configuration): " \
		"$(cat "$OUT/stdout")"
	contains "the reason" "rootfs '/none'" "$(cat "$OUT/stdout")"
	status_is 0 nsinit logs --json alice
	equal "logs --json" "refused alice su configuration true" \
		"$(jq -r '[.event, .user, .service, .cause,
			(now - .at < 60)] | join(" ")' "$OUT/stdout")"
	status_is 0 nsinit last
	lacks "last" refused "$(cat "$OUT/stdout")"
	now=$(date +%s)
	for ((i = 0; i < 40; i++)); do
		echo "event=refused at=$now user=\"alice\" service=\"su\"" \
			"cause=limit error=\"x\""
	done >> "$log"
	su alice -c true > /dev/null 2>&1 && fail "not refused"
	su bob -c true > /dev/null 2>&1 && fail "not refused"
	wait_until 5 grep -q 'user="bob"' "$log" || fail "no line of bob"
	equal "lines of alice" 41 "$(grep -c 'user="alice"' "$log")"
	# An hour later.
	sed -i "s/at=$now /at=$((now - 4000)) /" "$log"
	su alice -c true > /dev/null 2>&1 && fail "not refused"
	wait_until 5 lines_of_alice 42 || fail "no line" "$(cat "$log")"
	rm -f "$log"
	clean_slate
}
lines_of_alice() {
	[ "$(grep -c 'user="alice"' /var/log/nscontainer/sessions)" -eq "$1" ]
}

logged_sessions() {
	local pid

	fresh
	nssh alice exit 3
	ex alice sh -c 'exit 5'
	nsinit exec alice -d sleep 77
	wait_until 5 grep -q nsinit-exec <(nsinit ps alice)
	nsinit logs alice > "$OUT/logs"
	contains "a login" "alice sshd" "$(grep 'from 127.0.0.1.*opened' \
		"$OUT/logs")"
	contains "its end" "after 00:00:0" "$(grep 'nsinit-exec' "$OUT/logs")"
	# The newest is last, and new ones come while it runs.
	timeout 30 nsinit logs -f alice > "$OUT/follow" &
	pid=$!
	wait_until 10 grep -q sshd "$OUT/follow"
	lacks "the others" carol "$(cat "$OUT/follow")"
	exec=$(nsinit ps --json alice |
		jq -r 'select(.service == "nsinit-exec").pid')
	wait_until 10 grep -q "nsinit-exec $exec .*opened" "$OUT/follow" ||
		fail "it is not there"
	grep -q "nsinit-exec $exec .*after" "$OUT/follow" && fail "it ended"
	nsinit kill KILL alice
	wait_until 10 grep -q "nsinit-exec $exec .*killed by signal 9.*after" \
		"$OUT/follow" || fail "nothing follows"
	kill "$pid"
	equal "each once" "" "$(sort "$OUT/follow" | uniq -d)"
}

# --- ambient capabilities, by each door

# caps DOOR : what alice's command has, effective and ambient.
CAPS='grep -E "^Cap(Eff|Amb)" /proc/self/status | cut -f 2 | xargs'
ambient() {
	local door

	for door in exec nsshell ssh "su -" "sudo -i"; do
		case $door in
		exec) nsinit exec alice sh -c "$1" ;;
		nsshell) setpriv --reuid=alice --regid=alice --init-groups \
			/usr/bin/nsshell -c "$1" ;;
		ssh) nssh alice "$1" ;;
		"su -") timeout 20 su - alice -c "$1" ;;
		"sudo -i") timeout 20 sudo -n -i -u alice sh -c "$1" ;;
		esac 2>&1 | sed "s/^/$door: /"
	done
}
PORT='python3 /usr/local/share/nsc-port.py'
cat > /usr/local/share/nsc-port.py <<'END'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", 80))
    print("listens")
except OSError as e:
    print("errno", e.errno)
END
ambient_doors() {
	need_product
	pam_enable sudo sudo-i
	usermod -s /usr/bin/nsshell alice
	grep -q /usr/bin/nsshell /etc/shells || echo /usr/bin/nsshell >> /etc/shells
	fresh '{"rootfs": "/", "ambient": ["NET_BIND_SERVICE"]}'
	hold alice
	equal "each door has it" 5 "$(ambient "$CAPS" |
		grep -c ': 0000000000000400 0000000000000400$')"
	equal "each door listens on port 80" 5 \
		"$(ambient "$PORT" | grep -c listens)"
	# Only what the key names, and only the container's.
	equal "others" 5 "$(ambient 'chown root /home/alice/.hushlogin 2> \
		/dev/null || echo refused' | grep -c refused)"
	release
	# The control.
	fresh '{"rootfs": "/"}'
	hold alice
	equal "without the key" 5 "$(ambient "$CAPS" |
		grep -c ': 0000000000000000 0000000000000000$')"
	equal "without the key" 5 "$(ambient "$PORT" | grep -c 'errno 13')"
	release
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

# What alice may leave in the place of a file that root fetches.
out_of() {
	own
	echo secret > "$TOP/secret"
	chmod 0600 "$TOP/secret"
	ex alice sh -c "mkdir ~/d; cd ~/d; ln -s $TOP/secret link
		ln -s /etc/shadow shadow; mkfifo fifo
		echo good > good; cp /bin/busybox suid; chmod 6755 suid
		ln -s / root; echo x > '\$(reboot)'; mkdir -m 0777 open"
	as_root_inside sh -c 'cd /home/alice/d; mknod device c 1 3
		chmod 4755 suid' 2> /dev/null
	mkdir "$OUT/got"
	SECONDS=0
	status_is 1 cp_ alice:d "$OUT/got"
	[ "$SECONDS" -lt 10 ] || fail "it waits"
	contains "what is left out" "4 entries are left out; the first: '" \
		"$(cat "$OUT/stderr")"
	equal "what came" "\$(reboot) good open suid" \
		"$(cd "$OUT/got/d" && echo *)"
	equal "modes" "755 755" "$(stat -c %a "$OUT/got/d/suid" \
		"$OUT/got/d/open" | xargs)"
	equal "owners" 0 "$(stat -c %u "$OUT/got/d/suid")"
	# A directory that was there keeps its mode.
	mkdir -p "$OUT/there/d"
	chmod 0700 "$OUT/there/d"
	cp_ alice:d "$OUT/there" 2> /dev/null
	equal "a directory of root's" "700 good" \
		"$(stat -c %a "$OUT/there/d") $(cat "$OUT/there/d/good")"
	# A link as the path itself is followed inside, by alice.
	status_is 1 cp_ alice:d/link "$OUT/got/link"
	status_is 1 cp_ alice:d/fifo "$OUT/got/fifo"
	[ ! -e "$OUT/got/link" ] || fail "root's file was read"
}

# Stopped and continued, as ^Z and a pause do it, and over what is there.
copies_again() {
	local i pid

	own
	head -c 100000000 /dev/urandom > "$OUT/large"
	mkdir "$OUT/tree"
	ln -s one "$OUT/tree/link"
	echo text > "$OUT/tree/name"
	cp_ "$OUT/large" alice:large &
	pid=$!
	for ((i = 0; i < 20; i++)); do
		pkill -STOP -P "$pid"
		sleep 0.02
		pkill -CONT -P "$pid"
		sleep 0.01
	done
	wait "$pid" || fail "status $?"
	cmp "$OUT/large" /home/alice/large || fail "another content"
	rm -f /home/alice/large
	status_is 0 cp_ "$OUT/tree" alice:
	ln -sf two "$OUT/tree/link"
	rm "$OUT/tree/name"
	ln -s three "$OUT/tree/name"
	status_is 0 cp_ "$OUT/tree" alice:
	equal "links" "two three" "$(ex alice sh -c \
		'readlink tree/link; readlink tree/name' | xargs)"
	ex alice sh -c 'echo x > mode; chmod 0666 mode'
	(umask 077; cp_ alice:mode "$OUT/mode")
	equal "as the umask allows" 600 "$(stat -c %a "$OUT/mode")"
	ex alice sh -c 'rm tree/link; mkdir tree/link'
	status_is 1 cp_ "$OUT/tree" alice:
	contains "a directory in its place" "make the link 'link'" \
		"$(cat "$OUT/stderr")"
}

# A path of the container leads nowhere on the host.
into() {
	own
	mkdir -p "$TOP/target"
	echo x > "$OUT/x"
	ex alice sh -c "ln -s $TOP/target ~/dir; ln -s /etc/passwd ~/file
		mkdir ~/d; ln -s $TOP/target ~/d/x"
	status_is 1 cp_ "$OUT/x" alice:dir/x
	cp_ "$OUT/x" alice:file 2> /dev/null
	equal "the host's passwd" "root" "$(head -c 4 /etc/passwd)"
	mkdir -p "$OUT/d/x"
	echo y > "$OUT/d/x/y"
	status_is 1 cp_ "$OUT/d" alice:
	[ -z "$(ls "$TOP/target")" ] || fail "written on the host"
	# A file of the host that is also alice's is replaced, not written to.
	ex alice sh -c 'echo mine > ~/one; ln ~/one ~/two'
	status_is 0 cp_ "$OUT/x" alice:one
	equal "the other name" mine "$(ex alice cat two)"
	# A limit of the container holds for what is copied into it.
	fresh '{"rootfs": "/", "mounts": [{"type": "tmpfs", "size": "1m",
		"destination": "/mnt/small", "mode": "1777"}]}'
	head -c 3000000 /dev/zero | tr '\0' x > "$OUT/large"
	status_is 1 cp_ "$OUT/large" alice:/mnt/small/large
	contains "full" "No space left" "$(cat "$OUT/stderr")"
	equal "nothing is left" "" "$(ex alice ls -A /mnt/small)"
}

t "nsinit exec USER runs a command, or a shell" as_user
t "nsinit exec --user" as_others
t "nsinit exec --env and --cwd" settings
t "nsinit exec --detach" detached
t "nsinit exec --start" started
t "nsinit exec in a directory" directory
t "nsinit enter" entered
t "nsinit cp" copied
t "nsinit cp says what it cannot copy" cp_refused
t "nsinit kill" signalled
t "nsinit update" updated
t "nsinit update refuses what it cannot set" update_refused
t "nsinit update changes the lifecycle" updated_lifecycle
t "nsinit logs has refused logins, and not too many" logged_refusals
t "nsinit logs" logged_sessions
t "nsinit cp goes on after a stop, and replaces links" copies_again
t "B2 nothing but files comes out" out_of
t "B2 no path inside leads root anywhere" into
t "B1 what the container replaced runs inside" replaced
t "B1 a terminal of the caller's is out of reach" terminal
t "J7 ambient capabilities by each door" ambient_doors
t "B1 passwd of the container holds nobody up" passwd_inside
cd /
clean_slate
