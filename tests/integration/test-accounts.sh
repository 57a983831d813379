#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# README's classroom: a system as debootstrap leaves it, which does not know the
# student, who becomes root in it and installs a daemon.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd
conf 'linger = 0; stop = "logout";'
sshd_start 22
IMAGE=/srv/images/debian

CAPABILITIES='["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
	"SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE",
	"SYS_CHROOT", "AUDIT_WRITE", "SETFCAP"]'
PROGRAMS="bash sh cat chmod chown chgrp cp cut dirname id install ln ls mkdir mv
	rm rmdir sed sleep sort stat tail test touch tr true uname whoami getent
	grep find diff sudo useradd userdel usermod groupadd gpasswd pwck
	grpck apt-get dpkg dpkg-deb dpkg-query dpkg-split dpkg-trigger tar
	start-stop-daemon ldconfig"

# copy FILE... : with the shared libraries that it needs.
copy() {
	local file

	for file in "$@"; do
		echo "$file"
		ldd "$file" 2> /dev/null | grep -o '/[^ ]*'
	done | sort -u | while read -r file; do
		# /bin, /sbin and /lib are links to /usr.
		file=$(realpath -s "/usr/${file#/usr/}")
		[ ! -e "$file" ] || echo "${file#/}"
	done | sort -u | tar -C / -chf - --no-recursion -T - |
		tar -C "$IMAGE" -xpf -
}

# As base-passwd and debootstrap make them.
make_accounts() {
	cp /usr/share/base-passwd/passwd.master "$IMAGE/etc/passwd"
	cp /usr/share/base-passwd/group.master "$IMAGE/etc/group"
	sed -i 's/^\([^:]*\):[^:]*:/\1:x:/' "$IMAGE/etc/passwd"
	echo '_apt:x:100:65534::/nonexistent:/usr/sbin/nologin' \
		>> "$IMAGE/etc/passwd"
	sed 's/:.*/:*:20000:0:99999:7:::/' "$IMAGE/etc/passwd" \
		> "$IMAGE/etc/shadow"
	sed 's/:.*/:*::/' "$IMAGE/etc/group" > "$IMAGE/etc/gshadow"
	chgrp 42 "$IMAGE/etc/shadow" "$IMAGE/etc/gshadow"
	chmod 0640 "$IMAGE/etc/shadow" "$IMAGE/etc/gshadow"
}

