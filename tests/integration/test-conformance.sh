#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each door, with pam_container alone, nsshell alone, and both: the result is
# CONFORMANCE.md.  CONTRIBUTING.md describes how to write it again.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by name
. "$(dirname "$0")/lib.sh"

EXTERNAL=2222 FORCED=2223 DROPBEAR=2224 FTP=2121
SERVICES="sshd login su su-l sudo sudo-i cron atd systemd-user vsftpd"
PROBE=/usr/bin/nsc-door
CELLS=$TOP/cells
LIMIT=15
mkdir -p "$CELLS" "$TOP/pam"

# Reports its location and its environment; all doors except transfers run it.
cat > "$PROBE" <<'END'
#!/bin/sh
for n in mnt pid user; do
	echo "ns $n $(readlink /proc/self/ns/$n)"
done
name=$(tty)
if [ -c "$name" ]; then echo "is tty"
elif [ -t 0 ]; then echo "is tty unnamed"
else echo "is no-tty"
fi
for n in HOME USER LOGNAME SHELL TERM LANG MAIL; do
	eval "echo \"is env $n=\${$n-}\""
done
echo "is directory $(pwd)"
echo "is done"
exit 7
END
# Connects to the display with the cookie that sshd made for it.
cat > "$PROBE-x11" <<'END'
#!/bin/bash
nsc-door
cookie=$(xauth list "$DISPLAY" | sed -n '1s/.* //;1s/../\\x&/gp')
port=${DISPLAY##*:}
exec 3<> "/dev/tcp/127.0.0.1/$((6000 + ${port%.*}))" || exit
{
	printf 'l\0\13\0\0\0\22\0\20\0\0\0MIT-MAGIC-COOKIE-1\0\0'
	printf "$cookie"
} >&3
timeout 5 cat <&3
exit 7
END
printf '#!/bin/sh\nnsc-door\nssh-add -l\nexit 7\n' > "$PROBE-agent"
chmod 0755 "$PROBE" "$PROBE-x11" "$PROBE-agent"

# --- doors: the output is what the probe printed, the status is the door's

ssh_() {
	timeout "$LIMIT" ssh "${SSH_OPTIONS[@]}" -l alice "$@"
}

ssh_command() { ssh_ 127.0.0.1 nsc-door; }
ssh_command_pty() { ssh_ -tt 127.0.0.1 nsc-door; }
ssh_shell() { ssh_ -T 127.0.0.1 <<< 'nsc-door; exit 7'; }
ssh_shell_pty() { ssh_ -tt 127.0.0.1 <<< 'nsc-door; exit 7'; }
ssh_forced() { ssh_ -p "$FORCED" 127.0.0.1 'echo not this'; }
ssh_key_command() {
	timeout "$LIMIT" ssh "${SSH_OPTIONS[@]/#*id_ed25519/$TOP/key}" \
		-l alice 127.0.0.1 'echo not this'
}
dropbear_command() { ssh_ -p "$DROPBEAR" 127.0.0.1 nsc-door; }
# dropbear of Debian 13 hangs up the terminal when the input ends.
dropbear_shell() {
	ssh_ -p "$DROPBEAR" -tt 127.0.0.1 < <(echo 'nsc-door; exit 7'
		exec sleep "$LIMIT")
}
su_command() { timeout "$LIMIT" su alice -c nsc-door; }
su_login_command() { timeout "$LIMIT" su - alice -c nsc-door; }
su_login() { on_terminal 'su - alice -c nsc-door'; }
su_pty() { on_terminal 'su --pty - alice -c nsc-door'; }
sudo_command() { timeout "$LIMIT" sudo -u alice nsc-door; }
sudo_pty() { on_terminal 'sudo -u alice nsc-door'; }
sudo_login() { timeout "$LIMIT" sudo -i -u alice nsc-door; }
sudo_login_pty() { on_terminal 'sudo -i -u alice nsc-door'; }

ssh_rc() {
	echo 'nsc-door > $HOME/out' > /home/alice/.ssh/rc
	ssh_ 127.0.0.1 true
	rm -f /home/alice/.ssh/rc
	cat /home/alice/out
	return 7
}

# Three channels, which must have the same location.
ssh_multiplexed() {
	local i status=7 pids=() control=(-o "ControlPath=$OUT/control")

	ssh_ "${control[@]}" -M -N -f 127.0.0.1
	for i in 1 2 3; do
		ssh_ "${control[@]}" 127.0.0.1 "nsc-door > \$HOME/out.$i" &
		pids+=($!)
	done
	for i in 1 2 3; do
		wait "${pids[i - 1]}"
		status=$((status * ($? == 7)))
		[ "$i" -eq 1 ] || grep -v '^is' "/home/alice/out.$i" |
			diff - <(grep -v '^is' /home/alice/out.1)
	done
	ssh_ "${control[@]}" -O exit 127.0.0.1 2> /dev/null
	cat /home/alice/out.1
	rm -f /home/alice/out.?
	return "$status"
}

# expect_login COMMAND... : the dialogue after the prompt of login.
expect_login() {
	cat > "$OUT/dialogue" <<-'END'
	set timeout 10
	set env(TERM) vt220
	if {[lindex $argv 0] eq "serial"} {
		spawn -noecho -pty
		file delete /dev/ttyS9
		file link -symbolic /dev/ttyS9 $spawn_out(slave,name)
		exec setsid agetty --autologin alice --noissue -L ttyS9 \
			115200 vt220 < /dev/null > /dev/null 2>@1 &
	} else {
		spawn -noecho $env(CONSOLE) login
		expect "login:" {} default { exit 10 }
		send "alice\r"
		expect "assword:" {} default { exit 11 }
		send "secret-alice\r"
	}
	expect "@nscontainer-test:" {} default { exit 12 }
	send "nsc-door\r"
	expect "is done" {} default { exit 13 }
	send "exit\r"
	expect eof {} "logout" {} default { exit 14 }
	END
	timeout "$LIMIT" expect -f "$OUT/dialogue" "$1"
}

login_console() { expect_login console; }
login_serial() { expect_login serial; }

# Like systemd for user@.service, which has its own PAM service;
# tests/vm/test-user-manager.sh uses systemd itself.
user_manager() {
	timeout "$LIMIT" "$TESTS/pamcaller" systemd-user alice \
		'nsc-door > /home/alice/out' | grep '^message'
	cat /home/alice/out
}

reported() {
	grep -qs '^is done' /home/alice/out
}

by_cron() {
	echo '@reboot nsc-door > $HOME/out' > "$OUT/crontab"
	crontab -u alice "$OUT/crontab"
	rm -f /run/crond.reboot
	cron -f &
	wait_until 5 reported
	kill $!
	wait $!
	crontab -r -u alice
	cat /home/alice/out
}

by_at() {
	atd -f &
	wait_until 2 test -s /run/atd.pid
	echo 'nsc-door > $HOME/out' | setpriv --reuid=alice --regid=alice \
		--init-groups env -C /home/alice HOME=/home/alice USER=alice \
		LOGNAME=alice SHELL=/bin/bash at now 2> /dev/null
	wait_until 5 reported
	kill $!
	wait $!
	cat /home/alice/out
}

# The hook reports where git runs, and a clone proves that it works.
git_push() {
	local ssh="ssh ${SSH_OPTIONS[*]}" url=alice@127.0.0.1:repo.git status=7

	export GIT_CONFIG_GLOBAL=/dev/null GIT_SSH_COMMAND=$ssh
	rm -rf "$OUT/clone" /home/alice/repo.git
	setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice \
		git init -q --bare /home/alice/repo.git
	printf '#!/bin/sh\nnsc-door > $HOME/out\nexit 0\n' \
		> /home/alice/repo.git/hooks/post-receive
	chmod 0755 /home/alice/repo.git/hooks/post-receive
	timeout "$LIMIT" git clone -q "$url" "$OUT/clone" 2> /dev/null &&
	git -C "$OUT/clone" -c user.name=x -c user.email=x@y commit -q \
		--allow-empty -m x &&
	timeout "$LIMIT" git -C "$OUT/clone" push -q origin HEAD:x &&
	timeout "$LIMIT" git clone -q -b x "$url" "$OUT/clone/again" ||
		status=1
	cat /home/alice/out
	return "$status"
}

# --- doors that carry a file: where it arrives

scp_old() { scp_to 22 -O; }
scp_internal() { scp_to 22 -s; }
scp_external() { scp_to "$EXTERNAL" -s; }
sftp_internal() { sftp_to 22; }
sftp_external() { sftp_to "$EXTERNAL"; }

scp_to() {
	timeout "$LIMIT" scp "$2" -q "${SSH_OPTIONS[@]}" -P "$1" "$OUT/file" \
		alice@127.0.0.1:/tmp/nsc-file &&
	timeout "$LIMIT" scp "$2" -q "${SSH_OPTIONS[@]}" -P "$1" \
		alice@127.0.0.1:/tmp/nsc-file "$OUT/back"
}

sftp_to() {
	printf 'put %s /tmp/nsc-file\nget /tmp/nsc-file %s\n' "$OUT/file" \
		"$OUT/back" | timeout "$LIMIT" sftp -q "${SSH_OPTIONS[@]}" \
		-P "$1" -b - alice@127.0.0.1
}

rsync_() {
	timeout "$LIMIT" rsync -e "ssh ${SSH_OPTIONS[*]}" "$OUT/file" \
		alice@127.0.0.1:/tmp/nsc-file &&
	timeout "$LIMIT" rsync -e "ssh ${SSH_OPTIONS[*]}" \
		alice@127.0.0.1:/tmp/nsc-file "$OUT/back"
}

# --- forwardings: which side answers, or listens

# forwarder OPTIONS... : starts an ssh that only forwards.
forwarder() {
	ssh "${SSH_OPTIONS[@]}" -n -N -l alice \
		-o ExitOnForwardFailure=yes "$@" 127.0.0.1 &
	FORWARDER=$!
}

stop_forwarder() {
	kill -KILL "$FORWARDER"
	wait "$FORWARDER"
}

ask() {
	timeout 5 socat -u "$1" - > "$OUT/answer" 2> /dev/null &&
		[ -s "$OUT/answer" ]
}

# through ADDRESS OPTIONS...
through() {
	local address=$1

	shift
	: > "$OUT/answer"
	forwarder "$@"
	wait_until 5 ask "$address"
	stop_forwarder
	cat "$OUT/answer"
}

forward_local() { through TCP:127.0.0.1:7010 -L 7010:127.0.0.1:7001; }
forward_unix() { through TCP:127.0.0.1:7010 -L 7010:/tmp/nsc-listener; }
forward_dynamic() {
	through SOCKS4:127.0.0.1:127.0.0.1:7001,socksport=7010 -D 7010
}
forward_stdio() { ssh_ -n -W 127.0.0.1:7001 127.0.0.1; }

# listens [in] ADDRESS : does the host listen on it, or the container?
listens() {
	ask "$1" && echo HOST && return
	[ -n "$CONTAINER" ] && in_container timeout 5 socat -u "$1" - \
		> "$OUT/answer" 2> /dev/null && [ -s "$OUT/answer" ] &&
		echo inside
}

forward_remote() {
	forwarder -R 7011:127.0.0.1:7003
	there() { listens TCP:127.0.0.1:7011 > "$OUT/place"; }
	wait_until 5 there
	stop_forwarder
	cat "$OUT/place"
}

forward_remote_unix() {
	forwarder -R /tmp/nsc-socket:127.0.0.1:7003
	there() { listens UNIX:/tmp/nsc-socket > "$OUT/place"; }
	wait_until 5 there
	stop_forwarder
	cat "$OUT/place"
	rm -f /tmp/nsc-socket
}

# reached PATTERN FILE : did the probe's session reach it?
reached() {
	if grep -aq "$1" "$2"; then place < "$2"
	elif grep -aq "is done" "$2"; then echo "not reached"
	fi
}

agent() {
	eval "$(ssh-agent -s)" > /dev/null
	ssh-add -q "$KEY"
	ssh_ -A 127.0.0.1 nsc-door-agent > "$OUT/agent"
	ssh-agent -k > /dev/null
	reached ED25519 "$OUT/agent"
}

x11() {
	export XAUTHORITY=$OUT/xauthority DISPLAY=127.0.0.1:7

	xauth -q add "$DISPLAY" . 00112233445566778899aabbccddeeff 2> /dev/null
	ssh_ -Y 127.0.0.1 nsc-door-x11 > "$OUT/x11"
	reached "the display" "$OUT/x11"
}

# The session makes a directory; a file needs a connection of its own.
by_vsftpd() {
	local url=ftp://alice:secret-alice@127.0.0.1:$FTP//tmp/nsc-ftp

	head -c 70000 /dev/urandom > "$OUT/file"
	curl -sS --max-time "$LIMIT" --ftp-create-dirs -T "$OUT/file" \
		"$url/file" >&2
	if [ -d /tmp/nsc-ftp ]; then
		echo -n HOST
		cmp /tmp/nsc-ftp/file "$OUT/file" >&2 || echo ", data fails"
	elif [ -n "$CONTAINER" ] && in_container test -d /tmp/nsc-ftp; then
		echo -n inside
		in_container test -s /tmp/nsc-ftp/file ||
			echo ", data not reached"
	fi
	rm -rf /tmp/nsc-ftp
}

# --- what a cell says

# place : where the probe ran, from its output.
place() {
	local n got all='' pid

	pid=$(pid_of alice)
	cat > "$OUT/place"
	for n in mnt pid user; do
		got=$(printed_ns "$OUT/place" "$n")
		case $got in
		'') all+="fails " ;;
		"$(ns_of self "$n")") all+="HOST " ;;
		"$(ns_of "${pid:-0}" "$n" 2> /dev/null)") all+="inside " ;;
		*) all+="ELSEWHERE " ;;
		esac
	done
	case $all in
	"HOST HOST HOST ") echo HOST ;;
	"inside inside inside ") echo inside ;;
	"fails "*) echo fails ;;
	*) echo MIXED ;;
	esac
}

