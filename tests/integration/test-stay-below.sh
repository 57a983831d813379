#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A module of PAM that puts the login program into a group of its own, as
# pam_slurm_adopt does: cgroups.stay_below leaves the session there.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

CG=/sys/fs/cgroup
JOB=slurm/uid_1000/job_7/step_extern
ADOPT=/usr/local/sbin/nsc-adopt

# Moves the login program, the parent of pam_exec's child, into the job's group
# of each hierarchy in the list.
cat > "$ADOPT" <<-'END'
	#!/bin/sh
	while read -r dir; do
		echo "$PPID" > "$dir/cgroup.procs" || exit 1
	done < /run/nsc-job
END
chmod 0755 "$ADOPT"
# su-l includes su.
[ -n "$PLAIN" ] || for service in su sshd; do
	echo "session required pam_exec.so quiet $ADOPT" >> "/etc/pam.d/$service"
done
pam_enable su sshd
: > /run/nsc-job
conf 'linger = 0; stop = "logout";'
sshd_start 22

# job HIERARCHY... : there is one.
job() {
	local h dir name file

	: > /run/nsc-job
	for h; do
		dir=$h
		for name in ${JOB//\// }; do
			mkdir -p "$dir/$name" || skip "cgroup: not writable"
			for file in cpuset.cpus cpuset.mems; do
				[ ! -e "$dir/$file" ] ||
					cat "$dir/$file" > "$dir/$name/$file"
			done
			dir=$dir/$name
		done
		echo "$h/$JOB" >> /run/nsc-job
	done
}
no_job() {
	local dir

	while read -r dir; do
		while [ "${dir##*/}" != slurm ]; do
			rmdir "$dir"
			dir=${dir%/*}
		done
		rmdir "$dir"
	done < /run/nsc-job
	: > /run/nsc-job
}

begin() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
}

# groups DOOR : the groups of a session, as the host sees them.
groups() {
	local pid

	rm -f /home/alice/go "$OUT/in"
	case $1 in
	# That of the login before may be about to end.
	nsshell) nsinit stop alice > /dev/null 2>&1
		timeout 20 nsinit start alice
		# From within the job, without privileges.
		( sh -c 'PPID=$PPID; export PPID; exec '"$ADOPT" &&
			by nsshell "echo in; $STAY" > "$OUT/in" 2>&1 ) & ;;
	*) by "$1" "echo in; $STAY" > "$OUT/in" 2>&1 & ;;
	esac
	wait_until 10 grep -qsx in "$OUT/in" ||
		fail "$1: no session" "$(cat "$OUT/in")"
	pid=$(sessions_of alice)
	[ -n "$pid" ] || fail "$1: no session is known"
	cat "/proc/$pid/cgroup"
	: > /home/alice/go
	wait $!
	[ "$1" != nsshell ] || nsinit stop alice
}

of() {
	sed -n "s/^[0-9]*:$1://p" <<< "$2"
}

need_v1() {
	[ -e $CG/memory/cgroup.procs ] || skip "cgroup: no memory of v1"
	[ -e $CG/pids/cgroup.procs ] || skip "cgroup: no pids of v1"
}

stays_v1() {
	local door text

	need_product
	need_v1
	begin '"cgroups": {"pids": 100, "stay_below": ["/x", "/slurm"]}'
	job $CG/memory $CG/cpuset
	for door in su ssh nsshell; do
		text=$(groups $door) || fail "$text"
		equal "$door: memory" "/$JOB" "$(of memory "$text")"
		equal "$door: cpuset" "/$JOB" "$(of cpuset "$text")"
		# The module did not touch this one.
		contains "$door: pids" /nscontainer/alice/session- \
			"$(of pids "$text")"
	done
	no_job
}

# The control: without the key, a login leaves its job.
leaves_v1() {
	local text

	need_product
	need_v1
	begin '"cgroups": {"pids": 100, "stay_below": ["/slur", "/slurm/uid"]}'
	job $CG/memory
	text=$(groups su) || fail "$text"
	contains "other paths" /nscontainer/alice/ "$(of memory "$text")"
	begin '"cgroups": {"pids": 100}'
	text=$(groups su) || fail "$text"
	contains "no path" /nscontainer/alice/ "$(of memory "$text")"
	no_job
}

# Who is not in a job gets the container's groups as ever.
without_job() {
	local text

	need_product
	need_v1
	begin '"cgroups": {"pids": 100, "stay_below": ["/slurm"]}'
	: > /run/nsc-job
	text=$(groups su) || fail "$text"
	contains "memory" /nscontainer/alice/ "$(of memory "$text")"
}

# The session ends as others do, and the tools know it.
known() {
	local pid

	need_product
	need_v1
	begin '"cgroups": {"pids": 100, "stay_below": ["/slurm"]},
		"lifecycle": {"stop": "never"}'
	job $CG/memory $CG/cpuset
	by su 'sleep 7120' &
	wait_until 10 pgrep -xf 'sleep 7120' > /dev/null || fail "no session"
	pid=$(sessions_of alice)
	contains "ps" "$pid" "$(nsinit ps alice)"
	timeout 20 nsinit kick alice "$pid" || fail "kick"
	wait $!
	! pgrep -xf 'sleep 7120' > /dev/null || fail "its process runs"
	timeout 20 nsinit stop alice || fail "stop"
	no_job
	empty "left" "$(find $CG -type d -path '*nscontainer*' 2> /dev/null)"
}

stays_v2() {
	local dir=$TOP/cgroup2 name text

	need_product
	name=nsc-stay-$(readlink /proc/self/ns/pid | tr -dc 0-9)
	mkdir -p "$dir"
	mount -t cgroup2 none "$dir" 2> /dev/null || skip "no cgroup v2"
	begin "\"cgroups\": {\"name\": \"$name\",
		\"stay_below\": [\"/$name-job\"]}"
	mkdir -p "$dir/$name-job/step" || skip "cgroup: v2 is not writable"
	echo "$dir/$name-job/step" > /run/nsc-job
	text=$(groups su) || fail "$text"
	equal "v2" "/$name-job/step" "$(of "" "$text")"
	begin "\"cgroups\": {\"name\": \"$name\"}"
	text=$(groups su) || fail "$text"
	contains "control" "/nscontainer/$name/session-" "$(of "" "$text")"
	clean_slate
	: > /run/nsc-job
	rmdir "$dir/$name-job/step" "$dir/$name-job"
	[ ! -e "$dir/nscontainer/$name" ] || fail "left"
	umount "$dir"
}

refused() {
	begin '"cgroups": {"stay_below": ["/slurm"]}, "namespaces":
		{"NEWNS": true, "NEWPID": true}'
	status_is 1 nsinit check alice
	contains "check" "stay_below: needs namespaces.NEWUSER" \
		"$(cat "$OUT/stderr")"
	begin '"cgroups": {"stay_below": ["/slurm"], "allow_all_devices": true},
		"namespaces": {"NEWNS": true, "NEWPID": true}'
	status_is 0 nsinit check alice
	begin '"cgroups": {"stay_below": ["/a\ns - /etc"]}'
	status_is 1 nsinit check alice
}

t "L14 a session stays in the groups of its job, v1" stays_v1
t "L14 a session stays in the groups of its job, v2" stays_v2
t "L14 the control: other sessions leave them" leaves_v1
t "L14 who is in no job gets the container's groups" without_job
t "a session that stays is known, and ended" known
t "stay_below needs device rules that hold" refused
