#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each process of a login that starts a container, and of the container's end,
# is killed before each of its steps in turn: the login is inside or refused,
# the next one works, and then nothing is left.  So is nsinit in an update.
# shellcheck disable=SC2317,SC2034 # functions run by t; faults.sh's variables
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

STRIDE=60
rich_container

# Keeps the steps in FILE that change state, or wait.
changing() {
	grep -vE ' (open|openat|newfstatat|mmap|mprotect|brk|read|pread64|'\
'fcntl|prctl|access|getdents64|fstatfs|get[a-z]*|readlink(at)?) ' "$1"
}

kills() {
	faults_begin
	record_start
	changing "$OUT/steps" > "$OUT/changing"
	begin_plan "$OUT/changing" KILL
	while next_step; do
		login_with "$FAULT"
		# If the end was killed, the next login has to notice it.
		login_works
		nothing_left
	done
	end_of_faults 90
}

# A session in an outdated container.
begin_old() {
	rm -f /home/alice/go
	config alice '{"rootfs": "/", "hostname": "old"}'
	"$CALLER" "$SERVICE" alice "HOME=/home/alice; $STAY" > "$OUT/old" 2>&1 &
	OLD_LOGIN=$!
	wait_until 10 has_session || wrong "no old session" "$(cat "$OUT/old")"
	OLD=$(pid_of alice)
	config alice '{"rootfs": "/", "hostname": "new"}'
}
has_session() {
	[ "$(count_sessions alice)" -eq 1 ]
}

end_old() {
	kill -0 "$OLD_LOGIN" 2> /dev/null || wrong "the old session has ended"
	kill -0 "$OLD" 2> /dev/null || wrong "the old container has ended"
	: > /home/alice/go
	wait "$OLD_LOGIN" || wrong "the old session: status $?"
}

# Killed between the making of the new instance and the message to the old
# monitor: the old container continues, and the next login is in a new one.
drains() {
	local STRIDE=1000

	faults_begin
	conf 'stop = "logout"; on_change = "drain"; start_timeout = 10;'
	wait_until 5 no_container alice
	login_works
	wait_until 5 no_container alice
	sleep 0.5
	baseline
	begin_old
	record "$OUT/steps" -m "$CALLER" "$SERVICE" alice "$INSIDE"
	end_old
	wait_until 5 as_before || fail "left without a fault" \
		"$(diff "$TOP/baseline" "$OUT/now")"
	changing "$OUT/steps" | sed -n '/ login-start mkdirat /,'\
'/ container-moni[a-z]* sendto /p' > "$OUT/draining"
	equal "steps of the monitor that are to be there" "renameat sendto" \
		"$(sed -n 's/.* container-moni[a-z]* \(renameat\|sendto\) .*/\1/p' \
			"$OUT/draining" | xargs)"
	begin_plan "$OUT/draining" KILL
	while next_step; do
		begin_old
		login_with "$FAULT"
		login_works
		[ "$(pid_of alice)" != "$OLD" ] ||
			wrong "the next login is in the old one"
		end_old
		nothing_left
	done
	end_of_faults 40
}

# rate UP : alice's container, or its file, with this rate.
rate() {
	config alice "{\"rootfs\": \"/\", \"networks\": [{\"type\": \"veth\",
		\"address\": \"10.77.0.5/24\", \"rate\": {\"up\": \"$1\"},
		\"context\": {\"bridge\": \"br0\", \"prefix\": \"nv\"}}]}"
}
in_force() {
	nsenter -t "$(pid_of alice)" -n nft list chain inet nscontainer \
		rate_up_eth0
}
update() {
	nsinit update --from-file alice > "$OUT/text" 2>&1
}

# Killed in an update of a rate: the old one is in force or the new one, and the
# next update makes it good.
updates() {
	local old new now

	faults_begin
	rate 8Mbit
	nsinit start alice || fail "start"
	old=$(in_force)
	rate 16Mbit
	update || fail "update" "$(cat "$OUT/text")"
	new=$(in_force)
	differ "control: the rate" "$old" "$new"
	rate 8Mbit
	update || fail "update" "$(cat "$OUT/text")"
	sleep 0.5
	baseline
	rate 16Mbit
	record "$OUT/steps" nsinit update --from-file alice
	changing "$OUT/steps" > "$OUT/changing"
	begin_plan "$OUT/changing" KILL
	while next_step; do
		rate 8Mbit
		update || wrong "back" "$(cat "$OUT/text")"
		rate 16Mbit
		rm -f "$OUT/hit"
		"$TESTS/faults" -t 30 -o "$OUT/hit" -f "$FAULT" nsinit update \
			--from-file alice > "$OUT/text" 2>&1
		was_tried || continue
		now=$(in_force)
		[ "$now" = "$old" ] || [ "$now" = "$new" ] || wrong "half" "$now"
		update || wrong "the next one" "$(cat "$OUT/text")"
		equal "$STEP" "$new" "$(in_force)"
		equal "$STEP" "null 16Mbit" "$(nsinit list --json alice |
			jq -r '"\(.why) \(.networks[0].rate_up)"')"
		soon 10 as_before ||
			wrong "left:" "$(diff "$TOP/baseline" "$OUT/now")"
	done
	nsinit stop --timeout 0 alice
	end_of_faults 15
}

f "each process is killed before each of its steps in turn" kills
f "each process is killed while a container is made to drain" drains
f "nsinit is killed before each step of an update of a rate" updates
