#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The packages of this version are upgraded and downgraded as a machine does it
# in the night, while sessions are open and people log in: none is refused, and
# none is lost.  Run in the guest, where /srv/packages has what
# tests/release/later made.  The product of the other files is replaced.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
# shellcheck disable=SC2029,SC2153 # a command is expanded here; from lib.sh
. "$(dirname "$0")/lib.sh"

COUNT=${NSC_VM_SESSIONS:-100}
LOAD_DOORS="ssh su nsshell"
SRC=/srv/packages
HOME_OF=/home/alice
SAID=$HOME_OF/said
# The first is su's: nsshell starts no container.
DOORS=(su ssh cron nsshell)
for ((i = 0; i < COUNT; i++)); do
	NAMES[i]=${DOORS[i % 4]}$i
done
export DEBIAN_FRONTEND=noninteractive

version_is() {
	local name

	for name in nscontainer libpam-container nsshell; do
		equal "version of $name" \
			"$(dpkg-deb -f "$SRC/$1/$name.deb" Version)" \
			"$(dpkg-query -W -f '${Version}' "$name")"
	done
}

# --- what a machine is upgraded with

# publish DIR: the repository has these packages.
publish() {
	local deb repo=/srv/repo sum

	rm -rf $repo
	mkdir $repo
	cp "$SRC/$1"/*.deb $repo
	for deb in "$repo"/*.deb; do
		sum=$(sha256sum "$deb")
		dpkg-deb -f "$deb"
		printf '%s\n' "Filename: ./${deb##*/}" \
			"Size: $(stat -c %s "$deb")" "SHA256: ${sum%% *}" ''
	done > $repo/Packages
	sum=$(sha256sum $repo/Packages)
	printf '%s\n' 'Origin: nscontainer' 'Suite: stable' 'Codename: night' \
		"Date: $(date -Ru)" 'SHA256:' \
		" ${sum%% *} $(stat -c %s $repo/Packages) Packages" \
		> $repo/Release
	apt-get update
}

# needrestart restarts, and does not only tell.
prepare() {
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
	echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list
	echo 'Unattended-Upgrade::Origins-Pattern { "origin=nscontainer"; };' \
		> /etc/apt/apt.conf.d/60nscontainer
	echo '$nrconf{restart} = "a";' > /etc/needrestart/conf.d/auto.conf
	clean_slate
	(cd /srv/stage && find . ! -type d) | (cd / && xargs rm -f)
	rm -rf /usr/libexec/nscontainer
	publish this
	apt-get install -y --no-install-recommends nscontainer \
		libpam-container nsshell || fail "apt-get install: status $?"
	version_is this
	conf 'stop = "never";'
}

# --- sessions that stay, and logins that come and go

# session_command NAME: says again what it is told, and where it is, so that its words
# have come through the whole connection; it uses no processor while it waits.
session_command() {
	echo "echo $1 began; while read x; do echo $1 \$x \
\$(readlink /proc/self/ns/pid); [ \$x != end ] || exit 0; done"
}

# stay NAME: cron's session has no connection, and reads and writes at home.
stay() {
	local command

	command=$(session_command "$1")
	case $1 in
	ssh*) ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 "$command" ;;
	su*) su - alice -c "$command" ;;
	nsshell*) setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$command" ;;
	esac <> "$HOME_OF/$1" >> "$SAID" 2>&1
	echo "$1 gone $?" >> "$SAID"
}

crontab_line() {
	echo "@reboot ($(session_command "$1")) <> $HOME_OF/$1 >> $SAID 2>&1"
}

# said WORD COUNT: so many sessions have said it.
said() {
	[ "$(grep -c "^[a-z]*[0-9]* $1\>" "$SAID")" -ge "$2" ]
}

# all_are_there WORD: each session is told it, and says it from the container in
# which the first one began.  One that is lost keeps nobody waiting.
all_are_there() {
	local name place

	place=$(< "$TOP/place")
	for name in "${NAMES[@]}"; do
		echo "$1" 1<> "$HOME_OF/$name"
	done
	wait_until 60 said "$1" "$COUNT"
	empty "sessions that say nothing from $place" "$(comm -13 \
		<(sort "$SAID") <(printf "%s $1 $place\n" "${NAMES[@]}" | sort))"
}

