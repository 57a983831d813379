#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nobody is locked out: audit mode, the break-glass group, nsinit try.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

GROUP=nscontainer-admins
HELPER=$LIBEXEC/login-start
pam_enable su sshd
[ -n "$PLAIN" ] || {
	groupadd "$GROUP"
	usermod -aG "$GROUP" carol
	for name in alice bob carol; do
		config "$name" '{"rootfs": "/"}'
	done
}
cp /etc/pam.d/su /etc/pam.d/sshd "$TOP"
sshd_start 22

# fresh LINE... : valid configurations, and these lines in nscontainer.conf.
fresh() {
	need_product
	clean_slate
	cp "$TOP/su" "$TOP/sshd" /etc/pam.d/
	rm -rf "${CONF:?}/default" "$CONF/users"
	for name in alice bob carol; do
		config "$name" '{"rootfs": "/"}'
	done
	conf 'start_timeout = 20;' "$@"
	syslog_mark
}

arguments() {
	sed -i "s/pam_container.so.*/pam_container.so $*/" \
		/etc/pam.d/su /etc/pam.d/sshd
}

# door USER : by su and by ssh; the output is in $OUT/su and $OUT/ssh.
door() {
	timeout 30 su "$1" -s /bin/sh -c "$NS_COMMAND" > "$OUT/su" \
		2> "$OUT/error" || fail "su $1 fails" "$(cat "$OUT/error")"
	nssh "$1" "$NS_COMMAND" > "$OUT/ssh" || fail "ssh $1 fails"
}

on_host() {
	door "$1"
	landed_on_host "$OUT/su"
	landed_on_host "$OUT/ssh"
}

refused() {
	timeout 30 su "$1" -c true 2> "$OUT/error" &&
		fail "su $1 was not refused"
	contains "what su says" "this login is refused" "$(cat "$OUT/error")"
	nssh "$1" true 2> /dev/null && fail "ssh $1 was not refused"
	return 0
}

# --- audit

audit_placed() {
	fresh 'mode = "audit";'
	on_host alice
	logged "pam_container(su:session): user alice: audit: would be placed \
in the container of $CONF/users/alice/container.json"
	logged "pam_container(sshd:session): user alice: audit: would be placed"
	no_container alice || fail "a container was started"
	equal "lines of the audit" 2 "$(syslog_since | grep -ac 'audit: would')"
}

priority_is_notice() {
	fresh 'mode = "audit";'
	tail -c +1 "$TOP/syslog" > /dev/null
	su alice -c true
	logged "audit: would be placed"
	# auth or authpriv (4, 10), notice (5)
	tail -c +"$((SYSLOG_FROM + 1))" "$TOP/syslog" | tr -d '\0' |
		sed 's/<[0-9]\{1,3\}>/\n&/g' | grep -a "audit: would" |
		grep -aqE '^<(37|85)>' || fail "another priority" \
			"$(tail -c 500 "$TOP/syslog")"
}

# audit_refused REASON [JSON]
audit_refused() {
	logged "user alice: audit: would be refused: .*$1"
	no_container alice || fail "a container was started"
	lacks "what the user sees" "refused" "$(cat "$OUT/error")"
}

audit_broken_json() {
	fresh 'mode = "audit";'
	config alice '{"rootfs": "/", "rotfs": 1}'
	on_host alice
	audit_refused "users/alice/container.json: rotfs: unknown key"
	config alice '{"rootfs": "/srv/nothing"}'
	on_host alice
	audit_refused "rootfs '/srv/nothing'"
	config alice '{"rootfs": "/", "networks": [{"type": "veth", "context": {"bridge": "br9", "prefix": "nv"}, "address": "10.9.0.2/24"}]}'
	on_host alice
	audit_refused "br9"
}

audit_untrusted() {
	fresh 'mode = "audit";'
	chmod 0666 "$CONF/users/alice/container.json"
	arguments mode=audit
	on_host alice
	audit_refused "container.json: is writable by others"
	chmod 0644 "$CONF/users/alice/container.json"
}

