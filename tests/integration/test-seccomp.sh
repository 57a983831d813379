#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The system-call filter, through every door.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo login cron
conf 'linger = 60;'
sshd_start 22 -o "Subsystem=sftp /usr/lib/openssh/sftp-server"
CALLS=/usr/local/bin/nsc-syscalls
cp "$TESTS/syscalls" $CALLS 2> /dev/null || CALLS=
DENIED="keyctl add_key request_key bpf io_uring_setup io_uring_enter"
DENIED="$DENIED userfaultfd perf_event_open kexec_load init_module"
DENIED="$DENIED finit_module delete_module mount umount unshare setns"
DENIED="$DENIED pivot_root personality vsock vsock-64 clone-user clone-net"
ALLOWED="getpid unix clone ask-personality"
FILTER='grep ^Seccomp: /proc/self/status'
ON='Seccomp:	2' OFF='Seccomp:	0'
PROFILE=/etc/nscontainer/profile.json
PLAIN_BOX='{"rootfs": "/"}'

# fresh JSON : the configuration of alice's next container.
fresh() {
	need_product
	clean_slate
	config alice "$1"
	syslog_mark
}

# with MORE : writes a custom profile with these members.
with() {
	mkdir -p "$CONF"
	printf '%s\n' "{$1}" > $PROFILE
	chmod 0644 $PROFILE
	fresh "{\"rootfs\": \"/\", \"seccomp\": \"$PROFILE\"${2:+, $2}}"
}

refused() {
	timeout 20 su alice -c true > "$OUT/text" 2>&1 && fail "let in"
	contains "what the user sees" "login is refused" "$(cat "$OUT/text")"
	lacks "what the user sees" "$PROFILE" "$(cat "$OUT/text")"
}

# Compares the results of the helper under the filter and without it.
all_denied() {
	local name

	[ -n "$CALLS" ] || skip "syscalls is not built"
	"$@" "$CALLS $DENIED $ALLOWED clone3 newer ptrace" \
		> "$OUT/calls" || fail "status $?"
	for name in $DENIED; do
		contains "$name" "$name EPERM" "$(cat "$OUT/calls")"
	done
	for name in $ALLOWED; do
		contains "$name" "$name ok" "$(cat "$OUT/calls")"
	done
	contains "clone3" "clone3 ENOSYS" "$(cat "$OUT/calls")"
	contains "newer ones" "newer ENOSYS" "$(cat "$OUT/calls")"
	contains "ptrace" "ptrace ESRCH" "$(cat "$OUT/calls")"
}

by_ssh() { nssh alice "$@"; }
by_su() { timeout 20 su alice -c "$@"; }
by_su_login() { timeout 20 su - alice -c "$@"; }
by_sudo() { timeout 20 sudo -u alice sh -c "$@"; }
by_nsshell() {
	timeout 20 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$@"
}
by_exec() {
	mkdir -p /srv/box
	echo "$PLAIN_BOX" > /srv/box/container.json
	timeout 30 nsinit exec --root /srv/box sh -c "$@"
}

by_login() {
	printf '%s\n' 'set timeout 20' \
		'spawn -noecho $env(CONSOLE) login alice' \
		'expect "assword:" {} default { exit 10 }' \
		'send "secret-alice\r"' \
		'expect "alice@" {} default { exit 11 }' \
		'send "$env(COMMAND); exit\r"' \
		'expect eof {} default { exit 12 }' > "$OUT/dialogue"
	COMMAND=$1 expect -f "$OUT/dialogue" | tr -d '\r'
}

by_cron() {
	rm -f /home/alice/cron /home/alice/done /run/crond.reboot
	echo "@reboot ($1) > \$HOME/cron; echo > \$HOME/done" |
		crontab -u alice -
	cron -f &
	wait_until 10 test -e /home/alice/done
	kill $!
	cat /home/alice/cron
}

door() {
	fresh "$PLAIN_BOX"
	[ "$1" != by_nsshell ] || nsinit start alice || fail "nsinit start"
	contains "the filter" "$ON" "$("$1" "$FILTER")"
	all_denied "$1"
}

# The same calls without a filter prove that the assertions can fail.
control() {
	[ -n "$CALLS" ] || skip "syscalls is not built"
	fresh '{"rootfs": "/", "seccomp": "unconfined"}'
	equal "the filter" "$OFF" "$(by_su "$FILTER")"
	[ ! -e "$RUN/alice/current/seccomp.bpf" ] || fail "there is a filter"
	by_su "$CALLS unshare" > "$OUT/calls"
	by_su "$CALLS bpf mount keyctl clone3 vsock" >> "$OUT/calls"
	for name in 'unshare ok' 'bpf E[FI]' 'keyctl ok' 'clone3 E[FI]' \
		'vsock [oE][kA]'; do
		grep -q "^$name" "$OUT/calls" ||
			fail "$name:" "$(cat "$OUT/calls")"
	done
	equal "PID 1" "$OFF" "$(grep ^Seccomp: \
		"/proc/$(pid_of alice)/status")"
}

