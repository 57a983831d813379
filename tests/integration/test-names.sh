#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names in networks[].allow: what resolves, what its addresses open, and
# name-resolver, which answers.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/outside.sh"

NAMED='"allow": ["good.example.org:99", "good.example.org:96",
	"*.wide.example.org:99"]'

# named TYPE : names of the list resolve, and lead where the list says.
named() {
	names_begin
	lists "$1" "${NAMED%]}"', "10.80.0.1:97/udp"], "deny": ["10.80.0.1:98"]'
	equal "resolv.conf" "nameserver 127.0.1.53" \
		"$(timeout 30 su alice -c 'cat /etc/resolv.conf')"
	reach tcp,10.80.0.1,99 tcp,10.80.0.9,99 > "$OUT/before"
	reach tcp,good.example.org,99 tcp,a.wide.example.org,99 \
		tcp,good.example.org,98 tcp,10.80.0.1,99 tcp,10.80.0.9,99 \
		tcp,wide.example.org,99 tcp,bad.example.org,99 \
		tcp,cloud.wide.example.org,99 tcp,broken.wide.example.org,99 \
		tcp,good.example.org,99 > "$OUT/text"
	asked=$(sort -u "$TOP/asked" | xargs)
	names_end
	cat "$OUT/before" "$OUT/text"
	equal "control: before the names are asked for" "no no" \
		"$(results "$OUT/before")"
	equal "names" "yes yes no yes yes no no no no yes" \
		"$(results "$OUT/text")"
	contains "no such name" "bad.example.org,99: EAI-2" "$(cat "$OUT/text")"
	equal "what the name server was asked" "a.wide.example.org \
broken.wide.example.org cloud.wide.example.org good.example.org" "$asked"
}

# An address leaves its set in time; connections that it allowed go on.
names_in_time() {
	names_begin
	lists veth "$NAMED"
	mkfifo "$OUT/one"
	reach held,good.example.org,96 < "$OUT/one" > "$OUT/held" &
	exec 5> "$OUT/one"
	wait_until 10 grep -q held: "$OUT/held" || fail "no connection"
	net() {
		nsenter -t "$(pid_of alice)" -n nft "$@"
	}
	net list table inet nscontainer > "$OUT/rules"
	sed -n 's/.*set \(names4_[0-9a-f]*\) .*/\1/p' "$OUT/rules" > "$OUT/sets"
	while read -r set; do
		net flush set inet nscontainer "$set"
	done < "$OUT/sets"
	reach tcp,10.80.0.1,96 tcp,10.80.0.1,99 > "$OUT/text"
	echo >&5
	wait_until 10 grep -q 96: "$OUT/held"
	exec 5>&-
	# Other names: they are asked for anew, and the old one is unknown.
	changed '"allow": ["*.wide.example.org:99"]'
	nsinit update --from-file alice || fail "update"
	reach tcp,a.wide.example.org,99 tcp,good.example.org,99 \
		tcp,denied.wide.example.org,98 > "$OUT/updated"
	names_end
	cat "$OUT/rules" "$OUT/text" "$OUT/held" "$OUT/updated"
	# One second of DNS, and a minute.
	grep -Eq '10.80.0.1 timeout 1m1s' "$OUT/rules" || fail "no time limit"
	equal "new connections" "no no" "$(results "$OUT/text")"
	contains "the open one" "96: more" "$(cat "$OUT/held")"
	equal "after the update" "yes no no" "$(results "$OUT/updated")"
}

# Rights of both processes, what inside sees of them, and their end.
resolver_alone() {
	names_begin
	lists pasta "$NAMED"
	for pid in $(resolvers); do
		awk '/^Uid:|^CapEff:|^CapBnd:|^NoNewPrivs:|^Seccomp:/ {
			print $2 }' "/proc/$pid/status" | xargs
	done | sort > "$OUT/rights"
	nsinit exec alice --user root bash -c 'grep -ls name-resolver /proc/*/comm
		socat -u OPEN:/dev/null UDP4-RECVFROM:53,bind=127.0.1.53 ' \
		> "$OUT/inside" 2>&1
	# Garbage, and more questions than there are places.
	timeout 60 su alice -s /bin/bash -c 'for i in {1..300}; do
		head -c $((i % 60)) /dev/urandom > /dev/udp/127.0.1.53/53
	done; /srv/reach.py tcp,good.example.org,99' > "$OUT/after"
	for pid in $(resolvers); do
		stand_still "$pid"
	done
	timeout 30 su alice -c true; login=$?
	for pid in $(resolvers); do
		kill -CONT "$pid"
	done
	nsinit stop alice
	wait_until 10 no_resolver; gone=$?
	names_end
	u=$(id -u alice)
	equal "rights" "$u 0000000000000000 0000000000001000 1 2
$u 0000000000001000 0000000000001000 1 0" "$(cat "$OUT/rights")"
	lacks "seen inside" comm "$(cat "$OUT/inside")"
	contains "its port" "in use" "$(cat "$OUT/inside")"
	equal "after garbage" yes "$(results "$OUT/after")"
	equal "a login while it is stopped" 0 "$login"
	equal "it ends with the container" 0 "$gone"
}

# ended PID : a process that is neither there nor a zombie.
ended() {
	[ ! -e "/proc/$1" ]
}

