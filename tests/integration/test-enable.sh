#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit enable, disable and confirm: what they write to /etc/pam.d, what logins
# notice, and what is there after each way in which they can be interrupted.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

PAM=/etc/pam.d
STATE=/var/lib/nscontainer
LINE="session required pam_container.so  # nsinit enable"
[ -n "$PLAIN" ] || {
	cp -a "$PAM" "$TOP/pam.d"
	[ -e /usr/lib/pam.d/systemd-user ] || {
		mkdir -p /usr/lib/pam.d
		echo "session optional pam_permit.so" \
			> /usr/lib/pam.d/systemd-user
	}
	rm -f "$PAM/systemd-user" "$TOP/pam.d/systemd-user"
	cp -a /usr/lib/pam.d "$TOP/vendor"
	sshd_start 22
}

# Each file with its mode, owner, attributes and content.
look() {
	(cd "$PAM" && find . -type f -printf '%p %m %u:%g\n' -o \
		-printf '%p %y %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0 sha256sum &&
		python3 -c 'import os
for name in sorted(os.listdir(".")):
	for key in os.listxattr(name, follow_symlinks=False):
		print(name, key, os.getxattr(name, key, follow_symlinks=False))')
}

fresh() {
	need_product
	clean_slate
	rm -rf "${PAM:?}" /usr/lib/pam.d "$STATE/.enable"
	cp -a "$TOP/pam.d" "$PAM"
	cp -a "$TOP/vendor" /usr/lib/pam.d
	rm -rf "${CONF:?}"
	mkdir -p "$CONF"
	conf ''
	look > "$TOP/before"
}

same_as_before() {
	look > "$OUT/now"
	diff "$TOP/before" "$OUT/now" > "$OUT/diff" ||
		fail "$PAM is not as before" "$(cat "$OUT/diff")"
	[ ! -e "$STATE/.enable" ] || fail "$STATE/.enable is left"
}

# inside|outside SERVICE USER
lands() {
	"$TESTS/pamcaller" "$2" "$3" > "$OUT/ns" 2>&1
	grep -qx "open 0" "$OUT/ns" || fail "$3 by $2" "$(cat "$OUT/ns")"
	if [ "$(printed_ns "$OUT/ns" mnt)" = "$(ns_of self mnt)" ]; then
		equal "$3 by $2" "$1" outside
	else
		equal "$3 by $2" "$1" inside
	fi
}

all_doors() {
	local name

	fresh
	# The container is looked at after its session.
	conf 'linger = 30;'
	config alice '{"rootfs": "/"}'
	lands outside login alice
	status_is 0 nsinit enable
	contains "the difference" "+$LINE" "$(cat "$OUT/stdout")"
	contains "the trial" "login of alice by sshd was tried, and works" \
		"$(cat "$OUT/stdout")"
	for name in sshd login su su-l sudo cron systemd-user; do
		equal "last line of $name" "$LINE" \
			"$(tail -n 1 "$PAM/$name")"
	done
	equal "account line" 1 "$(grep -c '^account required pam_container.so' \
		"$PAM/sshd")"
	equal "the first active line" "account required pam_container.so" \
		"$(grep -v '^#\|^$' "$PAM/sshd" | head -n 1 | sed 's/  .*//')"
	empty "hidden files" "$(find "$PAM" -name '.*' -type f)"
	lands inside login alice
	lands outside login bob
	nssh alice "$NS_COMMAND" > "$OUT/ns" || fail "ssh fails"
	landed_inside "$OUT/ns" alice
	lacks "doctor" "not-listed $PAM/systemd-user" "$(nsinit doctor)"
	status_is 0 nsinit enable
	equal "the second time" "Nothing to change." "$(cat "$OUT/stdout")"
	status_is 0 nsinit disable
	same_as_before
	lands outside login alice
}

dry_run() {
	fresh
	chmod 0555 "$PAM"
	status_is 0 nsinit enable --dry-run login
	contains "the difference" "+$LINE" "$(cat "$OUT/stdout")"
	same_as_before
	status_is 0 nsinit enable login
	look > "$TOP/before"
	status_is 0 nsinit disable --dry-run
	contains "the difference" "-$LINE" "$(cat "$OUT/stdout")"
	same_as_before
}

audit() {
	fresh
	config alice '{"rootfs": "/"}'
	status_is 0 nsinit enable --audit login
	contains "the line" "mode=audit" "$(tail -n 1 "$PAM/login")"
	lands outside login alice
	logged "user alice: audit: would be placed"
	status_is 0 nsinit enable login
	equal "the line" "$LINE" "$(tail -n 1 "$PAM/login")"
	lands inside login alice
	status_is 0 nsinit disable login
	same_as_before
}

# A file that the package has in /usr/lib.
copied() {
	fresh
	status_is 0 nsinit enable systemd-user
	equal "without our lines" "$(cat /usr/lib/pam.d/systemd-user)" \
		"$(grep -v 'nsinit enable$' "$PAM/systemd-user")"
	echo "# mine" >> "$PAM/systemd-user"
	status_is 0 nsinit disable
	contains "what is said" "systemd-user stays" "$(cat "$OUT/stdout")"
	equal "what is left" "$(cat /usr/lib/pam.d/systemd-user; echo "# mine")" \
		"$(cat "$PAM/systemd-user")"
	rm "$PAM/systemd-user"
	status_is 0 nsinit enable systemd-user
	status_is 0 nsinit enable --audit systemd-user
	status_is 0 nsinit disable
	same_as_before
}

by_hand() {
	fresh
	echo "session required pam_container.so debug \\" >> "$PAM/login"
	echo "	conf=/etc/x.conf" >> "$PAM/login"
	echo "session required pam_container.so" >> "$PAM/common-session"
	status_is 0 nsinit enable login sshd
	contains "login" "written by hand, names the module" \
		"$(cat "$OUT/stdout")"
	contains "login" "Nothing to change." "$(cat "$OUT/stdout")"
	status_is 0 nsinit disable
	empty "active lines" "$(grep -r '^[^#]*pam_container' "$PAM")"
	equal "what was written is kept" 3 "$(grep -rc \
		'^# nsinit disable: .*\(pam_container\|conf=\)' "$PAM" |
		awk -F: '{ n += $2 } END { print n }')"
	lands outside login alice
	# Elsewhere it is a package's, or pam.conf.
	echo "session required pam_container.so" > /usr/lib/pam.d/nsc-vendor
	status_is 1 nsinit disable
	contains "what is left" "/usr/lib/pam.d/nsc-vendor still names" \
		"$(cat "$OUT/stderr")"
}

