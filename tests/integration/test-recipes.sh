#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recipes of container.json(5), taken from the page, with the real
# programs: containers in the container, sockets of directory services, and a
# graphical program over ssh -X.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

MAN=/usr/share/man/man5/container.json.5
OWN=/srv/images/own
IMAGE=/home/alice/image
USR='{"type": "bind", "source": "/usr", "destination": "/usr"}'
export DISPLAY=:17 XAUTHORITY=$TOP/xauthority

pam_enable su su-l sshd
sshd_start 22 -o X11Forwarding=yes

# recipe NAME [SED...] : the example of the man page that is marked so.
recipe() {
	need_product
	clean_slate
	config alice "$(awk -v mark="example $1" '
		/^\.\\"/ { on = index($0, mark) ? 1 : on }
		on == 1 && /^\.Bd/ { on = 2; next }
		/^\.Ed/ { on = 0 }
		on == 2 { gsub(/\\e/, "\\"); print }' "$MAN" | sed "${@:2}" -e '')"
	status_is 0 nsinit check alice
}
programs() {
	local name

	for name; do
		[ -n "$(type -P "$name")" ] || skip "$name is missing"
	done
}

# A Debian of its own, which shares the host's /usr.
make_own() {
	local dir

	[ ! -d "$OWN" ] || return 0
	mkdir -p "$OWN"/{etc,proc,sys,dev,tmp,run,home,root,mnt,usr,opt/bin} \
		"$OWN"/var/{tmp,lib,log,cache}
	chmod 1777 "$OWN/tmp" "$OWN/var/tmp"
	cp -a /etc/. "$OWN/etc/"
	for dir in bin sbin lib lib64; do
		[ ! -L "/$dir" ] || cp -a "/$dir" "$OWN/"
	done
}

# --- containers in the container

# Only where a whole /proc is, the kernel allows a new one.
bwrap_proc() {
	local file command='bwrap --ro-bind / / --unshare-all --proc /proc \
		sh -c "echo in; cat /proc/1/comm"'

	programs bwrap
	recipe nesting -e 's/, "masked": false//g'
	lacks "with masks" in "$(nssh alice "$command" 2>&1)"
	recipe nesting
	equal "bwrap --proc" "in bwrap" \
		"$(nssh alice "$command" 2>&1 | xargs)"
	# What is whole is still not the container's root's to change; the
	# control is what belongs to its network.
	hold alice
	status_is 0 as_root_inside \
		sh -c ': >> /mnt/proc/sys/net/ipv4/ip_forward'
	for file in sysrq-trigger sys/kernel/core_pattern irq/default_smp_affinity; do
		as_root_inside sh -c ": >> /mnt/proc/$file" &&
			fail "root inside writes to $file"
	done
	as_root_inside head -c 1 /mnt/proc/kcore && fail "it reads kcore"
	release
}

make_image() {
	rm -rf "$IMAGE"
	make_busybox "$IMAGE" > /dev/null || skip "busybox is missing"
	mkdir -p /home/alice/.config/containers
	# The recipe's lines for podman.
	awk '/^\.\\" podman/ { on = 1 } on && /^\.Bd/ { on = 2; next }
		/^\.Ed/ { on = 0 } on == 2' "$MAN" \
		> /home/alice/.config/containers/containers.conf
	chown -R alice:alice "$IMAGE" /home/alice/.config
}

PODMAN="podman --storage-driver vfs run --rm --network none \
	--rootfs $IMAGE busybox"
rootless_podman() {
	programs podman crun
	make_image
	recipe nesting
	nssh alice "$PODMAN sh -c 'cat /etc/image; id -u; ps'" > "$OUT/text" 2>&1
	contains "podman run" "made for the test" "$(cat "$OUT/text")"
	contains "its processes" "1 root" "$(cat "$OUT/text")"
	# The control: nothing of it works with the default profile.
	config alice '{"rootfs": "/"}'
	clean_slate
	lacks "without the recipe" "made for the test" \
		"$(nssh alice "$PODMAN cat /etc/image" 2>&1)"
}

# With the ids of the container's own subuid file.
podman_subids() {
	programs podman crun newuidmap
	make_own
	make_image
	cp -a /usr/bin/newuidmap /usr/bin/newgidmap "$OWN/opt/bin/"
	echo alice:2000:60000 | tee "$OWN/etc/subuid" > "$OWN/etc/subgid"
	recipe subids -e "s,/srv/images/[a-z]*,$OWN," \
		-e "s%\"mounts\": \[%&$USR,%"
	nssh alice "PATH=/opt/bin:\$PATH $PODMAN sh -c 'cat /etc/image;
		cat /proc/self/uid_map'" > "$OUT/text" 2>&1
	contains "podman run" "made for the test" "$(cat "$OUT/text")"
	contains "its ids" "2000 60000" "$(tr -s ' ' < "$OUT/text")"
}

# --- directory services