audit_on_error() {
	fresh 'mode = "audit";' 'on_error = "host";'
	config alice '{"rootfs": 1}'
	on_host alice
	logged "audit: would go on outside the container, as on_error says: .*rootfs"
}

audit_not_contained() {
	fresh 'mode = "audit";' 'exempt_users = ["alice"];'
	on_host alice
	empty "audit of an exempt user" "$(syslog_since | grep -a audit:)"
}

audit_no_helper() {
	fresh 'mode = "audit";'
	mv "$HELPER" "$HELPER.away"
	door alice
	mv "$HELPER.away" "$HELPER"
	landed_on_host "$OUT/su"
	audit_refused "login-start"
}

audit_hangs() {
	local since=$SECONDS

	fresh
	conf 'mode = "audit";' 'start_timeout = 1;'
	mv "$HELPER" "$HELPER.away"
	printf '#!/bin/sh\nexec sleep 600\n' > "$HELPER"
	chmod 0755 "$HELPER"
	su alice -c "$NS_COMMAND" > "$OUT/su" 2> "$OUT/error"
	landed_on_host "$OUT/su"
	audit_refused "start_timeout"
	conf 'mode = "audit";' 'start_timeout = 600;'
	su alice -c "$NS_COMMAND" > "$OUT/su" 2> "$OUT/error"
	mv "$HELPER.away" "$HELPER"
	landed_on_host "$OUT/su"
	logged "audit: would perhaps be refused: .*'nsinit check'"
	[ $((SECONDS - since)) -lt 30 ] || fail "the audited logins wait"
}

audit_broken_conf() {
	fresh 'mode = "audit"; rubbish'
	refused alice
	arguments mode=audit
	on_host alice
	audit_refused "nscontainer.conf"
}

audit_argument() {
	fresh 'mode = "enforce";'
	arguments mode=audit
	on_host alice
	logged "audit: would be placed"
	conf 'mode = "audit";'
	arguments mode=enforce
	hold alice
	door alice
	landed_inside "$OUT/su" alice
	release
}

enforce_again() {
	fresh 'mode = "enforce";'
	hold alice
	door alice
	landed_inside "$OUT/su" alice
	landed_inside "$OUT/ssh" alice
	empty "audit" "$(syslog_since | grep -a audit:)"
	release
}

# --- break-glass

glass() {
	on_host carol
	logged "pam_container(su:session): user carol: .*break-glass group $GROUP"
	logged "pam_container(sshd:session): user carol: .*break-glass group"
	refused alice
	[ -e "$RUN/carol/pid" ] && fail "carol's container runs"
	syslog_mark
}

glass_conf() {
	fresh 'stop = "sometimes";'
	glass
	chmod 0777 "$CONF"
	glass
	chmod 0755 "$CONF"
}

glass_json() {
	fresh
	config carol '{"rotfs'
	config alice '{"rotfs'
	glass
}

glass_run() {
	fresh
	mkdir -p "$RUN"
	mount --bind "$RUN" "$RUN" || fail "cannot mount $RUN"
	mount -o remount,bind,ro "$RUN" || fail "cannot make it read-only"
	rm -f "$OUT/failed"
	( glass ) || touch "$OUT/failed"
	umount "$RUN"
	[ ! -e "$OUT/failed" ] || fail "with a read-only $RUN"
}

glass_no_helper() {
	fresh
	mv "$HELPER" "$HELPER.away"
	( glass ) || touch "$OUT/failed"
	mv "$HELPER.away" "$HELPER"
	[ ! -e "$OUT/failed" ] || fail "without the helper"
}

glass_arguments() {
	local argument

	fresh
	for argument in sandbox=yes conf=relative placement=nowhere mode=on \
			break_glass= "sandbox=yes break_glass=$GROUP" \
			"break_glass=$GROUP sandbox=yes"; do
		arguments "$argument"
		glass
	done
}

