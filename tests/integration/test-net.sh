#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# networks[].log and enforce, and nsinit net: what is recorded of what a
# container reaches, and of what its lists refuse.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/outside.sh"

# seen ACTION : "TO PROTOCOL PORT" of what nsinit net shows.
seen() {
	nsinit net --json alice | jq -r "select(.action == \"$1\") |
		\"\\(.to) \\(.protocol) \\(.port)\"" | sort
}

# in_log : the same of the session log.
in_log() {
	nsinit logs --json alice | jq -r "select(.event == \"network\") |
		\"\\(.action) \\(.to) \\(.protocol) \\(.port)\"" | sort -u
}

log_has() {
	in_log | grep -Fxq "$1"
}

log_is() {
	[ "$(in_log)" = "$1" ]
}

# The end of a container writes what is left, so that no test waits a minute.
# stopped ACTION FILE : the log then has what FILE has of nsinit net.
stopped() {
	nsinit stop alice || fail "stop"
	wait_until 20 log_is "$(sed "s/^/$1 /" "$2")" ||
		equal "the log" "$(sed "s/^/$1 /" "$2")" "$(in_log)"
}

forget() {
	clean_slate
	rm -f /var/log/nscontainer/sessions
}

# recorded TYPE
recorded() {
	forget
	names_begin
	lists "$1" '"allow": ["10.80.0.1:99", "good.example.org:99",
		"10.80.0.1/icmp"], "log": true'
	reach tcp,10.80.0.1,99 tcp,10.80.0.9,99 tcp,fd80::9,99 udp,10.80.0.9,97 \
		ping,10.80.0.9,0 ping,10.80.0.1,0 tcp,169.254.169.254,99 \
		tcp,good.example.org,99 tcp,bad.example.org,99 > "$OUT/text"
	seen reached > "$OUT/reached"
	seen refused > "$OUT/refused"
	nsinit net alice > "$OUT/table"
	bytes=$(nsinit net --json alice | jq 'select(.to == "10.80.0.1" and
		.port == 99 and .action == "reached") | .bytes > 100')
	stopped refused "$OUT/refused"
	nsinit logs alice > "$OUT/logs"
	names_end
	cat "$OUT/text" "$OUT/table"
	equal "reached" "10.80.0.1 icmp 0
10.80.0.1 tcp 99
good.example.org dns 0" "$(grep -v ^fd80 "$OUT/reached")"
	equal "refused" "10.80.0.9 icmp 0
10.80.0.9 tcp 99
10.80.0.9 udp 97
169.254.169.254 tcp 99
bad.example.org dns 0
fd80::9 tcp 99" "$(cat "$OUT/refused")"
	equal "bytes" true "$bytes"
	contains "logs" "alice network refused: 10.80.0.9 tcp 99, " \
		"$(cat "$OUT/logs")"
}

# Without "log", nsinit net shows it, and the log has nothing.
not_logged() {
	forget
	lists veth '"allow": ["10.80.0.1:99"]'
	reach tcp,10.80.0.9,99 > "$OUT/text"
	equal "net" "10.80.0.9 tcp 99" "$(seen refused)"
	sleep 2
	nsinit stop alice
	empty "log" "$(in_log)"
	forget
	lists veth ""
	status_is 1 nsinit net alice
	contains "no list" "alice: the container has no list of hosts" \
		"$(cat "$OUT/stderr")"
	clean_slate
	status_is 3 nsinit net alice
}

# only_logged TYPE : all is reached, and what is outside is recorded.
only_logged() {
	forget
	names_begin
	lists "$1" '"allow": ["10.80.0.1:99"], "deny": ["10.80.0.1:98"],
		"enforce": false, "log": true'
	reach tcp,10.80.0.1,99 tcp,10.80.0.1,98 tcp,10.80.0.9,99 \
		tcp,bad.example.org,99 ping,fd80::9,0 tcp,169.254.169.254,99 \
		> "$OUT/text"
	seen outside > "$OUT/outside"
	nsinit check alice > "$OUT/check" 2>&1
	nsinit list --json alice > "$OUT/list"
	stopped outside "$OUT/outside"
	nsinit start alice || fail "start"
	changed '"allow": ["10.80.0.1:99"]'
	nsinit update --from-file alice || fail "update"
	reach tcp,10.80.0.1,99 tcp,10.80.0.9,99 > "$OUT/enforced"
	names_end
	cat "$OUT/text" "$OUT/check" "$OUT/list"
	equal "nothing is refused" "yes yes yes yes yes yes" \
		"$(results "$OUT/text")"
	equal "outside of the list" "10.80.0.1 tcp 98
10.80.0.9 tcp 99
169.254.169.254 tcp 99
bad.example.org dns 0
fd80::9 icmp 0" "$(cat "$OUT/outside")"
	contains "check" "lists: recorded" "$(cat "$OUT/check")"
	equal "list" recorded "$(jq -r '.networks[0].lists' "$OUT/list")"
	equal "after an update" "yes no" "$(results "$OUT/enforced")"
}

