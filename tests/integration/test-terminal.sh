#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Terminals by each door: the container has its own, and so has the host.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l sudo sudo-i login
config alice '{"rootfs": "/"}'
conf 'linger = 3;'
cp "$TESTS/terminals" /usr/bin/
echo 'carol ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/carol
chmod 0440 /etc/sudoers.d/carol
chmod 0666 /dev/tty
BOX=/srv/box
mkdir -p "$BOX"
echo '{"rootfs": "/"}' > "$BOX/container.json"
EXEC="nsinit exec --root $BOX"

# The terminal's name leads to it, and its owner is the user of the session.
NAMED='n=$(tty) && [ "$(stat -c %d:%i "$n")" = "$(stat -Lc %d:%i '\
'/proc/self/fd/0)" ] && echo "named $n $(stat -c %U "$n")"; '\
'[ -d /dev/.nscontainer ] && echo inside; : > /dev/tty && echo controlling'

printf '%s\n' '#!/bin/sh' "$NAMED" > /usr/bin/nsc-named
chmod 0755 /usr/bin/nsc-named

# talk SCRIPT : runs an expect script; its output is in $OUT/talk.
talk() {
	{
		echo "set timeout ${TALK-20}"
		cat <<-'END'
		proc check {code pattern} {
			expect {
				-re $pattern {}
				timeout { exit $code }
				eof { exit $code }
			}
		}
		# Repeats until it works: the receiver may not be in the
		# foreground yet.
		proc press {key pattern} {
			for {set i 0} {$i < 20} {incr i} {
				send $key
				expect -timeout 1 -re $pattern return
			}
			exit 93
		}
		# A shell of root on a terminal of the host.
		proc outer {} {
			global spawn_id spawn_out
			spawn -noecho bash --norc --noprofile
			stty rows 33 columns 101 < $spawn_out(slave,name)
			send "PS1=out\"\"er\\>\r"
			check 90 "outer>"
		}
		# Starts an inner shell from there by a command.
		proc inner {command} {
			send "$command\r"
			check 91 "\\$ $"
			send "PS1=inn\"\"er\\>\r"
			check 92 "inner>"
		}
		END
		printf '%s\n' "$1"
	} > "$OUT/script"
	export OUT
	timeout -k 1 "$((${TALK-20} * 5))" expect -f "$OUT/script" \
		> "$OUT/talk" 2>&1 ||
		fail "dialogue: status $?" "$(tr -d '\r' < "$OUT/talk" | cat -v)"
}

# named WHAT COMMAND [controlling]
named() {
	on_terminal "$2" > "$OUT/text"
	contains "$1" "named /dev/pts/" "$(cat "$OUT/text")"
	contains "$1" "inside" "$(cat "$OUT/text")"
	[ -z "${3-}" ] || contains "$1" "$3" "$(cat "$OUT/text")"
}

names() {
	need_product
	named "su -c" "su alice -c nsc-named"
	named "su - -c" "su - alice -c nsc-named"
	named "su" "su alice -s /usr/bin/nsc-named" controlling
	named "su --pty" "su --pty alice -c nsc-named" controlling
	named "sudo -u" "sudo -u alice nsc-named" controlling
	named "sudo -i" "sudo -i -u alice nsc-named" controlling
	echo 'Defaults !use_pty' > /etc/sudoers.d/no-pty
	named "sudo -u without use_pty" "sudo -u alice nsc-named" controlling
	named "sudo -i without use_pty" "sudo -i -u alice nsc-named" \
		controlling
	rm /etc/sudoers.d/no-pty
	named "nsinit exec" "$EXEC nsc-named" controlling
	named "nsinit exec --no-tty" "$EXEC --no-tty nsc-named" controlling
	equal "nsinit exec, 0 and 2" "0 2 /dev/pts/0" "$(on_terminal "$EXEC sh \
		-c 'for i in 0 1 2; do test -t \$i && echo \$i; done; tty' |
		cat" | xargs)"
}

