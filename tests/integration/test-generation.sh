#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container whose configuration has changed: on_change = keep, drain,
# recycle.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

CHANGED='The configuration of your container has changed'
pam_enable sshd su
sshd_start 22

# Prints the configuration that a session is in.
WHICH='cat /proc/sys/kernel/hostname'

# configure NAME [MORE]: the configuration of the next containers.
configure() {
	config alice "{\"rootfs\": \"/\", \"hostname\": \"$1\"${2-}}"
}

fresh() {
	need_product
	clean_slate
	conf "$@"
	# Instances are numbered from 1.
	rm -f /home/alice/go* "$RUN/alice/current"
	configure first
	syslog_mark
}

# stay NAME: a session by su that lasts until 'leave NAME'; the first line of
# its output is the hostname.
stay() {
	rm -f "$OUT/$1"
	timeout 120 su alice -c "$WHICH; i=0
		while [ ! -e \$HOME/go.$1 ] && [ \$i -lt 900 ]; do
			sleep 0.1; i=\$((i + 1)); done
		$WHICH" > "$OUT/$1" 2> "$OUT/$1.err" &
	printf -v "JOB_$1" %s $!
	wait_until 20 [ -s "$OUT/$1" ] || fail "session $1 does not begin" \
		"$(cat "$OUT/$1.err")"
}

leave() {
	local job=JOB_$1

	: > "/home/alice/go.$1"
	wait "${!job}" || fail "session $1: status $?"
	equal "lines of session $1" 2 "$(wc -l < "$OUT/$1")"
}

is_in() {
	equal "session $1 is in" "$2" "$(head -n 1 "$OUT/$1")"
}

# su passes messages on only in a login without a command.
interactive() {
	timeout 60 su - alice <<< "$WHICH" 2>&1
}

now_in() {
	timeout 60 su alice -c "$WHICH" 2> "$OUT/now.err"
}

# field KEY [N]: the value in the Nth record of nsinit list.
field() {
	nsinit list --json alice | tr -d ' ' |
		sed -n "${2-1}s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p"
}

drains() {
	find "$RUN/alice/" -maxdepth 1 -name '[0-9]*' \
		! -name "$(readlink "$RUN/alice/current")" -printf '%f\n' |
		sort | xargs
}

all_gone() {
	no_container alice && [ -z "$(drains)" ] && [ -z "$(groups_left)" ]
}

groups_left() {
	find /sys/fs/cgroup -type d \( -name alice -o -name 'alice:*' \) \
		-path '*nscontainer*' 2> /dev/null
}

ends_clean() {
	wait_until 10 all_gone || fail "left: $(ls -A "$RUN" "$RUN/alice")" \
		"inits: $(inits) monitors: $(monitors)" "$(groups_left)"
}

# --- what is told

list_tells() {
	fresh
	stay one
	equal "generation" 1 "$(field generation)"
	equal "stale" false "$(field stale)"
	DIGEST=$(field digest)
	equal "length of the digest" 84 "${#DIGEST}"
	# The same content in a new file.
	cp "$CONF/users/alice/container.json" "$OUT/copy"
	rm "$CONF/users/alice/container.json"
	cp "$OUT/copy" "$CONF/users/alice/container.json"
	equal "stale after the same was written" false "$(field stale)"
	configure second
	equal "stale after a change" true "$(field stale)"
	contains "list" " yes " "$(nsinit list)"
	equal "digest of what runs" "$DIGEST" "$(field digest)"
	configure first
	equal "stale after the change was undone" false "$(field stale)"
	leave one
	ends_clean
	stay two
	equal "the next start's generation" 2 "$(field generation)"
	leave two
	ends_clean
}

# stale_by WHAT COMMAND UNDO: only COMMAND makes the container stale.
stale_by() {
	equal "stale before $1" false "$(field stale)"
	eval "$2"
	equal "stale by $1" true "$(field stale)"
	eval "$3"
	equal "stale after $1 was undone" false "$(field stale)"
}