# Files keep what they have, and text that is not as usual is kept, too.
attributes() {
	fresh
	chmod 0640 "$PAM/login"
	chgrp 4 "$PAM/login"
	python3 -c 'import os, sys
os.setxattr(sys.argv[1], "security.selinux", b"object_r:etc_t")' "$PAM/login" ||
		skip "attributes are not possible here"
	printf '# no newline at the end' >> "$PAM/login"
	printf '\n# continued \\\n' >> "$PAM/su"
	: > "$PAM/atd"
	look > "$TOP/before"
	status_is 0 nsinit enable login su atd
	equal "mode" "640 root:adm" "$(stat -c '%a %U:%G' "$PAM/login")"
	contains "label" "login security.selinux b'object_r:etc_t'" "$(look)"
	status_is 0 nsinit disable
	same_as_before
	printf '\nsession optional pam_permit.so \\\n' >> "$PAM/login"
	look > "$TOP/before"
	status_is 1 nsinit enable login
	contains "a line that joins" "backslash" "$(cat "$OUT/stderr")"
	same_as_before
}

# A change after which nobody, or everybody, gets out is not made.
refused() {
	local module

	module=$(find /usr/lib/*/security -name pam_container.so)
	fresh
	mv "$module" "$OUT/module"
	status_is 1 nsinit enable
	mv "$OUT/module" "$module"
	contains "the finding" "nobody gets in by 'sshd'" "$(cat "$OUT/stdout")"
	contains "the result" "nothing was changed" "$(cat "$OUT/stderr")"
	same_as_before
	sed -i '1i session sufficient pam_permit.so' "$PAM/login"
	look > "$TOP/before"
	status_is 1 nsinit enable login
	contains "the finding" "passed-over" "$(cat "$OUT/stdout")"
	same_as_before
	# What is broken already does not keep the lines in.
	fresh
	status_is 0 nsinit enable login
	sed -i '1i session required pam_nowhere.so' "$PAM/login"
	status_is 0 nsinit disable login
	contains "the finding" "nobody gets in by 'login'" "$(cat "$OUT/stdout")"
	equal "lines" 0 "$(grep -c pam_container "$PAM/login")"
	# But a line that a jump counts on does.
	printf 'session %s\n' "[success=1 default=ignore] pam_permit.so" \
		"required pam_container.so" "required pam_permit.so" \
		> "$PAM/atd"
	look > "$TOP/before"
	status_is 1 nsinit disable atd
	same_as_before
	fresh
	config alice '{"rotfs": "/"}'
	status_is 1 nsinit enable login
	contains "the trial" "a login of alice by login was tried: " \
		"$(cat "$OUT/stderr")"
	contains "the reason" "rotfs: unknown key" "$(cat "$OUT/stderr")"
	same_as_before
	status_is 0 nsinit enable --audit login
	lands outside login alice
}

# named FILE TEXT SERVICE : refused with that text, and nothing changes.
named() {
	status_is 1 nsinit enable "$2"
	contains "$2" "$1" "$(cat "$OUT/stderr")"
	same_as_before
}

names() {
	fresh
	named "expected the name of a file" ../passwd
	named "expected the name of a file" ..
	named "expected the name of a file" /etc/passwd
	named "expected the name of a file" sub/login
	named "expected the name of a file" .hidden
	named "expected the name of a file" ""
	named "no such file" nsc-nowhere
	status_is 1 nsinit disable ../passwd
	same_as_before
}

# What an attacker has made of the directory is not followed.
untrusted() {
	fresh
	mv "$PAM/login" /tmp/login
	ln -s /tmp/login "$PAM/login"
	look > "$TOP/before"
	named "is a symbolic link" login
	status_is 1 nsinit disable login
	cmp -s /tmp/login "$TOP/pam.d/login" || fail "the target was changed"
	fresh
	chmod 0666 "$PAM/login"
	look > "$TOP/before"
	named "is writable by others" login
	fresh
	chown alice "$PAM/login"
	look > "$TOP/before"
	named "is owned by uid" login
	fresh
	rm "$PAM/login"
	mkfifo "$PAM/login"
	look > "$TOP/before"
	named "expected a regular file" login
	fresh
	chmod 0777 "$PAM"
	named "is writable by others" login
	chmod 0755 "$PAM"
	# A file with the name of ours is not written to.
	echo precious > /tmp/precious
	ln -s /tmp/precious "$PAM/.login.nsinit-new"
	ln -s /tmp/precious "$PAM/.login.nsinit-old"
	status_is 0 nsinit enable login
	equal "the target" precious "$(cat /tmp/precious)"
	status_is 0 nsinit disable
	same_as_before
}

# A login while the files change finds the old or the new file.
readers() {
	local i

	fresh
	sha256sum < "$PAM/login" > "$OUT/texts"
	status_is 0 nsinit enable login
	sha256sum < "$PAM/login" >> "$OUT/texts"
	while [ ! -e "$OUT/done" ]; do
		sha256sum < "$PAM/login"
	done > "$OUT/seen" 2>&1 &
	for i in 1 2 3 4; do
		nsinit disable > /dev/null
		nsinit enable login > /dev/null
	done
	: > "$OUT/done"
	wait $!
	empty "other content" "$(sort -u "$OUT/seen" |
		grep -vxFf "$OUT/texts")"
	equal "contents that were seen" 2 "$(sort -u "$OUT/seen" | wc -l)"
}

at_the_same_time() {
	local i

	fresh
	for i in 1 2 3; do
		nsinit enable login su > "$OUT/$i" 2>&1 &
	done
	wait
	equal "lines" 1 "$(grep -c pam_container "$PAM/login")"
	equal "changes" 1 "$(grep -l '^Enabled: login su$' "$OUT"/[123] |
		wc -l)"
	equal "others" 2 "$(grep -l '^Nothing to change' "$OUT"/[123] | wc -l)"
	nsinit enable su-l > /dev/null 2>&1 &
	nsinit disable > /dev/null 2>&1 &
	wait
	nsinit disable > /dev/null
	same_as_before
}

# --- the confirmation

put_back() {
	[ ! -e "$STATE/.enable" ]
}

confirmed() {
	fresh
	status_is 1 setsid -w sh -c \
		"nsinit enable --confirm-within 1m login && nsinit confirm"
	contains "what to do" "nsinit confirm" "$(cat "$OUT/stdout")"
	contains "an old session" "older than the change" "$(cat "$OUT/stderr")"
	status_is 1 nsinit enable su
	contains "another change" "waits for 'nsinit confirm'" \
		"$(cat "$OUT/stderr")"
	status_is 0 setsid -w nsinit confirm
	equal "the line" "$LINE" "$(tail -n 1 "$PAM/login")"
	empty "hidden files" "$(find "$PAM" -name '.*' -type f)"
	status_is 1 nsinit confirm
	contains "again" "no change waits" "$(cat "$OUT/stderr")"
	status_is 0 nsinit disable
	same_as_before
}

# The kernel's clock for the start of a session has ticks of 10 ms: a change is
# made at any part of one.
confirmed_at_once() {
	local i

	for ((i = 0; i < 12; i++)); do
		fresh
		nsinit enable --confirm-within 1m login > "$OUT/log" 2>&1
		status_is 0 setsid -w nsinit confirm
		status_is 0 nsinit disable
	done
}

# A login, as the kernel knows it; sudo and tmux begin a session in one.
as_login() {
	sh -c 'echo 0 > /proc/self/loginuid && exec "$@"' sh "$@"
}

confirmed_by_the_same_login() {
	fresh
	[ "$(as_login cat /proc/self/sessionid)" != 4294967295 ] ||
		skip "the kernel knows no logins"
	as_login sh -c 'nsinit enable --confirm-within 1m login > /dev/null
		exec setsid -w nsinit confirm' 2> "$OUT/stderr" &&
		fail "confirmed by the login that made the change"
	contains "why" "older than the change" "$(cat "$OUT/stderr")"
	status_is 0 as_login setsid -w nsinit confirm
	status_is 0 nsinit disable
	same_as_before
}

# The process that waits outlives the session, its terminal and its hangup.
not_confirmed() {
	fresh
	chmod 0640 "$PAM/login"
	look > "$TOP/before"
	setsid sh -c 'nsinit enable --confirm-within 3s login systemd-user; \
		kill -HUP -$$' > "$OUT/log" 2>&1
	equal "the line" "$LINE" "$(tail -n 1 "$PAM/login")"
	wait_until 20 put_back || fail "it was not put back"
	same_as_before
	logged "nobody has confirmed the change"
	status_is 1 setsid -w nsinit confirm
	same_as_before
}

disabled_meanwhile() {
	fresh
	status_is 0 nsinit enable su
	look > "$OUT/with-su"
	status_is 0 nsinit enable --confirm-within 1m login
	status_is 0 nsinit disable
	contains "what was done" "is put back" "$(cat "$OUT/stdout")"
	same_as_before
}

# Somebody edits a file before it is put back: the edit stays, our lines go.
edited() {
	fresh
	status_is 0 nsinit enable --confirm-within 3s login su systemd-user \
		sshd sudo
	sed -i '1i # an edit' "$PAM/login"		# another inode
	echo "# an edit" >> "$PAM/su"			# the same one
	echo "# an edit" >> "$PAM/systemd-user"
	rm "$PAM/sshd"
	rm "$PAM/sudo"
	ln -s /nowhere "$PAM/sudo"
	wait_until 20 put_back || fail "it was not put back"
	equal "login" "$(echo "# an edit"; cat "$TOP/pam.d/login")" \
		"$(cat "$PAM/login")"
	equal "su" "$(cat "$TOP/pam.d/su"; echo "# an edit")" "$(cat "$PAM/su")"
	equal "systemd-user" \
		"$(cat /usr/lib/pam.d/systemd-user; echo "# an edit")" \
		"$(cat "$PAM/systemd-user")"
	[ ! -e "$PAM/sshd" ] || fail "sshd was removed, and is there again"
	equal "sudo" /nowhere "$(readlink "$PAM/sudo")"
	empty "hidden files" "$(find "$PAM" -name '.*' -type f)"
	logged "/etc/pam.d/login was edited meanwhile"
}

# An edit of the marked line itself is what a test makes.
edited_line() {
	fresh
	status_is 0 nsinit enable --confirm-within 3s login sshd
	sed -i 's/pam_container.so/& debug/' "$PAM/login"
	sed -i '/^session.*pam_container/d' "$PAM/sshd"
	wait_until 20 put_back || fail "it was not put back"
	same_as_before
	logged "/etc/pam.d/login was edited meanwhile"
}

# From auditing to enforcing and back: what was there were lines of ours.
back_to_audit() {
	fresh
	status_is 0 nsinit enable --audit login
	look > "$TOP/before"
	status_is 0 nsinit enable --confirm-within 2s login
	equal "the line" "$LINE" "$(tail -n 1 "$PAM/login")"
	wait_until 20 put_back || fail "it was not put back"
	same_as_before
}

# The machine was switched off before the confirmation; nobody could log in.
rebooted() {
	local pid

	fresh
	status_is 0 nsinit enable --confirm-within 1h login systemd-user
	pid=$(pgrep -f 'nsinit enable --confirm-within 1h')
	kill -KILL "$pid"
	sed -i 's/^boot_id .*/boot_id 00000000-0000-0000-0000-000000000000/' \
		"$STATE/.enable"
	cp -a "$PAM" "$OUT/pam.d"
	cp "$STATE/.enable" "$OUT/record"
	status_is 1 setsid -w nsinit confirm
	contains "what was done" "it is put back" "$(cat "$OUT/stderr")"
	same_as_before
	# The command of the unit.
	rm -r "$PAM"
	cp -a "$OUT/pam.d" "$PAM"
	cp "$OUT/record" "$STATE/.enable"
	status_is 0 setsid -w nsinit confirm --expired
	same_as_before
	status_is 0 nsinit enable --confirm-within 1h login
	status_is 0 setsid -w nsinit confirm --expired
	[ -e "$STATE/.enable" ] || fail "--expired has confirmed it"
	status_is 0 nsinit disable
	same_as_before
	contains "who does that at boot" "nsinit confirm --expired" \
		"$(cat /usr/lib/systemd/system/nscontainer-put-back.service)"
	# The watcher alone was killed: the next command finds it.
	status_is 0 nsinit enable --confirm-within 2s login
	kill -KILL "$(pgrep -f 'nsinit enable --confirm-within 2s')"
	sleep 2.1
	status_is 1 setsid -w nsinit confirm
	same_as_before
}

# --- faults

# interrupted ACTION CALLS COMMAND... : nsinit is killed, or fails, before each step that
# changes something.  A reader finds old or new files, and the same command
# again comes to its end.
interrupted() {
	local action=$1 calls=$2 step path call number file n=0

	shift 2
	"$TESTS/faults" -o "$OUT/steps" "$@" > "$OUT/first" 2>&1 ||
		fail "without a fault" "$(cat "$OUT/first")"
	look > "$OUT/after"
	grep -E "^0 .* ($calls) " "$OUT/steps" > "$OUT/plan"
	while read -r step; do
		read -r path _ call number <<< "$step"
		before_each
		"$TESTS/faults" -f "$path:$call:$number:$action" "$@" \
			> "$OUT/log" 2>&1
		for file in "$PAM"/*; do
			cmp -s "$file" "$OUT/old/${file##*/}" ||
			cmp -s "$file" "$OUT/new/${file##*/}" ||
				fail "$step: $file is neither old nor new" \
					"$(cat "$OUT/log")"
		done
		"$@" > "$OUT/log" 2>&1 ||
			fail "$step: the next one fails" "$(cat "$OUT/log")"
		look > "$OUT/now"
		cmp -s "$OUT/after" "$OUT/now" || fail "$step: is not as after" \
			"$(diff "$OUT/after" "$OUT/now")" "$(cat "$OUT/log")"
		n=$((n + 1))
	done < "$OUT/plan"
	[ "$n" -ge 10 ] || fail "only $n steps" "$(cat "$OUT/steps")"
}

