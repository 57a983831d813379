#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libnscontainer as installed, for a program of another project.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

EXAMPLE=/usr/share/doc/nscontainer/inside.c
BOX=/srv/box
HERE=/root/library

# build NAME SOURCE: with the flags of pkg-config, and all warnings as errors.
build() {
	need_product
	command -v cc > /dev/null || skip "cc is missing"
	mkdir -p "$HERE"
	# shellcheck disable=SC2046 # words are meant to be split
	cc -std=c11 -Wall -Wextra -Werror -o "$HERE/$1" "$2" \
		$(pkg-config --cflags --libs nscontainer) || fail "build $1"
}

box_gone() {
	[ ! -e "$BOX/pid" ] && [ "$(count_inits)" -eq 0 ] &&
		[ -z "$(monitors)" ]
}

fresh() {
	need_product
	clean_slate
	wait_until 3 box_gone || fail "a container is left"
	mkdir -p "$BOX"
	echo '{"rootfs": "/", "hostname": "box"}' > "$BOX/container.json"
}

example() {
	build inside "$EXAMPLE"
	fresh
	config alice '{"rootfs": "/"}'
	nsinit start alice || fail "start"
	timeout 20 "$HERE/inside" "$BOX" sh -c 'hostname; exit 7' \
		> "$OUT/text" || fail "status $?"
	contains "list" "alice runs for 0 minutes" "$(cat "$OUT/text")"
	contains "list" "with 0 sessions" "$(cat "$OUT/text")"
	contains "check" '"rootfs": "/"' "$(cat "$OUT/text")"
	equal "inside" "box status 7" "$(tail -n 2 "$OUT/text" | xargs)"
	wait_until 3 [ ! -e "$BOX/pid" ] || fail "it goes on"
	nsinit stop --timeout 0 alice
	rm "$BOX/container.json"
	status_is 1 "$HERE/inside" "$BOX" true
	contains "error" "container.json" "$(cat "$OUT/stderr")"
}

# Calls every function, and compares the output.
whole_program() {
	cat > "$OUT/whole.c" <<-'END'
	#include <errno.h>
	#include <fcntl.h>
	#include <nscontainer.h>
	#include <signal.h>
	#include <stdio.h>
	#include <string.h>
	#include <sys/stat.h>
	#include <sys/wait.h>
	#include <unistd.h>

	static struct nscontainer_error err;

	static void say(const char *what, int ret)
	{
		printf("%s: %s%s%s\n", what, ret ? strerrorname(-ret) : "ok",
		       ret ? ": " : "", err.text);
		fflush(stdout);
	}
	END
	sed -i 's/strerrorname(/strerrorname_np(/' "$OUT/whole.c"
	cat >> "$OUT/whole.c" <<-'END'
	static void on_child(int n)
	{
		(void)!write(1, "SIGCHLD\n", n ? 8 : 0);
	}

	int main(void)
	{
		char *const fds[] = { "sh", "-c", "ls /proc/self/fd | xargs;"
				      "umask; trap", NULL };
		char *const none[] = { "no-such-command", NULL };
		char *const tty[] = { "tty", NULL };
		struct nscontainer_record *r = NULL;
		struct nscontainer *alice, *box;
		int status = -1;

		setvbuf(stdout, NULL, _IOLBF, 0);
		signal(SIGCHLD, on_child);
		umask(077);
		open("/etc/shadow", O_RDONLY);
		say("open", nscontainer_open_user("../x", NULL, &alice, &err));
		say("open", nscontainer_open_user("alice", "x", &alice, &err));
		say("open", nscontainer_open_user("alice", NULL, &alice,
						  &err));
		say("open", nscontainer_open_directory("/srv/box", &box,
						       NULL));
		say("find", nscontainer_find(alice, &r, &err));
		say("stop", nscontainer_stop(alice, 0, &err));
		say("exec", nscontainer_exec(alice, tty, NULL, 0, &status,
					     &err));
		say("start", nscontainer_start(alice, 8, &err));
		say("start", nscontainer_start(box, 0, &err));
		say("start", nscontainer_start(alice, 0, &err));
		say("start", nscontainer_start(alice, 0, &err));
		say("find", nscontainer_find(alice, &r, &err));
		printf("user %s\n", nscontainer_record_text(r, "user"));
		printf("no key %d\n", !nscontainer_record_text(r, "x"));
		nscontainer_record_free(r);
		say("exec", nscontainer_exec(alice, fds, NULL,
					     NSCONTAINER_EXEC_NO_TTY, &status,
					     &err));
		say("exec", nscontainer_exec(alice, none, NULL, 0, &status,
					     &err));
		say("exec", nscontainer_exec(alice, tty, NULL,
					     NSCONTAINER_EXEC_TTY, &status, &err));
		say("exec", nscontainer_exec(alice, tty, NULL,
					     NSCONTAINER_EXEC_TTY | 2, &status,
					     &err));
		say("stop", nscontainer_stop(alice, 0, &err));
		say("list", nscontainer_list(&r, &err));
		printf("list %d\n", r != NULL);
		printf("children %d\n", waitpid(-1, NULL, __WALL));
		printf("euid %d umask %o\n", geteuid(), umask(0));
		nscontainer_close(alice);
		nscontainer_close(box);
		nscontainer_close(NULL);
		nscontainer_record_free(NULL);
		return 0;
	}
	END
	sed -i '1i #define _GNU_SOURCE' "$OUT/whole.c"
	build whole "$OUT/whole.c"
	fresh
	config alice '{"rootfs": "/"}'
	timeout 60 "$HERE/whole" < /dev/null > "$OUT/text" ||
		fail "status $?" "$(cat "$OUT/text")"
	cat > "$OUT/expected" <<-'END'
	open: EINVAL: user name '../x': expected up to 192 bytes of UTF-8, without control characters, '/', ':', ',' and '"', and not with '-', '.' or a blank at the beginning or a blank at the end
	open: EINVAL: 'x': expected an absolute path
	open: ok
	open: ok
	find: ESRCH: alice: no container is running
	stop: ESRCH: alice: no container is running
	exec: ESRCH: alice: no container is running
	start: EINVAL: start: unknown flags
	start: EINVAL: start: '/srv/box' is a directory: its container runs with a command
	start: ok
	start: EEXIST: the container of 'alice' runs already
	find: ok
	user alice
	no key 1
	0 1 2 3
	0022
	exec: ok
	exec: ENOENT: run 'no-such-command' in the container: No such file or directory
	/dev/pts/0
	exec: ok
	exec: EINVAL: exec: no command, or wrong flags
	stop: ok
	list: ok
	list 0
	children -1
	euid 0 umask 77
	END
	tr -d '\r' < "$OUT/text" |
		sed 's/\(no container is running\): it has no pid file/\1/' |
		diff "$OUT/expected" - ||
		fail "its output is another"
}