# Runs as host root in the container's namespaces, as alice.
in_container() {
	nsenter -t "$(pid_of alice)" -m -n -U -S "$(id -u alice)" \
		-G "$(id -g alice)" "$@"
}

# Differences from the same door without containers.
deviations() {
	local before=$CELLS/plain/$1 here=$CELLS/$COLUMN/$1

	grep -h '^is env\|^is dir' "$before.facts" "$here.facts" |
		sort | uniq -u | sed 's/^is env //;s/=.*//;s/^is dir.*/directory/' |
		sort -u | while IFS= read -r name; do
			echo ", $name differs"
		done
	grep -h '^is status' "$before.facts" "$here.facts" | uniq -u |
		sed -n '2s/^is/, /p' | tr -s ' '
}

terminal() {
	local before here

	before=$(grep '^is .*tty' "$CELLS/plain/$1.facts")
	here=$(grep '^is .*tty' "$CELLS/$COLUMN/$1.facts")
	case $here in
	"is tty") echo ", tty" ;;
	"$before") ;;
	"is tty unnamed") echo ", tty without a name" ;;
	*) echo ", tty lost" ;;
	esac
}

session() {
	local status where cell=$CELLS/$COLUMN/$1

	rm -f /home/alice/out
	"$1" > "$OUT/raw" 2> "$OUT/errors"
	status=$?
	where=$(place < "$OUT/raw")
	tr -d '\r' < "$OUT/raw" | grep -ao 'is \(env\|dir\|tty\|no-tty\).*' \
		> "$cell.facts"
	echo "is status $status" >> "$cell.facts"
	[ "$where" != fails ] || {
		cat "$OUT/raw" "$OUT/errors" > "$cell.log"
		[ "$status" -ne 124 ] || where=hangs
		! grep -q 'login is refused' "$cell.log" || where=refused
		echo "$where" > "$cell"
		return
	}
	[ "$COLUMN" = plain ] || [ "$where" = HOST ] ||
		where+=$({ terminal "$1"; deviations "$1"; } | tr -d '\n')
	echo "$where" > "$cell"
}

