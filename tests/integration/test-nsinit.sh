#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The administrator's command.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
config alice '{"rootfs": "/"}'
config carol '{"rootfs": "/", "hostnam": "x"}'
conf 'linger = 0;'
BOX=/srv/box

fresh() {
	need_product
	clean_slate
	[ ! -d "$BOX" ] || timeout 10 nsinit stop --root "$BOX" > /dev/null 2>&1
	mkdir -p "$BOX"
	echo "${1-{\"rootfs\": \"/\"\}}" > "$BOX/container.json"
}

box_pid() {
	cat "$BOX/pid" 2> /dev/null
}

box_gone() {
	[ ! -e "$BOX/pid" ] && [ "$(count_inits)" -eq 0 ] &&
		[ -z "$(monitors)" ]
}

box_lands() {
	local ns

	for ns in $NAMESPACES; do
		equal "namespace $ns" "$(ns_of "$(box_pid)" "$ns")" \
			"$(printed_ns "$1" "$ns")"
		differ "namespace $ns" "$(ns_of self "$ns")" \
			"$(printed_ns "$1" "$ns")"
	done
}

exec_lands() {
	fresh
	timeout 20 nsinit exec --root "$BOX" -- sh -c \
		"$NS_COMMAND; echo ready; sleep 1" > "$OUT/ns" &
	wait_until 10 grep -qs ready "$OUT/ns" || fail "it does not start"
	box_lands "$OUT/ns"
	wait $! || fail "status $?"
	wait_until 3 box_gone || fail "left" "$(ls "$BOX")"
	[ ! -e "$BOX/start" ] || fail "start is left"
}

exec_here() {
	fresh
	cd "$BOX" || fail "cd"
	equal "output" "here" "$(timeout 20 nsinit exec echo here)"
	wait_until 3 box_gone || fail "left" "$(ls "$BOX")"
}

exec_status() {
	fresh
	status_is 7 timeout 20 nsinit exec --root "$BOX" -- sh -c 'exit 7'
	status_is 0 timeout 20 nsinit exec --root "$BOX" true
	status_is 127 timeout 20 nsinit exec --root "$BOX" no-such-command
	bash -c 'timeout --foreground 20 nsinit exec --root "$1" -- \
		sh -c "kill -TERM \$\$"; exit $?' - "$BOX" > /dev/null 2>&1
	equal "status of death by signal" 143 $?
}

# strace makes the moment long in which nsinit's child has become the user, and
# its own child, which will be the command, is root: a signal of then is not lost.
exec_early_signal() {
	local option nsinit parent child tracer

	[ -x /usr/bin/strace ] || skip "strace is not here"
	fresh
	status_is 0 timeout 20 nsinit start alice
	for option in --no-tty --tty; do
		strace -f -o "$OUT/trace" -e inject=setsid:delay_enter=4000000 \
			nsinit exec $option alice sleep 4719 \
			< /dev/null > "$OUT/text" 2>&1 &
		tracer=$!
		wait_until 10 early || fail "no such moment" "$(cat "$OUT/text")"
		kill -TERM "$nsinit"
		equal "the test is in time: uid" 0 "$(uid_of "$child")"
		wait_until 20 ended "$nsinit" || fail "$option: it is lost"
		wait "$tracer"
		equal "$option: status" 143 $?
		pgrep -f 'sleep 4719' && fail "$option: the command runs"
	done
	status_is 0 timeout 20 nsinit stop alice
}
uid_of() {
	awk '/^Uid:/ { print $2 }' "/proc/$1/status" 2> /dev/null
}
ended() {
	! kill -0 "$1" 2> /dev/null
}
# Sets the pids.
early() {
	nsinit=$(pgrep -P "$tracer" -x nsinit) &&
		parent=$(pgrep -P "$nsinit") && child=$(pgrep -P "$parent") &&
		[ "$(uid_of "$parent")" = "$(id -u alice)" ]
}

