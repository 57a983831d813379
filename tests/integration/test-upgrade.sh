#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs of another version are installed while people log in and have
# sessions open: none is refused, and none is lost.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
# shellcheck disable=SC2029,SC2153 # a command is expanded here; from lib.sh
. "$(dirname "$0")/lib.sh"

VERSIONS=$TESTS/versions
DOORS="ssh su cron nsshell"
MORE=5			# logins by each door, before and after
pam_enable sshd su cron
config alice '{"rootfs": "/"}'
conf 'stop = "never";'
sshd_start 22
[ ! -s "$VERSIONS/notes" ] || sed 's/^/# /' "$VERSIONS/notes"

# --- versions

# put DIR: the files of a version replace those here by rename, in the order of
# 'make install'; those that have other names stay, as they do then.
put() {
	local dir=$VERSIONS/$1 file

	( cd "$dir" && find usr/libexec ! -type d && find usr/bin usr/sbin \
		lib usr/lib ! -type d -name '*ns*' -o -name 'pam_*' ) |
		while IFS= read -r file; do
			mkdir -p "/${file%/*}"
			cp -P "$dir/$file" "/$file.new" &&
				mv -fT "/$file.new" "/$file"
		done
}

# Only the files of a version, as after its first installation.
only() {
	rm -rf /usr/libexec/nscontainer
	put "$1"
}

# --- logins

# login DOOR: one login; prints "in" if it is inside.
login() {
	local inside="$INSIDE && echo in"

	case $1 in
	ssh) nssh alice "$inside" ;;
	su) timeout 40 su alice -c "$inside" ;;
	nsshell) timeout 40 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$inside" ;;
	cron) job "$inside" ;;
	esac
}

# A daemon of its own for each job, since cron runs a crontab once a minute, but
# @reboot at its start.
job() {
	local pid i

	rm -f /home/alice/job /run/crond.reboot
	echo "@reboot { $1; echo end; } > \$HOME/job.new 2>&1; \
		mv \$HOME/job.new \$HOME/job" > "$OUT/crontab"
	crontab -u alice "$OUT/crontab"
	cron -f &
	pid=$!
	for ((i = 0; i < 400; i++)); do
		[ ! -e /home/alice/job ] || break
		sleep 0.1
	done
	kill "$pid"
	wait "$pid" 2> /dev/null
	cat /home/alice/job
}

# Logs in by one door, again and again, until the file 'enough' exists; a line
# for each login.
keep_logging_in() {
	local out

	while [ ! -e "$OUT/enough" ]; do
		out=$(login "$1" 2>&1)
		[ "${out%%[[:space:]]*}" = in ] || out="refused: ${out//$'\n'/ }"
		echo "${out%%$'\n'*}" >> "$OUT/logins.$1"
	done
}
logins() {
	wc -l < "$OUT/logins.$1" 2> /dev/null || echo 0
}
load_begin() {
	local door

	LOAD=()
	for door in $DOORS; do
		: > "$OUT/logins.$door"
		keep_logging_in "$door" &
		LOAD+=($!)
	done
	load_goes_on
}
more_than() {
	local door

	for door in $DOORS; do
		[ "$(logins "$door")" -ge "${before[$door]}" ] || return
	done
}
load_goes_on() {
	local door
	local -A before

	for door in $DOORS; do
		before[$door]=$(($(logins "$door") + MORE))
	done
	wait_until 60 more_than || fail "logins hang" \
		"$(tail -n 3 "$OUT"/logins.*)"
}
load_end() {
	: > "$OUT/enough"
	wait "${LOAD[@]}"
	rm "$OUT/enough"
	empty "logins that were refused" \
		"$(grep -v '^in$' "$OUT"/logins.* | head -n 5)"
	echo "# $1: $(cat "$OUT"/logins.* | wc -l) logins" >> "$TOP/counts"
}

# --- sessions that stay

