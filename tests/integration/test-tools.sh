#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs that users bring, each as they start it: what it does for carol, who
# logs in on the host, it does for alice, whose rootfs is "/", and for bob, who
# has one of his own.  The result is the second table of CONFORMANCE.md.
# shellcheck disable=SC2016,SC2086,SC2317 # session commands; words; functions
. "$(dirname "$0")/lib.sh"

FORCED=2223
LIMIT=90
OWN=/srv/images/own
TREE=$TOP/tree
CELLS=$TOP/cells
SSH="ssh ${SSH_OPTIONS[*]}"
export SSH TERM=vt220 ANSIBLE_LOCALHOST_WARNING=False

# What these packages have in /usr/bin is copied, so that sudo is setuid there.
PACKAGES="bash coreutils dash sed grep mawk findutils tar gzip sudo rsync git
	tmux screen borgbackup mosh procps util-linux ncurses-bin hostname
	python3-minimal socat perl-base diffutils login debianutils"

# A Debian of its own, which shares the host's libraries.
make_own() {
	local dir

	mkdir -p "$OWN"/{etc,proc,sys,dev,tmp,run,home,root,mnt} \
		"$OWN"/usr/{bin,sbin,lib,share} "$OWN"/var/{tmp,lib,log,cache}
	chmod 1777 "$OWN/tmp" "$OWN/var/tmp"
	cp -a /etc/. "$OWN/etc/"
	for dir in bin sbin lib lib64; do
		[ ! -L "/$dir" ] || cp -a "/$dir" "$OWN/"
	done
	[ ! -d /usr/lib64 ] || cp -a /usr/lib64 "$OWN/usr/"
	# shellcheck disable=SC2086 # words
	dpkg -L $PACKAGES 2> /dev/null | sed -n 's,^\(/usr\)\?/bin/,,p' |
		sort -u | tar -C /usr/bin -T - -cf - |
		tar -C "$OWN/usr/bin" -xf -
	cp -a /usr/bin/python3* /usr/bin/awk "$OWN/usr/bin/"
	# Since Debian 13 pam_unix never reads /etc/shadow itself.
	cp -a /usr/sbin/unix_chkpwd "$OWN/usr/sbin/"
	mkdir "$OWN/usr/libexec"
	cp -a /usr/libexec/sudo "$OWN/usr/libexec/"
	echo own > "$OWN/etc/image"
	for dir in "$(gcc -print-multiarch)" python3 openssh git-core locale \
			terminfo "$(basename "$(realpath /usr/bin/python3)")"; do
		[ -d "/usr/lib/$dir" ] || continue
		mkdir "$OWN/usr/lib/$dir"
		BINDS+=", $(bind "/usr/lib/$dir")"
	done
	BINDS="$(bind /usr/share)$BINDS"
}

bind() {
	echo "{\"type\": \"bind\", \"source\": \"$1\", \"destination\": \"$1\"}"
}

# A tree with what a copy may lose.
make_tree() {
	mkdir -p "$TREE/sub/empty" "$TREE/a name"
	head -c 300000 /dev/urandom > "$TREE/sub/data"
	ln "$TREE/sub/data" "$TREE/a name/hard link"
	ln -s ../sub/data "$TREE/a name/symlink"
	truncate -s 3M "$TREE/sub/sparse"
	install -m 0750 /bin/true "$TREE/sub/program"
	touch -d '2001-02-03 04:05:06.789' "$TREE/sub/sparse"
	: > "$TREE/Grüße"
}

# Prints differences between two trees.
compare() {
	rsync -rlptHn --delete --itemize-changes "$1/" "$2/"
	diff -r --no-dereference "$1" "$2"
}

# --- tools: TOOL USER prints what it did; "inside" is no part of that

ansible_() {
	local user=$1

	shift
	ANSIBLE_SSH_ARGS="${SSH_OPTIONS[*]} -o ControlMaster=auto
		-o ControlPersist=5" ANSIBLE_HOME=$OUT/ansible.$user \
		ANSIBLE_SSH_CONTROL_PATH_DIR=$OUT/cp.$user \
		ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_NOCOLOR=1 \
		timeout "$LIMIT" ansible all -i 127.0.0.1, -u "$user" \
		-e ansible_python_interpreter=/usr/bin/python3 -o "$@" 2>&1
}

