#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host's year: containers start and end with logins, kills, drains, updates
# and stops at random, and nothing is left over.  './quickstart soak' runs it
# for long.
#
# NSC_SOAK       starts and ends (120)
# NSC_SOAK_SEED  repeats a run's choices (1)
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

STARTS=${NSC_SOAK:-120}
SEED=${NSC_SOAK_SEED:-1}
WORKERS=2
USERS=10		# of each worker
BLOCK=2000		# starts between two samples
WARM=100		# starts before the first one, in a long run
IMAGE=/srv/images/soak
BEGAN=(login login login start)
MEANT=(nothing login join run update pause drain look killed_monitor)
ENDED=(stop stop_now logout killed_init both_killed)

# --- one container's life; user and WORDS of the log are the worker's

# ours COMMAND...: it may fail, but not hang.
ours() {
	local status begin=$SECONDS

	timeout -k 5 60 "$@" > "$LOG" 2>&1
	status=$?
	[ $((SECONDS - begin)) -lt 60 ] ||
		echo "$user, $life: $* hangs: $(cat "$LOG")"
	return "$status"
} >> "$OUT/wrong"

# A login must get in, whatever was killed before.
login() {
	ours "$TESTS/pamcaller" su "$user" "[ -d /dev/.nscontainer ]" &&
		grep -qx 'open 0' "$LOG" ||
		echo "$user, $life: no login: $(cat "$LOG")" >> "$OUT/wrong"
}
start() {
	ours nsinit start "$user" || grep -q 'runs already' "$LOG" ||
		echo "$user, $life: no start: $(cat "$LOG")" >> "$OUT/wrong"
}
nothing() { :; }
join() {
	ours setpriv --reuid "$user" --regid "$user" --init-groups \
		nsshell -c true
}
run() {
	ours nsinit exec "$user" true
}
update() {
	ours nsinit update "$user" "cgroups.pids=$((100 + number))"
}
pause() {
	ours nsinit pause "$user"
	ours nsinit resume "$user"
}
drain() {
	printf '{"rootfs": "%s", "hostname": "h%s"}\n' "$IMAGE" "$number" \
		> "$CONF/users/$user/container.json"
	login
}
look() {
	ours nsinit ps "$user"
	ours nsinit stats "$user"
	ours nsinit list "$user"
}

# The monitor is the parent of the PID 1 that it has started.
victim() {
	local pid parent

	{ read -r pid < "$RUN/$user/pid" &&
		read -r _ _ _ parent _ < "/proc/$pid/stat"; } 2> /dev/null ||
		return
	case $1:$(cat "/proc/$parent/comm" 2> /dev/null) in
	init:*) echo "$pid" ;;
	monitor:container-monit*) echo "$parent" ;;
	esac
}
kill_one() {
	local pid

	pid=$(victim "$1")
	[ -z "$pid" ] || kill -KILL "$pid" 2> /dev/null
}
killed_monitor() { kill_one monitor; }
killed_init() { kill_one init; }
both_killed() {
	kill_one monitor
	stop_now
}
stop() { ours nsinit stop "$user"; }
stop_now() { ours nsinit stop --timeout 0 "$user"; }
# The last logout stops the container, unless a login did that before.
logout() { login; }

# worker NUMBER STARTS: the choices depend on the seed alone.
worker() {
	local life user number session LOG=$OUT/log.$1

	RANDOM=$((SEED * 100 + $1 + FIRST))
	for ((life = 0; life < $2; life++)); do
		number=$((RANDOM % 100))
		user=soak$(($1 * USERS + RANDOM % USERS))
		session=
		"${BEGAN[RANDOM % ${#BEGAN[@]}]}"
		if [ $((RANDOM % 3)) -eq 0 ]; then
			"$TESTS/pamcaller" su "$user" "sleep 600" \
				> /dev/null 2>&1 &
			session=$!
		fi
		"${MEANT[RANDOM % ${#MEANT[@]}]}"
		[ $((RANDOM % 10)) -ne 0 ] || user=year login
		"${ENDED[RANDOM % ${#ENDED[@]}]}"
		[ -z "$session" ] || { kill "$session"; wait "$session"; } \
			2> /dev/null
	done
}

# --- what must not grow

# Only the container of 'year' runs, and has no session.
rest() {
	[ "$(count_inits)" -eq 1 ] && [ "$(monitors | wc -l)" -eq 1 ] &&
		[ -z "$(ls "$RUN/year/current/session")" ] &&
		[ "$(find /sys/fs/cgroup -type d -path '*nscontainer*' \
			-name 'session-*' 2> /dev/null | wc -l)" -eq 0 ]
}
settle() {
	local i

	# What a killed monitor left is recorded by the next one.
	for ((i = 0; i < WORKERS * USERS; i++)); do
		timeout 60 nsinit start "soak$i"
		timeout 60 nsinit stop --timeout 0 "soak$i"
	done > /dev/null 2>&1
	wait_until 30 rest || fail "no rest" "inits: $(inits)" \
		"monitors: $(monitors)" \
		"$(find /sys/fs/cgroup -type d -path '*nscontainer*' \
			-name 'session-*' 2> /dev/null)"
}

