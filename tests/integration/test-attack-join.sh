#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks on the joining process.  The first word of a test is the entry of
# the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l sudo sudo-i
conf 'stop = "logout";'
sshd_start 22
BOX=/srv/images/box
POWERS='"seccomp": "unconfined", "capabilities": ["SYS_PTRACE", "SYS_ADMIN",
	"DAC_OVERRIDE", "DAC_READ_SEARCH", "CHOWN", "FOWNER", "KILL",
	"SETUID", "SETGID", "SYS_CHROOT", "MKNOD", "NET_ADMIN"]'
PLAIN_ROOT='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true}'

# fresh [MORE] : alice's container is the host's system and runs.
fresh() {
	need_attacker
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# --- J1

# watch_by COMMAND... : COMMAND starts the watcher inside.
watch_by() {
	rm -f "$OUT/caught"
	"$@" "$ATTACKER watch 30" > "$OUT/caught" &
	wait_until 5 grep -qs watching "$OUT/caught" || fail "no watcher"
}

# watched COMMAND... : prints the catches while COMMAND ran, which enters ten
# times.
watched() {
	local i

	for ((i = 0; i < 10; i++)); do
		"$@" > "$OUT/text" 2>&1
	done
	echo "# $*: $(sort "$OUT/caught" | uniq -c | xargs)"
}

nothing_caught() {
	local door name

	for door; do
		watched by "$door" true
		for name in nsshell nsinit sshd su sudo; do
			lacks "$door" "/$name" "$(cat "$OUT/caught")"
		done
	done
	pkill -x nsc-attacker
	wait
}

# The child of nsenter looks for the program in many places, so that the
# watcher has time.
slow_nsenter() {
	env PATH="$(printf '/x:%.0s' {1..20000})/usr/bin" \
		/usr/bin/nsenter -t "$(pid_of root)" -m -p true
}

# Nobody inside traces a process that enters, or opens its memory, until it
# runs the user's own program: neither root in a user namespace, who may trace,
joining_is_closed() {
	inside() { as_root_inside sh -c "$1"; }
	fresh "$POWERS"
	watch_by inside
	nothing_caught ssh su sudo nsshell
}

# nor root without one, who may not.  The control: a process that may trace
# catches nsenter, and nscontainer: so CAP_SYS_PTRACE there is no better than
# on the host.
joining_is_closed_to_root() {
	local i

	by() { timeout 30 su - root -c "$2"; }
	need_attacker
	clean_slate
	config root "{\"rootfs\": \"/\", \"seccomp\": \"unconfined\",
		$PLAIN_ROOT}"
	watch_by by su
	nothing_caught su
	config root "{\"rootfs\": \"/\", $PLAIN_ROOT, $POWERS}"
	watch_by by su
	for ((i = 0; i < 20; i++)); do
		watched slow_nsenter
		! grep -q nsenter "$OUT/caught" || break
	done
	pkill -x nsc-attacker
	wait
	contains "control: nsenter" nsenter "$(cat "$OUT/caught")"
	rm -r "$CONF/users/root"
}

# --- J2

# box MORE : a separate rootfs for nsinit exec, with the attacker in it.
box() {
	need_attacker
	rm -rf $BOX
	mkdir -p $BOX/rootfs/{bin,etc,proc,dev,sys,tmp}
	cp /bin/busybox $BOX/rootfs/bin/
	cp "$ATTACKER" $BOX/rootfs/bin/attacker
	for each in $(ldd "$ATTACKER" | grep -o '/[^ ]*'); do
		mkdir -p "$BOX/rootfs$(dirname "$each")"
		cp -L "$each" "$BOX/rootfs$each"
	done
	for each in sh ls cat id mount sleep chmod chown; do
		ln -s busybox $BOX/rootfs/bin/$each
	done
	echo 'root:x:0:0::/:/bin/sh' > $BOX/rootfs/etc/passwd
	echo "{\"rootfs\": \"$BOX/rootfs\", $1}" > $BOX/container.json
	cd $BOX || fail "cd"
}