# Input that ends before the session begins: script types the key for it while
# the terminal still has lines.  carol has no container.
typed_ahead() {
	local user door

	need_product
	for door in "su" "su -" "su -l -s /bin/sh"; do
		for user in carol alice; do
			timeout 20 script -qec "$door $user -c 'cat; echo over'" \
				/dev/null < /dev/null > "$OUT/$user" ||
				fail "$door: status $?" "$(cat "$OUT/$user")"
		done
		equal "$door" "$(od -c < "$OUT/carol")" \
			"$(od -c < "$OUT/alice")"
		equal "$door" $'over\r' "$(cat "$OUT/alice")"
	done
	timeout 20 script -qec "$EXEC sh -c 'cat; echo over'" /dev/null \
		< /dev/null > "$OUT/exec" || fail "nsinit exec: status $?"
	equal "nsinit exec" $'over\r' "$(cat "$OUT/exec")"
}

# Without a user namespace, and with other keys that change the way inside.
other_containers() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "namespaces": {"NEWNS": true,
		"NEWPID": true}}'
	named "no user namespace" "su - alice -c nsc-named"
	named "no user namespace" "sudo -u alice nsc-named" controlling
	interactive "su - alice"
	clean_slate
	config alice '{"rootfs": "/", "no_new_privs": true}'
	named "no_new_privs" "su - alice -c nsc-named"
	clean_slate
	config alice '{"rootfs": "/"}'
}

# The session ends with the terminal: no process of nscontainer holds the
# container.
session_ends() {
	need_product
	clean_slate
	conf 'stop = "logout"; linger = 0;'
	named "su" "su - alice -c nsc-named"
	wait_until 5 no_container alice || fail "it goes on: $(ps -ef)"
	conf 'linger = 3;'
}

# It has children, which a fork would take away from it.
sshd_foreground() {
	need_product
	pam_enable sshd
	script -qec "/usr/sbin/sshd -d -f /dev/null -p 2299 -o UsePAM=yes \
		-o HostKey=/etc/ssh/ssh_host_ed25519_key -o PidFile=none" \
		/dev/null < /dev/null > "$OUT/sshd" 2>&1 &
	# It serves one connection: no other may be made.
	wait_until 10 grep -qs "Server listening on 0.0.0.0" "$OUT/sshd" ||
		fail "sshd -d does not listen" "$(cat "$OUT/sshd")"
	SSHD_PORT=2299 nssh alice "$NS_COMMAND" > "$OUT/ns" ||
		fail "ssh fails" "$(cat "$OUT/sshd")"
	landed_inside "$OUT/ns" alice
	wait
}

login_names() {
	need_product
	talk '
	spawn -noecho $env(CONSOLE) login
	check 10 "login:"
	send "alice\r"
	check 11 "assword:"
	send "secret-alice\r"
	check 12 "\\$ $"
	send "nsc-named\r"
	check 13 "named /dev/pts/\[0-9\]+ alice\r\ninside\r\ncontrolling"
	send "exit 3\r"
	expect eof {} timeout { exit 14 }
	'
}