# ansible_file USER WAY : copies a file, and runs a program.
ansible_file() {
	ANSIBLE_SSH_TRANSFER_METHOD=$2 ansible_ "$1" -m copy \
		-a "src=$TREE/sub/data dest=~/nsc-$2 mode=0640" |
		grep -ao '"changed": [a-z]*\|"mode": "[0-9]*"\|UNREACH.*\|FAIL.*'
	ANSIBLE_SSH_TRANSFER_METHOD=$2 ansible_ "$1" -m command \
		-a "sha256sum nsc-$2" | cut -d '|' -f 2-
	$SSH "$1@127.0.0.1" "rm -f ~/nsc-$2"
}

ansible_sftp() { ansible_file "$1" sftp; }
ansible_scp() { ansible_file "$1" scp; }
ansible_pipelining() {
	ANSIBLE_PIPELINING=True ansible_ "$1" -m shell -a 'id -un; exit 3' |
		grep -ao '"rc": [0-9]*\|"stdout": "[^"]*"\|UNREACH.*'
}
ansible_become() {
	ansible_ "$1" -b -m command -a 'id -un' | cut -c 1-200
}
# The control machine is root's, who becomes the user there.
ansible_root() {
	ansible_ root -b --become-user "$1" -m command -a 'id -un'
}
ansible_root_pipelining() {
	ANSIBLE_PIPELINING=True ansible_root "$1"
}

rsync_both_ways() {
	timeout "$LIMIT" rsync -aHS --delete -e "$SSH" "$TREE/" \
		"$1@127.0.0.1:tree/"
	timeout "$LIMIT" rsync -aHS --delete -e "$SSH" "$1@127.0.0.1:tree/" \
		"$OUT/rsync.$1/"
	compare "$TREE" "$OUT/rsync.$1"
	timeout "$LIMIT" rsync -aHS --delete -e "$SSH" --stats "$TREE/" \
		"$1@127.0.0.1:tree/" | grep 'files transferred'
}

# The second half with a server that may only do this, as backups have it.
borg_() {
	local repo=ssh://$1@127.0.0.1:22/home/$1/borg

	export BORG_RSH=$SSH BORG_BASE_DIR=$OUT/borg.$1 BORG_PASSPHRASE=x
	export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
	timeout "$LIMIT" borg init -e repokey "$repo" > "$OUT/init.$1" 2>&1 ||
		cat "$OUT/init.$1"
	( cd "$TREE" && timeout "$LIMIT" borg create "$repo::one" . )
	repo=${repo/:22/:$FORCED}
	mkdir "$OUT/extracted.$1"
	( cd "$OUT/extracted.$1" &&
		timeout "$LIMIT" borg extract "$repo::one" && touch -r "$TREE" . )
	compare "$TREE" "$OUT/extracted.$1" && echo extracted
}

restic_() {
	export RESTIC_PASSWORD=x RESTIC_REPOSITORY=sftp:$1@127.0.0.1:restic
	local with=(-q --no-cache
		-o "sftp.command=$SSH $1@127.0.0.1 -s sftp")

	restic "${with[@]}" init
	( cd "$TREE" && timeout "$LIMIT" restic "${with[@]}" backup . )
	timeout "$LIMIT" restic "${with[@]}" check
	timeout "$LIMIT" restic "${with[@]}" restore latest \
		--target "$OUT/restic.$1"
	diff -r --no-dereference "$TREE" "$OUT/restic.$1" && echo restored
}

