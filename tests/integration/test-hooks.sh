#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The hooks of the OCI runtime specification: when and where each runs, with
# which rights, and what it is told.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l
conf 'linger = 0; stop = "logout";'
sshd_start 22
DIR=/usr/local/lib/hooks
mkdir -p "$DIR"

# hook NAME TEXT : a script of the host, which the container sees as well.
hook() {
	printf '#!/bin/sh\n%s\n' "$2" > "$DIR/$1"
	chmod 0755 "$DIR/$1"
}

# fresh MORE : alice's container has the host's system, and MORE.
fresh() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
	rm -f /run/hooks /run/hooks.*
}

inside() {
	timeout 30 su - alice -s /bin/sh -c "$INSIDE || exit 99; $1"
}

refused() {
	inside true > "$OUT/text" 2>&1 && fail "the login is not refused"
	logged "$1"
	empty "containers" "$(inits)"
}

# list KEY... : each a list of one hook with the script of that name.
list() {
	local key text=

	for key; do
		text="$text${text:+, }\"$key\": [{\"path\": \"$DIR/$key\"}]"
	done
	echo "\"hooks\": {$text}"
}

ALL="start create_container start_container poststart stop"

order() {
	local key

	for key in $ALL; do
		hook "$key" "echo \"\$NSC_HOOK\" >> /run/hooks; cat > /run/hooks.$key
			cat \"\$(jq -r .bundle /run/hooks.$key)/config.json\" > \
				/run/bundle.$key"
	done
	# Inside, /run is the container's own.
	hook start_container 'echo "$NSC_HOOK $NSC_PID" > /run/hooks
		cat >> /run/hooks'
	# shellcheck disable=SC2086 # words
	fresh "$(list $ALL)"
	equal "inside, before the session" "start_container 1" \
		"$(inside 'sed -n 1p /run/hooks')"
	wait_until 10 grep -qs '^stop' /run/hooks || fail "stop did not run"
	equal "in this order" "create_container start poststart stop" \
		"$(xargs < /run/hooks)"
	wait_until 5 no_container alice || fail "left"
	for key in create_container start poststart stop; do
		equal "the state of $key" alice "$(jq -r .id "/run/hooks.$key")"
		equal "the bundle of $key" "0 1 mount" \
			"$(jq -r '"\(.annotations | length) \(.root | length - 1) \(
				.linux.namespaces[0].type)"' "/run/bundle.$key")"
	done
	equal "its root for create_container" / \
		"$(jq -r .root.path /run/bundle.start)"
	contains "its root for create_container" "$RUN/" \
		"$(jq -r .root.path /run/bundle.create_container)"
	rm -f /run/bundle.*
	equal "status" "creating creating running stopped" "$(jq -r .status \
		/run/hooks.create_container /run/hooks.start \
		/run/hooks.poststart /run/hooks.stop | xargs)"
}

told() {
	hook start_container 'cat > /run/state'
	hook poststart '[ -d "/proc/$NSC_PID" ] && cat > /run/hooks.state
		[ "$(readlink /proc/self/ns/pid)" = "$(readlink /proc/1/ns/pid)" ] &&
		readlink "/proc/$NSC_PID/ns/pid" > /run/hooks.pid'
	fresh "$(list start_container poststart)"
	hold alice
	equal "created" "created 1 alice" "$(nssh alice cat /run/state |
		jq -r '"\(.status) \(.pid) \(.id)"')"
	equal "running" "running $(pid_of alice) alice" \
		"$(jq -r '"\(.status) \(.pid) \(.id)"' /run/hooks.state)"
	equal "PID 1" "$(ns_of "$(pid_of alice)" pid)" "$(cat /run/hooks.pid)"
	release
}

