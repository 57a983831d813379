#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Namespaces as configured, id maps, nested logins, and the two doors together.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su sshd
sshd_start 22

# with NAMESPACES MORE : alice's container has these, by their names in JSON.
with() {
	local name list=

	need_product
	clean_slate
	for name in $1; do
		list="$list${list:+, }\"$name\": true"
	done
	conf 'linger = 30;'
	config alice "{\"rootfs\": \"/\", \"namespaces\": {$list}${2:+, $2}}"
	syslog_mark
}

# landed FILE SHARED USER : inside, except for the namespaces in SHARED.
landed() {
	local ns got

	for ns in $NAMESPACES; do
		got=$(printed_ns "$1" "$ns")
		[ -n "$got" ] || fail "no namespace $ns:" "$(cat "$1")"
		equal "namespace $ns of the session and of PID 1" \
			"$(ns_of "$(pid_of "${3-alice}")" "$ns")" "$got"
		case " $2 " in
		*" $ns "*) equal "namespace $ns and the host's" \
				"$(ns_of self "$ns")" "$got" ;;
		*) differ "namespace $ns and the host's" \
				"$(ns_of self "$ns")" "$got" ;;
		esac
	done
}

no_user_namespace() {
	with "NEWNS NEWPID NEWUTS NEWIPC NEWNET NEWCGROUP"
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns" || fail "su fails"
	landed "$OUT/ns" user
	nssh alice -tt "$NS_COMMAND; tty; id -u" > "$OUT/ns" || fail "ssh fails"
	landed "$OUT/ns" user
	contains "tty" /dev/pts/ "$(cat "$OUT/ns")"
	contains "uid" "$(id -u alice)" "$(cat "$OUT/ns")"
}

fewest_namespaces() {
	with "NEWNS NEWPID"
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns" || fail "su fails"
	landed "$OUT/ns" "uts ipc net user cgroup"
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails"
	landed "$OUT/ns" "uts ipc net user cgroup"
}

host_network() {
	with "NEWNS NEWPID NEWUSER NEWUTS NEWIPC NEWCGROUP"
	timeout 20 su alice -c "$NS_COMMAND; : < /dev/tcp/127.0.0.1/22 &&
		echo reached" > "$OUT/ns" || fail "su fails"
	landed "$OUT/ns" net
	contains "the host's sshd" reached "$(cat "$OUT/ns")"
}

# Without a user namespace the boundary is the capabilities.
bounded_without_user() {
	with "NEWNS NEWPID NEWUTS NEWIPC NEWNET" '"capabilities": ["KILL"]'
	timeout 20 su alice -c 'grep ^Cap /proc/self/status
		echo x > /proc/sys/kernel/domainname
		find / -xdev -perm /6000 -type f -user root | head -n 1' \
		> "$OUT/text" 2> /dev/null
	contains "bounding set" "CapBnd:	0000000000000020" \
		"$(cat "$OUT/text")"
	contains "/'s options" nosuid "$(timeout 20 su alice -c \
		'cat /proc/self/mounts' | awk '$2 == "/" { print $4 }' |
		tail -n 1)"
	differ "domainname" x "$(cat /proc/sys/kernel/domainname)"
}

# Nobody inside becomes the host's root by a setuid program.
no_setuid() {
	with "NEWNS NEWPID NEWUTS NEWIPC NEWNET"
	install -m 4755 -o root /usr/bin/id /usr/local/bin/nsc-id
	equal "euid of a setuid program on the host" 0 "$(setpriv \
		--reuid=alice --clear-groups /usr/local/bin/nsc-id -u)"
	equal "euid of a setuid program" "$(id -u alice)" \
		"$(timeout 20 su alice -c '/usr/local/bin/nsc-id -u')"
	rm -f /usr/local/bin/nsc-id
}

root_container() {
	need_product
	conf 'linger = 30;'
	config root '{"rootfs": "/", "namespaces": {"NEWNS": true,
		"NEWPID": true, "NEWUTS": true, "NEWIPC": true}}'
	timeout 20 su root -c "$NS_COMMAND" > "$OUT/ns" 2>&1
	status=$?
	landed "$OUT/ns" "net user cgroup" root
	syslog_mark
	config root '{"rootfs": "/"}'
	nsinit stop root
	timeout 20 su root -c true > "$OUT/text" 2>&1 &&
		fail "root is let in without its ids"
	rm -r "$CONF/users/root"
	equal "status" 0 "$status"
	logged "login refused.*NEWUSER"
}

