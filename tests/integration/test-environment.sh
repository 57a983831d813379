#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A user's identity and environment are the same inside as outside.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

# Modules before pam_container affect the login, inside and outside.
for service in sshd su su-l sudo sudo-i cron login; do
	sed -i '1i session required pam_env.so readenv=1\
session required pam_loginuid.so' "/etc/pam.d/$service"
	# The last one: common-session of Debian 13 has it.
	echo 'session required pam_umask.so nousergroups umask=0027' \
		>> "/etc/pam.d/$service"
done
cat > /etc/environment <<'END'
FROM_PAM_ENV="a b"
XDG_RUNTIME_DIR=/nowhere
DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus
END
echo LANG=C.UTF-8 > /etc/default/locale
# The last file counts: Debian 13 has one there.
cat > /etc/security/limits.d/99-test.conf <<'END'
alice hard nofile 777
alice soft nofile 555
alice - nproc 1234
* - core 0
END
pam_enable sshd su su-l sudo sudo-i cron login
conf 'linger = 30;'
GROUPS_OF_ALICE=$(seq -f grp%g -s , 40)
for i in $(seq 40); do
	groupadd -g $((5000 + i)) "grp$i"
done
usermod -aG "$GROUPS_OF_ALICE" alice

# Users of a name service other than files.
EXTRA=/var/lib/extrausers
HAS_EXTRA=
compgen -G '/usr/lib/libnss_extrausers.so*' > /dev/null && HAS_EXTRA=1
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files extrausers/' \
	/etc/nsswitch.conf
mkdir -p "$EXTRA" /home/dora/.ssh
echo 'dora:x:61001:61001:Dora:/home/dora:/bin/bash' > "$EXTRA/passwd"
{
	echo 'dora:x:61001:'
	for i in $(seq 62001 62040); do
		echo "extra$i:x:$i:dora"
	done
} > "$EXTRA/group"
echo 'dora:*:19000:0:99999:7:::' > "$EXTRA/shadow"
cp /root/.ssh/id_ed25519.pub /home/dora/.ssh/authorized_keys
: > /home/dora/.hushlogin
chown -R 61001:61001 /home/dora
sshd_start 22

PROBE=/usr/local/bin/nsc-probe
cat > "$PROBE" <<'END'
#!/bin/bash
echo "begin"
env | grep -v '^\(_\|SSH_CLIENT\|SSH_CONNECTION\)=' | sort
echo "ssh: ${SSH_CONNECTION%% *} ${SSH_CLIENT##* }"
echo "id: $(id)"
echo "groups: $(id -Gn)"
echo "whoami: $(whoami), logname: $(logname 2>&1), home:" ~ ~alice
echo "directory: $PWD"
echo "umask: $(umask)"
echo "loginuid: $(cat /proc/self/loginuid)"
ulimit -aS | sed 's/^/soft limit: /'
ulimit -aH | sed 's/^/hard limit: /'
ls -ld ~ | cut -d ' ' -f 1-4
echo "end"
END
WHO=/usr/local/bin/nsc-who
cat > "$WHO" <<'END'
#!/bin/sh
id
grep Groups: /proc/self/status
END
RUNTIME=/usr/local/bin/nsc-runtime
cat > "$RUNTIME" <<'END'
#!/bin/sh
echo "it is $XDG_RUNTIME_DIR."
[ -n "$XDG_RUNTIME_DIR" ] || exit
ls -ldn "$XDG_RUNTIME_DIR"
ls "$XDG_RUNTIME_DIR"
echo text > "$XDG_RUNTIME_DIR/mine" && echo written
END
chmod 0755 "$PROBE" "$WHO" "$RUNTIME"

# door NAME USER COMMAND
door() {
	case $1 in
	ssh) nssh "$2" "$3" ;;
	ssh-tt) TERM=vt220 nssh "$2" -tt "$3" ;;
	su) timeout 20 su "$2" -c "$3" ;;
	su-l) TERM=vt220 timeout 20 su - "$2" -c "$3" ;;
	sudo) timeout 20 sudo -u "$2" "$3" ;;
	sudo-i) timeout 20 sudo -i -u "$2" "$3" ;;
	cron) by_cron "$2" "$3" ;;
	login) by_login "$2" "$3" ;;
	nsshell) TERM=vt220 timeout 20 setpriv --reuid="$2" --regid="$2" \
		--init-groups /usr/bin/nsshell -c "$3" ;;
	esac 2>&1 | tr -d '\r'
}

by_cron() {
	rm -f "/home/$1/out"
	echo "@reboot $2 > \$HOME/out 2>&1; echo ended >> \$HOME/out" \
		> "$OUT/crontab"
	crontab -u "$1" "$OUT/crontab"
	rm -f /run/crond.reboot
	cron -f &
	ended() { grep -aqs '^ended' "/home/$1/out"; }
	wait_until 10 ended "$1"
	kill $!
	crontab -r -u "$1"
	cat "/home/$1/out"
}