exec_bytes() {
	fresh
	head -c 300000 /dev/urandom > "$OUT/sent"
	timeout 20 nsinit exec --root "$BOX" cat < "$OUT/sent" > "$OUT/back"
	cmp "$OUT/sent" "$OUT/back" || fail "the bytes came back changed"
}

first() {
	timeout 30 nsinit exec --root "$BOX" -- sh -c \
		'echo ready; exec sleep 20' > "$OUT/first" &
	FIRST=$!
	wait_until 10 grep -qs ready "$OUT/first" || fail "it does not start"
}

second_joins() {
	fresh
	first
	timeout 20 nsinit exec --root "$BOX" -- sh -c "$NS_COMMAND" > "$OUT/ns"
	box_lands "$OUT/ns"
	equal "containers" 1 "$(count_inits)"
	status_is 3 timeout 20 nsinit exec --root "$BOX" -- sh -c 'exit 3'
	[ -n "$(box_pid)" ] || fail "the end of the second ended it"
	kill "$FIRST"
	wait "$FIRST" 2> /dev/null
	wait_until 3 box_gone || fail "left" "$(ls "$BOX")"
}

# The container ends with its first process, whatever else runs.
ends_with_first() {
	fresh
	timeout 30 nsinit exec --root "$BOX" -- sh -c \
		'echo ready; sleep 987 & sleep 1.5' > "$OUT/first" &
	wait_until 10 grep -qs ready "$OUT/first" || fail "it does not start"
	timeout 20 nsinit exec --root "$BOX" sleep 876 &
	second=$!
	wait_until 3 box_gone || fail "it goes on" "$(ls "$BOX")"
	wait "$second"
	differ "status of the second" 0 $?
	empty "processes" "$(pgrep -f 'sleep 9*8*7')"
}

kill_exec() {
	fresh
	first
	pkill -KILL -x nsinit || fail "no nsinit"
	wait_until 3 box_gone || fail "it goes on" "$(ls "$BOX")"
	empty "processes" "$(pgrep -x sleep)"
	status_is 0 timeout 20 nsinit exec --root "$BOX" true
}

exec_refuses() {
	fresh '{"rootfs": "/", "rotfs": 1}'
	status_is 126 timeout 20 nsinit exec --root "$BOX" true
	contains "message" "container.json: rotfs: unknown key" \
		"$(cat "$OUT/stderr")"
	rm "$BOX/container.json"
	nsinit exec --root "$BOX" true > "$OUT/text" 2>&1
	echo "# without container.json: status $?: $(cat "$OUT/text")"
	fresh
	chmod 0666 "$BOX/container.json"
	status_is 126 timeout 20 nsinit exec --root "$BOX" true
	chmod 0644 "$BOX/container.json"
}

usage() {
	need_product
	status_is 2 nsinit
	status_is 2 nsinit frobnicate
	status_is 2 nsinit exec
	status_is 2 nsinit start
	status_is 2 nsinit start --json alice
	status_is 2 nsinit start alice bob
	status_is 2 nsinit stop --timeout soon alice
	status_is 2 nsinit list --jsn
	contains "message" "unknown option '--jsn'" "$(cat "$OUT/stderr")"
	status_is 2 nsinit stop alice --timeout
	contains "message" "--timeout: expected a value" "$(cat "$OUT/stderr")"
	status_is 2 nsinit --json stop alice
	contains "message" "nsinit stop: --json: not an option of this" \
		"$(cat "$OUT/stderr")"
	status_is 2 nsinit list --json=yes
	status_is 2 nsinit list -- --json bob
	status_is 2 nsinit help frobnicate
}