unshare_fails() {
	fresh "$PLAIN_BOX"
	status_is 1 by_su 'unshare -U true'
	contains "sentence" "Operation not permitted" "$(cat "$OUT/stderr")"
}

init_filtered() {
	fresh "$PLAIN_BOX"
	by_su true
	contains "PID 1" "$ON" "$(cat "/proc/$(pid_of alice)/status")"
	equal "mode of the file" "root 640" \
		"$(stat -c '%U %a' "$RUN/alice/current/seccomp.bpf")"
}

# In a separate rootfs the setuid bit is effective.
setuid_works() {
	need_product
	make_busybox /srv/images/suid > "$OUT/why" || skip "$(cat "$OUT/why")"
	mkdir -p /srv/images/suid/suid
	# busybox would drop its privileges by itself.
	ldd /usr/bin/cat | grep -o '/[^ ]*' |
		xargs -I{} cp -L --parents {} /srv/images/suid
	install -m 4755 /usr/bin/cat /srv/images/suid/suid/cat
	fresh "{\"rootfs\": \"/srv/images/suid\", \"session\":
		{\"shell\": \"/bin/sh\"}$1}"
	timeout 20 su alice -s /bin/sh -c '/suid/cat /proc/self/status' \
		> "$OUT/text"
	contains "the filter" "$ON" "$(cat "$OUT/text")"
	contains "real and effective uid" \
		"Uid:	$(id -u alice)	$2" "$(cat "$OUT/text")"
}

by_capability() {
	[ -n "$CALLS" ] || skip "syscalls is not built"
	fresh '{"rootfs": "/", "capabilities": ["SYS_ADMIN"]}'
	by_su "$CALLS mount unshare clone3 keyctl" > "$OUT/calls"
	contains "mount" "mount EFAULT" "$(cat "$OUT/calls")"
	contains "unshare" "unshare ok" "$(cat "$OUT/calls")"
	lacks "clone3" ENOSYS "$(cat "$OUT/calls")"
	contains "keyctl" "keyctl EPERM" "$(cat "$OUT/calls")"
}

no_new_privs() {
	fresh '{"rootfs": "/", "no_new_privs": true}'
	contains "by su" "$ON" "$(by_su "$FILTER")"
	contains "by ssh" "$ON" "$(by_ssh "$FILTER")"
	contains "by nsshell" "$ON" "$(by_nsshell "$FILTER")"
}

without_userns() {
	fresh '{"rootfs": "/", "namespaces": {"NEWNS": true, "NEWPID": true,
		"NEWUTS": true, "NEWIPC": true, "NEWNET": true}}'
	contains "by su" "$ON" "$(by_su "$FILTER")"
	contains "by ssh" "$ON" "$(by_ssh "$FILTER")"
	all_denied by_su
}

custom() {
	[ -n "$CALLS" ] || skip "syscalls is not built"
	with '"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
		["keyctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]'
	equal "calls" "keyctl EPROTO,unshare ok" \
		"$(by_su "$CALLS keyctl unshare" | paste -sd,)"
	equal "what nsinit check says" "$PROFILE" \
		"$(nsinit check --json alice | jq -r .seccomp)"
	config alice "$PLAIN_BOX"
	equal "what nsinit check says of the default" default \
		"$(nsinit check --json alice | jq -r .seccomp)"
}

bad_profile() {
	with "$1"
	refused
	logged "$2"
	status_is 1 nsinit check alice
	contains "nsinit check" "$PROFILE" "$(cat "$OUT/stderr")"
	[ ! -e "$RUN/alice/pid" ] || fail "a container runs"
	[ ! -e "$RUN/alice/current/seccomp.bpf" ] || fail "a filter is left"
}

profile_of_others() {
	with '"defaultAction": "SCMP_ACT_ALLOW"'
	by_su true || fail "su"
	clean_slate
	chmod 0666 $PROFILE
	refused
	logged "$PROFILE.*writable by others"
	chmod 0644 $PROFILE
	chown alice $PROFILE
	refused
	logged "$PROFILE.*must be owned by root"
	chown root $PROFILE
	rm -f $PROFILE
	refused
	logged "$PROFILE.*No such file"
}

# Never unconfined: a missing filter refuses the login.
file_damaged() {
	local file=$RUN/alice/current/seccomp.bpf

	fresh "$PLAIN_BOX"
	nsinit start alice || fail "nsinit start"
	cp "$file" "$OUT/saved"
	by_su true || fail "su"
	rm "$file"
	refused
	logged "seccomp.bpf.*No such file"
	status_is 126 by_nsshell true
	head -c -8 "$OUT/saved" > "$file"
	refused
	logged "seccomp.bpf.*bytes"
	: > "$file"
	refused
	cp "$OUT/saved" "$file"
	chmod 0666 "$file"
	refused
	logged "seccomp.bpf.*writable by others"
	chmod 0644 "$file"
	by_su true || fail "su does not work again"
	rm "$file"
	timeout 20 nsinit stop alice || fail "nsinit stop needs the filter"
}

nothing_left() {
	fresh "$PLAIN_BOX"
	nsinit start alice || fail "nsinit start"
	[ -s "$RUN/alice/current/seccomp.bpf" ] || fail "no filter"
	timeout 20 nsinit stop --timeout 0 alice
	wait_until 5 test ! -e "$RUN/alice/current/seccomp.bpf" ||
		fail "left: $(ls -a "$RUN/alice/")"
	equal "what is left" "admin,current,lock,pid,start" \
		"$(find "$RUN/alice/" -mindepth 1 -printf '%f\n' | sort |
		paste -sd,)"
}

