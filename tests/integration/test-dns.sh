#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# DNS inside a container with names in networks[].allow: every kind of question
# and answer, other ways to resolve names, what a name may mean, and for how long.
# Most tests share one container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/outside.sh"

# The second half are addresses of IPv4 in one of IPv6.
CLOUDS="169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200
168.63.129.16 192.0.0.192 169.254.0.23 169.254.42.42 fd00:ec2::254 fd00:ec2::23
fd20:ce::254 fd00:42::42 64:ff9b::a9fe:a9fe 64:ff9b::6464:64c8
64:ff9b:1::a9fe:a9fe 64:ff9b:1:2:3:4:a83f:8110 64:ff9b:1:0:a9:fea9:fe00:0
64:ff9b:1:a9:fe:a9fe:: 64:ff9b:1:a9fe:a9:fe00:: ::169.254.169.254
::ffff:0:a9fe:a9fe 2002:a9fe:a9fe::1 2001:0:a9fe:a9fe::1 2001::5601:5601"
LINK=fe80::a9fe:a9fe
NAMED='"allow": ["good.example.org:99", "alias.example.org:99",
	"loop.example.org:99", "forged.example.org:99",
	"short.example.org:96", "zero.example.org:99", "ever.example.org:99",
	"many.example.org:99", "home.example.org:99", "host.example.org:99",
	"text.example.org", "*.wide.example.org:99", "*.cloud.example.org:99",
	"10.80.0.1:53", "10.80.0.1:53/udp", "10.80.0.1:443", "10.80.0.1:853"]'

zone() {
	local cloud n=0

	cat <<- 'END'
	good.example.org 300 10.80.0.1 fd80::1
	alias.example.org 3600 cname:one.example.net cname:two.example.net ttl:5 10.80.0.1
	one.example.net 300 10.80.0.1
	loop.example.org 300 cname:loop.example.org
	forged.example.org 300 10.80.0.1 forged:10.80.0.9
	zero.example.org 0 10.80.0.1
	ever.example.org 2147483647 10.80.0.1
	many.example.org 300 many:200 10.80.0.1
	home.example.org 300 127.0.0.1
	host.example.org 300 10.80.0.3
	text.example.org 300 txt:3000 mx:bad.example.org srv:bad.example.org https:10.80.0.9
	a.wide.example.org 300 cname:b.wide.example.org cname:bad.example.org 10.80.0.1
	huge.wide.example.org 300 many:600
	bad.example.org 300 10.80.0.9
	END
	for cloud in $CLOUDS; do
		echo "c$((n++)).cloud.example.org 300 $cloud"
	done
}

# ask QUESTION... : the answers that a session of alice gets.
ask() {
	timeout 60 su alice -s /bin/bash -c '/srv/ask.py "$@"' -- - "$@"
}

# rules : those of alice's container.
rules() {
	nsenter -t "$(pid_of alice)" -n nft list table inet nscontainer
}

# lifetime ADDRESS : for how long sets have it.
lifetime() {
	rules | grep -o "\\b$1 timeout [0-9dhms]*" | sort -u
}

