#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on the locks of a user's container: by the caller of su, who stops,
# slows or kills the login program, and by logins that wait.  The first word of
# a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317,SC2034 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$TESTS/faults.sh"

HOLD=/run/nsc-hold
LOGINS=20
pam_enable sshd su
printf '%s\n' "auth required pam_permit.so" "account required pam_permit.so" \
	"session required pam_container.so" > "/etc/pam.d/$SERVICE"
sshd_start 22
ALICE=(setpriv --reuid=alice --regid=alice --init-groups)

# fresh [KEYS [SETTINGS]] : keys of container.json, settings of
# nscontainer.conf.
fresh() {
	need_product
	clean_slate
	conf "${2-stop = \"logout\";}" 'start_timeout = 40;'
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	rm -f "$HOLD" /run/nsc-hooked
	mkfifo "$HOLD"
	syslog_mark
}

# hang : the next start of alice's container hangs in a hook.
hang() {
	printf '%s\n' '#!/bin/sh' ': > /run/nsc-hooked' "read x < $HOLD" \
		> /usr/local/lib/nsc-hook
	chmod 0755 /usr/local/lib/nsc-hook
	config alice '{"rootfs": "/", "hostname": "second", "hooks": {"start":
		[{"path": "/usr/local/lib/nsc-hook", "timeout": 60}]}}'
}

# within SECONDS STATUS COMMAND...
within() {
	local begin=$SECONDS limit=$1

	shift
	status_is "$@"
	[ $((SECONDS - begin)) -le "$limit" ] ||
		fail "$2 $3 $4: it took $((SECONDS - begin)) seconds"
}

lock_of() {
	echo "$RUN/$(id -u alice)/lock"
}

# Does anybody hold the lock?
held() {
	! flock -n "$(lock_of)" true
}

# --- L10

# choose FILE : the first and the last of each call of the login process itself
# that locks, waits, or talks to others.
choose() {
	grep -E '^0 [a-z]* (flock|poll|recvmsg|waitid|connect|clone3|setns|'\
'sendto|close_range) ' "$1" > "$OUT/own"
	{
		sort -s -u -k 3,3 "$OUT/own"
		tac "$OUT/own" | sort -s -u -k 3,3
	} | sort -u > "$OUT/chosen"
}

stands_still() {
	[ -s "$OUT/hit" ] && is_stopped "$(pgrep -x "$PROGRAM" | head -n 1)"
}