# The files before and after, and how to come to before.
enable_at_each_step() {
	[ -x "$TESTS/faults" ] || skip "faults is not built"
	before_each() {
		rm -rf "${PAM:?}" "$STATE/.enable"
		cp -a "$TOP/pam.d" "$PAM"
	}
	fresh
	cp -a "$PAM" "$OUT/old"
	nsinit enable login systemd-user > /dev/null
	cp -a "$PAM" "$OUT/new"
	before_each
	interrupted "$@" nsinit enable login systemd-user
}

disable_at_each_step() {
	[ -x "$TESTS/faults" ] || skip "faults is not built"
	before_each() {
		rm -rf "${PAM:?}" "$STATE/.enable"
		cp -a "$OUT/old" "$PAM"
	}
	fresh
	nsinit enable login systemd-user > /dev/null
	cp -a "$PAM" "$OUT/old"
	cp -a "$TOP/pam.d" "$OUT/new"
	before_each
	interrupted "$@" nsinit disable
}

# A file system of its own that has no room.
full_disk() {
	fresh
	mount -t tmpfs -o size=200k,mode=755 tmpfs "$PAM"
	cp -a "$TOP/pam.d/." "$PAM/"
	head -c 300000 /dev/zero > "$PAM/zero" 2> /dev/null
	look > "$TOP/before"
	status_is 1 nsinit enable
	umount_later "$PAM"
	contains "the reason" "No space left" "$(cat "$OUT/stderr")"
	same_as_before
	# It was full only afterwards: it goes back without any room.
	rm "$PAM/zero"
	look > "$TOP/before"
	status_is 0 nsinit enable --confirm-within 2s login
	head -c 300000 /dev/zero > "$PAM/zero" 2> /dev/null
	wait_until 20 put_back || fail "it was not put back"
	rm "$PAM/zero"
	same_as_before
	umount "$PAM"
	# The record does not fit.
	mount -t tmpfs -o size=4k,mode=755 tmpfs "$STATE"
	: > "$STATE/.enable-lock"
	head -c 9000 /dev/zero > "$STATE/zero" 2> /dev/null
	look > "$TOP/before"
	status_is 1 nsinit enable login
	umount "$STATE"
	same_as_before
}
umount_later() {
	trap 'umount "$PAM" 2> /dev/null' EXIT
}

