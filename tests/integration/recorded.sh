# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2317,SC2034 # used by those who source it
# Sourced after lib.sh by the tests of recordings.

REC=/var/log/nscontainer/recordings

forget() {
	rm -rf "$REC"
}
# count USER [PATTERN]: recordings that have ended, or files of this name.
count() {
	find "$REC/$1" -name "${2-*.cast.gz}" 2> /dev/null | wc -l
}
has() {
	[ "$(count "$1")" -eq "$2" ]
}
# The text of all of alice's recordings, also of those that go on.
texts() {
	zcat -f "$REC"/alice/*.cast* 2> /dev/null
}
has_text() {
	texts | grep -aq -- "$1"
}
# The processes of the recorder that have this name.
part() {
	pgrep -x "nsc-$1"
}
# goes_on_unrecorded MODE [SSH ARGUMENT...]: by policy a session goes on when its
# writer is killed, and the log has the time.
goes_on_unrecorded() {
	config alice '{"rootfs": "/", "session": {"record": "'"$1"'",
		"on_record_error": "continue"}}'
	clean_slate
	forget
	connect "${@:2}" 'echo here; until [ -e go ]; do sleep 0.1; done; rm -f go
		echo later-$((40 + 2))'
	wait_until 10 has_text here || fail "it is not recorded"
	syslog_mark
	kill -KILL "$(part writer)" || fail "no writer"
	touch /home/alice/go
	wait "$CLIENT"
	contains "continue" later-42 "$(cat "$OUT/client")"
	lacks "control: what is not recorded" later-42 "$(texts)"
	logged "event=unrecorded user=alice .*from=[0-9][0-9]* to=end .*killed by signal 9"
}
# It compresses, and so makes room, before it ends.
recorders_ended() {
	! pgrep -x container-recor > /dev/null
}
# idle NAMES TYPE SHOWN: processes of these names do nothing while nobody types.
# The functions TYPE and SHOWN type something, and say whether it has arrived.
# Recorders of sessions before have to end first: they would be counted.
idle() {
	local before

	wait_until 30 "$3" || fail "nothing is shown"
	wait_until 30 asleep "$1" || fail "it does not come to rest"
	before=$(wakeups "$1")
	sleep 5
	equal "idle" "$before" "$(wakeups "$1")"
	"$2"
	wait_until 30 "$3" || fail "nothing is typed"
	[ "$(wakeups "$1")" -gt "$before" ] || fail "control: typing wakes nobody"
}
asleep() {
	local before

	before=$(wakeups "$1")
	sleep 1
	[ "$(wakeups "$1")" -eq "$before" ]
}
wakeups() {
	local pid

	for pid in $(pgrep -x "$1"); do
		cat "/proc/$pid/status"
	done | awk '$1 == "voluntary_ctxt_switches:" { n += $2 }
		END { print n + 0 }'
}
