#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A cron job of a contained user runs in the container.
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

t "a cron job lands in the container" job_lands
t "a cron job runs as its user" job_is_user