# answer SOCKET : a stand-in for the daemon.
answer() {
	mkdir -p "${1%/*}"
	socat -U "UNIX-LISTEN:$1,fork,mode=666" "SYSTEM:echo answer of $1" 2> /dev/null &
	SERVERS+=($!)
	wait_until 5 test -S "$1" || fail "no socket $1"
}
SOCKETS="/run/.heim_org.h5l.kcm-socket /var/lib/gssproxy/default.sock
	/var/lib/sss/pipes/nss /run/nscd/socket"
asked() {
	nssh alice "for s in ${SOCKETS//[$'\n\t']/ }; do
		socat -t 10 UNIX-CONNECT:\$s - < /dev/null 2> /dev/null || echo no \$s; done"
}
services() {
	local socket SERVERS=()

	make_own
	for socket in $SOCKETS; do
		answer "$socket"
	done
	# The control.
	config alice "{\"rootfs\": \"$OWN\", \"mounts\": [$USR]}"
	equal "without them" 4 "$(asked | grep -c '^no ')"
	recipe services -e "s,\"rootfs\": \"/\",\"rootfs\": \"$OWN\"," \
		-e "s%\"mounts\": \[%&$USR,%"
	equal "in an own rootfs" 4 "$(asked | grep -c 'answer of')"
	recipe services
	hold alice
	equal "with /" 4 "$(asked | grep -c 'answer of')"
	# A daemon that restarts makes its socket anew.
	kill "${SERVERS[@]}"
	wait "${SERVERS[@]}" 2> /dev/null
	rm -f /run/nscd/socket /var/lib/sss/pipes/nss
	answer /run/nscd/socket
	answer /var/lib/sss/pipes/nss
	equal "after a restart" 2 "$(asked 2> /dev/null | grep -c 'answer of')"
	release
	kill "${SERVERS[@]}" 2> /dev/null
}

# --- graphical programs

display_start() {
	programs Xvfb xauth xdpyinfo xeyes xwininfo
	mkdir -p /tmp/.X11-unix
	chmod 1777 /tmp/.X11-unix
	xauth -q add "$DISPLAY" . "$(od -An -N 16 -tx1 /dev/urandom |
		tr -d ' \n')" 2> /dev/null
	Xvfb "$DISPLAY" -auth "$XAUTHORITY" -nolisten tcp -screen 0 640x480x24 \
		> "$OUT/xvfb" 2>&1 &
	SERVER=$!
	wait_until 15 xdpyinfo > /dev/null 2>&1 ||
		fail "Xvfb does not start" "$(cat "$OUT/xvfb")"
}
eyes() {
	xwininfo -root -tree | grep -q xeyes
}
no_eyes() {
	! eyes
}
graphical() {
	local client

	display_start
	config alice '{"rootfs": "/"}'
	[ -n "$PLAIN" ] || clean_slate
	nssh_with -X -l alice 127.0.0.1 \
		"[ -n '$PLAIN' ] || $INSIDE && echo \$DISPLAY && xdpyinfo" \
		> "$OUT/text" 2>&1
	contains "xdpyinfo" "dimensions:    640x480" "$(cat "$OUT/text")"
	contains "the display of sshd" "localhost:10" "$(cat "$OUT/text")"
	# A window, which goes with its session.
	ssh "${SSH_OPTIONS[@]}" -Y -l alice 127.0.0.1 xeyes \
		> "$OUT/eyes" 2>&1 &
	client=$!
	wait_until 15 eyes || fail "no window" "$(cat "$OUT/eyes")"
	kill "$client"
	wait "$client"
	wait_until 15 no_eyes || fail "the window stays"
	# The control: the display answers only those who have the cookie.
	contains "without the cookie" "unable to open display" \
		"$(XAUTHORITY=/dev/null xdpyinfo 2>&1)"
	kill "$SERVER"
	wait "$SERVER"
}

# --- files by vsftpd

vsftpd_files() {
	local url=ftp://alice:secret-alice@127.0.0.1:2121//tmp/nsc-ftp

	programs vsftpd curl
	need_product
	clean_slate
	pam_enable vsftpd
	config alice '{"rootfs": "/", "networks": [{"type": "host"}]}'
	vsftpd_start 2121
	hold alice
	head -c 70000 /dev/urandom > "$OUT/file"
	status_is 0 curl -sS --max-time 20 -T "$OUT/file" "$url"
	[ ! -e /tmp/nsc-ftp ] || fail "it is on the host"
	nssh alice 'cat /tmp/nsc-ftp' | cmp - "$OUT/file" ||
		fail "it is not inside"
	status_is 0 curl -sS --max-time 20 -o "$OUT/back" "$url"
	cmp "$OUT/file" "$OUT/back" || fail "it does not come back"
	release
	kill "$VSFTPD"
}

t "P1 bwrap --proc with the recipe" bwrap_proc
t "rootless podman with the recipe" rootless_podman
t "rootless podman with subordinate ids" podman_subids
t "sockets of KCM, gssproxy, SSSD and nscd with the recipe" services
t "a graphical program over ssh -X" graphical
t "files by vsftpd with the network of the host" vsftpd_files