transfer() {
	local cell=$CELLS/$COLUMN/$1 file=/tmp/nsc-file

	rm -f "$OUT/back"
	head -c 70000 /dev/urandom > "$OUT/file"
	"$1" > "$cell.log" 2>&1
	if ! cmp -s "$OUT/file" "$OUT/back"; then
		echo fails
	elif [ -e "$file" ]; then
		echo HOST
	elif [ -n "$CONTAINER" ] && in_container test -e "$file"; then
		echo inside
	else
		echo ELSEWHERE
	fi > "$cell"
	rm -f "$file"
	[ -z "$CONTAINER" ] || in_container rm -f "$file"
}

forwarding() {
	"$1" > "$CELLS/$COLUMN/$1" 2> "$CELLS/$COLUMN/$1.log"
	[ -s "$CELLS/$COLUMN/$1" ] || echo fails > "$CELLS/$COLUMN/$1"
}

# --- the table

# KIND DOOR: its description; the reason if a cell is not "inside".
rows() {
	cat <<-'END'
	session ssh_shell_pty: ssh, a shell with a terminal
	session ssh_shell: ssh, a shell without
	session ssh_command: ssh, a command
	session ssh_command_pty: ssh -tt, a command
	session ssh_multiplexed: ssh, three channels of a ControlMaster
	session ssh_forced: ssh, ForceCommand
	session ssh_key_command: ssh, command= in authorized_keys
	session ssh_rc: ssh, ~/.ssh/rc
	transfer scp_old: scp -O
	transfer scp_internal: scp, internal-sftp; sshd does it itself
	transfer scp_external: scp, sftp-server
	transfer sftp_internal: sftp, internal-sftp; sshd does it itself
	transfer sftp_external: sftp, sftp-server
	transfer rsync_: rsync over ssh
	session git_push: git over ssh, clone and push
	forwarding agent: ssh -A; sshd listens itself
	forwarding x11: ssh -X; sshd listens itself
	forwarding forward_local: ssh -L; sshd connects itself
	forwarding forward_remote: ssh -R; sshd listens itself
	forwarding forward_dynamic: ssh -D; sshd connects itself
	forwarding forward_stdio: ssh -W; sshd connects itself
	forwarding forward_unix: ssh -L, to a unix socket; sshd connects itself
	forwarding forward_remote_unix: ssh -R, a unix socket; sshd listens itself
	session dropbear_shell: dropbear, a shell with a terminal; dropbear has no PAM
	session dropbear_command: dropbear, a command; dropbear has no PAM
	session login_console: login on a console
	session login_serial: agetty and login on a serial line
	session su_command: su -c
	session su_login_command: su - -c
	session su_login: su -, on a terminal
	session su_pty: su --pty -, on a terminal
	session sudo_command: sudo -u; runs no shell
	session sudo_pty: sudo -u, on a terminal; runs no shell
	session sudo_login: sudo -i -u
	session sudo_login_pty: sudo -i -u, on a terminal
	session by_cron: cron; runs /bin/sh
	session by_at: at; runs /bin/sh
	forwarding by_vsftpd: vsftpd with session_support; its data ports are the container's: with a network of type host they work
	session user_manager: systemd --user, the user's service manager; runs no shell
	END
}