glass_threads() {
	need_product
	fresh
	[ -x "$TESTS/pamcaller" ] || skip "pamcaller is not built"
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" \
		"session required pam_container.so" > /etc/pam.d/nsc-test
	timeout 20 "$TESTS/pamcaller" -t 2 nsc-test carol "$NS_COMMAND" \
		> "$OUT/text" 2>&1
	contains "result" "open 0" "$(cat "$OUT/text")"
	landed_on_host "$OUT/text"
	timeout 20 "$TESTS/pamcaller" -t 2 nsc-test alice true > "$OUT/text" 2>&1
	contains "result" "open 6" "$(cat "$OUT/text")"
}

glass_other_group() {
	fresh
	usermod -aG staff bob
	arguments break_glass=staff
	on_host bob
	door carol
	hold carol
	door carol
	landed_inside "$OUT/ssh" carol
	release
	gpasswd -d bob staff > /dev/null
	arguments break_glass=no-such-group
	rm -f "$OUT/held"
	hold bob
	door bob
	landed_inside "$OUT/ssh" bob
	release
}

glass_primary() {
	fresh 'rubbish'
	usermod -g "$GROUP" bob
	on_host bob
	usermod -g bob bob
	refused bob
}

glass_no_group() {
	fresh
	gpasswd -d carol "$GROUP" > /dev/null
	hold carol
	door carol
	landed_inside "$OUT/su" carol
	release
	groupdel "$GROUP"
	rm -f "$OUT/held"
	hold carol
	door carol
	landed_inside "$OUT/su" carol
	release
	groupadd "$GROUP"
	usermod -aG "$GROUP" carol
}

glass_nsshell() {
	fresh
	echo /usr/bin/nsshell >> /etc/shells
	usermod -s /usr/bin/nsshell carol
	usermod -s /usr/bin/nsshell alice
	sed -i /pam_container/d /etc/pam.d/sshd
	nssh carol "$NS_COMMAND" > "$OUT/ns" || fail "ssh carol fails"
	landed_on_host "$OUT/ns"
	logged "nsshell.*user carol: .*break-glass group $GROUP"
	contains "login shell" "is -bash /bin/bash carol" "$(nssh carol -tt \
		<<< 'echo is $0 $SHELL $USER; exit')"
	status_is 7 nssh carol 'exit 7'
	status_is 126 nssh alice true
	cp /usr/bin/nsshell "$OUT/nsshell"
	setcap cap_sys_admin,cap_sys_chroot,cap_sys_ptrace,cap_setpcap+ep \
		/usr/bin/nsshell || skip "no file capabilities"
	equal "capabilities of the shell" \
		"0000000000000000 0000000000000000" \
		"$(nssh carol "sed -n 's/^Cap\\(Prm\\|Eff\\):.//p' \
		/proc/self/status" | xargs)"
	cp "$OUT/nsshell" /usr/bin/nsshell
	usermod -s /bin/bash carol
	usermod -s /bin/bash alice
}

# --- try

# attempt STATUS ARGUMENT... : nsinit try; its output is in $OUT/stdout.
attempt() {
	local expected=$1

	shift
	status_is "$expected" timeout 60 nsinit try "$@"
}

# step NAME RESULT [PART]
step() {
	local line

	line=$(grep -E "^$1 +$2 +[0-9]+\.[0-9]  " "$OUT/stdout") ||
		fail "no step '$1' with '$2'" "$(cat "$OUT/stdout")"
	contains "step $1" "${3-}" "$line"
}

# The last step is the one that fails, with the sentence of syslog.
fails_at() {
	tail -n 1 "$OUT/stdout" | grep -qE "^$1 +failed " ||
		fail "step '$1' is not the last one" "$(cat "$OUT/stdout")"
	contains "standard error" "$2" "$(cat "$OUT/stderr")"
	contains "the step" "$2" "$(tail -n 1 "$OUT/stdout")"
}