# The login shell joins the running container, without the module.
nsshell_names() {
	need_product
	sed -i /pam_container/d /etc/pam.d/*
	usermod -s /usr/bin/nsshell alice
	clean_slate
	nsinit start alice || fail "nsinit start"
	named "su -c, nsshell" "su alice -c nsc-named" controlling
	named "su -, nsshell" "su - alice -c nsc-named" controlling
	named "sudo -i, nsshell" "sudo -i -u alice nsc-named" controlling
	named "nsshell itself" "setpriv --reuid=alice --regid=alice \
		--init-groups nsshell -c nsc-named" controlling
	named "2> and >" "su - alice -c '{ nsc-named; test -t 2 || echo file
		} 2> /dev/null' | cat" file
	equal "status" "st 7" "$(on_terminal \
		'su - alice -c "exit 7"; echo st $?')"
	interactive "su - alice"
	! pushed "su - alice -c nsc-push" ||
		fail "pushed" "$(cat -v "$OUT/talk")"
	nsinit stop alice
}

interactive() {
	need_product
	talk '
	outer
	send "stty -a > $env(OUT)/before\r"
	check 10 "outer>"
	inner "'"$1"'"
	send "tty; stat -c %U \$(tty); id -un\r"
	check 11 "/dev/pts/\[0-9\]+.*alice.*alice.*inner>"
	send "stty size\r"
	check 12 "33 101.*inner>"
	stty rows 44 columns 55 < $spawn_out(slave,name)
	send "stty size; echo si\"\"zed\r"
	check 13 "44 55.*sized.*inner>"
	send "sh -c \"echo sta\\\"\\\"rted; exec sleep 61\"\r"
	check 14 "started"
	press "\003" "inner>"
	send "sh -c \"echo sta\\\"\\\"rted; exec sleep 62\"\r"
	check 15 "started"
	press "\032" "Stopped.*inner>"
	send "bg\r"
	check 16 "\\\[1\\\].*&.*inner>"
	send "fg\r"
	check 17 "sh -c"
	press "\003" "inner>"
	send "stty -echo; echo \"is \$(stty -a | grep -o .echo\\\\b)\"; stty echo\r"
	check 19 "is -echo"
	send "read -s -p \"Pass\"\"word: \" x < /dev/tty; echo \"got \$x.\"\r"
	check 20 "Password: "
	send "secret\r"
	check 21 "got secret\\."
	send "seq 200 | less\r"
	check 22 "\n:"
	send "G"
	check 23 "200"
	send "q"
	check 24 "inner>"
	send "vim -u NONE -N /tmp/text\r"
	sleep 1
	send "ihello there\033:wq\r"
	check 25 "inner>"
	send "cat /tmp/text; rm /tmp/text\r"
	check 26 "hello there"
	send "exit 5\r"
	check 27 "outer>"
	send "echo status \$?; stty rows 33 columns 101; stty -a > $env(OUT)/after\r"
	check 28 "status 5.*outer>"
	'
	cmp "$OUT/before" "$OUT/after" || fail "terminal is not as before" \
		"$(diff "$OUT/before" "$OUT/after")"
}

multiplexers() {
	need_product
	talk '
	outer
	inner "su - alice"
	send "tmux -f /dev/null new-session\r"
	check 10 "\\\[0\\\]|0:"
	send "tty > /tmp/in; stty size >> /tmp/in; tmux wait-for -S x; exit\r"
	check 11 "exited"
	send "cat /tmp/in\r"
	check 12 "/dev/pts/\[0-9\]+\r\n32 101"
	send "mkdir -p -m 700 /tmp/s; SCREENDIR=/tmp/s screen -c /dev/null\r"
	sleep 1
	send "\r"
	sleep 1
	send "PS1=sc\\>; tty > /tmp/in\r"
	check 13 "sc>"
	send "exit\r"
	check 14 "terminating"
	send "cat /tmp/in\r"
	check 15 "/dev/pts/\[0-9\]+"
	send "exit\r"
	check 16 "outer>"
	'
}

# The shell inside suspends itself: the job of the shell outside stops.
suspend() {
	need_product
	talk '
	outer
	inner "su alice"
	send "suspend\r"
	check 10 "Stopped.*outer>"
	send "stty -a\r"
	check 11 " icanon.* echo .*outer>"
	stty rows 21 columns 77 < $spawn_out(slave,name)
	send "fg\r"
	sleep 0.5
	send "stty size\r"
	check 12 "21 77"
	send "exit\r"
	check 13 "outer>"
	send "sudo -u alice vim -u NONE\r"
	sleep 1.5
	send "\032"
	check 14 "Stopped.*outer>"
	send "fg\r"
	sleep 0.5
	send ":q\r"
	check 15 "outer>"
	'
}

background() {
	need_product
	talk '
	outer
	send "su alice -c \"sleep 1; echo from the back; exit 3\" &\r"
	check 10 "outer>"
	send "jobs\r"
	check 11 "Running"
	check 12 "from the back"
	send "wait %1; echo status \$?\r"
	check 13 "status 3"
	send "su alice -c \"read x; echo got \\\$x\" &\r"
	check 14 "outer>"
	sleep 1
	send "echo sti\"\"ll here\r"
	check 15 "still here"
	send "fg\r"
	sleep 1
	send "typed\r"
	check 16 "got typed"
	check 17 "outer>"
	'
}

pipelines() {
	need_product
	equal "su | cat" "1 2 3 pipe" "$(on_terminal \
		'su - alice -c "seq 3; test -t 1 || echo pipe" | cat' | xargs)"
	equal "| su" "x pipe tty" "$(on_terminal \
		'echo x | su alice -c "cat; test -t 0 || echo pipe; test -t 1 &&
		echo tty"' | xargs)"
	equal "2>" "0 1 /dev/pts/0" "$(on_terminal 'su alice -c "for i in 0 1 2
		do test -t \$i && echo \$i; done; tty" 2> /dev/null' | xargs)"
	equal "status" "st 0 7" "$(on_terminal 'true | su alice -c "exit 7" |
		cat; echo st ${PIPESTATUS[0]} ${PIPESTATUS[1]}' | xargs)"
	talk '
	outer
	send "su alice -c \"seq 500\" | less; echo aft\"\"er\r"
	check 10 "\n:"
	send "G"
	check 11 "500"
	send "q"
	check 12 "after.*outer>"
	send "x=\$(su alice -c \"read -p name: n; echo is \\\$n\"); echo \"x \$x\"\r"
	check 13 "name:"
	send "me\r"
	check 14 "x is me.*outer>"
	send "yes | su alice -c \"cat > /dev/null\"; echo aft\"\"er\r"
	sleep 1
	send "\003"
	check 15 "outer>"
	send "seq 500 | sudo -u alice less; echo aft\"\"er\r"
	check 16 "\n:"
	send "q"
	check 17 "after.*outer>"
	'
}

# Descriptors 0 to 2 are not the terminal; the controlling terminal is the
# host's.
controlling() {
	need_product
	echo 'Defaults !use_pty' > /etc/sudoers.d/no-pty
	talk '
	outer
	send "sudo -u alice bash -c \"read -p Pass\\\"\\\"word: x < /dev/tty 2> \
/dev/tty; echo \\\$x\" < /dev/null > $env(OUT)/got 2>&1; echo aft\"\"er\r"
	check 10 "Password:"
	send "secret\r"
	check 11 "after"
	send "sudo -u alice terminals push x < /dev/null 2> /dev/null | cat\r"
	check 12 "did \[01\]"
	send "\025"
	check 13 "outer>"
	'
	rm /etc/sudoers.d/no-pty
	equal "what it read" secret "$(cat "$OUT/got")"
}

# --- hostile

# pushed COMMAND : does the input of nsc-push arrive at the outer shell?
pushed() {
	printf '%s\n' '#!/bin/sh' \
		"exec terminals push 'echo PUS\"\"HED" "'" > /usr/bin/nsc-push
	chmod 0755 /usr/bin/nsc-push
	talk '
	outer
	send "'"$1"'; true\r"
	check 10 "did"
	sleep 1
	send "\r\r"
	check 11 "outer>.*outer>"
	'
	grep -aq PUSHED "$OUT/talk"
}

push() {
	local exec

	need_product
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2> /dev/null)" != 0 ] ||
		skip "tiocsti is switched off by dev.tty.legacy_tiocsti"
	pushed nsc-push || fail "not even on the host" "$(cat -v "$OUT/talk")"
	! pushed "sudo -u alice nsc-push" ||
		fail "sudo" "$(cat -v "$OUT/talk")"
	echo 'Defaults !use_pty' > /etc/sudoers.d/no-pty
	! pushed "sudo -u alice nsc-push" ||
		fail "sudo !use_pty" "$(cat -v "$OUT/talk")"
	rm /etc/sudoers.d/no-pty
	! pushed "su alice -s /usr/bin/nsc-push" ||
		fail "su" "$(cat -v "$OUT/talk")"
	! pushed "su alice -c nsc-push" || fail "su" "$(cat -v "$OUT/talk")"
	for exec in nsc-push "--no-tty nsc-push" "--tty nsc-push" \
			"nsc-push < /dev/null" "nsc-push 2> /dev/null | cat" \
			"nsc-push < /dev/null 2> /dev/null | cat"; do
		! pushed "${exec/#/$EXEC }" ||
			fail "exec: $exec" "$(cat -v "$OUT/talk")"
	done
}

# stolen DOOR : prints the input after its end.
stolen() {
	rm -f "/home/alice/stolen"
	talk '
	outer
	send "'"$1"'; echo aft\"\"er\r"
	check 10 "after"
	sleep 1
	for {set i 0} {$i < 40} {incr i} {
		send "\# my secret $i\r"
		sleep 0.02
	}
	sleep 1
	catch {exec pkill -KILL -x terminals}
	'
	grep -qs secret /home/alice/stolen
}

steal() {
	need_product
	chmod 0777 /home/alice
	stolen "terminals steal /home/alice/stolen" ||
		fail "not even on the host" "$(cat -v "$OUT/talk")"
	! stolen "su alice -c \\\"terminals steal /home/alice/stolen\\\"" ||
		fail "su" "$(cat /home/alice/stolen)"
	! stolen "sudo -u alice terminals steal /home/alice/stolen" ||
		fail "sudo" "$(cat /home/alice/stolen)"
	echo 'Defaults !use_pty' > /etc/sudoers.d/no-pty
	! stolen "sudo -u alice terminals steal /home/alice/stolen" ||
		fail "sudo !use_pty" "$(cat /home/alice/stolen)"
	! stolen "sudo -u alice terminals steal /home/alice/stolen < /dev/null \
> /dev/null 2>&1" || fail "/dev/tty" "$(cat /home/alice/stolen)"
	rm /etc/sudoers.d/no-pty
	chmod 0700 /home/alice
}

# No process inside, of any user, has it among its descriptors.
unreachable() {
	need_product
	config alice '{"rootfs": "/", "capabilities": ["SYS_PTRACE", "KILL",
		"DAC_OVERRIDE", "SETUID", "SETGID", "CHOWN"]}'
	clean_slate
	config bob '{"rootfs": "/"}'
	on_terminal "stat -c 'host %d' /dev/pts; su alice -c 'exec 7>&0
		for f in /proc/[0-9]*/fd/*; do stat -L -c \"%d %n\" \$f
		done 2> /dev/null; stat -c \"own %d\" /dev/pts' 7<> /dev/tty" \
		> "$OUT/text"
	contains "own" "own " "$(cat "$OUT/text")"
	lacks "a terminal of the host inside" \
		"
$(sed -n 's/^.*host //p' "$OUT/text") " "$(cat "$OUT/text")"
	config alice '{"rootfs": "/"}'
	clean_slate
}

# ended NAME KILL : KILL ends it, and the terminal is as before.
ended() {
	echo "$1"
	ENDS=$2 DOOR=$3 talk '
	outer
	send "stty -a > $env(OUT)/before; $env(DOOR)\r"
	check 10 "ready"
	exec bash -c "stty -a < $spawn_out(slave,name) > $env(OUT)/raw"
	exec bash -c $env(ENDS)
	check 12 "outer>"
	send "stty -a > $env(OUT)/after; echo fin\"\"ished\r"
	check 13 "finished"
	'
	contains "while it ran" "-icanon" "$(cat "$OUT/raw")"
	cmp "$OUT/before" "$OUT/after" || fail "$1: terminal is not as before" \
		"$(diff "$OUT/before" "$OUT/after")"
	sleep_gone() { ! pgrep -f 'sleep 6[3]' > /dev/null; }
	wait_until 5 sleep_gone || fail "$1: it goes on: $(ps -ef)"
}

restored() {
	need_product
	local su='su alice -c "echo re\"\"ady; exec sleep 63"' signal

	for signal in KILL TERM INT; do
		ended "relay SIG$signal" \
			"kill -$signal \$(pgrep -o -x su)" "$su"
	done
	# The command of su is then hung up, see on_disconnect.
	ended "su SIGKILL" "kill -KILL \$(pgrep -n -x su)" "$su"
	ended "the program" "pkill -KILL -f 'sleep 6[3]'" "$su"
	ended "the container" "kill -KILL \$(cat $RUN/alice/pid)" "$su"
}

hang_up() {
	need_product
	talk '
	spawn -noecho su alice -s /bin/bash
	check 10 "\\$ $"
	send "bash -c \"trap \\\"echo hup > /home/alice/hup; exit\\\" HUP; \
echo re\"\"ady; while :; do sleep 0.1; done\"\r"
	check 11 "ready"
	close
	wait
	'
	heard() { [ -s /home/alice/hup ]; }
	wait_until 5 heard || fail "the program inside was not told"
	none() { ! pgrep -x su > /dev/null; }
	wait_until 5 none || fail "su goes on" "$(ps -ef)"
}

# After a failure past the fork the login stays where it was.
refused() {
	need_product
	conf 'on_error = "host";'
	config alice '{"rootfs": "/", "seccomp": "unconfined",
		"capabilities": ["SYS_ADMIN", "DAC_OVERRIDE"]}'
	clean_slate
	nsinit start alice || fail "nsinit start"
	nsenter -t "$(pid_of alice)" -m mount -t tmpfs x /dev/pts
	talk '
	outer
	send "stty -a > $env(OUT)/before; su alice -c \"tty; exit 3\"; echo st \$?\r"
	check 10 "st 3"
	send "stty -a > $env(OUT)/after; jobs; echo fin\"\"ished\r"
	check 11 "finished"
	'
	clean_slate
	config alice '{"rootfs": "/"}'
	conf 'linger = 3;'
}

# The same after the program forked, which the trial did not cover.
refused_late() {
	need_product
	conf 'on_error = "host";'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
		["setsid"], "action": "SCMP_ACT_ERRNO"}]}' \
		> "$CONF/profile.json"
	clean_slate
	config alice "{\"rootfs\": \"/\", \"seccomp\": \"$CONF/profile.json\"}"
	talk '
	outer
	send "stty -a > $env(OUT)/before; tty > $env(OUT)/tty\r"
	check 10 "outer>"
	send "su alice -c \"ls -d /dev/.nscontainer; tty; exit 3\"; echo st \$?\r"
	check 11 "cannot access.*/dev/pts.*st 3.*outer>"
	send "stty -a > $env(OUT)/after; jobs; echo fin\"\"ished\r"
	check 12 "finished"
	'
	contains "the terminal" "$(cat "$OUT/tty")" "$(cat "$OUT/talk")"
	cmp "$OUT/before" "$OUT/after" || fail "terminal is not as before"
	logged "terminal: make it the controlling one"
	empty "processes" "$(pgrep -x su)"
	clean_slate
	config alice '{"rootfs": "/"}'
	conf 'linger = 3;'
}