# stay DOOR: a session until the file 'go' exists.  By then the host's nsshell,
# on which container-shell is mounted inside, is another file.
stay() {
	local command="echo held; $STAY; /usr/bin/nsshell -c 'echo done'"

	case $1 in
	ssh) ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 "$command" ;;
	su) su alice -c "$command" ;;
	nsshell) setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$command" ;;
	esac > "$OUT/stay.$1" 2>&1
}
sessions_begin() {
	local door

	rm -f /home/alice/go
	STAYING=()
	for door in ssh su nsshell; do
		stay "$door" &
		STAYING+=($!)
		wait_until 20 grep -qs held "$OUT/stay.$door" ||
			fail "no session by $door: $(cat "$OUT/stay.$door")"
	done
}
sessions_go_on() {
	local pid

	for pid in "${STAYING[@]}"; do
		kill -0 "$pid" 2> /dev/null || fail "a session was lost" \
			"$(head "$OUT"/stay.*)"
	done
}
sessions_end() {
	local door

	: > /home/alice/go
	wait "${STAYING[@]}"
	for door in ssh su nsshell; do
		equal "session by $door" "held done" \
			"$(xargs < "$OUT/stay.$door")"
	done
}

# --- what is seen

containers() {
	nsinit list --json alice | jq -rs 'flatten | .[] | "\(.generation) \(.draining)"' |
		xargs
}
drained() {
	[ "$(nsinit list --json alice | jq -s 'flatten | length')" -eq 1 ]
}
# Pids of the old container's login processes.
old_sessions() {
	find "$RUN/alice/$OLD/session" -type f -printf '%f\n' | sort -n | xargs
}
old_is_gone() {
	[ ! -e "$RUN/alice/$OLD" ]
}
su_of_old() {
	grep -l '^service su$' "$RUN/alice/$OLD"/session/* |
		head -n 1 | xargs -r basename
}

# The tools of the installed version see the other's container.
tools_see() {
	local pid

	equal "nsinit ps has the old sessions" "$(old_sessions)" \
		"$(nsinit ps --json alice | jq -rs "flatten | .[] |
			select(.generation == $OLD) | .pid" | sort -n | xargs)"
	contains "nsinit stats" "$OLD" "$(nsinit stats --json alice |
		jq -r "select(.pids.current > 1) | .generation // $OLD" |
		xargs)"
	contains "nsinit list" alice "$(nsinit list)"
	pid=$(su_of_old)
	[ -n "$pid" ] || fail "no session of su"
	status_is 0 nsinit kick alice "$pid"
	lacks "sessions after kick" "$pid" "$(old_sessions)"
	wait "${STAYING[1]}"
	lacks "the session that was kicked" "done" "$(cat "$OUT/stay.su")"
	unset 'STAYING[1]'
	echo "held done" > "$OUT/stay.su"
}

fresh() {
	need_product
	clean_slate
	rm -f /home/alice/go "$RUN/alice/current"
	only "$1"
}

# upgrade FROM TO RESULT: RESULT is "joins" or "drains".
upgrade() {
	fresh "$1"
	nsinit start alice || fail "nsinit start"
	OLD=$(readlink "$RUN/alice/current")
	PID1=$(pid_of alice)
	load_begin
	sessions_begin
	put "$2"
	load_goes_on
	sessions_go_on
	load_end "$1 to $2"
	kill -0 "$PID1" || fail "the old container has ended"
	if [ "$3" = joins ]; then
		equal "containers" "$OLD false" "$(containers)"
	else
		contains "containers" "$OLD true" "$(containers)"
		# A login that began before with the old module made it current
		# once more, perhaps, until the next one.
		differ "current container" "$OLD" \
			"$(readlink "$RUN/alice/current")"
	fi
	tools_see
	sessions_go_on
	sessions_end
	[ "$3" = joins ] || wait_until 10 drained ||
		fail "the old container stays" "$(nsinit list)"
	[ "$3" = joins ] || wait_until 5 old_is_gone ||
		fail "left: $(ls "$RUN/alice/$OLD")"
	status_is 0 nsinit stop alice
	wait_until 5 no_container alice || fail "something is left" \
		"$(ls "$RUN"/alice/)" "inits: $(inits) monitors: $(monitors)"
}

# stop_both FROM TO: the installed version ends both, and cleans up for both.
stop_both() {
	fresh "$1"
	nsinit start alice || fail "nsinit start"
	sessions_begin
	put "$2"
	status_is 0 su alice -c "$INSIDE"
	equal "containers" 2 "$(nsinit list --json alice | jq -s 'flatten | length')"
	status_is 0 nsinit stop --timeout 2 alice
	wait "${STAYING[@]}"
	wait_until 5 no_container alice || fail "something is left" \
		"$(ls "$RUN"/alice/)" "inits: $(inits) monitors: $(monitors)"
	empty "instances" "$(find "$RUN/alice/" -mindepth 1 -name '[0-9]*')"
	empty "groups" "$(find /sys/fs/cgroup -type d -path '*nscontainer/*')"
}

# Nobody else logs in: the old monitor has the new login-start start one.
nsshell_alone() {
	fresh this
	conf "$1"
	nsinit start alice || fail "nsinit start"
	OLD=$(readlink "$RUN/alice/current")
	put other
	for i in 1 2 3; do
		equal "nsshell $i" in "$(login nsshell 2>&1)"
	done
	equal "containers" "$((OLD + 1)) false" "$(containers)"
	put this
	equal "after a downgrade" in "$(login nsshell 2>&1)"
	conf 'stop = "never";'
}

# Its reason is logged, nsshell tells a remedy, and the sessions go on.
nsshell_without_start() {
	fresh this
	nsinit start alice || fail "nsinit start"
	sessions_begin
	put other
	config alice '{"rootfs": "/nowhere"}'
	syslog_mark
	status_is 126 timeout 60 setpriv --reuid=alice --regid=alice \
		--init-groups /usr/bin/nsshell -c true
	contains "nsshell" "another version of nscontainer started the container: the next login through a service with pam_container, or 'nsinit start alice', makes a new one beside it" \
		"$(cat "$OUT/stderr")"
	logged "only programs of another version can join the container of 'alice', and no new one starts: .*/nowhere"
	config alice '{"rootfs": "/"}'
	equal "nsshell" in "$(login nsshell 2>&1)"
	sessions_go_on
	sessions_end
}

