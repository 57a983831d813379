#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit enable under systemd: the process that waits for the confirmation
# outlives its unit, and the unit for the next boot puts the change back.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

LINE="session required pam_container.so  # nsinit enable"
RECORD=/var/lib/nscontainer/.enable
SERVICE=runuser

enabled() {
	[ "$(tail -n 1 "/etc/pam.d/$SERVICE")" = "$LINE" ]
}

put_back() {
	[ ! -e "$RECORD" ]
}

# The unit and its control group are gone when systemd-run returns.
outlives_its_unit() {
	cp "/etc/pam.d/$SERVICE" "$OUT/before"
	systemd-run --quiet --wait --collect -p KillMode=control-group \
		nsinit enable --confirm-within 20s "$SERVICE" ||
		fail "nsinit enable" "$(journalctl -n 20 --no-pager)"
	enabled || fail "the line is not there"
	wait_until 60 put_back || fail "it was not put back"
	cmp -s "$OUT/before" "/etc/pam.d/$SERVICE" || fail "it is not as before"
	logged "nobody has confirmed the change"
}

confirmed() {
	cp "/etc/pam.d/$SERVICE" "$OUT/before"
	nsinit enable --confirm-within 10m "$SERVICE" > "$OUT/enable" 2>&1 ||
		fail "nsinit enable" "$(cat "$OUT/enable")"
	nssh root nsinit confirm || fail "nsinit confirm in a new session"
	enabled || fail "the line is not there"
	nsinit disable "$SERVICE" > /dev/null
	cmp -s "$OUT/before" "/etc/pam.d/$SERVICE" || fail "it is not as before"
}

next_boot() {
	local file=multi-user.target.wants/nscontainer-put-back.service

	cp "/etc/pam.d/$SERVICE" "$OUT/before"
	nsinit enable --confirm-within 10m "$SERVICE" > /dev/null
	[ -e "/usr/lib/systemd/system/$file" ] || fail "no boot starts the unit"
	systemctl daemon-reload
	systemctl start nscontainer-put-back ||
		fail "$(systemctl status --no-pager nscontainer-put-back)"
	enabled || fail "it was put back in the same boot"
	sed -i 's/^boot_id .*/boot_id 00000000-0000-0000-0000-000000000000/' \
		"$RECORD"
	systemctl start nscontainer-put-back ||
		fail "$(systemctl status --no-pager nscontainer-put-back)"
	put_back || fail "the record is still there"
	cmp -s "$OUT/before" "/etc/pam.d/$SERVICE" || fail "it is not as before"
}

t "the watcher outlives its unit, and puts the change back" outlives_its_unit
t "a confirmation in a new session" confirmed
t "the next boot puts the change back" next_boot
clean_slate