# Who sends to many leaves a bounded number of lines, and the last one says so.
flood() {
	forget
	lists veth '"allow": [], "log": true'
	mkfifo "$OUT/one"
	timeout 60 su alice -s /bin/bash -c 'echo in; read -r; for i in {1..300}
		do echo > /dev/udp/10.80.0.9/$i; done 2> /dev/null; echo all' \
		< "$OUT/one" > "$OUT/text" &
	exec 5> "$OUT/one"
	wait_until 20 grep -q in "$OUT/text"
	# It finds them together.
	stand_still "$(monitors)"
	echo >&5
	exec 5>&-
	wait_until 50 grep -q all "$OUT/text"
	kill -CONT "$(monitors)"
	wait_until 20 log_has 'refused (others) any 0' || fail "no number"
	in_log > "$OUT/log"
	kept=$(seen refused | wc -l)
	clean_slate
	equal "lines" 65 "$(wc -l < "$OUT/log")"
	equal "what nsinit net has" 300 "$kept"
}

# A monitor is killed before it has written: the next one does, also if it comes
# ten minutes later; and it does not write again what was written.
monitor_killed() {
	local one="10.80.0.9 . tcp . 95" net

	forget
	lists veth '"allow": [], "log": true'
	net=$(pid_of alice)
	kill -KILL "$(monitors)"
	nsenter -t "$net" -n nft add element inet nscontainer refused4 \
		"{ $one timeout 1h expires 50m }" || fail "nft"
	timeout 30 su alice -c true || fail "su fails"
	wait_until 20 log_has "refused 10.80.0.9 tcp 95" || fail "lost"
	kill -KILL "$(monitors)"
	reach tcp,10.80.0.9,98 > "$OUT/text"
	# What comes last is written at the end.
	reach tcp,10.80.0.9,97 > "$OUT/text"
	nsinit stop alice
	wait_until 20 log_has "refused 10.80.0.9 tcp 97" || fail "the last"
	equal "written once" 1 "$(grep -c port=95 /var/log/nscontainer/sessions)"
	contains "control" "refused 10.80.0.9 tcp 98" "$(in_log)"
	clean_slate
}

# Names, of which anybody can ask for many, do not hide addresses.
many_names() {
	forget
	names_begin
	lists veth '"allow": ["good.example.org:99"], "log": true'
	# shellcheck disable=SC2046
	reach $(printf 'tcp,n%s.example.org,99 ' {1..200}) tcp,10.80.0.9,99 \
		> "$OUT/text"
	nsinit stop alice
	wait_until 20 log_has "refused 10.80.0.9 tcp 99" || fail "hidden"
	contains "names" "example.org dns 0" "$(in_log)"
	contains "the others" "refused (others) any 0" "$(in_log)"
	names_end
}

# The process that reads messages was taken over: it writes to the monitor all
# the time, and numbers that overflow.
hostile_resolver() {
	local instance writer

	forget
	names_begin
	lists veth '"allow": ["good.example.org:99"], "log": true'
	instance=$(instance alice)
	python3 - > "$OUT/entries" <<- 'END'
	import struct, sys
	for last, name in (-2**63, b"past"), (2**63 - 1, b"future"):
	    sys.stdout.buffer.write(struct.pack("=qQQ256s", last, 0, 1, name))
	END
	dd if="$OUT/entries" of="$instance/asked" conv=notrunc bs=280 seek=99 \
		2> /dev/null
	yes > "$instance/asked_wake" &
	writer=$!
	timeout 30 su alice -c "echo in" > "$OUT/text"
	kill "$writer"
	reach tcp,bad.example.org,99 > "$OUT/bad"
	nsinit stop alice
	wait_until 20 log_has "refused bad.example.org dns 0" || fail "nothing"
	names_end
	equal "a login" in "$(cat "$OUT/text")"
	lacks "the past" "past" "$(in_log)"
	lacks "the future" "future" "$(in_log)"
}

outside_begins
t "N7 veth: what the lists refuse is in the log, and in nsinit net" recorded veth
t "N7 pasta: what the lists refuse is in the log, and in nsinit net" recorded pasta
t "without log, nsinit net alone shows it" not_logged
t "veth: lists that are not enforced refuse nothing, and record" only_logged veth
t "pasta: lists that are not enforced refuse nothing, and record" \
	only_logged pasta
t "N7 a flood of destinations is bounded in the log, and counted" flood
t "N7 what the lists refuse is in the log, whenever the monitor ends" \
	monitor_killed
t "N7 many refused names do not hide an address" many_names
t "N7 a resolver that was taken over stops neither the monitor nor its log" \
	hostile_resolver
kill "$SERVER"