by_login() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 20
	set env(TERM) vt220
	spawn -noecho $env(CONSOLE) login -f [lindex $argv 0]
	expect "@nscontainer-test:" {} default { exit 12 }
	send "[lindex $argv 1]; exit\r"
	expect eof {} default { exit 13 }
	END
	expect -f "$OUT/dialogue" "$1" "$2"
}

# A terminal may write before the first line.
probe() {
	door "$1" alice "$PROBE" | sed -n '/begin$/,/^end/p' |
		tail -n +2 > "$2"
	grep -q '^end' "$2" || fail "the probe does not run by $1" "$(cat "$2")"
}

# Compares with the same door without a container.json.
as_outside() {
	need_product
	clean_slate
	rm -rf "$CONF/users/alice"
	probe "$1" "$OUT/outside"
	config alice '{"rootfs": "/"}'
	probe "$1" "$OUT/inside"
	[ -n "$(pid_of alice)" ] || fail "$1 was not contained"
	sed -i -e '/^DBUS_SESSION_BUS_ADDRESS=/d' -e \
		"s,^XDG_RUNTIME_DIR=.*,XDG_RUNTIME_DIR=/run/user/$(id -u alice)," \
		"$OUT/outside"
	diff "$OUT/outside" "$OUT/inside" ||
		fail "$1: < outside, > inside"
	contains "pam_env" 'FROM_PAM_ENV=a b' "$(cat "$OUT/inside")"
	contains "pam_umask" 'umask: 0027' "$(cat "$OUT/inside")"
	contains "the last group" '5040(grp40)' "$(cat "$OUT/inside")"
	contains "pam_limits" 'hard limit: open files                          (-n) 777' \
		"$(cat "$OUT/inside")"
	case $1 in
	ssh* | cron | login)
		contains "pam_loginuid" "loginuid: $(id -u alice)" \
			"$(cat "$OUT/inside")" ;;
	esac
}

# The variables that nsshell passes on, and those that it makes itself.
nsshell_environment() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "environment": ["FROM_JSON=1"]}'
	timeout 20 nsinit start alice || fail "nsinit start fails"
	(
		umask 0027
		ulimit -S -n 333
		cd /
		env -i TERM=vt220 LANG=C.UTF-8 LC_TIME=C LANGUAGE=en TZ=UTC \
			MAIL=/var/mail/alice SSH_CONNECTION='1.1.1.1 1 2 3' \
			SSH_CLIENT='1.1.1.1 1 3' SSH_TTY=/dev/pts/7 HOME=/evil \
			XDG_SESSION_ID=5 XDG_RUNTIME_DIR=/nowhere OTHER=1 \
			USER=x LOGNAME=x SHELL=/usr/bin/nsshell \
			setpriv --reuid=alice --regid=alice --init-groups \
			/usr/bin/nsshell -c 'umask; ulimit -n; id; env'
	) > "$OUT/text"
	cat > "$OUT/expected" <<-END
	0027
	333
	$(id alice)
	FROM_JSON=1
	HOME=/home/alice
	LANG=C.UTF-8
	LANGUAGE=en
	LC_TIME=C
	LOGNAME=alice
	MAIL=/var/mail/alice
	PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
	PWD=/home/alice
	SHELL=/bin/bash
	SHLVL=0
	SSH_CLIENT=1.1.1.1 1 3
	SSH_CONNECTION=1.1.1.1 1 2 3
	SSH_TTY=/dev/pts/7
	TERM=vt220
	TZ=UTC
	USER=alice
	XDG_RUNTIME_DIR=/run/user/$(id -u alice)
	XDG_SESSION_ID=5
	END
	{ head -n 3 "$OUT/text"; tail -n +4 "$OUT/text" | grep -v '^_=' |
		sort; } | diff "$OUT/expected" - ||
		fail "< expected, > what nsshell's command has"
}

# The runtime directory belongs only to the user, and only to the container.
runtime_dir() {
	local dir

	need_product
	clean_slate
	config alice "$2"
	[ "$1" != nsshell ] || timeout 20 nsinit start alice ||
		fail "nsinit start fails"
	dir=/run/user/$(id -u alice)
	mkdir -p "$dir"
	chown alice: "$dir"
	echo secret > "$dir/of-the-host"
	door "$1" alice "$RUNTIME" > "$OUT/text"
	rm -rf /run/user
	contains "the directory" "drwx------" "$(cat "$OUT/text")"
	contains "its owner" " $(id -u alice) $(id -g alice) " \
		"$(tr -s ' ' < "$OUT/text")"
	contains "its name" "it is $dir." "$(cat "$OUT/text")"
	contains "what it is for" written "$(cat "$OUT/text")"
	lacks "what is in it" of-the-host "$(cat "$OUT/text")"
}