# program_stays MORE : root inside, with all capabilities, cannot write to the
# program of PID 1, to the static shell, or to the program that runs it from
# outside.
program_stays() {
	local before

	box "$1"
	before=$(sha256sum "$LIBEXEC"/* /usr/sbin/nsinit \
		/usr/bin/nsshell)
	nsinit exec sh -c 'attacker write-program 1
		mount -o remount,bind,rw /proc/1/exe && echo BAD remount
		chmod 777 /proc/1/exe && echo BAD chmod
		chown 0 /proc/1/exe && echo BAD chown
		echo end' > "$OUT/text" 2>&1
	contains "what root did" end "$(cat "$OUT/text")"
	contains "what root did" refused "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
	# The control: a program of the rootfs that does not run can be
	# changed.
	nsinit exec sh -c 'cp /bin/busybox /tmp/x; chmod 777 /tmp/x &&
		echo x > /tmp/x && echo BAD' > "$OUT/text" 2>&1
	contains "control" BAD "$(cat "$OUT/text")"
	equal "programs" "$before" "$(sha256sum "$LIBEXEC"/* \
		/usr/sbin/nsinit /usr/bin/nsshell)"
}

# nsshell inside is a mount over the user's login shell.
shell_program_stays() {
	local before

	need_attacker
	clean_slate
	usermod -s /usr/bin/nsshell alice
	fresh "$POWERS, \"namespaces\": {\"NEWNS\": true, \"NEWPID\": true}"
	before=$(sha256sum /usr/bin/nsshell "$LIBEXEC"/*)
	as_root_inside sh -c 'cd /usr/bin; cmp nsshell /proc/1/exe &&
			echo BAD same
		echo x > nsshell && echo BAD write
		chmod 4777 nsshell && echo BAD chmod
		rm -f nsshell && echo BAD rm
		mv nsshell other && echo BAD mv
		echo end' > "$OUT/text" 2>&1
	contains "what root did" end "$(cat "$OUT/text")"
	lacks "what root could do" BAD "$(cat "$OUT/text")"
	equal "programs" "$before" \
		"$(sha256sum /usr/bin/nsshell "$LIBEXEC"/*)"
	usermod -s /bin/bash alice
}

# --- J3

# The working directory of a process that enters is inside, even if it has no
# name there.  The control: nsenter passes on a directory of the host.
directory_is_inside() {
	local door dir

	fresh
	mkdir -p /root/hidden /srv/gone
	for dir in /root/hidden /srv/gone; do
		for door in ssh su sudo nsshell; do
			cd "$dir" || fail "cd"
			by "$door" 'readlink /proc/$$/cwd
				cat ../../../../../mnt/syslog \
				../etc/shadow && echo BAD' > "$OUT/text" 2>&1
			lacks "$door" unreachable "$(cat "$OUT/text")"
			lacks "$door" hidden "$(cat "$OUT/text")"
			lacks "$door" BAD "$(cat "$OUT/text")"
			contains "$door" / "$(cat "$OUT/text")"
		done
	done
	# The host's /mnt is hidden inside, but not through a descriptor.
	exec 9< /srv/gone
	contains "control: nsenter" BAD "$(as_root_inside sh -c \
		'cd /proc/self/fd/9 && [ -e ../../mnt/tests ] && echo BAD')"
}

# --- J4

# fault CALL : a library for pamcaller, in which CALL fails inside.
fault() {
	cat > "$OUT/fault.c" <<-END
	#include <errno.h>
	#include <unistd.h>
	#include <sys/syscall.h>
	static pid_t self;
	__attribute__((constructor)) static void start(void)
	{
		self = getpid();
	}
	static int entered;
	int setns(int fd, int type)
	{
		int ret = syscall(SYS_setns, fd, type);
		entered = entered || ret == 0;
		return ret;
	}
	static int now(void)
	{
		return entered && syscall(SYS_getpid) == self;
	}
	$1
	END
	cc -shared -fPIC -o "$OUT/fault.so" "$OUT/fault.c" || skip "cc is missing"
}

# A failure after the namespaces were entered ends the process: the stack
# ignores failures, so the login would otherwise continue half inside.
half_inside() {
	local call

	for call in 'int chdir(const char *p)
			{ if (now()) { errno = EIO; return -1; }
			  return syscall(SYS_chdir, p); }' \
			'int setresuid(uid_t r, uid_t e, uid_t s)
			{ if (now()) { errno = EAGAIN; return -1; }
			  return syscall(SYS_setresuid, r, e, s); }'; do
		fault "$call"
		syslog_mark
		LD_PRELOAD=$OUT/fault.so timeout 20 "$TESTS/pamcaller" \
			nsc-optional alice 'echo went on' > "$OUT/text" 2>&1
		equal "status" 1 $?
		lacks "output" "went on" "$(cat "$OUT/text")"
		lacks "output" "open 0" "$(cat "$OUT/text")"
		contains "what the user sees" "this login is refused" \
			"$(cat "$OUT/text")"
	done
}

half_inside_ends() {
	local pid

	fresh
	printf '%s\n' "auth required pam_permit.so" \
		"account required pam_permit.so" \
		"session optional pam_container.so" \
		"session required pam_permit.so" > /etc/pam.d/nsc-optional
	half_inside
	# Another engine's container has no mark of a container.
	clean_slate
	unshare --mount --pid --fork --propagation private sleep 7105 &
	wait_until 5 pgrep -x -f 'sleep 7105' > /run/nsc-other.pid ||
		fail "unshare"
	config alice '{"pidfile": "/run/nsc-other.pid"}'
	half_inside
	pid=$(cat /run/nsc-other.pid)
	kill -KILL "$pid"
	wait
	rm -f /run/nsc-other.pid
	# The control: on the host the login continues.
	config bob '{"rootfs": "/srv/nothing"}'
	"$TESTS/pamcaller" nsc-optional bob 'echo went on' > "$OUT/text" 2>&1
	contains "control" "went on" "$(cat "$OUT/text")"
	rm -r "$CONF/users/bob"
}

# --- J5

# Root inside mounts a false /proc: the settings of a session take effect all
# the same, and are not written to it.
false_proc() {
	local door fake pid

	fresh "$POWERS, \"oom_score_adj\": 300"
	as_root_inside sh -c 'mount -t tmpfs none /proc
		mkdir -p /proc/self/attr/apparmor /proc/self/task
		for f in oom_score_adj attr/exec attr/apparmor/exec \
				attr/apparmor/current; do
			: > /proc/self/$f
			chmod 666 /proc/self/$f
		done' || fail "the test is wrong: no mount"
	# Without its own /proc, sudo works no better than on the host.
	for door in ssh su nsshell; do
		# The shell in the background truncates the file a moment
		# later.
		rm -f /home/alice/go "$OUT/said"
		by "$door" "echo held; $STAY" > "$OUT/said" 2>&1 &
		wait_until 10 grep -qs held "$OUT/said" ||
			fail "$door: no session" "$(cat "$OUT/said")"
		pid=$(pgrep -n -u alice -f 'echo held')
		equal "$door" 300 "$(cat "/proc/$pid/oom_score_adj")"
		: > /home/alice/go
		wait $!
	done
	fake=$(as_root_inside sh -c 'cat /proc/self/oom_score_adj \
		/proc/self/attr/exec /proc/self/attr/apparmor/*')
	empty "written to the false one" "$fake"
	# The control: a program that trusts this /proc writes there.
	as_root_inside sh -c 'echo 300 > /proc/self/oom_score_adj'
	equal "control" 300 "$(as_root_inside cat /proc/self/oom_score_adj)"
	rm -f /home/alice/go
}

# --- J6

# A name service module of the rootfs reports every process that loads it.  The
# login programs look users up inside, and must not load it.
nothing_is_loaded() {
	local box=/srv/images/nss dir door

	need_attacker
	clean_slate
	rm -rf $box
	make_busybox $box > "$OUT/text" || skip "$(cat "$OUT/text")"
	cat > "$OUT/evil.c" <<-'END'
	#include <fcntl.h>
	#include <stdio.h>
	#include <unistd.h>
	#include <sys/syscall.h>
	__attribute__((constructor)) static void evil(void)
	{
		char text[128], comm[64] = "";
		int fd = open("/proc/self/comm", O_RDONLY);
		int n = read(fd, comm, sizeof(comm) - 1);

		close(fd);
		n = snprintf(text, sizeof(text), "uid %d %s", geteuid(), comm);
		fd = open("/tmp/loaded", O_CREAT | O_WRONLY | O_APPEND, 0666);
		write(fd, text, n);
		close(fd);
	}
	END
	cc -shared -fPIC -nostdlib -o "$OUT/evil.so" "$OUT/evil.c" -lc ||
		skip "cc is missing"
	for dir in /lib /lib64 /usr/lib \
			"/lib/$(gcc -print-multiarch)" \
			"/usr/lib/$(gcc -print-multiarch)"; do
		mkdir -p "$box$dir"
		cp "$OUT/evil.so" "$box$dir/libnss_evil.so.2"
		cp "$OUT/evil.so" "$box$dir/libnss_compat.so.2"
	done
	ldd "$ATTACKER" | grep -o '/[^ ]*' | while read -r dir; do
		cp -Ln "$dir" "$box$dir"
	done
	for dir in passwd group shadow initgroups hosts; do
		echo "$dir: evil compat"
	done > $box/etc/nsswitch.conf
	rm $box/bin/bash
	printf '#!/bin/sh\nexec /bin/sh "$@"\n' > $box/bin/bash
	chmod 0755 $box/bin/bash
	config alice "{\"rootfs\": \"$box\"}"
	nsinit start alice || fail "nsinit start"
	for door in ssh su sudo nsshell; do
		equal "$door" alice "$(by "$door" 'id -un')"
		[ ! -e $box/tmp/loaded ] || fail "$door loaded it" \
			"$(cat $box/tmp/loaded)"
	done
	# A name of a host; the host itself configures that module for it.
	sed -i.before '/^hosts:/d' /etc/nsswitch.conf
	echo 'hosts: evil files dns' >> /etc/nsswitch.conf
	nssh_with -W nobody.invalid:4000 alice@127.0.0.1 < /dev/null
	mv /etc/nsswitch.conf.before /etc/nsswitch.conf
	[ ! -e $box/tmp/loaded ] || fail "a forwarded port loaded it" \
		"$(cat $box/tmp/loaded)"
	# The control: a program that looks users up only after it is inside.
	"$ATTACKER" lookup $box > "$OUT/text"
	[ -e $box/tmp/loaded ] || fail "the test is wrong: nobody loads it"
	nsinit stop alice
}

# --- J7

SETS='grep -E "^(Cap(Inh|Prm|Eff|Amb)|CapBnd|NoNewPrivs)" /proc/self/status | xargs'
no_capabilities() {
	local door none=0000000000000000

	fresh
	for door in ssh su sudo nsshell; do
		# The caller's capabilities are inheritable and ambient.
		case $door in
		su | sudo) set -- setpriv --inh-caps +chown,+sys_admin \
			--ambient-caps +chown,+sys_admin ;;
		*) set -- ;;
		esac
		export -f by nssh
		equal "$door" "CapInh: $none CapPrm: $none CapEff: $none \
CapBnd: 00000000a00405fb CapAmb: $none NoNewPrivs: 0" "$("$@" bash -c '
			. "$0"; by "$1" "$2"' "$TESTS/lib.sh" "$door" "$SETS")"
	done
	contains "control: setpriv" "CapInh: 0000000000200001" "$(setpriv \
		--inh-caps +chown,+sys_admin --ambient-caps +chown,+sys_admin \
		/bin/sh -c "$SETS")"
}

# --- J11

not_listening() {
	! listening "$1"
}

# -D: a proxy that makes its connections inside, where port 4000 is not the
# host's.  The control: without the module it is.
forwards() {
	local pid

	need_attacker
	clean_slate
	config alice '{"rootfs": "/"}'
	socat TCP-LISTEN:4000,bind=127.0.0.1,fork,reuseaddr \
		SYSTEM:'echo of the host' &
	pid=$!
	wait_until 5 listening 4000 2> /dev/null
	lacks "ssh -W" "of the host" "$(nssh_with -W 127.0.0.1:4000 \
		alice@127.0.0.1 < /dev/null 2> /dev/null)"
	nssh_with -f -D 4100 alice@127.0.0.1 'sleep 5'
	lacks "ssh -D" "of the host" "$(by_proxy 127.0.0.1 4000)"
	wait_until 10 not_listening 4100
	nssh_with -f -D 4100 bob@127.0.0.1 'sleep 5'
	equal "control: ssh -D" "of the host" "$(by_proxy 127.0.0.1 4000)"
	equal "control: ssh -W" "of the host" "$(nssh_with -W 127.0.0.1:4000 \
		bob@127.0.0.1 < /dev/null 2> /dev/null)"
	kill "$pid"
}

t "J1 nobody inside gets hold of what comes in" joining_is_closed
t "J1 nobody inside gets hold of it without a user namespace" \
	joining_is_closed_to_root
t "J2 no program of ours can be written to" program_stays "$POWERS"
t "J2 no program of ours can be written to without a user namespace" \
	program_stays "$PLAIN_ROOT"
t "J2 the shell that is mounted inside can not be written to" \
	shell_program_stays
t "J3 the working directory is inside" directory_is_inside
t "J4 what fails half inside ends the process" half_inside_ends
t "J5 a /proc of the inside is not believed" false_proc
t "J6 the login programs load nothing from the rootfs" nothing_is_loaded
t "J7 no capability comes in by any door" no_capabilities
t "J11 ssh -W and -D connect from the inside" forwards