what_counts() {
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' > "$CONF/profile.json"
	fresh
	configure first ", \"seccomp\": \"$CONF/profile.json\""
	stay one
	stale_by "linger" "conf 'linger = 3;'" "conf ''"
	stale_by "the seccomp profile" \
		"echo ' ' >> $CONF/profile.json" \
		"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\"}' > $CONF/profile.json"
	stale_by "a group" "groupadd extra; usermod -aG extra alice" \
		"gpasswd -d alice extra > /dev/null; groupdel extra"
	stale_by "the shell" "usermod -s /bin/sh alice" \
		"usermod -s /bin/bash alice"
	stale_by "cgroup_parents" "conf 'cgroup_parents = ( { name = \"p\";
		users = [ \"alice\" ]; pids = 100; } );'" "conf ''"
	stale_by "the file's end" \
		"mv $CONF/users/alice/container.json $OUT/moved" \
		"mv $OUT/moved $CONF/users/alice/container.json"
	conf 'debug = true; start_timeout = 31; exempt_users = [ "root" ];'
	equal "stale by what no start uses" false "$(field stale)"
	leave one
	ends_clean
}

other_file_takes_over() {
	fresh
	stay one
	mkdir -p "$CONF/default"
	mv "$CONF/users/alice/container.json" "$CONF/default"
	equal "stale" true "$(field stale)"
	equal "keep" first "$(now_in)"
	rm -r "$CONF/default"
	# A user who is no longer contained has no trace of the container.
	timeout 20 su alice -c "$NS_COMMAND" > "$OUT/ns"
	landed_on_host "$OUT/ns"
	equal "stale without a file" true "$(field stale)"
	leave one
	ends_clean
}

# --- keep

keep_joins() {
	fresh
	stay one
	PID1=$(pid_of alice)
	lacks "told before" "$CHANGED" "$(interactive)"
	configure second
	interactive > "$OUT/su"
	equal "su" first "$(tail -n 1 "$OUT/su")"
	equal "told by su, once" 1 "$(grep -c "$CHANGED" "$OUT/su")"
	mv /home/alice/.hushlogin "$OUT"
	nssh alice -tt <<< "$WHICH; exit" > "$OUT/ssh" 2>&1
	mv "$OUT/.hushlogin" /home/alice
	contains "ssh" first "$(cat "$OUT/ssh")"
	contains "told by ssh" "$CHANGED" "$(cat "$OUT/ssh")"
	logged 'user alice: joins generation 1 .*on_change is "keep"'
	equal "PID 1" "$PID1" "$(pid_of alice)"
	leave one
	ends_clean
	equal "the next is made anew, nothing told" second "$(interactive)"
}

keep_broken() {
	fresh
	stay one
	configure 'sec ond'
	equal "while it runs, logins join" first "$(now_in)"
	leave one
	ends_clean
	status_is 1 timeout 20 su alice -c true
	logged 'hostname: expected'
}

own_policy_counts() {
	fresh 'on_change = "drain";'
	configure first ', "lifecycle": {"on_change": "keep"}'
	stay one
	configure second ', "lifecycle": {"on_change": "keep"}'
	equal "keep of container.json" first "$(now_in)"
	leave one
	ends_clean
}

# --- drain

drain_two() {
	fresh 'on_change = "drain";'
	stay one
	OLD=$(pid_of alice)
	configure second
	stay two
	is_in two second
	NEW=$(pid_of alice)
	differ "PID 1" "$OLD" "$NEW"
	logged 'generation 1 of the container gets no new logins'
	equal "containers" 2 "$(count_inits)"
	equal "monitors" 2 "$(monitors | wc -l)"
	equal "ssh goes to the new one" second "$(nssh alice "$WHICH")"
	equal "list" "false true" "$(field draining 1) $(field draining 2)"
	equal "generations" "2 1" "$(field generation 1) $(field generation 2)"
	equal "pids" "$NEW $OLD" "$(field pid 1) $(field pid 2)"
	equal "sessions" "1 1" "$(field sessions 1) $(field sessions 2)"
	equal "rows" 3 "$(nsinit list | wc -l)"
	contains "table" draining "$(nsinit list)"
	equal "exec is in the new one" second "$(
		setpriv --reuid=alice --regid=alice --init-groups \
			nsshell -c "$WHICH" < /dev/null 2>&1)"
	leave one
	wait_until 5 [ ! -e "$RUN/alice/1" ] || fail "the old one stays"
	kill -0 "$OLD" 2> /dev/null && fail "PID 1 of the old one lives"
	equal "the new one" "$NEW" "$(pid_of alice)"
	leave two
	ends_clean
}

