#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A machine with SELinux, enforcing, and Debian's policy: logins, with and without
# contrib/selinux, and with labels.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

LABEL='tr "\0" "\n" < /proc/self/attr/current'
UNCONFINED=unconfined_u:unconfined_r:unconfined_t
CONFINED=user_u:user_r:user_t:s0
BOX=/srv/images/box

lines_off() {
	sed -i.before '/pam_container/d' /etc/pam.d/*
}

lines_on() {
	local file

	for file in /etc/pam.d/*.before; do
		mv "$file" "${file%.before}"
	done
}

label_of() {
	tr -d '\0' < "/proc/$1/attr/current"
}

# job_prints COMMAND: the file to which a job of alice's cron prints.
job_prints() {
	echo "@reboot ($1; echo done) > \$HOME/cron 2>&1" | crontab -u alice -
	rm -f /run/crond.reboot /home/alice/cron
	systemctl restart cron || fail "systemctl restart cron"
	wait_until 20 grep -qs "done" /home/alice/cron ||
		fail "the job did not run" "$(journalctl -q -n 30 -o cat)"
	crontab -u alice -r
}

denials() {
	journalctl -q -o cat --since "@$1" | grep -a 'avc: *denied *{' |
		grep -a "$2"
}

# What the same logins are without us.
control() {
	equal "enforcing" 1 "$(cat /sys/fs/selinux/enforce)"
	contains "sshd" ":sshd_t:" \
		"$(label_of "$(pgrep -o -f 'sshd: /usr/sbin/sshd -D .listener')")"
	contains "ssh" "$UNCONFINED" "$(nssh alice "$LABEL" 2>&1)"
	contains "su" "$UNCONFINED" "$(su - alice -c "$LABEL" 2>&1)"
	job_prints "$LABEL"
	head -n 1 /home/alice/cron > /srv/label-of-jobs
	contains "cron" unconfined "$(cat /srv/label-of-jobs)"
}

# Debian's policy alone keeps sshd from what it needs; the login ends, and the
# log says why.
without_module() {
	nssh alice 'echo is in' > "$OUT/all" 2>&1 && fail "$(cat "$OUT/all")"
	lacks "the login" "is in" "$(cat "$OUT/all")"
	logged "login refused: .*SELinux.*pam_container(8)"
	wait_until 10 nothing_left alice
}

# page_says COMMAND...: the lines of pam_container(8) with these.
page_says() {
	local command

	for command; do
		sed -n "s/^\.Dl # \($command .*\)/\1/p" \
			/usr/share/man/man8/pam_container.8
	done
}

module() {
	page_says semodule restorecon > "$OUT/commands"
	bash -e "$OUT/commands" || fail "status $?" "$(cat "$OUT/commands")"
	contains "login-start" ":nscontainer_exec_t:" \
		"$(stat -c %C /usr/libexec/nscontainer/*/login-start)"
}

lands() {
	hold alice
	nssh alice "$NS_COMMAND; $LABEL; id -Z || echo is off" > "$OUT/all" 2>&1 ||
		fail "$(cat "$OUT/all")"
	landed_inside "$OUT/all" alice
	contains "the session" "$UNCONFINED" "$(cat "$OUT/all")"
	contains "SELinux, as programs inside see it" "is off" \
		"$(cat "$OUT/all")"
	contains "PID 1" ":nscontainer_t:" "$(label_of "$(pid_of alice)")"
	contains "container-monitor" ":nscontainer_t:" \
		"$(label_of "$(monitors | head -n 1)")"
	contains "/run/nscontainer" ":nscontainer_runtime_t:" \
		"$(stat -c %C "$RUN/alice/pid")"
	contains "sshd" ":sshd_t:" \
		"$(label_of "$(pgrep -o -f 'sshd: alice')")"
	release
	gone alice
}

by_su() {
	nothing_left alice || clean_slate
	su - alice -c "$NS_COMMAND; $LABEL" > "$OUT/all" 2>&1 ||
		fail "$(cat "$OUT/all")"
	contains "the label" "$UNCONFINED" "$(cat "$OUT/all")"
	gone alice
}

by_cron() {
	conf 'linger = 100;'
	job_prints "$LABEL; $NS_COMMAND"
	landed_inside /home/alice/cron alice
	equal "the label" "$(cat /srv/label-of-jobs)" \
		"$(head -n 1 /home/alice/cron)"
	nsinit stop alice
	conf ''
	gone alice
}

labelled() {
	config alice "{\"rootfs\": \"/\",
		\"context\": {\"process_label\": \"$1\"}}"
}

# The files of the home belong to the SELinux user as well.
with_label() {
	labelled "$CONFINED"
	chcon -R -u user_u /home/alice
	valid alice
	conf 'linger = 100;'
	nssh alice "$LABEL; $NS_COMMAND; echo x > ~/file && cat ~/file" \
		> "$OUT/all" 2>&1 || fail "$(cat "$OUT/all")"
	landed_inside "$OUT/all" alice
	contains "ssh" "$CONFINED" "$(cat "$OUT/all")"
	# Root's shell here is unconfined_t, which may not give this label.
	su - alice -c 'echo is in' > "$OUT/all" 2>&1 && fail "$(cat "$OUT/all")"
	logged "process_label: the policy of SELinux does not let '.*:unconfined_t:"
	# A pipe is unconfined_u's, whom user_u has nothing to do with.
	contains "nsinit exec" "$CONFINED" \
		"$(nsinit exec -t alice sh -c "$LABEL" 2>&1)"
	empty "nsinit exec, by a pipe" "$(nsinit exec alice sh -c "$LABEL")"
	job_prints "$LABEL"
	contains "cron" "$CONFINED" "$(cat /home/alice/cron)"
	nsinit stop alice
	conf ''
	gone alice
}

