#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Logins that a module of PAM before ours holds on the host.  The first word of a
# test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# The module reads ~/.pam_environment, as Debian's sshd does.
for service in sshd su login cron; do
	sed -i 's/user_readenv=1//' "/etc/pam.d/$service"
	echo "session required pam_env.so user_readenv=1" \
		>> "/etc/pam.d/$service"
done
pam_enable sshd su login cron
sshd_start 22

fresh() {
	need_product
	clean_slate
	rm -f /home/*/.pam_environment
	conf 'stop = "logout";'
	config alice '{"rootfs": "/"}'
	config bob '{"rootfs": "/"}'
}
# trap_of USER : opening the file waits for a writer.
trap_of() {
	mkfifo "/home/$1/.pam_environment"
	chown "$1:" "/home/$1/.pam_environment"
}
release_of() {
	# Once it was opened, the file is empty.
	timeout 2 sh -c ": > /home/$1/.pam_environment"
	rm "/home/$1/.pam_environment"
}

# rows [USER] : the logins on the host, as "USER SERVICE PID".
rows() {
	nsinit ps --json "$@" 2> /dev/null | python3 -c 'import json, sys
for r in map(json.loads, sys.stdin):
    if not r["placed"]:
        print(r["user"], r["service"], r["pid"])'
}
has_row() {
	[ "$(rows | cut -d ' ' -f 1,2)" = "$*" ]
}
row_comes() {
	wait_until 10 has_row "$@" || fail "no row '$*'" "$(rows)" \
		"$(nsinit ps)"
}

# held SERVICE COMMAND... : COMMAND logs alice in.
held() {
	local service=$1 login

	shift
	fresh
	trap_of alice
	timeout 60 "$@" > "$OUT/login" 2>&1 &
	login=$!
	row_comes alice "$service"
	contains "the table" "$service" "$(nsinit ps | grep '(not placed)$')"
	contains "for alice alone" "alice $service" "$(rows alice)"
	empty "for bob" "$(rows bob)"
	equal "seconds since then" 1 "$(nsinit ps --json alice |
		python3 -c 'import json, sys, time
print(int(0 <= time.time() - json.loads(sys.stdin.readline())["opened"] < 60))')"
	release_of alice
	# The control: the same login goes on, and is placed.
	wait "$login" || fail "the login fails: $(cat "$OUT/login")"
	contains "the login" inside "$(cat "$OUT/login")"
	empty "later" "$(rows)"
}

by_ssh() {
	held sshd ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 \
		"$INSIDE && echo inside"
}
by_su() {
	held su su alice -c "$INSIDE && echo inside"
}
by_login() {
	held login script -qec "login -f alice" /dev/null \
		<<< "$INSIDE && echo inside; exit"
}

# cron says nothing of the user: the login uid does.
by_cron() {
	local pid

	fresh
	if [ ! -e /proc/self/loginuid ] ||
		! grep -q pam_loginuid /etc/pam.d/cron; then
		skip "loginuid: this kernel or this cron has none"
	fi
	trap_of alice
	echo "@reboot $INSIDE && echo inside > \$HOME/cron" > "$OUT/crontab"
	crontab -u alice "$OUT/crontab"
	rm -f /run/crond.reboot
	cron -f &
	pid=$!
	row_comes alice cron
	release_of alice
	wait_until 10 [ -s /home/alice/cron ] || fail "the job did not run"
	empty "later" "$(rows)"
	crontab -u alice -r
	kill "$pid"
}

# Placed sessions, and users who have no container, are not listed.
others_are_not() {
	fresh
	hold alice
	timeout 60 ssh "${SSH_OPTIONS[@]}" carol@127.0.0.1 sleep 3 &
	trap_of carol
	timeout 60 su carol -c "sleep 3" &
	sleep 1
	empty "logins on the host" "$(rows)"
	equal "a placed session" True "$(nsinit ps --json | python3 -c \
		'import json, sys; print(json.loads(sys.stdin.readline())["placed"])')"
	release_of carol
	release
	conf 'mode = "audit";'
	trap_of alice
	timeout 60 su alice -c true &
	sleep 0.5
	empty "while nobody is contained" "$(rows)"
	release_of alice
	wait
}

t "H11 a login by ssh that waits on the host is in nsinit ps" by_ssh
t "H11 a login by su that waits on the host is in nsinit ps" by_su
t "H11 a login on a terminal that waits on the host is in nsinit ps" by_login
t "H11 a job of cron that waits on the host is in nsinit ps" by_cron
t "H11 nsinit ps lists nobody else as not placed" others_are_not
