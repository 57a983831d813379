#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# networks[].rate: how fast a container sends and receives, for each type of
# network, and that nothing inside changes it.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/outside.sh"

cp "$TESTS/speed.py" /srv/speed.py
chmod 0755 /srv/speed.py

# 4 MB a second: 12 MB pass in 1.5 s, since the first 6 MB pass at once.
RATE='"rate": {"up": "32Mbit", "down": "32Mbit"}'
BYTES=12000000

# speed ARGUMENT... : seconds, for a session of alice.
speed() {
	timeout 60 su alice -s /bin/bash -c "/srv/speed.py $*" &
	wait_until 25 ended $! || sockets >&2
	wait $!
}
# again TYPE COMMAND... : pasta of Debian 12 closes connections whose first packets
# are dropped, see container.json(5).
again() {
	if [ "$1" = pasta ] && old_pasta; then
		"${@:2}" || "${@:2}" || "${@:2}"
	else
		"${@:2}"
	fi
}
old_pasta() {
	[ "$(pasta --version | head -n 1)" = "pasta unknown version" ]
}
ended() {
	! kill -0 "$1" 2> /dev/null
}
# Of a transfer that does not end: what each part of it waits for.
sockets() {
	local filter='( sport = :95 or dport = :95 )'

	echo "inside:"
	nsenter -t "$(pid_of alice)" -n ss -Htinoe "$filter"
	echo "on the host:"
	ss -Htinoe "$filter"
	echo "outside:"
	ip netns exec out ss -Htinoe "$filter"
	nsenter -t "$(pid_of alice)" -n /usr/sbin/nft list counters
	echo "load: $(cat /proc/loadavg)"
}

# between WHAT LEAST MOST SECONDS
between() {
	echo "$1: $4 s"
	awk "BEGIN { exit !(\"$4\" != \"\" && $4 >= $2 && $4 <= $3) }" ||
		fail "$1" "expected $2 to $3 s, got '$4'"
}

# four TYPE : both directions, both families, and several connections.
four() {
	again "$1" speed up 10.80.0.1 $BYTES
	again "$1" speed down 10.80.0.1 $BYTES
	again "$1" speed up fd80::1 $BYTES 4
	again "$1" speed down fd80::1 $BYTES 4
}

# Each in less than 1.1 s, which a busy machine may not do at once.
free_four() {
	four "$1" > "$OUT/free"
	[ "$(awk '$1 < 1.1' "$OUT/free" | wc -l)" -eq 4 ]
}

# free COMMAND... : the control of a transfer, which prints seconds.
free() {
	local seconds

	for _ in 1 2 3; do
		seconds=$("$@")
		[[ ! $seconds =~ ^0|^1\.0 ]] || return 0
	done
	fail "control: without a rate" "$seconds"
}

# limited TYPE
limited() {
	local n=0 seconds

	entry "$1" > /dev/null || skip "this kernel has no $1"
	lists "$1" ""
	wait_until 30 free_four "$1" ||
		fail "control: without a rate" "$(cat "$OUT/free")"
	lists "$1" "$RATE"
	four "$1" > "$OUT/rate"
	while read -r seconds; do
		n=$((n + 1))
		between "with the rate, $n" 1.3 40 "$seconds"
	done < "$OUT/rate"
	equal "all of them" 4 "$n"
	clean_slate
}

# The host has received each of these long before the rate lets it in, so that
# pasta loses packets of the end: container.json(5).
downloads_end() {
	local rmem=/proc/sys/net/ipv4/tcp_rmem seconds

	entry pasta > /dev/null || skip "this machine has no pasta"
	lists pasta "$RATE" '"sysctl": {"net.ipv4.tcp_rmem": "4096 87380 6291456"}'
	equal "the file's own" "4096 87380 6291456" \
		"$(nsinit exec alice cat $rmem | xargs)"
	lists pasta '"rate": {"up": "32Mbit"}'
	equal "control: without such a rate" "$(cat $rmem)" \
		"$(nsinit exec alice cat $rmem)"
	changed "$RATE"
	nsinit update --from-file alice || fail "update"
	equal "updated" "4096 65536 65536" \
		"$(nsinit exec alice cat $rmem | xargs)"
	! old_pasta || skip "this pasta closes connections"
	for _ in 1 2 3 4 5 6; do
		speed down fd80::1 $BYTES 4
	done > "$OUT/rate"
	equal "all of them" 6 "$(wc -l < "$OUT/rate")"
	while read -r seconds; do
		between "with the rate" 1.3 40 "$seconds"
	done < "$OUT/rate"
	clean_slate
}

