#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A cron job of a contained user runs in the container; cron's own process for
# the job stays on the host, and starts nothing else there meanwhile.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable cron
config alice '{"rootfs": "/"}'
conf 'linger = 90;'

# cron runs a crontab once a minute, but @reboot at its start, through the same
# PAM session.
echo "@reboot $NS_COMMAND > \$HOME/ns 2>&1; \
id > \$HOME/id; echo done > \$HOME/done" > "$TOP/crontab"
crontab -u alice "$TOP/crontab"
rm -f /run/crond.reboot
cron -f &

done_file() {
	[ -s /home/alice/done ]
}

job_lands() {
	wait_until 10 done_file || fail "the job did not run" \
		"$(syslog_text | grep -a -i cron)"
	landed_inside /home/alice/ns alice
}

job_is_user() {
	contains "id" "uid=$(id -u alice)(alice)" "$(cat /home/alice/id)"
}

# caller ARGUMENT... : a program that the module takes for cron; its output is
# in $OUT/text.
caller() {
	need_product
	[ -x "$TESTS/pamcaller" ] || skip "pamcaller is not built"
	[ -x "$OUT/cron" ] || cp "$TESTS/pamcaller" "$OUT/cron"
	rm -f /srv/on-host /home/alice/ns
	( cd /usr/share && timeout 20 "$OUT/cron" "$@" ) > "$OUT/text" 2>&1
}

stays_on_host() {
	caller -c cron alice "$NS_COMMAND > /home/alice/ns; exit 7"
	contains "the session" "open 0" "$(cat "$OUT/text")"
	contains "the job's status" "status 1792" "$(cat "$OUT/text")"
	contains "the end" "close 0" "$(cat "$OUT/text")"
	landed_inside /home/alice/ns alice
	landed_on_host "$OUT/text"
}

# What is not forked by the program as its job runs nothing on the host.
spawns_nothing() {
	caller -s cron alice 'echo > /srv/on-host'
	contains "the session" "open 0" "$(cat "$OUT/text")"
	contains "a program" "spawn Permission denied" "$(cat "$OUT/text")"
	[ ! -e /srv/on-host ] || fail "it ran on the host"
	caller -s cron carol 'echo > /srv/on-host'
	[ -e /srv/on-host ] || fail "carol runs nothing: the test is no use"
}

# The child of a module that comes later is not taken for the job.
later_module() {
	echo 'session optional pam_exec.so /usr/bin/touch /srv/on-host' \
		>> /etc/pam.d/cron
	caller cron alice "$NS_COMMAND > /home/alice/ns"
	landed_inside /home/alice/ns alice
	[ ! -e /srv/on-host ] || fail "the later module ran a program"
	caller cron carol true
	[ -e /srv/on-host ] || fail "the module runs nothing for carol"
	sed -i '$d' /etc/pam.d/cron
}

# A job outlives cron's process for it, and its container with it.
killed() {
	local login

	caller cron carol true
	clean_slate
	conf 'stop = "logout";'
	rm -f /home/alice/go
	"$OUT/cron" cron alice "HOME=/home/alice; $STAY" > "$OUT/text" 2>&1 &
	wait_until 5 eval '[ -n "$(sessions_of alice)" ]' || fail "no job"
	nsinit ps > "$OUT/ps"
	equal "lines of nsinit ps" 2 "$(wc -l < "$OUT/ps")"
	kill -KILL $!
	sleep 0.3
	login=$(sessions_of alice)
	[ -d "/proc/$login" ] || fail "the job's session has ended"
	[ -n "$(pid_of alice)" ] || fail "the container has ended"
	kill -KILL "$login"
	gone() { [ -z "$(pgrep -u alice -f sleep)" ]; }
	wait_until 5 gone || fail "the job goes on"
}

# Refused only when the job is to enter: it runs nowhere.
refused() {
	local first

	caller cron carol true
	clean_slate
	conf 'max_sessions = 1;' 'linger = 90;'
	rm -f /home/alice/go /home/alice/second
	"$OUT/cron" cron alice "HOME=/home/alice; $STAY" > "$OUT/first" 2>&1 &
	first=$!
	wait_until 5 eval '[ -n "$(sessions_of alice)" ]' || fail "no job"
	caller cron alice 'echo > /home/alice/second'
	contains "the second" "status 256" "$(cat "$OUT/text")"
	logged 'login refused: .*1 session'
	[ ! -e /home/alice/second ] || fail "it runs"
	: > /home/alice/go
	wait "$first"
	caller cron alice 'echo > /home/alice/second'
	[ -e /home/alice/second ] || fail "none runs"
}

t "a cron job lands in the container" job_lands
t "a cron job runs as its user" job_is_user
t "cron's process is on the host, and the job's status reaches it" stays_on_host
t "J14 a program that is not forked as the job does not run" spawns_nothing
t "J14 a module after ours does not get the job's place" later_module
t "J14 a job outlives cron's process for it" killed
t "J14 a job that may not enter runs nowhere" refused
