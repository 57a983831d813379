#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on the way in: arguments, environment, descriptors, limits, ids.
# The first word of a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'stop = "logout";'
config alice '{"rootfs": "/"}'
sshd_start 22
HOSTILE=/usr/local/bin/nsc-hostile
[ -n "$PLAIN" ] || install -m 0755 "$TESTS/hostile" "$HOSTILE"
OURS="/usr/bin/nsshell /usr/sbin/nsinit
	$LIBEXEC/container-init
	$LIBEXEC/container-monitor
	$LIBEXEC/container-shell"
ALICE=(setpriv --reuid=alice --regid=alice --init-groups)

running() {
	need_attacker
	config alice '{"rootfs": "/"}'
	[ -n "$(pid_of alice)" ] || timeout 20 nsinit start alice ||
		fail "nsinit start"
}

# --- E1

# No program of nscontainer crashes, or does anything except print its usage.
# nsshell passes further arguments to the shell: it runs the argument "".
odd_arguments() {
	local kind program status

	running
	for kind in no-arguments empty-arguments huge-arguments; do
		for program in $OURS; do
			timeout 20 "${ALICE[@]}" "$HOSTILE" "$kind" \
				"$program" < /dev/null > "$OUT/text" 2>&1
			status=$?
			echo "# $kind ${program##*/}: $status"
			case $status in
			0 | 1 | 2 | 126 | 127) ;;
			*) fail "$program $kind: status $status" \
				"$(head -c 500 "$OUT/text")" ;;
			esac
		done
		timeout 20 "$HOSTILE" "$kind" /usr/sbin/nsinit < /dev/null \
			> "$OUT/text" 2>&1
		equal "nsinit as root, $kind" 2 $?
	done
	equal "containers" 1 "$(count_inits)"
}

# --- E2

# A function that is not imported is not called: the module, nsshell and the
# static programs read no variable that the caller chose.
no_getenv() {
	local file

	need_product
	command -v nm > /dev/null || skip "nm is missing"
	file=$(find /lib/*/security /usr/lib/*/security \
		-name pam_container.so | head -n 1)
	# nm cannot tell this of nsshell, which is static; but it is made of
	# the same files.
	nm -D --undefined-only "$file" > "$OUT/symbols"
	contains "$file" execve "$(cat "$OUT/symbols")"
	empty "who reads the environment" \
		"$(grep -w 'getenv\|secure_getenv' "$OUT/symbols")"
	# The test can fail: these programs do read variables.
	nm -D --undefined-only "$(command -v bash)" "$(command -v ssh)" |
		grep -qw 'getenv\|secure_getenv' ||
		fail "the test is wrong: nothing imports getenv"
}

# If nsshell has file capabilities, the loader and the C library must ignore
# the caller's variables, and none of them gets inside.
capable_nsshell() {
	need_attacker
	clean_slate
	config alice '{"rootfs": "/", "namespaces": {"NEWNS": true,
		"NEWPID": true, "NEWUTS": true, "NEWIPC": true}}'
	nsinit start alice || fail "nsinit start"
	cp /usr/bin/nsshell /usr/local/bin/nsc-nsshell
	setcap cap_sys_admin,cap_sys_chroot,cap_sys_ptrace,cap_setpcap+ep \
		/usr/local/bin/nsc-nsshell || skip "setcap does not work here"
	cat > "$OUT/evil.c" <<-'END'
	#include <stdlib.h>
	__attribute__((constructor)) static void evil(void) { _Exit(66); }
	END
	cc -shared -fPIC -o /home/alice/evil.so "$OUT/evil.c" ||
		skip "cc is missing"
	set -- LD_PRELOAD=/home/alice/evil.so LD_AUDIT=/home/alice/evil.so \
		GCONV_PATH=/home/alice LOCPATH=/home/alice \
		GLIBC_TUNABLES=glibc.malloc.tcache_count=1=2 \
		NLSPATH=/home/alice/%N \
		HOSTALIASES=/home/alice/hosts RES_OPTIONS=debug IFS=/
	# The control: other programs load the library.
	"${ALICE[@]}" env "$@" /bin/sh -c true
	equal "control: status of the preloaded one" 66 $?
	"${ALICE[@]}" env TZ=/home/alice/evil.so "$@" \
		/usr/local/bin/nsc-nsshell -c 'env; exit 7' \
		> "$OUT/text"
	equal "status" 7 $?
	for each; do
		lacks "environment inside" "${each%%=*}=" "$(cat "$OUT/text")"
	done
	rm -f /usr/local/bin/nsc-nsshell /home/alice/evil.so
	clean_slate
	config alice '{"rootfs": "/"}'
}

