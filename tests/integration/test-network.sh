#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# networks[]: the result of each type, its visible parts, and that nothing of
# it is left behind.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'linger = 60;'

# network USER NETWORKS [MORE] : a container with these, on the host's own
# system.
network() {
	need_product
	clean_slate
	config "$1" "{\"rootfs\": \"/\", \"networks\": $2${3:+, $3}}"
	syslog_mark
}

# in_box USER COMMAND
in_box() {
	timeout 30 su "$1" -s "${BOX_SHELL:-/bin/bash}" -c "$2"
}

veths() {
	ip -o link show type veth | grep -c ' nv'
}

no_veths() {
	[ "$(veths)" -eq 0 ]
}

# The monitor ends the container, and then the kernel the veth; each takes a
# moment.
all_gone() {
	clean_slate
	wait_until 10 no_veths || fail "left: $(ip -o link show type veth)"
}

VETH='{"type": "veth", "context": {"bridge": "br0", "prefix": "nv"},
	"address": ["10.77.0.5/24", "fd77::5/64"],
	"gateway": ["10.77.0.1", "fd77::1"], "mtu": 1400}'

if [ -z "$PLAIN" ]; then
	ip link add br0 type bridge
	ip link set br0 up
	ip addr add 10.77.0.1/24 dev br0
	ip -6 addr add fd77::1/64 dev br0 nodad
fi

veth() {
	network alice "[$VETH]"
	in_box alice 'ip -o addr; ip route; ip -6 route; ip link' \
		> "$OUT/text" || fail "su fails"
	text=$(cat "$OUT/text")
	contains "address" "eth0    inet 10.77.0.5/24 brd 10.77.0.255" "$text"
	contains "address" "eth0    inet6 fd77::5/64" "$text"
	contains "route" "default via 10.77.0.1 dev eth0" "$text"
	contains "route" "default via fd77::1 dev eth0" "$text"
	contains "mtu" "mtu 1400" "$(grep 'eth0@' "$OUT/text")"
	contains "loopback" "LOOPBACK,UP" "$text"
	host=$(ip -o link show master br0)
	contains "the host's end" ": nv" "$host"
	contains "the host's end" "mtu 1400" "$host"
	contains "the host's end" ",UP" "$host"
	# Only the host can ping: there is no raw socket inside.
	ping -c 1 -W 5 10.77.0.5 > /dev/null || fail "no ping to the container"
	ping -c 1 -W 5 fd77::5 > /dev/null || fail "no IPv6 ping to it"
	socat -U TCP-LISTEN:99,fork,reuseaddr,bind=10.77.0.1 \
		SYSTEM:'echo outside' &
	server=$!
	wait_until 5 bash -c ': < /dev/tcp/10.77.0.1/99' 2> /dev/null
	got=$(in_box alice 'cat < /dev/tcp/10.77.0.1/99')
	kill "$server"
	equal "what the container reads of the host" outside "$got"
	all_gone
}

listed() {
	network alice "[$VETH, {\"type\": \"loopback\"}]"
	in_box alice true || fail "su fails"
	nsinit list --json > "$OUT/json"
	equal "networks" '["veth","eth0","br0",["10.77.0.5/24","fd77::5/64"],["10.77.0.1","fd77::1"],1400]' \
		"$(jq -c '.networks[0] | [.type, .interface, .bridge,
			.addresses, .gateway, .mtu]' "$OUT/json")"
	equal "second" '{"type":"loopback","interface":"lo"}' \
		"$(jq -c '.networks[1]' "$OUT/json")"
	name=$(jq -r '.networks[0].host_interface' "$OUT/json")
	ip link show "$name" > /dev/null || fail "no interface '$name'"
	case $name in
	nv[0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
	*) fail "name: $name" ;;
	esac
	nsinit check alice > "$OUT/text" || fail "check fails"
	contains "check" "networks[0].interface: eth0" "$(cat "$OUT/text")"
	contains "check" "networks[0].addresses: 10.77.0.5/24 fd77::5/64" \
		"$(cat "$OUT/text")"
	all_gone
}