make_image() {
	local dir

	[ -e /usr/share/base-passwd/passwd.master ] ||
		skip "base-passwd is missing"
	mkdir -p "$IMAGE"/{dev,etc,home,proc,root,run,srv,sys,tmp,usr,var} \
		"$IMAGE"/usr/{bin,sbin,lib,lib64} "$IMAGE/var/lib/dpkg/"{info,updates} \
		"$IMAGE/var/lib/apt/lists/partial" "$IMAGE/var/log/apt" \
		"$IMAGE/var/cache/apt/archives/partial" \
		"$IMAGE"/etc/apt/{apt.conf,preferences}.d \
		"$IMAGE/etc/sudoers.d" "$IMAGE/var/backups"
	chmod 1777 "$IMAGE/tmp"
	for dir in bin sbin lib lib64; do
		ln -sf "usr/$dir" "$IMAGE/$dir"
	done
	# shellcheck disable=SC2046,SC2086 # a list of words each
	copy $(type -P $PROGRAMS) /usr/lib/apt/methods/{file,copy,store} \
		$(find /usr/lib/sudo /usr/libexec/sudo /usr/lib/*/security \
			/usr/lib/*/libnss_* -type f 2> /dev/null)
	cp -a --parents /usr/share/dpkg /etc/pam.d /etc/security \
		/etc/login.defs /etc/nsswitch.conf /etc/default "$IMAGE"
	sed -i '/pam_container/d' "$IMAGE"/etc/pam.d/*
	make_accounts
	touch "$IMAGE/var/lib/dpkg/"{status,available}
	cat > "$IMAGE/etc/sudoers" <<-'END'
	Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"
	alice ALL=(ALL) NOPASSWD: ALL
	END
	chmod 0440 "$IMAGE/etc/sudoers"
}

# A daemon's package, whose script makes a user as Debian's packages do.
make_package() {
	local dir=$OUT/package

	mkdir -p "$dir/DEBIAN" "$dir/opt"
	echo '#!/bin/sh' > "$dir/opt/nsc-daemon"
	chmod 0755 "$dir/opt/nsc-daemon"
	cat > "$dir/DEBIAN/control" <<-END
	Package: nsc-daemon
	Version: 1
	Architecture: all
	Maintainer: test <test@localhost>
	Description: a daemon
	END
	cat > "$dir/DEBIAN/postinst" <<-'END'
	#!/bin/sh
	set -e
	[ "$1" = configure ] || exit 0
	useradd --system --no-create-home --user-group nscd-test
	chown nscd-test:nscd-test /opt/nsc-daemon
	END
	chmod 0755 "$dir/DEBIAN/postinst"
	dpkg-deb --root-owner-group -Znone -b "$dir" \
		"$IMAGE/root/nsc-daemon.deb" > /dev/null
}

# classroom MORE : alice has README's container, and MORE.
classroom() {
	need_product
	clean_slate
	[ -e "$IMAGE/etc/shadow" ] || { make_image && make_package; }
	chmod 0755 "$IMAGE/root"
	rm -rf /var/lib/nscontainer/alice
	config alice "{\"rootfs\": \"$IMAGE\", \"home\": \"private\",
		\"hostname\": \"%u\", \"capabilities\": $CAPABILITIES${1:+, $1}}"
	syslog_mark
	sha256sum "$IMAGE"/etc/{passwd,group,shadow,gshadow} > "$OUT/sums"
}

unchanged() {
	sha256sum --quiet -c "$OUT/sums" || fail "the image is changed"
}

becomes_root() {
	classroom "$1"
	equal "the student" alice "$(nssh alice id -un)"
	equal "root" "0 root" "$(nssh alice 'echo $(sudo id -u; sudo id -un)')"
	equal "another user" games "$(nssh alice sudo -u games id -un)"
	status_is 0 nssh alice 'sudo -v && sudo -l > /dev/null'
}

installs_daemon() {
	classroom '"overlay": "persistent"'
	nssh alice 'sudo apt-get -y install /root/nsc-daemon.deb' \
		> "$OUT/text" 2>&1 || fail "apt-get fails" "$(cat "$OUT/text")"
	equal "the daemon's owner" "nscd-test nscd-test" \
		"$(nssh alice stat -c '"%U %G"' /opt/nsc-daemon)"
	nssh alice 'set -e; sudo groupadd lab; sudo useradd -m -G lab carol
		sudo usermod -aG lab alice; sudo -u carol id -nG' \
		> "$OUT/text" 2>&1 || fail "useradd fails" "$(cat "$OUT/text")"
	contains "carol's groups" lab "$(cat "$OUT/text")"
	status_is 0 nssh alice 'sudo pwck -qr; test $? -le 2'
	wait_until 10 no_container alice || fail "the container stays"
	equal "the next container" nscd-test \
		"$(nssh alice stat -c %U /opt/nsc-daemon)"
	equal "lines of the student" 1 \
		"$(nssh alice grep -c ^alice: /etc/passwd)"
	unchanged
}

# Each way to have the files: in a layer, or in the rootfs itself.
makes_users() {
	classroom "$1"
	nssh alice 'set -e; sudo groupadd lab; sudo useradd -G lab dave
		sudo -u dave id -nG; sudo gpasswd -a alice lab' \
		> "$OUT/text" 2>&1 || fail "useradd fails" "$(cat "$OUT/text")"
	contains "dave's groups" lab "$(cat "$OUT/text")"
}

# The line that is made up satisfies PAM, also where it is mounted.
read_only() {
	classroom '"readonly_fs": true'
	equal "the student" alice "$(nssh alice id -un)"
	equal "root" 0 "$(nssh alice sudo id -u)"
	contains "control: useradd" "passwd" "$(nssh alice sudo useradd x 2>&1)"
	unchanged
}

# Eight students start at once in one rootfs without layers: each is known, and
# no file is torn.
many_at_once() {
	local i

	classroom
	make_many student 8 30000
	for i in {0..7}; do
		config "student$i" "{\"rootfs\": \"$IMAGE\", \"home\": \"none\"}"
	done
	for i in {0..7}; do
		timeout 30 nsinit start "student$i" > "$OUT/start$i" 2>&1 &
	done
	wait
	for i in {0..7}; do
		equal "student$i" "student$i" "$(nsenter -t "$(pid_of "student$i")" \
			-U -m -S $((30000 + i)) -G $((30000 + i)) id -un)"
		timeout 20 nsinit stop "student$i"
	done
	equal "lines of root" 1 "$(grep -c ^root: "$IMAGE/etc/passwd")"
	empty "left" "$(find "$IMAGE/etc" -name '*.nscontainer')"
}

# What a student leaves in the layer neither blocks the next start, nor is
# written to.
hostile_layer() {
	classroom '"overlay": "persistent"'
	echo keep > /srv/keep
	chmod 0666 /srv/keep
	status_is 0 nssh alice true
	wait_until 10 no_container alice
	upper=$(echo /var/lib/nscontainer/*/overlay/upper)
	root=$(stat -c %u "$upper/etc/passwd")
	for kind in link hard fifo dir; do
		rm -rf "$upper/etc/passwd" "$upper/etc/passwd.nscontainer"
		sed '/^alice/d' "$IMAGE/etc/passwd" > "$upper/etc/passwd"
		case $kind in
		link) ln -sf ../../../../../../../srv/keep "$upper/etc/passwd" ;;
		hard) ln "$upper/etc/passwd" "$upper/etc/other" ;;
		fifo) mkfifo "$upper/etc/passwd.nscontainer" ;;
		dir) mkdir -p "$upper/etc/passwd.nscontainer/x" ;;
		esac
		chown -hR "$root:$root" "$upper/etc"
		equal "$kind" alice "$(nssh alice id -un)"
		wait_until 10 no_container alice
		rm -f "$upper/etc/other"
	done
	equal "the host's file" keep "$(cat /srv/keep)"
}

t "a student becomes root in a layer that is kept" \
	becomes_root '"overlay": "persistent"'
t "a student becomes root in a scratch layer" becomes_root '"overlay": "tmpfs"'
t "apt-get installs a daemon that makes a user" installs_daemon
t "useradd works in a scratch layer" makes_users '"overlay": "tmpfs"'
t "useradd works in a rootfs of its own" makes_users ""
t "the student is known in a rootfs that is read-only" read_only
t "students who share a rootfs start at once" many_at_once
t "M10 nothing that root inside leaves in /etc leads the start astray" \
	hostile_layer
