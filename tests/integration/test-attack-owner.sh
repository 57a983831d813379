#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The owner of a container and its files: what other users can read, what the
# container's own user can write, and what remains for an account that is made
# again.  The first word of a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l
conf 'stop = "logout";'
sshd_start 22
SECRET=nsc-secret-7129
STATE=/var/lib/nscontainer

# as UID COMMAND... : does not use the product, and has no other group.
as() {
	local uid=$1

	shift
	timeout 30 setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
}

# library COMMAND... : runs in alice's container, like a program of root that
# uses the library.
library() {
	python3 - "$@" <<-'END'
	import ctypes, os, sys
	lib = ctypes.CDLL("libnscontainer.so.1")
	err = ctypes.create_string_buffer(4096)
	handle, status = ctypes.c_void_p(), ctypes.c_int()
	words = [x.encode() for x in sys.argv[1:]]
	argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
	env = (ctypes.c_char_p * 1)(None)
	if (lib.nscontainer_open_user(b"alice", None, ctypes.byref(handle), err) or
	        lib.nscontainer_exec(handle, argv, env, 2, ctypes.byref(status),
	                             err)):
	    sys.exit(err.raw[4:].split(b"\0")[0].decode())
	sys.exit(os.waitstatus_to_exitcode(status.value))
	END
}

# begin JSON : alice's container runs.
begin() {
	need_attacker
	restored
	config alice "$1"
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# --- W1

# A container.json that only root can read: no other user finds its content in
# /run, and its own user finds only the necessary parts.
secret_stays() {
	local file

	begin "{\"rootfs\": \"/\", \"environment\": [\"TOKEN=$SECRET\"]}"
	chmod 0600 "$CONF/users/alice/container.json"
	grep -q "$SECRET" "$RUN/alice/current/state" || fail "control: root finds it"
	empty "bob finds it in" "$(as "$(id -u bob)" \
		grep -rlsa "$SECRET" /run /var/lib /var/log /etc)"
	for file in state seccomp.bpf sessions enter cgroup; do
		as "$(id -u bob)" test ! -r "$RUN/alice/current/$file" ||
			fail "bob can read $file"
	done
	equal "control: pid" "$(pid_of alice)" \
		"$(as "$(id -u bob)" cat "$RUN/alice/pid")"
	# The user's group has another member.
	equal "groups of the files" root \
		"$(stat -c %G "$RUN"/alice/* "$RUN"/alice/current/* |
			sort -u)"
	for file in ssh su nsshell; do
		equal "$file" "$SECRET" "$(by $file 'echo $TOKEN')"
	done
	equal "library" "$SECRET" "$(library sh -c 'echo $TOKEN')"
	by su 'sleep 5' &
	wait_until 5 pgrep -u alice sleep > /dev/null || fail "no session"
	# The pattern does not match its own command line.
	empty "bob finds it in" "$(as "$(id -u bob)" sh -c \
		'grep -lsa "$1" /proc/[0-9]*/cmdline /proc/[0-9]*/environ' sh \
		"${SECRET%9}[9]")"
	for file in "list --json" "ps --json" "check --json alice" \
			"stats alice"; do
		# shellcheck disable=SC2086 # words
		lacks "bob: nsinit $file" "$SECRET" \
			"$(as "$(id -u bob)" nsinit $file 2>&1)"
	done
	wait
}