several() {
	network alice "[$VETH, {\"type\": \"veth\", \"address\": \"10.78.0.2/24\",
		\"context\": {\"bridge\": \"br0\", \"prefix\": \"nv\"}},
		{\"type\": \"veth\",
		\"context\": {\"bridge\": \"br0\", \"prefix\": \"nw\"}}]"
	in_box alice 'ip -o addr; ip -o link' > "$OUT/text" || fail "su fails"
	contains "eth1" "eth1    inet 10.78.0.2/24" "$(cat "$OUT/text")"
	contains "eth2" ": eth2@" "$(cat "$OUT/text")"
	equal "ends in the bridge" 3 "$(ip -o link show master br0 | wc -l)"
	all_gone
}

auto() {
	clean_slate
	conf 'address_pool = "10.77.1.0/29"; address_gateway = "10.77.1.1";' \
		'address_pool6 = "fd78::/64"; linger = 60;'
	one='[{"type": "veth", "address": "auto",
		"context": {"bridge": "br0", "prefix": "nv"}}]'
	network bob "$one"
	network alice "$one"
	for _ in 1 2; do
		in_box alice 'ip -o addr; ip route' > "$OUT/text" ||
			fail "su fails"
		contains "alice" "eth0    inet 10.77.1.2/29" \
			"$(cat "$OUT/text")"
		contains "alice" "inet6 fd78::1/64" "$(cat "$OUT/text")"
		contains "alice" "default via 10.77.1.1" "$(cat "$OUT/text")"
		in_box bob 'ip -o addr' > "$OUT/text" || fail "su fails"
		contains "bob" "eth0    inet 10.77.1.3/29" "$(cat "$OUT/text")"
		contains "bob" "inet6 fd78::2/64" "$(cat "$OUT/text")"
		all_gone
	done
	equal "in the file" "10.77.1.2 alice" \
		"$(grep -m 1 alice /var/lib/nscontainer/addresses)"
	conf 'address_pool = "10.77.2.0/30"; address_gateway = "10.77.2.1";'
	in_box alice true || fail "su fails"
	in_box bob true 2> /dev/null && fail "bob has an address"
	logged "networks\[0\].address: all 2 addresses of the pool are in use"
	conf 'linger = 60;'
	clean_slate
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged '"auto" needs address_pool in nscontainer.conf'
	rm -r "$CONF/users/bob"
	all_gone
}

host() {
	network alice '[{"type": "host"}]'
	in_box alice 'readlink /proc/self/ns/net' > "$OUT/ns" || fail "su fails"
	equal "namespace" "$(ns_of self net)" "$(cat "$OUT/ns")"
	equal "listed" '[{"type":"host"}]' \
		"$(nsinit list --json | jq -c '.networks')"
	clean_slate
}

netns() {
	ip netns add lab || skip "ip netns add fails"
	ip -n lab link add eth7 type veth peer name peer7
	network alice '[{"type": "loopback", "address": "127.0.0.1/0",
		"gateway": "localhost", "mtu": 1500},
		{"type": "netns", "context": {"nspath": "/run/netns/lab"}}]'
	in_box alice 'readlink /proc/self/ns/net; ip -o link' > "$OUT/ns" ||
		fail "su fails"
	equal "namespace" "$(ip netns exec lab readlink /proc/self/ns/net)" \
		"$(head -n 1 "$OUT/ns")"
	contains "interface" eth7 "$(cat "$OUT/ns")"
	equal "listed" /run/netns/lab \
		"$(nsinit list --json | jq -r '.networks[1].path')"
	lacks "its loopback is as it was" ",UP" \
		"$(ip -n lab -o link show lo)"
	in_box alice 'ip link set lo up' 2> /dev/null &&
		fail "the container changes the network it was put into"
	clean_slate
	contains "still there" eth7 "$(ip -n lab -o link)"
	ip netns del lab
}

netns_errors() {
	ip netns add lab || skip "ip netns add fails"
	ln -s lab /run/netns/link
	mkdir -m 0777 /run/open
	touch /run/open/ns
	mount --bind /run/netns/lab /run/open/ns
	mount --bind /proc/self/ns/uts /run/netns/uts 2> /dev/null || {
		touch /run/netns/uts
		mount --bind /proc/self/ns/uts /run/netns/uts
	}
	while read -r path text; do
		network alice "[{\"type\": \"netns\",
			\"context\": {\"nspath\": \"$path\"}}]"
		in_box alice true 2> /dev/null && fail "$path is joined"
		logged "networks\[0\]: context.nspath: .*$text"
		status_is 1 nsinit check alice
		contains "check" context.nspath "$(cat "$OUT/stderr")"
	done <<- 'EOF'
	/run/netns/missing No such file
	/run/netns/link not a namespace
	/run/netns/uts not a network namespace
	/run/open/ns writable
	/proc/self/ns/net /proc
	/etc/passwd not a namespace
	EOF
	umount /run/open/ns /run/netns/uts
	rm -r /run/open /run/netns/uts /run/netns/link
	ip netns del lab
}

