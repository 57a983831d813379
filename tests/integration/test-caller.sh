#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The view of a program that opens a PAM session with the module.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

CALLER=$TESTS/pamcaller
SERVICE=nsc-test
CODE_OK=0
CODE_REFUSED=6		# PAM_PERM_DENIED

# service LINE... : writes the session lines of the stack.
service() {
	need_product
	[ -x "$CALLER" ] || skip "pamcaller is not built"
	clean_slate
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" "$@" > "/etc/pam.d/$SERVICE"
	conf 'stop = "logout";'
	config alice '{"rootfs": "/"}'
	syslog_mark
}

usual() {
	service "session required pam_container.so"
}

# call ARGUMENT... : runs the caller in /usr/share; its output is in $OUT/text.
call() {
	( cd /usr/share && timeout 20 "$CALLER" "$@" ) > "$OUT/text" 2>&1
}

# codes CODE... : the results of pam_open_session, in turn.
codes() {
	equal "results of pam_open_session" "$*" \
		"$(sed -n 's/^open //p' "$OUT/text" | xargs)"
}

untouched() {
	lacks "what the module touched" "changed " "$(cat "$OUT/text")"
	contains "what the module did not touch" "same umask" \
		"$(cat "$OUT/text")"
}

# refused PART : wholly on the host, with a message for the user and the log.
refused() {
	codes "$CODE_REFUSED"
	landed_on_host "$OUT/text"
	equal "messages" 1 "$(grep -c '^message' "$OUT/text")"
	contains "message" "message error Your container could not" \
		"$(cat "$OUT/text")"
	logged "pam_container.*login refused: .*$1"
}