# The default filter also denies keyctl.
keyring() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "seccomp": "unconfined"}'
	python3 - <<-'END' > "$OUT/text" || skip "keyctl: no keyrings here"
	import ctypes, json, subprocess, os, time
	libc = ctypes.CDLL(None, use_errno=True)
	if libc.syscall(250, 1, None) < 0:
	    raise SystemExit(1)
	def run(*command):
	    return subprocess.run(command, capture_output=True, text=True,
	                          stdin=subprocess.DEVNULL).stdout
	key = run("terminals", "add", "host secret").split()[1]
	print("key", key)
	print("host", run("terminals", "read", key))
	print("su", run("su", "alice", "-c", "terminals read " + key))
	print("sudo", run("sudo", "-u", "alice", "terminals", "read", key))
	print("own", run("su", "alice", "-c", "terminals add mine"))
	# The owner of the key starts an init of the rootfs.
	run("nsinit", "stop", "alice")
	init = "terminals read %s > /run/key; exec sleep 600" % key
	json.dump({"rootfs": "/", "seccomp": "unconfined",
	           "init": ["/bin/sh", "-c", init]},
	          open("/etc/nscontainer/users/alice/container.json", "w"))
	run("nsinit", "start", "alice")
	pid = open("/run/nscontainer/alice/pid").read().strip()
	time.sleep(0.5)
	print("init", open("/proc/%s/root/run/key" % pid).read())
	run("nsinit", "stop", "alice")
	END
	contains "on the host" "host host secret" "$(cat "$OUT/text")"
	equal "read in all" 1 "$(grep -c "host secret" "$OUT/text")"
	contains "a key inside" "own key" "$(cat "$OUT/text")"
	contains "an init of its own" "init Permission denied" "$(cat "$OUT/text")"
	contains "a key inside" "did 1" "$(grep -A 1 own "$OUT/text")"
	clean_slate
	config alice '{"rootfs": "/"}'
}

