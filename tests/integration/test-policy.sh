#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which users are contained, and the results of a wrong configuration.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

pam_enable su
[ -z "$PLAIN" ] || rm -f /etc/nscontainer

# Each test begins without configuration and container.
fresh() {
	need_product
	clean_slate
	rm -rf "${CONF:?}/users" "$CONF/groups" "$CONF/default"
	mkdir -p "$CONF"
	conf 'linger = 30;' "$@"
	syslog_mark
}

user() {
	timeout 20 su "$1" -s /bin/sh -c "$NS_COMMAND" > "$OUT/ns" \
		2> "$OUT/error"
}

is_inside() {
	user "$1" || fail "su $1 fails" "$(cat "$OUT/error")"
	landed_inside "$OUT/ns" "$1"
}

is_on_host() {
	user "$1" || fail "su $1 fails" "$(cat "$OUT/error")"
	landed_on_host "$OUT/ns"
}

# The user gets a sentence without paths, the administrator the cause.
is_refused() {
	local name=$1 part

	shift
	user "$name" && fail "the login of $name was not refused"
	empty "$name's namespaces" "$(cat "$OUT/ns")"
	contains "what the user sees" "this login is refused" \
		"$(cat "$OUT/error")"
	lacks "what the user sees" "/etc/" "$(cat "$OUT/error")"
	logged "pam_container.*user $name: login refused"
	for part; do
		logged "login refused.*$part"
	done
}

no_configuration() {
	fresh
	is_on_host alice
}

no_directory() {
	fresh
	rm -rf "$CONF"
	is_on_host alice
}

root_exempt() {
	fresh
	mkdir -p "$CONF/default"
	echo '{"rootfs": "/"}' > "$CONF/default/container.json"
	is_on_host root
	is_inside alice
}

exempt_user() {
	fresh 'exempt_users = ["alice"];'
	config alice '{"rootfs": "/"}'
	config bob '{"rootfs": "/"}'
	is_on_host alice
	is_inside bob
}

exempt_group() {
	fresh 'exempt_groups = ["staff"];'
	usermod -aG staff alice
	config alice '{"rootfs": "/"}'
	config bob '{"rootfs": "/"}'
	is_on_host alice
	is_inside bob
	gpasswd -d alice staff
	is_inside alice
}

exempt_service() {
	fresh 'exempt_services = ["su"];'
	config alice '{"rootfs": "/"}'
	is_on_host alice
}

group_file() {
	fresh
	mkdir -p "$CONF/groups/games"
	echo '{"rootfs": "/", "hostname": "of-games"}' \
		> "$CONF/groups/games/container.json"
	is_on_host alice
	usermod -aG games alice
	is_inside alice
	equal "hostname" of-games "$(su alice -c hostname)"
	gpasswd -d alice games
}

default_file() {
	fresh
	mkdir -p "$CONF/default"
	echo '{"rootfs": "/", "hostname": "of-default"}' \
		> "$CONF/default/container.json"
	is_inside alice
	equal "hostname" of-default "$(su alice -c hostname)"
}

order() {
	fresh
	mkdir -p "$CONF/default" "$CONF/groups/alice"
	echo '{"rootfs": "/", "hostname": "of-default"}' \
		> "$CONF/default/container.json"
	echo '{"rootfs": "/", "hostname": "of-group"}' \
		> "$CONF/groups/alice/container.json"
	equal "group before default" of-group "$(su alice -c hostname)"
	clean_slate
	config alice '{"rootfs": "/", "hostname": "of-user"}'
	equal "user before group" of-user "$(su alice -c hostname)"
}

# refused_json JSON PART... : the message has the file and each PART.
refused_json() {
	local json=$1

	shift
	fresh
	config alice "$json"
	is_refused alice "users/alice/container.json" "$@"
	no_container alice || fail "something was left" "$(ls "$RUN/alice/")"
}

no_rootfs() {
	fresh
	config alice '{"rootfs": "/srv/nothing"}'
	is_refused alice "rootfs '/srv/nothing'.*No such file"
	no_container alice || fail "something was left" "$(ls "$RUN/alice/")"
}

untrusted_file() {
	fresh
	config alice '{"rootfs": "/"}'
	chmod 0666 "$CONF/users/alice/container.json"
	is_refused alice container.json
	chmod 0644 "$CONF/users/alice/container.json"
	chown alice "$CONF/users/alice/container.json"
	is_refused alice container.json
}