placed() {
	usual
	call "$SERVICE" alice "$INSIDE"
	codes "$CODE_OK"
	untouched
	[ "$(grep -c '^message' "$OUT/text")" -eq 0 ] || fail "it says something"
	equal "status of the command" "status 0" "$(grep ^status "$OUT/text")"
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

# While the caller holds the session, the command's namespaces are those of PID
# 1.
placed_wholly() {
	usual
	sleep 2 | call -w "$SERVICE" alice "$NS_COMMAND" &
	wait_until 5 grep -qs '^ns cgroup' "$OUT/text" || fail "no session"
	landed_inside "$OUT/text" alice
	wait
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

threads() {
	usual
	call -t 2 "$SERVICE" alice "$NS_COMMAND"
	refused "the calling program has 2 threads"
	untouched
	no_container alice || fail "a container runs"
}

threads_of_host_user() {
	usual
	call -t 2 "$SERVICE" bob true
	codes "$CODE_OK"
	landed_on_host "$OUT/text"
}

twice() {
	usual
	call -2 "$SERVICE" alice "$INSIDE"
	codes "$CODE_OK" "$CODE_OK"
	untouched
	equal "status of the command" "status 0" "$(grep ^status "$OUT/text")"
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

listed_twice() {
	service "session required pam_container.so" \
		"session required pam_container.so debug"
	sleep 2 | call -w "$SERVICE" alice "$NS_COMMAND" &
	wait_until 5 grep -qs '^ns cgroup' "$OUT/text" || fail "no session"
	codes "$CODE_OK"
	landed_inside "$OUT/text" alice
	equal "containers" 1 "$(count_inits)"
	wait
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

silent() {
	usual
	config alice '{"rootfs": "/", "session": {"message": "Welcome."}}'
	call -q "$SERVICE" alice true
	codes "$CODE_OK"
	lacks "output" message "$(cat "$OUT/text")"
	clean_slate
	call "$SERVICE" alice true
	contains "output" "message info Welcome." "$(cat "$OUT/text")"
	clean_slate
	config alice '{"rotfs": "/"}'
	call -q "$SERVICE" alice true
	codes "$CODE_REFUSED"
	lacks "output" message "$(cat "$OUT/text")"
	logged "login refused: .*rotfs"
}

broken() {
	usual
	config alice '{"rootfs": "/", "rotfs": 1}'
	call "$SERVICE" alice true
	refused rotfs
	untouched
	lacks "what the user sees" "/etc" "$(cat "$OUT/text")"
	no_container alice || fail "a container runs"
}

unknown_argument() {
	local argument

	for argument in sandbox debug=1 placement placement=nowhere \
			conf=relative conf Debug debug,conf=/x; do
		service "session required pam_container.so $argument"
		call "$SERVICE" alice true
		refused "module argument '$argument'"
		untouched
	done
}

debug() {
	service "session required pam_container.so debug"
	call "$SERVICE" alice true
	codes "$CODE_OK"
	logged "user alice: entering the container"
}

close_ends() {
	usual
	sleep 3 | call -cw "$SERVICE" alice "$INSIDE" &
	wait_until 5 grep -qs '^close 0' "$OUT/text" || fail "$(cat "$OUT/text")"
	contains "the command inside" "status 0" "$(cat "$OUT/text")"
	wait_until 2 no_container alice ||
		fail "the closed session still counts"
	wait
}

never_closed() {
	usual
	call "$SERVICE" alice "$INSIDE"
	contains "the command inside" "status 0" "$(cat "$OUT/text")"
	wait_until 5 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

# If an optional module fails, the login is wholly on the host.
optional() {
	service "session optional pam_container.so" \
		"session required pam_permit.so"
	config alice '{"rootfs": "/srv/nothing"}'
	call "$SERVICE" alice "$NS_COMMAND; id -u"
	codes "$CODE_OK"
	landed_on_host "$OUT/text"
	equal "uid" "$(id -u alice)" "$(grep '^[0-9]*$' "$OUT/text")"
	logged "login refused"
}

# The session of another module is on the host if it comes before
# pam_container.
order() {
	printf '#!/bin/sh\nreadlink /proc/self/ns/mnt\n' \
		> /usr/local/bin/nsc-mnt
	chmod 0755 /usr/local/bin/nsc-mnt
	service "session required pam_exec.so log=$OUT/log \
/usr/local/bin/nsc-mnt" "session required pam_container.so"
	call "$SERVICE" alice true
	codes "$CODE_OK"
	contains "the module before ours" "$(ns_of self mnt)" \
		"$(cat "$OUT/log")"
}

strange_names() {
	local name

	usual
	mkdir -p "$CONF/default"
	echo '{"rootfs": "/"}' > "$CONF/default/container.json"
	for name in ../alice no-such-user . .. '' /etc 1000 \
			"$(printf 'x%.0s' {1..255})" $'a\nb' '-l' '%u'; do
		call "$SERVICE" "$name" true
		codes "$CODE_REFUSED"
		landed_on_host "$OUT/text"
	done
	rm -r "$CONF/default"
	lacks "syslog" $'\na\nb' "$(syslog_since)"
	equal "run directories" "$(id -u alice) alice" "$(find "$RUN" \
		-mindepth 1 -maxdepth 1 ! -name ".*" -printf "%f\n" | sort |
		xargs)"
	equal "containers" 0 "$(count_inits)"
}

# A program that opens sessions in itself gets into the first user's container
# only: what would be another's session there is refused.  The control: another
# session of the same user.
second_user() {
	usual
	config bob '{"rootfs": "/"}'
	"$TESTS/pamcaller" -b bob "$SERVICE" alice > "$OUT/text"
	equal "alice, then bob" "open 0 open 6" \
		"$(grep ^open "$OUT/text" | xargs)"
	# The process is inside, where the host's syslog is out of reach.
	contains "the user is told" "message error Your container could not" \
		"$(cat "$OUT/text")"
	"$TESTS/pamcaller" -b alice "$SERVICE" alice > "$OUT/text"
	equal "alice twice" "open 0 open 0" \
		"$(grep ^open "$OUT/text" | xargs)"
	"$TESTS/pamcaller" -b root "$SERVICE" alice > "$OUT/text"
	equal "a user without a container" "open 0 open 6" \
		"$(grep ^open "$OUT/text" | xargs)"
	rm -r "$CONF/users/bob"
}

t "H2 a caller is placed, and its umask, signals and environment stay" placed
t "a caller's child lands in each namespace of the container" placed_wholly
t "H3 a caller with two threads is refused before anything changed" threads
t "a caller with two threads may log a host user in" threads_of_host_user
t "H4 a session for another user in a placed process is refused" second_user
t "H4 opening a session twice does nothing the second time" twice
t "H4 a module that is listed twice places once" listed_twice
t "H7 PAM_SILENT keeps the module silent" silent
t "J4 a refused caller is on the host as it was" broken
t "unknown module arguments refuse the login" unknown_argument
t "debug logs the decision" debug
t "H4 closing the session ends its hold on the container" close_ends
t "H4 a session that is never closed ends with its process" never_closed
t "H9 an optional module that fails leaves the login on the host" optional
t "H8 modules before ours run on the host" order
t "C3 strange user names are refused" strange_names