# dropped : "IN OUT" of nsinit stats, and the directions of nsinit metrics.
dropped() {
	{
		nsinit stats --json alice | jq -r '.networks[] |
			select(.interface == "eth0") |
			"\(.rx_dropped) \(.tx_dropped)"'
		nsinit metrics | grep '^nscontainer_rate_dropped_packets_total{user="alice",.*,interface="eth0",' |
			sed -n 's/.*,direction="\(.*\)"} [1-9][0-9]*$/\1/p'
	} | xargs
}

# flooded RATE : the bytes that two seconds of UDP bring out.
flooded() {
	lists veth "$1"
	speed got 10.80.0.1 > /dev/null
	speed udp 10.80.0.1 2
	ip netns exec out /srv/speed.py got 10.80.0.1
}

udp() {
	local free rate

	free=$(flooded "")
	nsinit stats alice > "$OUT/groups" 2>&1 || rm "$OUT/groups"
	[ ! -e "$OUT/groups" ] ||
		equal "control: what was dropped" "null null" "$(dropped)"
	rate=$(flooded '"rate": {"up": "8Mbit"}')
	[ ! -e "$OUT/groups" ] || [[ $(dropped) =~ ^null\ [1-9][0-9]*\ tx$ ]] ||
		fail "what was dropped" "$(dropped)"
	echo "free $free, rate $rate"
	[ "$free" -gt 6000000 ] || fail "control: without a rate" "$free"
	[ "$rate" -gt 800000 ] || fail "nothing passes" "$rate"
	[ "$rate" -lt 4000000 ] || fail "with the rate" "$rate"
	clean_slate
}

# unchangeable TYPE
unchangeable() {
	unchanged "$1" "$RATE"
	between "after all" 1.3 40 "$(again "$1" timeout 60 nsinit exec alice \
		--user root /srv/speed.py up 10.80.0.1 $BYTES)"
	clean_slate
}

# The bridge that is made for containers, and a port of the host.
bridge_auto() {
	need_product
	clean_slate
	host_forwards
	for rate in "" "$RATE, "; do
		config alice "{\"rootfs\": \"/\", \"networks\": [{
			\"type\": \"veth\", $rate\"ports\": [\"8095:95\"],
			\"context\": {\"bridge\": \"auto\"}}],
			\"capabilities\": [\"NET_BIND_SERVICE\", \"SETUID\",
				\"SETGID\", \"CHOWN\", \"KILL\"]}"
		nsinit start alice 2>&1 || fail "nsinit start"
		rm -f "$OUT/inside"
		nsinit exec alice --user root /srv/speed.py serve \
			> "$OUT/inside" &
		wait_until 10 grep -qs ready "$OUT/inside" || fail "no server"
		for kind in up down; do
			speed $kind 10.80.0.1 $BYTES
			timeout 60 ip netns exec out /srv/speed.py $kind \
				10.80.0.2 $BYTES 1 8095
		done > "$OUT/seconds${rate:+.rate}"
		clean_slate
	done
	equal "all of them" "4 4" "$(wc -l < "$OUT/seconds") $(wc -l < \
		"$OUT/seconds.rate")"
	while read -r seconds; do
		between "control: without a rate" 0 1.25 "$seconds"
	done < "$OUT/seconds"
	while read -r seconds; do
		between "with the rate" 1.3 40 "$seconds"
	done < "$OUT/seconds.rate"
}

# forwarded RATE : seconds through ssh -L
forwarded() {
	lists veth "$1"
	nssh_with -f -N -M -S "$OUT/control" -L 4101:10.80.0.1:95 \
		alice@127.0.0.1 > /dev/null 2>&1
	timeout 60 /srv/speed.py down 127.0.0.1 $BYTES 1 4101
	ssh -S "$OUT/control" -O exit alice@127.0.0.1 2> /dev/null
}

