#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a user has of the system on the host is there inside: the files that
# programs accept only as root's, names of hosts, shared directories, ping.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd su su-l
conf 'linger = 30;'
sshd_start 22 -o "Subsystem=sftp internal-sftp"
install -d -m 0700 -o alice -g alice /home/alice/.ssh
ssh-keygen -q -t ed25519 -N '' -f /home/alice/.ssh/id_ed25519
cat /home/alice/.ssh/id_ed25519.pub >> /home/alice/.ssh/authorized_keys
chown -R alice:alice /home/alice/.ssh

# with MORE : alice's container is the host's system, with MORE.
with() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

SSH="-o StrictHostKeyChecking=no -o BatchMode=yes"

# --- files that must be root's

# As Debian 13 has it (a link), and Fedora (a file).
included() {
	rm -rf /etc/ssh/ssh_config.d
	mkdir -p /etc/ssh/ssh_config.d /usr/lib/site
	grep -qs '^Include' /etc/ssh/ssh_config ||
		sed -i '1i Include /etc/ssh/ssh_config.d/*.conf' \
			/etc/ssh/ssh_config
	echo 'Host *' > /usr/lib/site/20-site.conf
	ln -sf /usr/lib/site/20-site.conf /etc/ssh/ssh_config.d/20-site.conf
	printf 'Host named\n\tHostName 127.0.0.1\n' \
		> /etc/ssh/ssh_config.d/50-host.conf
	echo secret > /etc/ssh/ssh_config.d/60-secret
	chmod 0600 /etc/ssh/ssh_config.d/60-secret
}

ssh_clients() {
	included
	with '"root_paths": []'
	contains "control: as other files of the host" "Bad owner or permissions" \
		"$(nssh alice "ssh $SSH -G named 2>&1")"
	with '"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUSER": true}'
	equal "ssh" hello "$(nssh alice "ssh $SSH named echo hello 2>&1" |
		tail -1)"
	echo text > /home/alice/file
	status_is 0 nssh alice "scp $SSH file named:copy > /dev/null 2>&1"
	status_is 0 nssh alice "echo get file other |
		sftp $SSH -b - named > /dev/null 2>&1"
	equal "copies" "text text" "$(xargs < /home/alice/copy) \
$(xargs < /home/alice/other)"
	[ -z "$(type -P git)" ] || status_is 0 nssh alice \
		"git init -q --bare repo.git; GIT_SSH_COMMAND='ssh $SSH' \
			git ls-remote named:repo.git"
	equal "owner" "0 0 0" "$(nssh alice 'cd /etc/ssh/ssh_config.d
		echo $(stat -L -c %u . 20-site.conf 50-host.conf)')"
}

# Neither secrets nor files of others become root's, and nothing can be changed.
root_paths_hold() {
	included
	echo 'Host mine' > /etc/ssh/ssh_config.d/70-mine.conf
	chown alice /etc/ssh/ssh_config.d/70-mine.conf
	mkdir -p /etc/ssh/ssh_config.d/dir
	echo site > /etc/site.conf
	with '"root_paths": ["/etc/ssh/ssh_config.d", "/etc/site.conf",
		"/etc/shadow", "/no/such"]'
	equal "files" "20-site.conf 50-host.conf" \
		"$(nssh alice 'echo $(ls -A /etc/ssh/ssh_config.d)')"
	equal "a file" "0 site" \
		"$(nssh alice 'echo $(stat -c %u /etc/site.conf; cat /etc/site.conf)')"
	equal "no secret" 65534 "$(nssh alice stat -c %u /etc/shadow)"
	as_root_inside sh -c 'echo x > /etc/ssh/ssh_config.d/new
		echo x > /etc/site.conf; cat /etc/shadow
		mount -o remount,rw,bind /etc/site.conf
		echo x > /etc/site.conf' \
		> "$OUT/text" 2>&1
	empty "what root inside gets" "$(grep -v -e denied -e Read-only \
		-e ^mount: -e dmesg "$OUT/text")"
	equal "on the host" site "$(cat /etc/site.conf)"
	rm -rf /etc/ssh/ssh_config.d/70-mine.conf /etc/ssh/ssh_config.d/dir
}

