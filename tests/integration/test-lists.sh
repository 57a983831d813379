#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# networks[].allow and deny: what is reached from inside, for each type of
# network, and that nothing inside changes it.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/outside.sh"

PROBES="tcp,10.80.0.1,99 tcp,10.80.0.1,98 tcp,10.80.0.9,99 tcp,fd80::1,99
tcp,fd80::1,98 tcp,fd80::9,99 udp,10.80.0.1,97 udp,10.80.0.9,97
udp,fd80::1,97 udp,fd80::9,97 ping,10.80.0.1,0 ping,10.80.0.9,0
ping,fd80::1,0 ping,fd80::9,0 tcp,169.254.169.254,99 big,10.80.0.1,97
big,10.80.0.9,97 big,fd80::1,97 big,fd80::9,97"

# Somebody inside sends in the name of the other end, and answers that.
own_answers() {
	lists veth ""
	# It waits three seconds for an answer, which a busy machine may miss.
	for _ in 1 2 3; do
		reach own,fd80::9,4097 > "$OUT/text"
		grep -q silence "$OUT/text" || break
	done
	equal "control" "own,fd80::9,4097: outside" "$(cat "$OUT/text")"
	lists veth '"allow": ["10.80.0.1:99"]'
	reach own,fd80::9,4097 > "$OUT/text"
	contains "with a list" "own,fd80::9,4097: E" "$(cat "$OUT/text")"
	lists veth '"deny": ["fd80::9"]'
	reach own,fd80::9,4097 > "$OUT/text"
	contains "denied" "own,fd80::9,4097: E" "$(cat "$OUT/text")"
}

# lacking TYPE : this kernel has no such network, and says so.
lacking() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\", \"networks\": [{\"type\": \"$1\",
		\"context\": {\"parent\": \"wan0\"}, $MADE, \"allow\": []}]}"
	status_is 1 nsinit start alice
	contains "the reason" "this kernel has no $1" "$(cat "$OUT/stderr")"
}

# An error that a host of the list sends comes in.
errors() {
	lists veth '"allow": ["10.80.0.1/udp", "fd80::1/udp"]'
	reach error,10.80.0.1,95 error,fd80::1,95 > "$OUT/text"
	cat "$OUT/text"
	equal "errors" "yes yes" "$(results "$OUT/text")"
	clean_slate
}

# only TYPE : each of a list is reached, and nothing else.
only() {
	entry "$1" > /dev/null || { lacking "$1"; return; }
	lists "$1" ""
	# shellcheck disable=SC2086
	reach $PROBES > "$OUT/all" || fail "su fails" "$(cat "$OUT/all")"
	lists "$1" '"allow": ["10.80.0.1:99", "[fd80::1]:99", "10.80.0.1:97/udp",
		"[fd80::/64]:97/udp", "10.80.0.1/icmp", "fd80::1/icmp"]'
	# shellcheck disable=SC2086
	reach $PROBES > "$OUT/some" || fail "su fails"
	cat "$OUT/all" "$OUT/some"
	equal "control: without a list" \
		"yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes \
yes yes yes yes" \
		"$(results "$OUT/all")"
	equal "with the list" \
		"yes no no yes no no yes no yes yes yes no yes no no yes no \
yes yes" \
		"$(results "$OUT/some")"
	lacks "an answer at once" silence "$(cat "$OUT/some")"
	lists "$1" '"deny": ["10.80.0.9", "*:98", "fd80::9/tcp"]'
	# shellcheck disable=SC2086
	reach $PROBES > "$OUT/denied" || fail "su fails"
	cat "$OUT/denied"
	equal "all but what is denied" \
		"yes no no yes no no yes no yes yes yes no yes yes no yes no \
yes yes" \
		"$(results "$OUT/denied")"
	clean_slate
}

SENDERS="route,10.80.0.9,97 route6,fd80::9,97 hops6,fd80::9,97
options6,fd80::9,97"

