#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A configuration in several files, written by several hands; and one that has no
# effect, which is named.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# drop_in DIRECTORY NAME TEXT : writes $CONF/DIRECTORY/NAME.
drop_in() {
	mkdir -p "$CONF/$1"
	printf '%s\n' "$3" > "$CONF/$1/$2"
}

fresh() {
	need_product
	clean_slate
	rm -rf "${CONF:?}"
	mkdir -p "$CONF"
	conf 'linger = 0;'
	config alice '{"rootfs": "/"}'
}

as_alice() {
	su -c "$1" alice
}

# --- drop-ins

merged_for_a_login() {
	fresh
	pam_enable su
	config alice '{"rootfs": "/", "hostname": "main", "umask": "0022",
		"environment": ["LAB=main"], "cgroups": {"pids": 300}}'
	drop_in users/alice/container.json.d 10-fleet.json \
		'{"hostname": "fleet", "umask": "0027", "mounts":
		[{"type": "tmpfs", "destination": "/mnt", "size": "1M"}]}'
	drop_in users/alice/container.json.d 20-lab.json \
		'{"hostname": "lab", "mounts": [{"type": "tmpfs",
		"destination": "/media", "size": "2M"}], "umask": null}'
	# These are not read.
	drop_in users/alice/container.json.d .30.json '{'
	drop_in users/alice/container.json.d 30.json.bak '{'
	equal "the last name counts" lab "$(as_alice hostname)"
	equal "lists of objects are appended" "1024 2048" \
		"$(as_alice "df -k --output=size /mnt /media | tail -n 2" |
		xargs)"
	nsinit stop --timeout 0 alice 2> /dev/null || true
}

alone_they_contain() {
	fresh
	pam_enable su
	rm -r "$CONF/users"
	# Control: on the host.
	equal "without" "$(hostname)" "$(as_alice hostname)"
	drop_in default/container.json.d 10.json \
		'{"rootfs": "/", "hostname": "only-drop-ins"}'
	equal "with" only-drop-ins "$(as_alice hostname)"
	nsinit stop --timeout 0 alice 2> /dev/null || true
}

change_is_seen() {
	fresh
	drop_in users/alice/container.json.d 10.json '{"hostname": "one"}'
	nsinit start alice
	lacks "before" true "$(nsinit list --json | grep -o '"stale": true')"
	drop_in users/alice/container.json.d 10.json '{"hostname": "two"}'
	contains "a changed file" '"stale": true' "$(nsinit list --json)"
	drop_in users/alice/container.json.d 10.json '{"hostname": "one"}'
	lacks "as before" '"stale": true' "$(nsinit list --json)"
	drop_in users/alice/container.json.d 20.json '{}'
	contains "a new file" '"stale": true' "$(nsinit list --json)"
	nsinit stop --timeout 0 alice 2> /dev/null || true
}

# refused TEXT : alice cannot log in, and the log says why.
refused() {
	syslog_mark
	as_alice true && fail "a login with: $1"
	logged "$1"
}

untrusted_refuses() {
	local where=$CONF/users/alice/container.json.d

	fresh
	pam_enable su
	drop_in users/alice/container.json.d 10.json '{"hostname": "lab"}'
	chmod 0666 "$where/10.json"
	refused "container.json.d/10.json: is writable by others"
	chmod 0644 "$where/10.json"
	chown alice "$where"
	refused "container.json.d: is owned by uid"
	chown root "$where"
	ln -s 10.json "$where/20.json"
	refused "20.json: is a symbolic link"
	rm "$where/20.json"
	mkfifo "$where/20.json"
	refused "20.json: expected a regular file"
	rm "$where/20.json"
	drop_in nscontainer.conf.d 10.conf 'mode = "audit";'
	chmod 0666 "$CONF/nscontainer.conf.d/10.conf"
	refused "nscontainer.conf.d/10.conf: is writable by others"
	# Control.
	rm -r "$CONF/nscontainer.conf.d"
	equal "trusted" lab "$(as_alice hostname)"
	nsinit stop --timeout 0 alice 2> /dev/null || true
}

blamed() {
	fresh
	drop_in users/alice/container.json.d 10.json '{}'
	drop_in users/alice/container.json.d 20.json '{
    "hostame": "x"
}'
	status_is 1 nsinit check alice
	contains "the file, the place, the key" \
		"container.json.d/20.json: hostame: unknown key: did you mean \
'hostname'? (line 2, column 5)" "$(cat "$OUT/stderr")"
	drop_in users/alice/container.json.d 20.json '{
    "tty": true,
}'
	status_is 1 nsinit check alice
	contains "what to write" "20.json: line 2, column 16: a comma too many" \
		"$(cat "$OUT/stderr")"
	rm -r "$CONF/users/alice/container.json.d"
	drop_in nscontainer.conf.d 50.conf 'linger = "x";'
	status_is 1 nsinit check alice
	contains "of nscontainer.conf" \
		"nscontainer.conf.d/50.conf: line 1: linger: expected" \
		"$(cat "$OUT/stderr")"
}

