#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Attacks through links that users made below the path of a mount point.  The
# first word of a test is the entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su su-l sshd sudo cron
conf 'stop = "logout";'
sshd_start 22
usermod -s /bin/sh alice
NO_USER='"namespaces": {"NEWNS": true, "NEWPID": true, "NEWUTS": true,
	"NEWIPC": true, "NEWNET": true, "NEWCGROUP": true}'
SHELL_SH='"session": {"shell": "/bin/sh"}'
IMAGE=$TOP/image
# The rootfs is in a home, or its container has no user namespace.
REACHED="\"accept\": [\"exposed-files\"]"
REASON=$(make_busybox "$IMAGE") || IMAGE=

# host MORE : alice's container has the host's system.
host() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
	syslog_mark
}

# own MORE : alice's container has a copy of the image at /srv/own, owned by
# root except for the changes of the test.
own() {
	need_product
	clean_slate
	[ -n "$IMAGE" ] || skip "$REASON"
	rm -rf /srv/own
	cp -a "$IMAGE" /srv/own
	config alice "{\"rootfs\": \"/srv/own\", $REACHED, $SHELL_SH${1:+, $1}}"
	syslog_mark
}

# bind SOURCE DESTINATION
bind() {
	echo "{\"type\": \"bind\", \"source\": \"$1\", \"destination\": \"$2\",
		\"writable\": true}"
}

# as NAME COMMAND... : runs as the user NAME, who also has an account on the
# host.
as() {
	setpriv --reuid="$1" --regid="$1" --init-groups \
		env HOME="/home/$1" sh -c "$2"
}

inside() {
	timeout 20 su - "${2:-alice}" -s /bin/sh -c "$INSIDE || exit 99; $1"
}

# refused NAME [USER] : the login is refused, and the log names NAME.
refused() {
	inside 'cat /proc/self/mounts' "${2:-alice}" > "$OUT/text" 2>&1 &&
		fail "let in" "$(cat "$OUT/text")"
	logged "login refused.*mount point.*$1"
}

# --- links in a home

# project MORE : alice's directory is bound at ~/work/proj.
project() {
	rm -rf /home/alice/{work,aside,a} /srv/proj
	install -d -o alice /srv/proj
	host "\"mounts\": [$(bind /srv/proj '/home/%u/work/proj')]${1:+, $1}"
}

# The group file of the next container would belong to alice.
home_link() {
	project "$1"
	inside 'touch ~/work/proj/made' || fail "control: no link"
	[ -e /srv/proj/made ] || fail "control: not the bind"
	clean_slate
	as alice 'cd; mv work aside; mkdir work; ln -s /etc work/proj'
	as alice 'sed "s/^shadow.*/&alice/" /etc/group > /srv/proj/group'
	refused "'/home/alice/work/proj' is a symbolic link"
	# A directory of the path, and a link of root inside the user's
	# directory.
	as alice 'cd; rm -r work; mkdir -p a/proj; ln -s a work'
	refused "'/home/alice/work' is a symbolic link"
	as alice 'cd; rm work; mkdir work; rmdir a/proj'
	ln -s /etc /home/alice/work/proj
	refused "'/home/alice/work/proj' is a symbolic link"
	as alice 'cd; rm work/proj'
	inside 'touch ~/work/proj/again' || fail "does not land again"
}

tmpfs_link() {
	rm -rf /home/alice/t
	host '"mounts": [{"type": "tmpfs", "destination": "/home/alice/t/t",
		"mode": "1777"}]'
	inside '[ "$(stat -c %a ~/t/t)" = 1777 ]' || fail "control: no link"
	clean_slate
	as alice 'cd; mv t aside-t; mkdir t; ln -s /usr/local/bin t/t'
	refused "'/home/alice/t/t' is a symbolic link"
}

# A kernel file system is not mounted over either; an additional one is masked,
# whatever happens to the directories above it.
proc_in_home() {
	rm -rf /home/alice/p
	host '"mounts": [{"type": "proc", "destination": "/home/alice/p"}]'
	status_is 0 inside '[ ! -s ~/p/timer_list ] && [ -e ~/p/self/status ]'
	contains "mounts" "/home/alice/p/timer_list" \
		"$(inside 'cat /proc/self/mounts')"
}

# --- across users