send_all() {
	# shellcheck disable=SC2086
	reach_root $SENDERS > "$OUT/control"
}

# unchangeable TYPE
unchangeable() {
	entry "$1" > /dev/null || { lacking "$1"; return; }
	unchanged "$1" '"allow": ["10.80.0.1:99"]' send_all
	# shellcheck disable=SC2086
	reach_root $SENDERS > "$OUT/sockets"
	reach tcp,10.80.0.1,99 tcp,10.80.0.9,99 > "$OUT/after"
	cat "$OUT/control" "$OUT/sockets" "$OUT/after"
	equal "control: without a list" "sent sent sent sent" \
		"$(results "$OUT/control")"
	equal "sockets" "no no no no" "$(results "$OUT/sockets")"
	equal "after all" "yes no" "$(results "$OUT/after")"
	clean_slate
}

# On a host without the package netbase.
no_protocols() {
	mount --bind /dev/null /etc/protocols
	(lists veth '"allow": ["10.80.0.1/icmp", "fd80::1/icmp", "10.80.0.1/udp"]')
	started=$?
	umount /etc/protocols
	equal "it starts" 0 "$started"
	reach ping,10.80.0.1,0 ping,fd80::1,0 udp,10.80.0.1,97 ping,10.80.0.9,0 \
		> "$OUT/text"
	equal "reached" "yes yes yes no" "$(results "$OUT/text")"
	clean_slate
}

# Both users of nsshell, and what a login needs of a network that is not its own.
own_doors() {
	lists veth '"allow": ["10.80.0.1:99"]' \
		'"sysctl": {"net.ipv4.ip_local_port_range": "40000 40100"}'
	in_door() {
		timeout 60 setpriv --reuid alice --regid alice --init-groups \
			nsshell -c "$1"
	}
	in_door '/srv/reach.py tcp,10.80.0.1,99 tcp,10.80.0.9,99' \
		> "$OUT/nsshell" || fail "nsshell fails"
	equal "nsshell" "yes no" "$(results "$OUT/nsshell")"
	nsinit exec alice --user root timeout 1 socat TCP-LISTEN:80 - \
		< /dev/null > "$OUT/port" 2>&1
	lacks "port 80 for root inside" "ermission" "$(cat "$OUT/port")"
	equal "sysctl" "40000 40100" "$(in_door \
		'cat /proc/sys/net/ipv4/ip_local_port_range' | xargs)"
	in_door 'socat -u TCP-LISTEN:4000 OPEN:/dev/null & sleep 0.2
		socat -u OPEN:/etc/hostname TCP:127.0.0.1:4000 && wait' ||
		fail "the loopback is not free"
	clean_slate
}

# Who connects from outside gets answers.
answers() {
	lists veth '"allow": []'
	timeout 60 su alice -s /bin/bash -c "
		socat TCP-LISTEN:4000,reuseaddr SYSTEM:'echo inside' &
		echo listens; wait" > "$OUT/in" &
	wait_until 10 grep -q listens "$OUT/in"
	got=$(timeout 20 ip netns exec out bash -c '
		until exec 3<> /dev/tcp/10.80.0.5/4000; do sleep 0.1; done
		cat <&3' 2> /dev/null)
	wait $!
	equal "from outside" inside "$got"
	reach tcp,10.80.0.1,99 > "$OUT/text"
	equal "control" no "$(results "$OUT/text")"
	clean_slate
}

# Without a user namespace.
no_userns() {
	local ns='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWNET": true,
		"NEWUTS": true, "NEWIPC": true, "NEWCGROUP": true}'

	lists veth '"allow": ["10.80.0.1:99"]' "$ns"
	reach tcp,10.80.0.1,99 tcp,10.80.0.9,99 > "$OUT/text" || fail "su fails"
	reach_root tcp,10.80.0.9,99 packet,x,0 raw,10.80.0.9,97 \
		>> "$OUT/text" || fail "exec fails"
	nsinit exec alice --user root unshare -Ur /usr/sbin/nft flush ruleset \
		2>&1 && fail "root inside owns the network"
	cat "$OUT/text"
	equal "reached" "yes no no no no" "$(results "$OUT/text")"
	clean_slate
	config alice "{\"rootfs\": \"/\", \"networks\": [{$ENTRY,
		\"allow\": []}], $ns, $LISTS_CAPS}"
	status_is 1 nsinit check alice
	contains "refused" 'networks[0].allow: needs namespaces.NEWUSER, or capabilities without NET_ADMIN' \
		"$(cat "$OUT/stderr")"
	clean_slate
}