# sshd refuses when too many have not yet proved who they are.
sessions_open() {
	local i name

	(cd $HOME_OF && rm -f said ./*[0-9] && touch said &&
		mkfifo "${NAMES[@]}" && chown alice: said "${NAMES[@]}")
	: > "$TOP/crontab"
	for ((i = 0; i < COUNT; i++)); do
		name=${NAMES[i]}
		case $name in
		cron*) crontab_line "$name" >> "$TOP/crontab" ;;
		*) stay "$name" & ;;
		esac
		# The first starts the container.
		((i % 8)) || wait_until 60 said began $((i + 1 - (i + 2) / 4)) ||
			fail "$i sessions do not begin" "$(cat "$SAID")"
	done
	crontab -u alice "$TOP/crontab"
	rm -f /run/crond.reboot
	systemctl restart cron
	wait_until 100 said began "$COUNT" ||
		fail "of $COUNT sessions began" "$(cat "$SAID")"
	crontab -u alice -r
	ns_of "$(pid_of alice)" pid > "$TOP/place"
	differ "where the container is" "$(ns_of self pid)" "$(< "$TOP/place")"
	all_are_there opened
}

# login DOOR [USER]: while sshd is restarted nobody listens, and a client tries
# again.
login() {
	local inside="$INSIDE && echo in"

	case $1 in
	ssh) ssh "${SSH_OPTIONS[@]}" -o ConnectionAttempts=100 \
		alice@127.0.0.1 "$inside" ;;
	su) su "${2:-alice}" -c "$inside" ;;
	nsshell) setpriv --reuid=alice --regid=alice --init-groups \
		/usr/bin/nsshell -c "$inside" ;;
	esac < /dev/null 2>&1
}

# With a pause, in which the upgrade has the only processor.
keep_logging_in() {
	local out

	while [ ! -e "$TOP/enough" ]; do
		out=$(login "$1")
		[ "$out" = in ] || out="refused at $(date +%T): ${out//$'\n'/ }"
		echo "$out" >> "$TOP/logins.$1"
		sleep 5
	done
	echo end >> "$TOP/logins.$1"
}

more_logins() {
	local door lines

	for door in $LOAD_DOORS; do
		mapfile -t lines < "$TOP/logins.$door"
		[ "${#lines[@]}" -gt "${BEFORE[$door]}" ] || return
	done
}

# goes_on: since the step, each kind of login has worked, and each session answers.
goes_on() {
	local -A BEFORE
	local door

	for door in $LOAD_DOORS; do
		BEFORE[$door]=$(($(wc -l < "$TOP/logins.$door") + 1))
	done
	all_are_there "after$SECONDS"
	wait_until 60 more_logins || fail "logins hang" "$(tail "$TOP"/logins.*)"
	empty "logins that were refused" \
		"$(grep -hv '^in$' "$TOP"/logins.* | head -n 5)"
}

# --- the night

unattended() {
	publish same
	unattended-upgrade -v || fail "unattended-upgrade: status $?"
	version_is same
	goes_on
}

# needrestart_says FILE: what it would restart, with all it looks at.
needrestart_says() {
	needrestart -v -r l > "$OUT/$1" 2>&1 < /dev/null ||
		fail "needrestart: status $?" "$(tail "$OUT/$1")"
}

# The programs of containers that run were replaced above.
passes_over() {
	local conf=/etc/needrestart/conf.d/nscontainer.conf

	mv $conf "$OUT/conf"
	needrestart_says without
	mv "$OUT/conf" $conf
	contains "without $conf" "package: nscontainer" "$(cat "$OUT/without")"
	needrestart_says with
	lacks "with $conf" "package: nscontainer" "$(cat "$OUT/with")"
}

# Each login here starts a container, with the module of the version before.
starts() {
	nsinit stop bob
	equal "a login that starts a container" in "$(login su bob)"
}

other_number() {
	local before after

	before=$(readlink "$RUN/alice/current")
	publish next
	dpkg --unpack "$SRC/next/nscontainer.deb" || fail "dpkg --unpack"
	starts
	goes_on
	dpkg --configure nscontainer || fail "dpkg --configure"
	starts
	dpkg -i "$SRC"/next/{libpam-container,nsshell}.deb ||
		fail "dpkg -i: status $?"
	starts
	version_is next
	goes_on
	after=$(readlink "$RUN/alice/current")
	differ "the container that logins join" "$before" "$after"
	[ -e "$RUN/alice/$before/pid" ] || fail "the first container has ended"
}

main_pids() {
	systemctl show -p MainPID --value ssh cron
}

# The files of a library that everything uses are others now.
needs_restart() {
	local lib before oldest

	before=$(main_pids)
	# The one of the sessions that stay.
	oldest=$(pgrep -o -x container-monit)
	for lib in /lib/*/libc.so.6 /lib/*/libpam.so.0; do
		lib=$(readlink -f "$lib")
		cp -p "$lib" "$lib.new" && mv "$lib.new" "$lib"
	done
	needrestart -v -r a > "$OUT/needrestart" 2>&1 ||
		fail "needrestart: status $?" "$(tail "$OUT/needrestart")"
	# The control: it does restart what has the old files.
	differ "sshd and cron" "$before" "$(main_pids)"
	equal "the monitor" "$oldest" "$(pgrep -o -x container-monit)"
	goes_on
}

reloads() {
	systemctl daemon-reload || fail "daemon-reload: $?"
	systemctl daemon-reexec || fail "daemon-reexec: $?"
	systemctl restart ssh cron || fail "restart: $?"
	systemctl restart systemd-logind || fail "restart logind: $?"
	goes_on
}

downgrade() {
	publish same
	apt-get install -y --allow-downgrades "$SRC"/same/nscontainer.deb \
		"$SRC"/same/libpam-container.deb "$SRC"/same/nsshell.deb ||
		fail "apt-get install: status $?"
	version_is same
	goes_on
}

# Each ends as it was told to; cron waits for its own.
none_lost() {
	all_are_there end
	wait_until 60 said "gone 0" $((COUNT - (COUNT + 1) / 4)) ||
		fail "sessions do not end:" "$(grep gone "$SAID")"
}

no_logins() {
	[ "$(cat "$TOP"/logins.* | grep -c "^end$")" -eq \
		"$(wc -w <<< "$LOAD_DOORS")" ]
}

none_refused() {
	local door

	: > "$TOP/enough"
	wait_until 60 no_logins || fail "a login hangs"
	for door in $LOAD_DOORS; do
		echo "# $door: $(grep -c '^in$' "$TOP/logins.$door") logins" \
			>> "$TOP/counts"
	done
	empty "logins that were refused" \
		"$(grep -hv '^in$\|^end$' "$TOP"/logins.* | head -n 5)"
}

# What counts above as refused.
control() {
	mv /usr/libexec/nscontainer /usr/libexec/away
	differ "a login" in "$(login su bob)"
	mv /usr/libexec/away /usr/libexec/nscontainer
	equal "a login" in "$(login su bob)"
}

# What counts above as lost.
lost() {
	local NAMES=("${NAMES[@]}" sulost)

	mkfifo $HOME_OF/sulost
	stay sulost &
	wait_until 60 said began $((COUNT + 1)) || fail "it does not begin"
	pkill -KILL -f "echo sulost began"
	wait_until 60 said "gone 137" 1 || fail "it goes on"
	( all_are_there control ) > "$OUT/lost" && fail "a dead session answers"
	equal "what is lost" "got: sulost control $(< "$TOP/place")" \
		"$(tail -n +2 "$OUT/lost")"
}

if [ ! -d $SRC/next ]; then
	echo "skip an upgrade in the night # packages: NSC_VM_PACKAGES is not set"
	exit
fi
t "the packages are installed" prepare
t "a login without the programs counts as refused" control
t "$COUNT sessions are open" sessions_open
t "a session that was killed counts as lost" lost
rm -f "$TOP/enough" "$TOP/counts"
for door in $LOAD_DOORS; do
	: > "$TOP/logins.$door"
	keep_logging_in "$door" &
done
t "unattended-upgrades brings a later version, and nobody notices" unattended
t "needrestart passes over the programs of containers" passes_over
t "dpkg brings another number in steps, and nobody notices" other_number
t "needrestart restarts sshd and cron, and no container" needs_restart
t "daemon-reload, daemon-reexec, and restarts disturb nobody" reloads
t "a downgrade by one version disturbs nobody" downgrade
t "no login was refused" none_refused
t "no session was lost" none_lost
[ ! -e "$TOP/counts" ] || cat "$TOP/counts"
conf ''
clean_slate
