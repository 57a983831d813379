#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every kind of SSH session lands in the container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

EXTERNAL=2222
pam_enable sshd
config alice '{"rootfs": "/"}'
config bob '{"rootfs": "/"}'
sshd_start 22 -o Subsystem=sftp\ internal-sftp
sshd_start "$EXTERNAL" -o Subsystem=sftp\ /usr/lib/openssh/sftp-server

command_lands() {
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails"
	landed_inside "$OUT/ns" alice
}

pty_lands() {
	nssh alice -tt "$NS_COMMAND" > "$OUT/ns" || fail "ssh -tt fails"
	landed_inside "$OUT/ns" alice
}

shell_lands() {
	nssh alice -T <<< "$NS_COMMAND" > "$OUT/ns" || fail "ssh -T fails"
	landed_inside "$OUT/ns" alice
}

terminal_is_ours() {
	local tty owner device

	nssh alice -tt 'tty; stat -c "%U %a" "$(tty)"; stat -c %d "$(tty)"' \
		> "$OUT/text" || fail "ssh -tt fails"
	{ read -r tty; read -r owner; read -r device; } \
		< <(tr -d '\r' < "$OUT/text")
	case $tty in
	/dev/pts/[0-9]*) ;;
	*) fail "tty prints '$tty'" "$(cat "$OUT/text")" ;;
	esac
	equal "owner and mode of the terminal" "alice 620" "$owner"
	[ -n "$PLAIN" ] || differ "file systems of the terminal and of the \
host's /dev/pts" "$(stat -c %d /dev/pts)" "$device"
}

interactive_shell() {
	shell_dialogue 'send "stty size; tty\r"
		expect "/dev/pts/" {} default { exit 11 }'
	lacks "job control" "no job control" "$(cat "$OUT/text")"
}

exit_status() {
	status_is 7 nssh alice 'exit 7'
	status_is 0 nssh alice true
	status_is 7 nssh alice -tt 'exit 7'
}

death_by_signal() {
	status_is 255 nssh alice 'kill -TERM $$'
	timeout 30 ssh -o LogLevel=DEBUG "${SSH_OPTIONS[@]}" alice@127.0.0.1 \
		'kill -KILL $$' > "$OUT/v" 2>&1
	contains "the client hears the signal" "exit-signal" "$(cat "$OUT/v")"
}

stdin_is_binary() {
	head -c 300000 /dev/urandom > "$OUT/sent"
	nssh alice cat < "$OUT/sent" > "$OUT/back" || fail "ssh cat fails"
	cmp "$OUT/sent" "$OUT/back" || fail "the bytes came back changed"
}

# /tmp is the container's own: a file there that the host lacks is the proof.
same_file() {
	[ -n "$PLAIN" ] || [ ! -e "$1" ] || fail "$1 is on the host"
	nssh alice "cat $1; rm -f $1" > "$OUT/back" || fail "no $1 inside"
	cmp "$OUT/file" "$OUT/back" || fail "$1 differs"
}

copy() {
	local port=$1

	shift
	hold alice
	head -c 100000 /dev/urandom > "$OUT/file"
	timeout 30 scp "$@" -q "${SSH_OPTIONS[@]}" -P "$port" "$OUT/file" \
		alice@127.0.0.1:/tmp/copied || fail "scp fails"
	same_file /tmp/copied
	release
}

scp_back() {
	hold alice
	nssh alice 'echo from inside > /tmp/back' || fail "ssh fails"
	[ -n "$PLAIN" ] || [ ! -e /tmp/back ] || fail "it is on the host"
	timeout 30 scp -q "${SSH_OPTIONS[@]}" alice@127.0.0.1:/tmp/back \
		"$OUT/back" || fail "scp fails"
	equal "text" "from inside" "$(cat "$OUT/back")"
	release
}

sftp_batch() {
	hold alice
	head -c 100000 /dev/urandom > "$OUT/file"
	printf 'put %s /tmp/sftp\nls -l /tmp/sftp\n' "$OUT/file" |
		timeout 30 sftp -q "${SSH_OPTIONS[@]}" -P "$1" -b - \
		alice@127.0.0.1 || fail "sftp fails"
	same_file /tmp/sftp
	release
}