# expect QUESTION ANSWER... : in one session.
expect() {
	local questions=() answers=()

	while [ $# -gt 0 ]; do
		questions+=("$1")
		answers+=("$1: $2")
		shift 2
	done
	equal "answers" "$(printf '%s\n' "${answers[@]}")" \
		"$(ask "${questions[@]}")"
}

chains() {
	expect alias.example.org,A "NOERROR CNAME CNAME 10.80.0.1 ttl 5" \
		a.wide.example.org,A "NOERROR CNAME CNAME 10.80.0.1 ttl 300" \
		loop.example.org,A "NOERROR CNAME ttl 300" \
		one.example.net,A NXDOMAIN bad.example.org,A NXDOMAIN
	reach tcp,alias.example.org,99 tcp,alias.example.org,98 \
		tcp,a.wide.example.org,99 tcp,loop.example.org,99 \
		tcp,one.example.net,99 > "$OUT/text"
	equal "reached" "yes no yes no no" "$(results "$OUT/text")"
}

types() {
	expect good.example.org,AAAA "NOERROR fd80::1 ttl 300" \
		good.example.org,ANY "NOERROR 10.80.0.1 fd80::1 ttl 300" \
		text.example.org,MX "NOERROR MX ttl 300" \
		text.example.org,SRV "NOERROR SRV ttl 300" \
		text.example.org,HTTPS NOERROR text.example.org,SVCB NOERROR \
		text.example.org,A NOERROR \
		bad.example.org,TXT NXDOMAIN bad.example.org,MX NXDOMAIN \
		bad.example.org,SRV NXDOMAIN bad.example.org,ANY NXDOMAIN \
		bad.example.org,HTTPS NXDOMAIN bad.example.org,AAAA NXDOMAIN \
		good.example.org,A,update NOTIMP good.example.org,A,chaos NOTIMP
	expect text.example.org,HTTPS,at=10.80.0.1 "NOERROR HTTPS ttl 300" \
		bad.example.org,A,at=10.80.0.1 "NOERROR 10.80.0.9 ttl 300"
	reach tcp,10.80.0.9,99 tcp,10.80.0.1,98 > "$OUT/text"
	equal "what the text, hint and mail lead to" "no no" \
		"$(results "$OUT/text")"
}

names() {
	local long

	long=$(printf 'a%.0s' {1..63}).$(printf 'b%.0s' {1..63})
	long=$long.$(printf 'c%.0s' {1..63}).$(printf 'd%.0s' {1..44})
	long=$long.wide.example.org
	equal "its length" 253 "${#long}"
	echo "$long 300 10.80.0.1" >> "$TOP/names"
	: > "$TOP/asked"
	expect GOOD.exAmple.ORG,A "NOERROR 10.80.0.1 ttl 300" \
		good.example.org.,A "NOERROR 10.80.0.1 ttl 300" \
		"$long,A" "NOERROR 10.80.0.1 ttl 300" \
		"d$long,A" FORMERR \
		'good\046example.org,A' NXDOMAIN 'good.example\046org,A' NXDOMAIN \
		'good\000.example.org,A' NXDOMAIN '\195\188ber.example.org,A' NXDOMAIN \
		xn--ber-goa.example.org,A NXDOMAIN \
		'good.example.org\046wide.example.org,A' NXDOMAIN \
		.,NS NXDOMAIN org,NS NXDOMAIN \
		good.example.org,A,two FORMERR good.example.org,A,loop FORMERR \
		bad.example.org,A,two FORMERR
	# None but those of the list went out, and a byte below a wildcard.
	expect 'a\046b.wide.example.org,A' NXDOMAIN
	equal "what the name server was asked" "$(sort <<- END
		a.b.wide.example.org
		good.example.org
		good.example.org
		$long
		END
		)" "$(sort "$TOP/asked")"
}

edns() {
	: > "$TOP/asked"
	expect good.example.org,A,edns "NOERROR 10.80.0.1 ttl 300" \
		bad.example.org,A,edns NXDOMAIN \
		text.example.org,TXT,edns "NOERROR TXT3012 ttl 300"
	expect GOOD.exAmple.ORG,A "NOERROR 10.80.0.1 ttl 300" \
		GOOD.exAmple.ORG,A,tcp "NOERROR 10.80.0.1 ttl 300"
	lacks "what the name server was told" + "$(cat "$TOP/asked")"
	lacks "the case of letters" "^" "$(cat "$TOP/asked")"
	ask GOOD.example.org,A,edns,at=10.80.0.1 > /dev/null
	contains "control: by another way" "good.example.org+^" \
		"$(cat "$TOP/asked")"
}

long_answers() {
	: > "$TOP/asked"
	expect text.example.org,TXT "NOERROR TC" \
		text.example.org,TXT,tcp "NOERROR TXT3012 ttl 300" \
		many.example.org,A "NOERROR TC" \
		many.example.org,A,edns "NOERROR 201 records ttl 300" \
		huge.wide.example.org,A,edns SERVFAIL \
		bad.example.org,A,tcp NXDOMAIN \
		good.example.org,A,tcp,two FORMERR
	contains "what is long is asked by TCP" text.example.org/tcp \
		"$(cat "$TOP/asked")"
	lacks "not asked" bad.example.org "$(cat "$TOP/asked")"
	# A program's own resolver, which asks by UDP, and then by TCP.
	timeout 60 su alice -s /bin/bash -c '
		getent ahostsv4 many.example.org | grep -c STREAM' > "$OUT/many"
	equal "addresses" 201 "$(cat "$OUT/many")"
	equal "the last one" "10.80.0.1" "$(rules |
		grep -o '10.90.0.199\|10.80.0.1\b' | sort -u | head -n 1)"
	contains "each one" "10.90.0.199" "$(rules)"
	lacks "of the one with too many" "10.90.2." "$(rules)"
}