# The lifetime is the administrator's, and the user may write to renew.
asked_all_the_time() {
	# Those of the container before hold their session for some seconds.
	wait_until 20 eval '! pgrep -x renew > /dev/null' ||
		fail "earlier renewals do not end"
	fresh this
	config alice '{"rootfs": "/", "lifecycle": {"max_lifetime": 5}}'
	status_is 0 su alice -c true
	setpriv --reuid=alice --regid=alice --init-groups sh -c 'trap "" PIPE
		exec timeout 60 dd if=/dev/zero of="$0" bs=1' \
		"$RUN/alice/current/renew" 2> "$OUT/asked" &
	sleep 1
	timeout 20 su alice -c 'sleep 1031; :' &
	sleep 1
	# One at a time, with its child.
	[ "$(pgrep -c -x renew)" -le 2 ] || fail "many renewals"
	wait_until 20 no_container alice || fail "it lives on"
	wait
	[ "$(awk '/bytes/ { print $1 }' "$OUT/asked")" -gt 1000 ] ||
		fail "control: asked too rarely" "$(cat "$OUT/asked")"
	config alice '{"rootfs": "/"}'
}

# A second container cannot run beside it.
exclusive() {
	fresh this
	config alice '{"rootfs": "/", "overlay": "persistent"}'
	nsinit start alice || fail "nsinit start"
	OLD=$(readlink "$RUN/alice/current")
	put other
	status_is 0 su alice -c "$INSIDE"
	equal "containers" "$((OLD + 1)) false" "$(containers)"
	sessions_begin
	put this
	syslog_mark
	status_is 1 timeout 20 su alice -c true
	logged "another version of nscontainer started the container, and its overlay \"persistent\" lets no second one run beside it: wait for the end of its sessions, or end them with 'nsinit stop alice'"
	sessions_go_on
	sessions_end
	status_is 0 su alice -c "$INSIDE"
	equal "containers" "$((OLD + 2)) false" "$(containers)"
	put other
	status_is 0 nsinit start --replace alice
	equal "containers" "$((OLD + 3)) false" "$(containers)"
	nsinit stop alice
	config alice '{"rootfs": "/"}'
}

