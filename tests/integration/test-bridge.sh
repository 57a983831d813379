#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# "bridge": "auto": a network that nscontainer makes, and ports of the host that
# lead to containers; real packets, and nothing left.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
AUTO='{"type": "veth", "context": {"bridge": "auto"}}'

# network USER ENTRY [MORE] : a container with this entry of networks.
network() {
	need_product
	config "$1" "{\"rootfs\": \"/\", \"networks\": [$2]${3:+, $3}}"
}

# in_box USER COMMAND
in_box() {
	timeout 30 su "$1" -s /bin/bash -c "$2"
}

# begin : nothing runs, and the host forwards packets.
begin() {
	need_product
	clean_slate
	conf 'linger = 60;' "$@"
	syslog_mark
}

ours() {
	ip -o link show nsc0 2> /dev/null
	ip -o link show type veth | grep ': nsc-'
	nft list tables | grep nscontainer
	ls "$RUN/.network/attached" 2> /dev/null
}

nothing() {
	[ -z "$(ours)" ]
}

# The monitor removes it, a moment after the container has ended.
gone() {
	clean_slate
	wait_until 10 nothing || fail "left: $(ours)"
}

# address_of USER : its IPv4 address.
address_of() {
	nsinit list --json | jq -r "select(.user == \"$1\") |
		.networks[0].addresses[0]" | cut -d / -f 1
}

# The Internet: a namespace behind the host, which has no route back to the
# containers.
uplink() {
	ip netns add out || skip "no network namespace can be made"
	ip link add wan0 type veth peer name wan1 netns out
	ip addr add 10.80.0.2/24 dev wan0
	ip -6 addr add fd80::2/64 dev wan0 nodad
	ip link set wan0 up
	ip -n out addr add 10.80.0.1/24 dev wan1
	ip -n out -6 addr add fd80::1/64 dev wan1 nodad
	ip -n out link set wan1 up
	ip -n out link set lo up
	ip route add default via 10.80.0.1
	ip -6 route add default via fd80::1
	ip netns exec out socat TCP4-LISTEN:99,fork,reuseaddr \
		SYSTEM:'echo from $SOCAT_PEERADDR' 2> /dev/null &
	ip netns exec out socat TCP6-LISTEN:99,fork,reuseaddr,ipv6only=1 \
		SYSTEM:'echo from six' 2> /dev/null &
	# A service of the host.
	socat -U TCP-LISTEN:97,fork,reuseaddr SYSTEM:'echo host' &
	wait_until 5 answers 'ip netns exec out' 127.0.0.1 99 ||
		fail "no server"
	wait_until 5 answers '' 127.0.0.1 97 || fail "no server of the host"
}

# answers PREFIX ADDRESS PORT : prints what a server says.
answers() {
	# shellcheck disable=SC2086
	timeout 20 $1 bash -c "cat < /dev/tcp/$2/$3" 2> /dev/null | grep .
}

# server USER PORT TEXT : in the user's container, until it ends.
server() {
	in_box "$1" "setsid socat -U TCP-LISTEN:$2,fork,reuseaddr \
		SYSTEM:'echo $3' > /dev/null 2>&1 < /dev/null &
		setsid socat -U TCP6-LISTEN:$2,fork,reuseaddr,ipv6only=1 \
		SYSTEM:'echo $3' > /dev/null 2>&1 < /dev/null &
		setsid socat UDP-LISTEN:$2,fork SYSTEM:'echo $3' \
		> /dev/null 2>&1 < /dev/null &
		i=0; until grep -q :$(printf %04X "$2") /proc/net/udp &&
		grep -q :$(printf %04X "$2") /proc/net/tcp &&
		grep -q :$(printf %04X "$2") /proc/net/tcp6; do
		sleep 0.05; i=\$((i + 1)); [ \$i -lt 200 ] || exit 1; done" ||
		fail "no server of $1's"
}