conf_is_merged() {
	fresh
	drop_in nscontainer.conf.d 10.conf 'linger = 5; stop = "logout";'
	drop_in nscontainer.conf.d 20.conf 'linger = 7;'
	nsinit check --json alice > "$OUT/check"
	contains "the later file" '"linger": 7' "$(cat "$OUT/check")"
	contains "the earlier file" '"stop": "logout"' "$(cat "$OUT/check")"
	drop_in nscontainer.conf.d 30.conf 'exempt_users = [ "alice" ];'
	contains "exempt" "exempt_users" "$(nsinit check alice)"
	nsinit doctor alice > "$OUT/stdout"
	contains "the file that exempts" "nscontainer.conf.d/30.conf" \
		"$(grep 'note exempt' "$OUT/stdout")"
}

# --- without effect

# named FILE TEXT : doctor and check name it.
named() {
	nsinit doctor alice > "$OUT/doctor" 2>&1
	contains "doctor" "$1
    $2" "$(cat "$OUT/doctor")"
	status_is 0 nsinit check alice
	contains "check" "$1: $2" "$(cat "$OUT/stderr")"
}

nothing_is_named() {
	fresh
	mkdir -p "$CONF/seccomp" "$CONF/groups/staff"
	cp "$CONF/users/alice/container.json" "$CONF/groups/staff"
	cp "$CONF/users/alice/container.json" \
		"$CONF/users/alice/container.json~"
	cp "$CONF/nscontainer.conf" "$CONF/nscontainer.conf.dpkg-old"
	cat > "$CONF/profile.json" <<-'END'
	{"defaultAction": "SCMP_ACT_ALLOW"}
	END
	config alice "{\"rootfs\": \"/\", \"seccomp\": \"$CONF/profile.json\"}"
	conf 'exempt_users = [ "bob" ]; exempt_groups = [ "staff" ];' \
		'exempt_services = [ "su" ];'
	drop_in nscontainer.conf.d 10.conf ''
	drop_in nscontainer.conf.d 10.conf~ ''
	status_is 0 nsinit check alice
	empty "warnings" "$(cat "$OUT/stderr")"
	lacks "doctor" "not-read" "$(nsinit doctor alice)"
	lacks "doctor" "unknown" "$(nsinit doctor alice)"
}

names_are_named() {
	fresh
	config alcie '{"rootfs": "/"}'
	mkdir -p "$CONF/groups/stfaf" "$CONF/users/staff"
	cp "$CONF/users/alice/container.json" "$CONF/groups/stfaf"
	cp "$CONF/users/alice/container.json" "$CONF/users/staff"
	conf 'exempt_users = [ "bbo" ]; exempt_groups = [ "dameon" ];' \
		'exempt_services = [ "ssshd" ];' \
		'cgroup_parents = ( { name = "x"; users = [ "calor" ]; } );'
	named "$CONF/users/alcie" \
		"there is no user 'alcie': did you mean 'alice'?"
	named "$CONF/groups/stfaf" \
		"there is no group 'stfaf': did you mean 'staff'?"
	named "$CONF/users/staff" "there is no user 'staff': it is a group: \
did you mean groups/staff?"
	named "$CONF/nscontainer.conf" \
		"exempt_users: there is no user 'bbo': did you mean 'bob'?"
	named "$CONF/nscontainer.conf" "exempt_groups: there is no group \
'dameon': did you mean 'daemon'?"
	named "$CONF/nscontainer.conf" "exempt_services: there is no PAM \
service 'ssshd': did you mean 'sshd'?"
	named "$CONF/nscontainer.conf" \
		"cgroup_parents: there is no user 'calor': did you mean"
}

files_are_named() {
	fresh
	mkdir -p "$CONF/defaults" "$CONF/users/bob" "$CONF/users/carol" \
		"$CONF/users/alice/container.json.d"
	echo '{}' | tee "$CONF/users/bob.json" "$CONF/container.json" \
		"$CONF/users/bob/containers.json" \
		"$CONF/users/alice/container.json.d/10.jsn" > "$CONF/notes"
	drop_in nscontainer.conf.d extra ''
	named "$CONF/defaults" \
		"nothing reads this directory: did you mean 'default'?"
	named "$CONF/users/bob.json" "nothing reads this file: users/ has a \
directory for each user: did you mean 'users/bob/container.json'?"
	named "$CONF/users/bob/containers.json" \
		"nothing reads this file: did you mean 'container.json'?"
	named "$CONF/users/carol" "the directory has no container.json: it \
contains nobody"
	named "$CONF/container.json" "nothing reads this file: did you mean \
'default/container.json'?"
	named "$CONF/notes" "nothing reads this file"
	named "$CONF/users/alice/container.json.d/10.jsn" \
		"nothing reads this file: its name does not end with .json"
	named "$CONF/nscontainer.conf.d/extra" \
		"nothing reads this file: its name does not end with .conf"
}