# child KIND : an interface of this kind on a parent of the host.
child() {
	ip link add up0 type veth peer name up1
	ip addr add 10.79.0.1/24 dev up1
	ip link set up0 up
	ip link set up1 up
	network alice "[{\"type\": \"$1\", \"context\": {\"parent\": \"up0\"},
		\"address\": \"10.79.0.2/24\", \"gateway\": \"10.79.0.1\",
		\"mtu\": 1300}]"
	if ip link add probe link up0 type "$1" 2> /dev/null; then
		ip link del probe
		in_box alice 'ip -o addr; ip route; ip link' > "$OUT/text"
		status=$?
		ping -c 1 -W 5 10.79.0.2 > "$OUT/ping" 2>&1 || status=ping
		listed=$(nsinit list --json |
			jq -r '.networks[0].host_interface')
		clean_slate
		ip link del up0
		equal "status" 0 "$status"
		contains "address" "inet 10.79.0.2/24" "$(cat "$OUT/text")"
		contains "route" "default via 10.79.0.1" "$(cat "$OUT/text")"
		contains "mtu" "mtu 1300" "$(cat "$OUT/text")"
		equal "listed" up0 "$listed"
	else
		in_box alice true 2> /dev/null
		status=$?
		ip link del up0
		differ "status" 0 "$status"
		logged "networks\[0\]: .*this kernel has no $1"
	fi
}

routes() {
	network alice "[$VETH]" '"routes": [
		{"destination": "10.99.0.0/16", "gateway": "10.77.0.9",
		 "source": "10.77.0.5", "interface_name": "eth0"},
		{"destination": "fd99::/64", "gateway": "fd77::9",
		 "interface_name": "eth0"},
		{"destination": "10.98.0.0/24", "interface_name": "eth0"}]'
	in_box alice 'ip route; ip -6 route' > "$OUT/text" || fail "su fails"
	all_gone
	contains "IPv4" \
		"10.99.0.0/16 via 10.77.0.9 dev eth0 proto static src 10.77.0.5" \
		"$(cat "$OUT/text")"
	contains "IPv6" "fd99::/64 via fd77::9 dev eth0" "$(cat "$OUT/text")"
	contains "without gateway" "10.98.0.0/24 dev eth0 proto static scope link" \
		"$(cat "$OUT/text")"
	# The gateway has it already.
	network alice "[$VETH]" '"routes": [{"destination": "0.0.0.0/0",
		"gateway": "10.77.0.9", "interface_name": "eth0"}]'
	in_box alice true 2> /dev/null && fail "twice is not refused"
	logged "routes\[0\]: route to 0.0.0.0/0 through 'eth0': .*exists"
	all_gone
}

errors() {
	network alice "[{\"type\": \"veth\", \"context\": {\"bridge\": \"br7\",
		\"prefix\": \"nv\"}}]"
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged "container.json: networks\[0\]: context.bridge: there is no bridge 'br7' on the host: make it first, 'ip link add br7 type bridge'"
	status_is 1 nsinit check alice
	contains "check" "no bridge 'br7'" "$(cat "$OUT/stderr")"
	network alice "[{\"type\": \"veth\", \"context\": {\"bridge\": \"lo\",
		\"prefix\": \"nv\"}}]"
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged "'lo' is not a bridge"
	network alice "[{\"type\": \"macvlan\",
		\"context\": {\"parent\": \"up7\"}}]"
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged "context.parent: there is no interface 'up7'"
	no_veths || fail "left: $(ip -o link show type veth)"
}

# The second interface cannot get its address.
midway() {
	network alice "[$VETH, {\"type\": \"veth\",
		\"address\": [\"10.78.0.2/24\", \"10.78.0.2/24\"],
		\"context\": {\"bridge\": \"br0\", \"prefix\": \"nv\"}}]"
	in_box alice true 2> /dev/null && fail "it is not refused"
	logged "networks\[1\]: give 'eth1' the address 10.78.0.2/24: "
	no_veths || fail "left: $(ip -o link show type veth)"
	equal "containers" 0 "$(count_inits)"
}

