# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For tests of networks[].allow and deny: a host beside ours, name servers, and
# containers with lists.  Read after lib.sh.
# shellcheck disable=SC2034 # variables of tests
pam_enable su sshd
sshd_start "$SSHD_PORT"
conf 'linger = 60; bridge_pool6 = "fd55::/64";'
cp "$TESTS/reach.py" /srv/reach.py
chmod 0755 /srv/reach.py
LISTS_CAPS='"capabilities": ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID",
	"KILL", "NET_BIND_SERVICE", "NET_ADMIN", "NET_RAW", "SYS_ADMIN"],
	"seccomp": "unconfined"'

# A host beside ours, with two addresses and the metadata service of a cloud.
outside_begins() {
	make_tun
	ip netns add out
	ip link add wan0 type veth peer name wan1 netns out
	ip link set wan0 up
	ip -n out link set lo up
	ip -n out link set wan1 up
	for a in 10.80.0.1/24 10.80.0.9/24; do
		ip -n out addr add "$a" dev wan1
	done
	for a in fd80::1/64 fd80::9/64; do
		ip -n out addr add "$a" dev wan1 nodad
	done
	ip -n out addr add 169.254.169.254/32 dev lo
	ip netns exec out "$TESTS/outside.py" 10.80.0.1 10.80.0.9 fd80::1 \
		fd80::9 169.254.169.254 > "$OUT/ready" &
	SERVER=$!
	wait_until 20 grep -q ready "$OUT/ready" || fail "nobody outside"
	# pasta pings as the user.
	echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range
	# As container.json(5) says of Debian 13's.
	echo "4096 4194304 4194304" > /proc/sys/net/ipv4/tcp_wmem
}

# Of all types but veth, the host itself has an address there.
host_joins() {
	ip link set wan0 nomaster
	ip link del br0 2> /dev/null
	ip addr replace 10.80.0.2/24 dev wan0
	ip -6 addr replace fd80::2/64 dev wan0 nodad
	ip route replace default via 10.80.0.1
	ip -6 route replace default via fd80::1
}

host_forwards() {
	host_joins
	echo 1 > /proc/sys/net/ipv4/ip_forward
	echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
}

bridge_joins() {
	ip addr flush dev wan0 scope global
	ip link add br0 type bridge
	ip link set wan0 master br0
	ip link set br0 up
}

MADE='"address": ["10.80.0.5/24", "fd80::5/64"],
	"gateway": ["10.80.0.1", "fd80::1"]'

# entry TYPE : the beginning of an entry of networks, after the host is ready.
# bridge: a veth in the bridge that nscontainer makes.
entry() {
	case $1 in
	bridge)
		host_forwards
		echo '"type": "veth", "context": {"bridge": "auto"}' ;;
	veth)
		bridge_joins > /dev/null
		echo '"type": "veth", "context": {"bridge": "br0",
			"prefix": "nv"}, '"$MADE" ;;
	pasta)
		host_joins
		[ -x /usr/bin/pasta ] || return 1
		echo '"type": "pasta"' ;;
	*)
		host_joins
		ip link add probe link wan0 type "$1" 2> /dev/null || return 1
		ip link del probe
		echo '"type": "'"$1"'", "context": {"parent": "wan0"}, '"$MADE" ;;
	esac
}

# lists TYPE LISTS [MORE] : alice's container with these lists.
lists() {
	need_product
	clean_slate
	ENTRY=$(entry "$1") || skip "$1"
	config alice "{\"rootfs\": \"/\",
		\"networks\": [{$ENTRY${2:+, $2}}]${3:+, $3}}"
	nsinit start alice 2>&1 || fail "nsinit start"
}

# reach PROBE... : their results, for a session of alice.
reach() {
	timeout 60 su alice -s /bin/bash -c "/srv/reach.py $*"
}

# reach_root PROBE... : the same for root inside.
reach_root() {
	timeout 60 nsinit exec alice --user root /srv/reach.py "$@"
}

# results FILE : one word for each probe; a refusal has several errors.
results() {
	sed 's/.*: //; s/^\(E.*\|silence\)$/no/; s/outside/yes/' "$1" | xargs
}

# changed LISTS : the file has other lists now.
changed() {
	config alice "{\"rootfs\": \"/\", \"networks\": [{$ENTRY${1:+, $1}}]}"
}