# The world's own: other programs of the host change none of it.
own() {
	local monitor

	monitor=$(monitors)
	echo "descriptors of the monitor:" \
		"$(find "/proc/$monitor/fd" -mindepth 1 | wc -l)"
	echo "mappings of the monitor: $(wc -l < "/proc/$monitor/maps")"
	find /run | sort
	echo "inodes of /var/lib/nscontainer:" \
		"$(find /var/lib/nscontainer | wc -l)"
	echo "groups: $(find /sys/fs/cgroup -type d -path '*nscontainer*' \
		2> /dev/null | wc -l)"
	echo "mounts: $(wc -l < /proc/self/mountinfo)"
	echo "interfaces: $(find /sys/class/net/ -mindepth 1 | wc -l)"
	echo "processes: $(pgrep -c 'container-|login-start|nsshell|sleep')"
	echo "System V objects: $(cat /proc/sysvipc/* | grep -vc key)"
	echo "terminals: $(find /dev/pts -name '[0-9]*' | wc -l)"
}
# KiB that the monitor has written, of each mapping and in all: what it only
# reads is its file's, and grows when a function runs for the first time.
private() {
	awk '/^[0-9a-f]+-/ { name = $1 " " $6 }
		/^Private_Dirty:/ && $2 { print name, $2 " KiB"; n += $2 }
		END { print n }' "/proc/$(monitors)/smaps"
}
# KiB of the kernel's memory, and keys: those of the whole machine.  An ended
# memory group keeps its memory for as long as the kernel caches a file that
# was read in it: the caches go first in a run that is judged by this.
slab() {
	[ "$STARTS" -lt 5000 ] || echo 3 > /proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|KernelStack|PageTables|Percpu):/ { n += $2 }
		END { print n }' /proc/meminfo
}
keys() {
	awk '{ sub("/.*", "", $3); n += $3 } END { print n + 0 }' \
		/proc/key-users
}

soak() {
	need_product
	local done=0 first=$WARM now used part i FIRST=0 kib kernel

	[ "$STARTS" -gt 1000 ] || first=$((STARTS / 3))
	user=year life=0 LOG=$OUT/log.year login 3>&-
	while [ "$done" -lt "$STARTS" ]; do
		part=$((done ? STARTS - done : first))
		[ "$part" -le "$BLOCK" ] || part=$BLOCK
		FIRST=$done
		for ((i = 0; i < WORKERS; i++)); do
			worker "$i" $((part / WORKERS + (part % WORKERS > i))) 3>&- &
		done
		wait
		done=$((done + part))
		settle
		empty "what went wrong" "$(cat "$OUT/wrong")"
		private > "$OUT/private.now"
		now=$(tail -n 1 "$OUT/private.now") used=$(slab)
		echo "# seed $SEED: $done starts and ends after $SECONDS s:" \
			"monitor $now KiB, kernel $used KiB, keys $(keys)" >&3
		if [ "$done" -eq "$first" ]; then
			own > "$OUT/own"
			mv "$OUT/private.now" "$OUT/private"
			kib=$now kernel=$used
			continue
		fi
		own > "$OUT/own.now"
		empty "what has changed between $first and $done" \
			"$(diff "$OUT/own" "$OUT/own.now")"
		# A tenth of the lives are sessions of its container: what each
		# one left would be more in a long run.
		[ "$now" -le $((kib + 16 + STARTS / 1000)) ] ||
			fail "the monitor has $now KiB, and had $kib" \
				"$(diff "$OUT/private" "$OUT/private.now")"
	done
	# 1 KiB for each start, on a machine that does nothing else.
	[ "$done" -lt 5000 ] || [ $((used - kernel)) -le "$done" ] ||
		fail "the kernel has $used KiB, and had $kernel: if other" \
			"programs ran meanwhile, repeat it without them"
}

pam_enable su
[ -n "$PLAIN" ] || {
	make_busybox "$IMAGE" > /dev/null
	make_many soak $((WORKERS * USERS)) 20000
	make_many year 1 21000
	sed -i 's/^year0:/year:/' /etc/passwd /etc/group /etc/shadow
	mkdir -p "$CONF/default"
	echo "{\"rootfs\": \"$IMAGE\"}" > "$CONF/default/container.json"
	config year "{\"rootfs\": \"$IMAGE\", \"lifecycle\":
		{\"stop\": \"never\"}}"
	for ((i = 0; i < WORKERS * USERS; i++)); do
		mkdir "$CONF/users/soak$i"
		cp "$CONF/default/container.json" "$CONF/users/soak$i"
	done
	conf 'stop = "logout"; on_change = "drain"; start_timeout = 60;'
}

exec 3>&1
t "$STARTS containers that start and end at random leave nothing" soak