git_() {
	local url=$1@127.0.0.1:repo.git mine=$OUT/git.$1
	export GIT_SSH_COMMAND=$SSH GIT_CONFIG_GLOBAL=$OUT/gitconfig

	$SSH "$1@127.0.0.1" git init -q --bare -b main repo.git
	git init -q -b main "$mine"
	cp -a "$TREE/sub" "$mine/"
	git -C "$mine" add .
	git -C "$mine" -c user.name=x -c user.email=x@y commit -qm x
	timeout "$LIMIT" git -C "$mine" push -q "$url" main
	timeout "$LIMIT" git clone -q "$url" "$mine/again"
	cmp "$mine/again/sub/data" "$TREE/sub/data"
	# Users work there, too.
	$SSH "$1@127.0.0.1" 'git clone -q repo.git work && cd work &&
		git -c user.name=x -c user.email=x@y commit -q \
		--allow-empty -m "from there" && git push -q && git gc -q'
	git -C "$mine/again" pull -q
	git -C "$mine/again" log -1 --format=%s
}

mosh_() {
	timeout 20 script -qec "stty rows 24 cols 80; mosh --ssh='$SSH' $1@127.0.0.1 -- \
		sh -c 'echo mosh works; sleep 2'" /dev/null \
		< <(exec sleep 20) > "$OUT/mosh.$1"
	grep -ao 'mosh works' "$OUT/mosh.$1" || cat -v "$OUT/mosh.$1"
}

# multiplexer USER START ATTACH : a client dies, and another one goes on.
multiplexer() {
	cat > "$OUT/dialogue.$1" <<-'END'
	lassign $argv user start attach
	set timeout 30
	proc connect {command} {
		global env user spawn_id
		spawn -noecho {*}$env(SSH) -tt $user@127.0.0.1 $command
	}
	proc type {text pattern} {
		for {set i 0} {$i < 15} {incr i} {
			send $text
			expect -timeout 2 -re $pattern { return }
		}
		puts "no $pattern"
		exit 1
	}
	connect $start
	type "X=kept; echo th''ere\r" "there"
	exec kill -KILL [exp_pid]
	wait
	connect $attach
	type "echo \"value \$X\"\r" "value kept"
	send "stty size\r"
	expect -re {\d+ \d+}
	send "exit\r"
	expect eof
	lassign [wait] pid id os status
	puts "\nended with $status"
	END
	timeout "$LIMIT" expect -f "$OUT/dialogue.$1" "$@" |
		tr -d '\r' | grep -a 'kept\|no \|ended' | tail -n 1
}
# shellcheck disable=SC2016
tmux_() {
	multiplexer "$1" 'tmux -f /dev/null new -s work sh' 'tmux attach -t work'
}
# Where the directory of the system is missing, the user has one.
screen_() {
	local dir='[ -d /run/screen ] || export SCREENDIR=$HOME/.screen;'

	multiplexer "$1" "$dir screen -S work sh" "$dir screen -d -r work"
}

# A directory of the user's, mounted where the client is.
sshfs_() {
	local at=$OUT/sshfs.$1

	mkdir "$at"
	$SSH "$1@127.0.0.1" 'mkdir shared; echo there > shared/file'
	timeout "$LIMIT" sshfs -o "ssh_command=$SSH" "$1@127.0.0.1:shared" "$at"
	cat "$at/file"
	cp "$TREE/sub/data" "$at/copy"
	mv "$at/copy" "$at/moved"
	chmod 0600 "$at/moved"
	ln -s moved "$at/symlink"
	find "$at" -printf '%P %y %m %l\n' | sort
	cmp "$at/moved" "$TREE/sub/data"
	fusermount3 -u "$at" || umount -l "$at"
	$SSH "$1@127.0.0.1" 'cat shared/file; sha256sum < shared/moved'
}

# --- a server that is installed by ssh, and stays: editors have one

cat > "$TOP/server.py" <<'END'
import http.server, os, pty, socketserver, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self): return "client"
    def log_message(self, *a): pass
    def do_GET(self):
        pid, master = pty.fork()
        if pid == 0:
            os.execvp("sh", ["sh", "-c", "test -t 0 && tty | cut -c 1-9;"
                " pwd; id -un; exit 5"])
        text = b""
        try:
            while part := os.read(master, 4096): text += part
        except OSError: pass
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text + b"terminal ended with %d\n" % status)
        self.wfile.write(b"server %d\n" % os.getpid())
class Unix(socketserver.ThreadingUnixStreamServer):
    pass
if sys.argv[1] == "socket":
    server = Unix(sys.argv[2], Handler)
else:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print("port", server.server_address[1], flush=True)
print("listening", flush=True)
server.serve_forever()
END

# The installer is the input of a shell, and carries the server.
installer() {
	echo 'mkdir -p ~/.server && cd ~/.server && rm -f log socket'
	echo "base64 -d > server.py <<'EOF'"
	base64 "$TOP/server.py"
	echo EOF
	echo "nohup setsid python3 server.py $1 socket > log 2>&1 < /dev/null &"
	echo 'for i in $(seq 100); do grep -qs listening log && break; sleep 0.1; done'
	echo 'cat log; echo installed'
}

# ask_server USER ADDRESS : through a forwarded socket.
ask_server() {
	local local=$OUT/forwarded.$1 forwarder

	rm -f "$local"
	$SSH -N -L "$local:$2" "$1@127.0.0.1" < /dev/null &
	forwarder=$!
	wait_until 15 test -S "$local" || echo "no forwarded socket"
	printf 'GET / HTTP/1.0\r\n\r\n' |
		timeout 20 socat -t 15 - "UNIX-CONNECT:$local" |
		tr -d '\r' | sed '1,/^$/d'
	kill "$forwarder"
	wait "$forwarder"
}

# editor_server USER socket|port : two clients meet the same server, and
# nobody is logged in when the second one comes.
editor_server() {
	local address=/home/$1/.server/socket one two

	installer "$2" | timeout "$LIMIT" $SSH -T "$1@127.0.0.1" bash \
		> "$OUT/installed.$1" 2>&1
	tail -n 1 "$OUT/installed.$1"
	[ "$2" = socket ] ||
		address=127.0.0.1:$(sed -n 's/^port //p' "$OUT/installed.$1")
	one=$(ask_server "$1" "$address")
	sleep 2
	two=$(ask_server "$1" "$address")
	grep -v '^server' <<< "$one"
	[ "$one" != "$two" ] || echo "the same server"
	$SSH "$1@127.0.0.1" 'pkill -u $(id -u) -f "[s]erver.py"'
}
editor_socket() { editor_server "$1" socket; }
editor_port() { editor_server "$1" port; }

# --- script, whose input ends

READ='echo ready; cat; echo the end; tty | cut -c 1-9'
# script_ COMMAND... : types a line and the end when the program is ready.
script_() {
	local keys=$OUT/keys.$BASHPID shown=$OUT/shown.$BASHPID

	rm -f "$keys" "$shown"
	mkfifo "$keys"
	timeout 20 script -qec "$*" /dev/null < "$keys" > "$shown" 2>&1 &
	exec 9<> "$keys"
	wait_until 10 grep -aqs ready "$shown"
	sleep 0.3
	echo line >&9
	exec 9>&-
	wait $!
	echo "status $?: $(od -An -c "$shown")"
}
script_later() {
	script_ "su $1 -c '$READ'"
	script_ "su --pty $1 -c '$READ'"
	script_ "sudo -u $1 sh -c '$READ'"
	script_ "$SSH -tt $1@127.0.0.1 '$READ'"
}
# The input ends before the session begins.
script_ahead() {
	timeout 20 script -qec "su - $1 -c 'cat; echo the end'" /dev/null
	echo "status $?"
}
# The line is there before the session, and is echoed.
script_line() {
	timeout 20 script -qec "su - $1 -c 'cat; echo the end'" /dev/null \
		<<< line
	echo "status $?"
}

# --- the table

places() {
	need_product
	equal "carol" host "$(nssh carol "$INSIDE || echo host")"
	equal "alice" inside "$(nssh alice "$INSIDE && echo inside")"
	equal "bob" "inside own" \
		"$(nssh bob "$INSIDE && echo inside; cat /etc/image" | xargs)"
}