# The first names are taken: others are found.
clash() {
	local i

	for i in {0..255}; do
		printf 'link add nvx%04x type bridge\n' $((i * 257))
	done > "$OUT/batch"
	ip -batch "$OUT/batch"
	network alice '[{"type": "veth", "address": "10.77.0.5/24",
		"context": {"bridge": "br0", "prefix": "nvx"}}]'
	in_box alice true || fail "su fails"
	equal "ends in the bridge" 1 "$(ip -o link show master br0 | wc -l)"
	clean_slate
	sed 's/add/del/; s/type.*//' "$OUT/batch" > "$OUT/batch2"
	ip -batch "$OUT/batch2"
	wait_until 10 no_veths || fail "left: $(ip -o link show type veth)"
}

# killed WHAT : after kill -9 of it, no interface is left once PID 1 is gone.
killed() {
	network alice "[$VETH]"
	in_box alice true || fail "su fails"
	equal "veths" 1 "$(veths)"
	case $1 in
	pid1) kill -KILL "$(pid_of alice)" ;;
	both)
		for pid in $(monitors) $(pid_of alice); do
			kill -KILL "$pid"
		done ;;
	esac
	wait_until 10 no_veths || fail "left: $(ip -o link show type veth)"
	in_box alice 'ip -o addr' > "$OUT/text" || fail "next login fails"
	contains "next" 10.77.0.5 "$(cat "$OUT/text")"
	all_gone
}

# nsinit is killed at some moment of the start.
killed_starting() {
	network alice "[$VETH, {\"type\": \"veth\",
		\"context\": {\"bridge\": \"br0\", \"prefix\": \"nv\"}}]"
	kill_starts
	all_gone
}

resolv() {
	printf 'nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch lab.example\n' \
		> /etc/resolv.conf
	network alice "[$VETH]"
	in_box alice 'cat /etc/resolv.conf; echo x > /etc/resolv.conf' \
		> "$OUT/text" 2> /dev/null
	equal "veth" "nameserver 9.9.9.9 search lab.example" \
		"$(xargs < "$OUT/text")"
	network alice '[{"type": "host"}]'
	equal "host" "nameserver 127.0.0.53 nameserver 9.9.9.9 search lab.example" \
		"$(in_box alice 'cat /etc/resolv.conf' | xargs)"
	network alice '[]'
	lacks "loopback" nameserver "$(in_box alice 'cat /etc/resolv.conf')"
	network alice '[{"type": "veth", "context": {"bridge": "br0",
		"prefix": "nv", "dns": ["10.77.0.1", "fd77::1"]}}]'
	equal "dns" "nameserver 10.77.0.1 nameserver fd77::1" \
		"$(in_box alice 'cat /etc/resolv.conf' | xargs)"
	# The files of systemd-resolved.
	mkdir -p /run/systemd/resolve
	echo 'nameserver 127.0.0.53' > /run/systemd/resolve/stub-resolv.conf
	echo 'nameserver 8.8.4.4' > /run/systemd/resolve/resolv.conf
	rm -f /etc/resolv.conf
	ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	network alice "[$VETH]"
	equal "upstream" "nameserver 8.8.4.4" \
		"$(in_box alice 'cat /etc/resolv.conf' | xargs)"
	rm -r /etc/resolv.conf /run/systemd
	all_gone
}

resolv_rootfs() {
	local box=/srv/images/box BOX_SHELL=/bin/sh

	make_busybox "$box" || skip "busybox"
	printf 'nameserver 9.9.9.9\n' > /etc/resolv.conf
	clean_slate
	config alice "{\"rootfs\": \"$box\", \"networks\": [$VETH]}"
	echo 'nameserver 1.2.3.4' > "$box/etc/resolv.conf"
	equal "of its own" "nameserver 1.2.3.4" \
		"$(in_box alice 'cat /etc/resolv.conf')"
	clean_slate
	: > "$box/etc/resolv.conf"
	equal "generated" "nameserver 9.9.9.9" \
		"$(in_box alice 'cat /etc/resolv.conf')"
	clean_slate
	[ ! -s "$box/etc/resolv.conf" ] || fail "it is written into the rootfs"
	# A link that leads out of the rootfs is followed inside it.
	ln -sf /etc/shadow "$box/etc/resolv.conf"
	before=$(sha256sum /etc/shadow)
	in_box alice 'cat /etc/resolv.conf' > "$OUT/text" 2> /dev/null
	lacks "shadow" root: "$(cat "$OUT/text")"
	equal "the host's shadow" "$before" "$(sha256sum /etc/shadow)"
	clean_slate
	rm -f "$box/etc/resolv.conf" "$box/etc/shadow"
	in_box alice 'cat /etc/resolv.conf' > "$OUT/text" 2> /dev/null
	contains "where there was none" "nameserver 9.9.9.9" \
		"$(cat "$OUT/text")"
	all_gone
	rm -rf "$box" /etc/resolv.conf
}