try_good() {
	local name

	fresh
	attempt 0 alice
	for name in user policy configuration container "control groups" \
			namespaces credentials terminal "user id" shell home \
			name command; do
		step "$name" ok
	done
	step container ok "was started"
	lacks "steps" service "$(cat "$OUT/stdout")"
	empty "standard error" "$(cat "$OUT/stderr")"
	wait_until 10 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

try_running() {
	local pid

	fresh
	hold alice
	pid=$(pid_of alice)
	attempt 0 alice
	step container ok "runs, pid $pid"
	equal "PID 1" "$pid" "$(pid_of alice)"
	config alice '{"rootfs": "/", "rotfs": 1}'
	attempt 0 alice
	step configuration warning "the next start fails: $CONF/users"
	release
}

try_broken() {
	fresh
	attempt 1 nobody-there
	fails_at user "is not known to the system"
	config alice '{"rootfs": "/", "rotfs": 1}'
	attempt 1 alice
	fails_at configuration "users/alice/container.json: rotfs: unknown key"
	conf 'rubbish'
	attempt 1 alice
	fails_at policy "nscontainer.conf: line 2: syntax error"
	conf 'start_timeout = 20;'
	config alice '{"rootfs": "/", "mounts": [{"type": "bind", "source": "/srv/none", "destination": "/mnt"}]}'
	attempt 1 alice
	fails_at configuration "/srv/none"
	timeout 30 su alice -c true 2> /dev/null
	logged "login refused: .*/srv/none"
	no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

try_inside() {
	fresh
	make_busybox /srv/images/plain || fail "no busybox"
	config alice '{"rootfs": "/srv/images/plain"}'
	usermod -s /usr/bin/fish alice
	attempt 1 alice
	fails_at configuration "the login shell '/usr/bin/fish'"
	usermod -s /bin/bash alice
	status_is 0 nsinit start alice
	usermod -s /usr/bin/fish alice
	attempt 1 alice
	step configuration warning "the login shell '/usr/bin/fish'"
	step credentials ok
	fails_at shell "the login shell '/usr/bin/fish'"
	usermod -s /bin/bash alice
	status_is 0 nsinit stop alice
	printf '#!/bin/sh\necho broken shell >&2\nexit 3\n' \
		> /srv/images/plain/bin/odd
	chmod 0755 /srv/images/plain/bin/odd
	usermod -s /bin/odd alice
	attempt 1 alice
	fails_at command "ended with status 3: broken shell"
	usermod -s /bin/sh alice
	attempt 0 alice
	usermod -s /bin/bash alice
	nsinit stop alice > /dev/null 2>&1
	config alice '{"rootfs": "/", "home": "none"}'
	usermod -d /home/elsewhere alice
	attempt 0 alice
	step home warning "/home/elsewhere"
	# usermod refuses a user who has processes.
	wait_until 10 usermod -d /home/alice alice 2> "$OUT/error" ||
		fail "usermod" "$(cat "$OUT/error")"
	wait_until 10 no_container alice || fail "left" "$(ls "$RUN/alice/")"
}

# A hostile container: its shell does not end, and gets no file of the host.
try_hostile() {
	fresh
	make_busybox /srv/images/hostile || fail "no busybox"
	config alice '{"rootfs": "/srv/images/hostile"}'
	printf '#!/bin/sh\nls /proc/self/fd > /tmp/fds; exec sleep 600\n' \
		> /srv/images/hostile/bin/slow
	chmod 0755 /srv/images/hostile/bin/slow
	usermod -s /bin/slow alice
	attempt 1 alice
	fails_at command "killed by signal 14"
	usermod -s /bin/bash alice
}

try_killed() {
	fresh
	hold alice
	nsinit pause alice || skip "pause is not possible"
	attempt 1 alice
	nsinit resume alice
	fails_at "control groups" "enter the container's limits"
	release
}

try_not_contained() {
	fresh
	rm -r "$CONF/users/alice"
	attempt 0 alice
	step policy ok "on the host: not contained: no container.json"
	attempt 0 carol
	step policy ok "on the host: break-glass group $GROUP"
	config alice '{"rootfs": "/"}'
	conf 'mode = "audit";'
	attempt 0 alice
	step policy ok 'mode is "audit"'
	step command ok
}

try_service() {
	fresh
	attempt 0 --service su alice
	step service ok "/etc/pam.d/su:"
	step service ok "session required pam_container.so"
	attempt 0 --service su-l alice
	step service ok "/etc/pam.d/su:"
	sed -i /pam_container/d /etc/pam.d/sshd
	attempt 1 --service sshd alice
	fails_at service "/etc/pam.d/sshd does not list pam_container.so"
	attempt 1 --service no-such alice
	fails_at service "PAM service 'no-such'"
	attempt 1 --service ../passwd alice
	fails_at service "expected the name of a file"
	cp "$TOP/sshd" /etc/pam.d/sshd
	arguments sandbox=yes
	attempt 1 --service sshd alice
	fails_at service "module argument 'sandbox=yes': unknown"
	arguments break_glass=bob
	attempt 0 --service sshd bob
	step policy ok "on the host: break-glass group bob"
	attempt 0 --service sshd carol
	step command ok
	arguments mode=audit
	attempt 0 --service sshd alice
	step policy ok 'mode is "audit"'
	cp "$TOP/su" /etc/pam.d/su
	conf 'exempt_services = ["su"];'
	attempt 0 --service su alice
	step policy ok "exempt_services"
}

try_json() {
	fresh
	attempt 0 --json alice
	python3 - "$OUT/stdout" <<-'END' || fail "JSON" "$(cat "$OUT/stdout")"
	import json, sys
	steps = list(map(json.loads, open(sys.argv[1])))
	assert steps[0]["step"] == "user", steps
	assert steps[-1]["step"] == "command", steps
	assert all(s["result"] == "ok" for s in steps), steps
	assert all(s["ms"] >= 0 for s in steps), steps
	END
	config alice '{"rotfs": 1}'
	attempt 1 --json alice
	python3 - "$OUT/stdout" <<-'END' || fail "JSON" "$(cat "$OUT/stdout")"
	import json, sys
	steps = list(map(json.loads, open(sys.argv[1])))
	assert steps[-1]["result"] == "failed", steps
	assert "rotfs" in steps[-1]["text"], steps
	END
}

t "audit: a login stays on the host, and the log says what would be" \
	audit_placed
t "audit: the line has priority notice" priority_is_notice
t "audit: a login that would be refused goes on, and the log says why" \
	audit_broken_json
t "audit: files that others may write would refuse" audit_untrusted
t "audit: on_error is taken into account" audit_on_error
t "audit: who is not contained is not logged" audit_not_contained
t "audit: without the helper a login goes on" audit_no_helper
t "audit: a check that hangs ends after start_timeout" audit_hangs
t "audit: mode=audit of the module holds with a broken nscontainer.conf" \
	audit_broken_conf
t "audit: the module's mode= comes before nscontainer.conf" audit_argument
t "audit: mode = enforce places logins" enforce_again
t "break-glass: with a broken or untrusted nscontainer.conf" glass_conf
t "break-glass: with a broken container.json" glass_json
t "break-glass: with a read-only run directory" glass_run
t "break-glass: without the helper" glass_no_helper
t "break-glass: with wrong arguments of the module" glass_arguments
t "break-glass: in a program with threads" glass_threads
t "break-glass: break_glass= names another group, or none" glass_other_group
t "break-glass: the primary group counts" glass_primary
t "break-glass: no member, and no such group: nobody" glass_no_group
t "break-glass: nsshell gives a shell of the host, without privileges" \
	glass_nsshell
t "try: a good configuration goes through all steps, and nothing is left" \
	try_good
t "try: a running container is joined and stays" try_running
t "try: what is broken on the host is the failing step" try_broken
t "try: what is broken inside is the failing step" try_inside
t "try: a shell that never ends is ended" try_hostile
t "try: a container that does not answer fails at its step" try_killed
t "try: who is not contained lands on the host" try_not_contained
t "try: --service tells whether PAM comes to the module" try_service
t "try: --json" try_json