# TOOL | what it must print on the host | its name | why a cell is not "same"
rows() {
	cat <<-END
	ansible_sftp|$SUM|ansible, files by sftp
	ansible_scp|$SUM|ansible, files by scp
	ansible_pipelining|"stdout": "USER"|ansible, pipelining
	ansible_become|(stdout) root|ansible, become|the host's sudo is not setuid inside
	ansible_root|(stdout) USER|ansible as root, become_user|its files are in the host's /var/tmp: use pipelining
	ansible_root_pipelining|(stdout) USER|ansible as root, become_user, pipelining
	rsync_both_ways|transferred: 0|rsync
	borg_|extracted|borg, and borg serve as a forced command
	restic_|restored|restic, by sftp
	git_|from there|git
	mosh_|mosh works|mosh|its UDP port is the container's: with a network of type host it works, as here in the other rootfs
	tmux_|ended with 0|tmux over a reconnect
	screen_|ended with 0|screen over a reconnect|where /run/screen is missing: with SCREENDIR
	sshfs_|moved f 600|sshfs on the client
	editor_socket|the same server|an editor's server, by its unix socket
	editor_port|the same server|an editor's server, by its port
	script_later|status 0|script, whose input ends
	script_ahead|the end|script, whose input is at its end
	script_line|the end|script, a line that is there before the session|it is shown twice
	END
}

# What it printed, without names of users.
facts() {
	"$1" "$2" < /dev/null 2>&1 | sed "s/$2/USER/g" > "$CELLS/$1.$2"
}

# tool NAME PATTERN : on the host it must print this.
tool() {
	local user

	need_product
	for user in carol alice bob; do
		facts "$1" "$user" &
	done
	wait
	grep -qF -- "$2" "$CELLS/$1.carol" ||
		fail "on the host:" "$(cat "$CELLS/$1.carol")"
	for user in alice bob; do
		if cmp -s "$CELLS/$1.carol" "$CELLS/$1.$user"; then
			echo same
		else
			echo "**differs**"
		fi > "$CELLS/$1.$user.cell"
	done
}

document() {
	local name label why cells

	cat <<-'END'
	## Programs that users bring

	What such a program prints, and the files that it leaves, compared with
	the same program and a user without a container. This is the output of
	`tests/integration/test-tools.sh`.

	| Program | rootfs "/" | rootfs of its own | |
	|---|---|---|---|
	END
	while IFS='|' read -r name _ label why; do
		cells=" $(cat "$CELLS/$name.alice.cell") |"
		cells+=" $(cat "$CELLS/$name.bob.cell") |"
		echo "| $label |$cells${why:+ $why} |"
	done < <(rows)
}

same_document() {
	local cell

	need_product
	document > "$TOP/document"
	sed -n '/^## Programs/,$p' "$TESTS/CONFORMANCE.md" |
		cmp -s - "$TOP/document" && return
	for cell in "$CELLS"/*.cell; do
		grep -q differs "$cell" || continue
		diff "${cell%.*.cell}.carol" "${cell%.cell}" | head -n 4
	done
	sed -n '/^## Programs/,$p' "$TESTS/CONFORMANCE.md" |
		diff - "$TOP/document"
	fail "< CONFORMANCE.md, > what is true"
}

mkdir "$CELLS"
make_tree
SUM=$(sha256sum < "$TREE/sub/data" | cut -c 1-64)
make_own
printf '%s ALL=(ALL) NOPASSWD: ALL\n' alice bob carol > "$TOP/sudoers"
install -m 0440 "$TOP/sudoers" /etc/sudoers.d/tools
install -m 0440 "$TOP/sudoers" "$OWN/etc/sudoers.d/tools"
install -m 0600 /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
pam_enable sshd su su-l sudo sudo-i
config alice '{"rootfs": "/"}'
config bob "{\"rootfs\": \"$OWN\", \"networks\": [{\"type\": \"host\"}],
	\"mounts\": [$BINDS]}"
mknod -m 0666 /dev/fuse c 10 229
mkdir -m 1777 /run/screen
sshd_start 22 -o "Subsystem=sftp /usr/lib/openssh/sftp-server"
sshd_start "$FORCED" -o "ForceCommand=borg serve --restrict-to-path ~"
t "alice, bob and carol are where the table says" places
while IFS='|' read -r name pattern label _; do
	t "$label" tool "$name" "$pattern"
done < <(rows)
t "CONFORMANCE.md says what is true of programs" same_document
[ -z "${NSC_CONFORMANCE_OUT-}" ] || sed 's/^/#tools:/' "$TOP/document"