# Members of a group of the host read its logs, but not a file of mode 0600.
messages_quote_none() {
	local text

	begin '{"rootfs": "/"}'
	while read -r text; do
		clean_slate
		syslog_mark
		config alice "{\"rootfs\": \"/\", $text}"
		status_is 1 nsinit check alice
		lacks "check: $text" "$SECRET" "$(cat "$OUT/stderr")"
		status_is 1 su alice -c true
		logged "login refused"
		lacks "syslog: $text" "$SECRET" "$(syslog_since)"
	done <<-END
	"environment": ["TOKEN $SECRET"]
	"environment": ["TOKEN=1", "TOKEN=$SECRET"]
	"environment": {"TOKEN": "$SECRET"}
	"environment": ["TOKEN=$SECRET" "A=B"]
	"environment": ["A=B"] "TOKEN=$SECRET"
	"session": {"message": ["$SECRET"]}
	"session": {"message": "$SECRET %x"}
	"hooks": {"start": [{"path": "/bin/true", "args": "$SECRET"}]}
	"engine": {"start": {"path": "/bin/true", "args": ["$SECRET", {"$SECRET": 1}]}}
	END
	# The control: what is no secret is quoted.
	config alice "{\"rootfs\": \"/\", \"hostname\": \"-$SECRET\"}"
	status_is 1 nsinit check alice
	contains "control" "$SECRET" "$(cat "$OUT/stderr")"
}

# --- W2

