# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by those who source it
# Sourced by each test-*.sh, inside its world.
#
# A test is a function; 't NAME FUNCTION' runs it in a subshell and prints the
# result.  fail and skip end it.  The output of a failed test is shown.
# Without NSC_TEST_ONLY in its NAME it does not run.
set -u

# The tests run as children of PID 1; everything is below this directory.
TOP=${NSC_TEST_TOP:-/mnt}
TESTS=$TOP/tests
RUN=/run/nscontainer
CONF=/etc/nscontainer
LIBEXEC=$(echo /usr/libexec/nscontainer/[0-9]*)
PLAIN=${NSC_PLAIN-}
NAMESPACES="mnt pid uts ipc net user cgroup"
KEY=/root/.ssh/id_ed25519
export CONSOLE=$TESTS/console
OUT=$TOP/out
SSH_OPTIONS=(-F none -i "$KEY" -o BatchMode=yes -o LogLevel=ERROR
	-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null)
SSHD_PORT=22
# For tests that would also succeed on the host.
INSIDE='[ -d /dev/.nscontainer ]'
# Prints a session's namespaces; plain sh, so that busybox can run it.
# shellcheck disable=SC2016
NS_COMMAND='for n in mnt pid uts ipc net user cgroup; do '\
'echo "ns $n $(readlink /proc/self/ns/$n)"; done'

# Waits until the file exists, however slow the machine is.
# shellcheck disable=SC2016
STAY='i=0; while [ ! -e $HOME/go ] && [ $i -lt 900 ]; do '\
'sleep 0.1; i=$((i + 1)); done'

mkdir -p "$OUT"

# --- results

t() {
	local name=$1 status

	[[ $name == *"${NSC_TEST_ONLY-}"* ]] || return 0
	shift
	OUT=$(mktemp -d "$TOP/out.XXXXXX")
	syslog_mark
	( "$@" ) > "$OUT/.log" 2>&1 < /dev/null
	status=$?
	case $status in
	0) echo "ok $name" ;;
	77) echo "skip $name # $(tail -n 1 "$OUT/.log")" ;;
	*)
		echo "not ok $name"
		[ "$status" -eq 1 ] || echo "# status $status"
		tail -n 40 "$OUT/.log" | cut -c 1-400 | sed 's/^/# /'
		ps -eo pid,ppid,stat,wchan:24,args | cut -c 1-120 |
			grep -E ' (/[^ ]*/)?(container-|login-start|ns(init|shell))' |
			tail -n 12 | sed 's/^/# ps: /'
		syslog_tail | sed 's/^/# syslog: /' ;;
	esac
}

fail() {
	printf '%s\n' "$@"
	exit 1
}

# The first word of the reason is the one that NSC_TEST_REQUIRE names.
skip() {
	echo "$1"
	exit 77
}

need_product() {
	[ -z "$PLAIN" ] || skip "product is not installed (--plain)"
}

# --- assertions

equal() {
	[ "$2" = "$3" ] || fail "$1" "expected: $2" "got:      $3"
}

differ() {
	[ "$2" != "$3" ] || fail "$1" "is the same: $2"
}

# contains WHAT PART TEXT
contains() {
	case $3 in
	*"$2"*) ;;
	*) fail "$1" "expected to contain: $2" "got: $3" ;;
	esac
}

lacks() {
	case $3 in
	*"$2"*) fail "$1" "must not contain: $2" "got: $3" ;;
	esac
}

empty() {
	[ -z "$2" ] || fail "$1: expected nothing" "got: $2"
}

# status_is EXPECTED COMMAND... : its output is in $OUT/stdout and stderr.
status_is() {
	local expected=$1 status

	shift
	"$@" > "$OUT/stdout" 2> "$OUT/stderr"
	status=$?
	[ "$status" -eq "$expected" ] || {
		cat "$OUT/stdout" "$OUT/stderr"
		fail "command: $*" "expected status $expected, got $status"
	}
}