ssh_forwards() {
	# ssh itself is slow on a busy machine, so the rate is lower here.
	between "control: without a rate" 0 3.5 "$(forwarded "")"
	between "with the rate" 4 15 "$(forwarded '"rate": {"down": "16Mbit"}')"
	clean_slate
}

# Why it is stale, and the rate that nsinit list shows.
why() {
	nsinit list --json alice |
		jq -r '"\(.why) \(.networks[0].rate_down)"'
}

# A connection that is open gets the new rate, in both directions of change.
updated() {
	lists veth '"rate": {"down": "4Mbit"}'
	speed down 10.80.0.1 12000000 > "$OUT/seconds" &
	sleep 1
	changed '"rate": {"down": "800Mbit"}'
	equal "changed" "container.json or its seccomp profile 4Mbit" "$(why)"
	nsinit update --from-file alice || fail "update"
	equal "updated" "null 800Mbit" "$(why)"
	wait $!
	between "faster" 0.5 12 "$(cat "$OUT/seconds")"
	changed "$RATE"
	nsinit update --from-file alice || fail "update"
	between "slower" 1.3 40 "$(speed down 10.80.0.1 $BYTES)"
	changed ""
	nsinit update --from-file alice || fail "update"
	free speed down 10.80.0.1 $BYTES
	lists veth ""
	changed "$RATE"
	status_is 1 nsinit update --from-file alice
	contains "its own" "networks: allow, deny and rate: the container began without them" \
		"$(cat "$OUT/stderr")"
	clean_slate
}

# What an administrator sees, and what is refused.
shown() {
	lists veth "$RATE"
	speed up 10.80.0.1 1000 > /dev/null
	contains "check" '"rate_up": "32Mbit"' "$(nsinit check --json alice)"
	contains "net" 10.80.0.1 "$(nsinit net alice)"
	changed '"rate": {"up": "10M"}'
	status_is 1 nsinit check alice
	contains "the unit" 'networks[0].rate.up: expected bits a second, "64kbit" to "100Gbit", such as "10Mbit", got "10M"' \
		"$(cat "$OUT/stderr")"
	clean_slate
	config alice "{\"rootfs\": \"/\", \"networks\": [{$ENTRY, $RATE}],
		\"namespaces\": {\"NEWNS\": true, \"NEWPID\": true,
		\"NEWNET\": true, \"NEWUTS\": true, \"NEWIPC\": true}, $LISTS_CAPS}"
	status_is 1 nsinit check alice
	contains "above it" 'networks[0].rate: needs namespaces.NEWUSER, or capabilities without NET_ADMIN, which is above such a rate' \
		"$(cat "$OUT/stderr")"
	clean_slate
}

outside_begins
ip netns exec out /srv/speed.py serve > "$OUT/speed" &
SPEED=$!
wait_until 20 grep -q ready "$OUT/speed"
t "N12 veth: the rate holds up and down, for all connections together" \
	limited veth
t "N12 pasta: the rate holds up and down" limited pasta
t "pasta: downloads with a rate come to their end" downloads_end
t "N12 macvlan: the rate holds up and down" limited macvlan
t "N12 ipvlan: the rate holds up and down" limited ipvlan
t "N12 a flood of UDP has the rate" udp
t "N12 bridge auto: the rate holds, also for ports of the host" bridge_auto
t "N12 what ssh -L forwards has the rate" ssh_forwards
t "N12 veth: root inside with CAP_NET_ADMIN cannot change the rate" \
	unchangeable veth
t "N12 pasta: root inside cannot change the rate" unchangeable pasta
t "N12 macvlan: root inside cannot change the rate" unchangeable macvlan
t "N12 ipvlan: root inside cannot change the rate" unchangeable ipvlan
t "N12 nsinit update changes the rate of open connections" updated
t "a rate is shown, and one without a unit or above which root is, refused" shown
kill "$SERVER" "$SPEED"