forged() {
	equal "control: who takes the first one" \
		"forged.example.org,A,at=127.0.0.1: wrong id" \
		"$("$TESTS/ask.py" forged.example.org,A,at=127.0.0.1)"
	expect forged.example.org,A "NOERROR 10.80.0.1 ttl 300"
	reach tcp,forged.example.org,99 tcp,10.80.0.9,99 > "$OUT/text"
	equal "reached" "yes no" "$(results "$OUT/text")"
	lacks "the forged address" "10.80.0.9 timeout" "$(rules)"
}

# The address has left DNS; of the minute that the set has it longer, two seconds
# are left.
left_dns() {
	local set

	mkfifo "$OUT/one"
	echo "short.example.org 1 10.80.0.1" >> "$TOP/names"
	timeout 60 su alice -s /bin/bash -c \
		'/srv/reach.py held,short.example.org,96' \
		< "$OUT/one" > "$OUT/held" &
	exec 5> "$OUT/one"
	wait_until 20 grep -q held: "$OUT/held"
	sed -i 's/^short.*/short.example.org 1 10.80.0.9/' "$TOP/names"
	set=$(rules | grep -B 5 '10.80.0.1 timeout 1m1s' |
		grep -o 'names4_[0-9a-f]*' | tail -n 1)
	reach tcp,10.80.0.1,96 > "$OUT/text"
	nsenter -t "$(pid_of alice)" -n nft "
		delete element inet nscontainer $set { 10.80.0.1 }
		add element inet nscontainer $set {
			10.80.0.1 timeout 61s expires 2s }" || fail "nft"
	wait_until 10 in_none "$set" || fail "it stays"
	reach tcp,10.80.0.1,96 >> "$OUT/text"
	echo >&5
	wait_until 10 grep -q 96: "$OUT/held"
	exec 5>&-
	reach tcp,short.example.org,96 tcp,10.80.0.1,96 >> "$OUT/text"
	cat "$OUT/held" "$OUT/text"
	equal "a new connection: in time, later, where it is now, where it was" \
		"yes no yes no" "$(results "$OUT/text")"
	contains "the open one" "96: more" "$(cat "$OUT/held")"
}

# in_none SET : no address.
in_none() {
	! nsenter -t "$(pid_of alice)" -n nft list set inet nscontainer "$1" |
		grep -q elements
}

lifetimes() {
	ask alias.example.org,A good.example.org,A > /dev/null
	ask zero.example.org,A ever.example.org,A > "$OUT/text"
	cat "$OUT/text"
	equal "zero" "NOERROR 10.80.0.1 ttl 0" "$(sed -n '1s/.*: //p' "$OUT/text")"
	# A cache inside forgets it when the set does, or before.
	equal "ever" "NOERROR 10.80.0.1 ttl 86400" \
		"$(sed -n '2s/.*: //p' "$OUT/text")"
	equal "of the sets" "10.80.0.1 timeout 1d1m
10.80.0.1 timeout 1m
10.80.0.1 timeout 1m5s
10.80.0.1 timeout 6m" "$(lifetime 10.80.0.1)"
}

