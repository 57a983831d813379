# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034 # for those who source it
# Sourced after lib.sh by the tests that live in the examples of the documents: a
# Debian system for a rootfs, another engine, a network with something outside.
NO_USERNS='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true}'

# make_debian DIR PACKAGE... : a directory with a Debian system of this release:
# the host's files of the packages that every system has, and of these and what
# they need, and dpkg's notes about them.
make_debian() {
	local dir=$1 name packages

	shift
	mapfile -t packages < <({
		dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p'
		printf '%s\n' "$@"
	} | xargs apt-cache depends --recurse --installed --no-recommends \
		--no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances | grep '^[a-z0-9]' | sort -u)
	mkdir -p "$dir"/usr/{bin,sbin,lib,lib64} "$dir"/var/lib/dpkg/{info,updates} \
		"$dir"/{dev,proc,sys,run,root,home,tmp,mnt,etc,var/tmp}
	chmod 1777 "$dir/tmp" "$dir/var/tmp"
	for name in bin sbin lib lib64; do
		ln -sfn "usr/$name" "$dir/$name"
	done
	dpkg-query -L "${packages[@]}" 2> /dev/null | sort -u |
		sed -E 's,^/(s?bin|lib|lib64)/,/usr/\1/,; s,^/,,' |
		grep -vE '^(usr/share/(doc|man|locale)/|(s?bin|lib|lib64|\.?)$)' |
		tar -C / -cf - --no-recursion --ignore-failed-read -T - 2> /dev/null |
		tar -C "$dir" -xpf - --keep-directory-symlink
	dpkg-query -s "${packages[@]}" > "$dir/var/lib/dpkg/status" 2> /dev/null
	for name in "${packages[@]}"; do
		cp -a /var/lib/dpkg/info/"$name"[.:]* "$dir/var/lib/dpkg/info/" \
			2> /dev/null
	done
	cp -a /var/lib/dpkg/info/format "$dir/var/lib/dpkg/info/"
	for name in passwd group; do
		awk -F : '$3 < 1000 || $3 == 65534' "/etc/$name" \
			> "$dir/etc/$name"
	done
	cp -a /etc/alternatives /etc/nsswitch.conf /etc/pam.d "$dir/etc/"
	sed -i '/pam_container/d' "$dir"/etc/pam.d/*
	ln -sf /etc/alternatives/awk "$dir/usr/bin/awk"
	rm -f "$dir/etc/resolv.conf"
	ldconfig -r "$dir"
	echo "made for the test" > "$dir/etc/image"
	[ -x "$dir/bin/bash" ] && [ -x "$dir/usr/bin/dpkg" ]
}

# A container that another engine has made: one of nsinit exec without a user
# namespace; its pid is in the file.
engine_starts() {
	mkdir -p /srv/engine
	echo "{\"rootfs\": \"/\", $NO_USERNS}" > /srv/engine/container.json
	nsinit exec --root /srv/engine sleep 300 < /dev/null > /dev/null 2>&1 &
	wait_until 10 [ -e /srv/engine/pid ]
	cp /srv/engine/pid "$1"
}

# The command COMMAND of an engine, for the user alice.
make_engine() {
	cat > "$1" <<-END
	#!/bin/sh
	case \$1 in
	stop) exec nsinit stop --root /srv/engine ;;
	create) exit ;;
	esac
	cd / && rm -f /srv/engine/pid
	setsid nsinit exec --root /srv/engine sleep 300 > /dev/null 2>&1 < /dev/null &
	while [ ! -s /srv/engine/pid ]; do sleep 0.05; done
	cp /srv/engine/pid "\$NSC_PIDFILE"
	END
	chmod 0755 "$1"
	mkdir -p /srv/engine
	echo "{\"rootfs\": \"/\", $NO_USERNS}" > /srv/engine/container.json
}

engine_ends() {
	[ ! -e /srv/engine/pid ] ||
		timeout 15 nsinit stop --root /srv/engine > /dev/null 2>&1
}

bridge() {
	ip link show br0 > /dev/null 2>&1 || {
		ip link add br0 type bridge
		ip addr add 10.0.0.1/24 dev br0
		ip addr add 10.210.0.1/16 dev br0
		ip -6 addr add fd00::1/64 dev br0 nodad
		ip -6 addr add fd10:210::1/64 dev br0 nodad
		ip link set br0 up
	}
}

# A network that pasta can go out to, with a server.
outside() {
	bridge
	[ -x /usr/bin/pasta ] || skip "passt is not installed"
	make_tun
	ip netns add out 2> /dev/null || return 0
	ip link add wan0 type veth peer name wan1 netns out
	ip addr add 10.80.0.2/24 dev wan0
	ip link set wan0 up
	ip -n out addr add 10.80.0.1/24 dev wan1
	ip -n out link set wan1 up
	ip route add default via 10.80.0.1
	ip -6 addr add fd80::2/64 dev wan0 nodad
	ip -n out -6 addr add fd80::1/64 dev wan1 nodad
	ip -6 route add default via fd80::1
	ip netns exec out socat -U TCP-LISTEN:99,fork,reuseaddr \
		SYSTEM:'echo outside' > /dev/null 2>&1 &
	wait_until 5 ip netns exec out bash -c ': < /dev/tcp/127.0.0.1/99' \
		2> /dev/null
}
REACHES='[ "$(bash -c "cat < /dev/tcp/10.80.0.1/99")" = outside ]'