# wait_until SECONDS COMMAND...
wait_until() {
	local i tries=$(($1 * 20))

	shift
	for ((i = 0; i < tries; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

is_stopped() {
	[ "$(ps -o stat= -p "$1" | cut -c 1)" = T ]
}

# stand_still PID: what is only sent to a busy machine's process may come after
# what the test does next, a child's end for example.
stand_still() {
	{ kill -STOP "$1" && wait_until 20 is_stopped "$1"; } ||
		fail "process $1 does not stop"
}

# --- set-up

# pam_enable SERVICE... ; ARGUMENTS= has the module's arguments.
pam_enable() {
	local service

	[ -z "$PLAIN" ] || return 0
	for service; do
		echo "session required pam_container.so ${ARGUMENTS-}" \
			>> "/etc/pam.d/$service"
	done
}

# config USER JSON: without a container.json the login stays on the host.
config() {
	[ -z "$PLAIN" ] || return 0
	mkdir -p "$CONF/users/$1"
	printf '%s\n' "$2" > "$CONF/users/$1/container.json"
}

# conf LINE... : writes the whole nscontainer.conf.
conf() {
	[ -z "$PLAIN" ] || return 0
	mkdir -p "$CONF"
	printf '%s\n' "$@" > "$CONF/nscontainer.conf"
}

# vsftpd_start PORT : opens a PAM session for each login, and no sandbox of its
# own, which fails on new kernels.
vsftpd_start() {
	mkdir -p /run/vsftpd
	printf '%s\n' listen=YES listen_address=127.0.0.1 "listen_port=$1" \
		anonymous_enable=NO local_enable=YES write_enable=YES \
		session_support=YES pam_service_name=vsftpd background=NO \
		secure_chroot_dir=/run/vsftpd seccomp_sandbox=NO \
		> "$TOP/vsftpd.conf"
	vsftpd "$TOP/vsftpd.conf" &
	VSFTPD=$!
	wait_until 5 listening "$1" 2> /dev/null ||
		echo "# vsftpd does not listen on port $1"
}

# by_proxy NAME PORT : what it says through 'ssh -D 4100', by SOCKS 4A; the
# socat of Debian 13 wants an address beside lo's for that.
by_proxy() {
	exec 8<> /dev/tcp/127.0.0.1/4100 || return
	printf '\4\1%b\0\0\0\1\0%s\0' \
		"$(printf '\\x%02x' $(($2 >> 8)) $(($2 & 255)))" "$1" >&8
	{ head -c 8 > /dev/null; timeout 5 cat; } <&8
	exec 8>&-
}

listening() {
	: 2> /dev/null < "/dev/tcp/127.0.0.1/$1"
}

# sshd_start PORT [-o OPTION...] ; SSHD= names another program.
sshd_start() {
	local port=$1

	shift
	"${SSHD:-/usr/sbin/sshd}" -f /dev/null -o "Port=$port" \
		-o ListenAddress=127.0.0.1 \
		-o HostKey=/etc/ssh/ssh_host_ed25519_key -o UsePAM=yes \
		-o KbdInteractiveAuthentication=no -o UseDNS=no \
		-o MaxStartups=500 -o MaxSessions=100 -o LogLevel=VERBOSE \
		-o PrintMotd=no -o "PidFile=/run/sshd-$port.pid" "$@" ||
		echo "# sshd does not start on port $port"
	wait_until 5 listening "$port" 2> /dev/null ||
		echo "# sshd does not listen on port $port"
}

# make_many NAME COUNT [FIRST-ID]: makes users NAME0 and so on, without
# useradd.
make_many() {
	local i id

	for ((i = 0; i < $2; i++)); do
		id=$((${3:-20000} + i))
		echo "$1$i:x:$id:$id::/home/$1$i:/bin/sh" >> /etc/passwd
		echo "$1$i:x:$id:" >> /etc/group
		echo "$1$i:*:20000:0:99999:7:::" >> /etc/shadow
		mkdir -m 0700 "/home/$1$i"
		chown "$id:$id" "/home/$1$i"
	done
}

# Makes a directory with a busybox system; prints the reason if it cannot.
make_busybox() {
	local dir=$1 name

	[ -x /usr/bin/busybox ] || { echo "busybox is missing"; return 1; }
	mkdir -p "$dir"/{bin,etc,proc,sys,dev,tmp,run,home,root,mnt,usr,var}
	chmod 1777 "$dir/tmp"
	cp /usr/bin/busybox "$dir/bin/busybox"
	for name in $("$dir/bin/busybox" --list); do
		[ "$name" = busybox ] || ln -sf busybox "$dir/bin/$name"
	done
	ln -sf busybox "$dir/bin/bash"
	ln -s ../bin "$dir/usr/bin"
	getent passwd root alice bob > "$dir/etc/passwd"
	sed -i 's,/bin/bash$,/bin/sh,' "$dir/etc/passwd"
	getent group root tty alice bob > "$dir/etc/group"
	echo "made for the test" > "$dir/etc/image"
}

# For pasta.
make_tun() {
	[ ! -e /dev/net/tun ] || return 0
	mkdir -p /dev/net
	mknod -m 0666 /dev/net/tun c 10 200
}

# A world has no loop devices; the kernel makes more when it must.
make_loop_devices() {
	local i

	mknod -m 0600 /dev/loop-control c 10 237
	for ((i = 0; i < 256; i++)); do
		mknod -m 0600 "/dev/loop$i" b 7 "$i"
	done
	: 2> /dev/null < /dev/loop-control
}

# --- sessions

# nssh USER [SSH ARGUMENTS...] COMMAND
nssh() {
	local user=$1

	shift
	timeout 30 ssh "${SSH_OPTIONS[@]}" -p "$SSHD_PORT" \
		-l "$user" 127.0.0.1 "$@"
}

# The same, with options before the host.
nssh_with() {
	timeout 30 ssh "${SSH_OPTIONS[@]}" -p "$SSHD_PORT" "$@"
}

# on_terminal COMMAND : on a terminal where nobody types.  The input of script has
# no end, because sudo 1.9.13 hangs now and then when it has.
on_terminal() {
	[ -p "$TOP/silence" ] || mkfifo "$TOP/silence"
	timeout 30 script -qec "$1" /dev/null <> "$TOP/silence" | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# hold USER: a session keeps the container alive, at least until release.  The
# session ends by itself when its input ends, as it does when ssh is killed.
hold() {
	mkfifo "$OUT/fifo.$1" 2> /dev/null
	rm -f "$OUT/held"
	timeout 120 ssh "${SSH_OPTIONS[@]}" -p "$SSHD_PORT" -l "$1" 127.0.0.1 \
		'echo held; exec cat' <> "$OUT/fifo.$1" > "$OUT/held" &
	HOLDER=$!
	wait_until 10 grep -qs held "$OUT/held" || fail "hold $1: ssh fails"
	[ -n "$PLAIN" ] || [ -n "$(pid_of "$1")" ] ||
		fail "hold $1: no container runs"
}

release() {
	kill "$HOLDER" 2> /dev/null
	wait "$HOLDER" 2> /dev/null
	return 0
}

# kill_starts : starts alice's container twenty times, and kills nsinit, each
# time at a later moment.
kill_starts() {
	local i

	for i in {1..20}; do
		nsinit start alice > /dev/null 2>&1 &
		sleep "0.$(printf %03d $((i * 4)))"
		kill -KILL $! 2> /dev/null
		wait $! 2> /dev/null
		[ ! -e "$RUN/alice/pid" ] || nsinit stop alice
	done
}

# shell_dialogue LINES : an ssh login of alice on a terminal.  LINES of expect
# follow the first prompt; then ^C ends a command, and the shell ends with 5.
shell_dialogue() {
	{
		cat <<-'END'
		set timeout 20
		spawn -noecho {*}$argv
		send "PS1='pr''ompt> '\r"
		expect "prompt> " {} default { exit 10 }
		END
		printf '%s\n' "$1"
		cat <<-'END'
		expect "prompt> "
		send "sleep 60\r"
		sleep 0.5
		send "\003"
		expect "prompt> " {} default { exit 12 }
		send "exit 5\r"
		expect eof {} default { exit 13 }
		lassign [wait] pid id os status
		exit [expr {$status == 5 ? 0 : 14}]
		END
	} > "$OUT/dialogue"
	expect -f "$OUT/dialogue" -- ssh "${SSH_OPTIONS[@]}" -tt \
		alice@127.0.0.1 > "$OUT/text" 2>&1 ||
		fail "dialogue: status $?" "$(tr -d '\r' < "$OUT/text")"
}

syslog_text() {
	sed 's/<[0-9]\{1,3\}>/\n&/g' "$TOP/syslog" 2> /dev/null
}

syslog_mark() {
	SYSLOG_FROM=$(stat -c %s "$TOP/syslog" 2> /dev/null || echo 0)
}

# The log since syslog_mark.
syslog_since() {
	tail -c +"$((${SYSLOG_FROM:-0} + 1))" "$TOP/syslog" 2> /dev/null |
		tr -d '\0' | sed 's/<[0-9]\{1,3\}>/\n&/g'
}

syslog_tail() {
	syslog_since | grep -ai 'container\|nsinit\|nsshell\|fatal\|error' |
		tail -n 6 | cut -c 1-400
}

# logged PATTERN (basic regular expression): waits a moment for it.
logged() {
	# shellcheck disable=SC2317
	seen() { syslog_since | grep -aq -- "$1"; }
	wait_until 2 seen "$1" ||
		fail "not in syslog: $1" "$(syslog_since | tail -n 10)"
}

# --- where things are

pid_of() {
	cat "$RUN/$1/pid" 2> /dev/null
}

# instance USER: the directory of the user's last container.
instance() {
	echo "$RUN/$(id -u "$1")/$(readlink "$RUN/$1/current")"
}

ns_of() {
	readlink "/proc/$1/ns/$2"
}

# printed_ns FILE NS: the last one printed; a terminal adds other text.
printed_ns() {
	grep -ao "ns $2 $2:\[[0-9]*\]" "$1" | tail -n 1 | cut -d ' ' -f 3
}

# landed_inside FILE USER: FILE has the output of NS_COMMAND.
landed_inside() {
	local ns got pid

	for ns in $NAMESPACES; do
		got=$(printed_ns "$1" "$ns")
		[ -n "$got" ] ||
			fail "the session printed no namespace $ns:" "$(cat "$1")"
		[ -z "$PLAIN" ] || continue
		pid=$(pid_of "$2")
		[ -n "$pid" ] || fail "$RUN/$2/pid does not exist"
		equal "namespace $ns of the session and of PID 1" \
			"$(ns_of "$pid" "$ns")" "$got"
		differ "namespace $ns of the session and of the host" \
			"$(ns_of self "$ns")" "$got"
	done
}

landed_on_host() {
	local ns got

	for ns in $NAMESPACES; do
		got=$(printed_ns "$1" "$ns")
		equal "namespace $ns of the session and of the host" \
			"$(ns_of self "$ns")" "$got"
	done
}

# sshd's processes for a user: root's, which called PAM, and the user's; since
# OpenSSH 9.8 they are another program.
sshd_session_of() {
	pgrep -f "^sshd(-session)?: $1 \\[priv\\]"
}

sshd_child_of() {
	pgrep -f "^sshd(-session)?: $1@"
}

# The login processes of a user's sessions, as pids of the host.
sessions_of() {
	find "$RUN/$1/current/session" -type f -printf '%f\n' 2> /dev/null
}

count_sessions() {
	sessions_of "$1" | wc -l
}

# The pids of all container-inits of a user, in the parent's pid namespace.
inits() {
	local dir

	for dir in /proc/[0-9]*; do
		[ "$(cat "$dir/comm" 2> /dev/null)" = container-init ] || continue
		echo "${dir#/proc/}"
	done
}

count_inits() {
	inits | wc -l
}

# Lists monitors, except their children that wait, and those that are dying:
# the kernel closes locks and descriptors before the process is gone.
monitors() {
	local dir parent

	for dir in /proc/[0-9]*; do
		case $(cat "$dir/comm" 2> /dev/null) in
		container-monit*) ;;
		*) continue ;;
		esac
		[ -n "$(ls "$dir/fd" 2> /dev/null)" ] || continue
		parent=$(awk '$1 == "PPid:" { print $2 }' "$dir/status" \
			2> /dev/null)
		case $(cat "/proc/$parent/comm" 2> /dev/null) in
		container-monit*) ;;
		*) echo "${dir#/proc/}" ;;
		esac
	done
}

