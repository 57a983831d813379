#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The machine goes down with sessions in containers, and comes back.
# shellcheck disable=SC2016,SC2029,SC2317 # session commands; run by t
. "$(dirname "$0")/host.sh"

# What systemd says on the console when something does not end.
COMPLAINT='stop job\|Timed out\|Failed unmounting\|Failed to unmount\|Killing'

session() {
	timeout 600 ssh "${SSH_OPTIONS[@]}" -i "$KEY" -o BatchMode=yes \
		alice@127.0.0.1 'echo held; exec cat' < <(exec sleep 500) \
		> "$OUT/held" 2>&1 &
	wait_until 120 grep -qs held "$OUT/held" ||
		fail "the login fails:" "$(cat "$OUT/held")"
}

console_mark() {
	CONSOLE_FROM=$(stat -c %s "$TOP/console.log")
}

console_clean() {
	tail -c "+$((CONSOLE_FROM + 1))" "$TOP/console.log" > "$OUT/console"
	empty "complaints on the console" \
		"$(grep -ai "$COMPLAINT" "$OUT/console")"
}

disconnect() {
	"${CONTROL[@]}" -O exit > /dev/null 2>&1
}

reboots() {
	local before

	guest_lib "conf 'linger = 100;'"
	before=$(guest cat /proc/sys/kernel/random/boot_id)
	echo "@reboot ($NS_COMMAND; echo done) > \$HOME/cron 2>&1" |
		guest crontab -u alice -
	session
	console_mark
	guest systemctl reboot
	disconnect
	sleep 5
	come_up 600 || fail "it does not come back"
	# The sshd under test may be up later than the tests' own.
	guest_lib 'wait_until 30 listening 22'
	differ "the boot's id" "$before" \
		"$(guest cat /proc/sys/kernel/random/boot_id)"
	console_clean
}

job_at_boot() {
	guest_lib 'wait_until 30 grep -qs done /home/alice/cron'
	guest cat /home/alice/cron > "$OUT/all"
	guest_landed "$OUT/all" alice
}

powers_off() {
	session
	console_mark
	guest systemctl poweroff
	disconnect
	# shellcheck disable=SC2317
	off() { ! qemu_runs; }
	wait_until 120 off || fail "it is still on" "$(tail "$TOP/console.log")"
	console_clean
}

t "a reboot with a session ends everything in time" reboots
t "a cron job at boot lands in the container" job_at_boot
t "switching off with a session ends everything in time" powers_off