# Names that mean addresses near by: the container's own, and the host's.
near() {
	ip addr add 10.80.0.3/24 dev br0
	socat TCP-LISTEN:99,bind=10.80.0.3,fork,reuseaddr SYSTEM:'echo outside' &
	one=$!
	socat TCP-LISTEN:98,bind=10.80.0.3,fork,reuseaddr SYSTEM:'echo outside' &
	two=$!
	wait_until 10 listening 98
	reach tcp,10.80.0.3,99 tcp,host.example.org,99 tcp,host.example.org,98 \
		tcp,home.example.org,99 > "$OUT/text"
	changed '"allow": ["host.example.org:99"], "deny": ["10.80.0.0/24"]'
	nsinit update --from-file alice || fail "update"
	reach tcp,host.example.org,99 > "$OUT/denied"
	changed "$NAMED"
	nsinit update --from-file alice || fail "update"
	kill "$one" "$two"
	ip addr del 10.80.0.3/24 dev br0
	cat "$OUT/text"
	equal "as the list has it" "no yes no no" "$(results "$OUT/text")"
	contains "its own loopback" "home.example.org,99: ECONNREFUSED" \
		"$(cat "$OUT/text")"
	equal "deny is above" no "$(results "$OUT/denied")"
}

# clouds FORMAT : what is reached of each, once a word.
clouds() {
	local cloud n=0 probes=()

	for cloud in $CLOUDS; do
		# shellcheck disable=SC2059
		probes+=("$(printf "$1" $((n++)) | sed "s/@/$cloud/")")
	done
	reach "${probes[@]}" > "$OUT/clouds" || fail "su fails"
	cat "$OUT/clouds" >&2
	results "$OUT/clouds" | xargs -n 1 | sort -u | xargs
}

linked() {
	reach "tcp,$LINK%eth0,99" > "$OUT/linked"
	results "$OUT/linked"
}

metadata() {
	local cloud listed=

	equal "names that mean them" no "$(clouds tcp,c%s.cloud.example.org,99)"
	equal "an IPv4 address in one of IPv6" no \
		"$(clouds tcp,::ffff:169.254.169.254,99%.0s)"
	equal "by a link" no "$(linked)"
	for cloud in $CLOUDS; do
		[[ $cloud != *:* ]] || cloud="[$cloud]"
		listed+="\"$cloud:99\", "
	done
	changed "\"allow\": [$listed\"[$LINK]:99\", \"*.cloud.example.org:98\"]"
	nsinit update --from-file alice || fail "update"
	equal "control: listed" yes "$(clouds tcp,@,99%.0s)"
	equal "control: listed, by a link" yes "$(linked)"
	equal "a name does not open more of them" no \
		"$(clouds tcp,c%s.cloud.example.org,98)"
	changed '"deny": []'
	nsinit update --from-file alice || fail "update"
	equal "without allow" no "$(clouds tcp,@,99%.0s)"
	equal "by a link, without allow" no "$(linked)"
	reach udp,168.63.129.16,97 ping,168.63.129.16,0 > "$OUT/azure"
	changed '"allow": ["168.63.129.16"]'
	nsinit update --from-file alice || fail "update"
	reach udp,168.63.129.16,97 ping,168.63.129.16,0 >> "$OUT/azure"
	equal "Azure's otherwise, and listed" "no no yes yes" \
		"$(results "$OUT/azure")"
	changed '"deny": []'
	nsinit update --from-file alice || fail "update"
	expect good.example.org,A,at=168.63.129.16 "NOERROR 10.80.0.1 ttl 300" \
		good.example.org,A,at=168.63.129.16,tcp "NOERROR 10.80.0.1 ttl 300"
	changed "$NAMED"
	nsinit update --from-file alice || fail "update"
}

# What one container does to its name server hurts no other one.
ATTACK='import socket, struct, sys, time
here = "127.0.1.53", 53
def connect(data=b""):
    sock = socket.create_connection(here)
    sock.send(data)
    return sock
def question(name):
    return struct.pack("!HHHHHH", 1, 256, 1, 0, 0, 0) + b"".join(
        bytes([len(x)]) + x for x in name.split(b".")) + b"\0\0\1\0\1"
idle = [connect() for _ in range(100)]
half = [connect(b"\0\x40half") for _ in range(20)]
big = connect(b"\xff\xff" + question(b"good.example.org").ljust(65535, b"x"))
print("big", len(big.recv(100)), flush=True)
big = connect(b"\xff\xff" + b"x" * 65535)
print("garbage", len(big.recv(100)), flush=True)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 60
i = 0
while time.monotonic() < end:
    i += 1
    sock.sendto(question(b"n%d.wide.example.org" % i), here)
    sock.sendto(question(b"n%d.example.org" % i), here)
    if i == 1000:
        print("flood", flush=True)