# What root inside, with every capability over networks, does to a network of its
# own.
CHANGES='/usr/sbin/nft list ruleset
/usr/sbin/nft add table inet own
/usr/sbin/nft add table inet nscontainer
/usr/sbin/nft delete table inet nscontainer
nsenter --net=/proc/1/ns/net /usr/sbin/nft flush ruleset
tc qdisc replace dev eth0 root pfifo
ip addr add 10.80.0.77/24 dev eth0
ip route add 10.80.0.9/32 dev lo
ip rule add from all lookup main
ip link add eth9 type veth peer name eth8
ip link add link eth0 name mv0 type macvlan
unshare -n ip link add up type veth peer name down netns 1
ip link set eth0 mtu 1300
ip link set eth0 address 02:00:00:00:00:77
ip link set eth0 down
ip link set eth0 name eth7'

# changes FILE : the changes that root inside can make.
changes() {
	local change

	while read -r change; do
		nsinit exec alice --user root bash -c "$change" < /dev/null \
			2>&1 && echo "$change" >> "$1"
	done <<< "$CHANGES"
	: >> "$1"
}

# raw_sockets : what root inside sends by them.
raw_sockets() {
	reach_root packet,x,0 raw,10.80.0.9,97 raw,fd80::9,97 > "$OUT/raw"
	cat "$OUT/raw" >&2
	results "$OUT/raw"
}

# unchanged TYPE LISTS [CONTROL] : with these lists root inside changes nothing,
# as it does without them.  CONTROL: a command for the network of its own.
unchanged() {
	lists "$1" "" "$LISTS_CAPS"
	equal "control: raw sockets" "sent sent sent" "$(raw_sockets)"
	[ $# -lt 3 ] || "$3"
	changes "$OUT/its-own"
	# No other address on ipvlan, and no macvlan on some kernels.
	grep -vE '^ip link (set eth0 address|add link)' "$OUT/its-own" |
		diff - <(grep -vE '^ip link (set eth0 address|add link)' \
			<<< "$CHANGES") || fail "control: in a network of its own"
	lists "$1" "$2" "$LISTS_CAPS"
	equal "raw sockets" "no no no" "$(raw_sockets)"
	changes "$OUT/changes"
	# Linux 6.1 lets an end of a veth in, but not up, so that nothing comes by it.
	empty "root inside may" \
		"$(grep -v '^unshare -n ip link add ' "$OUT/changes")"
	nsinit exec alice --user root unshare -n ip link add mine type veth \
		peer name theirs up netns 1 2>&1 && fail "an interface comes up"
	# Nor does root of another user namespace that is made inside.
	nsinit exec alice unshare -Urn /usr/sbin/nft list ruleset ||
		fail "control: a network of that one"
	nsinit exec alice unshare -Urn nsenter \
		--net=/proc/1/ns/net /usr/sbin/nft flush ruleset 2>&1 &&
		fail "a user namespace inside owns the network"
	:
}

# holds NAME PROBE : a probe that waits, until goes_on NAME.
declare -A HELD
holds() {
	local fd

	mkfifo "$OUT/$1.in"
	reach "$2" < "$OUT/$1.in" > "$OUT/$1" &
	exec {fd}> "$OUT/$1.in"
	HELD[$1]=$fd
	wait_until 20 grep -q held: "$OUT/$1" || fail "no $2" "$(cat "$OUT/$1")"
}

# goes_on NAME : its result is then in $OUT/NAME.
goes_on() {
	local fd=${HELD[$1]}

	echo >&"$fd"
	wait_until 20 grep -q , "$OUT/$1" || fail "nothing of $1"
	exec {fd}>&-
	rm "$OUT/$1.in"
}

# A name server on the host's loopback.
names_begin() {
	cat > "$TOP/names" <<- 'END'
	good.example.org 1 10.80.0.1 fd80::1
	a.wide.example.org 300 10.80.0.9
	wide.example.org 300 10.80.0.9
	cloud.wide.example.org 300 169.254.169.254
	denied.wide.example.org 300 10.80.0.1
	broken.wide.example.org 300 garbage
	bad.example.org 300 10.80.0.9
	END
	echo 'nameserver 127.0.0.1' > /etc/resolv.conf
	: > "$TOP/asked"
	"$TESTS/names.py" "$TOP/names" "$TOP/asked" > "$OUT/names" &
	NAMES=$!
	wait_until 20 grep -q ready "$OUT/names" || fail "no name server"
}

names_end() {
	clean_slate
	kill "$NAMES"
	rm /etc/resolv.conf
}

resolvers() {
	pgrep -x name-resolver
}

no_resolver() {
	[ -z "$(resolvers)" ]
}