# Without a runtime directory the variable is not set, whatever the host has.
no_runtime_dir() {
	need_product
	[ -d /srv/images/plain ] || skip "busybox is missing"
	clean_slate
	config alice "{\"rootfs\": \"/srv/images/plain\", \"session\":
		{\"shell\": \"/bin/sh\"}}"
	rm -rf /srv/images/plain/run
	echo "no directory" > /srv/images/plain/run
	equal "XDG_RUNTIME_DIR" "it is ." "$(door ssh alice "$RUNTIME")"
	equal "XDG_RUNTIME_DIR" "it is ." \
		"$(XDG_RUNTIME_DIR=/nowhere door nsshell alice "$RUNTIME")"
	rm -f /srv/images/plain/run
	mkdir -p /srv/images/plain/run
}

# A missing object causes no log message.
no_noise() {
	need_product
	clean_slate
	config alice '{"rootfs": "/"}'
	sed -i.was '/^XDG\|^DBUS/d' /etc/environment
	nssh alice true || fail "ssh fails"
	mv /etc/environment.was /etc/environment
	empty "noise" "$(syslog_since | grep -a putenv)"
}

configured() {
	need_product
	clean_slate
	config alice '{"rootfs": "/", "environment": ["XDG_RUNTIME_DIR=/own",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/own/bus"]}'
	equal "by ssh" "/own unix:path=/own/bus" \
		"$(door ssh alice 'echo $XDG_RUNTIME_DIR $DBUS_SESSION_BUS_ADDRESS')"
	equal "by nsshell" /own "$(door nsshell alice 'echo $XDG_RUNTIME_DIR')"
}

# groups DOOR USER ROOTFS : the same inside as outside, by number and by name.
groups() {
	need_product
	[ "$2" != dora ] || [ -n "$HAS_EXTRA" ] ||
		skip "libnss-extrausers is missing"
	[ -d "$3" ] || skip "busybox is missing"
	clean_slate
	nsinit stop dora > /dev/null 2>&1
	config "$2" "{\"rootfs\": \"$3\"}"
	[ "$1" != nsshell ] || timeout 20 nsinit start "$2" ||
		fail "nsinit start fails"
	door "$1" "$2" "$WHO" > "$OUT/text"
	[ -n "$(pid_of "$2")" ] || fail "it was not contained"
	timeout 20 setpriv --reuid="$2" --regid="$2" --init-groups \
		"$WHO" > "$OUT/expected"
	[ "$(id -G "$2" | wc -w)" -ge 41 ] || fail "outside: $(id "$2")"
	equal "id" "$(grep uid= "$OUT/expected")" "$(grep uid= "$OUT/text")"
	equal "what the kernel knows" "$(grep ^Groups "$OUT/expected" | xargs)" \
		"$(grep ^Groups "$OUT/text" | xargs)"
	nsinit stop "$2" > /dev/null 2>&1
}

# A separate rootfs that knows neither the users nor their groups.
make_busybox /srv/images/plain > /dev/null && {
	sed -i '/^root:/!d' /srv/images/plain/etc/passwd
	sed -i '/^\(root\|tty\):/!d' /srv/images/plain/etc/group
	rm -rf /srv/images/plain/bin/bash /srv/images/plain/usr/bin
	printf '#!/bin/sh\nexec /bin/sh "$@"\n' > /srv/images/plain/bin/bash
	mkdir -p /srv/images/plain/usr/local/bin
	cp "$WHO" "$RUNTIME" /srv/images/plain/usr/local/bin/
	chmod 0755 /srv/images/plain/bin/bash
}

for name in ssh ssh-tt su su-l sudo sudo-i cron login; do
	t "$name: ids, environment, limits, umask are as outside" \
		as_outside "$name"
done
t "nsshell passes what it says, and makes the rest" nsshell_environment
for name in ssh su su-l sudo cron login nsshell; do
	t "$name: XDG_RUNTIME_DIR is the user's and the container's alone" \
		runtime_dir "$name" '{"rootfs": "/"}'
done
for name in ssh nsshell; do
	t "$name: XDG_RUNTIME_DIR in a rootfs of its own" \
		runtime_dir "$name" '{"rootfs": "/srv/images/plain"}'
done
MAP='[{"container_id": 0, "host_id": 3000000, "size": 65536}]'
for name in ssh nsshell; do
	t "$name: XDG_RUNTIME_DIR where the ids are others on the host" \
		runtime_dir "$name" "{\"rootfs\": \"/\",
			\"uid_mappings\": $MAP, \"gid_mappings\": $MAP}"
done
t "XDG_RUNTIME_DIR is not set where there is no such directory" no_runtime_dir
t "a login without such variables logs nothing of them" no_noise
t "a XDG_RUNTIME_DIR that is configured wins" configured
for name in ssh su su-l sudo cron nsshell; do
	t "$name: 40 groups that the rootfs does not know" \
		groups "$name" alice /srv/images/plain
	t "$name: a user and 40 groups of another name service" \
		groups "$name" dora /
	t "$name: the same, in a rootfs that knows neither" \
		groups "$name" dora /srv/images/plain
done