no_container() {
	[ ! -e "$RUN/$1/pid" ] && [ ! -e "$RUN/$1/start" ] &&
		[ "$(count_inits)" -eq 0 ] && [ -z "$(monitors)" ]
}

# Stops everything, so that the next test begins without containers.
clean_slate() {
	local pid user

	[ -z "$PLAIN" ] || return 0
	for user in alice bob carol; do
		for pid in $(pgrep -u "$user"); do
			kill -KILL "$pid" 2> /dev/null
		done
		[ ! -e "$RUN/$user/pid" ] ||
			timeout 15 nsinit stop "$user" > /dev/null 2>&1
	done
	wait_until 5 no_container alice && return
	for pid in $(inits); do
		kill -KILL "$pid" 2> /dev/null
	done
	wait_until 5 no_container alice
}

# --- attacks

DOORS="ssh su sudo nsshell exec"

# by DOOR COMMAND : prints the output of alice's COMMAND; nsshell and exec need
# a running container.
by() {
	case $1 in
	ssh) nssh alice "$2" ;;
	su) timeout 30 su - alice -c "$2" ;;
	sudo) timeout 30 sudo -n -u alice /bin/sh -c "$2" ;;
	nsshell) timeout 30 setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$2" ;;
	exec) timeout 30 nsinit exec --root "$CONF/users/alice" \
		/bin/sh -c "$2" ;;
	*) fail "no door $1" ;;
	esac
}

# Runs as the container's root with all capabilities and without a filter.  It
# does not use the product: it is like an attacker who has broken out of a
# session's limits.
as_root_inside() {
	nsenter -t "$(pid_of alice)" -a -S 0 -G 0 "$@"
}

# attacker ARGUMENT... : runs the attack program, which is visible inside.
ATTACKER=/usr/local/bin/nsc-attacker
need_attacker() {
	need_product
	[ -x "$TESTS/attacker" ] || skip "attacker is not built"
	[ -x "$ATTACKER" ] || install -m 0755 "$TESTS/attacker" "$ATTACKER"
}