# The user could fill a file on /run that they own, even by sftp alone: so
# there is none, whatever the user tries.  The user may write to a FIFO, which
# keeps nothing.
nothing_to_fill() {
	local file uid

	begin '{"rootfs": "/"}'
	uid=$(id -u alice)
	empty "below $RUN, not root's" "$(find "$RUN" ! -uid 0)"
	for file in "$RUN"/alice "$RUN/$uid" "$RUN"/alice/* \
			"$RUN"/alice/current/*; do
		! as "$uid" chmod u+w "$file" 2> /dev/null ||
			fail "chmod of $file"
		! as "$uid" python3 -c 'import os, sys
os.setxattr(sys.argv[1], "system.posix_acl_access", bytes.fromhex("02000000" +
    "01000700ffffffff" + "04000700ffffffff" + "20000700ffffffff"))' "$file" \
			2> /dev/null || fail "a list of $file"
		[ -p "$file" ] || ! as "$uid" sh -c ': >> "$0"' "$file" \
			2> /dev/null || fail "$file can be written to"
		! as "$uid" mv "$file" "$file.x" 2> /dev/null ||
			fail "$file can be moved"
	done
	# The control: a file that the user owns accepts all of it.
	install -o alice -m 0400 /dev/null /run/alices
	as "$uid" chmod u+w /run/alices || fail "control: chmod"
	as "$uid" head -c 1000000 /dev/zero | as "$uid" tee -a /run/alices \
		> /dev/null
	equal "control" 1000000 "$(stat -c %s /run/alices)"
	rm /run/alices
}

# A nsshell without privileges holds the lock that it can only read.
nsshell_counts() {
	need_attacker
	clean_slate
	config alice '{"rootfs": "/", "lifecycle": {"stop": "empty"}}'
	hold alice
	mkfifo "$OUT/wait"
	by nsshell 'echo there; read -r go; echo gone' <> "$OUT/wait" \
		> "$OUT/text" &
	wait_until 5 grep -q there "$OUT/text" || fail "nsshell does not enter"
	release
	sleep 1.5
	[ -n "$(pid_of alice)" ] || fail "the container ended under nsshell"
	echo > "$OUT/wait"
	wait $!
	contains "nsshell" gone "$(cat "$OUT/text")"
	wait_until 5 no_container alice || fail "it stays"
}

# The shortest nsshell restarts the linger time.
nsshell_lingers() {
	need_attacker
	clean_slate
	config alice '{"rootfs": "/", "lifecycle": {"stop": "logout",
		"linger": 3}}'
	nssh alice true
	sleep 2
	by nsshell true || fail "nsshell"
	sleep 2
	[ -n "$(pid_of alice)" ] || fail "it ended 2 s after the last session"
	wait_until 4 no_container alice || fail "it lingers for ever"
}

# If /run has no access control lists, logins by PAM work, the files belong
# only to root, and nsshell reports the reason.
without_lists() {
	need_attacker
	clean_slate
	mount -t ramfs none "$RUN" || skip "ramfs"
	config alice '{"rootfs": "/"}'
	hold alice
	equal "mode" 600 "$(stat -c %a "$RUN/alice/current/state")"
	equal "su" alice "$(by su 'id -un')"
	! by nsshell true 2> "$OUT/text" || fail "nsshell enters"
	contains "nsshell" "access control lists" "$(cat "$OUT/text")"
	usermod -s /usr/bin/nsshell alice
	contains "doctor" "nsshell-without-acl" "$(nsinit doctor --json alice)"
	release
	wait_until 5 no_container alice || fail "left"
	umount "$RUN"
	lacks "doctor, with lists" "nsshell-without-acl" \
		"$(nsinit doctor --json alice)"
	usermod -s /bin/bash alice
}

# --- W3

OLD=$(id -u alice)
NEW=1717
# again UID : deletes alice's account, and makes it again with that uid.
again() {
	sed -i "s/^alice:x:[0-9]*:[0-9]*:/alice:x:$1:$1:/" /etc/passwd
	sed -i "s/^alice:x:[0-9]*:/alice:x:$1:/" /etc/group
	chown -R --from="$(stat -c %u /home/alice)" "$1:$1" /home/alice
}

# Gives the old uid to mallory.
mallory() {
	again "$NEW"
	echo "mallory:x:$OLD:$OLD::/tmp:/bin/sh" >> /etc/passwd
	echo "mallory:x:$OLD:" >> /etc/group
}
restored() {
	rm -f /home/alice/go
	pkill -xf "sleep 712[34]"
	clean_slate
	again "$OLD"
	sed -i '/^mallory:/d' /etc/passwd /etc/group
}

# old_runs JSON : a container of the old uid runs until it is stopped, with a
# process in it; then the account is made again.
old_runs() {
	begin "$1"
	by nsshell 'exec sleep 7123' &
	wait_until 5 pgrep -xf 'sleep 7123' > /dev/null || fail "nsshell"
	BEFORE=$(pid_of alice)
	echo "$SECRET" > /home/alice/secret
	chmod 0600 /home/alice/secret
	mallory
}

# landed_in_new DOOR : the login is in a new container, and nothing of the old
# one runs.
landed_in_new() {
	local pid

	pid=$(pid_of alice)
	[ -n "$pid" ] || fail "$1: no container"
	differ "$1: PID 1" "$BEFORE" "$pid"
	[ ! -e "/proc/$BEFORE" ] || fail "$1: the old container runs"
	! pgrep -xf 'sleep 7123' > /dev/null || fail "$1: its process runs"
	[ -z "$(find "$RUN" ! -uid 0)" ] || fail "$1: a user owns files"
	as "$NEW" test -r "$RUN/alice/current/sessions" || fail "$1: the new uid"
	as "$OLD" test ! -r "$RUN/alice/current/sessions" || fail "$1: the old uid"
	equal "$1: run directories" 1 \
		"$(find "$RUN" -maxdepth 1 -name '*alice*' | wc -l)"
}

# Each door that starts a container: nobody waits for processes in the old one.
made_again() {
	local door

	for door in ssh su start; do
		old_runs '{"rootfs": "/"}'
		syslog_mark
		case $door in
		start) timeout 20 nsinit start alice || fail "start" ;;
		*) by $door "id -u; $STAY" > "$OUT/$door" &
			wait_until 15 grep -qs . "$OUT/$door" ||
				fail "$door: no login"
			equal "$door" "$NEW" "$(cat "$OUT/$door")" ;;
		esac
		landed_in_new $door
		logged "belongs to uid $OLD"
		as_new_and_old
		touch /home/alice/go
		wait
		restored
	done
}

# Mallory, who has the old uid, gets no access to the new user's container.
as_new_and_old() {
	local pid

	pid=$(pid_of alice)
	! as "$OLD" nsenter -U -m -p -n -t "$pid" --preserve-credentials true \
		2> /dev/null || fail "mallory is in by nsenter"
	! as "$OLD" cat "/proc/$pid/root/home/alice/secret" 2> /dev/null ||
		fail "mallory reads the secret"
	! as "$OLD" /usr/bin/nsshell -c true 2> "$OUT/text" ||
		fail "mallory is in by nsshell"
	contains "nsshell" "mallory" "$(cat "$OUT/text")"
	as "$NEW" /usr/bin/nsshell -c true || fail "the new one is not"
}

# The control: for nsenter the container's uid is enough.
the_uid_is_enough() {
	old_runs '{"rootfs": "/"}'
	as "$OLD" nsenter -U -m -p -t "$BEFORE" --preserve-credentials true ||
		fail "the test is wrong: mallory cannot enter the old one"
	restored
}

# Doors that start nothing refuse, and name the remedy.
refused_by_others() {
	old_runs '{"rootfs": "/"}'
	status_is 1 library true
	contains "library" "now has uid $NEW" "$(cat "$OUT/stderr")"
	status_is 126 as "$NEW" /usr/bin/nsshell -c true
	contains "nsshell" "another account" "$(cat "$OUT/stderr")"
	# The container does not belong to the new holder of the uid, by any
	# name.
	status_is 126 as "$OLD" /usr/bin/nsshell -c 'echo in'
	contains "nsshell" mallory "$(cat "$OUT/stderr")"
	contains "list" " yes " "$(nsinit list)"
	sed -i '/^alice:/d' /etc/passwd
	status_is 1 library true
	timeout 15 nsinit stop alice || fail "nsinit stop"
	[ ! -e "/proc/$BEFORE" ] || fail "it runs"
	echo "alice:x:$NEW:$NEW::/home/alice:/bin/bash" >> /etc/passwd
	restored
}

# A user who holds the old lock for ever delays nobody; not even if nothing
# runs, and only the directory is left.
held_lock() {
	local pid

	begin '{"rootfs": "/"}'
	as "$(id -u alice)" flock "$RUN/alice/current/sessions" sleep 7124 &
	pid=$!
	wait_until 5 pgrep -xf 'sleep 7124' > /dev/null || fail "no lock"
	clean_kill
	mallory
	hold alice
	as "$NEW" test -r "$RUN/alice/current/sessions" || fail "the new uid"
	as "$OLD" test ! -r "$RUN/alice/current/sessions" || fail "the old uid"
	equal "run directories" 1 \
		"$(find "$RUN" -maxdepth 1 -name '*alice*' | wc -l)"
	release
	pkill -xf 'sleep 7124'
	wait "$pid"
	restored
}
clean_kill() {
	kill -KILL "$(pid_of alice)"
	wait_until 5 no_container alice || fail "it does not end"
}

# "keep" never keeps an old container, and "recycle" never recycles one.
never_kept() {
	local change

	for change in keep drain recycle; do
		old_runs "{\"rootfs\": \"/\", \"overlay\": \"tmpfs\",
			\"lifecycle\": {\"on_change\": \"$change\"}}"
		hold alice
		landed_in_new "$change"
		release
		restored
	done
}

# The control: the same uid is the same person, who joins.
same_uid() {
	begin '{"rootfs": "/"}'
	BEFORE=$(pid_of alice)
	again "$(id -u alice)"
	hold alice
	equal "PID 1" "$BEFORE" "$(pid_of alice)"
	release
}

# --- W4

# Kept files of the old uid are shown to nobody else; the same uid sees them.
kept() {
	local what=$1 file=$2

	[ -e /srv/images/box ] || {
		make_busybox /srv/images/box || skip busybox
		rm /srv/images/box/bin/bash
		printf '#!/bin/sh\nexec /bin/sh "$@"\n' > /srv/images/box/bin/bash
		chmod 0755 /srv/images/box/bin/bash
	}
	begin "{\"rootfs\": \"/srv/images/box\", $what}"
	as_root_inside sh -c "umask 022; echo $SECRET > $file" ||
		fail "the test is wrong: no file"
	timeout 15 nsinit stop alice
	equal "same uid, again" "$SECRET" "$(by su "cat $file")"
	equal "its uid" "$OLD" "$(cat $STATE/alice/uid)"
	equal "mode" "600 root" "$(stat -c '%a %U' $STATE/alice/uid)"
	clean_slate
	mallory
	! by su "cat $file" > "$OUT/text" 2>&1 ||
		fail "$what is the new one's" "$(cat "$OUT/text")"
	logged "was made for uid $OLD"
	# The remedy.
	mv $STATE/alice $STATE/alice.old
	equal "a new one" "$NEW" "$(by su "id -u; cat $file 2> /dev/null")"
	clean_slate
	rm -rf $STATE/alice $STATE/alice.old
	restored
}

# State of an earlier version, which noted no uid.
kept_without_note() {
	begin '{"rootfs": "/", "home": "private"}'
	clean_slate
	rm $STATE/alice/uid
	equal "same uid" alice "$(by su 'id -un')"
	[ -e $STATE/alice/uid ] || fail "the uid is not noted"
	clean_slate
	rm $STATE/alice/uid
	mallory
	! by su true > /dev/null 2>&1 || fail "the new one has it"
	clean_slate
	rm -rf $STATE/alice
	restored
}

# A user who has a range, home and layer can start on a full disk.
full_disk() {
	need_attacker
	restored
	config alice '{"rootfs": "/", "home": "private"}'
	mount -t tmpfs -o mode=0755,size=256k,nr_inodes=32 none $STATE
	equal "a login" alice "$(by su 'id -un')"
	clean_slate
	# State of an earlier version: neither file can be completed.
	rm $STATE/alice/uid
	sed -i "s/ $OLD\$//" $STATE/ids
	head -c 1M /dev/zero > $STATE/full 2> /dev/null
	while : > "$STATE/full.$RANDOM"; do
		:
	done 2> /dev/null
	equal "a login" alice "$(by su 'id -un')"
	# The control: a user without them needs disk space.
	config bob '{"rootfs": "/", "home": "private"}'
	! su bob -c true > /dev/null 2>&1 || fail "control: bob is in"
	rm -r "$CONF/users/bob"
	clean_slate
	umount $STATE
}

# A range of the pool belongs to a uid: another uid gets another range.
ranges() {
	local first second

	need_product
	restored
	range_of() {
		nsinit check alice | sed -n 's/^uid_map: 0:\([0-9]*\):.*/\1/p'
	}
	: > /etc/subuid
	: > /etc/subgid
	rm -f $STATE/ids
	config alice '{"rootfs": "/"}'
	first=$(range_of)
	equal "its line" "alice $first $(id -u alice)" "$(cat $STATE/ids)"
	mallory
	second=$(range_of)
	equal "another range" $((first + 65536)) "$second"
	restored
	equal "the first one again" "$first" "$(range_of)"
	# A line of an earlier version is used unchanged, and completed.
	printf 'bob 1879048192\nalice 1879113728' > $STATE/ids
	equal "without a uid" 1879113728 "$(range_of)"
	equal "completed" "bob 1879048192