# Everyday programs.
tools() {
	local tool

	fresh "$PLAIN_BOX"
	by_ssh 'echo content > ~/file; rm -rf ~/work; mkdir ~/work' ||
		fail "ssh"
	scp -q "${SSH_OPTIONS[@]}" alice@127.0.0.1:file "$OUT/copy" ||
		fail "scp"
	echo 'get file' | sftp -q "${SSH_OPTIONS[@]}" -b - \
		alice@127.0.0.1:file "$OUT/copy2" > /dev/null || fail "sftp"
	for tool in gcc python3 perl git gdb strace tmux screen; do
		command -v $tool > /dev/null || continue
		case $tool in
		gcc) set -- 'cd ~/work && echo "int main(void){return 0;}" \
			> a.c && gcc a.c && ./a.out' ;;
		python3) set -- 'python3 -c "import subprocess, threading
t = threading.Thread(target=print); t.start(); t.join()
subprocess.run([\"true\"], check=True)"' ;;
		perl) set -- 'perl -e "exit system(q(true))"' ;;
		git) set -- 'cd ~/work && git init -q . && git status -s' ;;
		gdb) set -- 'gdb -batch -ex run /bin/true 2>&1 |
			grep "exited normally"' ;;
		strace) set -- 'strace -f -o ~/work/trace sh -c true &&
			grep execve ~/work/trace' ;;
		tmux) set -- 'tmux -L t new-session -d "sleep 5" &&
			tmux -L t ls && tmux -L t kill-server' ;;
		screen) set -- 'SCREENDIR=$HOME/.screen; export SCREENDIR
			mkdir -p -m 700 $SCREENDIR; screen -dmS t sleep 5 &&
			screen -ls | grep "\.t"; screen -S t -X quit' ;;
		esac
		by_ssh -tt "$1" > "$OUT/$tool" 2>&1 ||
			fail "$tool:" "$(cat "$OUT/$tool")"
		echo "# $tool works"
	done
}

for way in by_ssh by_su by_su_login by_sudo by_login by_cron by_nsshell \
	by_exec; do
	t "P6 J10 the filter is on, and denies, ${way#by_}" door $way
done
t "P6 unconfined is no filter, and the calls work" control
t "P6 unshare -U is denied" unshare_fails
t "PID 1 has a filter, and its file is root's" init_filtered
t "setuid programs work under the filter" setuid_works "" 0
t "J10 setuid programs gain nothing with no_new_privs" setuid_works \
	', "no_new_privs": true' "$(id -u alice)"
t "CAP_SYS_ADMIN opens what is its own" by_capability
t "J10 with no_new_privs the filter is on" no_new_privs
t "J10 without a user namespace the filter is on" without_userns
t "a profile of one's own is what holds" custom
t "a profile with a wrong action is refused with its place" bad_profile \
	'"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"],
	"action": "SCMP_ACT_KIL"}]' "profile.json: syscalls\[0\].action: exp"
t "a profile with an unknown name is refused where it would be allowed" \
	bad_profile '"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
	["kil"], "action": "SCMP_ACT_ERRNO"}]' "profile.json: syscalls\[0\]"
t "a profile under which nobody can enter is refused at the start" \
	bad_profile '"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
	["execve"], "action": "SCMP_ACT_ERRNO"}]' "denies execve()"
t "so is one under which nobody gets a terminal" \
	bad_profile '"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
	["fchown"], "action": "SCMP_ACT_ERRNO"}]' "denies fchown()"
t "C1 a profile that is not root's alone is refused" profile_of_others
t "J10 a missing or damaged filter refuses the login" file_damaged
t "nothing is left of the filter" nothing_left
t "everyday programs work under the filter" tools