introduction() {
	cat <<-'END'
	# Where each door leads

	What happens to a login of a user who has a container, for each way
	in, by what is installed:

	* **pam_container**: `session required pam_container.so` in the
	  door's file in /etc/pam.d; the login shell is /bin/bash.
	* **nsshell**: the login shell is nsshell, no PAM module, and
	  `nsinit start` has started the container.
	* **both**.

	This is the output of `tests/integration/test-conformance.sh`, which
	opens each of these doors on Debian's own sshd, login, su, sudo, cron
	and so on, and fails when this file says otherwise.  It was run on
	Debian 12 and 13.

	| | |
	|---|---|
	| inside | The process, the file that was copied, the socket, or the loopback that is reached or listened on, is the container's (compared by the pid, mount and user namespaces). |
	| **HOST** | It is the host's. |
	| refused | The session is not opened, and the user or syslog is told why. |
	| not reached | The session is inside, but what was forwarded to it is on the host. |
	| tty | `tty` names a terminal that is there. |
	| tty without a name | It is a terminal, and works, but `tty` does not find its name inside. |

	Besides, each door was compared with the same door for a user without
	a container: the exit status of `exit 7`, HOME, USER, LOGNAME, SHELL,
	TERM, LANG, MAIL and the working directory. Where nothing is said of
	them they are the same.

	END
}

