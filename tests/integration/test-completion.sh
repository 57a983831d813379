#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real bash and zsh complete nsinit's commands, options, users and sessions.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable sshd
config alice '{"rootfs": "/"}'
sshd_start 22

need_shell() {
	need_product
	case $1 in
	bash) [ -e /usr/share/bash-completion/bash_completion ] ;;
	*) command -v "$1" > /dev/null ;;
	esac || skip "missing: completion of $1"
}

# becomes SHELL LINE WORD... : what LINE becomes with all completions; a word
# may be a pattern.
becomes() {
	local words i

	cd /srv || fail "cd"
	mapfile -t words < <("$TESTS/completion.py" "$1" "$2")
	[ "${#words[@]}" -eq $(($# - 2)) ] ||
		fail "$1: $2" "expected: ${*:3}" "got:      ${words[*]}"
	for ((i = 0; i < ${#words[@]}; i++)); do
		# shellcheck disable=SC2053 # a pattern
		[[ ${words[i]} == ${*:$((i + 3)):1} ]] ||
			fail "$1: $2" "expected: ${*:3}" "got:      ${words[*]}"
	done
}

commands() {
	need_shell "$1"
	becomes "$1" "nsinit st" nsinit 'sta*' 'st*' 'st*'
	becomes "$1" "nsinit kic" nsinit kick
	becomes "$1" "nsinit --json li" nsinit --json list
	becomes "$1" "nsinit help doc" nsinit help doctor
	# There is no such word: it stays.
	becomes "$1" "nsinit nosuch" nsinit nosuch
	equal "all commands" "$(nsinit --help |
		sed -n 's/^  \([a-z-]*\)  *[a-z].*/\1/p' | sort | paste -sd ' ')" \
		"$("$TESTS/completion.py" "$1" "nsinit " | tail -n +2 | sort |
			paste -sd ' ')"
}

options() {
	need_shell "$1"
	becomes "$1" "nsinit kick --ti" nsinit kick --timeout
	becomes "$1" "nsinit kick alice --ro" nsinit kick alice --root
	# It is not an option of this command, and not one after "--".
	becomes "$1" "nsinit kick --jso" nsinit kick --jso
	becomes "$1" "nsinit check -- --js" nsinit check -- --js
	becomes "$1" "nsinit try --service ssh" nsinit try --service sshd
	mkdir -p /srv/nscdir /srv/nscempty
	touch /srv/nscfile
	becomes "$1" "nsinit check --conf nscf" nsinit check --conf nscfile
	becomes "$1" "nsinit check --conf=nscf" nsinit check --conf=nscfile
	becomes "$1" "nsinit stop --root nscd" nsinit stop --root 'nscdir*'
	becomes "$1" "nsinit exec --root nscdir gunzi" \
		nsinit exec --root nscdir gunzip
	becomes "$1" "nsinit exec --root nscdir cat nscf" \
		nsinit exec --root nscdir cat nscfile
	becomes "$1" "nsinit enable ssh" nsinit enable sshd
	becomes "$1" "nsinit kill SIGCHL" nsinit kill SIGCHLD
}

users() {
	need_shell "$1"
	clean_slate
	becomes "$1" "nsinit start ali" nsinit start alice
	becomes "$1" "nsinit check --json car" nsinit check --json carol
	becomes "$1" "nsinit doctor bob car" nsinit doctor bob carol
	becomes "$1" "nsinit list bob ali" nsinit list bob ali
	# Only who has a container can be stopped.
	becomes "$1" "nsinit stop ali" nsinit stop ali
	hold alice
	becomes "$1" "nsinit stop ali" nsinit stop alice
	becomes "$1" "nsinit stop bo" nsinit stop bo
	becomes "$1" "nsinit exec ali" nsinit exec alice
	becomes "$1" "nsinit exec alice gunzi" nsinit exec alice gunzip
	session=$(sessions_of alice)
	becomes "$1" "nsinit kick alice ${session%?}" nsinit kick alice \
		"$session"
	release
}

# A directory service may have any name.
hostile_name() {
	need_shell "$1"
	echo 'zed;touch${IFS}run:x:20999:20999::/:/bin/sh' >> /etc/passwd
	becomes "$1" "nsinit start ze" nsinit start 'zed;touch${IFS}run'
	sed -i '/^zed;/d' /etc/passwd
	[ ! -e /srv/run ] || fail "it ran"
}

# sudo completes as the user, who sees no containers but all users.
without_root() {
	need_product
	equal "output" :USER "$(setpriv --reuid=bob --regid=bob --clear-groups \
		nsinit --complete stop al)"
	equal "sessions" '' "$(setpriv --reuid=bob --regid=bob --clear-groups \
		nsinit --complete kick alice '' 2>&1)"
}

for shell in bash zsh; do
	t "$shell completes commands" commands $shell
	t "$shell completes options, and their values" options $shell
	t "$shell completes users and sessions" users $shell
done
t "E9 bash runs nothing of a name that it completes" hostile_name bash
t "E9 zsh runs nothing of a name that it completes" hostile_name zsh
t "whoever is not root is offered users" without_root
