# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by those who source it
# Sourced by 'session' and each host-*.sh: the machine as seen from outside.
# NSC_TEST_TOP is the run's directory, NSC_VM_CACHE has the key.

# shellcheck source=tests/integration/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"

SERIAL=$TOP/serial
KEY=$NSC_VM_CACHE/key
SSH_OPTIONS=(-F none -o LogLevel=ERROR -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null)
CONTROL=(ssh "${SSH_OPTIONS[@]}" -p 2200 -i "$KEY" -o BatchMode=yes
	-o ConnectTimeout=60 -o ServerAliveInterval=5 -o ServerAliveCountMax=24
	-o ControlMaster=auto -o "ControlPath=$TOP/control"
	-o ControlPersist=3600 root@127.0.0.1)

# guest COMMAND... : by the way in that is not under test, as root.
guest() {
	"${CONTROL[@]}" "$@"
}

# In the guest, with its lib.sh.
guest_lib() {
	guest "exec bash -c $(printf %q ". /mnt/tests/vm/lib.sh; $1")" 2>&1
}

qemu_runs() {
	kill -0 "$(cat "$TOP/qemu.pid")" 2> /dev/null
}

# come_up SECONDS: until a command runs in the guest.  qemu takes connections
# from the start, so each try has to be given up; ssh takes the first ConnectTimeout.
come_up() {
	local end=$((SECONDS + $1))

	while [ "$SECONDS" -lt "$end" ] && qemu_runs; do
		ssh -o ConnectTimeout=10 "${CONTROL[@]:1}" true < /dev/null \
			> /dev/null 2>&1 && return
		sleep 0.5
	done
	return 1
}

# t's: what is in the guest's journal.
syslog_mark() {
	printf -v SYSLOG_FROM '%(%s)T'
}

syslog_tail() {
	guest "journalctl -q -o cat -n 200 | grep -ai \
		'container\|nsinit\|fatal\|error' | tail -n 6" < /dev/null
}

# guest_landed FILE USER: FILE has what NS_COMMAND printed in a session of
# USER, whose container still runs.
guest_landed() {
	grep -ao '\(ns [a-z]* [a-z]*:\|is \).*' "$1" | tr -d '\r' |
		guest 'cat > /mnt/printed'
	guest_lib "landed_inside /mnt/printed $2" || fail "$(tail -n 30 "$1")"
}

guest_gone() {
	guest_lib "wait_until 30 nothing_left $1 || left $1" > "$OUT/left"
	empty "of $1's session is left" "$(cat "$OUT/left")"
}
