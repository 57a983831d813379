#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Told why: memory that ran out, starts and logins that a limit refuses, and
# the reason why a container is stale.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sessions.sh"

[ -z "$PLAIN" ] || { echo "skip told # product is not installed"; exit 0; }
LOG=/var/log/nscontainer/sessions
EAT='python3 -c "x = bytearray(200000000)"'
pam_enable sshd su
config alice '{"rootfs": "/"}'
sshd_start 22

# wants KEY: a container.json of alice with that key.
wants() {
	config alice "{\"rootfs\": \"/\", $1}"
}

rlimit() {
	echo "\"rlimits\": [{\"type\": \"$1\", \"hard\": $2, \"soft\": $2}]"
}

counted() {
	grep -q "^event=oom user=alice generation=[1-9]* kills=[1-9]" "$LOG"
}

closed() {
	grep -q "^event=close user=alice service=$1 .* oom_kills=$2\$" "$LOG"
}

# --- memory

limited_memory() {
	wants '"cgroups": {"memory": 67108864, "memory_swap": 67108864}'
	: > "$LOG"
}

# The user's shell goes on, and the terminal says what became of the program.
on_terminal() {
	limited_memory
	{ sleep 1; echo "$EAT"; sleep 4; echo 'echo shell-$((40 + 2))'
	  sleep 1; echo exit; } | timeout 40 ssh "${SSH_OPTIONS[@]}" -tt \
		-l alice 127.0.0.1 > "$OUT/client" 2>&1
	contains "the terminal" \
		"killed: this container's memory limit of 64 MiB" \
		"$(cat "$OUT/client")"
	contains "the shell" "shell-42" "$(cat "$OUT/client")"
	wait_until 5 closed sshd 1 || fail "the session's record" "$(cat "$LOG")"
	counted || fail "the log" "$(cat "$LOG")"
	contains "the log" "reason=\"this container's memory limit of 64 MiB\"" \
		"$(cat "$LOG")"
	logged "event=oom user=alice"
	contains "nsinit last" '"oom_kills": 1' "$(nsinit last --json alice)"
}

in_stats() {
	limited_memory
	hold alice
	contains "before" "memory.oom_kills: 0" "$(nsinit stats alice)"
	nssh alice "$EAT; sleep 20; echo" > "$OUT/other" 2>&1 &
	wait_until 10 counted || fail "not counted"
	contains "stats" "memory.oom_kills: 1" "$(nsinit stats alice)"
	# Only the session that it happened in.
	equal "sessions" "0 1" "$(nsinit stats --json alice |
		jq -r '[.sessions[].oom_kills] | sort | join(" ")')"
	release
	kill "$!"
}

# The session ends with the program, and nothing is left that counted.
of_the_last() {
	limited_memory
	nssh alice "exec $EAT" > "$OUT/other" 2>&1
	wait_until 5 closed sshd 1 || fail "the session's record" "$(cat "$LOG")"
	counted || fail "the log" "$(cat "$LOG")"
}

# A program that has killed what it makes, all the time, fills no log.
bounded() {
	local lines

	limited_memory
	timeout 20 su alice -c "for i in \$(seq 12); do $EAT; done" \
		> "$OUT/other" 2>&1
	wait_until 5 closed su 12 || fail "the session's record" "$(cat "$LOG")"
	lines=$(grep -c '^event=oom' "$LOG")
	[ "$lines" -ge 1 ] || fail "no line"
	[ "$lines" -le 12 ] || fail "$lines lines"
}

# --- refused by a limit

# refused WORD...: start, login and try name each word.
refused() {
	local word

	nsinit start alice > "$OUT/start" 2>&1 && fail "it starts"
	"$TESTS/pamcaller" su alice > "$OUT/su" 2>&1 && fail "su gets in"
	for word; do
		contains "nsinit start" "$word" "$(cat "$OUT/start")"
		logged "login refused: .*$word"
	done
	nsinit try alice > "$OUT/try" 2>&1 && fail "try gets in"
	lacks "nsinit try" "PID 1 died" "$(cat "$OUT/start" "$OUT/try")"
	[ ! -e "$RUN/alice/current" ] || fail "an instance is left"
}

