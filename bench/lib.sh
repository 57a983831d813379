# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by those who source it
# Sourced by each measurement, inside its world.
#
# Measurements print JSON objects on standard output, one on each line, for
# report.py: series of samples, and rows of the table that use them.
. "$(dirname "$0")/../lib.sh"

STOPWATCH=$TESTS/bench/stopwatch
RELAY=$TESTS/bench/small_relay
FLOOR=$TESTS/bench/floor
IMAGE=/srv/images/plain
QUICK=${NSC_BENCH_QUICK-}

die() {
	echo "${0##*/}: $*" >&2
	syslog_tail | sed 's/^/syslog: /' >&2
	exit 1
}

# Take precedence over other processes of the machine.
for file in cpu/cpu.shares cpu,cpuacct/cpu.shares cpu.weight; do
	[ ! -w "/sys/fs/cgroup/$file" ] ||
		echo 10000 > "/sys/fs/cgroup/$file"
done

# several FULL FEW: print a number, FEW with --quick.
several() {
	if [ -n "$QUICK" ]; then echo "$2"; else echo "$1"; fi
}

# Run everything from here on on one processor, so that a sample includes the
# work of other processes that a command causes.
pin() {
	taskset -cp "$(taskset -cp $BASHPID | sed 's/.*[:,-] *//')" \
		$BASHPID > /dev/null || die "taskset"
}

# row TEXT OURS PEER QUANTILE at_most|at_least TARGET: a ratio, or without PEER
# the value itself.  TARGET may be empty.
row() {
	jq -cn --arg row "$1" --arg ours "$2" --arg peer "$3" \
		--arg quantile "$4" --arg target "${6-}" \
		"{\$row, \$ours, \$peer, \$quantile,
			$5: (\$target | tonumber? // null)}"
}

# ratio TEXT OURS PEER TARGET
ratio() {
	row "$1" "$2" "$3" median at_most "$4"
}

# sample SERIES UNIT VALUE...
sample() {
	local series=$1 unit=$2

	shift 2
	jq -cn --arg series "$series" --arg unit "$unit" \
		'{$series, $unit, samples: ($ARGS.positional | map(tonumber))}' \
		--args "$@"
}

# missing SERIES REASON
missing() {
	jq -cn --arg missing "$1" --arg reason "$2" '{$missing, $reason}'
}

# peer SERIES PROGRAM: true if PROGRAM is installed; else note the reason.
peer() {
	command -v "$2" > /dev/null && return
	missing "$1" "$2 is not installed"
	return 1
}

# Make one image for all contenders, on a tmpfs.
make_image() {
	mkdir -p -m 0700 "$(dirname "$IMAGE")"
	make_busybox "$IMAGE" >&2 || die "no image"
	mkdir -p "$IMAGE/home/alice"
}

# Unmount v2 if both versions of control groups are mounted.  crun 1.8 does not
# run with both, and v2 would bring back a grace period of the kernel that v1 is
# spared (bench/README.md).  On a host with only v2, the service manager has
# waited for that period shortly before a login.
[ ! -e /sys/fs/cgroup/unified/cgroup.procs ] ||
	umount /sys/fs/cgroup/unified || die "unmount"

# bundle DIR COMMAND: a bundle from 'crun spec', without a terminal.
bundle() {
	mkdir -p "$1"
	( cd "$1" && rm -f config.json && crun spec && mv config.json spec ) ||
		die "crun spec"
	jq --arg root "$IMAGE" --arg command "$2" '.process.terminal = false |
		.process.args = ($command | split(" ")) |
		.root.path = $root' "$1/spec" > "$1/config.json"
}

# The same configuration as a container.json.
# shellcheck disable=SC2016 # jq's variables
as_crun() {
	jq -n --arg root "$IMAGE" '{rootfs: $root, readonly_fs: true,
		hostname: "crun",
		namespaces: {NEWNS: true, NEWPID: true, NEWNET: true,
			NEWIPC: true, NEWUTS: true},
		capabilities: ["AUDIT_WRITE", "KILL", "NET_BIND_SERVICE"],
		no_new_privs: true, seccomp: "unconfined",
		rlimits: [{type: "RLIMIT_NOFILE", hard: 1024, soft: 1024}],
		mounts: [{type: "mqueue", destination: "/dev/mqueue"},
			{type: "cgroup", destination: "/sys/fs/cgroup"}]}'
}

# podman uses crun, no service manager, and no registry.
PODMAN=(podman --root /srv/podman --runroot /run/podman --storage-driver vfs
	--cgroup-manager cgroupfs --events-backend none --runtime crun)

# lxc_config NAME COMMAND
lxc_config() {
	mkdir -p "/var/lib/lxc/$1"
	cat > "/var/lib/lxc/$1/config" << END_OF_CONFIG
lxc.rootfs.path = dir:$IMAGE
lxc.uts.name = box
lxc.net.0.type = empty
lxc.init.cmd = $2
lxc.mount.auto = proc:mixed sys:ro cgroup:ro
lxc.autodev = 1
lxc.apparmor.profile = unconfined
END_OF_CONFIG
}

# login_groups NAME: the groups that a login enters; "+" before those in which
# each session has its own group.
login_groups() {
	awk '$1 == "s" { print "+" $NF } $1 == "g" { print $NF }' \
		"$RUN/$1/current/cgroup"
}

# A PAM service with only the module, on a host that was set up as the README
# says: a missing group would be looked up in all databases.
pam_service() {
	groupadd nscontainer-admins
	printf 'session required pam_container.so\n' > /etc/pam.d/nsc-bench
}

BARE=2200
# The same sshd with the host's original stack, without our module: call it
# before pam_enable.
bare_sshd() {
	local option

	cp /etc/pam.d/sshd /etc/pam.d/sshd-bare
	option=(-o PAMServiceName=sshd-bare)
	if ! /usr/sbin/sshd -t -f /dev/null "${option[@]}" \
		-o HostKey=/etc/ssh/ssh_host_ed25519_key 2> /dev/null; then
		# Older versions take the service from the program's name.
		cp /usr/sbin/sshd /usr/sbin/sshd-bare
		option=()
		SSHD=/usr/sbin/sshd-bare
	fi
	sshd_start "$BARE" ${option[@]+"${option[@]}"} "$@" >&2
	unset SSHD
}

# curve NAME LINE X SERIES: a point of a line.
curve() {
	jq -cn --arg curve "$1" --arg line "$2" --argjson x "$3" \
		--arg series "$4" '{$curve, $line, $x, $series}'
}

# for_all JSON: the container of users without their own container.json.
for_all() {
	mkdir -p "$CONF/default"
	printf '%s\n' "$1" > "$CONF/default/container.json"
}

# start_all NAME FIRST COUNT: start containers of users, which keep running.
start_all() {
	local i

	for ((i = $2; i < $3; i++)); do
		nsinit start "$1$i" || die "nsinit start $1$i"
	done
}

# The pids of our processes; an idle container has no others.
our_processes() {
	local comm

	for comm in /proc/[0-9]*/comm; do
		case $(cat "$comm" 2> /dev/null) in
		container-*|nsinit*) basename "${comm%/comm}" ;;
		esac
	done
}