document() {
	local kind door label why cells column

	introduction
	echo "| Door | pam_container | nsshell | both | |"
	echo "|---|---|---|---|---|"
	while read -r kind door label; do
		why=
		case $label in
		*"; "*) why=${label##*; } label=${label%; *} ;;
		esac
		cells=
		for column in pam shell both; do
			cells+=" $(sed 's/^HOST/**&**/' \
				"$CELLS/$column/${door%:}") |"
		done
		case $cells in
		*HOST* | *fails* | *reached*) ;;
		*) why= ;;
		esac
		echo "| $label |$cells${why:+ $why} |"
	done < <(rows)
	echo
}

# --- columns

listener() {
	"$@" &
	LISTENERS+=($!)
}

# Listeners on both sides, under the same names.
start_listeners() {
	LISTENERS=()
	listener socat TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:echo HOST"
	listener socat UNIX-LISTEN:/tmp/nsc-listener,mode=666,fork \
		"SYSTEM:echo HOST"
	listener socat TCP-LISTEN:7003,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:echo the client"
	listener socat TCP-LISTEN:6007,bind=127.0.0.1,reuseaddr,fork \
		"SYSTEM:head -c 48 > /dev/null; echo the display"
	[ -z "$CONTAINER" ] || {
		listener in_container socat \
			TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr,fork \
			"SYSTEM:echo inside"
		listener in_container socat \
			UNIX-LISTEN:/tmp/nsc-listener,mode=666,fork \
			"SYSTEM:echo inside"
	}
	wait_until 5 listening 7001 2> /dev/null
}

