#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is kept of a user outlives the account: who gets it when the name and the
# uid are given again, and what removes it.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l
conf 'stop = "logout";'
sshd_start 22
SECRET=nsc-secret-4417
STATE=/var/lib/nscontainer
HOOK=/etc/shadow-maint/userdel-post.d/nscontainer
UID_OF_ALICE=$(id -u alice)
PRIVATE='{"rootfs": "/", "home": "private"}'

# delete [-r]: as an administrator does it.  again: the same name and uid.
delete() {
	userdel "$@" alice 2> /dev/null || fail "userdel"
}
again() {
	useradd -m -k /etc/skel -s /bin/bash -u "$UID_OF_ALICE" alice ||
		fail "useradd"
	mkdir -p /home/alice/.ssh
	cp /root/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys
	chown -R alice:alice /home/alice
	chmod 0700 /home/alice
}

# begin JSON : as if nothing had ever been kept, and alice had just been made.
begin() {
	need_product
	clean_slate
	[ ! -e "$TOP/hook" ] || mv "$TOP/hook" "$HOOK"
	getent passwd alice > /dev/null && delete -r
	rm -rf "${STATE:?}"/alice "$STATE"/.purge-* /home/alice
	again
	config alice "$1"
	syslog_mark
}

# Accounts of a directory service: no userdel, so no hook.
without_hook() {
	mv "$HOOK" "$TOP/hook"
}

# keep FILE : alice leaves a secret in her container, and it ends.
keep() {
	equal "control: it is kept" "$SECRET" "$(by su "umask 022
		echo $SECRET > $1; cat $1")"
	wait_until 5 no_container alice || fail "it does not end"
	equal "control: and there again" "$SECRET" "$(by su "cat $1")"
	wait_until 5 no_container alice || fail "it does not end"
}

# refused TEXT : by each door, the text in syslog and in check.
refused() {
	local door

	for door in su ssh; do
		syslog_mark
		lacks "$door" "$SECRET" "$(by $door "cat ~/kept /kept" 2>&1)"
		logged "$1"
	done
	status_is 1 nsinit check alice
	contains "check" "$1" "$(cat "$OUT/stderr")"
	contains "check" "nsinit purge alice" "$(cat "$OUT/stderr")"
	contains "check" "nsinit adopt alice" "$(cat "$OUT/stderr")"
	contains "doctor" "kept-of-another" "$(nsinit doctor --json alice)"
}

# --- who gets it

# userdel's hook knows: also where the home tells nothing, as it stays.
deleted() {
	begin "$PRIVATE"
	keep /home/alice/kept
	"$@"
	equal "uid" "$UID_OF_ALICE" "$(id -u alice)"
	refused "is of an account that was deleted"
	status_is 0 nsinit purge alice
	empty "left" "$(find $STATE -mindepth 1 -maxdepth 1 -name '*alice')"
	equal "a new one" "alice no" \
		"$(by su 'id -un | tr "\n" " "; cat ~/kept 2> /dev/null || echo no')"
}
delete_all() {
	delete -r
	again
}
delete_account() {
	delete
	again
}
by_deluser() {
	deluser -q --remove-home alice || fail "deluser"
	again
}

# The control: without both signs, the next one reads it.
told_by_nobody() {
	begin "$PRIVATE"
	without_hook
	keep /home/alice/kept
	delete
	again
	equal "the next one" "$SECRET" "$(by su 'cat ~/kept')"
}

# Without the hook, a home that was made after what is kept.
home_is_younger() {
	begin "$1"
	without_hook
	keep "$2"
	delete -r
	again
	refused "is older than the home"
	# The sign is not lost by a refusal.
	refused "is older than the home"
	status_is 0 nsinit purge alice
	equal "a new one" no "$(by su "cat $2 2> /dev/null || echo no")"
}

layer_is_older() {
	make_box
	home_is_younger "{\"rootfs\": \"/srv/images/box\", \"overlay\": \"persistent\",
		\"home\": \"bind\"}" /tmp/kept
}