drain_three() {
	fresh 'on_change = "drain";'
	stay one
	configure second
	stay two
	configure third
	stay three
	is_in three third
	equal "drain" "1 2" "$(drains)"
	equal "containers" 3 "$(count_inits)"
	leave two
	wait_until 5 [ ! -e "$RUN/alice/2" ] || fail "2 stays"
	[ -e "$RUN/alice/1/pid" ] || fail "1 has ended"
	leave three
	wait_until 5 [ ! -e "$RUN/alice/pid" ] || fail "3 stays"
	# Only the oldest remains: the list has a container, but it takes no
	# logins.
	equal "list" "1 true" "$(field generation) $(field draining)"
	leave one
	ends_clean
}

drain_without_session() {
	fresh 'on_change = "drain";' 'stop = "never";' 'linger = 60;'
	su alice -c 'nohup sleep 986 > /dev/null 2>&1 &'
	configure second
	equal "login" second "$(now_in)"
	wait_until 5 [ ! -e "$RUN/alice/1" ] || fail "the old one stays"
	empty "its processes" "$(pgrep -f 'sleep 986')"
	timeout 20 nsinit stop alice || fail "nsinit stop"
	ends_clean
}

drain_empty_waits() {
	fresh 'on_change = "drain";'
	su alice -c "nohup sh -c '$STAY' > /dev/null 2>&1 &"
	configure second
	equal "login" second "$(now_in)"
	sleep 1.5
	[ -e "$RUN/alice/1/pid" ] || fail "it does not wait for its process"
	: > /home/alice/go
	ends_clean
}

# Sessions are listed in every container.
drain_sessions() {
	local old

	fresh 'on_change = "drain";'
	stay one
	configure second
	stay two
	equal "generations of nsinit ps" "1 2" "$(nsinit ps --json alice |
		sed -n 's/.*"generation": \([0-9]*\).*/\1/p' | sort | xargs)"
	equal "sessions of all" 2 "$(nsinit ps --json | grep -c '"generation"')"
	old=$(ls "$RUN/alice/1/session")
	status_is 0 timeout 20 nsinit kick alice "$old"
	wait_until 5 [ ! -e "$RUN/alice/1" ] || fail "the old one stays"
	status_is 3 timeout 20 nsinit kick alice "$old"
	contains "of one that is no session" "login process $old" \
		"$(cat "$OUT/stderr")"
	[ -n "$(pid_of alice)" ] || fail "the new one has ended"
	leave two
	wait
	ends_clean
}

drain_started() {
	fresh 'on_change = "drain";'
	timeout 20 nsinit start alice || fail "nsinit start"
	stay one
	configure second
	equal "login" second "$(now_in)"
	equal "the new one is one that stays as well" start "$(field stop 1)"
	leave one
	wait_until 5 [ ! -e "$RUN/alice/1" ] || fail "the old one stays"
	[ -n "$(pid_of alice)" ] || fail "the new one has ended"
	timeout 20 nsinit stop alice || fail "nsinit stop"
	ends_clean
}

stop_ends_all() {
	fresh 'on_change = "drain";'
	stay one
	configure second
	stay two
	timeout 30 nsinit stop alice || fail "nsinit stop: $?"
	wait
	ends_clean
	status_is 3 nsinit stop alice
}

