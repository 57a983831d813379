#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The login program: its effects on the module and the module's on it, and what
# an attacker who takes it over finds.  The first word of a test is the entry
# of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i runuser
conf 'stop = "logout";'
sshd_start 22
CALLER=$TESTS/pamcaller

# stack LINE... : the session lines of the service nsc-one.
stack() {
	need_attacker
	clean_slate
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" "$@" > /etc/pam.d/nsc-one
	config alice '{"rootfs": "/"}'
	syslog_mark
}

usual() {
	stack "session required pam_container.so"
}

# open_session ARGUMENT... : starts a caller that waits; its pid is in $PID.
open_session() {
	rm -f "$OUT/wait"
	mkfifo "$OUT/wait"
	"$CALLER" -w "$@" <> "$OUT/wait" > "$OUT/text" 2>&1 &
	PID=$!
	wait_until 15 grep -qs '^ns cgroup' "$OUT/text" ||
		fail "it does not open" "$(cat "$OUT/text")"
}

end_session() {
	echo > "$OUT/wait"
	wait "$PID"
}

# --- H1

# in_memory PID TEXT : does the memory of the process contain it?
in_memory() {
	python3 - "$1" "$2" <<-'END'
	import sys
	pid, text = sys.argv[1], sys.argv[2].encode()
	for line in open("/proc/%s/maps" % pid):
	    low, high = (int(x, 16) for x in line.split()[0].split("-"))
	    if "[v" in line or line.split()[1][0] != "r":
	        continue
	    with open("/proc/%s/mem" % pid, "rb", 0) as memory:
	        memory.seek(low)
	        data = memory.read(high - low)
	        if text in data:
	            raise SystemExit(0)
	raise SystemExit(1)
	END
}

memory() {
	local pid secret=nsc-secret-$RANDOM-$RANDOM

	usual
	SECRET=$secret open_session nsc-one alice true
	in_memory "$PID" "$secret" ||
		fail "control: the caller does not have it"
	for pid in $(pid_of alice) $(monitors); do
		! in_memory "$pid" "$secret" ||
			fail "$(cat "/proc/$pid/comm") has it"
		differ "program" "$(readlink "/proc/$PID/exe")" \
			"$(readlink "/proc/$pid/exe")"
	done
	end_session
}

# --- H4

# The user changes between two calls, a child of the caller ends the session,
# and the caller never does: the container lives as long as the caller.
odd_calls() {
	usual
	open_session -2 -o nsc-one alice "$INSIDE"
	equal "results" "open 0 open 0" "$(grep ^open "$OUT/text" | xargs)"
	equal "the command inside" "status 0" "$(grep ^status "$OUT/text")"
	sleep 0.3
	[ -n "$(pid_of alice)" ] || fail "the container ended"
	[ ! -e "$RUN/root" ] || fail "root has a container"
	end_session
	wait_until 5 no_container alice || fail "left"
}

# --- H5

# open_files PID : a word for each kind of file that PID has open.
open_files() {
	local fd name

	for fd in "/proc/$1/fd"/*; do
		name=$(readlink "$fd") || continue
		case $name in
		socket:*)
			name=${name//[^0-9]/}
			if awk -v i="$name" '$4 == "0A" && $10 == i { f = 1 }
				END { exit !f }' /proc/net/tcp; then
				echo listening
			elif awk -v i="$name" '$10 == i { f = 1 }
				END { exit !f }' /proc/net/tcp; then
				echo connection
			else
				echo local-socket
			fi ;;
		/dev/null | pipe:* | anon_inode:*) echo "${name%%:[*}" ;;
		*) echo "$name" ;;
		esac
	done | sed 's/:\[.*//; s/pipe:.*/pipe/' | sort -u | xargs
}

# An attacker who takes over sshd's processes after the login finds this, and
# no more: see SECURITY.md.
taken_over() {
	local child ns parent pid

	stack
	hold alice
	pid=$(pid_of alice)
	parent=$(sshd_session_of alice)
	child=$(sshd_child_of alice)
	for each in "$parent" "$child"; do
		for ns in mnt uts ipc net user cgroup; do
			equal "$ns of $each" "$(ns_of "$pid" "$ns")" \
				"$(ns_of "$each" "$ns")"
		done
		equal "root of $each" "$(stat -Lc %d:%i "/proc/$pid/root/")" \
			"$(stat -Lc %d:%i "/proc/$each/root/")"
		equal "directory of $each" "$(stat -Lc %d:%i "/proc/$pid/root/")" \
			"$(stat -Lc %d:%i "/proc/$each/cwd/")"
		echo "# $(cat "/proc/$each/comm") $each: $(open_files "$each")"
	done
	equal "open in the session process" \
		"/dev/null $(instance alice)/sessions connection local-socket" \
		"$(open_files "$parent")"
	equal "open in the user's process" "/dev/null \
$(instance alice)/sessions connection local-socket pipe" \
		"$(open_files "$child")"
	equal "ptrace of it from the container" "" "$(as_root_inside \
		"$ATTACKER" trace "$child" 2>&1 | grep BAD)"
	echo "# $(grep Cap "/proc/$parent/status" | xargs)"
	release
}