# ext4 gives the inode of a directory that was removed to the next one.
same_inode() {
	local before

	begin "$PRIVATE"
	without_hook
	truncate -s 64M "$TOP/ext4"
	mkfs.ext4 -q "$TOP/ext4" 2> /dev/null || skip "mkfs.ext4"
	make_loop_devices || skip "loop devices"
	# mount takes another device when somebody else was faster.
	mount -o loop "$TOP/ext4" /home || skip "loop devices"
	delete -r
	again
	before=$(stat -c %i /home/alice)
	keep /home/alice/kept
	delete -r
	again
	equal "inode" "$before" "$(stat -c %i /home/alice)"
	refused "is older than the home"
	clean_slate
	umount /home
	rm "$TOP/ext4"
	delete
}

# An administrator who moves homes to a new disk locks out nobody, and is told.
new_disk() {
	begin "$PRIVATE"
	keep /home/alice/kept
	mkdir "$TOP/disk"
	mount -t tmpfs -o mode=0755 none "$TOP/disk"
	cp -a /home/. "$TOP/disk"
	mount --move "$TOP/disk" /home
	syslog_mark
	equal "alice" "$SECRET" "$(by su 'cat ~/kept')"
	logged "is newer than $STATE/alice"
	clean_slate
	# Once.
	syslog_mark
	equal "alice" "$SECRET" "$(by su 'cat ~/kept')"
	lacks "syslog" "is newer" "$(syslog_since)"
	clean_slate
	# The new place counts from now on.
	without_hook
	delete -r
	again
	refused "is older than the home"
	clean_slate
	umount /home
	rmdir "$TOP/disk"
	delete
}

# Nor does one who gives her another home that was there before.
other_home() {
	begin "$PRIVATE"
	mkdir -p /srv/homes/alice
	chown alice:alice /srv/homes/alice
	keep /home/alice/kept
	usermod -d /srv/homes/alice alice
	by su 'true' || fail "login"
	lacks "syslog" "is newer" "$(syslog_since)"
	clean_slate
	usermod -d /home/alice alice
	by su 'true' || fail "login"
	rm -r /srv/homes
}

# The same person, as the administrator says.
adopted() {
	begin "$PRIVATE"
	keep /home/alice/kept
	delete -r
	again
	refused "is of an account that was deleted"
	status_is 0 nsinit adopt alice
	equal "alice" "$SECRET" "$(by su 'cat ~/kept')"
	clean_slate
	without_hook
	delete -r
	again
	refused "is older than the home"
	status_is 0 nsinit adopt alice
	equal "alice" "$SECRET" "$(by su 'cat ~/kept')"
	clean_slate
	# Not with another uid.
	nsinit disown alice || fail "disown"
	usermod -u 1717 alice
	status_is 1 nsinit adopt alice
	contains "adopt" "was made for uid $UID_OF_ALICE" "$(cat "$OUT/stderr")"
	usermod -u "$UID_OF_ALICE" alice
	status_is 1 nsinit adopt nobody-of-this-name
	contains "adopt" "nothing is kept of" "$(cat "$OUT/stderr")"
}

# A container that still runs is not the next one's either.
still_runs() {
	local pid

	begin "$PRIVATE"
	timeout 20 nsinit start alice || fail "start"
	pid=$(pid_of alice)
	by nsshell "echo $SECRET > /tmp/kept" || fail "nsshell"
	# Without it, userdel finds ids of alice's in use.
	status_is 8 userdel alice
	delete -f
	[ ! -e "/proc/$pid" ] || fail "it runs"
	again
	rm -rf "${STATE:?}/alice"
	equal "the next one" no "$(by su 'cat /tmp/kept 2> /dev/null || echo no')"
	# The control: without the hook it is.
	begin "$PRIVATE"
	without_hook
	timeout 20 nsinit start alice || fail "start"
	by nsshell "echo $SECRET > /tmp/kept" || fail "nsshell"
	delete -f
	again
	equal "control" "$SECRET" "$(by su 'cat /tmp/kept')"
}