drain_broken() {
	fresh 'on_change = "drain";' 'stop = "never";'
	stay one
	PID1=$(pid_of alice)
	configure 'sec ond'
	status_is 1 timeout 20 su alice -c true
	logged 'login refused: .*hostname: expected'
	equal "what runs is as it was" "$PID1" "$(pid_of alice)"
	empty "nothing drains" "$(drains)"
	configure second ', "rootfs": "/"' # twice
	status_is 1 timeout 20 su alice -c true
	leave one
	sleep 0.5
	equal "it stays without sessions" "$PID1" "$(pid_of alice)"
	configure first
	equal "when the change is undone, logins join" first "$(now_in)"
	equal "still the same" "$PID1" "$(pid_of alice)"
	timeout 20 nsinit stop alice
	ends_clean
}

drain_exclusive() {
	fresh 'on_change = "drain";'
	configure first ', "overlay": "persistent"'
	stay one
	configure second ', "overlay": "persistent"'
	equal "while a session is in it, logins join" first "$(now_in)"
	logged 'although its configuration has changed: overlay "persistent"'
	leave one
	ends_clean
	su alice -c 'nohup sleep 985 > /dev/null 2>&1 &'
	configure third ', "overlay": "persistent"'
	equal "without one, it is replaced" third "$(now_in)"
	logged 'cannot drain because of its overlay "persistent"'
	empty "nothing drains" "$(drains)"
	ends_clean
}

fixed_group_name() {
	fresh 'on_change = "drain";'
	configure first ', "cgroups": {"name": "mine"}'
	stay one
	configure second ', "cgroups": {"name": "mine"}'
	equal "logins join" first "$(now_in)"
	logged 'has changed: cgroups.name'
	leave one
	ends_clean
}

# --- recycle

recycle_waits() {
	fresh 'on_change = "recycle";' 'stop = "never";'
	stay one
	PID1=$(pid_of alice)
	su alice -c 'nohup sleep 984 > /dev/null 2>&1 &'
	configure second
	interactive > "$OUT/su"
	equal "logins join the session" first "$(tail -n 1 "$OUT/su")"
	contains "told" "$CHANGED" "$(cat "$OUT/su")"
	leave one
	equal "it lingers" "$PID1" "$(pid_of alice)"
	equal "the next login replaces it, nothing told" second \
		"$(interactive)"
	logged 'replaces generation 1 of the container'
	empty "what lingered" "$(pgrep -f 'sleep 984')"
	equal "containers" 1 "$(count_inits)"
	equal "generation" 2 "$(field generation)"
	timeout 20 nsinit stop alice
	ends_clean
}

recycle_broken() {
	fresh 'on_change = "recycle";' 'stop = "never";'
	su alice -c true
	PID1=$(pid_of alice)
	configure 'sec ond'
	status_is 1 timeout 20 su alice -c true
	equal "what runs is as it was" "$PID1" "$(pid_of alice)"
	configure second
	equal "repaired" second "$(now_in)"
	timeout 20 nsinit stop alice
	ends_clean
}

replace_by_hand() {
	fresh
	timeout 20 nsinit start alice || fail "start"
	configure 'sec ond'
	status_is 1 timeout 20 nsinit start --replace alice
	equal "what runs" first "$(now_in)"
	configure second
	status_is 1 timeout 20 nsinit start alice
	status_is 0 timeout 20 nsinit start --replace alice
	equal "what runs" second "$(now_in)"
	equal "stop" start "$(field stop)"
	timeout 20 nsinit stop alice
	ends_clean
}

# --- nsshell

nsshell_told() {
	fresh 'on_change = "drain";'
	timeout 20 nsinit start alice || fail "start"
	timeout 20 script -qec "setpriv --reuid=alice --regid=alice \
		--init-groups nsshell -c true" /dev/null < /dev/null \
		> "$OUT/before" 2>&1
	lacks "told before" "$CHANGED" "$(cat "$OUT/before")"
	configure second
	timeout 20 script -qec "setpriv --reuid=alice --regid=alice \
		--init-groups nsshell -c '$WHICH'" /dev/null < /dev/null \
		> "$OUT/after" 2>&1
	contains "it cannot start another" first "$(cat "$OUT/after")"
	contains "told" "$CHANGED" "$(cat "$OUT/after")"
	timeout 20 nsinit stop alice
	ends_clean
}