# A route for pasta: another namespace with a server.
uplink() {
	make_tun
	ip netns add out || skip "no network namespace can be made"
	ip link add wan0 type veth peer name wan1 netns out
	ip addr add 10.80.0.2/24 dev wan0
	ip link set wan0 up
	ip -n out addr add 10.80.0.1/24 dev wan1
	ip -n out link set wan1 up
	ip route add default via 10.80.0.1
	ip netns exec out socat -U TCP-LISTEN:99,fork,reuseaddr \
		SYSTEM:'echo outside' &
	SERVER=$!
	socat -U TCP-LISTEN:97,fork,reuseaddr,bind=127.0.0.1 \
		SYSTEM:'echo loopback' &
	SERVER2=$!
}

downlink() {
	kill "$SERVER" "$SERVER2"
	ip route del default
	ip link del wan0
	ip netns del out
}

pastas() {
	pgrep -f '^pasta -f'
}

no_pasta() {
	[ -z "$(pastas)" ]
}

pasta() {
	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	uplink
	network alice '[{"type": "pasta"}]'
	conf 'stop = "empty";'
	wait_until 5 ip netns exec out bash -c ': < /dev/tcp/127.0.0.1/99' \
		2> /dev/null
	got=$(in_box alice 'cat < /dev/tcp/10.80.0.1/99; ip -o addr >&2
		pgrep -c pasta >&2; sleep 0.5' 2> "$OUT/err")
	wait_until 5 no_container alice; ended=$?
	left=$(pastas)
	downlink
	conf 'linger = 60;'
	equal "from outside" outside "$got"
	contains "address" "eth0    inet 10.80.0.2/24" "$(cat "$OUT/err")"
	equal "the container ended with its last session" 0 "$ended"
	empty "pasta's processes" "$left"
}

pasta_ends() {
	local pid

	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	uplink
	network alice '[{"type": "pasta", "address": "10.5.0.2/24",
		"gateway": "10.5.0.1", "mtu": 1400}]' \
		'"capabilities": ["SYS_PTRACE", "SETUID", "SETGID", "KILL"]'
	in_box alice 'cat < /dev/tcp/10.80.0.1/99' > "$OUT/got" 2>&1
	in_box alice 'timeout 3 cat < /dev/tcp/10.5.0.1/97' > "$OUT/lo" 2>&1
	in_box alice 'ip -o addr; ip route; ip link show eth0' > "$OUT/text"
	equal "listed" '["pasta","eth0",["10.5.0.2/24"]]' \
		"$(nsinit list --json | jq -c '.networks[0] | [.type,
			.interface, .addresses[:1]]')"
	pid=$(pastas)
	uid=$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$pid/status")
	inside=$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")
	in_box alice "readlink /proc/$inside/ns/net; ls /proc/$inside/fd" \
		> "$OUT/peek" 2> /dev/null
	nsenter -t "$(pid_of alice)" -U -m -p -n -S 0 -G 0 readlink \
		"/proc/$inside/ns/net" >> "$OUT/peek" 2> /dev/null
	begin=$SECONDS
	nsinit stop alice > /dev/null 2>&1
	took=$((SECONDS - begin))
	wait_until 5 no_pasta; stopped=$?
	in_box alice true
	# shellcheck disable=SC2046
	kill -KILL $(monitors) "$(pid_of alice)"
	wait_until 5 no_pasta; killed=$?
	in_box alice true
	clean_slate
	downlink
	equal "from outside" outside "$(cat "$OUT/got")"
	lacks "the host's loopback through the gateway" loopback \
		"$(cat "$OUT/lo")"
	contains "address" "10.5.0.2/24" "$(cat "$OUT/text")"
	contains "route" "default via 10.5.0.1" "$(cat "$OUT/text")"
	contains "mtu" "mtu 1400" "$(cat "$OUT/text")"
	u=$(id -u alice)
	equal "pasta's uids" "$u $u $u" "$uid"
	empty "what the container sees of pasta's host network" \
		"$(cat "$OUT/peek")"
	equal "ended by nsinit stop" 0 "$stopped"
	[ "$took" -lt 5 ] || fail "nsinit stop took $took s"
	equal "ended by kill -9 of monitor and PID 1" 0 "$killed"
}