# The help of each command that --help lists has its usage and its options.
help() {
	local command

	need_product
	status_is 0 nsinit --help
	sed -n 's/^  \([a-z-]*\)  *[a-z].*/\1/p' "$OUT/stdout" > "$OUT/commands"
	[ "$(wc -l < "$OUT/commands")" -ge 14 ] || fail "too few commands"
	status_is 0 nsinit help
	while read -r command; do
		status_is 0 nsinit help "$command"
		contains "help $command" "usage: nsinit $command" \
			"$(cat "$OUT/stdout")"
		contains "help $command" "  -h, --help " "$(cat "$OUT/stdout")"
		cp "$OUT/stdout" "$OUT/first"
		status_is 0 nsinit "$command" --help
		cmp "$OUT/first" "$OUT/stdout" || fail "$command --help"
	done < "$OUT/commands"
	status_is 0 nsinit stop alice -h
	contains "an option" "--timeout SECONDS " "$(cat "$OUT/stdout")"
	status_is 0 setpriv --reuid=bob --regid=bob --clear-groups \
		nsinit help exec
}

version() {
	local program

	need_product
	for program in nsinit nsshell \
			"$LIBEXEC"/{container-{init,monitor,shell},login-start}; do
		for option in -V --version; do
			status_is 0 timeout 10 "$program" $option
			contains "$program $option" "${program##*/} 1." \
				"$(cat "$OUT/stdout")"
		done
	done
	status_is 0 nsinit list -V
	# A command's own option is not ours.
	fresh
	contains "the command's version" "GNU" \
		"$(timeout 20 nsinit exec --root "$BOX" bash --version)"
}

options_anywhere() {
	fresh
	equal "before the command" '' "$(nsinit --json list)"
	equal "after the operand" '' "$(nsinit list bob --json)"
	status_is 0 nsinit start alice --replace
	status_is 0 nsinit stop alice --timeout 0
	status_is 0 nsinit start -- alice
	status_is 0 nsinit --timeout=0 stop -- alice
	# An option after the word of the command is the command's.
	equal "the command's options" "-n --root x --json" "$(timeout 20 \
		nsinit --root "$BOX" exec printf '%s %s %s %s' \
		-n --root x --json)"
	equal "the command's --" "-- -h" "$(timeout 20 \
		nsinit exec --root "$BOX" -- printf '%s %s' -- -h)"
	equal "a command like an option" "--" "$(POSIXLY_CORRECT=1 timeout 20 \
		nsinit exec --root "$BOX" echo --)"
}

only_root() {
	need_product
	status_is 1 setpriv --reuid=bob --regid=bob --clear-groups \
		nsinit start alice
	contains "message" root "$(cat "$OUT/stderr")"
	no_container alice || fail "it runs"
}

start_and_stop() {
	fresh
	status_is 0 timeout 20 nsinit start alice
	equal "containers" 1 "$(count_inits)"
	first=$(pid_of alice)
	sleep 1.2
	equal "PID 1: it stays without a session" "$first" "$(pid_of alice)"
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns"
	landed_inside "$OUT/ns" alice
	timeout 20 nsinit start alice > "$OUT/text" 2>&1
	echo "# start of what runs: status $? $(cat "$OUT/text")"
	equal "containers" 1 "$(count_inits)"
	status_is 0 timeout 20 nsinit stop alice
	equal "containers" 0 "$(count_inits)"
	wait_until 3 no_container alice || fail "left" "$(ls "$RUN/alice/")"
	status_is 3 timeout 20 nsinit stop alice
}

stop_in_use() {
	fresh
	timeout 30 su alice -c 'trap "" TERM HUP; echo ready; sleep 20' \
		> "$OUT/text" &
	wait_until 10 grep -qs ready "$OUT/text" || fail "su fails"
	status_is 0 timeout 20 nsinit stop --timeout 1 alice
	wait_until 3 no_container alice || fail "it goes on"
	wait
}

start_refuses() {
	fresh
	status_is 1 timeout 20 nsinit start carol
	contains "message" "carol/container.json: hostnam: unknown key" \
		"$(cat "$OUT/stderr")"
	status_is 1 timeout 20 nsinit start bob
	status_is 1 timeout 20 nsinit start no-such-user
	status_is 1 timeout 20 nsinit start ../alice
	equal "containers" 0 "$(count_inits)"
}