# --- names of hosts

names() {
	with '"hostname": "lab"'
	equal "own name" 127.0.1.1 \
		"$(nssh alice 'getent hosts lab' | awk 'NR == 1 { print $1 }')"
	equal "localhost" 127.0.0.1 \
		"$(nssh alice 'getent hosts localhost' |
		awk 'NR == 1 { print $1 }')"
	status_is 1 grep -w lab /etc/hosts
	echo '10.9.8.7 lab printer' >> /etc/hosts
	with '"hostname": "lab"'
	equal "the host's line stays" 10.9.8.7 \
		"$(nssh alice 'getent hosts lab' | awk 'NR == 1 { print $1 }')"
	sed -i '/ printer$/d' /etc/hosts
}

# --- directories

shared() {
	mkdir -p /run/screen /run/lock /tmp/.X11-unix /tmp/.ICE-unix
	chmod 1777 /run/screen /run/lock /tmp/.X11-unix
	chown alice /tmp/.ICE-unix
	chmod 1777 /tmp/.ICE-unix
	with
	equal "owner and mode" "0 1777 0 1777 0 1777" "$(nssh alice 'echo $(stat \
		-c "%u %a" /run/screen /run/lock /tmp/.X11-unix)')"
	status_is 0 nssh alice '! test -e /tmp/.ICE-unix'
	[ -z "$(type -P screen)" ] || equal "screen" ran \
		"$(nssh alice 'screen -dmS x sh -c "echo ran > ~/ran"; sleep 1
			cat ~/ran')"
}

# --- ping

ping_by_default() {
	[ -n "$(type -P ping)" ] || skip "ping is missing"
	with '"sysctl": {"net.ipv4.ping_group_range": "1 0"}'
	status_is 2 nssh alice 'ping -c 1 -W 2 127.0.0.1 2> /dev/null'
	with
	status_is 0 nssh alice 'ping -c 1 -W 2 127.0.0.1 > /dev/null'
	lacks "the range" 65534 \
		"$(nssh alice cat /proc/sys/net/ipv4/ping_group_range)"
	with "\"sysctl\": {\"net.ipv4.ping_group_range\": \"$(id -g alice) $(id -g alice)\"}"
	equal "the container's gids" "$(id -g alice) $(id -g alice)" \
		"$(nssh alice cat /proc/sys/net/ipv4/ping_group_range | xargs)"
	status_is 0 nssh alice 'ping -c 1 -W 2 127.0.0.1 > /dev/null'
}

# --- debuggers, memory nodes

debuggers() {
	with
	equal "setarch -R" 00040000 \
		"$(nssh alice 'setarch -R cat /proc/self/personality')"
	[ -z "$(type -P gdb)" ] || lacks "gdb" "disabling address space" \
		"$(nssh alice 'gdb -nx -batch -ex run /bin/true 2>&1')"
	[ -z "$(type -P numactl)" ] ||
		status_is 0 nssh alice 'numactl --membind=0 true'
}

t "ssh, scp, sftp and git work inside" ssh_clients
t "M7 root_paths gives root inside no secret, and nothing to change" \
	root_paths_hold
t "localhost and the container's own name resolve" names
t "the shared directories of /run and /tmp are there" shared
t "ping works, and its range is the container's" ping_by_default
t "debuggers and numactl work" debuggers

# --- accounts of the system, by the doors that they have