# --- races

LOGINS=20

# race POLICY: all logins land inside, in at most one new container.
race() {
	local i

	fresh "on_change = \"$1\";" 'stop = "never";'
	[ "$1" = recycle ] || stay one
	[ "$1" = drain ] || su alice -c true
	for ((i = 0; i < LOGINS; i++)); do
		[ "$i" -ne $((LOGINS / 4)) ] || configure second
		if [ $((i % 2)) -eq 0 ]; then
			timeout 120 su alice -c "$WHICH" > "$OUT/in.$i" \
				2> "$OUT/err.$i" &
		else
			nssh alice "$WHICH" > "$OUT/in.$i" 2> "$OUT/err.$i" &
		fi
	done
	for ((i = 0; i < LOGINS; i++)); do
		wait_until 60 [ -s "$OUT/in.$i" ] || fail "login $i" \
			"$(cat "$OUT/err.$i")"
	done
	equal "logins that landed" "$LOGINS" \
		"$(cat "$OUT"/in.* | grep -cE '^(first|second)$')"
	[ "$(field generation)" -le 2 ] || fail "generation $(field generation)"
	equal "the last is in" second "$(now_in)"
	equal "generation" 2 "$(field generation)"
	[ "$1" = recycle ] || leave one
	wait
	timeout 30 nsinit stop alice
	ends_clean
}

# The configuration changes repeatedly while users log in.
churn() {
	local i

	fresh 'on_change = "drain";'
	for ((i = 0; i < LOGINS; i++)); do
		[ $((i % 4)) -ne 0 ] || configure "c$i"
		timeout 120 su alice -c "$WHICH" > "$OUT/in.$i" \
			2> "$OUT/err.$i" &
		[ $((i % 3)) -ne 0 ] || sleep 0.1
	done
	wait
	equal "logins that landed" "$LOGINS" \
		"$(cat "$OUT"/in.* | grep -c '^c[0-9]*$')" || cat "$OUT"/err.*
	ends_clean
}

change_while_starting() {
	fresh 'on_change = "drain";'
	cat > "$OUT/hook" << END
#!/bin/sh
sleep 1
END
	chmod 755 "$OUT/hook"
	chown root "$OUT/hook"
	cp "$OUT/hook" /usr/local/sbin/slow-hook
	configure first ', "hooks": {"start": [{"path": "/usr/local/sbin/slow-hook"}]}'
	timeout 60 su alice -c "$WHICH" > "$OUT/one" 2>&1 &
	wait_until 10 pgrep -f slow-hook > /dev/null || fail "no start"
	configure second
	equal "a login meanwhile" second "$(now_in)"
	wait
	equal "the first" first "$(cat "$OUT/one")"
	ends_clean
}

# --- kill -9

kill_old_monitor() {
	fresh 'on_change = "drain";'
	stay one
	OLD=$(monitors)
	configure second
	stay two
	kill -KILL "$OLD"
	wait_until 5 [ ! -e "/proc/$OLD" ] || fail "the monitor lives"
	equal "list has both" 2 "$(nsinit list alice | grep -c '^alice')"
	equal "logins" second "$(now_in)"
	leave one
	nsinit list > /dev/null
	wait_until 5 [ ! -e "$RUN/alice/1" ] || fail "not swept by list"
	equal "containers" 1 "$(count_inits)"
	leave two
	ends_clean
}

kill_old_init() {
	local job=JOB_one

	fresh 'on_change = "drain";'
	stay one
	OLD=$(pid_of alice)
	MONITOR=$(monitors)
	configure second
	stay two
	kill -KILL "$MONITOR" "$OLD"
	wait "${!job}"
	leave two
	wait_until 5 [ ! -e "$RUN/alice/pid" ] || fail "the new one stays"
	[ -e "$RUN/alice/1" ] || fail "who has removed it?"
	# The next start does this.
	equal "login" second "$(now_in)"
	[ ! -e "$RUN/alice/1" ] || fail "not swept by the start"
	ends_clean
}