list() {
	fresh
	equal "nothing runs" "" "$(nsinit list --json)"
	timeout 20 nsinit start alice
	timeout 20 su alice -c 'echo ready; sleep 1.5' > "$OUT/text" &
	wait_until 5 grep -qs ready "$OUT/text"
	nsinit list --json > "$OUT/json" || fail "status $?"
	python3 - "$OUT/json" "$(pid_of alice)" <<-'END' || fail "$(cat "$OUT/json")"
	import json, sys
	row, = map(json.loads, open(sys.argv[1]))
	assert row["user"] == "alice" and row["pid"] == int(sys.argv[2])
	assert row["sessions"] == 1 and row["rootfs"] == "/"
	assert row["since"] > 1700000000
	END
	contains "list" alice "$(nsinit list)"
	equal "lines" 2 "$(nsinit list | wc -l)"
	status_is 1 setpriv --reuid=bob --regid=bob --clear-groups nsinit list
	status_is 0 nsinit list alice
	status_is 3 nsinit list bob
	wait
	contains "no session" '"sessions": 0' "$(nsinit list --json)"
	nsinit stop alice
}

check() {
	fresh
	status_is 0 nsinit check alice
	contains "check" "rootfs: /" "$(cat "$OUT/stdout")"
	status_is 0 nsinit check --json alice
	python3 -c 'import json, sys
row = json.load(open(sys.argv[1]))
assert row["contained"] is True and "user" in row["namespaces"]' \
		"$OUT/stdout" || fail "$(cat "$OUT/stdout")"
	status_is 0 nsinit check bob
	contains "check of a user without container.json" "contained: no" \
		"$(cat "$OUT/stdout")"
	status_is 1 nsinit check carol
	contains "check" "hostnam: unknown key" "$(cat "$OUT/stderr")"
	status_is 0 nsinit check --root "$BOX"
	contains "of a directory" "directory: $BOX" "$(cat "$OUT/stdout")"
	cd "$BOX" || fail cd
	status_is 0 nsinit check .
	contains "of this one" "directory: $BOX" "$(cat "$OUT/stdout")"
	equal "containers" 0 "$(count_inits)"
}

# Each command names the container that it did not find.
names_it() {
	local command

	fresh
	for command in ps stats pause resume kick stop; do
		status_is 3 nsinit "$command" --root "$BOX"
		contains "$command --root" "$BOX: no container is running" \
			"$(cat "$OUT/stderr")"
	done
	for command in list ps stats net pause resume kick stop "kill TERM"; do
		# shellcheck disable=SC2086 # an operand before the user
		status_is 3 nsinit $command bob
		contains "$command" "bob: no container is running" \
			"$(cat "$OUT/stderr")"
	done
	status_is 126 nsinit exec bob true
	contains exec "bob: no container is running" "$(cat "$OUT/stderr")"
}

# What is noted of an account that is gone can be read, a misspelt name cannot.
names_nobody() {
	local command

	fresh
	for command in last logs "logs --follow" recordings "search x"; do
		# shellcheck disable=SC2086 # options and operands
		status_is 1 timeout 10 nsinit $command boob
		contains "$command" "user 'boob': is not known to the system" \
			"$(cat "$OUT/stderr")"
	done
	for command in last logs recordings; do
		status_is 0 nsinit "$command" bob
	done
	status_is 1 nsinit search x bob
	empty "search" "$(cat "$OUT/stderr")"
	useradd gone || fail "useradd"
	config gone '{"rootfs": "/"}'
	su gone -c true || fail "su gone"
	wait_until 5 no_container gone
	userdel gone
	for command in last logs; do
		status_is 0 nsinit "$command" gone
		contains "$command" "gone" "$(cat "$OUT/stdout")"
	done
}

