#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A session has the user's ids and groups, by each door.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i cron login
conf 'linger = 30;'
usermod -aG staff,games alice
# A world-readable file that denies its group, and one only for its group.
echo text > /srv/denied
chgrp staff /srv/denied
chmod 0604 /srv/denied
sshd_start 22

IDS=/usr/local/bin/nsc-ids
cat > "$IDS" <<'END'
#!/bin/sh
grep -E '^([UG]id|Cap(Inh|Prm|Eff|Amb)):' /proc/self/status
cat /srv/denied 2> /dev/null && echo not denied
echo end
END
chmod 0755 "$IDS"

# with NAMESPACES : writes alice's container; without argument the default
# ones.
with() {
	clean_slate
	if [ -n "$1" ]; then
		config alice "{\"rootfs\": \"/\", \"namespaces\": {$1}}"
	else
		config alice '{"rootfs": "/"}'
	fi
}

NO_USER='"NEWNS": true, "NEWPID": true, "NEWNET": true'

# A terminal adds things before and after.
printed() {
	tr -d '\r' < "$2" | grep -ao "$1.*" | xargs
}

# ran FILE : a terminal may echo what ends its input before the last line.
ran() {
	tr -d '\r' < "$1" | grep -aq 'end$' || fail "it does not run" "$(cat "$1")"
}

# ids FILE : the output of nsc-ids has alice's ids and no other, by each door.
ids() {
	local uid gid zero=0000000000000000

	uid=$(id -u alice) gid=$(id -g alice)
	ran "$1"
	equal "user ids" "Uid: $uid $uid $uid $uid" \
		"$(printed Uid "$1")"
	equal "group ids" "Gid: $gid $gid $gid $gid" \
		"$(printed Gid "$1")"
	equal "capabilities" "CapInh: $zero CapPrm: $zero CapEff: $zero \
CapAmb: $zero" "$(printed Cap "$1")"
}

# door NAME : runs nsc-ids; its output is in $OUT/ids.
door() {
	case $1 in
	ssh) nssh alice "$IDS" ;;
	ssh-tt) nssh alice -tt "$IDS" ;;
	su) timeout 20 su alice -c "$IDS" ;;
	su-l) timeout 20 su - alice -c "$IDS" ;;
	sudo) timeout 20 sudo -u alice "$IDS" ;;
	sudo-i) timeout 20 sudo -i -u alice "$IDS" ;;
	sudo-tty) on_terminal "sudo -u alice $IDS" ;;
	cron) by_cron ;;
	login) by_login ;;
	nsshell) timeout 20 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$IDS" ;;
	esac > "$OUT/ids" 2>&1
}

by_cron() {
	rm -f /home/alice/ids
	echo "@reboot $IDS > \$HOME/ids 2>&1" > "$OUT/crontab"
	crontab -u alice "$OUT/crontab"
	rm -f /run/crond.reboot
	cron -f &
	ended() { grep -aqs '^end' /home/alice/ids; }
	wait_until 10 ended
	kill $!
	crontab -r -u alice
	cat /home/alice/ids
}

by_login() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	spawn -noecho $env(CONSOLE) login -f alice
	expect "alice@" {} default { exit 12 }
	send "/usr/local/bin/nsc-ids; exit\r"
	expect eof {} default { exit 13 }
	END
	expect -f "$OUT/dialogue" | tr -d '\r'
}

user_ids() {
	need_product
	with "$2"
	[ "$1" != nsshell ] || timeout 20 nsinit start alice ||
		fail "nsinit start fails"
	door "$1"
	ids "$OUT/ids"
}

# A group that denies access cannot be dropped.
denied() {
	need_product
	with "$2"
	[ "$1" != nsshell ] || timeout 20 nsinit start alice ||
		fail "nsinit start fails"
	door "$1"
	ran "$OUT/ids"
	lacks "/srv/denied, which staff may not read" "not denied" \
		"$(cat "$OUT/ids")"
}

for name in ssh ssh-tt su su-l sudo sudo-i sudo-tty cron login nsshell; do
	t "E8 $name: the session's ids are the user's" user_ids "$name" ""
	t "E7 $name: a group that denies is not lost" denied "$name" ""
done
for name in ssh su su-l sudo sudo-i cron login; do
	t "E8 $name without NEWUSER: the session's ids are the user's" \
		user_ids "$name" "$NO_USER"
	t "E7 $name without NEWUSER: a group that denies is not lost" \
		denied "$name" "$NO_USER"
done

# Neither the size of the files, nor that of a line, nor the number of groups
# loses a group: the 60th denies as on the host.
large_accounts() {
	local door

	need_product
	clean_slate
	cp /etc/group "$TOP/group"
	{
		seq 60 | awk '{ print "many" $1 ":x:" 5000 + 2 * $1 ":alice" }'
		echo "wide:x:4999:$(seq -s, 2000)"
		seq 40000 | awk '{ print "filler" $1 ":x:" 10000 + $1 ":user" $1 \
			",another" $1 ",third" $1 }'
	} >> /etc/group
	echo secret > /srv/last
	chgrp 5120 /srv/last
	chmod 0604 /srv/last
	equal "control: another reads it" secret "$(setpriv --reuid=bob \
		--regid=bob --init-groups cat /srv/last)"
	config alice '{"rootfs": "/"}'
	for door in su ssh; do
		by "$door" 'id -G; cat /srv/last' > "$OUT/text" 2>&1
		contains "$door: groups" " 5120" "$(cat "$OUT/text")"
		lacks "$door: what denies" secret "$(cat "$OUT/text")"
	done
	clean_slate
	cp "$TOP/group" /etc/group
}
t "E7 large files, long lines and many groups lose none" large_accounts
