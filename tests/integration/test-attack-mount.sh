#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks through file systems.  The first word of a test is the entry of the
# table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l
conf 'stop = "logout";'
POWERS='"seccomp": "unconfined", "capabilities": ["SYS_ADMIN", "SYS_CHROOT",
	"DAC_OVERRIDE", "DAC_READ_SEARCH", "MKNOD", "CHOWN", "FOWNER"]'
NO_USER='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true}'
STATE=/var/lib/nscontainer

# fresh [MORE] : alice's container is the host's system and runs.
fresh() {
	need_attacker
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	timeout 20 nsinit start alice || fail "nsinit start"
	syslog_mark
}

# --- M6

# No path leads to the old root, not even with CAP_SYS_ADMIN inside.  The
# control: without pivot_root a second chroot leads out.
CLIMB='import os, sys
seen = set()
def look(name):
    try:
        if os.path.exists("mnt/syslog") or os.path.exists("mnt/layers"):
            print("BAD", name)
    except OSError:
        pass
pids = os.listdir("/proc") if os.path.isdir("/proc") else []
for pid in [p for p in pids if p.isdigit()]:
    for name in ("root", "cwd"):
        try:
            os.chdir("/proc/%s/%s" % (pid, name))
            for i in range(30):
                os.chdir("..")
            look("/proc/%s/%s" % (pid, name))
        except OSError:
            pass
os.chdir("/")
try:
    os.mkdir("/tmp/jail")
except OSError:
    pass
try:
    os.chroot("/tmp/jail")
    for i in range(60):
        os.chdir("..")
    look("chroot")
    os.chroot(".")
    look("chroot twice")
except OSError as error:
    print(error)
print("done")'
old_root() {
	fresh "$POWERS"
	as_root_inside python3 -c "$CLIMB" > "$OUT/text" 2>&1
	contains "what root did" "done" "$(cat "$OUT/text")"
	lacks "what root found" BAD "$(cat "$OUT/text")"
	# Unmounting the root reveals nothing below it either.
	as_root_inside sh -c 'umount -l / ; cd /..; ls mnt' > "$OUT/text" 2>&1
	lacks "below the root" layers "$(cat "$OUT/text")"
	contains "control: chroot" BAD "$(python3 -c "import os
os.makedirs('/tmp/control/tmp', exist_ok=True)
os.chroot('/tmp/control')
$CLIMB")"
}

# --- M7

# hidden COMMAND : the secrets of the host that COMMAND can read, out of those
# that root on the host can read.
SECRETS="/etc/shadow /etc/gshadow /etc/ssh/ssh_host_ed25519_key
	/root/.ssh/id_ed25519 /home/bob/.ssh/authorized_keys
	/run/nscontainer/alice/current/state /tmp/of-host /var/tmp/of-host
	/var/spool/cron/crontabs/bob /var/lib/nscontainer/ids
	/dev/shm/of-host /mnt/syslog /run/utmp"
