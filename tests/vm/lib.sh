# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2317 # used by those who source it
# Sourced by each test-*.sh in the guest, where a process costs 50 ms: what
# follows replaces the parts of the integration tests' lib.sh that start many.
NSC_TEST_TOP=/mnt
export LC_ALL=C.UTF-8 SYSTEMD_PAGER='' PATH=/usr/sbin:/usr/bin:/sbin:/bin

# shellcheck source=tests/integration/lib.sh
. /mnt/tests/integration/lib.sh

CGROUP=/sys/fs/cgroup

syslog_mark() {
	printf -v SYSLOG_FROM '%(%s)T'
}

syslog_since() {
	journalctl -q -o cat --since "@$SYSLOG_FROM"
}

# By the clock, since here the condition itself takes its time; and eight times
# as long as asked for, since the machine below may have other work.
wait_until() {
	local end=$((SECONDS + 8 * $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

pid_of() {
	[ ! -e "$RUN/$1/pid" ] || echo "$(< "$RUN/$1/pid")"
}

printed_ns() {
	local text

	text=$(< "$1")
	case $text in *"ns $2 $2:["*) ;; *) return ;; esac
	text=${text##*"ns $2 $2:["}
	echo "$2:[${text%%]*}]"
}

inits() {
	pgrep -x container-init
}

monitors() {
	pgrep -x container-monit
}

listening() {
	[ -n "$(ss -Hltn "sport = :$1")" ]
}

make_busybox() {
	mkdir -p "$1"/{bin,etc,proc,sys,dev,tmp,run,home,root,mnt,usr,var}
	chmod 1777 "$1/tmp"
	cp /usr/bin/busybox "$1/bin/busybox"
	chroot "$1" /bin/busybox --install -s /bin
	printf '#!/bin/sh\nexec /bin/sh "$@"\n' > "$1/bin/bash"
	chmod 0755 "$1/bin/bash"
	ln -s ../bin "$1/usr/bin"
	getent passwd root alice bob | sed 's,/bin/bash$,/bin/sh,' \
		> "$1/etc/passwd"
	getent group root tty alice bob > "$1/etc/group"
}

# With more time, and without what a failed test has left.
hold() {
	nothing_left "$1" || clean_slate
	rm -f "$OUT/held"
	[ -p "$OUT/fifo.$1" ] || mkfifo "$OUT/fifo.$1"
	timeout 900 ssh "${SSH_OPTIONS[@]}" "$1@127.0.0.1" \
		'echo held; exec cat' <> "$OUT/fifo.$1" > "$OUT/held" 2>&1 &
	HOLDER=$!
	wait_until 10 grep -qs held "$OUT/held" ||
		fail "hold $1: ssh fails" "$(cat "$OUT/held")"
	[ -n "$(pid_of "$1")" ] || fail "hold $1: no container runs"
}

nssh() {
	timeout 240 ssh "${SSH_OPTIONS[@]}" -l "$1" 127.0.0.1 "${@:2}"
}

# hold takes the key login of an ssh in the guest, which is slow; this is what
# most tests need: a session that ends when its input does.
hold_su() {
	mkfifo "$OUT/fifo.$1"
	timeout 900 su - "$1" -c 'echo held; exec cat' \
		<> "$OUT/fifo.$1" > "$OUT/held.$1" 2>&1 &
	HOLDER=$!
	wait_until 20 grep -qs held "$OUT/held.$1" ||
		fail "hold_su $1:" "$(cat "$OUT/held.$1")"
	[ -n "$(pid_of "$1")" ] || fail "hold_su $1: no container runs"
}

sessions_of() {
	# systemd 257 lists the user's service manager as well.
	loginctl --no-legend list-sessions |
		awk -v u="$1" '$3 == u && !/ manager(-early)? / { print $1 }'
}

# What of USER's sessions and container there is, each on a line.  The user's
# own service manager stays for ten seconds; that is logind's matter.
left() {
	local uid name

	uid=$(id -u "$1")
	for name in pid start current/state; do
		[ ! -e "$RUN/$1/$name" ] || echo "$RUN/$1/$name"
	done
	pgrep -l container-
	sessions_of "$1" | sed 's/^/session /'
	find "$CGROUP" -type d -name "*nscontainer*"
	compgen -G "$CGROUP/user.slice/user-$uid.slice/session-*.scope"
	# shellcheck disable=SC2009 # what it prints is not what it looks for
	ps -o pid=,args= -u "$1" | grep -v 'systemd --user\|(sd-pam)'
}

nothing_left() {
	[ -z "$(left "$1")" ]
}

# The service managers of users and their /run/user have ended, too.
managers_gone() {
	[ -z "$(ls /run/user)" ]
}

gone() {
	wait_until 10 nothing_left "$1" ||
		fail "of $1's session is left:" "$(left "$1")"
}

# hold's ssh ends because the session does, and not after hold's own time.
holder_ended() {
	! kill -0 "$HOLDER" 2> /dev/null
}

# ends_by COMMAND... : the command ends alice's session, which hold began.
ends_by() {
	"$@" || fail "$*: status $?"
	wait_until 10 holder_ended || fail "the session goes on after $*"
	gone alice
}

clean_slate() {
	local user

	for user in alice bob; do
		nothing_left "$user" && continue
		pkill -KILL -u "$user"
		[ ! -e "$RUN/$user/pid" ] ||
			timeout 15 nsinit stop "$user" > /dev/null 2>&1
	done
	wait_until 5 nothing_left alice
}

# valid USER: the host can give what the user's container.json asks for.
valid() {
	nsinit check "$1" > "$OUT/check" 2>&1 ||
		fail "nsinit check $1:" "$(cat "$OUT/check")"
}
