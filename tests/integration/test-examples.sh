#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every example of the man pages, as a reader sees it, is lived in: it is
# installed, a user logs in, and what the text promises is so.  An example that
# this file does not know fails.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"

MAN=$TOP/stage/usr/share/man
SHIPPED=$CONF/nscontainer.conf
EXAMPLES=$TOP/examples
GROUPS_MADE="staff students wheel"

pam_enable sshd su su-l
sshd_start 22
for group in $GROUPS_MADE; do
	groupadd "$group" 2> /dev/null
done
mkdir -p /srv/data /run/containers /run/lab
chown alice: /srv/data
make_debian /srv/images/debian || echo "# no Debian system for the examples"
make_busybox /srv/images/busybox > /dev/null
printf '#!/bin/sh\nwhile :; do sleep 60; done\n' > /srv/images/debian/sbin/init
chmod 0755 /srv/images/debian/sbin/init
# sshd shows what PAM says.
rm -f /home/alice/.hushlogin
# The shell that both have.
usermod -s /bin/sh alice

# --- living

fresh() {
	local user

	need_product
	engine_ends
	for user in alice bob ten; do
		[ ! -e "$RUN/$user/pid" ] ||
			timeout 15 nsinit stop --timeout 0 "$user" > /dev/null 2>&1
	done
	usermod -s /bin/sh alice > /dev/null 2>&1
	rm -rf "$CONF"/{users,groups,default,seccomp}
	rm -f /run/containers/* /run/lab/*
	conf 'stop = "logout";'
}

# The text of the example.
text() {
	cat "$EXAMPLES/$EXAMPLE"
}

# wear [BEFORE] [AFTER]: alice's container.json is the example between these; a
# key needs braces.
wear() {
	config "${USER_OF:-alice}" "${1-{\"rootfs\": \"/\", }$(text)${2-\}}"
}

# inside COMMAND: alice logs in, lands in her container, and it succeeds there.
inside() {
	nssh "${USER_OF:-alice}" "$INSIDE || { echo on the host; exit 99; }
		$1" > "$OUT/text" 2>&1 ||
		fail "status $? of: $1" "$(cat "$OUT/text")" "$(text)"
}

on_host() {
	nssh "$1" "! $INSIDE" > "$OUT/text" 2>&1 ||
		fail "$1 is not on the host" "$(cat "$OUT/text")"
}

refused() {
	! nssh alice true > "$OUT/text" 2>&1 || fail "alice gets in"
}

# Where this machine lacks it, the refusal names the key; otherwise COMMAND
# succeeds.
inside_or_lacks() {
	if nsinit check alice > "$OUT/check" 2>&1; then
		inside "$2"
	else
		contains "nsinit check" "$1" "$(cat "$OUT/check")"
		exit 0
	fi
}

# As large as the memory of a world can hold; it has no loop devices.
small() {
	sed -i 's/2G/64M/' "$EXAMPLES/$EXAMPLE"
	make_loop_devices 2> /dev/null
}

# What has a size does not serve an example without one.
unsized() {
	nsinit stop --timeout 0 alice > /dev/null 2>&1
	nsinit purge alice || fail "purge"
}

# What alice is told on a terminal.
told() {
	echo exit | nssh alice -tt 2>&1
}

# policy [LINE...]: nscontainer.conf is the example, and these.
policy() {
	[ -e "$CONF/users/alice" ] || config alice '{"rootfs": "/"}'
	conf "$(text)" "$@"
}

# checked FILTER EXPECTED: what nsinit check says.
checked() {
	equal "check: $1" "$2" "$(nsinit check --json "${USER_OF:-alice}" |
		jq -c "$1")"
}

# limit KEY FILE-OF-V1 FILE-OF-V2 VALUE: the example is a key of cgroups.
limit() {
	local group value

	wear '{"rootfs": "/", "cgroups": {' '}}'
	conf 'stop = "never";'
	inside_or_lacks "cgroups.$1" true
	for group in $(nsinit check --json alice | jq -r '.cgroups[]'); do
		value=$(cat "$group/$2" 2> /dev/null || cat "$group/$3" 2> /dev/null)
		[ "$value" != "$4" ] || return 0
	done
	fail "no group has $4 in $2 or $3"
}

# TEN is the user whose id the examples have; on a bare system that is alice.
make_ten() {
	TEN=$(getent passwd 1000 | cut -d : -f 1)
	case $TEN in
	alice | ten) return 0 ;;
	?*) userdel -f "$TEN" 2> /dev/null ;;
	esac
	TEN=ten
	useradd -m -u 1000 -s /bin/bash ten || fail "useradd"
	# With one more user here, another has ids of the example.
	sed -i '/^carol:/d' /etc/subuid /etc/subgid
	cp -a /home/alice/.ssh /home/ten/
	chown -R ten: /home/ten/.ssh
}

# veth BEFORE AFTER: the example is a key of a network.
veth() {
	bridge
	wear "{\"rootfs\": \"/\", \"networks\": [{\"type\": \"veth\", $1" \
		"$2}]}"
}
CONTEXT='"context": {"bridge": "br0", "prefix": "veth"}'

# --- the keys of container.json(5)

live_key() {
	case ${EXAMPLE#container_json_5_} in
	rootfs) wear '{'; inside 'grep -q "made for the test" /etc/image' ;;
	pidfile)
		engine_starts /run/containers/alice.pid
		wear '{'
		inside '[ "$(id -un)" = alice ]' ;;
	engine)
		make_engine /usr/bin/podman
		wear '{"pidfile": "/run/containers/alice.pid", '
		inside '[ "$(id -un)" = alice ]'
		status_is 0 nsinit stop alice ;;
	overlay)
		wear '{"rootfs": "/srv/images/debian", '
		as_root_lives 'touch /etc/made' ;;
	overlay_size)
		small
		wear '{"rootfs": "/srv/images/debian", "overlay": "persistent", '
		inside_or_lacks overlay_size \
			'[ "$(df --output=size -B 1M / | tail -n 1)" -le 64 ]'
		unsized ;;
	home_size)
		small
		wear '{"rootfs": "/", "home": "private", '
		inside_or_lacks home_size \
			'[ "$(df --output=size -B 1M ~ | tail -n 1)" -le 64 ]'
		unsized ;;
	readonly_fs)
		wear '{"rootfs": "/srv/images/debian", "overlay": "tmpfs", '
		as_root_lives '! touch /etc/made' ;;
	hostname)
		wear
		inside '[ "$(hostname)" = alice-lab ] &&
			getent hosts alice-lab' ;;
	user) exec_in; equal user daemon "$(nsinit exec id -un)" ;;
	working_dir) exec_in; equal directory /srv "$(nsinit exec pwd)" ;;
	tty) exec_in; nsinit exec test -t 1 || fail "no terminal" ;;
	environment) wear; inside '[ "$LANG" = C.UTF-8 ]' ;;
	max_terminals) wear; inside 'grep -q "devpts.*max=64" /proc/mounts' ;;
	no_pivot_root) wear; inside true ;;
	namespaces)
		wear
		inside "$NS_COMMAND"
		for ns in uts ipc net; do
			equal $ns "$(ns_of self $ns)" "$(printed_ns "$OUT/text" $ns)"
		done
		for ns in mnt pid user; do
			differ $ns "$(ns_of self $ns)" "$(printed_ns "$OUT/text" $ns)"
		done ;;
	capabilities)
		wear
		inside 'grep "CapBnd:.*0000000000000021$" /proc/self/status' ;;
	ambient)
		wear
		nsinit exec --start alice \
			grep -q 'CapAmb:.*0000000000000400$' /proc/self/status ||
			fail "no ambient capability" ;;
	routes)
		bridge
		wear "{\"rootfs\": \"/\", \"networks\": [{\"type\": \"veth\",
			\"address\": \"10.0.0.2/24\", $CONTEXT}], "
		inside 'ip route | grep "10.1.0.0/16 via 10.0.0.9 dev eth0"' ;;
	no_new_privs) wear; inside 'grep "NoNewPrivs:.*1" /proc/self/status' ;;
	networks) wear; inside '[ "$(cat /sys/class/net/lo/mtu)" = 1500 ]' ;;
	networks_2) outside; wear; inside "$REACHES" ;;
	address)
		veth "" ", $CONTEXT"
		inside 'ip -o addr show eth0 | grep "10.0.0.2/24" &&
			ip -o addr show eth0 | grep "fd00::2/64"' ;;
	gateway)
		veth '"address": "10.0.0.2/24", ' ", $CONTEXT"
		inside 'ip route | grep "default via 10.0.0.1 " &&
			ping -c 1 -W 5 10.0.0.1' ;;
	allow)
		outside
		wear '{"rootfs": "/", "networks": [{"type": "pasta", ' '}]}'
		inside "$REACHES && ! ping -c 1 -W 5 10.80.0.1" ;;
	allow_2)
		outside
		wear '{"rootfs": "/", "networks": [{"type": "pasta",
			"context": {"dns": "10.80.0.1"}, ' '}]}'
		inside "grep 'nameserver 127.0.1.53' /etc/resolv.conf &&
			! getent hosts other.example.org && ! $REACHES" ;;
	deny)
		outside
		wear '{"rootfs": "/", "networks": [{"type": "pasta", ' '}]}'
		inside "! $REACHES" ;;
	rate)
		outside
		wear '{"rootfs": "/", "networks": [{"type": "pasta", ' '}]}'
		conf 'stop = "never";'
		inside "$REACHES"
		nsenter --net="/proc/$(cat "$RUN/alice/pid")/ns/net" nft list \
			table inet nscontainer | grep -A 3 "chain rate_up" |
			grep "over 1250000 bytes/second\|over 1220 kbytes" ;;
	ports)
		outside
		wear '{"rootfs": "/", "networks": [{"type": "pasta", ' '}]}'
		conf 'stop = "never";'
		inside true
		as_root_inside socat -U TCP-LISTEN:80,fork SYSTEM:'echo inside' &
		forwarded() {
			[ "$(socat -u TCP:127.0.0.1:8080 - 2> /dev/null)" = inside ]
		}
		wait_until 10 forwarded || fail "nothing is forwarded"
		kill %1 ;;
	mtu) veth "" ", $CONTEXT"; inside '[ "$(cat /sys/class/net/eth0/mtu)" = 1400 ]' ;;
	context)
		outside
		echo 1 > /proc/sys/net/ipv4/ip_forward
		wear '{"rootfs": "/", "networks": [{"type": "veth", ' '}]}'
		inside "$REACHES" ;;
	context_2) veth "" ""; inside 'ip link show eth0' ;;
	context_3)
		ip link add enp1s0 type veth peer name enp1s1 2> /dev/null
		wear '{"rootfs": "/", "networks": [{"type": "macvlan", ' '}]}'
		inside 'ip -d link show eth0 | grep "mode private"' ;;
	context_4)
		ip netns add lab 2> /dev/null
		wear '{"rootfs": "/", "networks": [{"type": "netns", ' '}]}'
		inside 'readlink /proc/self/ns/net'
		equal network "$(ip netns exec lab readlink /proc/self/ns/net)" \
			"$(cat "$OUT/text")" ;;
	context_5)
		bridge
		wear '{"rootfs": "/", "networks": [{"type": "host", ' '}]}'
		inside 'grep "nameserver 10.0.0.1" /etc/resolv.conf' ;;
	mounts)
		wear '{"rootfs": "/srv/images/debian", "overlay": "tmpfs", '
		inside 'echo alice > /data/from'
		equal "on the host" alice "$(cat /srv/data/from)" ;;
	device_nodes)
		wear
		inside 'echo x > /dev/null && [ ! -e /dev/zero ] &&
			[ "$(stat -c %a /dev/null)" = 666 ]' ;;
	devices)
		mkdir -p /etc/cdi
		echo '{"cdiVersion": "0.8.0", "kind": "nvidia.com/gpu",
			"devices": [{"name": "0", "containerEdits":
			{"env": ["GPU=0"]}}]}' > /etc/cdi/nvidia.json
		echo '{"cdiVersion": "0.8.0", "kind": "vendor.com/class",
			"devices": [{"name": "one", "containerEdits":
			{"deviceNodes": [{"path": "/dev/one",
			"hostPath": "/dev/full"}]}}]}' > /etc/cdi/vendor.json
		wear
		inside '[ "$GPU" = 0 ] && [ "$(stat -c %t:%T /dev/one)" = 1:7 ]'
		rm /etc/cdi/* ;;
	uid_mappings | gid_mappings)
		make_ten
		config "$TEN" "{\"rootfs\": \"/\",
			$(cat "$EXAMPLES"/container_json_5_uid_mappings),
			$(cat "$EXAMPLES"/container_json_5_gid_mappings)}"
		USER_OF=$TEN inside '[ "$(awk "{print \$2}" /proc/self/uid_map |
			paste -sd ,)" = 300000,1000 ] && echo mine > ~/mine'
		equal "on the host" "$TEN" "$(stat -c %U "/home/$TEN/mine")" ;;
	home)
		touch /home/alice/hers
		wear
		inside '[ ! -e hers ] && touch kept'
		[ ! -e /home/alice/kept ] || fail "it is in the host's home"
		inside '[ -e kept ]' ;;
	home_required)
		wear
		inside true
		fresh; wear
		mv /home/alice /home/away; refused
		mv /home/away /home/alice ;;
	session)
		wear
		contains message "Welcome, alice." "$(told)"
		inside true ;;
	context_6) wear; inside '! echo x > /proc/sys/kernel/hostname' ;;
	init)
		wear '{"rootfs": "/srv/images/debian", "overlay": "tmpfs", '
		inside 'tr "\0" " " < /proc/1/cmdline | grep "/sbin/init"' ;;
	seccomp)
		mkdir -p "$CONF/seccomp"
		echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names":
			["personality"], "action": "SCMP_ACT_ERRNO"}]}' \
			> "$CONF/seccomp/strict.json"
		wear
		inside '! setarch -R true && grep "Seccomp:.*2" /proc/self/status' ;;
	accept)
		mkdir -p /srv/open
		cp -a /srv/images/busybox/. /srv/open
		config alice '{"rootfs": "/srv/open"}'; refused
		wear '{"rootfs": "/srv/open", '; inside true ;;
	rlimits) wear; inside '[ "$(ulimit -n)" = 1024 ]' ;;
	sysctl)
		wear
		inside '[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" \
			= 80 ]' ;;
	masked_paths)
		wear; inside '[ ! -s /proc/cpuinfo ]' ;;
	root_paths)
		wear; inside '[ "$(stat -c %u /etc/ssh/ssh_config.d)" = 0 ] &&
			ssh -G example > /dev/null' ;;
	hooks)
		rm -f /run/started
		wear; inside true
		[ -e /run/started ] || fail "the hook did not run" ;;
	hooks_2)
		rm -f /run/started
		wear; inside '[ -e /run/begun ]'
		[ -e /run/started ] || fail "the hook did not run" ;;
	lifecycle)
		wear; inside true
		checked .lifecycle "$(echo "{$(text)}" | jq -c '.lifecycle |
			{stop, linger, on_disconnect, idle_timeout, max_lifetime,
			max_sessions}')" ;;
	umask) wear; inside '[ "$(umask)" = 0027 ]' ;;
	scheduler)
		wear; inside 'chrt -p $$ | grep -q SCHED_BATCH && [ "$(nice)" = 5 ]' ;;
	io_priority) wear; inside 'ionice -p $$ | grep -q "prio 6"' ;;
	cpu_affinity) wear; inside 'taskset -cp $$ | grep -q ": 0$"' ;;
	personality) wear; inside '[ "$(uname -m)" = "$(linux32 uname -m)" ]' ;;
	namespaces_2)
		wear; inside "[ \"\$(cut -d. -f1 /proc/uptime)\" -gt \
			$(($(cut -d. -f1 /proc/uptime) + 86000)) ]" ;;
	oom_score_adj) wear; inside '[ "$(cat /proc/self/oom_score_adj)" = 100 ]' ;;
	*) live_cgroup_key ;;
	esac
}

live_cgroup_key() {
	local key=${EXAMPLE#container_json_5_} group=cgroup

	case $key in
	name)
		wear '{"rootfs": "/", "cgroups": {' '}}'; inside true
		checked '.cgroups | all(endswith("/nscontainer/box-alice"))' true ;;
	parent)
		wear '{"rootfs": "/", "cgroups": {' '}}'; inside true
		checked '.cgroups | all(endswith("/nscontainer/lab/alice/alice"))' \
			true ;;
	slice | allow_all_devices | freezer | stay_below)
		wear '{"rootfs": "/", "cgroups": {' '}}'
		inside 'echo x > /dev/null' ;;
	allowed_devices)
		wear '{"rootfs": "/", "cgroups": {' '}}'
		inside_or_lacks "cgroups.$key" '! sh -c "echo x > /dev/null"' ;;
	memory) limit "$key" memory.limit_in_bytes memory.max 268435456 ;;
	memory_reservation)
		limit "$key" memory.soft_limit_in_bytes memory.low 134217728 ;;
	memory_swap)
		wear '{"rootfs": "/", "cgroups": {"memory": 268435456, ' '}}'
		inside_or_lacks "cgroups.$key" true ;;
	memory_high) limit "$key" - memory.high 201326592 ;;
	cpu_shares) limit "$key" cpu.shares cpu.weight 512 ;;
	cpu_weight) limit "$key" cpu.shares cpu.weight 512 ;;
	cpu_quota) limit "$key" cpu.cfs_quota_us cpu.max 50000 ;;
	cpu_period)
		wear '{"rootfs": "/", "cgroups": {"cpu_quota": 50000, ' '}}'
		inside_or_lacks "cgroups.$key" true ;;
	cpu_idle) limit "$key" cpu.idle cpu.idle 1 ;;
	cpu_quota_2) limit "$key" cpu.cfs_burst_us cpu.max.burst 20000 ;;
	memory_swappiness)
		wear '{"rootfs": "/", "cgroups": {' '}}'
		inside_or_lacks "cgroups.$key" true ;;
	cpuset_cpus) limit "$key" cpuset.cpus cpuset.cpus 0-1 ;;
	pids) limit "$key" pids.max pids.max 200 ;;
	io_max)
		# A disk of this machine.
		read -r major minor _ < <(sed -n '3,$p' /proc/partitions)
		sed -i "s/: 8,/: $major,/; s/: 0,/: $minor,/" "$EXAMPLES/$EXAMPLE"
		wear '{"rootfs": "/", "cgroups": {' '}}'
		inside_or_lacks "cgroups.$key" true ;;
	io_weight | hugetlb | rdma | unified)
		wear '{"rootfs": "/", "cgroups": {' '}}'
		inside_or_lacks "cgroups.$key" true ;;
	cgroups)
		wear
		conf 'stop = "never";'
		inside true
		equal "pids" 500 "$(nsinit stats --json alice | jq .pids.limit)"
		equal "memory" 1073741824 \
			"$(nsinit stats --json alice | jq .memory.limit)" ;;
	*) UNKNOWN=1 ;;
	esac
}

# exec_in: the example is a key of the container of this directory.
exec_in() {
	mkdir -p /srv/box
	echo "{\"rootfs\": \"/\", $(text)}" > /srv/box/container.json
	cd /srv/box || fail "cd"
}

# as_root_lives COMMAND: while alice's session lasts.
as_root_lives() {
	conf 'stop = "never";'
	inside true
	as_root_inside sh -c "$1" || fail "as root inside: $1"
}

# drop_in_files: the files of an example, each with its name before it.
drop_in_files() {
	local path json

	while read -r path json; do
		[ "$path" != together: ] || return 0
		path=$CONF/${path%:}
		mkdir -p "${path%/*}"
		echo "$json" > "$path"
	done < <(text)
}

# --- whole files of container.json(5)

live_file() {
	case ${EXAMPLE#container_json_5_} in
	examples)
		make_engine /usr/bin/systemctl
		wear '' ''
		inside '[ "$(id -un)" = alice ]'
		status_is 0 nsinit stop alice ;;
	the_host_s_own_system_read_only)
		wear '' ''
		inside 'touch ~/mine && ! touch /usr/mine && ! ls /home/bob' ;;
	with_the_rootfs_an | a_rootfs_of_its_own)
		# test-recipes.sh runs the engines that this is for.
		mkdir -p /usr/share/containers
		[ -e /usr/share/containers/seccomp.json ] ||
			echo '{"defaultAction": "SCMP_ACT_ALLOW"}' \
				> /usr/share/containers/seccomp.json
		wear '' ''
		inside 'grep -q " /mnt/proc proc " /proc/mounts && unshare -Ur true' ;;
	containers)
		python3 -c 'import configparser, sys; \
configparser.ConfigParser().read_file(sys.stdin)' < "$EXAMPLES/$EXAMPLE" ||
			fail "$(text)" ;;
	a_bastion_through_which_users)
		wear '' ''
		inside '[ "$(pgrep -c sshd)" = 0 ] || pgrep -al sshd; ! ls /home/bob &&
			[ "$HOME" = /home/alice ] && ! touch /usr/mine'
		equal "through it" "bob on the host" "$(nssh_with -o \
			ProxyCommand="ssh ${SSH_OPTIONS[*]} -l alice \
			-W 127.0.0.1:22 127.0.0.1" -l bob 127.0.0.1 \
			"$INSIDE || echo bob on the host")" ;;
	a_system_of_its_own)
		echo data > /srv/data/file
		wear '' ''
		inside '[ "$(cat /data/file)" = data ] && ! touch /data/mine &&
			touch /scratch/mine && [ "$(hostname)" = alice-lab ] &&
			[ "$EDITOR" = vi ] && [ "$LANG" = C.UTF-8 ]'
		contains message "gone after logout" "$(told)" ;;
	a_system_of_its_own_2)
		usermod -s /usr/bin/nsshell alice
		wear '' ''
		as_root_lives 'touch /usr/kept'
		inside '[ -e /usr/kept ] && [ ! -e hers ] && touch kept'
		contains shell "/bin/bash" "$(nssh alice 'echo $SHELL')"
		nsinit stop alice
		inside '[ -e /usr/kept ] && [ -e kept ]'
		usermod -s /bin/bash alice ;;
	a_locked_down_one_nothing_of)
		wear '' ''
		inside 'touch /tmp/mine && echo x > /dev/null && [ ! -e /dev/zero ] &&
			grep "NoNewPrivs:.*1" /proc/self/status &&
			grep "CapBnd:.*0000000000000000$" /proc/self/status'
		as_root_lives '! touch /etc/mine' ;;
	in_the_bridge_of_nscontainer)
		outside
		echo 1 > /proc/sys/net/ipv4/ip_forward
		wear '' ''
		conf 'stop = "never";'
		inside "$REACHES && ping -c 1 -W 5 10.80.0.1"
		as_root_inside socat -U TCP-LISTEN:80,fork SYSTEM:'echo inside' &
		published() {
			[ "$(ip netns exec out socat -u TCP:10.80.0.2:8080 - \
				2> /dev/null)" = inside ]
		}
		wait_until 10 published || fail "nothing comes to it"
		kill %1 ;;
	in_a_bridge_of_the)
		bridge
		wear '' ''
		inside 'ping -c 1 -W 5 10.0.0.1 && ping -c 1 -W 5 fd00::1 &&
			grep "nameserver 10.0.0.1" /etc/resolv.conf' ;;
	as_in_2014_without_a)
		wear '' ''
		inside '[ "$(hostname)" = koye ] && touch ~/mine && ! touch /etc/mine &&
			[ "$(readlink /proc/self/ns/user)" = "'"$(ns_of self user)"'" ]' ;;
	tickets_and_directory_services)
		mkdir -p /run/.heim_org.h5l.kcm-socket /var/lib/gssproxy \
			/var/lib/sss/pipes /run/nscd
		socat UNIX-LISTEN:/var/lib/sss/pipes/nss,fork,mode=666 \
			EXEC:'echo names' &
		wait_until 5 [ -S /var/lib/sss/pipes/nss ]
		wear '' ''
		inside '[ "$(socat -u UNIX:/var/lib/sss/pipes/nss -)" = names ] &&
			[ -d /run/nscd ] && [ -e /run/.heim_org.h5l.kcm-socket ]'
		kill %1 ;;
	users)
		drop_in_files
		# Its own directory is no rootfs.
		sed -i 's/{/{"rootfs": "\/", /' "$CONF/users/alice/container.json"
		conf 'stop = "never";'
		inside true
		equal "pids" 500 "$(nsinit stats --json alice | jq .pids.limit)"
		equal "memory" 1073741824 \
			"$(nsinit stats --json alice | jq .memory.limit)" ;;
	*) UNKNOWN=1 ;;
	esac
}

# --- nscontainer.conf(5)

# Of what is older than the example says, nothing is left; of a disk that has
# room, nothing goes.
expire_one() {
	local dir=/var/log/nscontainer/recordings/alice

	ls "$dir"/*.cast.gz > /dev/null 2>&1 || return 1
	[ "$EXAMPLE" != nscontainer_conf_5_record_max_age ] ||
		touch -d '91 days ago' "$dir"/*.cast.gz
	nsinit recordings --expire || return 1
	if [ "$EXAMPLE" = nscontainer_conf_5_record_max_age ]; then
		! ls "$dir"/*.cast.gz > /dev/null 2>&1
	else
		ls "$dir"/*.cast.gz > /dev/null
	fi
}
live_conf() {
	case ${EXAMPLE#nscontainer_conf_5_} in
	exempt_users)
		useradd -m admin 2> /dev/null
		cp -a /home/alice/.ssh /home/admin/
		chown -R admin: /home/admin
		policy; config admin '{}'
		on_host admin; inside true ;;
	exempt_groups)
		usermod -aG wheel bob
		policy; config bob '{"rootfs": "/"}'
		on_host bob; inside true
		gpasswd -d bob wheel > /dev/null ;;
	exempt_services)
		policy; inside true
		pam_enable cron
		nsinit try --service cron alice > "$OUT/text" 2>&1
		grep exempt_services "$OUT/text" || fail "$(cat "$OUT/text")" ;;
	mode)
		policy; on_host alice
		logged "alice: audit: would be placed" ;;
	on_error) policy; config alice '{"rotfs": 1}'; refused ;;
	stop)
		policy
		nssh alice 'sleep 300 > /dev/null 2>&1 < /dev/null & echo left'
		wait_until 10 no_container alice || fail "it goes on" ;;
	linger)
		policy; inside true
		[ -n "$(pid_of alice)" ] || fail "it does not stay"
		checked .lifecycle.linger 600 ;;
	on_disconnect)
		policy 'stop = "never";'
		inside 'nohup setsid sleep 301 > /dev/null 2>&1 < /dev/null &'
		gone() { ! pgrep -u alice -f 'sleep 301' > /dev/null; }
		wait_until 20 gone || fail "it lives on" ;;
	idle_timeout) policy; inside true; checked .lifecycle.idle_timeout 3600 ;;
	max_lifetime) policy; inside true; checked .lifecycle.max_lifetime 86400 ;;
	max_sessions) policy; inside true; checked .lifecycle.max_sessions 10 ;;
	placement)
		policy 'linger = 60;'; on_host alice
		[ -n "$(pid_of alice)" ] || fail "no container runs" ;;
	nested)
		policy 'stop = "never";'; inside true
		! as_root_inside su bob -c true < /dev/null > "$OUT/text" 2>&1 ||
			fail "a login inside" ;;
	on_change)
		policy; hold alice
		config alice '{"rootfs": "/", "hostname": "changed"}'
		inside '[ "$(hostname)" = changed ]'
		release ;;
	start_timeout) policy; inside true ;;
	debug) policy; inside true; logged "pam_container(sshd:session).*alice" ;;
	pidfile)
		engine_starts /run/containers/alice.pid
		policy; config alice '{}'
		inside '[ "$(id -un)" = alice ]' ;;
	first_uid)
		useradd -m -u 600 -s /bin/bash svc 2> /dev/null
		policy
		mkdir -p "$CONF/default"
		echo '{"rootfs": "/"}' > "$CONF/default/container.json"
		su - svc -c "$INSIDE" || fail "svc is on the host" ;;
	id_pool_first | id_pool_count)
		sed -i '/^alice:/d' /etc/subuid /etc/subgid
		policy; inside true
		checked '.uid_map[0] | split(":")[1] | tonumber |
			. >= 1879048192 and . < 2013265920' true ;;
	cgroup_parents)
		config alice '{"rootfs": "/"}'
		policy; inside true
		checked '.cgroups | all(contains("/nscontainer/staff/"))' true ;;
	address_pool | address_pool6 | address_gateway | address_gateway6)
		bridge
		config alice "{\"rootfs\": \"/\", \"networks\": [{\"type\":
			\"veth\", \"address\": \"auto\", $CONTEXT}]}"
		conf "$(cat "$EXAMPLES"/nscontainer_conf_5_address_*)"
		inside 'ping -c 1 -W 5 10.210.0.1 && ping -c 1 -W 5 fd10:210::1 &&
			ip route | grep "default via 10.210.0.1"' ;;
	bridge_pool | bridge_pool6)
		echo 1 > /proc/sys/net/ipv4/ip_forward
		echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
		config alice '{"rootfs": "/", "networks": [{"type": "veth",
			"context": {"bridge": "auto"}}]}'
		conf "$(cat "$EXAMPLES"/nscontainer_conf_5_bridge_*)"
		inside 'ping -c 1 -W 5 10.55.0.1 && ping -c 1 -W 5 fd10:55::1 &&
			ip route | grep "default via 10.55.0.1"' ;;
	record)
		policy
		ssh "${SSH_OPTIONS[@]}" -tt alice@127.0.0.1 'echo shown' \
			< /dev/null > "$OUT/text" 2>&1
		contains "the terminal" shown "$(cat "$OUT/text")"
		wait_until 10 [ -e /var/log/nscontainer/recordings/alice/last ] ||
			fail "no recording" ;;
	record_max_age | record_max_size | record_min_free)
		policy 'record = "terminals";'
		ssh "${SSH_OPTIONS[@]}" -tt alice@127.0.0.1 'echo shown' \
			< /dev/null > "$OUT/text" 2>&1
		wait_until 10 expire_one ||
			fail "no recording, or it is not kept" ;;
	*) UNKNOWN=1 ;;
	esac
}

# --- commands of the other pages

live_command() {
	local session

	config alice '{"rootfs": "/"}'
	case $EXAMPLE in
	nsinit_8_cd_srv_images_debian_nsinit)
		echo '{"overlay": "tmpfs"}' > /srv/images/debian/container.json
		equal "prints" "made for the test" "$(echo 'cat /etc/image' |
			bash -c "$(text | sed 's/^# //')")" ;;
	nsinit_8_nsinit_stop_timeout_0)
		nsinit start alice
		bash -e -c "$(text | sed 's/^# //')" || fail "status $?"
		no_container alice || fail "it runs" ;;
	nsinit_8_nsinit_try_service_sshd | nsinit_8_nsinit_doctor_json)
		bash -o pipefail -c "$(text | sed 's/^# //')" > "$OUT/text" 2>&1
		[ $? -lt 2 ] || fail "$(cat "$OUT/text")" ;;
	nsinit_8_nsinit_metrics_output_*)
		mkdir -p /srv/metrics
		bash -e -c "$(text | sed 's/^# //')" || fail "status $?"
		contains "metrics" "nscontainer_starts_total" \
			"$(cat /srv/metrics/nscontainer.prom)" ;;
	nsinit_8_nsinit_convert_old_json)
		cp "$TESTS/2014.json" "$OUT/old.json"
		(cd "$OUT" && bash -e -c "$(text | sed 's/^\$ //')") \
			2> /dev/null || fail "status $?"
		jq -e .networks "$OUT/container.json" > /dev/null ||
			fail "$(cat "$OUT/container.json")" ;;
	nsinit_8_nsinit_enable_confirm_within_5m)
		cp -a /etc/pam.d "$OUT/pam.d"
		sed -i '/pam_container/d' /etc/pam.d/*
		bash -e -c "$(text | sed 's/^# //')" > "$OUT/ran" 2>&1 ||
			fail "status $?" "$(cat "$OUT/ran")"
		inside true
		wait_until 5 setsid -w nsinit confirm 2> "$OUT/confirm" ||
			fail "it is not confirmed"
		nsinit disable > /dev/null || fail "nsinit disable"
		on_host alice
		cp -a "$OUT/pam.d/." /etc/pam.d/ ;;
	nsinit_8_nsinit_kick_alice_4711)
		hold alice
		session=$(sessions_of alice)
		bash -e -c "$(text | sed "s/^# //; s/4711/$session/")" ||
			fail "status $?"
		! wait "$HOLDER" || fail "the session goes on" ;;
	# tests/vm/test-selinux.sh lives in these, where there is SELinux.
	pam_container_8_semodule* | pam_container_8_restorecon* | \
	pam_container_8_setfiles*)
		for file in $(text | grep -o '/usr/[^ ]*'); do
			[ -e "$file" ] || fail "$file does not exist"
		done ;;
	pam_container_8_account_required_pam*)
		cp /etc/pam.d/sshd "$OUT/sshd"
		text >> /etc/pam.d/sshd
		inside true
		cp "$OUT/sshd" /etc/pam.d/sshd ;;
	libnscontainer_3_*)
		{
			echo '#include <err.h>'
			echo '#include <nscontainer.h>'
			echo '#include <stddef.h>'
			echo 'int main(void) {'
			cat "$EXAMPLES"/libnscontainer_3_struct*
			echo 'return status; }'
		} > "$OUT/example.c"
		mkdir -p /srv/box
		echo '{"rootfs": "/", "hostname": "box"}' > /srv/box/container.json
		(cd "$OUT" && sh -e -c "$(sed 's/\.\.\./example.c -o example/' \
			"$EXAMPLES"/libnscontainer_3_cc*)" && ./example) \
			> "$OUT/text" 2>&1 || fail "$(cat "$OUT/text")"
		equal "prints" box "$(cat "$OUT/text")" ;;
	*) UNKNOWN=1 ;;
	esac
}

live() {
	EXAMPLE=$1
	fresh
	UNKNOWN=
	case $1 in
	container_json_5_*)
		live_file
		[ -z "$UNKNOWN" ] || { UNKNOWN=; live_key; } ;;
	nscontainer_conf_5_*) live_conf ;;
	*) live_command ;;
	esac
	[ -z "$UNKNOWN" ] || fail "$1: nobody lives in it" "$(text)"
}

# Each key of the shipped file is valid when uncommented: it is the default.
shipped_conf() {
	need_product
	cp "$TOP/stage$SHIPPED" "$OUT/shipped"
	sed '/^#cgroup_parents/,/^#)/s/^#//; s/^#\([a-z_]* = \)/\1/' \
		"$OUT/shipped" > "$SHIPPED"
	config alice '{"rootfs": "/"}'
	status_is 0 nsinit check alice
	[ "$(grep -c '^[a-z_]* = ' "$SHIPPED")" -ge 12 ] ||
		fail "not every key is in it"
	rm -f "$SHIPPED"
}

t "nscontainer.conf as shipped shows valid defaults" shipped_conf
extract() {
	need_product
	"$TESTS/examples.py" "$EXAMPLES" "$MAN"/man[1358]/* \
		> "$TOP/names" || fail "an example is not seen"
}

[ -z "$PLAIN" ] || exit 0
t "each example of the man pages is seen" extract
while read -r name where; do
	t "$where ${name##*_[1358]_}" live "$name"
done < "$TOP/names"