t "enable writes the lines, logins land inside, disable takes them out" all_doors
t "--dry-run shows the difference and changes nothing" dry_run
t "--audit leaves logins on the host, and enable goes on from there" audit
t "a file of /usr/lib/pam.d is copied, and goes again if it is unchanged" copied
t "lines that were written by hand" by_hand
t "mode, owner, label and odd texts stay" attributes
t "a change that lets nobody in, or everybody out, is not made" refused
t "H13 the name of a service leads nowhere else" names
t "H13 a link, a FIFO or what others can write is refused" untrusted
t "a reader sees the old file or the new one" readers
t "several at the same time" at_the_same_time
t "a change that is confirmed in a new session stays" confirmed
t "an edited line of the change goes, too" edited_line
t "the login that made a change cannot confirm it" confirmed_by_the_same_login
t "a login right after a change confirms it" confirmed_at_once
t "a change that nobody confirms is put back" not_confirmed
t "disable takes back a change that waits" disabled_meanwhile
t "what was edited meanwhile keeps the edit" edited
t "back from enforcing to auditing" back_to_audit
t "a reboot, and a killed watcher, put it back" rebooted
t "enable: killed before each step" enable_at_each_step KILL \
	'rename.*|link.*|unlink.*|write|fchown|mkdir.*|clone.*'
t "enable: each step has no space" enable_at_each_step ENOSPC \
	'rename.*|link.*|write|fsync|mkdir.*'
t "disable: killed before each step" disable_at_each_step KILL \
	'rename.*|link.*|unlink.*|write|fchown|mkdir.*|clone.*'
t "a full disk changes nothing, and can be gone back from" full_disk