# --- E4

LOOK='ls /proc/$$/fd > ~/fds; sort -n ~/fds | xargs'
no_descriptors() {
	local door

	running
	for door in ssh su nsshell; do
		exec 7< /etc/shadow 8< /
		equal "descriptors by $door" "0 1 2" "$(by "$door" "$LOOK")"
		exec 7<&- 8<&-
	done
	# The control: nsenter passes open descriptors on.
	exec 7< /etc/shadow 8< /
	contains "control: descriptors by nsenter" "7 8" "$(as_root_inside \
		/bin/sh -c 'ls /proc/$$/fd > /tmp/fds; sort -n /tmp/fds |
		xargs')"
	exec 7<&- 8<&-
}

# --- E5

# CAP_SYS_RESOURCE: the tests may run as root of a container without it.
may_raise() {
	(( 0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1 ))
}

# The caller of su has chosen its limits: they affect neither the start of the
# container nor any later process.
limits_of_start() {
	local limit pid

	need_product
	clean_slate
	(
		echo 700 > /proc/self/oom_score_adj
		ulimit -S -c unlimited -n 24 -t 3 -f 0
		umask 0777
		cd /home/bob || exit
		exec nice -n 19 chrt --idle 0 taskset -c 0 timeout 30 \
			su alice -c "$NS_COMMAND; $STAY"
	) 2> "$OUT/err" | cat > "$OUT/ns" &
	wait_until 15 grep -qs cgroup "$OUT/ns" ||
		fail "no session" "$(cat "$OUT/err")"
	landed_inside "$OUT/ns" alice
	for pid in $(pid_of alice) $(monitors); do
		for limit in "file size" "cpu time" "open files"; do
			contains "limits" "$(grep "Max $limit" /proc/1/limits)" \
				"$(cat "/proc/$pid/limits")"
		done
		! may_raise || equal "oom_score_adj" 0 \
			"$(cat "/proc/$pid/oom_score_adj")"
		equal "nice" 0 "$(ps -o ni= -p "$pid" | xargs)"
		equal "scheduling" TS "$(ps -o cls= -p "$pid" | xargs)"
		equal "CPUs" "$(grep Cpus_allowed: /proc/1/status)" \
			"$(grep Cpus_allowed: "/proc/$pid/status")"
		equal "directory" / "$(readlink "/proc/$pid/cwd")"
	done
	: > /home/alice/go
	wait
	rm -f /home/alice/go
}

# --- E6

# The name in the log: the module leaves the ident unchanged, and each line has
# it.  The monitor logs hooks at the end under its own ident.
constant_ident() {
	need_product
	clean_slate
	empty "the module calls openlog" "$(nm -D --undefined-only \
		"$(find /lib/*/security /usr/lib/*/security \
		-name pam_container.so | head -n 1)" | grep -w openlog)"
	config alice '{"rootfs": "/", "no-such-key": 1}'
	(exec -a "$(printf '%%s%%n%2000d' 1)" su alice -c true) > "$OUT/text" 2>&1
	logged 'pam_container(su:session): user alice: login refused'
	config alice '{"rootfs": "/", "hooks": {"stop": [
		{"path": "/usr/bin/false"}]}}'
	syslog_mark
	(exec -a "$(printf '%%s%%n%2000d' 1)" su alice -c true) ||
		fail "su fails"
	logged "container-monitor: nscontainer: hooks.stop '/usr/bin/false'"
	config alice '{"rootfs": "/"}'
}

# --- E7

# A group that denies access cannot be left inside, by any door.  The control:
# these groups deny access, and root on the host can leave them.
groups_stay() {
	local door

	need_attacker
	clean_slate
	config alice '{"rootfs": "/"}'
	groupadd -f nsc-denied
	usermod -aG nsc-denied alice
	echo text > /srv/denied
	chgrp nsc-denied /srv/denied
	chmod 0604 /srv/denied
	nsinit start alice || fail "nsinit start"
	for door in ssh su sudo nsshell; do
		by "$door" "$ATTACKER regain; sg $(id -gn alice) true
			unshare -Ur cat /srv/denied
			cat /srv/denied" > "$OUT/text" 2> "$OUT/err"
		contains "$door" "done" "$(cat "$OUT/text")"
		lacks "$door" BAD "$(cat "$OUT/text")"
		lacks "$door" text "$(cat "$OUT/text")"
	done
	equal "control: without the group" text \
		"$(setpriv --reuid=alice --regid=alice --clear-groups \
		cat /srv/denied)"
	gpasswd -d alice nsc-denied > "$OUT/text"
	nsinit stop alice
}