goes_out() {
	begin
	network alice "$AUTO"
	in_box alice 'ip -o addr; ip route; ping -c 1 -W 5 10.80.0.1;
		ping -c 1 -W 5 10.231.0.1' > "$OUT/text" 2>&1 ||
		fail "su or ping fails" "$(cat "$OUT/text")"
	contains "address" "eth0    inet 10.231.0.2/16" "$(cat "$OUT/text")"
	contains "route" "default via 10.231.0.1 dev eth0" "$(cat "$OUT/text")"
	contains "outside sees the host" 10.80.0.2 \
		"$(in_box alice 'cat < /dev/tcp/10.80.0.1/99')"
	equal "listed" '["veth","eth0","nsc0",["10.231.0.2/16"],["10.231.0.1"]]' \
		"$(nsinit list --json | jq -c '.networks[0] | [.type, .interface,
			.bridge, .addresses, .gateway]')"
	# Another user, and the same user again.
	network bob "$AUTO"
	in_box bob true || fail "su bob fails"
	equal "bob's" 10.231.0.3 "$(address_of bob)"
	nsinit stop alice > /dev/null || fail "stop fails"
	contains "bob goes on" 10.80.0.2 \
		"$(in_box bob 'cat < /dev/tcp/10.80.0.1/99')"
	in_box alice true || fail "su fails again"
	equal "alice's again" 10.231.0.2 "$(address_of alice)"
	gone
}

# Without a user namespace, and for a directory.
other_doors() {
	begin
	network alice "$AUTO" '"namespaces": {"NEWNS": true, "NEWPID": true,
		"NEWUTS": true, "NEWIPC": true, "NEWNET": true,
		"NEWCGROUP": true}'
	contains "without NEWUSER" 10.80.0.2 \
		"$(in_box alice 'cat < /dev/tcp/10.80.0.1/99')"
	mkdir -p /srv/box
	echo "{\"rootfs\": \"/\", \"networks\": [$AUTO]}" \
		> /srv/box/container.json
	contains "of a directory" 10.80.0.2 "$(timeout 30 nsinit exec --root \
		/srv/box bash -c 'cat < /dev/tcp/10.80.0.1/99')"
	nsinit stop alice > /dev/null || fail "stop fails"
	gone
}

ipv6() {
	begin 'bridge_pool = "10.55.0.0/24"; bridge_pool6 = "fd55::/64";'
	network alice "$AUTO"
	wait_until 10 in_box alice 'ping -c 1 -W 1 fd80::1 > /dev/null' ||
		fail "no ping" "$(in_box alice 'ip -6 addr; ip -6 route')"
	contains "IPv6" "from six" \
		"$(in_box alice 'cat < /dev/tcp/fd80::1/99')"
	equal "addresses" '["10.55.0.2/24","fd55::2/64"]' \
		"$(nsinit list --json | jq -c '.networks[0].addresses')"
	gone
}

# What the host has already is not taken.
subnets() {
	begin
	network alice "$AUTO"
	ip addr add 10.231.7.1/24 dev wan0
	in_box alice true || fail "su fails"
	equal "another network" 172.29.0.2 "$(address_of alice)"
	ip addr del 10.231.7.1/24 dev wan0
	# The bridge that exists keeps its network.
	network bob "$AUTO"
	in_box bob true || fail "su bob fails"
	equal "the same network" 172.29.0.3 "$(address_of bob)"
	gone
	conf 'bridge_pool = "10.80.0.0/16";'
	status_is 1 nsinit check alice
	contains "check" "bridge_pool of nscontainer.conf, 10.80.0.0/16, contains 10.80.0.0/24, to which the host has a route" \
		"$(cat "$OUT/stderr")"
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged "bridge_pool of nscontainer.conf"
	rm -r "$CONF/users/bob"
	nothing || fail "left: $(ours)"
}

# A foreign interface with the name stays, whatever it is.
foreign() {
	begin
	network alice "$AUTO"
	for kind in bridge veth; do
		ip link add nsc0 type "$kind" || skip "no $kind"
		ip link set nsc0 up
		status_is 1 nsinit check alice
		contains "$kind" "the interface 'nsc0' is not nscontainer's" \
			"$(cat "$OUT/stderr")"
		in_box alice true 2> /dev/null && fail "it is not refused"
		ip link del nsc0 || fail "it is gone"
	done
	nft add table inet mine
	in_box alice true || fail "su fails"
	gone
	contains "others' tables" "inet mine" "$(nft list tables)"
	nft delete table inet mine
}