alice 1879113728 $(id -u alice)" "$(cat $STATE/ids)"
}

t "W1 what container.json says is read by nobody else in /run" secret_stays
t "W1 messages quote no secret of container.json" messages_quote_none
t "W2 no user owns, or can write to, what is below /run/nscontainer" \
	nothing_to_fill
t "W2 a nsshell without privileges is a session by a file that it can read" \
	nsshell_counts
t "W2 the shortest nsshell is one that the container lingers after" \
	nsshell_lingers
t "W2 without access control lists the files are root's alone" without_lists
t "W3 an account with another uid has another container" made_again
t "W3 nsshell and the library refuse the container of another uid" \
	refused_by_others
t "W3 the control: the old uid enters the old container" the_uid_is_enough
t "W3 on_change keeps no container of another uid" never_kept
t "W3 a lock that the old uid holds is not waited for" held_lock
t "W3 an account with the same uid has the same container" same_uid
t "W4 a private home is that of a uid" kept '"home": "private"' \
	/home/alice/kept
t "W4 the layer of a persistent overlay is that of a uid" kept \
	'"overlay": "persistent"' /kept
t "W4 a home of a version before is that of its owner" kept_without_note
t "W4 a range of the pool is that of a uid" ranges
t "W4 a full disk refuses nobody who has a range" full_disk
