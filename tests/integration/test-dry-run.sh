#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A dry run is true: for each way in which a key of container.json cannot be,
# check, doctor, audit and try say what happens to a real login.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

IMAGE=/srv/closed/busybox
TABLE=$TESTS/dry-run.table
BASE="{\"rootfs\": \"$IMAGE\"}"
pam_enable su
mkdir -m 0700 /srv/closed
REASON=$(make_busybox "$IMAGE") || IMAGE=

# What the rows of the table refer to.
make_objects() {
	make_loop_devices
	mkdir -p /srv/empty /srv/users "$RUN"
	chown alice /srv/users
	echo x > /srv/file
	printf '#!/bin/sh\n' > /srv/hook
	printf '#!/no/such/interpreter\n' > /srv/wrong
	cp /srv/hook /srv/others
	chmod 0755 /srv/hook /srv/wrong
	chmod 0777 /srv/others
	cp /srv/hook "$IMAGE/bin/script"
	cp /srv/wrong "$IMAGE/bin/wrong"
	echo "no format" > "$IMAGE/bin/noformat"
	chmod 0755 "$IMAGE/bin/noformat"
	rm -f "$IMAGE/bin/bash"
	printf '#!/bin/sh\nexec /bin/sh "$@"\n' > "$IMAGE/bin/bash"
	chmod 0755 "$IMAGE/bin/bash"
	cp -a "$IMAGE" "$TOP/image"
	IMAGE_STATE=$(image_state "$IMAGE")
}

image_state() {
	(cd "$1" && find . -printf '%p %y %m %U %s %l\n' | sort)
}

# The host as it was before the row.
restore() {
	clean_slate
	usermod -s /bin/bash alice 2> /dev/null
	chown alice: /home/alice
	rm -rf /var/lib/nscontainer/alice /srv/users/link /srv/open
	[ ! -e "$TOP/tun" ] || rm -f "$TOP/tun" /dev/net/tun
	[ -e /dev/loop-control ] || mknod -m 0600 /dev/loop-control c 10 237
	[ "$(image_state "$IMAGE")" = "$IMAGE_STATE" ] || {
		rm -rf "${IMAGE:?}"
		cp -a "$TOP/image" "$IMAGE"
	}
	conf 'linger = 0;' 'start_timeout = 20;'
}

# The host's things that a dry run may not leave changed.
host_state() {
	find "$IMAGE" /home /var/lib/nscontainer /run/nscontainer /srv/empty \
		/srv/users -printf '%p %y %m %U %T@\n' 2> /dev/null |
		grep -v "^/var/lib/nscontainer\(/ids\|/addresses\|/.lock\| \)" |
		sort
	find /sys/fs/cgroup/nscontainer /sys/fs/cgroup/*/nscontainer -type d \
		2> /dev/null
	ip -o link | awk '{ print $2 }'
	grep -c . /proc/self/mountinfo
	inits
}

# need CONTROLLER : skips the row on a host without it.
need() {
	grep -rqs "\b$1\b" /sys/fs/cgroup/*/cgroup.controllers \
		/sys/fs/cgroup/cgroup.controllers && return
	grep -Eqs " - cgroup .*\b${1/#io/blkio}\b" /proc/self/mountinfo ||
		skip "cgroup: no $1 controller"
}

no_pasta() {
	[ ! -x /usr/bin/pasta ] || [ ! -e /dev/net/tun ] ||
		skip "network: pasta is installed"
}

pasta() {
	[ -x /usr/bin/pasta ] || skip "network: no pasta"
	[ -e /dev/net/tun ] || {
		make_tun
		: > "$TOP/tun"
	}
	: 2> /dev/null < /dev/net/tun || skip "network: no tun"
	ip link show wan0 > /dev/null 2>&1 || {
		ip link add wan0 type veth peer name wan1 ||
			skip "network: no veth"
		ip addr add 10.80.0.2/24 dev wan0
		ip link set wan0 up
		ip link set wan1 up
		ip route add default via 10.80.0.1
	}
	echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start
}