# other_resolvers BEFORE : two processes, and none of these.
other_resolvers() {
	local pid now

	now=$(resolvers | xargs)
	[ "$(wc -w <<< "$now")" = 2 ] || return 1
	for pid in $1; do
		[[ " $now " != *" $pid "* ]] || return 1
	done
}

# Whichever is killed, both end, and the monitor starts others; meanwhile there
# is no answer.
resolver_again() {
	local pid before

	names_begin
	lists veth "$NAMED"
	for which in head tail; do
		before=$(resolvers | xargs)
		pid=$(xargs -n 1 <<< "$before" | "$which" -n 1)
		mkfifo "$OUT/one"
		timeout 60 su alice -s /bin/bash -c "echo in; read -r
			/srv/reach.py tcp,good.example.org,99 \
			tcp,10.80.0.9,99" < "$OUT/one" > "$OUT/$which.without" &
		exec 5> "$OUT/one"
		wait_until 10 grep -q in "$OUT/$which.without"
		stand_still "$(monitors)"
		kill -KILL "$pid"
		wait_until 10 no_resolver
		echo >&5
		exec 5>&-
		wait_until 30 grep -q 0.9,99: "$OUT/$which.without"
		kill -CONT "$(monitors)"
		rm "$OUT/one"
		wait_until 20 other_resolvers "$before" || fail "none comes"
		reach tcp,good.example.org,99 > "$OUT/$which.with"
		for pid in $before; do
			wait_until 10 ended "$pid" || fail "$pid is a zombie"
		done
	done
	# The next login has the monitor of a container started that lost both.
	before="$(monitors) $(resolvers | xargs)"
	# shellcheck disable=SC2086
	kill -KILL $before
	wait_until 10 no_resolver
	timeout 30 su alice -c true || fail "su fails"
	wait_until 20 other_resolvers "$before" || fail "none with a monitor"
	reach tcp,good.example.org,99 > "$OUT/monitor"
	# A new monitor finds the one that answers.
	before=$(resolvers | xargs)
	kill -KILL "$(monitors)"
	timeout 30 su alice -c true || fail "su fails"
	equal "it goes on without a monitor" "$before" "$(resolvers | xargs)"
	kill -KILL "${before% *}"
	wait_until 20 other_resolvers "$before" || fail "the second time"
	grep event=names /var/log/nscontainer/sessions > "$OUT/log"
	names_end
	cat "$OUT"/*.with* "$OUT/monitor" "$OUT/log"
	for which in head tail; do
		equal "$which: without" "in no no" \
			"$(results "$OUT/$which.without")"
		equal "$which: with" "yes" "$(results "$OUT/$which.with")"
	done
	equal "with another monitor" yes "$(results "$OUT/monitor")"
	contains "the log" "name-resolver has ended" "$(cat "$OUT/log")"
}

# What an update that was killed leaves allows nothing, and the next update, and
# another monitor, go on as if it had not been.
update_interrupted() {
	local names

	names_begin
	lists veth "$NAMED"
	names=$(instance alice)/names
	printf '\0' | dd of="$names" conv=notrunc 2> /dev/null
	reach tcp,good.example.org,99 > "$OUT/broken"
	# shellcheck disable=SC2046
	kill -KILL $(monitors) $(resolvers)
	wait_until 10 no_resolver
	timeout 30 su alice -c true || fail "su fails"
	wait_until 20 other_resolvers "" || fail "no name-resolver"
	: > "$names"
	changed '"allow": ["*.wide.example.org:99"]'
	nsinit update --from-file alice || fail "update"
	reach tcp,a.wide.example.org,99 tcp,good.example.org,99 \
		> "$OUT/updated"
	names_end
	equal "interrupted" no "$(results "$OUT/broken")"
	equal "after the next update" "yes no" "$(results "$OUT/updated")"
}

# The first name server takes connections, and says nothing.
silent_server() {
	local silent

	names_begin
	cp "$TESTS/ask.py" "$TESTS/names.py" /srv
	socat -u TCP-LISTEN:53,bind=127.0.0.2,fork,reuseaddr OPEN:/dev/null &
	silent=$!
	printf 'nameserver 127.0.0.%s\n' 2 1 > /etc/resolv.conf
	wait_until 10 eval ': < /dev/tcp/127.0.0.2/53' 2> /dev/null ||
		fail "no silent one"
	lists veth "$NAMED"
	timeout 60 su alice -s /bin/bash -c '/srv/ask.py \
		good.example.org,A,tcp good.example.org,A,tcp' > "$OUT/text"
	names_end
	kill "$silent"
	cat "$OUT/text"
	lacks "control: the silent one" NOERROR "$(head -n 1 "$OUT/text")"
	equal "the next one" "good.example.org,A,tcp: NOERROR 10.80.0.1 ttl 1" \
		"$(tail -n 1 "$OUT/text")"
}

outside_begins
t "N4 veth: a name of the list leads where the list says" named veth
t "N4 pasta: a name of the list leads where the list says" named pasta
t "N4 addresses of names leave their sets in time" names_in_time
t "N5 name-resolver has no rights but one, and ends with PID 1" resolver_alone
t "N6 name-resolver that is killed is started again, and no name resolves meanwhile" \
	resolver_again
t "N6 an update of names that was interrupted is made good by the next one" \
	update_interrupted
t "a name server that is silent by TCP is followed by the next one" silent_server
kill "$SERVER"