across_users() {
	local mounts

	need_product
	rm -rf /srv/team /srv/cache
	install -d -m 0777 /srv/team /srv/cache
	printf '#!/bin/sh\necho BAD\n' > /srv/cache/uname
	chmod 0755 /srv/cache/uname
	mounts=$(bind /srv/team /mnt/team)
	host "\"mounts\": [$mounts]"
	config bob "{\"rootfs\": \"/\", \"mounts\":
		[$mounts, $(bind /srv/cache /mnt/team/cache)]}"
	inside 'ls /mnt/team/cache/uname' bob || fail "control: no link"
	clean_slate
	inside 'cd /mnt/team; mv cache aside; ln -s /usr/local/bin cache'
	refused "'/mnt/team/cache' is a symbolic link" bob
	rm -rf "$CONF/users/bob"
}

# --- a rootfs of its own

# A link that the container's root left for the next start.
runtime_dir() {
	local to

	for to in /proc /proc/sys ../../proc/sys /dev /dev/shm /sys \
			/sys/firmware /dev/pts; do
		own
		mkdir -p /srv/own/run/user
		ln -s "$to" "/srv/own/run/user/$(id -u alice)"
		refused "run/user/.* leads to .* belongs to the kernel"
	done
	own
	mkdir -p /srv/own/run
	chmod 0777 /srv/own/run
	ln -s ../bin /srv/own/run/user
	refused "'/run/user' is a symbolic link"
	# A link of root to a directory of root is followed.
	own
	mkdir /srv/own/var/run
	rmdir /srv/own/run
	ln -s var/run /srv/own/run
	status_is 0 inside '[ -w /var/run/user/$(id -u) ]'
}

# by_others PATH TARGET [MORE] : PATH is a link in a directory that other users
# can write to.
by_others() {
	own "${3-}"
	mkdir -p "/srv/own${1%/*}"
	chmod 0777 "/srv/own${1%/*}"
	rm -rf "/srv/own$1"
	ln -s "$2" "/srv/own$1"
	refused "'$1' is a symbolic link"
}

own_places() {
	by_others /etc/resolv.conf ../bin/busybox \
		'"namespaces": {"NEWUSER": true, "NEWNS": true, "NEWPID": true,
		"NEWUTS": true, "NEWIPC": true, "NEWCGROUP": true}'
	by_others /etc/passwd ../etc/image
	by_others /home/alice ../bin
	by_others /mnt/x ../bin '"masked_paths": ["/mnt/x"]'
	by_others /mnt/x ../bin '"masked_paths": ["/mnt/x/sh"]'
	by_others /mnt/x ../etc '"readonly_paths": ["/mnt/x/group"]'
	by_others /mnt/x ../bin '"mounts": [{"type": "overlay",
		"source": "/srv/own/etc", "destination": "/mnt/x"}]'
	for each in tmpfs mqueue devpts; do
		by_others /mnt/x ../bin "\"mounts\": [{\"type\": \"$each\",
			\"destination\": \"/mnt/x\"}]"
	done
}

shell_place() {
	usermod -s /usr/local/bin/nsshell alice
	by_others /usr/local/bin/nsshell ../../../bin/busybox
	rm -rf /srv/own/usr/local
	inside true || fail "control: no link"
	usermod -s /bin/sh alice
}

# The container's root could write to the host's own system.
rootfs_link() {
	own
	install -d -o alice /home/alice/sub
	ln -sfn / /home/alice/sub/image
	config alice "{\"rootfs\": \"/home/alice/sub/image\", $REACHED,
		$SHELL_SH}"
	inside 'cat /proc/self/mounts' > "$OUT/text" 2>&1 &&
		fail "let in" "$(cat "$OUT/text")"
	logged "rootfs.*'/home/alice/sub/image' is a symbolic link"
	rm /home/alice/sub/image
	mv /srv/own /home/alice/sub/image
	inside true || fail "control: no link"
	rm -rf /home/alice/sub
}

# --- what goes on working