netns() {
	[ -e /run/netns/dry ] || ip netns add dry
}

bridge() {
	ip link show br0 > /dev/null 2>&1 && return
	ip link add br0 type bridge || skip "network: no bridge"
	ip link set br0 up
}

forward() {
	echo "$1" > /proc/sys/net/ipv4/ip_forward ||
		skip "network: no ip_forward"
}

# A process of the host that has a port.
listener() {
	forward 1
	! bash -c ': < /dev/tcp/127.0.0.1/9797' 2> /dev/null || return 0
	socat TCP-LISTEN:9797,fork,reuseaddr /dev/null &
	wait_until 5 bash -c ': < /dev/tcp/127.0.0.1/9797' 2> /dev/null
}

said() {
	contains "what $1 says" "$2" "$3"
}

verdict_check() {
	nsinit check alice > "$OUT/check" 2>&1
	case $? in
	0) echo yes ;;
	1) echo no; said check "$1" "$(cat "$OUT/check")" >&2 ;;
	*) cat "$OUT/check" ;;
	esac
}

verdict_doctor() {
	nsinit doctor --json alice > "$OUT/doctor" 2>&1
	if jq -se 'map(select(.check == "refused")) == []' "$OUT/doctor" \
		> /dev/null; then
		echo yes
	else
		echo no
		said doctor "$1" "$(jq -r .text "$OUT/doctor")" >&2
	fi
}

# The audited login itself always works.
verdict_audit() {
	local line

	conf 'linger = 0;' 'start_timeout = 20;' 'mode = "audit";'
	syslog_mark
	timeout 30 su alice -s /bin/sh -c true || echo "the login fails"
	wait_until 3 eval 'syslog_since | grep -aq "audit: would"'
	line=$(syslog_since | grep -a "audit: would")
	echo "$line" > "$OUT/audit"
	case $line in
	*"audit: would be placed"*) echo yes ;;
	*"audit: would be refused"*) echo no; said audit "$1" "$line" >&2 ;;
	*) echo "audit says: $line" ;;
	esac
	conf 'linger = 0;' 'start_timeout = 20;'
}

verdict_try() {
	if nsinit try alice > "$OUT/try" 2>&1; then
		echo yes
	else
		echo no
		said try "$1" "$(cat "$OUT/try")" >&2
	fi
	nsinit stop alice > /dev/null 2>&1
	wait_until 5 no_container alice
}

verdict_login() {
	timeout 40 su alice -c true > "$OUT/login" 2>&1 && echo yes && return
	echo no
}

# row VERDICT JSON SET-UP MESSAGE
row() {
	local expected=$1 way got before

	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	command -v jq > /dev/null || skip "jq is missing"
	restore
	case $2 in
	!*) config alice "${2#!}" ;;
	*) config alice "$(jq -c --argjson more "$2" '. * $more' <<< "$BASE")" ;;
	esac
	eval "$3"
	before=$(host_state)
	for way in check doctor audit; do
		got=$("verdict_$way" "$4" 2> "$OUT/said")
		empty "$way" "$(cat "$OUT/said")"
		[ "$got" = "$expected" ] ||
			fail "$way: $got" "$(cat "$OUT/$way")"
	done
	empty "changes of the host" "$(diff <(echo "$before") <(host_state))"
	equal "a login" "$expected" "$(verdict_login)"
	clean_slate
	got=$(verdict_try "$4" 2> "$OUT/said")
	empty "try" "$(cat "$OUT/said")"
	[ "$got" = "$expected" ] || fail "try: $got" "$(cat "$OUT/try")"
}