# user_t may not do what unconfined_t may: the label is more than a name.
label_confines() {
	labelled "$CONFINED"
	chmod 0644 /etc/shadow
	nssh alice 'cat /etc/shadow && echo is read' > "$OUT/all" 2>&1
	lacks "with the label" "is read" "$(cat "$OUT/all")"
	gone alice
	config alice '{"rootfs": "/"}'
	nssh alice 'cat /etc/shadow > /dev/null && echo is read' \
		> "$OUT/all" 2>&1
	chmod 0640 /etc/shadow
	contains "without it" "is read" "$(cat "$OUT/all")"
	gone alice
}

unknown() {
	labelled user_u:user_r:nowhere_t:s0
	status_is 1 nsinit check alice
	contains "nsinit check" "is not a context of the loaded policy" \
		"$(cat "$OUT/stderr")"
	nssh alice 'echo is in' > "$OUT/all" 2>&1 && fail "$(cat "$OUT/all")"
	lacks "the login" "is in" "$(cat "$OUT/all")"
	logged "login refused: .*process_label: is not a context"
	wait_until 10 nothing_left alice
}

# A context that there is, and that nobody reaches from sshd's.
denied() {
	labelled system_u:system_r:kernel_t:s0
	nssh alice 'echo is in' > "$OUT/all" 2>&1 && fail "$(cat "$OUT/all")"
	lacks "the login" "is in" "$(cat "$OUT/all")"
	logged "process_label: the policy of SELinux does not let '.*:sshd_t:"
	config alice '{"rootfs": "/"}'
	gone alice
}

# Who is root in a rootfs writes there what libselinux reads.
rootfs() {
	mkdir -m 0700 /srv/images
	make_busybox "$BOX"
	mkdir -p "$BOX/etc/selinux/default"
	cp -r /etc/selinux/config "$BOX/etc/selinux/"
	cp -r /etc/selinux/default/{seusers,contexts} \
		"$BOX/etc/selinux/default/"
	sed -i 's/unconfined_u/user_u/' "$BOX/etc/selinux/default/seusers"
	page_says setfiles | sed "s,DIR,$BOX,g" > "$OUT/commands"
	bash -e "$OUT/commands" || fail "status $?" "$(cat "$OUT/commands")"
	config alice "{\"rootfs\": \"$BOX\"}"
	nssh alice "$LABEL" > "$OUT/all" 2>&1 || fail "$(cat "$OUT/all")"
	contains "the label" "$UNCONFINED" "$(cat "$OUT/all")"
	config alice '{"rootfs": "/"}'
	gone alice
}

mount_label() {
	config alice "{\"rootfs\": \"/\", \"context\":
		{\"mount_label\": \"system_u:object_r:tmp_t:s0\"}}"
	nssh alice 'stat -c %C /tmp /dev/null; touch /tmp/x && echo is written' \
		> "$OUT/all" 2>&1
	contains "labels" "system_u:object_r:tmp_t:s0
system_u:object_r:tmp_t:s0
is written" "$(cat "$OUT/all")"
	config alice '{"rootfs": "/"}'
	gone alice
}

# A terminal of its own, which sshd makes inside.
terminal() {
	ssh "${SSH_OPTIONS[@]}" -tt alice@127.0.0.1 'tty; echo is in; exit 0' \
		> "$OUT/all" 2>&1 < /dev/null
	contains "the terminal" /dev/pts "$(cat "$OUT/all")"
	contains "the session" "is in" "$(cat "$OUT/all")"
	gone alice
}

no_denials() {
	empty "denials" "$(denials "$SINCE" 'sshd_t\|crond_t\|nscontainer\|unconfined_t')"
}

lines_off
t "sshd, su and cron work without the module, enforcing" control
lines_on
t "without contrib/selinux a login is refused, and the log says why" \
	without_module
t "the policy module is installed as pam_container(8) says" module
printf -v SINCE '%(%s)T'
t "E10 a login by ssh has the host's label, and what it starts has its own" lands
t "su lands in the container" by_su
t "a cron job lands in the container, with the label of the host" by_cron
t "a login with a terminal" terminal
t "J5 a rootfs does not choose the label" rootfs
t "mount_label is the label of file systems in the container" mount_label
t "the policy denies nothing that the logins need" no_denials
t "a label that the policy does not know refuses the login" unknown
t "a label that the policy does not allow refuses the login, by name" denied
t "process_label is the label of each session" with_label
t "process_label confines" label_confines
clean_slate
# The tests of the other machine hold here, and wait for this file.
rm -f /home/alice/cron
for file in su cron; do
	bash "/mnt/tests/vm/test-$file.sh"
done