# Two networks, of which one has a list.
two() {
	lists veth ""
	clean_slate
	ip link add br1 type bridge
	ip link set br1 up
	ip addr add 10.81.0.1/24 dev br1
	config alice "{\"rootfs\": \"/\", \"networks\": [{$ENTRY,
		\"allow\": []}, {\"type\": \"veth\", \"address\": \"10.81.0.2/24\",
		\"context\": {\"bridge\": \"br1\", \"prefix\": \"nw\"}}]}"
	"$TESTS/outside.py" 10.81.0.1 > "$OUT/ready2" &
	second=$!
	wait_until 20 grep -q ready "$OUT/ready2"
	reach tcp,10.80.0.1,99 tcp,10.81.0.1,99 > "$OUT/text"
	kill "$second"
	clean_slate
	ip link del br1
	equal "each interface has its own" "no yes" "$(results "$OUT/text")"
}

# updated TYPE : a connection stays while the list has it, and is cut when it
# does not; what has been refused is reached.
updated() {
	entry "$1" > /dev/null || { lacking "$1"; return; }
	lists "$1" '"allow": ["10.80.0.1:96", "10.80.0.1:97/udp", "10.80.0.9:99"]'
	holds tcp held,10.80.0.1,96
	holds udp held_udp,10.80.0.1,97
	changed '"allow": ["10.80.0.0/24:96", "10.80.0.1/udp"]'
	nsinit update --from-file alice || fail "update"
	goes_on tcp
	goes_on udp
	contains "TCP that is still allowed" "96: more" "$(cat "$OUT/tcp")"
	contains "UDP that is still allowed" "97: outside" "$(cat "$OUT/udp")"
	holds tcp held,10.80.0.1,96
	holds udp held_udp,10.80.0.1,97
	changed '"allow": ["10.80.0.9:98"]'
	nsinit update --from-file alice || fail "update"
	goes_on tcp
	goes_on udp
	contains "TCP that is not" "96: E" "$(cat "$OUT/tcp")"
	contains "UDP that is not" "97: E" "$(cat "$OUT/udp")"
	reach tcp,10.80.0.1,96 tcp,10.80.0.9,99 tcp,10.80.0.9,98 > "$OUT/text"
	equal "new ones" "no no yes" "$(results "$OUT/text")"
	equal "stale" null "$(nsinit list --json alice | jq -c .why)"
	changed ""
	nsinit update --from-file alice || fail "update"
	reach tcp,10.80.0.1,99 > "$OUT/text"
	equal "without a list" yes "$(results "$OUT/text")"
	# A new container would own its network.
	contains "stale without one" "container.json" \
		"$(nsinit list --json alice | jq -c .why)"
	clean_slate
}