# The hook is silent, and no obstacle, for who was never contained.
hook_is_quiet() {
	begin "$PRIVATE"
	useradd -M nobodys
	status_is 0 userdel nobodys
	empty "userdel" "$(cat "$OUT/stdout" "$OUT/stderr")"
	useradd -M 'svc$' 2> /dev/null || useradd --badname -M 'svc$'
	status_is 0 userdel 'svc$'
	empty "userdel" "$(cat "$OUT/stdout" "$OUT/stderr")"
	# An account of another system, by the same name.
	by su true || fail "login"
	mkdir -p "$TOP/other/etc"
	cp /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/login.defs \
		"$TOP/other/etc"
	userdel --prefix "$TOP/other" alice > /dev/null 2>&1
	! grep -q ^alice: "$TOP/other/etc/passwd" || fail "control: userdel"
	[ -e $STATE/alice/uid ] || fail "the host's alice is disowned"
	rm -r "$TOP/other"
	# The package was removed, but not purged.
	useradd -M nobodys
	mv /usr/sbin/nsinit "$TOP/nsinit"
	status_is 0 userdel nobodys
	mv "$TOP/nsinit" /usr/sbin/nsinit
	empty "userdel" "$(cat "$OUT/stdout" "$OUT/stderr")"
}

# --- purge and reset

make_box() {
	[ -e /srv/images/box ] || {
		make_busybox /srv/images/box || skip busybox
		rm /srv/images/box/bin/bash
		printf '#!/bin/sh\nexec /bin/sh "$@"\n' > /srv/images/box/bin/bash
		chmod 0755 /srv/images/box/bin/bash
	}
	BOX='{"rootfs": "/srv/images/box", "overlay": "persistent",
		"home": "private"}'
}

resets() {
	make_box
	begin "$BOX"
	by su "echo $SECRET > ~/kept" || fail "login"
	timeout 20 nsinit start alice || fail "start"
	as_root_inside sh -c "umask 022; echo $SECRET > /kept" || fail "no file"
	for command in purge reset; do
		status_is 1 nsinit $command alice
		contains "$command" "is in use by a container" \
			"$(cat "$OUT/stderr")"
		contains "$command" "'nsinit stop alice'" "$(cat "$OUT/stderr")"
	done
	timeout 15 nsinit stop alice
	equal "both" "$SECRET $SECRET" "$(by su 'cat ~/kept /kept' | xargs)"
	clean_slate
	status_is 0 nsinit reset alice
	equal "the home" "$SECRET no" \
		"$(by su 'cat ~/kept; cat /kept 2> /dev/null || echo no' | xargs)"
	clean_slate
	status_is 0 nsinit purge alice
	status_is 1 nsinit purge alice
	contains "purge" "nothing is kept of 'alice'" "$(cat "$OUT/stderr")"
	status_is 1 nsinit reset alice
	# A name that no longer exists.
	by su "echo $SECRET > ~/kept" || fail "login"
	clean_slate
	delete -r
	status_is 0 nsinit purge alice
	[ ! -e $STATE/alice ] || fail "left"
	: > $STATE/.lock
	for name in ../etc / .lock -x ''; do
		status_is 1 nsinit purge -- "$name"
	done
	[ -e $STATE/.lock ] || fail "the lock is gone"
}