secrets() {
	local left

	fresh "$1"
	echo x | tee /tmp/of-host /var/tmp/of-host /dev/shm/of-host /run/utmp \
		/var/lib/nscontainer/ids > /dev/null
	mkdir -p /var/spool/cron/crontabs
	install -m 0600 -o bob /etc/hostname /var/spool/cron/crontabs/bob
	socat UNIX-LISTEN:/run/of-host.sock,mode=666,fork SYSTEM:'echo host' &
	socat UNIX-LISTEN:/tmp/of-host.sock,mode=666,fork SYSTEM:'echo host' &
	wait_until 5 [ -S /tmp/of-host.sock ]
	for each in $SECRETS; do
		cat "$each" > /dev/null || fail "the test is wrong: $each"
	done
	equal "control: a socket of the host" host \
		"$(socat -T 2 - UNIX-CONNECT:/run/of-host.sock < /dev/null)"
	left="for f in $(echo "$SECRETS" | xargs); do
			head -c 1 \$f > /dev/null && echo BAD \$f
		done 2> /dev/null
		for s in /run/of-host.sock /tmp/of-host.sock; do
			socat -T 2 - UNIX-CONNECT:\$s < /dev/null && echo BAD
		done 2> /dev/null
		for d in /proc/*/root/run/of-host.sock; do
			[ ! -e \$d ] || echo BAD \$d
		done
		for d in /dev/[sv]d* /dev/loop* /dev/mem /dev/kmsg; do
			[ ! -e \$d ] || echo BAD \$d
		done
		echo done"
	"${@:2}" sh -c "$left" > "$OUT/text"
	contains "what it did" "done" "$(cat "$OUT/text")"
	lacks "what it could read" BAD "$(cat "$OUT/text")"
	kill %1 %2
}

secrets_from_root() {
	secrets "$POWERS" as_root_inside
}

secrets_from_user() {
	secrets "$NO_USER" by_su
}

by_su() {
	shift
	timeout 20 su - alice -c "$2"
}

# --- M9

# State directories belong to root, one for each user, and are checked: a user
# who made one earlier gains nothing.
layers() {
	local dir mode

	need_product
	clean_slate
	rm -rf $STATE/alice
	make_busybox /srv/images/m9 > "$OUT/text" || skip "$(cat "$OUT/text")"
	config alice '{"rootfs": "/srv/images/m9", "overlay": "persistent",
		"home": "private", "session": {"shell": "/bin/sh"}}'
	status_is 0 su alice -s /bin/sh -c 'echo x > ~/x'
	for dir in $STATE/alice $STATE/alice/overlay \
			$STATE/alice/overlay/work; do
		equal "$dir" "root 700" "$(stat -c '%U %a' "$dir")"
	done
	status_is 1 setpriv --reuid=alice --regid=alice --clear-groups \
		sh -c 'ls /var/lib/nscontainer/alice || exit 1'
	for mode in 0777:root 0755:alice; do
		clean_slate
		chmod "${mode%:*}" $STATE/alice
		chown "${mode#*:}" $STATE/alice
		su alice -s /bin/sh -c true > "$OUT/text" 2>&1 &&
			fail "a directory of $mode is used"
		chown root $STATE/alice
		chmod 0700 $STATE/alice
	done
	clean_slate
	mv $STATE/alice/overlay /srv/images/m9-overlay
	ln -s /srv/images/m9-overlay $STATE/alice/overlay
	su alice -s /bin/sh -c true > "$OUT/text" 2>&1 &&
		fail "a link is followed"
	rm $STATE/alice/overlay
	mv /srv/images/m9-overlay $STATE/alice/overlay
	status_is 0 su alice -s /bin/sh -c true
}

# A setuid file or a capability that is copied up belongs to the container.
copied_up() {
	local file

	need_attacker
	clean_slate
	rm -rf $STATE/alice /srv/images/m9
	make_busybox /srv/images/m9 > "$OUT/text" || skip "$(cat "$OUT/text")"
	install -m 4755 -o root /bin/busybox /srv/images/m9/bin/suid
	setcap cap_sys_admin+ep /srv/images/m9/bin/suid || skip "setcap fails"
	config alice '{"rootfs": "/srv/images/m9", "overlay": "persistent",
		"session": {"shell": "/bin/sh"}}'
	nsinit start alice || fail "nsinit start"
	as_root_inside chmod 4777 /bin/suid
	as_root_inside cp -p /bin/busybox /bin/made
	as_root_inside chmod 4755 /bin/made
	for file in suid made; do
		file=$STATE/alice/overlay/upper/bin/$file
		[ -e "$file" ] || fail "$file is not copied up"
		[ "$(stat -c %u "$file")" -ge 100000 ] ||
			fail "$file belongs to $(stat -c %U "$file")"
	done
	nsinit stop alice
}

# --- M11

# On the host's own system, root's files belong to nobody; in a separate rootfs
# they belong to the container's root, which is the control.
not_mapped() {
	fresh "$POWERS"
	equal "owner of /etc/passwd" 65534 "$(as_root_inside stat -c %u /etc/passwd)"
	status_is 1 as_root_inside chmod 0777 /etc
	mkdir -p /srv/m11
	echo x > /srv/m11/file
	chmod 0600 /srv/m11/file
	fresh "$POWERS, \"mounts\": [{\"type\": \"bind\", \"source\": \"/srv/m11\",
		\"destination\": \"/mnt\", \"writable\": true}]"
	equal "owner of a bind's file" 65534 \
		"$(as_root_inside stat -c %u /mnt/file)"
	status_is 1 as_root_inside cat /mnt/file
	status_is 1 as_root_inside cp /bin/true /mnt/made
	nsinit stop alice
	make_busybox /srv/images/m9 > "$OUT/text" || skip "$(cat "$OUT/text")"
	config alice '{"rootfs": "/srv/images/m9", "session": {"shell": "/bin/sh"}}'
	nsinit start alice || fail "nsinit start"
	equal "control: owner of a rootfs's file" 0 \
		"$(as_root_inside stat -c %u /etc/passwd)"
}

t "M6 nothing leads to the old root" old_root
t "M7 no secret or socket of the host for root inside" secrets_from_root
t "M7 no secret or socket of the host without a user namespace" \
	secrets_from_user
t "M9 layers are root's, and one that a user made is refused" layers
t "M9 what is copied up is the container's, not the host's" copied_up
t "M11 files of host root's are nobody's inside" not_mapped