forwarding() {
	begin
	network alice "$AUTO"
	echo 0 > /proc/sys/net/ipv4/ip_forward
	status_is 1 nsinit check alice
	echo 1 > /proc/sys/net/ipv4/ip_forward
	contains "check" "the host does not forward packets: 'sysctl -w net/ipv4/ip_forward=1'" \
		"$(cat "$OUT/stderr")"
	status_is 0 nsinit check alice
	nothing || fail "a check leaves: $(ours)"
}

# A policy of others cannot be overridden, but named.
firewall() {
	begin
	network alice "$AUTO"
	nft 'table inet fw { chain passing { type filter hook forward priority 5; policy drop; }; }'
	status_is 0 nsinit check alice
	contains "check" "the chain 'passing' of the table 'inet fw' drops packets that it does not accept: 'nft insert rule inet fw passing iifname nsc0 accept'" \
		"$(cat "$OUT/stdout")"
	in_box alice true || fail "su fails"
	logged "the chain 'passing' of the table 'inet fw' drops packets"
	nft insert rule inet fw passing iifname nsc0 accept
	nft insert rule inet fw passing oifname nsc0 accept
	contains "with the remedy" 10.80.0.2 \
		"$(in_box alice 'cat < /dev/tcp/10.80.0.1/99')"
	status_is 0 nsinit check alice
	lacks "check" "table 'inet fw'" "$(cat "$OUT/stdout")"
	nft delete table inet fw
	gone
}

ports() {
	begin 'bridge_pool6 = "fd55::/64";'
	network alice '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8080:8099", "10.80.0.2:8081:8099/tcp",
		"8082:8099/udp"]}'
	in_box alice true || fail "su fails"
	server alice 8099 inside
	equal "from outside" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8080)"
	equal "IPv6" "inside" \
		"$(answers 'ip netns exec out' fd80::2 8080)"
	equal "from the host" inside "$(answers '' 10.80.0.2 8080)"
	equal "on one address" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8081)"
	empty "control: no other address" "$(answers '' 10.231.0.1 8081)"
	udp_answers() {
		[ "$(echo x | ip netns exec out socat -t 1 - \
			UDP:10.80.0.2:8082)" = inside ]
	}
	wait_until 5 udp_answers || fail "no udp"
	empty "control: not the port inside" \
		"$(answers 'ip netns exec out' 10.80.0.2 8099)"
	status_is 0 nsinit check alice
	# Another container, and another process, have them.
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8080:80"]}'
	status_is 1 nsinit check bob
	contains "taken" "8080/tcp is a port of the container of 'alice'" \
		"$(cat "$OUT/stderr")"
	in_box bob true 2> /dev/null && fail "two have one port"
	logged "8080/tcp is a port of the container of 'alice'"
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["97:80"]}'
	status_is 1 nsinit check bob
	contains "taken" "a process of the host listens on 97/tcp" \
		"$(cat "$OUT/stderr")"
	if [ -x /usr/bin/pasta ]; then
		make_tun
		network bob '{"type": "pasta",
			"ports": ["8079-8081:8079-8081"]}'
		status_is 1 nsinit check bob
		contains "pasta" "8080/tcp is a port of the container of" \
			"$(cat "$OUT/stderr")"
	fi
	nsinit stop alice > /dev/null
	empty "after the end" "$(answers 'ip netns exec out' 10.80.0.2 8080)"
	rm -r "$CONF/users/bob"
	gone
}

connected() {
	[ -n "$(ss -Htn state established "sport = :$1")" ]
}

