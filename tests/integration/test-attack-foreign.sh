#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mounts of others on the host's own "/": file systems whose server is a user's
# program, dead, or silent.  The first word of a test is the entry of the table
# in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l
SERVER=$(dirname "$0")/fuseserver

need_fuse() {
	need_product
	[ -x "$SERVER" ] || skip "fuseserver: it is not built"
	[ -e /dev/fuse ] || mknod -m 0666 /dev/fuse c 10 229
	(: < /dev/fuse) 2> /dev/null || skip "fuse: the host has no such device"
}

# serve DIRECTORY USER STATE [allow_other] : SERVER_PID serves it.
serve() {
	mkdir -p "$1"
	chown "$2:" "$1"
	rm -f "$OUT/server"
	"$SERVER" "$1" "$(id -u "$2")" "${@:3}" > "$OUT/server" 2>&1 &
	SERVER_PID=$!
	wait_until 5 grep -qs mounted "$OUT/server" ||
		fail "fuseserver: $(cat "$OUT/server")"
}
# serve_end DIRECTORY... : a process that waits for an answer goes on.
serve_end() {
	local dir

	kill -KILL "$SERVER_PID" 2> /dev/null
	wait "$SERVER_PID" 2> /dev/null
	for dir; do
		umount -l "$dir" || fail "umount $dir"
	done
}

# enters USER : a first login gets in, and at once: on a busy machine not each
# time, but what waits for a server does so each time.
enters() {
	for _ in 1 2 3 4 5; do
		wait_until 20 gone "$1" || fail "$1's container goes on"
		SECONDS=0
		status_is 7 timeout 60 su - "$1" -c "$INSIDE && exit 7"
		[ "$SECONDS" -ge 6 ] || return 0
	done
	fail "the login of $1 waited $SECONDS s"
}
gone() {
	[ ! -e "$RUN/$1/pid" ]
}

# missing USER : what 'nsinit check' says that the container lacks.
missing() {
	timeout 10 nsinit check --json "$1" |
		python3 -c 'import json, sys
print("\n".join(json.load(sys.stdin)["missing"]))'
}

fresh() {
	need_fuse
	conf 'stop = "logout";' 'start_timeout = 8;'
	config alice '{"rootfs": "/"}'
	config bob '{"rootfs": "/"}'
	mkdir -p /srv/bob
	chown bob: /srv/bob
}

# Nothing that bob serves refuses or delays a start of alice's.
served_anywhere() {
	local state who dir=/srv/bob/remote

	fresh
	for state in answers silent deaf dead; do
		for who in "" allow_other; do
			echo "state $state $who"
			serve "$dir" bob "$state" $who
			syslog_mark
			enters alice
			if [ "$who" ]; then
				empty "missing" "$(missing alice)"
			else
				contains "missing" "'$dir' (fuse) is left out" \
					"$(missing alice)"
				logged "'alice'.*'$dir' (fuse) is left out"
			fi
			serve_end "$dir"
		done
	done
	empty "missing, without a server" "$(missing alice)"
}

# What all may look into is there, as on the host.
served_to_all() {
	fresh
	serve /srv/bob/remote bob answers allow_other
	equal "the mount inside" fuse "$(timeout 20 su - alice -c \
		"$INSIDE && stat -f -c %T /srv/bob/remote" | sed 's/blk$//')"
	serve_end /srv/bob/remote
}

# A mount below one of bob's: the way there leads through his server.
served_above() {
	local state who dir=/srv/bob/remote

	fresh
	for who in "" allow_other; do
		for state in answers silent; do
			echo "state $state $who"
			serve "$dir" bob answers $who
			"$SERVER" --below "$dir/sub" "$(id -u bob)" ||
				fail "no mount below"
			# The server stops after the mount was made.
			[ "$state" = answers ] || stand_still "$SERVER_PID"
			enters alice
			contains "missing" "'$dir/sub' (tmpfs) is left out" \
				"$(missing alice)"
			kill -CONT "$SERVER_PID"
			serve_end "$dir"
		done
	done
}

# Homes of others that are on a server, and would have to be hidden.
serves_homes() {
	local state dir=/srv/homes

	fresh
	mkdir -p "$dir"
	getent passwd erik > /dev/null ||
		useradd -M -d "$dir/erik" -s /bin/bash erik
	for state in answers silent dead; do
		echo "state $state"
		serve "$dir" bob "$state" allow_other
		enters alice
		contains "missing" "'$dir' (fuse) is left out: homes" \
			"$(missing alice)"
		serve_end "$dir"
	done
}

refused_for() {
	syslog_mark
	SECONDS=0
	timeout 30 su "$1" -c "echo got in" > "$OUT/stdout" 2>&1 &&
		fail "$1 got in: $(cat "$OUT/stdout")"
	[ "$SECONDS" -lt 10 ] || fail "the refusal took $SECONDS s"
	logged "user $1: login refused: .*$2"
}

# The user's own home is needed: only this user waits, and is told why.
own_home() {
	local state

	fresh
	for state in silent deaf; do
		echo "state $state"
		serve /home/bob bob "$state" allow_other
		refused_for bob "home '/home/bob': its file system has not"
		status_is 1 timeout 10 nsinit check bob
		contains "check" "home '/home/bob': its file system has not" \
			"$(cat "$OUT/stderr")"
		enters alice
		serve_end /home/bob
		enters bob
	done
}

# An automounter that never answers: a question to it stays in its pipe.
automounts() {
	local fd

	fresh
	mkdir -p /srv/auto
	mkfifo "$OUT/automounter"
	exec {fd}<> "$OUT/automounter"
	# The processes of the group pgrp are the automounter's.
	setsid -w bash -c "mount -i -n -t autofs -o fd=$fd,pgrp=\$\$,minproto=5 \
		-o maxproto=5,indirect nsc-auto /srv/auto && mkdir /srv/auto/x &&
		mount -n -t tmpfs nsc-auto /srv/auto/x" || skip "autofs: no such"
	enters alice
	contains "missing" "'/srv/auto/x' (tmpfs) is left out" \
		"$(missing alice)"
	read -r -t 0 -u "$fd" && fail "the automounter was asked"
	# The control: another path is asked for.
	timeout 1 stat /srv/auto/y/ > /dev/null 2>&1
	read -r -t 0 -u "$fd" || fail "the automounter was not asked"
	exec {fd}>&-
	umount -l /srv/auto
}

# The administrator's commands about others, and about all, go on.
tools_go_on() {
	fresh
	serve /srv/bob/remote bob deaf allow_other
	timeout 10 nsinit doctor > "$OUT/doctor" 2>&1
	differ "status of nsinit doctor" 124 $?
	enters alice
	status_is 0 timeout 20 nsinit try --service su alice
	serve_end /srv/bob/remote
	serve /home/bob bob deaf allow_other
	timeout 10 nsinit doctor > "$OUT/doctor" 2>&1
	differ "status of nsinit doctor" 124 $?
	timeout 20 nsinit try --service su bob > "$OUT/try" 2>&1
	differ "status of nsinit try" 124 $?
	contains "try" "home '/home/bob': its file system has not" \
		"$(cat "$OUT/try")"
	serve_end /home/bob
}

t "L13 what a user serves delays and refuses no start of another's" \
	served_anywhere
t "L13 what all may look into is inside" served_to_all
t "L13 a mount behind a user's server is left out" served_above
t "L13 homes that a server has are left out" serves_homes
t "L13 a silent home refuses its own user alone, with its name" own_home
t "L13 no automounter is asked" automounts
t "L13 a silent server delays no tool" tools_go_on