legitimate() {
	own "\"mounts\": [$(bind /srv/proj /var/run/x), $(bind /srv/proj /opt/y),
		$(bind /srv/proj '/home/%u/new/place'),
		$(bind /srv/team '/home/%u/new/place/below')]"
	rm -rf /srv/proj /srv/team /home/alice/new
	install -d -o alice /srv/proj /srv/team
	ln -s ../run /srv/own/var/run
	ln -s /mnt/here /srv/own/opt
	inside 'touch /run/x/1 /mnt/here/y/2 ~/new/place/3 \
		~/new/place/below/4' || fail "does not land"
	for each in proj/1 proj/2 proj/3 proj/below team/4; do
		[ -e "/srv/$each" ] || fail "/srv/$each is not there"
	done
	host "\"mounts\": [$(bind /srv/proj /srv/to/place)]"
	mkdir -p /srv/place/place
	ln -sfn /srv/place /srv/to
	inside 'touch /srv/to/place/5' || fail "does not land"
	[ -e /srv/proj/5 ] || fail "root's link is not followed"
}

# --- groups without a user namespace

# The rootfs claims that alice is in the host's group of that gid.
HOSTS=42
claim() {
	own "$NO_USER${1:+, $1}"
	sed -i "s/^alice:.*/alice:x:$(id -u alice):$HOSTS::\/home\/alice:\/bin\/sh/" \
		/srv/own/etc/passwd
	printf 'stolen:x:%s:bob, alice\ndisk:x:06:alice\n' $HOSTS \
		>> /srv/own/etc/group
	chmod 0666 /srv/own/etc/group
	usermod -s /bin/sh -a -G audio alice
}

groups_are() {
	equal "$1" "$(id -G alice | tr ' ' '\n' | sort -n | xargs)" \
		"$(tr ' ' '\n' < "$OUT/id" | sort -n | xargs)"
}

groups_of_host() {
	local door

	claim
	for door in ssh su sudo exec; do
		by $door 'sleep 0.1; id -G' > "$OUT/id" ||
			fail "$door: $(cat "$OUT/id")"
		[ $door = exec ] || groups_are "groups by $door"
		[ $door != exec ] || lacks "groups" " $HOSTS " \
			" $(cat "$OUT/id") "
	done
	contains "the file inside" "stolen:x:$HOSTS:bob" \
		"$(inside 'cat /etc/group')"
	status_is 1 inside 'echo x >> /etc/group'
	# While the container runs, neither the file nor the directory can be
	# moved.
	hold alice
	status_is 1 inside 'mv /etc /etc2'
	echo "stolen:x:$HOSTS:alice" >> /srv/own/etc/group
	nssh alice 'id -G' > "$OUT/id"
	release
	groups_are "groups after the file was written to"
	# The control: with a user namespace the image's groups are its own
	# groups.
	own
	echo "own:x:$HOSTS:alice" >> /srv/own/etc/group
	by ssh 'id -G' > "$OUT/id"
	contains "control" " $HOSTS " " $(cat "$OUT/id") "
}

groups_by_cron() {
	claim
	rm -f /home/alice/id
	echo '@reboot id -G > $HOME/id.new; mv $HOME/id.new $HOME/id' |
		crontab -u alice -
	rm -f /run/crond.reboot
	cron -f &
	wait_until 10 [ -s /home/alice/id ] || fail "no job"
	kill $!
	cp /home/alice/id "$OUT/id"
	groups_are "groups by cron"
}

groups_of_mounts() {
	claim "\"mounts\": [$(bind /srv/etc /etc)]"
	rm -rf /srv/etc
	cp -a /srv/own/etc /srv/etc
	by ssh 'id -G' > "$OUT/id"
	groups_are "groups with an /etc of mounts[]"
}

groups_place() {
	claim
	chown alice /srv/own/etc
	refused "users other than root can write to '/etc'"
	claim
	chmod 0777 /srv/own
	refused "users other than root can write to '/'"
	usermod -G '' alice
}

t "M12 a link in a home leads no mount elsewhere" home_link ''
t "M12 a link in a home without a user namespace" home_link "$NO_USER"
t "M12 a link in a home leads no tmpfs elsewhere" tmpfs_link
t "M12 a proc below a home is masked" proc_in_home
t "M12 a link in what users share leads no mount of another's elsewhere" \
	across_users
t "M12 no link leads the runtime directory onto proc, sys or dev" runtime_dir
t "M12 no link of others in a rootfs leads anywhere" own_places
t "M12 no link of others leads the login shell elsewhere" shell_place
t "M12 a link of a user's is no rootfs" rootfs_link
t "M12 links of root's are followed, and what is missing is made" legitimate
t "M13 without a user namespace groups are the host's" groups_of_host
t "M13 also by cron" groups_by_cron
t "M13 also where mounts bring an /etc" groups_of_mounts
t "M13 a directory that others can move is refused there" groups_place