# What others can do while the login process PROGRAM stands still; each time
# another command of the administrator's.
others_go_on() {
	local command=${COMMANDS[STEP_NUMBER % ${#COMMANDS[@]}]} login

	rm -f "$OUT/in"
	nssh alice "$INSIDE && echo in; cat" > "$OUT/in" <> "$HOLD" &
	login=$!
	wait_until 4 [ -s "$OUT/in" ] || fail "$STEP: no login by ssh"
	# What stands still may have a child inside, which it does not wait for:
	# start --replace ends both after some seconds.
	# shellcheck disable=SC2086 # words
	within 9 0 timeout 20 $command
	case $command in *pause*)
		within 4 0 timeout 20 nsinit resume alice ;;
	esac
	timeout 20 nsinit stop --timeout 1 alice > /dev/null 2>&1
	kill "$login" 2> /dev/null
	wait "$login"
}

# at_each_step COMMAND... : stops or kills it after steps in turn.
at_each_step() {
	local job action

	COMMANDS=("nsinit stop --timeout 1 alice" "nsinit kick --timeout 1 alice"
		"nsinit start --replace alice")
	[ ! -s "$RUN/alice/current/cgroup" ] || COMMANDS+=("nsinit pause alice")
	STEP_NUMBER=0
	for action in STOP KILL; do
		begin_plan "$OUT/chosen" "$action"
		while next_step; do
			STEP_NUMBER=$((STEP_NUMBER + 1))
			rm -f "$OUT/hit"
			"$BEFORE_STEP"
			"$TESTS/faults" "${MARKED[@]}" -t 60 -o "$OUT/hit" \
				-f "$FAULT" "$@" > "$OUT/said" 2>&1 &
			job=$!
			if [ "$action" = STOP ]; then
				wait_until 10 stands_still || {
					kill "$job"; wait "$job"
					MISSED=$((MISSED + 1)); continue; }
			else
				wait "$job"
			fi
			TRIED=$((TRIED + 1))
			others_go_on
			pkill -KILL -x "$PROGRAM"
			wait "$job" 2> /dev/null
			nothing_left
		done
	done
}

stopped_su() {
	local MARKED=(-m) PROGRAM=pamcaller BEFORE_STEP=: WANTED=each

	faults_begin
	fresh
	rich_container
	conf 'stop = "logout"; start_timeout = 20;'
	nssh alice true
	record_start
	choose "$OUT/steps"
	running
	at_each_step "$CALLER" "$SERVICE" alice "$INSIDE"
	end_of_faults 16
	# The control: a process that holds the lock keeps a login out.
	conf 'start_timeout = 2;'
	flock "$(lock_of)" sleep 3217 &
	wait_until 5 held
	within 5 1 timeout 20 su alice -c true
	logged "lock 'lock': another process holds it"
	kill $!
	pkill -f 'sleep 3217'
}

stopped_nsshell() {
	local MARKED=() PROGRAM=nsshell BEFORE_STEP=running WANTED=each

	faults_begin
	fresh
	running
	record "$OUT/steps" "${ALICE[@]}" nsshell -c "$INSIDE"
	nsinit stop alice
	wait_until 5 no_container alice
	nssh alice true
	wait_until 5 no_container alice
	sleep 0.5
	baseline
	choose "$OUT/steps"
	at_each_step "${ALICE[@]}" nsshell -c "$INSIDE"
	end_of_faults 6
}
running() {
	nsinit start alice || fail "nsinit start"
}

# The caller's pipe is full, so that the login program stands still when it
# tells a message.
full_pipe() {
	local pipe=$OUT/pipe hard=-S

	# Not every root can raise hard limits.
	! ( ulimit -n 64; ulimit -n 128 ) 2> /dev/null || hard=
	fresh '"session": {"message": "hello"}'
	mkfifo "$pipe"
	exec 8<> "$pipe"
	timeout 1 cat /dev/zero >&8
	# shellcheck disable=SC2086 # no word, or one
	( ulimit $hard -f 0 -t 1 -n 24
		exec nice -n 19 "$CALLER" "$SERVICE" alice true >&8 2>&8 ) &
	wait_until 10 [ -s "$RUN/alice/pid" ] || fail "no container"
	within 4 7 timeout 20 su alice -c "$INSIDE && exit 7"
	# The control: it does stand still.
	pgrep -x pamcaller > /dev/null || fail "the test is wrong: it has ended"
	within 4 0 timeout 20 nsinit stop --timeout 1 alice
	within 4 7 timeout 20 su alice -c "$INSIDE && exit 7"
	pkill -KILL -x pamcaller
	exec 8>&-
	wait
}

# --- L2

many_logins() {
	local i

	for ((i = 0; i < LOGINS; i++)); do
		timeout 60 su alice -c "$INSIDE && exit 7" > /dev/null \
			2> "$OUT/said.$i" &
		JOBS[i]=$!
	done
	wait_until 10 [ -e /run/nsc-hooked ] || fail "no start hangs"
	wait_until 10 all_wait || fail "$(pgrep -xc login-start) helpers"
}
all_wait() {
	[ "$(pgrep -xc login-start)" -ge $((2 * LOGINS)) ]
}

# The start of one of them goes on without it.
kill_logins() {
	kill "${JOBS[@]}" 2> /dev/null
	timeout 20 nsinit stop --timeout 1 alice > /dev/null 2>&1
	wait
	wait_until 5 no_helper || fail "helpers are left"
}
no_helper() {
	! pgrep -x login-start > /dev/null
}

# Logins wait while a start hangs: the administrator does not.
waiting_logins() {
	local i in=0

	fresh
	hang
	many_logins
	# The control: who only waits for the lock does not get it.
	flock -w 3 "$(lock_of)" true &&
		fail "the test is wrong: the lock is free"
	# The next one hangs as well, perhaps before stop has returned.
	rm -f /run/nsc-hooked
	within 9 0 timeout 20 nsinit stop --timeout 1 alice
	wait_until 10 [ -e /run/nsc-hooked ] || fail "no other start hangs"
	within 9 0 timeout 20 nsinit stop --timeout 1 alice
	config alice '{"rootfs": "/", "hostname": "third"}'
	within 9 0 timeout 20 nsinit start --replace alice
	for i in "${!JOBS[@]}"; do
		wait "${JOBS[i]}"
		[ $? -ne 7 ] || in=$((in + 1))
	done
	# Those whose start was killed are refused, and told about in the log.
	[ "$in" -ge $((LOGINS - 4)) ] || fail "$in of $LOGINS got in" \
		"$(cat "$OUT"/said.*)"
	logged 'login refused: .*the process was killed'
	within 5 0 timeout 20 nsinit stop --timeout 1 alice
	wait_until 5 no_container alice || fail "left"
}

# A new generation hangs: the old container can be paused, and its sessions be
# ended.
paused_meanwhile() {
	fresh '' 'stop = "logout"; on_change = "drain";'
	hold alice
	[ -s "$RUN/alice/current/cgroup" ] || skip "no control groups here"
	hang
	many_logins
	within 9 0 timeout 20 nsinit pause alice
	within 9 0 timeout 20 nsinit resume alice
	within 9 0 timeout 20 nsinit kick --timeout 1 alice
	kill_logins
	wait_until 5 no_container alice || fail "left"
}

# A process of the user's on the host holds 'sessions', which it can open.
user_holds_sessions() {
	local i

	fresh '' 'stop = "never";'
	nsinit start alice || fail "nsinit start"
	"${ALICE[@]}" flock -x "$RUN/alice/current/sessions" sleep 3219 &
	wait_until 5 pgrep -f 'sleep 3219' > /dev/null
	# The control: logins do not get past it.
	conf 'stop = "logout"; start_timeout = 2;'
	within 6 1 timeout 20 su alice -c true
	conf 'stop = "logout"; start_timeout = 40;'
	for ((i = 0; i < 5; i++)); do
		timeout 60 su alice -c "$INSIDE && exit 7" > /dev/null 2>&1 &
		JOBS[i]=$!
	done
	wait_until 5 held || fail "nobody waits with the lock"
	within 9 0 timeout 20 nsinit stop --timeout 1 alice
	pkill -f 'sleep 3219'
	kill_logins
	within 5 7 timeout 20 su alice -c "$INSIDE && exit 7"
}

# Logins are killed, by their user, while they wait or while their start hangs.
# That start goes on, because it runs hooks of root's, but not for long.
two_wait() {
	[ "$(pgrep -xc login-start)" -ge 6 ]
}
killed_su() {
	local first

	fresh
	conf 'stop = "logout"; start_timeout = 6;'
	hang
	su alice -c true 2> /dev/null &
	first=$!
	wait_until 10 [ -e /run/nsc-hooked ] || fail "no start hangs"
	su alice -c true 2> /dev/null &
	wait_until 5 two_wait || fail "no second login waits"
	held || fail "the test is wrong: nobody holds the lock"
	kill -KILL $! $first
	wait
	sleep 0.5
	pgrep -f nsc-hook > /dev/null || fail "the hook was killed"
	wait_until 10 no_helper || fail "helpers are left"
	! pgrep -f nsc-hook > /dev/null || fail "the hook goes on"
	held && fail "the lock is still held"
	fresh
	within 4 7 timeout 20 su alice -c "$INSIDE && exit 7"
	wait_until 5 no_container alice || fail "left"
}

f "L10 a login that is stopped or killed at any step holds up nobody" \
	stopped_su
f "L10 a nsshell that is stopped or killed at any step holds up nobody" \
	stopped_nsshell
t "L10 a full pipe and low limits of who calls su hold up nobody" full_pipe
t "L10 a login that is killed leaves nobody waiting, and no lock" killed_su
t "L2 logins that wait do not keep the administrator waiting" waiting_logins
t "L2 a start that hangs keeps nobody from pause and kick" paused_meanwhile
t "L2 a user who holds the sessions' lock does not stop nsinit stop" \
	user_holds_sessions