'

attacked() {
	config bob "{\"rootfs\": \"/\", \"networks\": [{${ENTRY//0.5/0.6}, $NAMED}]}"
	sed -i 's/fd80::5/fd80::6/' "$CONF/users/bob/container.json"
	nsinit start bob || fail "start of bob"
	echo "$ATTACK" > /srv/attack.py
	timeout 90 su alice -s /bin/bash -c '
		python3 /srv/attack.py & echo $! > ~/pid; wait' \
		> "$OUT/attack" 2>&1 &
	wait_until 30 grep -q flood "$OUT/attack" || fail "no attack" \
		"$(cat "$OUT/attack")"
	timeout 60 su bob -s /bin/bash -c '
		/srv/reach.py tcp,good.example.org,99
		/srv/ask.py text.example.org,TXT,tcp' > "$OUT/bob"
	as_alice=$(timeout 30 su alice -c 'kill $(cat ~/pid); echo in')
	wait_until 10 ask_again
	nsinit stop bob
	cat "$OUT/attack" "$OUT/bob"
	contains "a long question" "big 52" "$(cat "$OUT/attack")"
	contains "garbage" "garbage 14" "$(cat "$OUT/attack")"
	equal "a login of the same user" in "$as_alice"
	equal "the other container" "yes NOERROR TXT3012 ttl 300" \
		"$(results "$OUT/bob")"
	expect good.example.org,A "NOERROR 10.80.0.1 ttl 300" \
		text.example.org,TXT,tcp "NOERROR TXT3012 ttl 300"
}

ask_again() {
	[[ $(ask good.example.org,A) == *NOERROR* ]]
}

# Idle connections give way to those who ask.
SILENT='import socket, subprocess
idle = [socket.create_connection(("127.0.1.53", 53)) for _ in range(100)]
for one in idle[::2]:
    one.send(b"\0")
text = "text.example.org,TXT,tcp"
subprocess.run(["/srv/ask.py", text, text, "good.example.org,A"])
'

silent() {
	echo "$SILENT" > /srv/silent.py
	equal "answers" "text.example.org,TXT,tcp: NOERROR TXT3012 ttl 300
text.example.org,TXT,tcp: NOERROR TXT3012 ttl 300
good.example.org,A: NOERROR 10.80.0.1 ttl 300" \
		"$(timeout 60 su alice -c 'python3 /srv/silent.py')"
}

# Its port is free for the next one although connections have not ended.
STAYS='import socket, time
idle = [socket.create_connection(("127.0.1.53", 53)) for _ in range(8)]
print("idle", flush=True)
time.sleep(60)
'

again_with_connections() {
	local before

	echo "$STAYS" > /srv/stays.py
	timeout 60 su alice -c 'echo $$ > ~/pid; exec python3 /srv/stays.py' \
		> "$OUT/idle" &
	wait_until 20 grep -q idle "$OUT/idle"
	before=$(resolvers | xargs)
	# shellcheck disable=SC2086
	kill -KILL $before
	wait_until 20 another "$before" || fail "none comes"
	ask text.example.org,TXT,tcp good.example.org,A > "$OUT/text"
	timeout 30 su alice -c 'kill $(cat ~/pid)'
	equal "answers" "text.example.org,TXT,tcp: NOERROR TXT3012 ttl 300
good.example.org,A: NOERROR 10.80.0.1 ttl 300" "$(cat "$OUT/text")"
}

# another BEFORE : name-resolver answers, and is not one of these processes.
another() {
	local now

	now=$(resolvers | xargs)
	[ "$(wc -w <<< "$now")" = 2 ] && [ "$now" != "$1" ] && ask_again
}

# ssh -W and -D resolve inside.
forwards() {
	local target

	for target in good.example.org bad.example.org; do
		nssh_with -W "$target:99" alice@127.0.0.1 < /dev/null
		echo "W"
		nssh_with -f -N -M -S "$OUT/control" -D 4100 \
			alice@127.0.0.1 > /dev/null
		by_proxy "$target" 99
		echo "D"
		ssh -S "$OUT/control" -O exit alice@127.0.0.1
	done 2> /dev/null | xargs > "$OUT/text"
	equal "by names" "outside W outside D W D" "$(cat "$OUT/text")"
}

