# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # mark, stage, tests, work: the caller's
# Sourced by 'run' and by bench/run, on the host: runs a program in a separate
# world, and checks afterwards that nothing of it is left.
#
# mark   in the name of each control group, and the source of each mount
# stage  the DESTDIR of 'make install', or none
# tests  a directory that is /mnt/tests in the world
# work   a directory for notes
worlds=$(dirname "${BASH_SOURCE[0]}")
enabled=()

new_mark() {
	mark=nsc-world-$$-$RANDOM
}

# The state of the host that must not change; each line begins with its topic.
snapshot() {
	# The tests cannot control the kernel's order and ids of mounts.
	sed 's/^/mount /' /proc/self/mountinfo
	find /sys/fs/cgroup -type d \( -path "*$mark*" -o -path \
		'*nscontainer*' ! -path '*nsc-world-*' \) 2> /dev/null |
		sort | sed 's/^/cgroup /'
	sha256sum /etc/passwd /etc/group /etc/shadow /etc/subuid /etc/pam.d/* |
		sed 's/^/file /'
	find /run /etc/nscontainer -maxdepth 1 2>/dev/null | sort |
		sed 's/^/name /'
	find /run/nscontainer /var/lib/nscontainer 2>/dev/null | sort |
		sed 's/^/name /'
}

# Processes in a world, or in one of its containers: they see its mounts.
survivors() {
	local dir

	grep -ls -- "$mark" /proc/[0-9]*/mountinfo | while IFS= read -r dir; do
		dir=${dir%/mountinfo}
		echo "${dir#/proc/} $(tr '\0' ' ' < "$dir/cmdline")"
	done
}

# Where the hierarchies of control groups are mounted.
hierarchies() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-") break
		if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo
}

# Enable the controllers that the host has but does not give to groups of v2,
# while the tests run; an empty group is the note of each.  Other runs may go on
# at the same time, in other systems on this kernel: the last one disables them.
enable_controllers() {
	local dir controller controllers fd

	for dir in $(hierarchies); do
		[ -e "$dir/cgroup.controllers" ] || continue
		exec {fd}< "$dir" && flock -s "$fd"
		read -ra controllers < "$dir/cgroup.controllers"
		for controller in "${controllers[@]}"; do
			grep -qw "$controller" "$dir/cgroup.subtree_control" &&
				continue
			echo "+$controller" > "$dir/cgroup.subtree_control" &&
				mkdir "$dir/nsc-enabled-$controller"
		done
		enabled+=("$fd $dir")
	done 2> /dev/null
}

disable_controllers() {
	local fd dir note

	for dir in "${enabled[@]}"; do
		fd=${dir%% *} dir=${dir#* }
		! flock -xn "$fd" || for note in "$dir"/nsc-enabled-*; do
			echo "-${note##*-}" > "$dir/cgroup.subtree_control" &&
				rmdir "$note"
		done
		exec {fd}>&-
	done 2> /dev/null
}

# Removes the groups that 'world' made.
remove_groups() {
	local dir

	for dir in $(hierarchies); do
		[ ! -d "$dir/$mark" ] ||
			find "$dir/$mark" -depth -type d -exec rmdir {} +
	done 2> /dev/null
}

# The environment of a test, and how it is scheduled: the same for every caller.
clean_environment() {
	local name settings=()

	for name in "${!NSC_@}"; do
		settings+=("$name=${!name}")
	done
	chrt -o 0 env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root USER=root LOGNAME=root SHELL=/bin/bash TERM=xterm \
		LC_ALL=C.UTF-8 "${settings[@]}" "$@"
}

# in_world FILE: runs a file of the directory tests.
in_world() {
	clean_environment timeout -k 5 "${NSC_TEST_TIMEOUT:-1000}" \
		setsid --wait unshare --mount --pid --fork --kill-child \
		--net --uts --ipc --mount-proc --propagation private \
		"$worlds/world" "$mark" "$stage" "$tests" "$1" < /dev/null
}

# Checks that the host is as snapshot found it, and that no world has
# processes.
host_is_as_before() {
	local i

	for i in 1 2 3 4 5; do
		survivors > "$work/survivors"
		[ -s "$work/survivors" ] || break
		sleep "0.$i"
	done
	snapshot > "$work/after"
	[ ! -s "$work/survivors" ] && cmp -s "$work/before" "$work/after"
}

host_changes() {
	sed 's/^/# still running: /' "$work/survivors"
	diff "$work/before" "$work/after" | sed 's/^/# /'
}