capabilities_of_exec() {
	fresh '{"rootfs": "/", "capabilities": ["KILL"]}'
	timeout 20 nsinit exec --root "$BOX" grep ^Cap /proc/self/status \
		> "$OUT/text"
	contains "bounding set" "CapBnd:	0000000000000020" \
		"$(cat "$OUT/text")"
	contains "permitted" "CapPrm:	0000000000000020" \
		"$(cat "$OUT/text")"
}

descriptors_of_exec() {
	fresh
	equal "descriptors" "0 1 2" "$(timeout 20 nsinit exec --root "$BOX" -- \
		bash -c 'ls /proc/$$/fd > /tmp/fds; sort -n /tmp/fds | xargs' 7< /dev/null)"
}

t "nsinit exec starts a container and lands in it" exec_lands
t "nsinit exec takes the current directory" exec_here
# The container of a command that has ended may still be there.
exec_in_succession() {
	need_product
	for _ in $(seq 30); do
		status_is 0 timeout 20 nsinit exec --root /srv/box true
	done
}

# A host may have a thousand containers, so what is the same for all is read once
# (0099).  Calls are counted because other load changes any time.
few_calls() {
	local i

	[ -x /usr/bin/strace ] || skip "strace is not here"
	fresh
	make_many many 6
	make_many more 6 21000
	for i in 0 1 2 3 4 5; do
		config "many$i" '{"rootfs": "/"}'
	done
	# Of these, the policy of the user takes 9, for container.json.
	few_calls_of many 33
	# Here it takes 2, for users/ and groups/: the groups are in a table.
	mkdir -p "$CONF/groups" "$CONF/default"
	echo '{"rootfs": "/"}' > "$CONF/default/container.json"
	few_calls_of more 26
	rm -r "$CONF/default" "$CONF/groups"
}
# few_calls_of NAME MOST: start NAME0 to NAME5; MOST is for nsinit list.
few_calls_of() {
	local i few_list few_ps

	status_is 0 nsinit start "${1}0"
	few_list=$(calls list)
	few_ps=$(calls ps)
	for i in 1 2 3 4 5; do
		status_is 0 nsinit start "$1$i"
	done
	at_most "$2" list "$few_list"
	# Here, the search for logins that wait on the host takes 15.
	at_most 40 ps "$few_ps"
	for i in 0 1 2 3 4 5; do
		status_is 0 nsinit stop "$1$i"
	done
}
calls() {
	strace -qq -o "$OUT/trace" nsinit "$1" > "$OUT/text" || fail "$1"
	wc -l < "$OUT/trace"
}
# at_most MOST COMMAND FEW: FEW was with 5 containers less.
at_most() {
	local each=$((($(calls "$2") - $3) / 5))

	[ "$each" -le "$1" ] || fail "nsinit $2: $each calls for each container" \
		"$(sed 's/(.*//' "$OUT/trace" | sort | uniq -c | sort -rn)"
}

t "nsinit exec ends like its command" exec_status
t "nsinit exec passes on a signal that comes early" exec_early_signal
t "nsinit exec after nsinit exec never meets the end of the one before" \
	exec_in_succession
t "nsinit exec is byte-clean" exec_bytes
t "a second nsinit exec joins" second_joins
t "the container of nsinit exec ends with its first process" ends_with_first
t "kill -9 of nsinit exec ends the container" kill_exec
t "nsinit exec refuses a broken container.json with 126" exec_refuses
t "wrong usage is status 2" usage
t "help says what each command does" help
t "each program says its version" version
t "options may be before and after the operands" options_anywhere
t "nsinit start is for root" only_root
t "nsinit start and stop" start_and_stop
t "nsinit stop ends what ignores signals" stop_in_use
t "nsinit start refuses what is broken or not there" start_refuses
t "nsinit list" list
t "nsinit list and ps take few system calls for each container" few_calls
t "nsinit check" check
t "commands name the container that does not run" names_it
t "commands name the user of whom nothing is known" names_nobody
t "nsinit exec keeps what capabilities says" capabilities_of_exec
t "E4 nsinit exec passes descriptors 0, 1 and 2 only" descriptors_of_exec