stop_listeners() {
	kill "${LISTENERS[@]}"
	wait "${LISTENERS[@]}"
	rm -f /tmp/nsc-listener
}

# column NAME MODULE SHELL
column() {
	local kind door rest

	need_product
	COLUMN=$1
	mkdir "$CELLS/$1"
	cp "$TOP"/pam/* /etc/pam.d/
	# shellcheck disable=SC2086 # words
	[ -z "$2" ] || pam_enable $SERVICES
	usermod -s "$3" alice
	CONTAINER=
	if [ "$1" != plain ]; then
		config alice '{"rootfs": "/"}'
		# shellcheck disable=SC2034 # for in_container
		CONTAINER=1
		timeout 20 nsinit start alice || fail "nsinit start fails"
	fi
	start_listeners > /dev/null 2>&1
	while read -r kind door rest; do
		"$kind" "${door%:}" < /dev/null
	done < <(rows)
	stop_listeners 2> /dev/null
	clean_slate
}

# The results without containers, the base of the comparison, are right.
plain() {
	local door

	column plain "" /bin/bash
	cd "$CELLS/plain" || exit
	while read -r _ door _; do
		[ "$(cat "${door%:}")" = HOST ] ||
			fail "$door $(cat "${door%:}" "${door%:}.log")"
	done < <(rows)
	equal "doors without an exit status" \
		"by_at by_cron login_console login_serial user_manager" \
		"$(grep -L 'is status 7' -- *.facts | sed 's/.facts//' | xargs)"
}

same_document() {
	need_product
	document > "$TOP/document"
	sed '/^## /,$d' "$TESTS/CONFORMANCE.md" |
		diff - "$TOP/document" && return
	cd "$CELLS" || exit
	for cell in pam/* shell/* both/*; do
		grep -q '^\(fails\|hangs\)' "$cell" || continue
		echo "$cell: $(cat "$cell")"
		tail -n 5 "$cell.log"
	done
	fail "< CONFORMANCE.md, > what is true"
}

cp /etc/pam.d/sshd /etc/pam.d/systemd-user
# shellcheck disable=SC2086 # words
( cd /etc/pam.d && cp -- $SERVICES "$TOP/pam/" )
echo /usr/bin/nsshell >> /etc/shells
echo LANG=C.UTF-8 > /etc/default/locale
export TERM=vt220
conf 'linger = 60;'
ssh-keygen -q -t ed25519 -N '' -f "$TOP/key"
echo "command=\"nsc-door\" $(cat "$TOP/key.pub")" \
	>> /home/alice/.ssh/authorized_keys
sshd_start 22 -o Subsystem=sftp\ internal-sftp -o X11Forwarding=yes
sshd_start "$EXTERNAL" -o Subsystem=sftp\ /usr/lib/openssh/sftp-server
sshd_start "$FORCED" -o ForceCommand=nsc-door
dropbearkey -t ed25519 -f "$TOP/dropbear" > /dev/null 2>&1
dropbear -F -p "127.0.0.1:$DROPBEAR" -r "$TOP/dropbear" -P /run/dropbear.pid \
	2> /dev/null &
vsftpd_start "$FTP"
t "the doors without containers" plain
t "the doors with pam_container alone" column pam module /bin/bash
t "the doors with nsshell alone" column shell "" /usr/bin/nsshell
t "the doors with both" column both module /usr/bin/nsshell
t "CONFORMANCE.md says what is true" same_document
[ -z "${NSC_CONFORMANCE_OUT-}" ] ||
	sed 's/^/#document:/' "$TOP/document"