# from COMMAND... : what the server of the container answers to it.
from() {
	timeout 5 "$@" 2> /dev/null < /dev/null
}

pasta_ports() {
	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	uplink
	network alice '[{"type": "pasta", "ports": ["8080:8099",
		"127.0.0.1:8081:8099/tcp", "8082:8099/udp", "2%U:8097",
		"8083-8085:8097-8099", "127.0.0.1:8090-8099"]}]'
	in_box alice 'socat -U TCP-LISTEN:8099,fork SYSTEM:"echo tcp" &
		socat -U TCP-LISTEN:8097,fork SYSTEM:"echo own" &
		socat UDP-LISTEN:8099,fork SYSTEM:"echo udp" &
		sleep 30' > "$OUT/in" 2>&1 &
	holder=$!
	wait_until 20 from bash -c ': < /dev/tcp/127.0.0.1/8080'
	wait_until 5 bash -c '[ "$(timeout 5 cat < /dev/tcp/127.0.0.1/8080)" ]' \
		2> /dev/null
	# With new kernels, the passt of Debian 12 does not answer others.
	outside=tcp
	[ "$(. /etc/os-release; echo "${VERSION_ID:-13}")" = 12 ] ||
		outside=$(from ip netns exec out \
			bash -c 'cat < /dev/tcp/10.80.0.2/8080')
	loopback=$(from bash -c 'cat < /dev/tcp/127.0.0.1/8081')
	closed=$(from ip netns exec out bash -c 'cat < /dev/tcp/10.80.0.2/8081')
	own=$(from bash -c "cat < /dev/tcp/127.0.0.1/2$(id -u alice)")
	shifted=$(from bash -c 'cat < /dev/tcp/127.0.0.1/8085')
	same=$(from bash -c 'cat < /dev/tcp/127.0.0.1/8097')
	for _ in 1 2 3 4 5; do
		udp=$(echo x | timeout 5 socat -t 1 - UDP:127.0.0.1:8082)
		[ -z "$udp" ] || break
	done
	other=$(from bash -c 'cat < /dev/tcp/127.0.0.1/8084')
	# The check leaves the ports to the running container.
	nsinit check alice > /dev/null 2> "$OUT/check"; checked=$?
	# Those that the user's own pasta has are no obstacle, others are.
	sed -i 's/"8083-8085:8097-8099"/"99:99"/' "$CONF/users/alice/container.json"
	nsinit check alice > /dev/null 2> "$OUT/low"
	sed -i 's/"99:99"/"8100:1"/' "$CONF/users/alice/container.json"
	socat TCP-LISTEN:8100,reuseaddr,fork /dev/null &
	listener=$!
	wait_until 5 from bash -c ': < /dev/tcp/127.0.0.1/8100'
	nsinit check alice > /dev/null 2> "$OUT/listener"
	kill "$listener"
	# Another user's container cannot have them.
	config bob '{"rootfs": "/", "networks": [{"type": "pasta",
		"ports": ["8080:80"]}]}'
	in_box bob true > /dev/null 2>&1; taken=$?
	# A changed container waits for the one that has them.
	conf 'linger = 60; on_change = "drain";'
	network_changed=$(config alice '{"rootfs": "/", "hostname": "new",
		"networks": [{"type": "pasta", "ports": ["8080:8099"]}]}'
		in_box alice 'cat /proc/sys/kernel/hostname' 2>&1)
	nsinit stop bob > /dev/null 2>&1
	conf 'linger = 60;'
	clean_slate
	wait "$holder"
	downlink
	equal "from outside" tcp "$outside"
	equal "on the loopback" tcp "$loopback"
	empty "control: not elsewhere" "$closed"
	equal "by a template" own "$own"
	equal "udp" udp "$udp"
	equal "a range of others" tcp "$shifted"
	equal "a range of the same" own "$same"
	empty "control: no other port" "$other"
	equal "check" 0 "$checked"
	contains "below 1024" "the user, who may not have 99/tcp" \
		"$(cat "$OUT/low")"
	contains "a listener" "listens on 8100/tcp" "$(cat "$OUT/listener")"
	equal "taken" 1 "$taken"
	logged 'user bob: .*networks\[0\]: ports: .*listens on 8080/tcp'
	equal "the old container stays" "$(hostname)" "$network_changed"
}