# --- E8

# All ids belong to the user, and no earlier id can be regained.
ids_are_final() {
	local door uid gid

	running
	uid=$(id -u alice) gid=$(id -g alice)
	for door in ssh su sudo nsshell; do
		by "$door" "$ATTACKER regain" > "$OUT/text"
		equal "$door" "uids $uid $uid $uid gids $gid $gid $gid fs $uid $gid
done" "$(cat "$OUT/text")"
	done
	contains "control: with capabilities" BAD "$(
		setpriv --regid=alice --clear-groups "$ATTACKER" regain)"
}

# The real user and the groups of su are its caller's.  Processes that it
# starts belong only to root, and that user cannot signal them, like su itself.
started_by_root() {
	local bob

	need_product
	clean_slate
	config alice '{"rootfs": "/"}'
	bob=$(id -u bob)
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" \
		"session required pam_container.so" > /etc/pam.d/nsc-one
	mkfifo "$OUT/wait"
	setpriv --ruid=bob --euid=0 --rgid=bob --egid=0 --clear-groups \
		"$TESTS/pamcaller" -w nsc-one alice true <> "$OUT/wait" \
		> "$OUT/text" &
	wait_until 10 grep -qs '^ns cgroup' "$OUT/text" || fail "no session" \
		"$(cat "$OUT/text")"
	equal "ids of the monitor" "Uid: 0 0 0 0 Gid: 0 0 0 0 Groups:" \
		"$(grep '^[UG]id\|^Groups' "/proc/$(monitors)/status" | xargs)"
	setpriv --reuid=bob --regid=bob --clear-groups \
		kill -TERM "$(monitors)" 2> /dev/null &&
		fail "bob signals the monitor"
	setpriv --reuid=bob --regid=bob --clear-groups \
		kill -KILL "$(pid_of alice)" 2> /dev/null &&
		fail "bob signals PID 1"
	echo > "$OUT/wait"
	wait
	# The control: for a command of that user, it is the real user.
	equal "control" "$bob" "$(setpriv --ruid=bob --euid=0 --clear-groups \
		awk '/^Uid/ { print $2 }' /proc/self/status)"
}

# --- E9

# Escape sequences and lines of others do not get into the log or a list.
escaped() {
	local evil=$'\033]0;owned\007\nroot: login ok\r'

	need_product
	clean_slate
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" \
		"session required pam_container.so" > /etc/pam.d/nsc-one
	config alice "{\"rootfs\": \"/\", \"hostname\": 5}"
	"$TESTS/pamcaller" -r "$evil" -y "$evil" nsc-one alice true \
		> "$OUT/text" 2>&1
	"$TESTS/pamcaller" nsc-one "alice$evil" true >> "$OUT/text" 2>&1
	"$TESTS/pamcaller" -q nsc-one "$evil" true >> "$OUT/text" 2>&1
	logged 'login refused'
	lacks "log" $'\033' "$(syslog_since)"
	empty "lines of its own in the log" \
		"$(syslog_since | grep -a '^root: login ok')"
	lacks "messages" $'\033' "$(cat "$OUT/text")"
	config alice '{"rootfs": "/"}'
	nsinit start alice || fail "nsinit start"
	cp -aL "$RUN/alice" "$RUN/al$evil" 2> /dev/null
	nsinit list > "$OUT/text" 2>&1
	rm -rf "${RUN:?}/al"*owned*
	contains "list" alice "$(cat "$OUT/text")"
	lacks "list" $'\033' "$(cat "$OUT/text")"
	nsinit start "$evil" > "$OUT/text" 2>&1
	nsinit check "$evil" >> "$OUT/text" 2>&1
	lacks "nsinit" $'\033' "$(cat "$OUT/text")"
	nsinit stop alice
}

t "E1 argc 0, NULL, huge and empty arguments do no harm" odd_arguments
t "E2 no program that others start reads a variable" no_getenv
t "E2 nsshell with file capabilities ignores its environment" capable_nsshell
t "E4 what the caller has open is closed, which nsenter would not" \
	no_descriptors
t "E5 limits of who calls su do not reach the container" limits_of_start
t "E6 the name in the log is not argv[0]" constant_ident
t "E7 a group that denies cannot be left inside" groups_stay
t "E8 no id that was given up comes back" ids_are_final
t "E8 what is started for a login is root's, whoever calls su" started_by_root
t "E9 hostile names and terminals are escaped" escaped