# --- check

check_all() {
	fresh
	config bob '{"rotfs": "/"}'
	status_is 1 nsinit check --all
	contains "alice" "alice            ok       $CONF/users/alice/" \
		"$(cat "$OUT/stdout")"
	contains "bob" "bob              refused  $CONF/users/bob/container\
.json: rotfs: unknown key: did you mean 'rootfs'?" "$(cat "$OUT/stdout")"
	contains "carol" "carol            host     not contained: no container\
.json" "$(cat "$OUT/stdout")"
	equal "a line for each" "$(awk '{print $1}' "$OUT/stdout" | sort -u)" \
		"$(awk '{print $1}' "$OUT/stdout" | sort)"
	rm -r "$CONF/users/bob"
	status_is 0 nsinit check --all --json
	python3 - "$OUT/stdout" <<-'END' || fail "JSON" "$(cat "$OUT/stdout")"
	import json, sys
	users = {u["user"]: u for u in map(json.loads, open(sys.argv[1]))}
	assert users["alice"]["result"] == "ok", users
	assert users["bob"]["result"] == "host", users
	END
	config alcie '{}'
	status_is 1 nsinit check --all
	contains "without effect" "users/alcie" "$(cat "$OUT/stderr")"
	status_is 2 nsinit check --all alice
	nsinit list > "$OUT/list"
	lacks "nothing runs" alice "$(cat "$OUT/list")"
}

check_directory() {
	in_box '"overlay": "tmpfs"'
	status_is 0 nsinit check /srv/box
	contains "a path" "config: /srv/box/container.json" \
		"$(cat "$OUT/stdout")"
	cd /srv/box || fail "cd"
	status_is 0 nsinit check ./
	cd .. || fail "cd"
	status_is 1 nsinit check box
	contains "no user" "'nsinit check ./box' checks it" \
		"$(cat "$OUT/stderr")"
	echo '{"urser": "root"}' > /srv/box/container.json
	status_is 1 nsinit check /srv/box
	equal "the message" "nsinit: /srv/box/container.json: urser: unknown \
key: did you mean 'user'? (line 1, column 2)" "$(cat "$OUT/stderr")"
	status_is 1 nsinit check /srv/none
}

# --- directories

# in_box KEYS : a rootfs with its own container.json.
in_box() {
	need_product
	clean_slate
	rm -rf /srv/box
	make_busybox /srv/box > /dev/null
	chmod 0700 /srv/box
	echo "{$1}" > /srv/box/container.json
}

# ended STATUS TEXT COMMAND... : in the container of /srv/box.
ended() {
	local status=$1 text=$2

	shift 2
	status_is "$status" nsinit exec --root /srv/box "$@"
	contains "the message of: $*" "$text" "$(cat "$OUT/stderr")"
}

exec_statuses() {
	in_box '"overlay": "tmpfs"'
	ended 0 "" true
	ended 7 "" sh -c 'exit 7'
	ended 127 "run 'none' in the container: No such file" none
	ended 127 "run '/bin/none' in the container" /bin/none
	ended 126 "run '/etc/passwd' in the container" /etc/passwd
	# What the container lacks is not the command.
	in_box '"overlay": "tmpfs", "seccomp": "/srv/none.json"'
	ended 126 "seccomp: /srv/none.json: No such file" true
	in_box '"overlay": "tmpfs", "user": "nobodythere"'
	ended 126 "user: 'nobodythere' is not in" true
	in_box '"rootfs": "/srv/none"'
	ended 126 "rootfs '/srv/none': No such file" true
	rm /srv/box/container.json
	ended 126 "/srv/box/container.json: No such file" true
	status_is 126 nsinit exec --root /srv/none true
}

messages_name_the_file_once() {
	in_box '"overlay": "tmpfs", "mounts": [{"type": "bind",
		"source": "/srv/none", "destination": "/x"}]'
	ended 126 "nsinit: start the container of /srv/box/container.json: \
file systems" true
	lacks "exec" "'root'" "$(cat "$OUT/stderr")"
	in_box '"rootfs": "/srv/none"'
	ended 126 "nsinit: /srv/box/container.json: rootfs" true
	status_is 1 nsinit check /srv/box
	equal "check" 1 "$(grep -o /srv/box/container.json "$OUT/stderr" |
		wc -l)"
	fresh
	config alice '{"rootfs": "/srv/none"}'
	status_is 1 nsinit start alice
	equal "start" "nsinit: start container 'alice': $CONF/users/alice/\
container.json: rootfs '/srv/none': No such file or directory" \
		"$(cat "$OUT/stderr")"
}