rsync_copies() {
	hold alice
	mkdir "$OUT/tree"
	head -c 50000 /dev/urandom > "$OUT/file"
	cp "$OUT/file" "$OUT/tree/one"
	timeout 30 rsync -a -e "ssh ${SSH_OPTIONS[*]}" "$OUT/tree/" \
		alice@127.0.0.1:/tmp/tree/ || fail "rsync fails"
	same_file /tmp/tree/one
	release
}

agent() {
	eval "$(ssh-agent -s)" > /dev/null
	ssh-add -q "$KEY"
	nssh_with -A -l alice 127.0.0.1 "ssh-add -l; $NS_COMMAND" > "$OUT/text"
	ssh-agent -k > /dev/null
	contains "ssh-add -l inside" "ED25519" "$(cat "$OUT/text")"
	landed_inside "$OUT/text" alice
}

# forward_local: a program listens inside, on the container's loopback.
forward_local() {
	local text

	timeout 30 ssh "${SSH_OPTIONS[@]}" -n -l alice 127.0.0.1 \
		'exec socat TCP-LISTEN:7777,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:echo here; readlink /proc/self/ns/net"' &
	# shellcheck disable=SC2034 # for release
	HOLDER=$!
	timeout 30 ssh "${SSH_OPTIONS[@]}" -N -L 8888:127.0.0.1:7777 \
		-l alice 127.0.0.1 &
	FORWARDER=$!
	answers() {
		timeout 10 socat -u TCP:127.0.0.1:8888 - > "$OUT/text" \
			2> /dev/null && [ -s "$OUT/text" ]
	}
	wait_until 10 answers || fail "no answer through -L"
	kill "$FORWARDER"
	release
	pkill -u alice socat
	text=$(cat "$OUT/text")
	contains "answer through -L" "here" "$text"
	[ -n "$PLAIN" ] && return
	lacks "network of the answer" "$(ns_of self net)" "$text"
}

forward_remote() {
	local listener session

	socat TCP-LISTEN:9999,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:echo outside" &
	listener=$!
	wait_until 5 listening 9999 2> /dev/null
	nssh_with -n -R 6666:127.0.0.1:9999 -l alice 127.0.0.1 \
		'sleep 0.3; cat < /dev/tcp/127.0.0.1/6666; sleep 1' \
		> "$OUT/text" &
	session=$!
	wait_until 5 grep -qs outside "$OUT/text"
	[ -n "$PLAIN" ] || not_listening 6666 ||
		fail "the port is open on the host too"
	wait "$session" || fail "cannot connect to the forwarded port inside"
	kill "$listener"
	equal "answer through -R" "outside" "$(cat "$OUT/text")"
}

not_listening() {
	! listening "$1" 2> /dev/null
}

multiplexed() {
	local i control=(-o "ControlPath=$OUT/control")

	nssh_with "${control[@]}" -M -N -f -l alice 127.0.0.1 ||
		fail "the master fails"
	for i in 1 2 3 4 5; do
		nssh_with "${control[@]}" -l alice 127.0.0.1 "$NS_COMMAND" \
			> "$OUT/ns.$i" &
	done
	for i in 1 2 3 4 5; do
		wait "%$i" || fail "session $i fails"
	done
	for i in 1 2 3 4 5; do
		landed_inside "$OUT/ns.$i" alice
	done
	nssh_with "${control[@]}" -O exit 127.0.0.1 2> /dev/null
}

two_users() {
	local user

	rm -f /home/alice/go /home/bob/go
	for user in alice bob; do
		nssh "$user" "$NS_COMMAND; $STAY" > "$OUT/$user" &
		wait_until 20 grep -qs 'ns cgroup' "$OUT/$user" ||
			fail "no session of $user"
	done
	landed_inside "$OUT/alice" alice
	landed_inside "$OUT/bob" bob
	[ -n "$PLAIN" ] || differ "containers of alice and bob" \
		"$(grep 'ns mnt' "$OUT/alice")" "$(grep 'ns mnt' "$OUT/bob")"
	touch /home/alice/go /home/bob/go
	wait
}

second_login_joins() {
	need_product
	clean_slate
	hold alice
	nssh alice "$NS_COMMAND" > "$OUT/one"
	nssh alice "$NS_COMMAND" > "$OUT/two"
	cmp "$OUT/one" "$OUT/two" || fail "two logins, two containers"
	equal "containers" 1 "$(count_inits)"
	release
}

