#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The caller of nsshell chooses its whole environment.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

HOSTILE=/usr/local/bin/hostile
AS_ALICE=(setpriv --reuid=alice --regid=alice --init-groups)
[ -n "$PLAIN" ] || install -m 0755 "$TESTS/hostile" "$HOSTILE"
config alice '{"rootfs": "/"}'
[ -n "$PLAIN" ] || timeout 20 nsinit start alice

# A library that reports when it is loaded.
EVIL=/home/alice/evil
mkdir -p "$EVIL"
cat > "$EVIL/evil.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void evil(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/evil.%d", (int)geteuid());
	close(open(name, O_CREAT | O_WRONLY, 0666));
}
END
cc -shared -fPIC -o "$EVIL/evil.so" "$EVIL/evil.c" 2> /dev/null
chown -R alice:alice "$EVIL"

nsshell_as() {
	timeout 20 "${AS_ALICE[@]}" "$@"
}

# works KIND : nsshell lands inside, and the status comes back.
works() {
	# Through a pipe, because a file-size limit applies to files.
	nsshell_as "$HOSTILE" "$1" /usr/bin/nsshell -c \
		"$NS_COMMAND; exit 7" | cat > "$OUT/stdout"
	equal "status" 7 "${PIPESTATUS[0]}"
	landed_inside "$OUT/stdout" alice
}

# The same for environments without visible output.
works_unseen() {
	rm -f /home/alice/ns
	status_is 7 nsshell_as "$HOSTILE" "$1" /usr/bin/nsshell -c \
		"{ $NS_COMMAND; } > ~/ns 2> /dev/null < /dev/null; exit 7"
	landed_inside /home/alice/ns alice
}

# Works, or is refused with a sentence: never lands outside or crashes.
refused_or_works() {
	nsshell_as "$HOSTILE" "$1" /usr/bin/nsshell -c "$NS_COMMAND; exit 7" \
		> "$OUT/stdout" 2> "$OUT/stderr"
	status=$?
	case $status in
	7) landed_inside "$OUT/stdout" alice ;;
	126) echo "# refused: $(cat "$OUT/stderr")"
	     empty "output" "$(cat "$OUT/stdout")" ;;
	*) fail "status $status" "$(cat "$OUT/stdout" "$OUT/stderr")" ;;
	esac
}

variable() {
	status_is 7 nsshell_as env "$@" /usr/bin/nsshell -c \
		"$NS_COMMAND; exit 7"
	landed_inside "$OUT/stdout" alice
	status_is 0 nsshell_as env "$@" /usr/bin/nsshell -c env
	for entry; do
		lacks "environment inside" "${entry%%=*}=" \
			"$(cat "$OUT/stdout")"
	done
}

preload() {
	need_product
	[ -e "$EVIL/evil.so" ] || skip "cc is missing"
	status_is 0 "$@" env LD_PRELOAD="$EVIL/evil.so" \
		/usr/bin/nsshell -c 'ls /tmp; env'
	lacks "inside" LD_PRELOAD "$(cat "$OUT/stdout")"
	lacks "inside" evil. "$(cat "$OUT/stdout")"
	empty "where it was loaded" "$(ls /tmp/evil.* 2> /dev/null)"
	# Otherwise the test proves nothing.
	"$@" env LD_PRELOAD="$EVIL/evil.so" true
	rm /tmp/evil.* || fail "the library is not loaded by others"
}

# A signal that the caller ignored or blocked has its default inside.
signals_default() {
	status_is 0 nsshell_as "$HOSTILE" "$1" /usr/bin/nsshell -c \
		'grep "^Sig\(Blk\|Ign\)" /proc/self/status'
	contains "ignored inside" "SigIgn:	0000000000000000" \
		"$(cat "$OUT/stdout")"
	contains "blocked inside" "SigBlk:	0000000000000000" \
		"$(cat "$OUT/stdout")"
}