system_accounts() {
	need_product
	clean_slate
	id dbadm > /dev/null 2>&1 || useradd --system -m -s /bin/bash dbadm
	mkdir -p "$CONF/default" "$CONF/groups/dbadm"
	echo '{"rootfs": "/"}' > "$CONF/default/container.json"
	cp "$CONF/default/container.json" "$CONF/groups/dbadm/"
	inside() { [ "$(timeout 20 su - "$1" -c 'readlink /proc/self/ns/mnt')" \
		!= "$(readlink /proc/self/ns/mnt)" ]; }
	inside bob || fail "control: bob is on the host"
	! inside dbadm || fail "dbadm is contained"
	# Who may be a person must not land on the host for a broken file.
	chmod g+w /etc/login.defs
	inside dbadm || fail "without a floor that root alone set, it is no floor"
	chmod g-w /etc/login.defs
	contains "check" "below first_uid" "$(nsinit check dbadm 2>&1)"
	contains "doctor" dbadm "$(nsinit doctor 2>&1 |
		grep -A 2 'below first_uid')"
	nsinit doctor --json > "$OUT/text" 2> /dev/null
	python3 - "$OUT/text" <<-'END' || fail "doctor" "$(cat "$OUT/text")"
	import json, sys
	found, = [f for f in map(json.loads, open(sys.argv[1]))
	          if f["check"] == "contains"]
	names = found["users"]
	assert found["file"] == "/etc/nscontainer/default/container.json"
	assert "%d accounts" % len(names) in found["text"]
	assert "bob" in names and "carol" in names
	assert "alice" not in names and "root" not in names
	END
	lacks "doctor" contains-system "$(cat "$OUT/text")"
	conf 'linger = 30; first_uid = 1;'
	nsinit doctor --json > "$OUT/text" 2> /dev/null
	contains "doctor" contains-system "$(cat "$OUT/text")"
	contains "doctor" www-data "$(cat "$OUT/text")"
	python3 - "$OUT/text" <<-'END' || fail "doctor" "$(cat "$OUT/text")"
	import json, sys
	found = {f["file"].split("/")[-2]: f for f in map(json.loads, open(sys.argv[1]))
	         if f["check"] == "contains-system"}
	names = found["default"]["users"]
	assert "%d accounts" % len(names) in found["default"]["text"]
	assert "daemon" in names and "root" not in names
	assert "alice" not in names and "dbadm" not in names
	assert found["dbadm"]["users"] == ["dbadm"]
	END
	conf "linger = 30; first_uid = $(id -u dbadm);"
	inside dbadm || fail "first_uid: dbadm is on the host"
	conf 'linger = 30;'
	config dbadm '{"rootfs": "/"}'
	inside dbadm || fail "users/: dbadm is on the host"
	rm -rf "$CONF"/{default,groups,users}/*
}
t "accounts of the system are contained only by name" system_accounts

# --- the login shell

no_shell() {
	cp /bin/bash /usr/local/bin/nsc-shell
	usermod -s /usr/local/bin/nsc-shell alice
	with
	lacks "control" "login shell" "$(timeout 20 su - alice -c true 2>&1)"
	with '"masked_paths": ["/usr/local/bin/nsc-shell"]'
	contains "check" "the login shell '/usr/local/bin/nsc-shell'" \
		"$(nsinit check alice 2>&1)"
	contains "doctor" "the login shell '/usr/local/bin/nsc-shell'" \
		"$(nsinit doctor alice 2>&1)"
	contains "su" "Your login shell /usr/local/bin/nsc-shell cannot be run" \
		"$(timeout 20 su - alice -c true 2>&1)"
	rm /home/alice/.hushlogin
	contains "ssh" "Your login shell /usr/local/bin/nsc-shell cannot be run" \
		"$(nssh alice -tt 2>&1 < /dev/null)"
	: > /home/alice/.hushlogin
	usermod -s /bin/bash alice
	rm /usr/local/bin/nsc-shell
}
t "a login shell that is missing inside is named" no_shell

# --- names and ids as directories have them

# README's first container, for each of them.
directory_names() {
	local name uid long wide odd

	need_product
	clean_slate
	long=$(printf 'x%.0s' {1..64})
	uid=40000
	wide=$(printf '\xe6\x97\xa5%.0s' {1..64})
	# What could be taken for a file of the kernel's, a field of a line, or a
	# command.
	odd=("Åsa O'Neil" tasks cpu.max 'bob 1879048192' '日本' "$wide"
		'x=1 pid=7' '$(touch x)&;' "DOMAIN\\xavier é")
	for name in 'DOMAIN\user' user@domain.example 'svc$' "$long" big twin \
		many "${odd[@]}"; do
		uid=$((uid + 1))
		[ "$name" != big ] || uid=4294967294
		echo "$name:x:$uid:$uid::/home/$uid:/bin/bash" >> /etc/passwd
		echo "$name:x:$uid:" >> /etc/group
		echo "$name:*:20000:0:99999:7:::" >> /etc/shadow
		install -d -o "$uid" -g "$uid" "/home/$uid"
		[ "$name" != big ] || uid=40005
	done
	seq 200 | sed 's/.*/many&:x:6&:many/' >> /etc/group
	echo "twin2:x:$(id -u twin):$(id -u twin)::/home/$(id -u twin):/bin/bash" \
		>> /etc/passwd
	echo "twin2:*:20000:0:99999:7:::" >> /etc/shadow
	: > /etc/subuid
	: > /etc/subgid
	for name in 'DOMAIN\user' user@domain.example 'svc$' "$long" big many \
		twin "${odd[@]}"; do
		config "$name" '{"rootfs": "/", "hostname": "%u-container"}'
		timeout 20 nsinit check "$name" > /dev/null 2> "$OUT/text" ||
			fail "check of $name" "$(cat "$OUT/text")"
		equal "$name" "$(id -u "$name") $name" \
			"$(timeout 20 su "$name" -c \
			'echo $(id -u) "$(id -un)"; cd; : > made')"
		equal "$name: home" "$(id -u "$name")" \
			"$(stat -c %u "/home/$(id -u "$name")/made")"
		contains "nsinit list" "$name" "$(nsinit list)"
		equal "$name: nsinit list --json" "$name" \
			"$(nsinit list --json "$name" | python3 -c \
			'import json, sys; print(json.loads(sys.stdin.readline())["user"])')"
		equal "$name: nsinit last --json" "$name" \
			"$(nsinit last --json "$name" | python3 -c \
			'import json, sys; print(json.loads(sys.stdin.readline())["user"])')"
		equal "$name: lines of the pool" 1 "$(grep -c " $(id -u "$name")$" \
			/var/lib/nscontainer/ids)"
		timeout 20 nsinit stop "$name" || fail "stop of $name"
	done
	config 'DOMAIN\user' '{"rootfs": "/", "hostname": "%u-container"}'
	config '日本' '{"rootfs": "/", "hostname": "%u"}'
	equal "hostname" container "$(timeout 20 su '日本' -c hostname)"
	equal "hostname" DOMAIN-user-container \
		"$(timeout 20 su 'DOMAIN\user' -c hostname)"
	# Two names of one uid are one user, with one container.
	config twin2 '{"rootfs": "/", "hostname": "second"}'
	timeout 20 nsinit start twin || fail "start of twin"
	equal "twin2" "$(id -u twin) twin-container" \
		"$(timeout 20 su twin2 -c 'echo $(id -u) $(hostname)')"
	timeout 20 nsinit stop twin
	# Not even root's file contains these.
	for name in $'tab\there' 'quote"d' $'latin\xe9'; do
		uid=$((uid + 1))
		echo "$name:x:$uid:$uid::/:/bin/bash" >> /etc/passwd
		config "$name" '{"rootfs": "/"}'
		status_is 1 timeout 20 nsinit check "$name"
		contains "check" "expected up to 192 bytes of UTF-8" \
			"$(cat "$OUT/stderr")"
	done
	equal "groups" 201 "$(timeout 20 su many -c 'id -G | wc -w')"
}
t "names and ids as directories have them" directory_names