starts() {
	wants '"cgroups": {"memory": 40960}'
	refused "PID 1 was killed" "memory limit of 40 KiB" "cgroups.memory"
	contains "nsinit try" "memory limit of 40 KiB" "$(cat "$OUT/try")"
	clean_slate
	for name in RLIMIT_AS RLIMIT_DATA; do
		wants "$(rlimit "$name" 1000)"
		refused "PID 1 was killed by signal" "$name in rlimits"
		clean_slate
	done
}

# The one who logs in is told, and the container of others is not disturbed.
processes() {
	local pids

	for pids in 1 2; do
		wants "\"cgroups\": {\"pids\": $pids}"
		status_is 1 "$TESTS/pamcaller" su alice
		contains "what the user sees" "Your container has 1 process, and" \
			"$(cat "$OUT/stdout")"
		contains "what the user sees" "allows $pids: a login needs 2" \
			"$(cat "$OUT/stdout")"
		logged "login refused: Your container has"
		nsinit try alice > "$OUT/try" 2>&1 && fail "try gets in"
		contains "nsinit try" "cgroups.pids" "$(cat "$OUT/try")"
		lacks "nsinit try" "was killed after" "$(cat "$OUT/try")"
		clean_slate
	done
	wants '"cgroups": {"pids": 3}'
	status_is 0 su alice -c true
	# An administrator looks into a full container.
	clean_slate
}

descriptors() {
	wants "$(rlimit RLIMIT_NOFILE 2)"
	status_is 1 "$TESTS/pamcaller" su alice
	logged "login refused: .*RLIMIT_NOFILE"
	nsinit try alice > "$OUT/try" 2>&1 && fail "try gets in"
	contains "nsinit try" "RLIMIT_NOFILE" "$(cat "$OUT/try")"
	clean_slate
	for name in RLIMIT_NPROC RLIMIT_CPU; do
		wants "$(rlimit "$name" 0)"
		status_is 1 "$TESTS/pamcaller" su alice
		logged "login refused: .*rlimits\[0\].soft: 0 lets no process"
		status_is 1 nsinit check alice
	done
	wants "$(rlimit RLIMIT_NOFILE 64)"
	status_is 0 su alice -c true
	clean_slate
}

# A full disk is named, before the start and while the container runs.
full_run() {
	local running

	wants '"hostname": "x"'
	mount -t tmpfs -o size=256k,mode=0755 full /run/nscontainer
	for running in "" running; do
		[ -z "$running" ] || nsinit start alice
		dd if=/dev/zero of=/run/nscontainer/fill 2> /dev/null
		"$TESTS/pamcaller" su alice > "$OUT/su" 2>&1 &&
			fail "su gets in"
		logged "login refused: .*/run/nscontainer/.*No space left on"
		rm /run/nscontainer/fill
	done
	status_is 0 su alice -c true
	nsinit stop alice
	umount /run/nscontainer
}

no_null() {
	wants '"device_nodes": []'
	status_is 1 nsinit try alice
	contains "nsinit try" "/dev/null" "$(cat "$OUT/stdout")"
	contains "nsinit try" "device_nodes" "$(cat "$OUT/stdout")"
}

# --- stale

# A list of all asks the name service and reads nscontainer.conf only once.
why() {
	local one all

	one=$(nsinit list --json alice | jq -r .why)
	all=$(nsinit list --json | jq -r 'select(.user == "alice").why')
	[ "$one" = "$all" ] || one="'$one' alone, '$all' among all"
	echo "$one"
}