# Ranges lead to the same ports inside, or to others in the same order.
ranges() {
	begin 'bridge_pool6 = "fd55::/64";'
	network alice '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8098-8100", "10.80.0.2:8200-8203:8097-8100",
		"0.0.0.0:8300:8099", "[::]:8400-8401:8099-8100"]}'
	in_box alice true || fail "su fails"
	server alice 8099 inside
	equal "the same ports" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8099)"
	equal "IPv6" inside "$(answers 'ip netns exec out' fd80::2 8099)"
	equal "other ports" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8202)"
	empty "control: the port beside" \
		"$(answers 'ip netns exec out' 10.80.0.2 8201)"
	empty "control: another address" "$(answers '' 10.231.0.1 8202)"
	equal "each address of IPv4" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8300)"
	equal "each address of IPv6" inside \
		"$(answers 'ip netns exec out' fd80::2 8400)"
	empty "control: not IPv4" \
		"$(answers 'ip netns exec out' 10.80.0.2 8400)"
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8190-8200:8190-8200"]}'
	status_is 1 nsinit check bob
	contains "taken" "8200/tcp is a port of the container of 'alice'" \
		"$(cat "$OUT/stderr")"
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["90-99:90-99"]}'
	status_is 1 nsinit check bob
	contains "taken" "a process of the host listens on 97/tcp" \
		"$(cat "$OUT/stderr")"
	# A connection of the host from one of them loses nothing by a rule.
	timeout 60 socat -u TCP-LISTEN:98,fork,reuseaddr "EXEC:sleep 60" &
	wait_until 5 listening 98 || fail "no server of the host"
	timeout 60 socat -U TCP:127.0.0.1:98,sourceport=8312 "EXEC:sleep 60" &
	wait_until 5 connected 8312 || fail "no connection of the host"
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8310-8319"]}'
	status_is 0 nsinit check bob
	if [ -x /usr/bin/pasta ]; then
		make_tun
		network bob '{"type": "pasta", "ports": ["8310-8319"]}'
		status_is 1 nsinit check bob
		contains "taken" "a process of the host uses 831" \
			"$(cat "$OUT/stderr")"
	fi
	# As many as there are.
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["10000-60000:10001-60001/udp"]}'
	status_is 0 nsinit start bob
	rm -r "$CONF/users/bob"
	gone
}

# A bridge of the administrator's, whose container has another gateway.
named() {
	begin
	ip link add br0 type bridge
	ip addr add 10.77.0.1/24 dev br0
	ip link set br0 up
	network alice '{"type": "veth", "context": {"bridge": "br0",
		"prefix": "nv"}, "address": "10.77.0.5/24",
		"ports": ["8080:8099"]}'
	in_box alice true || fail "su fails"
	server alice 8099 inside
	equal "from outside" inside \
		"$(answers 'ip netns exec out' 10.80.0.2 8080)"
	equal "from the host" inside "$(answers '' 10.80.0.2 8080)"
	ip link show nsc0 > /dev/null 2>&1 && fail "there is a bridge of ours"
	gone
	network alice '{"type": "veth", "context": {"bridge": "br0",
		"prefix": "nv"}, "address": "10.78.0.5/24",
		"ports": ["8080:8099"]}'
	status_is 1 nsinit check alice
	contains "no address" "ports need an address of the host on 'br0', in the network of 10.78.0.5/24" \
		"$(cat "$OUT/stderr")"
	ip link del br0
}

# as_root COMMAND : alice is the root of her own network.
as_root() {
	nsenter -t "$(pid_of alice)" -U -n -S 0 -G 0 --preserve-credentials \
		bash -c "$1" > "$OUT/got" 2>&1
}

# reads WORD ADDRESS PORT : can alice read it there?
reads() {
	as_root "timeout 2 bash -c 'cat < /dev/tcp/$2/$3'"
	grep -qx "$1" "$OUT/got"
}

# unguarded : for the controls, the host forgets all rules.
unguarded() {
	nft delete table inet nscontainer
	nft delete table bridge nscontainer
}

