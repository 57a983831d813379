#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Homes of other users on the host's own "/".  The first word of a test is the
# entry of the table in SECURITY.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su

# A home with a file that everybody on the host can read.
person() {
	getent passwd "$1" > /dev/null ||
		useradd -m -d "$2" -s /bin/bash "${@:3}" "$1"
	chmod 0755 "$2"
	echo "of $1" > "$2/file"
	chown "$1:" "$2/file"
}

# /srv/homes has only homes, /srv/lib also has other directories.
make_homes() {
	mkdir -p /srv/homes /srv/lib/jdk /srv/homes/lost+found
	echo "of all" > /srv/lib/jdk/file
	person dora /srv/homes/dora
	person erik /srv/homes/erik
	person fay /srv/homes/erik/fay
	person tomcat /srv/lib/tomcat -r
	person jenkins /srv/lib/jenkins -r
	# A home of a directory service's account, which passwd lacks.
	mkdir -p /srv/homes/ldap
	echo "of ldap" > /srv/homes/ldap/file
	chown -R 47110:47110 /srv/homes/ldap
	# A user owns this directory, but it is nobody's home.
	mkdir -p /srv/lib/erik-tools
	echo "of all" > /srv/lib/erik-tools/file
	chown -R erik: /srv/lib/erik-tools
}

# seen USER HOME-KIND : the files that are visible in the container.
seen() {
	need_product
	conf 'stop = "logout";'
	config "$1" "{\"rootfs\": \"/\", \"home\": \"$2\"}"
	timeout 20 su "$1" -c "$INSIDE && cat $3" 2> /dev/null
	wait_until 5 gone "$1" || fail "it goes on"
}
gone() {
	[ ! -e "$RUN/$1/pid" ]
}
FILES='/srv/homes/*/file /srv/homes/erik/fay/file /srv/lib/*/file'

hidden_from_others() {
	local kind

	make_homes
	# The control: on the host, all files can be read.
	equal "files on the host" 8 "$(setpriv --reuid=alice --regid=alice \
		--clear-groups sh -c "cat $FILES" | wc -l)"
	for kind in bind private none; do
		# uid 47110: its directory would be hidden beside alice's own
		# home.
		equal "home $kind" $'of ldap\nof all\nof all' \
			"$(seen alice "$kind" "$FILES")"
	done
}

hidden_beside() {
	local kind

	make_homes
	equal "dora's own" "of dora" "$(seen dora bind '/srv/homes/*/file')"
	equal "dora's list" "dora" "$(seen dora bind \
		'/dev/null; ls /srv/homes')"
	# A new home has no file of the old one.
	for kind in private none; do
		equal "dora's, $kind" "" "$(seen dora "$kind" \
			'/srv/homes/*/file')"
	done
	equal "below another's" $'of ldap\nof fay' "$(seen fay bind \
		'/srv/homes/*/file /srv/homes/*/*/file')"
	# A directory beside a home that is not a home stays.
	equal "tomcat's" $'of all\nof all\nof tomcat' "$(seen tomcat bind \
		'/srv/lib/*/file')"
	equal "tomcat's, none" $'of all\nof all' "$(seen tomcat none \
		'/srv/lib/*/file')"
}

# Some system accounts have system directories as homes.
system_stays() {
	make_homes
	equal "directories" "$(ls -d /bin /usr/sbin /usr/games /var/spool)" \
		"$(seen alice none '/dev/null; ls -d /bin /usr/sbin \
		/usr/games /var/spool')"
	equal "sbin" "$(find /usr/sbin/ | wc -l)" \
		"$(seen alice none '/dev/null; find /usr/sbin/ | wc -l')"
}

# Homes behind links of root's: in the directory of one's own, or anywhere.
behind_links() {
	make_homes
	mkdir -p /srv/data/real /srv/nested
	for name in gus hal ivy; do
		person $name /srv/data/$name
		usermod -d /home/$name $name
		ln -sfn /srv/data/$name /home/$name
	done
	# By more than one link, relative, and through a parent that is one.
	ln -sfn ../srv/nested/hal /home/hal
	ln -sfn ../data/hal /srv/nested/hal
	ln -sfn /srv/data /srv/link
	usermod -d /srv/link/ivy/ ivy
	# An account of a directory service has no line in passwd.
	mkdir -p /srv/data/ldap2
	echo "of ldap2" > /srv/data/ldap2/file
	chown -R 47111:47111 /srv/data/ldap2
	ln -sfn /srv/data/ldap2 /home/ldap2
	# A user's own link hides nothing of others'.
	mkdir -p /srv/data/open /srv/homes/dora/sub
	echo "of all" > /srv/data/open/file
	chown -R erik: /srv/data/open
	usermod -d /srv/homes/dora/sub/link dora
	chown dora: /srv/homes/dora/sub
	ln -sfn /srv/data/open /srv/homes/dora/sub/link
	equal "on the host" 6 "$(setpriv --reuid=alice --regid=alice \
		--clear-groups sh -c "cat /srv/data/*/file /home/gus/file" | wc -l)"
	equal "alice sees" "of all" "$(seen alice bind '/srv/data/*/file
		/srv/link/*/file /srv/nested/*/file /home/*/file')"
	equal "gus sees" $'of gus\nof all' "$(seen gus bind '/srv/data/*/file')"
	equal "gus, at passwd's path" "of gus" "$(seen gus bind '/home/gus/file')"
	equal "gus without" "of all" "$(seen gus none '/srv/data/*/file')"
	# A link that leads to itself, or into the kernel's, refuses nobody.
	ln -sfn /home/hal /home/hal
	ln -sfn /proc/1 /home/gus
	equal "alice sees" "of all" "$(seen alice bind '/srv/data/open/file')"
	usermod -d /srv/homes/dora dora
}

# A file system that a user serves, and that does not answer.
served() {
	make_homes
	mkdir -p /srv/homes/erik/fuse
	chown erik: /srv/homes/erik/fuse
	[ -e /dev/fuse ] || mknod -m 0666 /dev/fuse c 10 229
	# A home of judy's is behind it, and nobody asks.
	getent passwd judy > /dev/null || useradd -M -d /home/judy judy
	[ -L /home/judy ] || ln -s /srv/homes/erik/fuse/judy /home/judy
	exec 9<> /dev/fuse || skip "no fuse here"
	# Debian 13's mount looks into what it has mounted, which root may not.
	LIBMOUNT_FORCE_MOUNT2=always mount -i -n -t fuse \
		-o "fd=9,rootmode=40000,user_id=$(id -u erik)$1" \
		-o "group_id=$(id -g erik)" nsc-fuse /srv/homes/erik/fuse ||
		skip "no fuse here"
	SECONDS=0
	status_is 7 timeout 20 su alice -c "$INSIDE && exit 7"
	[ "$SECONDS" -lt 5 ] || fail "the login waited"
	contains "check" "'/srv/homes/erik/fuse' (fuse) is left out" \
		"$(timeout 20 nsinit check alice)"
	exec 9>&-
	umount /srv/homes/erik/fuse
}
served_to_one() {
	config alice '{"rootfs": "/"}'
	served ""
	served ",allow_other"
}

t "M7 homes of others are hidden wherever they are" hidden_from_others
t "M7 beside the own home others are hidden, and nothing else" hidden_beside
t "M7 what is the system's stays" system_stays
t "M7 a file system of another user's holds up no start" served_to_one
t "M7 a home behind a link is hidden where it is" behind_links