sleeps() {
	nsinit ps --root /srv/box 2> /dev/null | grep -q sleep
}

root_is_a_link() {
	in_box '"overlay": "tmpfs"'
	ln -sfn /srv/box /srv/link
	nsinit exec --root /srv/link sleep 60 &
	wait_until 30 sleeps || fail "nothing sleeps"
	equal "the same container" \
		"$(nsinit ps --root /srv/box | awk '{print $2}')" \
		"$(nsinit ps --root /srv/link | awk '{print $2}')"
	contains "ps" sleep "$(nsinit ps --root /srv/link)"
	status_is 0 nsinit check /srv/link
	contains "check" "config: /srv/box/container.json" \
		"$(cat "$OUT/stdout")"
	status_is 0 nsinit stop --timeout 0 --root /srv/link
	wait
	rm /srv/link
}

# The container's root owns the files of its rootfs on the disk, so it could
# write what the next start reads.
own_dropins() {
	local hook='{"hostname": "taken"}'

	in_box '"accept": ["exposed-files"]'
	nsinit exec --root /srv/box sh -c "mkdir -p /container.json.d
		echo '$hook' > /container.json.d/x.json
		mv /container.json.d /old; ln -s / /container.json.d
		rmdir /container.json.d" 2> "$OUT/inside"
	contains "inside" "Read-only file system" "$(cat "$OUT/inside")"
	equal "drop-ins on the disk" "" "$(ls /srv/box/container.json.d)"
	[ ! -e /srv/box/old ] || fail "the directory was moved"
	lacks "the next start" taken "$(nsinit exec --root /srv/box hostname)"
	# Control: root of the host writes there, and it counts.
	echo '{"hostname": "taken", "accept": ["exposed-files"]}' \
		> /srv/box/container.json.d/x.json
	equal "of the host" taken "$(nsinit exec --root /srv/box hostname)"
	rm /srv/box/container.json
	ended 126 "in a rootfs, drop-ins need it" true
	[ ! -e /srv/box/container.json ] || fail "it was made"
}

# --- other forms

converted() {
	in_box ''
	cat > "$OUT/old.json" <<-'END'
	{"hostname": "old", "tty": false, "namespaces": ["NEWNS", "NEWPID",
	 "NEWUTS", "NEWIPC", "NEWNET"], "capabilities_mask":
	 [{"key": "SYS_ADMIN", "enabled": false}], "required_device_nodes":
	 ["null", "zero"], "environment": ["A=b"], "restrict_sys": true}
	END
	chmod 0644 "$OUT/old.json"
	chmod 0755 "$OUT"
	# It only reads a file, so anybody may.
	su -s /bin/sh nobody -c "nsinit convert '$OUT/old.json'" \
		> /srv/box/container.json 2> "$OUT/notes" ||
		fail "convert" "$(cat "$OUT/notes")"
	contains "line by line" "capabilities_mask: became capabilities" \
		"$(cat "$OUT/notes")"
	contains "line by line" "restrict_sys: left out" "$(cat "$OUT/notes")"
	sed -i '1s/{/{"overlay": "tmpfs",/' /srv/box/container.json
	equal "it runs" "old b" \
		"$(nsinit exec --root /srv/box sh -c 'echo "$(hostname) $A"')"
	status_is 0 nsinit convert --oci - < /srv/box/container.json
	contains "to the OCI's" '"hostname": "old"' "$(cat "$OUT/stdout")"
	echo '{"hostname": "a b"}' > "$OUT/old.json"
	status_is 1 nsinit convert "$OUT/old.json"
	contains "what a start refuses" "the result: hostname: expected" \
		"$(cat "$OUT/stderr")"
	status_is 1 nsinit convert "$OUT/none.json"
	status_is 2 nsinit convert
}

t "convert: a file of 2014 runs, and says what became of it" converted
t "exec ends as its man page says" exec_statuses
t "messages name the file once, and the user for a user" \
	messages_name_the_file_once
t "--root may be a link" root_is_a_link
t "C10 a container writes no drop-ins of its own" own_dropins
t "drop-ins are merged in the order of their names" merged_for_a_login
t "drop-ins without container.json contain their users" alone_they_contain
t "a changed drop-in makes a container stale" change_is_seen
t "C10 a drop-in that others can write refuses the login" untrusted_refuses
t "messages name the drop-in that is wrong" blamed
t "drop-ins of nscontainer.conf" conf_is_merged
t "what has an effect is not named" nothing_is_named
t "names of nobody are named" names_are_named
t "files that nothing reads are named" files_are_named
t "check --all: a line for each user, and a status" check_all
t "check of a directory" check_directory