# alice, the root of her network, against bob and the host.
attack() {
	begin 'bridge_pool6 = "fd55::/64";'
	network alice "$AUTO"
	network bob '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8080:8099"]}'
	in_box bob true || fail "su bob fails"
	in_box alice true || fail "su fails"
	server bob 8099 bob
	bob=$(address_of bob)
}

others() {
	attack
	equal "control: the host reaches bob" bob "$(answers '' "$bob" 8099)"
	reads bob "$bob" 8099 && fail "alice reaches bob on the bridge"
	as_root "ip route add $bob/32 via 10.231.0.1"
	reads bob "$bob" 8099 && fail "alice reaches bob through the host"
	reads bob 10.231.0.1 8080 && fail "alice reaches bob by his port"
	# From outside with a route to the containers.
	ip -n out route add 10.231.0.0/16 via 10.80.0.2
	answers 'timeout 2 ip netns exec out' "$bob" 8099 > "$OUT/out"
	unguarded
	answers 'timeout 2 ip netns exec out' "$bob" 8099 > "$OUT/control"
	ip -n out route del 10.231.0.0/16
	empty "from outside, past the ports" "$(cat "$OUT/out")"
	equal "control: from outside" bob "$(cat "$OUT/control")"
	reads bob "$bob" 8099 || fail "control: through the host"
	as_root "ip route del $bob/32"
	reads bob "$bob" 8099 || fail "control: on the bridge"
	gone
}

services() {
	attack
	for address in 10.231.0.1 10.80.0.2 fd55::1; do
		reads host "$address" 97 && fail "the host at $address"
	done
	unguarded
	for address in 10.231.0.1 10.80.0.2; do
		reads host "$address" 97 || fail "control: at $address"
	done
	gone
}

# Without rules of ours, count bob's packets that come to the host.
spoofed() {
	attack
	nft -f - <<- END
	table inet probe {
		chain seen {
			type filter hook prerouting priority -400;
			iifname "nsc0" ip saddr $bob icmp type echo-request counter
		}
	}
	END
	count() {
		nft list table inet probe | sed -n 's/.*packets \([0-9]*\).*/\1/p'
	}
	in_box bob 'ping -c 1 -W 5 10.231.0.1' > /dev/null || fail "no ping"
	equal "control: bob's own" 1 "$(count)"
	as_root "ip addr add $bob/16 dev eth0
		ping -c 2 -i 0.2 -W 1 -I $bob 10.231.0.1"
	equal "bob's address" 1 "$(count)"
	mac=$(in_box bob 'ip -o link show eth0' |
		sed -n 's,.*link/ether \([^ ]*\).*,\1,p')
	as_root "ip link set eth0 down; ip link set eth0 address $mac
		ip link set eth0 up
		ping -c 2 -i 0.2 -W 1 -I $bob 10.231.0.1"
	equal "bob's addresses" 1 "$(count)"
	equal "bob is where he was" bob "$(answers '' "$bob" 8099)"
	unguarded
	as_root "ping -c 2 -i 0.2 -W 1 -I $bob 10.231.0.1"
	differ "control: without rules" 1 "$(count)"
	nft delete table inet probe
	gone
}

# killed WHAT : after kill -9, the next command of nsinit removes the rest.
killed() {
	begin
	network alice '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8080:8099"]}'
	in_box alice true || fail "su fails"
	for pid in $(monitors) $(pid_of alice); do
		kill -KILL "$pid"
	done
	case $1 in
	list) nsinit list > /dev/null ;;
	again)
		in_box alice 'cat < /dev/tcp/10.80.0.1/99' > "$OUT/got" ||
			fail "the next login fails"
		contains "next" 10.80.0.2 "$(cat "$OUT/got")"
		clean_slate ;;
	other)
		network bob "$AUTO"
		in_box bob true || fail "su bob fails"
		lacks "alice's port" 8080 "$(nft list ruleset)"
		rm -r "$CONF/users/bob" ;;
	esac
	gone
}

killed_starting() {
	begin
	network alice '{"type": "veth", "context": {"bridge": "auto"},
		"ports": ["8080:8099"]}'
	kill_starts
	in_box alice true || fail "su fails"
	gone
}