# What a user can leave: deep, wide, immutable for others, leading elsewhere.
hostile_trees() {
	begin "$PRIVATE"
	by su 'mkdir ~/out; ln -s /etc/passwd ~/out/link; ln -s / ~/root
		mkfifo ~/fifo; chmod 0 ~/out
		exec python3 -c "import os
for i in range(1500):
    os.mkdir(\"deep\")
    os.chdir(\"deep\")"' || fail "login"
	clean_slate
	cp /etc/passwd "$OUT/passwd"
	status_is 0 nsinit purge alice
	empty "left" "$(find $STATE -mindepth 1 -maxdepth 1 -name '*alice')"
	cmp /etc/passwd "$OUT/passwd" || fail "passwd"
}

# Killed before each step that changes something: the data is whole, or nobody's,
# and the next purge removes the rest.
killed() {
	local line

	begin "$PRIVATE"
	fill() {
		mkdir -p $STATE/alice/home/a
		echo "$UID_OF_ALICE" > $STATE/alice/uid
		echo "$SECRET" > $STATE/alice/home/kept
		chown -R alice:alice $STATE/alice/home
		chmod 0700 $STATE/alice $STATE/alice/home
	}
	fill
	"$TESTS/faults" -o "$OUT/all" nsinit purge alice > "$OUT/text" 2>&1 ||
		fail "without a fault" "$(cat "$OUT/text")"
	grep -E ' (rename[a-z0-9]*|unlink[a-z]*|fsync|flock|clone[0-9]*|vfork|execve|wait[a-z0-9]*|mkdir[a-z]*) ' \
		"$OUT/all" | grep -v '^0 nsinit execve 1$' > "$OUT/steps"
	[ "$(wc -l < "$OUT/steps")" -ge 8 ] || fail "steps" "$(cat "$OUT/all")"
	while read -r path _ call n; do
		fill
		"$TESTS/faults" -f "$path:$call:$n:KILL" nsinit purge alice \
			> /dev/null 2>&1
		line="$path:$call:$n"
		if [ -e $STATE/alice ]; then
			equal "$line: whole" "$SECRET" \
				"$(cat $STATE/alice/home/kept)"
			equal "$line: its uid" "$UID_OF_ALICE" \
				"$(cat $STATE/alice/uid)"
		elif [ -e $STATE/.purge-alice ]; then
			contains "$line: doctor" "a purge was interrupted" \
				"$(nsinit doctor --json alice)"
			equal "$line: mode" 700 \
				"$(stat -c %a $STATE/.purge-alice)"
		fi
		nsinit purge alice > "$OUT/text" 2>&1
		empty "$line: left" "$(find $STATE -mindepth 1 -maxdepth 1 -name '*alice')"
	done < "$OUT/steps"
	by su true || fail "login"
}

full_disk() {
	begin "$PRIVATE"
	mount -t tmpfs -o mode=0755,size=256k,nr_inodes=40 none $STATE
	equal "a login" alice "$(by su 'echo > ~/kept; id -un')"
	clean_slate
	head -c 1M /dev/zero > $STATE/full 2> /dev/null
	while : > "$STATE/full.$RANDOM"; do
		:
	done 2> /dev/null
	delete -r
	[ -e $STATE/alice/gone ] || fail "the hook"
	again
	refused "is of an account that was deleted"
	status_is 0 nsinit purge alice
	empty "left" "$(find $STATE -mindepth 1 -maxdepth 1 -name '*alice')"
	umount $STATE
}

# --- doctor

orphans() {
	begin "$PRIVATE"
	by su true || fail "login"
	lacks "doctor: control" '"orphan"' "$(nsinit doctor --json)"
	clean_slate
	delete -r
	nsinit doctor > "$OUT/text"
	contains "doctor" "note orphan $STATE" "$(cat "$OUT/text")"
	contains "doctor" "users: alice" "$(grep -A 3 orphan "$OUT/text")"
	contains "doctor" "nsinit purge USER" "$(cat "$OUT/text")"
	again
	contains "doctor" "kept-of-another" "$(nsinit doctor --json)"
	nsinit purge alice
	lacks "doctor" "kept-of-another" "$(nsinit doctor --json)"
}

t "W5 userdel -r, and a new account of the name: nothing is handed on" \
	deleted delete_all
t "W5 userdel, and a new account of the name: nothing is handed on" \
	deleted delete_account
t "W5 deluser, and a new account of the name: nothing is handed on" \
	deleted by_deluser
t "W5 the control: without a sign, the next one has it" told_by_nobody
t "W5 a home that is younger than a private home" home_is_younger \
	"$PRIVATE" /home/alice/kept
t "W5 a home that is younger than a layer" layer_is_older
t "W5 a home with the inode of the one before" same_inode
t "W5 homes on a new disk lock nobody out" new_disk
t "W5 another home that is older locks nobody out" other_home
t "W5 an administrator can say that it is the same person" adopted
t "W5 a container that still runs is ended with its account" still_runs
t "W5 userdel's hook says nothing about others" hook_is_quiet
t "W6 purge removes all, reset the layer, and neither what is in use" resets
t "W6 purge removes any tree" hostile_trees
t "W6 a purge that was killed leaves all, or nothing for anybody" killed
t "W6 a full disk hinders neither userdel nor purge" full_disk
t "doctor lists orphans" orphans