threads() {
	cat > "$OUT/threads.c" <<-'END'
	#define _GNU_SOURCE
	#include <nscontainer.h>
	#include <pthread.h>
	#include <stdio.h>
	#include <unistd.h>

	static void *list(void *arg)
	{
		struct nscontainer_record *r;

		for (int i = 0; i < 50; i++) {
			if (nscontainer_list(&r, NULL) < 0 || !r)
				*(int *)arg = 1;
			nscontainer_record_free(r);
		}
		return NULL;
	}

	int main(void)
	{
		struct nscontainer_error err;
		struct nscontainer *c;
		pthread_t t[4];
		int bad = 0;

		for (int i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, list, &bad);
		if (nscontainer_open_user("bob", NULL, &c, &err) < 0 ||
		    nscontainer_start(c, 0, &err) >= 0)
			bad = 2;
		puts(err.text);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		return bad;
	}
	END
	build threads "$OUT/threads.c"
	fresh
	config alice '{"rootfs": "/"}'
	nsinit start alice || fail "start"
	status_is 0 "$HERE/threads"
	contains "start" "only a single-threaded one" "$(cat "$OUT/stdout")"
	nsinit stop --timeout 0 alice
}

# A directory's container ends with its caller, however the caller ends.
dies_with_the_caller() {
	build inside "$EXAMPLE"
	fresh
	timeout --foreground 30 "$HERE/inside" "$BOX" sh -c \
		'echo ready; sleep 654' > "$OUT/text" &
	wait_until 10 grep -qs ready "$OUT/text" || fail "it does not start"
	pkill -KILL -o -x inside
	wait_until 3 box_gone || fail "it goes on"
	empty "processes" "$(pgrep -f 'sleep 65[4]')"
}

told() {
	nsinit ps --json | grep -q "$1"
}

# A directory may have any name.
odd_path() {
	local dir=$'/srv/b\xff'

	fresh
	mkdir -p "$dir"
	echo '{"rootfs": "/"}' > "$dir/container.json"
	status_is 0 nsinit check --root "$dir"
	contains "check" 'config: /srv/b\xff/container.json' \
		"$(cat "$OUT/stdout")"
	timeout 20 nsinit exec --root "$dir" sleep 2 &
	wait_until 10 [ -e "$dir/pid" ] || fail "it does not start"
	wait_until 5 told 'config": "/srv/b\\\\xff/container.json"' ||
		fail "ps" "$(nsinit ps --json)"
	wait
}

t "the example builds with pkg-config and runs" example
t "each function, from a program with settings of its own" whole_program
t "threads: listing may, starting may not" threads
t "a path of any bytes is told" odd_path
t "a command ends with who asked for it" dies_with_the_caller
