#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the suites of other engines check, and no other file here does: see
# docs/peers-tests.md.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
conf 'linger = 0; stop = "logout";'

# fresh MORE : alice's container has the host's system, and MORE.
fresh() {
	need_product
	clean_slate
	config alice "{\"rootfs\": \"/\"${1:+, $1}}"
}

inside() {
	timeout 20 su - alice -s /bin/sh -c "$INSIDE || exit 99; $1"
}

ex() {
	timeout 30 nsinit exec "$@"
}

refused() {
	syslog_mark
	inside true > "$OUT/text" 2>&1 && fail "the login is not refused: $1"
	logged "$1"
}

# started MORE : and it runs.
started() {
	fresh "$@"
	status_is 0 nsinit start alice
}

no_program() {
	started
	status_is 126 ex alice /etc/passwd
	contains "a file" "/etc/passwd" "$(cat "$OUT/stderr")"
	status_is 126 ex alice /tmp
	contains "a directory" "/tmp" "$(cat "$OUT/stderr")"
	printf '#!/no/such/interpreter\n' > /srv/script
	chmod 0755 /srv/script
	status_is 127 ex alice /srv/script
	contains "no interpreter" "/srv/script" "$(cat "$OUT/stderr")"
}

odd_environment() {
	started '"environment": ["EMPTY=", "SAME=a=b"]'
	equal "no value" "0 set" "$(inside 'echo ${#EMPTY} ${EMPTY+set}')"
	equal "=" "a=b" "$(inside 'echo $SAME')"
	equal "HOME" 1 "$(inside 'env | grep -c ^HOME=')"
	equal "HOME by exec" 1 "$(ex alice sh -c 'env | grep -c ^HOME=')"
	equal "exec's own" "here 1" "$(ex -e SAME=here alice sh -c \
		'echo $SAME $(env | grep -c ^SAME=)')"
}

parents() {
	started
	equal "of PID 1" 0 "$(inside 'sed -n "s/^PPid:\t//p" /proc/1/status')"
	equal "of a command" 0 "$(ex alice sh -c \
		'sed -n "s/^PPid:\t//p" /proc/$$/status')"
	equal "its group" same "$(ex alice sh -c \
		'[ "$(ps -o pgid= -p $$ | tr -d " ")" = $$ ] && echo same')"
}

masked_again() {
	fresh '"masked_paths": ["/usr/share/doc", "/usr/share/doc",
			"/proc/cpuinfo", "/proc/cpuinfo", "/no/such"],
		"readonly_paths": ["/tmp", "/tmp", "/no/such"]'
	status_is 0 inside '[ -z "$(ls -A /usr/share/doc)" ] &&
		[ ! -s /proc/cpuinfo ] && ! touch /tmp/x &&
		! touch /usr/share/doc/x'
	equal "links of an empty directory" 2 \
		"$(inside 'stat -c %h /usr/share/doc')"
	fresh '"readonly_fs": true, "masked_paths": ["/usr/share/doc"]'
	status_is 0 inside '[ -z "$(ls -A /usr/share/doc)" ]'
}

slashes() {
	mkdir -p /srv/data /srv/point/deep
	echo data > /srv/data/file
	fresh '"mounts": [{"type": "bind", "source": "/srv//data/",
		"destination": "//srv/point//deep/"}]'
	equal "the file" data "$(inside 'cat /srv/point/deep/file')"
	equal "one mount" 1 "$(inside \
		'grep -c " /srv/point/deep " /proc/self/mountinfo')"
}

tmpfs_modes() {
	fresh '"mounts": [
		{"type": "tmpfs", "destination": "/srv/told", "mode": "0710"},
		{"type": "tmpfs", "destination": "/srv/sticky", "mode": "1777"}]'
	mkdir -p /srv/told /srv/sticky
	equal "modes" "710 1777" \
		"$(inside 'stat -c %a /srv/told /srv/sticky' | xargs)"
	status_is 0 inside 'touch /srv/sticky/x && ! touch /srv/told/x'
}

owner_of() {
	stat -Lc '%u:%g %a' "$@" | xargs
}

outputs_stay() {
	local before

	started
	touch "$OUT/one" "$OUT/two"
	before=$(owner_of /dev/null "$OUT/one" "$OUT/two")
	inside 'echo out; echo err >&2' > "$OUT/one" 2> "$OUT/two" < /dev/null
	ex alice sh -c 'echo out; echo err >&2' >> "$OUT/one" 2>> "$OUT/two" \
		< /dev/null
	equal "the output" "out out" "$(xargs < "$OUT/one")"
	equal "owners" "$before" "$(owner_of /dev/null "$OUT/one" "$OUT/two")"
}

nodes_again() {
	fresh '"device_nodes": [
		{"type": "c", "major_number": 1, "minor_number": 3,
			"path": "/dev/null"},
		{"type": "c", "major_number": 5, "minor_number": 0,
			"path": "/dev/tty"}]'
	status_is 0 inside 'echo x > /dev/null &&
		[ "$(stat -c %t:%T /dev/null /dev/tty | xargs)" = "1:3 5:0" ] &&
		[ -c /dev/ptmx ] && [ ! -e /dev/zero ]'
}

no_way_in() {
	started
	mkdir -p /srv/closed
	chmod 0700 /srv/closed
	status_is 126 ex alice -w /srv/closed pwd
	contains "the directory" "/srv/closed" "$(cat "$OUT/stderr")"
}

contradictions() {
	local text expected

	while IFS='|' read -r expected text; do
		fresh "$text"
		refused "$expected"
	done <<-'END'
	soft|"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 2000, "hard": 1000}]
	oom_score_adj|"oom_score_adj": 1001
	hostname|"hostname": "-a"
	END
}

t "a file that is no program ends with 126, and is named" no_program
t "variables may be empty and have =, and are there once" \
	odd_environment
t "PID 1 has no parent, and a command leads its group" parents
t "paths are masked twice, and in a read-only rootfs" masked_again
t "doubled slashes are the same place" slashes
t "a tmpfs has the mode that it is told" tmpfs_modes
t "an output keeps its owner" outputs_stay
t "devices that every container has may be listed" nodes_again
t "a directory that its user may not enter is refused" no_way_in
t "values that contradict each other refuse the login" contradictions