stale() {
	hold alice
	equal "at first" null "$(why)"
	lacks "list --why" "changed" "$(nsinit list --why)"
	config alice '{"rootfs": "/", "hostname": "other"}'
	equal "content" "container.json or its seccomp profile" "$(why)"
	conf 'address_pool = "10.99.0.0/24";'
	contains "both" "nscontainer.conf" "$(why)"
	contains "list --why" "container.json or its seccomp profile" \
		"$(nsinit list --why)"
	conf
	config alice '{"rootfs": "/"}'
	equal "undone" null "$(why)"
	usermod -c x -s /bin/sh alice
	equal "account" "account of the user" "$(why)"
	usermod -s /bin/bash alice
	groupadd readers
	usermod -aG readers alice
	equal "groups" "groups of the user" "$(why)"
	sed -i 's/^group:.*/group: files [NOTFOUND=return] files/' \
		/etc/nsswitch.conf
	equal "groups of any module" "groups of the user" "$(why)"
	gpasswd -d alice readers > /dev/null
	equal "no group" null "$(why)"
	mkdir -p "$CONF/default"
	mv "$CONF/users/alice/container.json" "$CONF/default"
	equal "another file" "path of container.json" "$(why)"
	rm -r "$CONF/default"
	rm -r "$CONF/users/alice"
	contains "no file" "the user has no container" "$(why)"
	config alice '{"rootfs": "/"}'
	release
}

# Also the containers of directories, and each on a line of its own.
listed() {
	mkdir -p /srv/box
	echo '{"rootfs": "/"}' > /srv/box/container.json
	hold alice
	nsinit exec --root /srv/box -- sleep 30 > "$OUT/box" 2>&1 &
	wait_until 10 box || fail "list" "$(nsinit list; cat "$OUT/box")"
	equal "objects" 2 "$(nsinit list --json | jq -c . | wc -l)"
	equal "lines" 2 "$(nsinit list --json | wc -l)"
	nsinit stats --json | jq -se 'length == 2 and
		([.[] | .directory] | sort) == [null, "/srv/box"]' > /dev/null ||
		fail "stats" "$(nsinit stats --json)"
	for command in list ps last stats; do
		nsinit "$command" --json | jq -c . | wc -l > "$OUT/objects"
		nsinit "$command" --json | wc -l > "$OUT/lines"
		cmp -s "$OUT/objects" "$OUT/lines" || fail "$command --json"
	done
	kill "$!"
	release
}
box() {
	nsinit list | grep -q '^/srv/box '
}

# All containers are measured in one interval.
one_pass() {
	local i begin took

	for ((i = 0; i < 12; i++)); do
		mkdir -p "/srv/many/$i"
		echo '{"rootfs": "/"}' > "/srv/many/$i/container.json"
		nsinit exec --root "/srv/many/$i" -- sleep 60 \
			> /dev/null 2>&1 &
	done
	wait_until 30 many || fail "$(nsinit list)"
	begin=$(date +%s%N)
	nsinit stats --json > "$OUT/stats"
	took=$((($(date +%s%N) - begin) / 1000000))
	equal "containers" 12 "$(wc -l < "$OUT/stats")"
	[ "$took" -lt 1000 ] || fail "12 containers take $took ms"
	# shellcheck disable=SC2046 # several pids
	kill $(jobs -p)
	wait
}
many() {
	[ "$(nsinit list | grep -c '^/srv/many')" -eq 12 ]
}

# A failed test must not disturb the next.
e() {
	t "$@"
	clean_slate
	config alice '{"rootfs": "/"}'
	conf
}

e "a terminal says which limit a program was killed by" on_terminal
e "kills are counted by container and session" in_stats
e "a kill that ends the last session is counted" of_the_last
e "L15 a program that is killed all the time fills no log" bounded
e "a start that a limit kills names the limit" starts
e "a login for whose processes there is no room says so" processes
e "a limit of descriptors or processes is named" descriptors
e "a full /run is named" full_run
e "a missing /dev/null is named" no_null
e "nsinit list --why tells what has changed" stale
e "list and stats have the containers of directories, one a line" listed
e "nsinit stats measures all containers in one interval" one_pass