configured_map() {
	local uid gid

	uid=$(id -u alice) gid=$(id -g alice)
	with "NEWNS NEWPID NEWUSER NEWNET" "\"uid_mappings\": [
		{\"container_id\": 0, \"host_id\": 700000, \"size\": 500},
		{\"container_id\": $uid, \"host_id\": $uid, \"size\": 1}],
		\"gid_mappings\": [
		{\"container_id\": 0, \"host_id\": 800000, \"size\": 500},
		{\"container_id\": $gid, \"host_id\": $gid, \"size\": 1}]"
	equal "uid_map" "0 700000 500 $uid $uid 1" \
		"$(timeout 20 su alice -c 'cat /proc/self/uid_map' | xargs)"
	equal "gid_map" "0 800000 500 $gid $gid 1" \
		"$(timeout 20 su alice -c 'cat /proc/self/gid_map' | xargs)"
	equal "terminal" /dev/pts/0 "$(nssh alice -tt tty | tr -d '\r')"
}

map_without_user() {
	with "NEWNS NEWPID NEWUSER" '"uid_mappings": [{"container_id": 0,
		"host_id": 700000, "size": 500}], "gid_mappings":
		[{"container_id": 0, "host_id": 700000, "size": 500}]'
	timeout 20 su alice -c true 2> /dev/null && fail "it is not refused"
	logged "login refused.*container.json: uid_mappings: must map"
}

# nested USER SHARED : the container's root makes a login inside.
nested() {
	install -m 0755 "$TESTS/pamcaller" /usr/local/bin/nsc-caller ||
		skip "pamcaller is not built"
	printf '%s\n' "session required pam_container.so" \
		> /etc/pam.d/nsc-nested
	timeout 30 su alice -c 'echo ready; sleep 4' > "$OUT/ready" &
	wait_until 10 grep -qs ready "$OUT/ready" || fail "su fails"
	timeout 20 nsenter -t "$(pid_of alice)" -a -S 0 -G 0 \
		/usr/local/bin/nsc-caller nsc-nested "$1" > "$OUT/ns" 2>&1
	equal "containers" 1 "$(count_inits)"
	landed "$OUT/ns" "$2"
}

nested_ignored() {
	with "NEWNS NEWPID NEWUSER NEWUTS NEWIPC NEWNET NEWCGROUP"
	config bob '{"rootfs": "/"}'
	nested alice ""
	contains "nested login of alice" "open 0" "$(cat "$OUT/ns")"
	nested bob ""
	contains "nested login of bob" "open 0" "$(cat "$OUT/ns")"
	rm -r "$CONF/users/bob"
}

nested_refused() {
	local other=cgroup

	with "NEWNS NEWPID $1 NEWUTS NEWIPC NEWNET"
	[ "$1" = NEWUSER ] || other=user
	conf 'nested = "refuse"; linger = 3;'
	nested alice "$other"
	contains "nested login" "open 6" "$(cat "$OUT/ns")"
}

# PAM starts the container and the shell joins: neither alone is enough.
start_and_shell() {
	with "NEWNS NEWPID NEWUSER NEWUTS NEWIPC NEWNET NEWCGROUP"
	conf 'stop = "logout"; placement = "start";'
	usermod -s /usr/bin/nsshell alice
	timeout 20 ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 \
		"$NS_COMMAND; echo ready; sleep 1.5" > "$OUT/ns" &
	wait_until 10 grep -qs ready "$OUT/ns" || fail "ssh fails"
	landed_inside "$OUT/ns" alice
	wait $! || fail "status $?"
	usermod -s /bin/bash alice
	wait_until 5 no_container alice || fail "it goes on"
}

shell_without_user() {
	with "NEWNS NEWPID NEWUTS NEWIPC NEWNET"
	timeout 20 nsinit start alice || fail "nsinit start fails"
	status_is 126 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$NS_COMMAND"
	empty "output" "$(cat "$OUT/stdout")"
	equal "lines" 1 "$(wc -l < "$OUT/stderr")"
	contains "what the user sees" "file capabilities" "$(cat "$OUT/stderr")"
	timeout 20 nsinit stop alice
}

t "without NEWUSER the user namespace is the host's, all else is not" \
	no_user_namespace
t "only what is configured is a namespace of its own" fewest_namespaces
t "without NEWNET the network is the host's" host_network
t "M8 without NEWUSER capabilities are bounded and / is nosuid" \
	bounded_without_user
t "M8 without NEWUSER a setuid program gains nothing" no_setuid
t "root has a container where users/root says so, with its own ids only" \
	root_container
t "uid_mappings and gid_mappings are the maps" configured_map
t "a map that lacks the user refuses the login" map_without_user
t "a login inside a container is left alone" nested_ignored
t "nested = refuse refuses a login in a user namespace" nested_refused NEWUSER
t "nested = refuse refuses a login without one" nested_refused NEWCGROUP
t "placement=start and nsshell together land in the container" start_and_shell
t "nsshell without NEWUSER says what it needs and ends with 126" \
	shell_without_user