# In the container's namespaces and mounts, as root of the host.
create_container() {
	hook create_container 'id -u > /run/hooks.id
		mkdir -p "$NSC_ROOTFS/mnt/made"
		mount -t tmpfs -o mode=755 hook "$NSC_ROOTFS/mnt" || exit 3
		readlink /proc/self/ns/uts > "$NSC_ROOTFS/mnt/uts"
		readlink /proc/self/ns/net > "$NSC_ROOTFS/mnt/net"
		grep CapEff /proc/self/status > /run/hooks.caps'
	fresh "$(list create_container), \"overlay\": \"tmpfs\""
	hold alice
	equal "the mount" \
		"$(ns_of "$(pid_of alice)" uts) $(ns_of "$(pid_of alice)" net)" \
		"$(nssh alice 'echo $(cat /mnt/uts) $(cat /mnt/net)')"
	status_is 0 nssh alice '! umount /mnt 2> /dev/null && ! touch /mnt/mine 2> /dev/null'
	empty "on the host" "$(grep '^hook ' /proc/mounts)"
	equal "root of the host" 0 "$(cat /run/hooks.id)"
	release
}

# With the rights of an init of the rootfs, and no more.
start_container() {
	hook start_container 'exec > /run/told 2>&1
		id -u; cat /proc/self/uid_map | xargs
		grep -E "CapEff|CapBnd|Seccomp:|NoNewPrivs" /proc/self/status
		ls /proc/self/fd | wc -l
		mount -t tmpfs x /mnt && echo BAD
		ls /proc/1/fd > /dev/null 2>&1 && echo BAD fd
		env | cut -d = -f 1 | sort | xargs'
	fresh "$(list start_container), \"capabilities\": [\"KILL\", \"CHOWN\"]"
	inside 'cat /run/told' > "$OUT/text"
	contains "root inside" "^0$" "^$(head -1 "$OUT/text")$"
	lacks "the host's root" "^0 0 " "^$(sed -n 2p "$OUT/text")"
	contains "capabilities" "CapEff:	0000000000000021" "$(cat "$OUT/text")"
	contains "bounding set" "CapBnd:	0000000000000021" "$(cat "$OUT/text")"
	contains "filter" "Seccomp:	2" "$(cat "$OUT/text")"
	contains "environment" \
		"NSC_CONFIG NSC_HOOK NSC_PID NSC_ROOTFS NSC_USER PATH" \
		"$(cat "$OUT/text")"
	lacks "a mount" BAD "$(cat "$OUT/text")"
}

# What hooks leave running.
leftovers() {
	hook create_container 'setsid sleep 7531 > /dev/null 2>&1 & exit 0'
	hook start_container 'setsid sleep 7532 > /dev/null 2>&1 & exit 0'
	fresh "$(list create_container start_container)"
	hold alice
	empty "of create_container" "$(pgrep -fx 'sleep 7531')"
	equal "of start_container, inside" "$(ns_of "$(pid_of alice)" pid)" \
		"$(ns_of "$(pgrep -fx 'sleep 7532')" pid)"
	release
	wait_until 10 no_container alice || fail "left"
	empty "at the end" "$(pgrep -fx 'sleep 753[12]')"
}

hooks_fail() {
	local key

	for key in create_container start_container; do
		hook "$key" 'echo "no license" >&2; exit 3'
		fresh "$(list "$key")"
		refused "hooks.$key '$DIR/$key': ended with status 3: no license"
		fresh "\"hooks\": {\"$key\": [{\"path\": \"$DIR/$key\",
			\"on_failure\": \"ignore\"}]}"
		status_is 0 inside true
		hook "$key" 'exec sleep 7533'
		fresh "\"hooks\": {\"$key\": [{\"path\": \"$DIR/$key\", \"timeout\": 1}]}"
		refused "hooks.$key '$DIR/$key': did not end within its timeout of 1 seconds"
		empty "left of $key" "$(pgrep -fx 'sleep 7533')"
		fresh "\"hooks\": {\"$key\": [{\"path\": \"/no/such\"}]}"
		refused "hooks.$key '/no/such'"
	done
	hook poststart 'echo "later" >&2; exit 4'
	fresh "$(list poststart)"
	status_is 0 inside true
	logged "hooks.poststart '$DIR/poststart': ended with status 4: later"
	chmod 0777 "$DIR/create_container"
	fresh "$(list create_container)"
	refused "writable by others"
}