# 'make uninstall' removes nothing while something is in use.
uninstall_refuses() {
	fresh this
	nsinit start alice || fail "nsinit start"
	PID1=$(pid_of alice)
	usermod -s /usr/bin/nsshell carol
	mkdir -p /etc/systemd/system/sockets.target.wants
	ln -s /nowhere /etc/systemd/system/sockets.target.wants/nscontainer-metrics.socket
	echo 'ForceCommand /usr/bin/nsshell' > /etc/ssh/sshd_config.d/box.conf
	echo '# session required pam_container.so' >> /etc/pam.d/atd
	status_is 1 "$TESTS/uninstall-check" /usr/bin/nsshell
	for line in "/etc/pam.d/sshd:.*pam_container.so" "    carol" \
		"sshd_config.d/box.conf:1:" "    alice, PID 1 is $PID1" \
		"sockets.target.wants/nscontainer-metrics.socket" \
		"nsinit stop USER" "usermod -s /bin/bash USER"; do
		grep -q "$line" "$OUT/stdout" || fail "not named: $line" \
			"$(cat "$OUT/stdout")"
	done
	lacks "a comment" pam.d/atd "$(cat "$OUT/stdout")"
	# Each of them alone is enough.
	rm /etc/ssh/sshd_config.d/box.conf
	sed -i /pam_container.so/d /etc/pam.d/*
	usermod -s /bin/bash carol
	status_is 1 "$TESTS/uninstall-check" /usr/bin/nsshell
	nsinit stop alice
	status_is 1 "$TESTS/uninstall-check" /usr/bin/nsshell
	rm /etc/systemd/system/sockets.target.wants/nscontainer-metrics.socket
	status_is 0 "$TESTS/uninstall-check" /usr/bin/nsshell
	empty "output" "$(cat "$OUT/stdout")"
	pam_enable sshd su cron
}

# What counts as refused in the tests above.
control() {
	fresh this
	mv /usr/libexec/nscontainer "$TOP/nscontainer"
	differ "a login" in "$(login su 2>&1)"
	mv "$TOP/nscontainer" /usr/libexec/nscontainer
	equal "a login" in "$(login su 2>&1)"
	OLD=$(readlink "$RUN/alice/current")
	put other
	# The monitor that could have a new container started stands still.
	stand_still "$(monitors)"
	timeout 3 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c true && fail "nsshell joined another version"
	kill -CONT "$(monitors)"
	equal "a login" in "$(login nsshell 2>&1)"
}

if [ -n "$PLAIN" ]; then exit 0; fi
[ -d "$VERSIONS/other" ] || { echo "not ok other versions are built"; exit 1; }
# The logins of a failed test must not disturb the next.
e() {
	t "$@"
	: > "$OUT/enough"
	sleep 1
	clean_slate
}
e "V1 an upgrade to another version refuses and loses nobody" \
	upgrade this other drains
e "V1 a downgrade from another version refuses and loses nobody" \
	upgrade other this drains
e "V1 control: a login that fails counts, and a version joins only its own" \
	control
e "V2 nsinit stop ends the containers of both versions" stop_both this other
e "V3 nsshell alone gets a container of its version" \
	nsshell_alone 'stop = "never";'
e "V3 nsshell alone gets one that would end without sessions" \
	nsshell_alone 'stop = "logout";'
e "V3 nsshell tells why it gets none" nsshell_without_start
e "V4 a user who always asks for a renewal keeps the monitor from nothing" \
	asked_all_the_time
e "uninstall-check names what is in use" uninstall_refuses
e "a container that must be alone is replaced without sessions" exclusive
if [ -d "$VERSIONS/last" ]; then
	how=drains
	[ "$(cat "$VERSIONS/last.version")" != same ] || how=joins
	e "V1 an upgrade from the last release refuses and loses nobody" \
		upgrade last this "$how"
	# A release that cannot drain a newer version's container is one from
	# before docs/design/0055-versions-that-meet.md.
	[ "$(cat "$VERSIONS/last.version")" = old ] ||
		e "V1 a downgrade to the last release refuses and loses nobody" \
			upgrade this last "$how"
fi
[ ! -e "$TOP/counts" ] || cat "$TOP/counts"