untrusted_directory() {
	fresh
	config alice '{"rootfs": "/"}'
	chmod 0777 "$CONF/users/alice"
	is_refused alice users/alice
	chmod 0755 "$CONF/users/alice"
	chmod 0777 "$CONF"
	is_refused alice nscontainer
	chmod 0755 "$CONF"
	is_inside alice
}

broken_conf() {
	fresh
	config alice '{"rootfs": "/"}'
	conf 'stop = "sometimes";'
	is_refused alice nscontainer.conf stop
	conf 'sotp = "empty";'
	is_refused alice nscontainer.conf sotp
	conf 'stop = '
	is_refused alice nscontainer.conf
	conf 'linger = 30;'
	chmod 0666 "$CONF/nscontainer.conf"
	is_refused alice nscontainer.conf
	chmod 0644 "$CONF/nscontainer.conf"
}

on_error_host() {
	fresh 'on_error = "host";'
	config alice '{"rotfs": "/"}'
	is_on_host alice
	logged 'user alice: login goes on outside'
}

unknown_argument() {
	fresh
	config alice '{"rootfs": "/"}'
	cp /etc/pam.d/su "$OUT/su"
	sed -i 's/pam_container.so.*/pam_container.so sandbox=yes/' /etc/pam.d/su
	user alice && status=0 || status=1
	cp "$OUT/su" /etc/pam.d/su
	equal "status" 1 "$status"
	logged "pam_container.*module argument 'sandbox=yes': unknown"
}

other_conf() {
	fresh
	config alice '{"rootfs": "/"}'
	cp /etc/pam.d/su "$OUT/su"
	mkdir -p /etc/other
	echo 'exempt_users = ["alice"];' > /etc/other/nscontainer.conf
	sed -i 's,pam_container.so.*,pam_container.so conf=/etc/other/nscontainer.conf,' \
		/etc/pam.d/su
	user alice
	cp "$OUT/su" /etc/pam.d/su
	landed_on_host "$OUT/ns"
}

placement_start() {
	fresh 'stop = "never";'
	config alice '{"rootfs": "/"}'
	cp /etc/pam.d/su "$OUT/su"
	sed -i 's/pam_container.so.*/pam_container.so placement=start/' \
		/etc/pam.d/su
	user alice
	cp "$OUT/su" /etc/pam.d/su
	landed_on_host "$OUT/ns"
	equal "containers" 1 "$(count_inits)"
}

locked_out() {
	fresh
	config alice '{"rootfs": "/"}'
	rm "$CONF/users/alice/container.json"
	ln -s /home/alice/container.json "$CONF/users/alice/container.json"
	echo '{"rootfs": "/"}' > /home/alice/container.json
	chown alice /home/alice/container.json
	is_refused alice container.json
}

t "a user without container.json logs in on the host" no_configuration
t "without /etc/nscontainer everybody logs in on the host" no_directory
t "root is exempt" root_exempt
t "an exempt user logs in on the host" exempt_user
t "a member of an exempt group logs in on the host" exempt_group
t "an exempt service logs in on the host" exempt_service
t "a group's container.json is for its members" group_file
t "default/container.json is for everybody else" default_file
t "the user's file comes before the group's, that before the default" order
t "C4 broken JSON refuses the login and the log names the file" \
	refused_json '{"rootfs": "/",'
t "C5 an unknown key refuses the login and the log names it" \
	refused_json '{"rootfs": "/", "rotfs": 1}' rotfs
t "C4 a duplicate key refuses the login" \
	refused_json '{"rootfs": "/", "rootfs": "/"}' rootfs
t "a wrong type refuses the login and the log names the key" \
	refused_json '{"rootfs": "/", "hostname": 5}' hostname
t "a key of a hook that does not exist refuses the login" \
	refused_json '{"rootfs": "/", "hooks": {"before": []}}' hooks.before \
	"unknown key"
t "an unknown capability refuses the login" \
	refused_json '{"rootfs": "/", "capabilities": ["CAP_FLY"]}' CAP_FLY
t "a rootfs that does not exist refuses the login" no_rootfs
t "C1 a container.json that others may write refuses the login" untrusted_file
t "C1 a directory that others may write refuses the login" untrusted_directory
t "C1 a container.json that is a link to a user's file refuses the login" \
	locked_out
t "a broken nscontainer.conf refuses the login and names the key" broken_conf
t "on_error = host lets a login go on outside" on_error_host
t "an unknown module argument refuses the login" unknown_argument
t "conf=PATH names another nscontainer.conf" other_conf
t "placement=start starts the container and stays outside" placement_start