# --- H7

hostile_items() {
	local tty

	usual
	for tty in ../../etc/shadow /dev/../etc/shadow '' "$(printf 'x%.0s' {1..500})" \
			:0 ssh /etc/shadow; do
		"$CALLER" -y "$tty" -r "$tty" nsc-one alice "$INSIDE" \
			> "$OUT/text" 2>&1
		equal "tty '${tty:0:40}'" "open 0 status 0" \
			"$(grep '^open\|^status' "$OUT/text" | xargs)"
	done
	equal "mode of shadow" "root $(stat -c %a /etc/shadow)" \
		"$(stat -c '%U %a' /etc/shadow)"
	for service in ../nsc-one /etc/pam.d/nsc-one nsc-one/../nsc-one; do
		"$CALLER" "$service" alice "$NS_COMMAND" > "$OUT/text" 2>&1
		! grep -qs '^open 0' "$OUT/text" ||
			equal "service $service" "$(grep ^status "$OUT/text")" \
				"status 0"
	done
}

# --- H8, H9

# The stack decides the effect of a failure; if it lets the login continue, the
# login is wholly on the host, and logged at level error.
stacks() {
	local control expected

	for control in required:6 requisite:6 optional:0 sufficient:0 \
			'[success=ok default=ignore]:0'; do
		expected=${control##*:}
		stack "session ${control%:*} pam_container.so" \
			"session required pam_permit.so"
		config alice '{"rootfs": "/srv/nothing"}'
		"$CALLER" nsc-one alice "$NS_COMMAND" > "$OUT/text" 2>&1
		equal "$control" "open $expected" "$(grep ^open "$OUT/text")"
		landed_on_host "$OUT/text"
		logged '^<83>.*login refused'
		lacks "$control: touched" "changed " "$(cat "$OUT/text")"
		# The control: a container that works.
		config alice '{"rootfs": "/"}'
		"$CALLER" nsc-one alice "$INSIDE" > "$OUT/text" 2>&1
		equal "$control" "open 0 status 0" \
			"$(grep '^open\|^status' "$OUT/text" | xargs)"
	done
}

# For every reaction of the program to the module's result.
refused_login() {
	local door

	need_product
	clean_slate
	config alice '{"rootfs": "/srv/nothing"}'
	for door in ssh su sudo; do
		status_is "$([ "$door" = ssh ] && echo 254 || echo 1)" \
			by "$door" 'echo it ran'
		lacks "$door" "it ran" "$(cat "$OUT/stdout")"
	done
	status_is 1 runuser -u alice echo it ran
	lacks "runuser" "it ran" "$(cat "$OUT/stdout")"
	# The control: a command that runs is noticed.
	config alice '{"rootfs": "/"}'
	equal "control" "it ran" "$(by sudo 'echo it ran')"
}

# --- H10

# A hook sees all processes at one moment of the start: only the caller knows
# the secret.
secrets() {
	local secret=nsc-secret-$RANDOM-$RANDOM

	usual
	cat > /usr/local/lib/nsc-look <<-'END'
	#!/bin/sh
	for p in /proc/[0-9]*; do
		echo "${p##*/} $(cat $p/comm) "
		tr '\0' ' ' < $p/cmdline
		tr '\0' ' ' < $p/environ
		echo
	done > /run/seen 2> /dev/null
	END
	chmod 0755 /usr/local/lib/nsc-look
	config alice '{"rootfs": "/", "hooks": {"start": [
		{"path": "/usr/local/lib/nsc-look"}]}}'
	SECRET=$secret open_session nsc-one alice true
	contains "control: the caller" "SECRET=$secret" "$(cat /run/seen)"
	contains "control: the helper" "login-start open" "$(cat /run/seen)"
	# A fork of the caller waits for the helper, and has the same memory.
	empty "others that were told" "$(grep -B 1 -- "$secret" /run/seen |
		grep -v -- "$secret" | grep -v '^--\|pamcaller\|sleep\|bash')"
	empty "the helper's" "$(grep login-start /run/seen |
		grep -o 'HOME=\|USER=\|SECRET=\|LC_ALL=')"
	lacks "syslog" "$secret" "$(syslog_since)"
	end_session
	rm -f /run/seen
}

t "H1 PID 1 and the monitor have nothing of the login program's memory" memory
t "H4 the user changes, and a child ends the session: the caller's stays" \
	odd_calls
t "H5 what sshd has after the login is what is documented" taken_over
t "H7 hostile terminals, hosts and services do no harm" hostile_items
t "H8 H9 what the stack lets go on is wholly on the host" stacks
t "H8 a refused login runs nothing, by su, sudo, runuser or ssh" refused_login
t "H10 no argument, environment or log has a secret" secrets