t "each door's terminal has a name inside" names
t "login's terminal has a name inside" login_names
t "terminals of containers of other kinds" other_containers
t "the container ends with the session on a terminal" session_ends
t "sshd -d on a terminal" sshd_foreground
t "su: keys, size, jobs, prompts, programs" interactive "su alice"
t "su -: keys, size, jobs, prompts, programs" interactive "su - alice"
t "sudo -i: keys, size, jobs, prompts, programs" interactive \
	"sudo -i -u alice"
t "input that ends before a session begins is at its end inside" typed_ahead
t "tmux and screen" multiplexers
t "suspend stops the job of the shell outside" suspend
t "su in the background" background
t "su in pipelines" pipelines
t "prompts on the controlling terminal" controlling
t "T1: nothing is pushed into a terminal of the host" push
t "T2: nothing is read of a terminal of the host after the end" steal
t "no process inside has a terminal of the host" unreachable
t "T4: the terminal is restored, whatever ends it" restored
t "a hang-up hangs up the inside" hang_up
t "a terminal that cannot be made refuses the login" refused
t "a terminal that fails late leaves the login on the host" refused_late
t "J8: the host's session keyring stays on the host" keyring
# This is the last: from here on the module is missing.
t "nsshell has a terminal of the container" nsshell_names