# Many at once, and the last one out.
at_once() {
	begin
	local user one two pids=()

	for user in alice bob carol; do
		network "$user" "$AUTO"
		in_box "$user" 'cat < /dev/tcp/10.80.0.1/99' \
			> "$OUT/$user" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for user in alice bob carol; do
		contains "$user" 10.80.0.2 "$(cat "$OUT/$user")"
	done
	nsinit stop alice > /dev/null & one=$!
	nsinit stop bob > /dev/null & two=$!
	wait "$one" "$two"
	gone
	rm -rf "$CONF/users/bob" "$CONF/users/carol"
}

# An administrator's 'nft flush ruleset', as a reload of nftables.service does.
flushed() {
	begin
	network alice "$AUTO"
	in_box alice true || fail "su fails"
	nft flush ruleset
	empty "control" "$(su alice -s /bin/bash -c \
		'timeout 2 bash -c "cat < /dev/tcp/10.80.0.1/99"')"
	/usr/libexec/nscontainer/network-end --again || fail "it fails"
	contains "again" 10.80.0.2 \
		"$(in_box alice 'cat < /dev/tcp/10.80.0.1/99')"
	gone
}

if [ -z "$PLAIN" ]; then
	echo 1 > /proc/sys/net/ipv4/ip_forward
	echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
	uplink
fi
t "a container goes out, and the last one takes the bridge with it" goes_out
t "without a user namespace, and for a directory" other_doors
t "IPv6 where there is a pool of it" ipv6
t "networks that the host has are not taken" subnets
t "an interface and tables of others stay" foreign
t "a host that does not forward is named" forwarding
t "a firewall that drops what is forwarded is named" firewall
t "ports of the host lead to the container" ports
t "ranges of ports lead to the container" ranges
t "ports with a bridge of the administrator's" named
# A slice may be slow, or stand still: who is in it does not hold the lock.
lock_of_host() {
	local dir=$TOP/cgroup2 group pid

	need_product
	command -v flock > /dev/null || skip "no flock"
	mkdir -p "$dir"
	mount -t cgroup2 none "$dir" 2> /dev/null || skip "no cgroup v2"
	# A cgroup namespace has no group that is nobody's.
	[ ! -e "$dir/cgroup.events" ] || skip "a cgroup namespace"
	group=$dir/nsc-slow-$(readlink /proc/self/ns/pid | tr -dc 0-9)
	mkdir "$group" || skip "cgroup: v2 is not writable"
	begin 'bridge_pool = "10.231.0.0/24";'
	network alice "$AUTO"
	sysctl -qw net.ipv4.ip_forward=1
	in_box alice true || fail "su fails"
	nft flush ruleset
	exec 5< "$RUN/.network/.lock"
	flock 5
	(
		exec 5<&-
		echo 0 > "$group/cgroup.procs"
		exec /usr/libexec/nscontainer/network-end --again
	) &
	pid=$!
	wait_until 10 pgrep -P "$pid" > /dev/null; child=$?
	echo 1 > "$group/cgroup.freeze"
	flock -u 5
	wait_until 10 eval "nft list tables | grep -q nscontainer"; there=$?
	flock -w 10 5; free=$?
	exec 5<&-
	echo 0 > "$group/cgroup.freeze"
	wait "$pid"
	gone
	rmdir "$group"
	umount "$dir"
	equal "a child in another group" 0 "$child"
	equal "the rules are there" 0 "$there"
	equal "the lock is free" 0 "$free"
}

t "G1 a container does not reach another one" others
t "G2 nor services of the host" services
t "G3 nor can it have another one's addresses" spoofed
t "G4 kill -9 of all: nsinit list removes the rest" killed list
t "G4 kill -9 of all: the next login works" killed again
t "G4 kill -9 of all: another container's start removes the rest" killed other
t "G4 kill -9 of a starting nsinit leaves nothing" killed_starting
t "G4 several starts and ends at once" at_once
t "rules that were flushed are made again" flushed
t "G4 who is in a slice that stands still does not hold the lock" lock_of_host