# The process that drains the container is killed at some moment.
kill_who_drains() {
	local i

	for i in 0.005 0.01 0.02 0.04 0.06 0.09 0.13 0.2; do
		fresh 'on_change = "drain";'
		stay one
		configure second
		su alice -c "$WHICH" > /dev/null 2>&1 &
		sleep "$i"
		kill -KILL $! 2> /dev/null
		wait $! 2> /dev/null
		equal "login after a kill at $i" second "$(now_in)"
		is_in one first
		leave one
		ends_clean
	done
}

# After any kill the next login works, and nsinit stop ends everything.
kill_anything() {
	local i victims victim

	fresh "on_change = \"$1\";"
	for ((i = 0; i < 40; i++)); do
		[ $((i % 4)) -ne 0 ] || configure "c$i"
		timeout 60 su alice -c "$WHICH; sleep 0.$((RANDOM % 5))" \
			> /dev/null 2>&1 &
		sleep "0.0$((RANDOM % 10))"
		[ $((RANDOM % 3)) -eq 0 ] || continue
		mapfile -t victims < <(inits; monitors; pgrep -x login-start
			pgrep -x su)
		[ ${#victims[@]} -gt 0 ] || continue
		victim=${victims[RANDOM % ${#victims[@]}]}
		echo "kill $(cat "/proc/$victim/comm")"
		kill -KILL "$victim"
	done
	wait
	configure last
	equal "the next login" last "$(now_in)"
	timeout 30 nsinit stop alice > /dev/null 2>&1
	# A session that was killed together with its monitor leaves its file:
	# the next start takes it, and its monitor records the end.
	if [ -n "$(drains)" ]; then
		wait_until 10 owes_records ||
			fail "left: $(find "$RUN/alice/" -printf '%P ')"
		equal "the start after that" last "$(now_in)"
		timeout 30 nsinit stop alice > /dev/null 2>&1
	fi
	ends_clean
}

# What is left of each instance is files of sessions alone.
owes_records() {
	local number

	no_container alice && [ -z "$(groups_left)" ] || return 1
	for number in $(drains); do
		[ ! -e "$RUN/alice/$number/state" ] &&
			[ -n "$(ls "$RUN/alice/$number/session")" ] || return 1
	done
}

t "nsinit list tells generation, digest and whether it is stale" list_tells
t "what a start uses makes a container stale, and nothing else" what_counts
t "another container.json that takes over" other_file_takes_over
t "keep: logins join, and are told" keep_joins
t "keep: a broken configuration keeps nobody out of what runs" keep_broken
t "on_change of container.json comes first" own_policy_counts
t "drain: new logins are in a new container, old sessions go on" drain_two
t "drain: three generations" drain_three
t "drain: nsinit ps and kick know the sessions of both" drain_sessions
t "drain: without a session the old one ends at once" drain_without_session
t "drain: stop = empty waits for the old one's processes" drain_empty_waits
t "drain: what an administrator started stays started" drain_started
t "drain: nsinit stop ends all generations" stop_ends_all
t "drain: a broken configuration refuses, and ends nothing" drain_broken
t "drain: what cannot exist twice is recycled" drain_exclusive
t "drain: a fixed control group is recycled" fixed_group_name
t "recycle: replaced when no session is in it" recycle_waits
t "recycle: a broken configuration refuses, and ends nothing" recycle_broken
t "nsinit start --replace" replace_by_hand
t "nsshell joins the newest, and tells a terminal" nsshell_told
t "$LOGINS logins at the moment of the change: drain" race drain
t "$LOGINS logins at the moment of the change: recycle" race recycle
t "changes while logins come" churn
t "a change while a start is running" change_while_starting
t "kill -9 of the monitor of one that drains" kill_old_monitor
t "kill -9 of all of one that drains" kill_old_init
t "kill -9 of the login that makes it drain" kill_who_drains
t "kill -9 of anything at random: drain" kill_anything drain
t "kill -9 of anything at random: recycle" kill_anything recycle