pasta_errors() {
	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	uplink
	downlink
	network alice '[{"type": "pasta"}]'
	in_box alice true 2> /dev/null && fail "it works without a network"
	logged 'networks\[0\]: pasta: '
	no_pasta || fail "left: $(pastas)"
	mv /usr/bin/pasta /usr/bin/pasta.away
	in_box alice true 2> /dev/null
	status=$?
	mv /usr/bin/pasta.away /usr/bin/pasta
	differ "status" 0 "$status"
	logged 'networks\[0\]: type: /usr/bin/pasta does not exist: install passt'
}

# nsinit exec in a directory: root's own container, as in 2014.
sample() {
	local box=/srv/images/sample

	make_busybox "$box" || skip "busybox"
	getent passwd daemon >> "$box/etc/passwd"
	getent group daemon >> "$box/etc/group"
	cp "$TESTS/2014.json" "$box/container.json"
	ip addr add 172.17.42.1/16 dev br0
	timeout 30 nsinit exec --root "$box" /bin/ip addr > "$OUT/text" 2>&1
	status=$?
	timeout 30 nsinit exec --root "$box" /bin/ip route > "$OUT/route" 2>&1
	timeout 30 nsinit exec --root "$box" /bin/sh -c 'tty; id -un; hostname' \
		> "$OUT/who" 2>&1
	ip addr del 172.17.42.1/16 dev br0
	[ "$status" -eq 0 ] || fail "status $status" "$(cat "$OUT/text")"
	equal "terminal, user, hostname" "/dev/pts/0 daemon koye" \
		"$(tr -d '\r' < "$OUT/who" | tr '\n' ' ' | sed 's/ $//')"
	contains "address" "inet 172.17.0.101/16" "$(cat "$OUT/text")"
	contains "mtu" "mtu 1500" "$(cat "$OUT/text")"
	contains "route" "default via 172.17.42.1 dev eth0" \
		"$(cat "$OUT/route")"
	rm -rf "$box"
}

pasta_root() {
	local box=/srv/images/pasta

	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	make_busybox "$box" || skip "busybox"
	uplink
	echo '{"networks": [{"type": "pasta"}]}' > "$box/container.json"
	timeout 30 nsinit exec --root "$box" /bin/ip addr > "$OUT/text" 2>&1
	status=$?
	wait_until 5 no_pasta; left=$?
	downlink
	cat "$OUT/text"
	equal "status" 0 "$status"
	equal "it has ended" 0 "$left"
	contains "address" "10.80.0.2/24" "$(cat "$OUT/text")"
	rm -rf "$box"
}

t "veth: addresses, mtu, routes; the bridge and it reach each other" veth
t "names and addresses are listed, and shown by check" listed
t "several interfaces are eth0, eth1, eth2" several
t "auto: a stable address for each user, until there are none" auto
t "host: the host's network" host
t "netns: an existing network is joined, and left as it is" netns
t "netns: only root's own network namespaces" netns_errors
t "macvlan" child macvlan
t "ipvlan" child ipvlan
t "routes: further routes of the container" routes
t "what is missing on the host is named" errors
t "L7: a failure midway leaves nothing" midway
t "names that exist are avoided" clash
t "L7: kill -9 of PID 1 leaves nothing" killed pid1
t "L7: kill -9 of PID 1 and the monitor leaves nothing" killed both
t "L7: kill -9 of a starting nsinit leaves nothing" killed_starting
t "resolv.conf has the servers that can be reached" resolv
t "resolv.conf of a rootfs: its own comes first, links stay inside" \
	resolv_rootfs
t "pasta: a network without privileges, ended with the container" pasta
t "J1 pasta: configured, out of reach, and gone after every end" pasta_ends
t "pasta: ports of the host lead to the container" pasta_ports
t "pasta: its errors are told" pasta_errors
t "pasta for root's own container" pasta_root
t "the sample of 2014 runs with its bridge" sample