# Through alice to bob; control: a container with a network of its own reaches
# only its own loopback.
jump() {
	nssh_with -o "ProxyCommand=timeout 30 ssh ${SSH_OPTIONS[*]} -W %h:%p \
alice@127.0.0.1" bob@127.0.0.1 "$NS_COMMAND"
}
bastion() {
	clean_slate
	[ -n "$PLAIN" ] || ! jump > /dev/null 2>&1 ||
		fail "the jump leaves a network of its own"
	clean_slate
	config alice '{"rootfs": "/", "home": "none", "readonly_fs": true,
		"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUSER": true,
		"NEWUTS": true, "NEWIPC": true, "NEWCGROUP": true}}'
	jump > "$OUT/ns" || fail "the jump fails" "$(cat "$OUT/ns")"
	landed_inside "$OUT/ns" bob
	[ -n "$PLAIN" ] || [ -n "$(pid_of alice)" ] ||
		fail "the jump did not go through alice's container"
	config alice '{"rootfs": "/"}'
	clean_slate
}

password_login() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho {*}$argv
	expect "assword:" {} default { exit 10 }
	send "secret-alice\r"
	expect eof {} default { exit 11 }
	lassign [wait] pid id os status
	exit $status
	END
	expect -f "$OUT/dialogue" -- ssh -F none -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o PubkeyAuthentication=no alice@127.0.0.1 "$NS_COMMAND" \
		> "$OUT/ns" || fail "status $?" "$(cat "$OUT/ns")"
	landed_inside "$OUT/ns" alice
}

# What sshd counts against the address of a client, from OpenSSH 9.8 on: a
# login that the module refuses is none of it, or one user's wrong
# configuration would lock out everybody behind the address.
counts() {
	local pid

	/usr/sbin/sshd -T -f /dev/null -o PerSourcePenalties=no \
		-o HostKey=/etc/ssh/ssh_host_ed25519_key > /dev/null 2>&1 ||
		skip "unsupported: sshd knows no PerSourcePenalties"
	# A connection that says nothing counts as well.
	listening() { [ -n "$(ss -Hltn "sport = :$1")" ]; }
	sshd_start 2322 -o "PerSourcePenalties=crash:600 authfail:600 \
noauth:600 grace-exceeded:600 min:1"
	# shellcheck disable=SC2034 # for nssh
	SSHD_PORT=2322
	pid=$(< /run/sshd-2322.pid)
	idle() { ! pgrep -P "$pid" > /dev/null; }
	locked_out() { ! nssh bob true 2> /dev/null; }
	config alice '{"rootfs": "/nowhere"}'
	for _ in 1 2 3; do
		status_is 254 nssh alice true
	done
	logged "/nowhere"
	wait_until 10 idle || fail "sshd has children"
	nssh bob true || fail "bob cannot log in"
	status_is 255 nssh nobody-here true
	wait_until 10 locked_out || fail "a failed login is not counted"
	config alice '{"rootfs": "/"}'
	kill "$pid"
}

# landed_inside needs the pid: the container must not end before the
# comparison.
conf 'linger = 30;'
t "an ssh command lands in the container" command_lands
t "an ssh session with a pty lands in the container" pty_lands
t "an ssh shell without a pty lands in the container" shell_lands
t "an ssh login with a password lands in the container" password_login
t "tty names a terminal of the container that the user owns" terminal_is_ours
t "an interactive shell has job control and ends with its status" \
	interactive_shell
t "an ssh command's exit status comes back" exit_status
t "an ssh command's death by signal comes back" death_by_signal
t "an ssh command's input and output are unchanged bytes" stdin_is_binary
t "scp -O copies into the container" copy 22 -O
t "J11 scp over internal-sftp copies into the container" copy 22
t "scp over an external sftp-server copies into the container" \
	copy "$EXTERNAL"
t "scp copies out of the container" scp_back
t "J11 sftp with internal-sftp works in the container" sftp_batch 22
t "sftp with an external server works in the container" \
	sftp_batch "$EXTERNAL"
t "rsync copies into the container" rsync_copies
t "J11 ssh -A makes the agent usable inside" agent
t "J11 ssh -L reaches the container's loopback" forward_local
t "J11 ssh -R listens on the container's loopback" forward_remote
t "several sessions of one ssh connection are in one container" multiplexed
t "two users are in two containers" two_users
t "a second login joins the running container" second_login_joins
t "ssh -J goes through a bastion user's container" bastion
t "a login that is refused counts as no penalty of sshd" counts
