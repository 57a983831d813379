#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Ansible role in contrib/ansible, against this world.
# shellcheck disable=SC2317 # functions run by t
. "$(dirname "$0")/lib.sh"

[ -z "$PLAIN" ] || { echo "skip ansible # product is not installed"; exit 0; }
command -v ansible-playbook > /dev/null ||
	{ echo "skip ansible # ansible-playbook is missing"; exit 0; }
ROLES=$TESTS/ansible/roles

# play VARS [OPTION...]: run the role with variables in YAML.
play() {
	local vars=$1

	shift
	cat > "$OUT/play.yml" <<-END
		- hosts: localhost
		  connection: local
		  gather_facts: false
		  roles: [nscontainer]
		  vars:
		    ansible_python_interpreter: /usr/bin/python3
	END
	echo "$vars" >> "$OUT/play.yml"
	# The log of ansible is not in the C locale.
	LC_ALL=C.UTF-8 ANSIBLE_HOME=$OUT/home ANSIBLE_ROLES_PATH=$ROLES \
		ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 \
		ANSIBLE_PIPELINING=1 ANSIBLE_REMOTE_TMP=$OUT/tmp timeout 200 ansible-playbook \
		-i localhost, "$@" "$OUT/play.yml" > "$OUT/played" 2>&1
}

# changed N: the number of changes that the last run told.
changed() {
	equal "changes" "$1" "$(sed -n 's/.*changed=\([0-9]*\).*/\1/p' \
		"$OUT/played")" || cat "$OUT/played"
}

# All that the role may change.
everything() {
	( cd / && find etc/nscontainer etc/pam.d run/nscontainer-check.* etc/nsc-test \
		var/cache/nscontainer -type f -exec sha256sum {} + \
		2> /dev/null | sort )
}

# A package that is installed from a file.
PACKAGE=/srv/nsc-test_1.0_all.deb
mkdir -p /srv/deb/DEBIAN /srv/deb/etc
echo there > /srv/deb/etc/nsc-test
printf '%s\n' 'Package: nsc-test' 'Version: 1.0' 'Architecture: all' \
	'Maintainer: nobody <nobody@localhost>' 'Description: a test' \
	> /srv/deb/DEBIAN/control
dpkg-deb -Zgzip -b /srv/deb "$PACKAGE" > /dev/null

VARS="    nscontainer_packages: [$PACKAGE]
"'    nscontainer_conf: |
      linger = 3;
    nscontainer_containers:
      users/alice: { rootfs: /, hostname: from-ansible }
    nscontainer_check_users: [alice]
    nscontainer_services: [su]
    nscontainer_enable: true'

no_change_in_check() {
	everything > "$OUT/before"
	play "$VARS" --check || fail "it fails" "$(cat "$OUT/played")"
	everything > "$OUT/after"
	cmp "$OUT/before" "$OUT/after" || fail "it changes"
	grep -q 'changed=[1-9]' "$OUT/played" || fail "it tells no change"
}

configures() {
	play "$VARS" || fail "it fails" "$(cat "$OUT/played")"
	equal "installed" there "$(cat /etc/nsc-test)"
	equal "inside" from-ansible "$(su alice -c hostname)"
	contains "nscontainer.conf" "linger = 3;" \
		"$(cat /etc/nscontainer/nscontainer.conf)"
	equal "owner" "root root 644" \
		"$(stat -c '%U %G %a' /etc/nscontainer/users/alice/container.json)"
	contains "PAM" pam_container "$(cat /etc/pam.d/su)"
	everything > "$OUT/before"
	play "$VARS" || fail "again" "$(cat "$OUT/played")"
	changed 0
	everything > "$OUT/after"
	cmp "$OUT/before" "$OUT/after" || fail "a second run changes"
	equal "left in /run" "" "$(compgen -G '/run/nscontainer-check.*')"
}

# What is wrong never gets to where logins read.
refuses() {
	everything > "$OUT/before"
	play "${VARS/rootfs: \//rootfs: \/nowhere}" && fail "it succeeds"
	contains "the reason" "/nowhere" "$(cat "$OUT/played")"
	play "${VARS/rootfs: \//rootfs: \/nowhere}" --check && fail "--check"
	play "${VARS/users\/alice/..\/..\/alice}" && fail "it goes elsewhere"
	everything > "$OUT/after"
	cmp "$OUT/before" "$OUT/after" || fail "it changes"
	equal "inside" from-ansible "$(su alice -c hostname)"
	equal "left in /run" "" "$(compgen -G '/run/nscontainer-check.*')"
}

removes() {
	play '    nscontainer_remove: [users/alice]
    nscontainer_enable: false' || fail "it fails" "$(cat "$OUT/played")"
	[ ! -e /etc/nscontainer/users/alice ] || fail "it is there"
	lacks "PAM" pam_container "$(cat /etc/pam.d/su)"
}

t "ansible: --check tells changes and makes none" no_change_in_check
t "ansible: packages and configuration are there, and switched on" configures
t "ansible: a configuration that would be refused changes nothing" refuses
t "ansible: a container is removed, and services are switched off" removes