# A network of the container's own, or somebody else's, gets no lists later.
not_updated() {
	lists veth ""
	changed '"allow": []'
	status_is 1 nsinit update --from-file alice
	contains "its own" "networks: allow, deny and rate: the container began without them" \
		"$(cat "$OUT/stderr")"
	# Root inside writes a table of our name.
	lists veth "" "$LISTS_CAPS"
	nsinit exec alice --user root /usr/sbin/nft \
		'add table inet nscontainer' || fail "no table"
	changed '"allow": []'
	status_is 1 nsinit update --from-file alice
	contains "its own table" "began without them" "$(cat "$OUT/stderr")"
	clean_slate
	ip netns add lab
	config alice '{"rootfs": "/", "networks": [{"type": "netns",
		"context": {"nspath": "/run/netns/lab"}}]}'
	nsinit start alice || fail "start"
	changed '"allow": []'
	status_is 1 nsinit update --from-file alice
	contains "joined" "began without them" "$(cat "$OUT/stderr")"
	empty "of the joined one" "$(ip netns exec lab nft list ruleset)"
	clean_slate
	ip netns del lab
}

# forwards TYPE LISTS : what the forwards of ssh reach.
forwards() {
	local target

	lists "$1" "$2" > /dev/null
	for target in 10.80.0.1 10.80.0.9; do
		nssh_with -W "$target:99" alice@127.0.0.1 < /dev/null
		echo "W"
		nssh_with -f -N -M -S "$OUT/control" -D 4100 \
			-L "4101:$target:99" alice@127.0.0.1 > /dev/null
		timeout 5 cat < /dev/tcp/127.0.0.1/4101
		echo "L"
		# By hand: the socat of Debian 13 wants an address beside lo's.
		exec 8<> /dev/tcp/127.0.0.1/4100
		printf '\4\1\0\143\12\120\0%b\0' "\\x${target##*.}" >&8
		{ head -c 8 > /dev/null; timeout 5 cat; } <&8
		exec 8>&-
		echo "D"
		ssh -S "$OUT/control" -O exit alice@127.0.0.1
	done 2> /dev/null | xargs
}

ssh_forwards() {
	local type

	for type; do
		entry "$type" > /dev/null || { lacking "$type"; continue; }
		equal "$type: control: without a list" \
			"outside W outside L outside D outside W outside L outside D" \
			"$(forwards "$type" "")"
		equal "$type: with the list" "outside W outside L outside D W L D" \
			"$(forwards "$type" '"allow": ["10.80.0.1:99"]')"
	done
	clean_slate
}

outside_begins
t "N1 veth: what the list has is reached, and nothing else" only veth
t "N1 pasta: what the list has is reached, and nothing else" only pasta
t "N1 macvlan: what the list has is reached, and nothing else" only macvlan
t "N1 bridge: what the list has is reached, and nothing else" only bridge
t "errors of hosts of the list come in" errors
t "N1 an answer to a packet of one's own is judged" own_answers
t "N1 ipvlan: what the list has is reached, and nothing else" only ipvlan
t "N2 veth: nothing inside changes it, root with CAP_NET_ADMIN included" \
	unchangeable veth
t "N2 pasta: nothing inside changes it" unchangeable pasta
t "N2 macvlan: nothing inside changes it" unchangeable macvlan
t "N2 ipvlan: nothing inside changes it" unchangeable ipvlan
t "N2 bridge: nothing inside changes it" unchangeable bridge
t "lists need no names of protocols" no_protocols
t "a network that is not its own has what a login needs" own_doors
t "who connects from outside is answered" answers
t "N2 without a user namespace, root inside changes nothing" no_userns
t "each interface has its own lists" two
t "N1 ssh -W, -L and -D reach what the list has, and nothing else" \
	ssh_forwards veth pasta bridge macvlan
t "N1 ipvlan: ssh -W, -L and -D reach what the list has" ssh_forwards ipvlan
t "N3 nsinit update cuts what the lists no longer allow: veth" updated veth
t "N3 nsinit update cuts what the lists no longer allow: pasta" updated pasta
t "N3 nsinit update cuts what the lists no longer allow: macvlan" updated macvlan
t "N3 nsinit update cuts what the lists no longer allow: ipvlan" updated ipvlan
t "N3 nsinit update cuts what the lists no longer allow: bridge" updated bridge
t "N3 only a network that nothing inside owns gets other lists" not_updated
kill "$SERVER"
