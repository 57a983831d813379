#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of the machine's cron.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

job_lands() {
	conf 'linger = 100;'
	echo "@reboot ($NS_COMMAND; echo done) > \$HOME/cron 2>&1" |
		crontab -u alice -
	rm -f /run/crond.reboot
	systemctl restart cron || fail "systemctl restart cron"
	wait_until 20 grep -qs "done" /home/alice/cron ||
		fail "the job did not run"
	landed_inside /home/alice/cron alice
}

nothing_stays() {
	nsinit stop alice
	conf ''
	rm -f /home/alice/cron
	crontab -u alice -r
	gone alice
}

t "a cron job lands in the container" job_lands
t "nothing is left of a cron job" nothing_stays
clean_slate