# A running container and its files do not notice a check.
beside_running() {
	local pid before i

	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	restore
	config alice "{\"rootfs\": \"$IMAGE\", \"overlay\": \"persistent\",
		\"home\": \"private\", \"cgroups\": {\"name\": \"box\"},
		\"hooks\": {\"start\": [{\"path\": \"/srv/count\"}],
			\"stop\": [{\"path\": \"/srv/count\"}]}}"
	printf '#!/bin/sh\necho run >> /srv/counted\n' > /srv/count
	chmod 0755 /srv/count
	rm -f /srv/counted
	status_is 0 nsinit start alice
	timeout 20 su alice -c 'echo kept > /home/alice/file; sleep 30' &
	pid=$(pid_of alice)
	wait_until 10 test -e /var/lib/nscontainer/alice/home/file ||
		fail "the session writes nothing"
	before=$(host_state)
	for ((i = 0; i < 4; i++)); do
		nsinit check alice > "$OUT/check.$i" 2>&1 ||
			touch "$OUT/failed" &
	done
	wait_until 20 eval '! pgrep -x nsinit > /dev/null'
	[ ! -e "$OUT/failed" ] || fail "a check fails" "$(cat "$OUT"/check.*)"
	empty "changes" "$(diff <(echo "$before") <(host_state))"
	equal "PID 1" "$pid" "$(pid_of alice)"
	equal "sessions" 1 "$(count_sessions alice)"
	equal "hooks that ran" 1 "$(grep -c . /srv/counted)"
}

# Many audited logins at once: none is harmed, none leaves anything.
many_audited() {
	local i before

	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	restore
	config alice "$BASE"
	conf 'mode = "audit";'
	syslog_mark
	before=$(host_state)
	for ((i = 0; i < 12; i++)); do
		timeout 30 su alice -s /bin/sh -c 'echo in' > "$OUT/in.$i" &
	done
	wait
	equal "logins" 12 "$(cat "$OUT"/in.* | grep -c in)"
	equal "verdicts" 12 "$(syslog_since |
		grep -ac 'audit: would be placed')"
	empty "changes" "$(diff <(echo "$before") <(host_state))"
}

# The next check removes the groups of one that was killed.
left_groups() {
	local group

	need_product
	[ -n "$IMAGE" ] || skip "$REASON"
	restore
	config alice "$BASE"
	group=$(nsinit check --json alice | jq -r '.cgroups[0]')
	case $group in
	*:*|null|"") skip "cgroup: not groups of nscontainer alone" ;;
	esac
	mkdir -p "$group:check4194303" "$group:check$$"
	status_is 0 nsinit check alice
	[ ! -e "$group:check4194303" ] || fail "the group is left"
	[ -e "$group:check$$" ] || fail "the group of a check that runs is gone"
	rmdir "$group:check$$"
}

# The hook is a program of the machine, whose first instructions would write.
no_hook() {
	local kind

	need_product
	restore
	install -m 0755 /usr/bin/touch /srv/touch
	for kind in start stop; do
		config alice "{\"rootfs\": \"/\", \"hooks\": {\"$kind\": [
			{\"path\": \"/srv/touch\", \"args\": [\"/srv/ran\"]}]}}"
		rm -f /srv/ran
		status_is 0 nsinit check alice
		[ ! -e /srv/ran ] || fail "the $kind hook ran"
		status_is 0 nsinit start alice
		status_is 0 nsinit stop alice
		wait_until 5 test -e /srv/ran || fail "the $kind hook never ran"
	done
}

only_root() {
	need_product
	restore
	config alice '{"rootfs": "/"}'
	setpriv --reuid=carol --regid=carol --clear-groups nsinit check alice \
		> "$OUT/check" 2>&1 && fail "carol's check says yes"
	contains "why" "must be run as root" "$(cat "$OUT/check")"
}

[ -z "$IMAGE" ] || make_objects
t "D1 a check beside the running container" beside_running
t "D2 many audited logins" many_audited
t "D1 groups of a check that was killed" left_groups
t "D3 no hook runs in a check" no_hook
t "a check by somebody else than root" only_root
number=0
while IFS='|' read -r key verdict json before message; do
	number=$((number + 1))
	case $verdict in
	yes|no)
		[[ "$number $key" =~ ${NSC_DRY_RUN:-} ]] || continue
		t "$key: $verdict ($number)" row "$verdict" "$json" "$before" \
			"$message" ;;
	esac
done < "$TABLE"
restore