descriptors() {
	status_is 0 nsshell_as "$HOSTILE" more-descriptors /usr/bin/nsshell -c \
		'ls /proc/$$/fd > ~/fds; sort -n ~/fds | xargs'
	equal "descriptors inside" "0 1 2" "$(cat "$OUT/stdout")"
}

odd_environment() {
	works odd-environment
	status_is 0 nsshell_as "$HOSTILE" odd-environment /usr/bin/nsshell -c \
		'echo "$HOME,$USER,$LOGNAME,$SHELL"'
	equal "identity" "/home/alice,alice,alice,/bin/bash" \
		"$(cat "$OUT/stdout")"
}

no_arguments() {
	status_is 0 nsshell_as "$HOSTILE" no-arguments /usr/bin/nsshell \
		< /dev/null
}

cannot_write() {
	local before

	need_product
	before=$(cat "$RUN/alice/current/state")
	status_is 1 nsshell_as sh -c 'echo 1 > /run/nscontainer/alice/pid ||
		exit 1'
	equal "state" "$before" "$(cat "$RUN/alice/current/state")"
}

full_pipe() {
	nsshell_as sh -c '/usr/bin/nsshell -c "yes | head -c 1000000" | head -c 10
		true' > "$OUT/text"
	equal "output" 10 "$(wc -c < "$OUT/text")"
}

[ -z "$PLAIN" ] ||
	t() { echo "skip $1 # product is not installed (--plain)"; }

t "E2 LD_PRELOAD is not loaded into nsshell, and does not reach the inside" \
	preload nsshell_as
t "E2 nor where the caller has a group that is new" \
	preload timeout 20 setpriv --reuid=alice --regid=alice --groups=12345
t "E2 LD_LIBRARY_PATH does not reach the inside" \
	variable LD_LIBRARY_PATH="$EVIL" LD_AUDIT="$EVIL/none.so"
t "E2 GCONV_PATH and LOCPATH do not reach the inside" \
	variable GCONV_PATH="$EVIL" LOCPATH="$EVIL" NLSPATH="$EVIL/%N"
t "E2 BASH_ENV, ENV and SHELLOPTS do not reach the inside" \
	variable BASH_ENV="$EVIL/evil.c" ENV="$EVIL/evil.c" FUNCNEST=1
t "E2 IFS and PATH are not the caller's" status_is 0 nsshell_as env \
	IFS=/ PATH="$EVIL" /usr/bin/nsshell -c '[ "$PATH" != "/home/alice/evil" ]'
t "E2 odd entries of the environment do no harm" odd_environment
t "E3 closed descriptors 0, 1 and 2 do no harm" works_unseen no-stdio
t "E3 a closed descriptor 2 does no harm" works no-stderr
t "E4 more descriptors do not reach the inside" descriptors
t "E5 RLIMIT_NOFILE of 3 lets nothing out" refused_or_works three-descriptors
t "E5 RLIMIT_NOFILE of 6 lets nothing out" refused_or_works few-descriptors
t "E5 RLIMIT_FSIZE of 0 does no harm" works no-file-size
t "E5 RLIMIT_CORE without limit does no harm" works core
t "E5 RLIMIT_NPROC of 0 lets nothing out" refused_or_works no-processes
t "E5 a small stack lets nothing out" refused_or_works little-stack
t "E5 an ignored SIGCHLD does no harm" works no-children
t "E5 ignored signals do no harm" works all-ignored
t "E5 blocked signals do no harm" works all-blocked
t "E5 ignored signals are not ignored inside" signals_default all-ignored
t "E5 blocked signals are not blocked inside" signals_default all-blocked
t "E5 a umask of 0777 does no harm" works odd-umask
t "E5 a removed working directory does no harm" works no-directory
t "E5 a running alarm does no harm" works alarm
t "E1 an empty argument vector does no harm" no_arguments
t "the run directory is not the user's to write" cannot_write
t "a reader that goes away does no harm" full_pipe