# direct : other name servers than ours, by each way there is.
direct() {
	local way there=() elsewhere=()

	for way in "" ,tcp ,tls ,https; do
		there+=("bad.example.org,A,at=10.80.0.1$way")
		elsewhere+=("bad.example.org,A,at=10.80.0.9$way")
	done
	ask "${there[@]}" > "$OUT/there"
	ask "${elsewhere[@]}" > "$OUT/elsewhere"
	reach tcp,10.80.0.9,99 > "$OUT/text"
	cat "$OUT/there" "$OUT/elsewhere"
	equal "those of the list" 4 \
		"$(grep -c ': NOERROR 10.80.0.9 ttl 300$' "$OUT/there")"
	equal "others" "no no no no" "$(results "$OUT/elsewhere")"
	lacks "an answer at once" silence "$(cat "$OUT/elsewhere")"
	# A name server tells what it likes: an address is not open thereby.
	equal "what they answer" no "$(results "$OUT/text")"
}

# directly TYPE : the same in another network, with lists without names.
directly() {
	local list='"allow": ["10.80.0.1:53", "10.80.0.1:53/udp",
		"10.80.0.1:443", "10.80.0.1:853"]'

	entry "$1" > /dev/null || skip "$1"
	lists "$1" "$list"
	direct
	changed "${list//0.1/0.9}"
	nsinit update --from-file alice || fail "update"
	ask bad.example.org,A,at=10.80.0.9{,",tcp",",tls",",https"} > "$OUT/control"
	equal "control: listed" 4 \
		"$(grep -c ': NOERROR 10.80.0.9 ttl 300$' "$OUT/control")"
	clean_slate
}

outside_begins
names_begin
zone > "$TOP/names"
cp "$TESTS/ask.py" "$TESTS/names.py" /srv
for address in $CLOUDS; do
	[ "$address" = 169.254.169.254 ] ||
		ip -n out addr add "$address" dev lo nodad 2> /dev/null ||
		ip -n out addr add "$address" dev lo
done
ip -n out addr add "$LINK/64" dev wan1 nodad
# shellcheck disable=SC2086
ip netns exec out "$TESTS/outside.py" ${CLOUDS#169.254.169.254 } "$LINK%wan1" \
	> "$OUT/ready2" &
SERVERS=$!
ip netns exec out "$TESTS/names.py" "$TOP/names" "$TOP/asked" 10.80.0.1 \
	10.80.0.9 168.63.129.16 > "$OUT/ready3" &
SERVERS+=" $!"
wait_until 20 grep -q ready "$OUT/ready2" || echo "not ok other addresses"
wait_until 20 grep -q ready "$OUT/ready3" || echo "not ok other name servers"
lists veth "$NAMED"
t "N8 each type of question is answered for names of the list alone" types
t "N8 an alias leads where the name of the list does, and opens nothing else" chains
t "N8 a name that looks like another one is another one" names
t "N8 what a question carries besides its name goes nowhere" edns
t "N8 long answers come by TCP, with each of their addresses" long_answers
t "N8 an answer of somebody else's is none" forged
t "N8 addresses stay as long as DNS says, a day at most" lifetimes
t "N8 an address that has left DNS is closed, and open connections go on" left_dns
t "N9 veth: another name server is reached if the list has it" direct
t "N9 ssh -W and -D resolve what the list has" forwards
t "N10 a name opens the host as far as its entry, and deny is above" near
t "N10 no name leads to the metadata service of a cloud" metadata
t "N11 connections that say nothing give way" silent
t "N6 name-resolver is started again while connections to it are open" \
	again_with_connections
t "N11 who floods the name server hurts no other container" attacked
t "N9 pasta: another name server is reached if the list has it" directly pasta
t "N9 macvlan: another name server is reached if the list has it" directly macvlan
t "N9 ipvlan: another name server is reached if the list has it" directly ipvlan
t "N9 bridge: another name server is reached if the list has it" directly bridge
names_end
# shellcheck disable=SC2086,SC2153 # SERVER is of outside.sh
kill "$SERVER" $SERVERS