# poststart ends with start_timeout, and the login goes on.
poststart_hangs() {
	hook poststart 'exec sleep 7534'
	conf 'linger = 0; stop = "logout"; start_timeout = 3;'
	fresh "\"hooks\": {\"poststart\": [{\"path\": \"$DIR/poststart\", \"timeout\": 100}]}"
	status_is 0 inside true
	logged "hooks.poststart '$DIR/poststart': did not end within its timeout"
	empty "left" "$(pgrep -fx 'sleep 7534')"
	conf 'linger = 0; stop = "logout";'
}

# A stop hook may take longer than the monitor needs for everything else.
slow_stop() {
	hook stop 'sleep 7; echo stopped >> /run/stopped'
	rm -f /run/stopped
	fresh "\"hooks\": {\"stop\": [{\"path\": \"$DIR/stop\", \"timeout\": 20}]}"
	status_is 0 nsinit start alice
	status_is 0 timeout 30 nsinit stop alice
	equal "after nsinit stop" stopped "$(cat /run/stopped)"
	status_is 0 nsinit start alice
	status_is 0 timeout 30 nsinit start --replace alice
	equal "after nsinit start --replace" "stopped stopped" \
		"$(xargs < /run/stopped)"
	config alice '{"rootfs": "/"}'
	status_is 0 timeout 30 nsinit start --replace alice
	hook stop 'exec sleep 7535'
	fresh "\"hooks\": {\"stop\": [{\"path\": \"$DIR/stop\", \"timeout\": 7}]}"
	status_is 0 nsinit start alice
	status_is 0 timeout 30 nsinit stop alice
	logged "hooks.stop '$DIR/stop': did not end within its timeout of 7"
}

not_in_a_check() {
	local key

	for key in $ALL; do
		hook "$key" "echo $key >> /run/hooks; touch /tmp/ran"
	done
	# shellcheck disable=SC2086 # words
	fresh "$(list $ALL)"
	status_is 0 nsinit check alice
	[ ! -e /run/hooks ] || fail "ran: $(cat /run/hooks)"
	status_is 0 inside '[ -e /tmp/ran ]'
	[ -e /run/hooks ] || fail "the test is wrong: no hook runs"
}

# A hook of the rootfs without a user namespace is no root of the host.
without_userns() {
	hook start_container 'grep CapEff /proc/self/status > /run/told
		mount --bind /etc /mnt 2> /dev/null && echo BAD >> /run/told
		exit 0'
	fresh "$(list start_container), \"home\": \"private\", \"namespaces\": {\"NEWNS\": true,
		\"NEWPID\": true}, \"capabilities\": [\"KILL\"]"
	inside 'cat /run/told' > "$OUT/text" 2>&1
	contains "capabilities" "CapEff:	0000000000000020" "$(cat "$OUT/text")"
	lacks "a mount" BAD "$(cat "$OUT/text")"
}

of_directory() {
	hook start_container 'cat > /tmp/state'
	mkdir -p /srv/box
	echo "{\"rootfs\": \"/\", $(list start_container)}" > /srv/box/container.json
	contains "bundle" "root $RUN/" "$(nsinit exec --root /srv/box \
		cat /tmp/state | jq -r '.id + " " + .bundle')"
}

t "hooks run in the order of the specification" order
t "each is told the container's state" told
t "create_container runs in the container's mounts before they are its root" \
	create_container
t "L17 a hook of the rootfs has no more rights than its init" start_container
t "L17 nor without a user namespace" without_userns
t "L17 what create_container leaves running is killed" leftovers
t "L9 hooks of the container that fail, hang or are not trusted" hooks_fail
t "a poststart that hangs keeps no login out" poststart_hangs
t "nsinit stop and start --replace wait for a stop hook within its timeout" \
	slow_stop
t "D3 no hook of any kind runs in a check" not_in_a_check
t "nsinit exec in a directory runs them" of_directory
