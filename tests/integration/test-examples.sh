#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nsinit check accepts every example of the documents.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

DOCUMENTS=/usr/share/doc/nscontainer
MAN=/usr/share/man/man5/container.json.5
SHIPPED=$CONF/nscontainer.conf

# examples : writes each example into a separate file; the man page marks them.
examples() {
	mkdir -p "$OUT/examples"
	awk -v out="$OUT/examples/readme-" '/^ *```json$/ { n++; on = 1; next }
		/^ *```$/ { on = 0 } on { print > (out n) }' "$DOCUMENTS/README.md"
	awk -v out="$OUT/examples/man-" '/^\.\\" example/ { mark = 1; next }
		/^\.Bd/ && mark { n++; on = 1; mark = 0; next }
		/^\.Ed/ { on = 0 } on { gsub(/\\e/, "\\"); print > (out n) }' \
		"$MAN"
}

all_validate() {
	local file n=0

	need_product
	mkdir -p /srv/data
	make_busybox /srv/images/debian || fail "no busybox"
	make_busybox /srv/images/busybox || fail "no busybox"
	rm -f "$SHIPPED"
	ip link add br0 type bridge
	[ -x /usr/bin/podman ] ||
		install -m 0755 /bin/true /usr/bin/podman
	[ -e /usr/share/containers/seccomp.json ] || {
		mkdir -p /usr/share/containers
		echo '{"defaultAction": "SCMP_ACT_ALLOW"}' \
			> /usr/share/containers/seccomp.json
	}
	examples
	for file in "$OUT"/examples/*; do
		config alice "$(cat "$file")"
		# The directories that an example names exist.
		sed -n 's/.*"\(rootfs\|source\)": *"\(\/[^"%]*\)".*/\2/p' \
			"$file" | xargs -r mkdir -p
		nsinit check alice > "$OUT/check" 2>&1 ||
			fail "$file" "$(cat "$file")" "$(cat "$OUT/check")"
		n=$((n + 1))
	done
	[ $n -ge 3 ] || fail "only $n examples found"
}

# Each key of the shipped file is valid when uncommented: it is the default.
shipped_conf() {
	need_product
	cp "$TOP/stage$SHIPPED" "$OUT/shipped"
	sed '/^#cgroup_parents/,/^#)/s/^#//; s/^#\([a-z_]* = \)/\1/' \
		"$OUT/shipped" > "$SHIPPED"
	config alice '{"rootfs": "/"}'
	status_is 0 nsinit check alice
	[ "$(grep -c '^[a-z_]* = ' "$SHIPPED")" -ge 12 ] ||
		fail "not every key is in it"
	rm -f "$SHIPPED"
}

t "every example of README and container.json(5) validates" all_validate
t "nscontainer.conf as shipped shows valid defaults" shipped_conf
