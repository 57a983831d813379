#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# README's first hour and each page of the handbook are followed, block by block:
# files are written where the text says, commands are run, users log in, and what
# the text promises is so.  A block that nobody follows fails.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"

DOCUMENTS=$TOP/stage/usr/share/doc/nscontainer
BLOCKS=$TOP/blocks

sshd_start 22

# The commands of the pages that would fetch something.
cat > /usr/sbin/debootstrap <<END
#!/bin/bash
TOP=$TOP
. $TESTS/lib.sh
. $TESTS/living.sh
include=\${1#--include=}
make_debian "\$3" \${include//,/ }
END
# The real one is for images only; the world has no registry.
cp /usr/bin/podman /usr/local/bin/podman.real 2> /dev/null
make_engine /usr/bin/podman
chmod 0755 /usr/sbin/debootstrap

# fresh: nothing of another page is left, and every way in has its line.
fresh() {
	local user

	need_product
	engine_ends
	for user in alice bob runner; do
		[ ! -e "$RUN/$user/pid" ] ||
			timeout 15 nsinit stop --timeout 0 "$user" > /dev/null 2>&1
	done
	rm -rf "$CONF"/{users,groups,default,nscontainer.conf} /home/alice/*
	sed -i '/pam_container/d' /etc/pam.d/*
	pam_enable sshd su su-l
	outside
}

# block NAME: its text; it counts as followed.
block() {
	echo "$1" >> "$TOP/followed"
	cat "$BLOCKS/$1"
}

# follow NAME...: write the file, or run the commands as root of the host.
follow() {
	local name language path

	for name; do
		read -r _ _ language path < <(grep "^$name " "$TOP/blocks.list") ||
			fail "there is no block $name"
		block "$name" > "$OUT/block"
		case $language in
		sh) (cd / && bash -e "$OUT/block") > "$OUT/ran" 2>&1 ||
			fail "$name: status $?" "$(cat "$OUT/block" "$OUT/ran")" ;;
		pam) cat "$OUT/block" >> "$path" ;;
		json | conf | ini)
			[[ $path == /etc/* ]] || fail "$name: where does it go?"
			mkdir -p "${path%/*}"
			cp "$OUT/block" "$path" ;;
		*) fail "$name: '$language' is nothing to follow" ;;
		esac
	done
}

# in_as USER COMMAND: the user logs in, lands inside, and it succeeds there.
in_as() {
	nssh "$1" "$INSIDE || { echo on the host; exit 99; }
		$2" > "$OUT/text" 2>&1 ||
		fail "status $? of $1's: $2" "$(cat "$OUT/text")"
}

on_host() {
	nssh "$1" "! $INSIDE" > "$OUT/text" 2>&1 ||
		fail "$1 is not on the host" "$(cat "$OUT/text")"
}

ended() {
	no_container "${1:-alice}"
}

limit_is() {
	equal "$2 of $1" "$3" "$(nsinit stats --json "$1" | jq ".$2.limit")"
}

# --- README

# What README says that users will notice.
notices() {
	in_as alice 'touch /tmp/mine && ! sudo -n true && ! su bob -c true < /dev/null &&
		[ "$(ps -e -o user= | sort -u | grep -v root)" = alice ]'
	[ ! -e /tmp/mine ] || fail "her /tmp is the host's"
	eval "$(ssh-agent)" > /dev/null
	ssh-add -q "$KEY"
	nssh alice -A ssh-add -l > "$OUT/text" 2>&1 ||
		fail "no agent" "$(cat "$OUT/text")"
	ssh-agent -k > /dev/null
	hold alice
	sed -i 's/%u-container/%u-changed/' "$CONF/users/alice/container.json"
	rm -f /home/alice/.hushlogin
	contains "what a login says" "changed" \
		"$(echo exit | nssh alice -tt 2>&1)"
	sed -i 's/%u-changed/%u-container/' "$CONF/users/alice/container.json"
	release
}

first_hour() {
	local line

	fresh
	sed -i '/pam_container/d' /etc/pam.d/*
	follow readme_4
	contains "check" "contained: yes" "$(nsinit check alice)"
	follow readme_5 readme_6
	id -nG carol | grep -qw nscontainer-admins || fail "carol is no member"
	# Only watch.
	follow readme_7
	on_host alice
	line=$(block readme_8)
	logged "${line//[\[\]]/.}"
	follow readme_9
	# Enable it.
	follow readme_10
	# Each try is a session of its own; that must be younger than the change.
	wait_until 5 setsid -w nsinit confirm 2> "$OUT/confirm" || fail "it is not confirmed"
	in_as alice "[ \$(hostname) = alice-container ] && $REACHES &&
		touch ~/mine && ! touch /usr/mine && [ \"\$(ls /home)\" = alice ]"
	! nssh alice "$INSIDE && socat -u TCP:127.0.0.1:22 -" > /dev/null 2>&1 ||
		fail "the host's localhost is reached"
	on_host bob
	notices
	hold alice
	follow readme_11
	contains "list, ps and last" "alice-containe" \
		"$(nssh alice hostname)"
	contains "nsinit ps" "sshd" "$(nsinit ps alice)"
	release
	# The break-glass group gets in despite a broken file, alice does not.
	mkdir -p "$CONF/users/carol"
	echo '{"networks": [{"type": "pasta", "mtu": "big"}]}' |
		tee "$CONF/users/alice/container.json" \
			> "$CONF/users/carol/container.json"
	wait_until 10 ended || nsinit stop alice
	on_host carol
	! nssh alice true > "$OUT/text" 2>&1 || fail "alice gets in"
	line=$(block readme_12)
	logged "${line//[\[\]]/.}"
	# Remove.
	follow readme_13
	! grep -r '^[^#]*pam_container' /etc/pam.d || fail "a line is left"
	on_host alice
	"$TESTS/uninstall-check" /usr/bin/nsshell || fail "it is still in use"
}

# --- the handbook

classroom() {
	fresh
	follow classroom_1 classroom_2 classroom_3
	make_package
	in_as alice '[ "$(sudo -n id -u)" = 0 ] && [ "$(hostname)" = alice ] &&
		echo hers > ~/kept && [ ! -e /etc/shadow- ]'
	cp "$OUT/hello.deb" /var/lib/nscontainer/alice/home/
	in_as alice 'sudo -n dpkg -i ~/hello.deb && hello && '"$REACHES"
	contains "message" "sudo -i makes you root" \
		"$(rm -f /home/alice/.hushlogin; echo exit | nssh alice -tt 2>&1)"
	limit_is alice memory 2147483648
	limit_is alice pids 500
	contains "the class" "/nscontainer/class/alice" "$(nsinit check alice)"
	nsinit stop alice
	in_as alice 'hello && [ "$(cat ~/kept)" = hers ]'
	# Nobody outside gets anything of it, and root inside is nobody there.
	empty "installed for others" \
		"$(ls /{,srv/images/classroom/}usr/bin/hello 2> /dev/null)"
	in_as alice '! sudo -n cat /proc/1/root/../../home/bob/.profile;
		! sudo -n mknod /tmp/disk b 8 0'
	on_host bob
	# A fresh system, and the same home.
	follow classroom_4
	in_as alice '! command -v hello && [ "$(cat ~/kept)" = hers ]'
}

# A package that a student can install without a network.
make_package() {
	mkdir -p "$OUT/hello/DEBIAN" "$OUT/hello/usr/bin"
	printf '%s\n' "Package: hello-of-the-test" "Version: 1" \
		"Architecture: all" "Maintainer: nobody <nobody@example.org>" \
		"Description: a test" > "$OUT/hello/DEBIAN/control"
	printf '#!/bin/sh\necho hello\n' > "$OUT/hello/usr/bin/hello"
	chmod 0755 "$OUT/hello/usr/bin/hello"
	dpkg-deb --root-owner-group -b "$OUT/hello" "$OUT/hello.deb" > /dev/null ||
		fail "dpkg-deb"
}

# real_podman: podman knows the name in the registry, without a network.
real_podman() {
	local podman="podman.real --root /srv/podman --runroot /run/podman"

	podman+=" --storage-driver vfs --cgroup-manager cgroupfs"
	make_busybox "$OUT/oci" > "$OUT/busybox" || skip "$(cat "$OUT/busybox")"
	tar -C "$OUT/oci" -cf - . | $podman import - \
		docker.io/library/debian:bookworm > "$OUT/podman" 2>&1 ||
		return 1
	cp /usr/bin/podman "$TOP/engine"
	printf '#!/bin/sh\nexec %s "$@"\n' "$podman" > /usr/bin/podman
}

images() {
	fresh
	# What another page has kept has no size.
	nsinit purge alice > /dev/null 2>&1
	rm -rf /srv/images
	make_loop_devices 2> /dev/null
	[ -x /usr/bin/mkfs.erofs ] || skip "erofs-utils is missing"
	follow images_1 images_3
	# As large as a world's memory can hold.
	sed -i 's/"2G"/"48M"/' "$CONF/groups/students/container.json"
	in_as alice '[ "$(sudo -n id -u)" = 0 ] && [ "$(hostname)" = alice ] &&
		echo hers > ~/kept && sudo -n touch /usr/bin/mine'
	in_as alice '! head -c 64M /dev/zero > ~/big; rm ~/big; [ "$(cat ~/kept)" = hers ]'
	in_as alice '! sudo -n sh -c "head -c 64M /dev/zero > /usr/big"; ls /usr/bin/mine'
	! nssh alice "$INSIDE && sudo -n touch /proc/1/root/srv/x" > /dev/null 2>&1 ||
		fail "out of the image"
	on_host bob
	images_of_registry
	images_verified
}

images_of_registry() {
	if real_podman; then
		follow images_2
		cp "$TOP/engine" /usr/bin/podman
		nsinit stop alice > /dev/null 2>&1
		nsinit purge alice
		sed -i 's/class.erofs/registry.erofs/' \
			"$CONF/groups/students/container.json"
		in_as alice '[ "$(cat /etc/image)" = "made for the test" ]'
		sed -i 's/registry.erofs/class.erofs/' \
			"$CONF/groups/students/container.json"
	else
		echo "# podman cannot import here: $(tail -n 1 "$OUT/podman")"
		block images_2 > /dev/null
	fi
	nsinit stop alice > /dev/null 2>&1
	nsinit purge alice
}

# Where the kernel has no device mapper, the refusal says so.
images_verified() {
	local hash

	[ -x /sbin/veritysetup ] || { block images_4 > /dev/null; return 0; }
	follow images_4
	hash=$(sed -n 's/^Root hash:[[:space:]]*//p' "$OUT/ran")
	sed -i "s/{/{ \"rootfs_verity\": \"$hash\",/" \
		"$CONF/groups/students/container.json"
	if nsinit check alice > "$OUT/check" 2>&1; then
		in_as alice true
	else
		contains "check" "rootfs_verity: the kernel has no device mapper" \
			"$(cat "$OUT/check")"
	fi
	nsinit stop alice > /dev/null 2>&1
	nsinit purge alice > /dev/null 2>&1
	return 0
}

recorded() {
	zcat /var/log/nscontainer/recordings/alice/*.cast.gz 2> /dev/null |
		grep -q "on the record"
}

bastion() {
	local id

	fresh
	follow bastion_1 bastion_2
	equal "forwarded to another host" outside \
		"$(nssh_with -W 10.80.0.1:99 -l alice 127.0.0.1 < /dev/null)"
	empty "the bastion's own services" \
		"$(nssh_with -W 127.0.0.1:22 -l alice 127.0.0.1 < /dev/null 2> /dev/null)"
	in_as alice '! ls /home/bob && ! touch /usr/mine && [ "$(pgrep -c sshd)" -le 2 ] &&
		grep "CapBnd:.*0000000000000000$" /proc/self/status'
	nssh_with -tt -l alice 127.0.0.1 'echo on the record' < /dev/null \
		> "$OUT/text" 2>&1
	contains "what is shown" "on the record" "$(cat "$OUT/text")"
	nssh alice 'test -n unseen-42; sleep 2; true' || fail "ssh: $?"
	wait_until 10 ended || fail "it goes on"
	contains "record" alice "$(nsinit last alice)"
	wait_until 10 recorded || fail "no recording" \
		"$(ls -l /var/log/nscontainer/recordings/alice)"
	contains "search" "on the record" \
		"$(nsinit search "on the record" alice)"
	id=$(nsinit search "on the record" alice | awk 'END { print $1 }')
	contains "play" "on the record" "$(nsinit play "$id")"
	contains "a command" "note: command: " "$(nsinit search unseen-42 alice)"
	follow bastion_3
	touch -d '91 days ago' /var/log/nscontainer/recordings/alice/*.cast.gz
	nsinit recordings --expire || fail "recordings --expire: $?"
	contains "verify" "expired" "$(nsinit recordings --verify)"
	follow bastion_4
	sshd_start 2222 -f /etc/ssh/sshd_config.d/jump.conf
	! SSHD_PORT=2222 nssh alice true || fail "a shell"
	equal "still forwarded" outside "$(SSHD_PORT=2222 nssh_with \
		-W 10.80.0.1:99 -l alice 127.0.0.1 < /dev/null)"
}

# Opening a device without a driver fails with ENXIO where it is allowed, and
# with EPERM where it is not.
lab_server() {
	fresh
	follow lab_server_1 lab_server_2 lab_server_4
	in_as alice 'echo mine > /mnt/scratch/mine &&
		[ "$(df --output=target /dev/shm | tail -n 1)" = /dev/shm ] &&
		echo x > /dev/shm/x && gcc --version && '"$REACHES"
	equal "scratch on the host" alice "$(stat -c %U /srv/scratch/mine)"
	for device in nvidiactl nvidia0 dri/renderD128; do
		nssh alice "$INSIDE && cat /dev/$device" > "$OUT/text" 2>&1
		contains "open $device" "No such device" "$(cat "$OUT/text")"
	done
	# A job goes on after the logout, and is seen.
	in_as alice 'nohup sleep 300 > /dev/null 2>&1 < /dev/null & sleep 0.2'
	sleep 1
	pgrep -u alice -f 'sleep 300' > /dev/null || fail "the job has ended"
	follow lab_server_3
	contains "stats" '"user": "alice"' "$(jq . "$OUT/ran")"
	limit_is alice pids 4096
	contains "the lab" "/nscontainer/lab/alice" "$(nsinit check alice)"
	on_host bob
}

login_node() {
	fresh
	mkdir -p /var/lib/sss/pipes /srv/nfs/alice
	follow login_node_1 login_node_2 login_node_3
	# Homes of a server, and a ticket of a module before ours.
	cp -a /home/alice/. /srv/nfs/alice/
	mount --bind /srv/nfs/alice /home/alice || fail "mount"
	echo 'KRB5CCNAME=FILE:/tmp/krb5cc_test' > /run/ticket.env
	install -m 0600 -o alice -g alice /dev/null /tmp/krb5cc_test
	echo ticket > /tmp/krb5cc_test
	sed -i '/pam_container/i session required pam_env.so envfile=/run/ticket.env' \
		/etc/pam.d/sshd
	in_as alice '[ "$(cat "${KRB5CCNAME#FILE:}")" = ticket ] && touch ~/mine &&
		[ "$(ls /home)" = alice ] && [ -d /var/lib/sss/pipes ] && '"$REACHES"
	[ ! -e /tmp/krb5cc_test ] || fail "the ticket is on the host"
	[ -e /srv/nfs/alice/mine ] || fail "the home is another"
	sed -i '/pam_env.so envfile/d' /etc/pam.d/sshd
	in_as bob '[ "$(ls /home)" = bob ]'
	# A changed configuration drains.
	hold alice
	sed -i 's/%u-login/%u-changed/' "$CONF/default/container.json"
	in_as alice '[ "$(hostname)" = alice-changed ]'
	release
	nsinit stop alice > /dev/null 2>&1
	# The server is away.
	umount /home/alice
	mv /home/alice /home/away
	! nssh alice true > /dev/null 2>&1 || fail "a login without a home"
	mv /home/away /home/alice
}

ci_runners() {
	local job

	fresh
	follow ci_runners_1 ci_runners_2
	cp -a /home/alice/.ssh /home/runner/
	chown -R runner: /home/runner
	git init -q --bare /home/runner/project.git
	git clone -q /home/runner/project.git "$OUT/project" 2> /dev/null
	# Without make in the system.
	printf '#!/bin/sh\necho made\n' > "$OUT/project/make"
	chmod 0755 "$OUT/project/make"
	git -C "$OUT/project" add make
	git -C "$OUT/project" -c user.name=x -c user.email=x@example.org \
		commit -qm x
	git -C "$OUT/project" push -q origin HEAD 2> /dev/null
	chown -R runner: /home/runner
	job=$(block ci_runners_3 | sed "s,https://example.org/project,~/project.git \
project,; s,make check,./make check,; s/^[^']*'//; s/'\$//")
	in_as runner "$job"
	contains "the job" made "$(cat "$OUT/text")"
	wait_until 10 ended runner || fail "it goes on"
	in_as runner '[ ! -e project ] && [ "$CI" = true ] && '"$REACHES"' &&
		echo x > ~/left && { setsid nohup sleep 302 > /dev/null 2>&1 < /dev/null & }'
	wait_until 10 ended runner || fail "it goes on"
	! pgrep -f 'sleep 302' > /dev/null || fail "a process is left"
	[ ! -e /home/runner/left ] || fail "the host's home has changed"
	in_as runner '[ ! -e left ] && [ -d project.git ]'
	wait_until 10 ended runner
	# One at a time, with limits.
	hold runner
	! nssh runner true > "$OUT/text" 2>&1 || fail "two jobs"
	limit_is runner pids 1000
	release
}

# as_agent COMMAND: as the service that starts it.
as_agent() {
	timeout 30 su alice -c "$INSIDE || exit 99; $1" > "$OUT/text" 2>&1 ||
		fail "status $? of: $1" "$(cat "$OUT/text")"
}

# The hosts of the recipe, and one more.
agents_hosts() {
	printf '%s\n' 'git.example.org 60 10.80.0.1' \
		'deb.debian.org 60 10.80.0.1' \
		'other.example.org 60 10.80.0.1' > "$TOP/names"
	: > "$TOP/asked"
	"$TESTS/names.py" "$TOP/names" "$TOP/asked" > "$OUT/names" &
	NAMES=$!
	ip netns exec out socat -U TCP-LISTEN:22,fork,reuseaddr \
		SYSTEM:'echo git' > /dev/null 2>&1 &
	GIT=$!
	echo 'nameserver 127.0.0.1' > /etc/resolv.conf
	wait_until 20 grep -q ready "$OUT/names"
}

agents_refused() {
	nsinit logs alice | grep -q "network refused: $1 "
}

# The rate of the recipe is in force while a program runs.
agents_rate() {
	local there

	mkfifo "$OUT/go"
	timeout 30 su alice -c 'echo in; read -r go' < "$OUT/go" > "$OUT/in" &
	exec 5> "$OUT/go"
	wait_until 20 grep -qs in "$OUT/in" || fail "it does not run"
	there=$(nsenter -t "$(pid_of alice)" -n nft list table inet nscontainer)
	equal "the rate" "20Mbit 100Mbit" "$(nsinit list --json alice |
		jq -r '.networks[0] | "\(.rate_up) \(.rate_down)"')"
	exec 5>&-
	grep -Eq 'rate over (2500000 |2441 k)bytes/second' <<< "$there" ||
		fail "up" "$there"
	grep -Eq 'rate over (12500000 |12207 k)bytes/second' <<< "$there" ||
		fail "down" "$there"
	wait_until 10 ended || fail "it goes on"
}

agents() {
	local line

	fresh
	follow agents_1 agents_2 agents_3
	echo important > /home/alice/notes
	mkdir -p /home/alice/project
	printf '#!/bin/sh\necho "agent $*" > /mnt/outbox/result\n' \
		> /usr/local/bin/agent
	chmod 0755 /usr/local/bin/agent
	chown -R alice: /home/alice
	agents_hosts
	# The person works on the host.
	on_host alice
	line=$(block agents_4)
	bash -e -c "timeout 30 $line" || fail "$line: status $?"
	equal "result" "agent --task 17" "$(cat /srv/outbox/alice/result)"
	as_agent 'cd ~ && [ "$(cat notes)" = important ] && echo spoilt > notes &&
		rm -r project && echo x > new && [ -z "$(ls .ssh)" ]'
	equal "her notes" important "$(cat /home/alice/notes)"
	equal "her home" "notes project" "$(cd /home/alice && echo [!.]*)"
	wait_until 10 ended || fail "it goes on"
	as_agent '[ "$(cat ~/notes)" = important ] && [ -d ~/project ] &&
		[ "$(bash -c "cat < /dev/tcp/git.example.org/22")" = git ] &&
		getent hosts deb.debian.org && ! getent hosts other.example.org &&
		! '"$REACHES"
	wait_until 20 agents_refused 10.80.0.1 || fail "not in the log"
	wait_until 20 agents_refused other.example.org || fail "no name"
	[ -n "$(ls /var/log/nscontainer/recordings/alice)" ] ||
		fail "nothing is recorded"
	limits=$(jq -c '[.cgroups.memory, .cgroups.pids]' \
		/etc/nscontainer/groups/agents/container.json)
	equal "limits" "[4294967296,512]" "$limits"
	agents_rate
	as_agent '! socat -u TCP:127.0.0.1:22 - && ! ls /home/bob &&
		! touch /srv/outbox/mine'
	kill "$NAMES" "$GIT"
	rm /etc/resolv.conf
	[ -s /home/alice/.ssh/authorized_keys ] || fail "her keys are gone"
}

other_engines() {
	fresh
	follow other_engines_1 other_engines_2
	in_as alice '[ "$(id -un)" = alice ]'
	status_is 0 nsinit stop alice
	[ ! -e /srv/engine/pid ] || fail "it runs"
}

# --- all of it

extract() {
	need_product
	"$TESTS/examples.py" "$BLOCKS" "$DOCUMENTS"/README.md \
		"$DOCUMENTS"/handbook/*.md > "$TOP/blocks.list" ||
		fail "$(cat "$TOP/blocks.list")"
}

# These need the network of packages, or are a picture; others live in them.
ELSEWHERE="readme_1 readme_2 readme_3 readme_14"

nothing_left_out() {
	local name

	need_product
	while read -r name _; do
		grep -qx "$name" "$TOP/followed" ||
			[[ " $ELSEWHERE " == *" $name "* ]] ||
			fail "nobody follows block $name" "$(cat "$BLOCKS/$name")"
	done < "$TOP/blocks.list"
	for name in "$DOCUMENTS"/handbook/*.md; do
		name=$(basename "$name" .md)
		[ "$name" = README ] || declare -F "${name//-/_}" > /dev/null ||
			fail "nobody follows $name.md"
		[ "$name" = README ] ||
			grep -q "($name.md)" "$DOCUMENTS/handbook/README.md" ||
			fail "the handbook's list lacks $name.md"
	done
}

t "README and the handbook have their blocks" extract
t "README's first hour" first_hour
for page in classroom images bastion lab_server login_node ci_runners agents \
		other_engines; do
	t "handbook: $page" "$page"
done
t "every block is followed" nothing_left_out
