#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records where journal, audit, utmp and sshd are the machine's own.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

HISTORY=/var/log/nscontainer/sessions

last_of() {
	grep "^event=$1 user=alice " "$HISTORY" | tail -n 1
}

value() {
	sed "s/.* $1=\([^ ]*\).*/\1/"
}

closed() {
	[ "$(grep -c '^event=close' "$HISTORY")" = \
		"$(grep -c '^event=open' "$HISTORY")" ]
}

# What the machine has from before is none of ours.
begin() {
	clean_slate
	: > "$HISTORY"
	hold alice
	LOGIN=$(last_of open | value pid)
}

in_the_journal() {
	begin
	contains "journal" "event=open user=alice service=sshd pid=$LOGIN " \
		"$(journalctl -q -o cat -t nscontainer \
			"_UID=0" "SYSLOG_FACILITY=10" -p notice)"
	contains "journal" " loginuid=$(id -u alice) audit_session=$(cat \
		"/proc/$LOGIN/sessionid")" "$(last_of open)"
	release
	wait_until 20 closed || fail "not closed" "$(cat "$HISTORY")"
	contains "close" "exit=" "$(last_of close)"
	lacks "close" "peak_memory=unknown" "$(last_of close)"
	lacks "close" "cpu_us=unknown" "$(last_of close)"
	gone alice
}

# audit 0|1: AUDIT_SET with AUDIT_STATUS_ENABLED, as auditctl(8) -e.
audit() {
	perl -e 'socket(S, 16, 3, 9) or die; my $r;
		my $m = pack("LSSLL L11", 60, 1001, 5, 1, 0, 1, $ARGV[0]);
		defined send(S, $m, 0, pack("SSLL", 16, 0, 0, 0)) or die "$!";
		recv(S, $r, 4096, 0);
		my $e = (unpack("LSSLLl", $r))[5]; die "answer $e" if $e' "$1"
}

# Without auditd what the audit system gets is in the kernel's log.
audited() {
	dmesg | grep -a "type=$1 .* msg='op=nscontainer:.* opid=$LOGIN "
}

in_audit() {
	local text

	audit 1 || fail "auditing cannot be enabled"
	begin
	release
	wait_until 20 closed || fail "not closed" "$(cat "$HISTORY")"
	audit 0
	wait_until 10 audited 1106 > "$OUT/close" ||
		fail "no audit record" "$(dmesg | tail -n 5)"
	text=$(audited 1105)
	contains "open" "oauid=$(id -u alice) " "$text"
	contains "open" 'acct="alice" exe="/usr/libexec/nscontainer/' "$text"
	contains "open" "hostname=127.0.0.1 addr=127.0.0.1 terminal=ssh " \
		"$text"
	lacks "syslog" "event=lost" "$(syslog_since)"
	gone alice
}

# Debian 13 has neither utmp nor last, and its who asks logind.
utmp_has() {
	[ ! -e /run/utmp ] || "$1" "who" "nsc/$LOGIN " "$(who /run/utmp)"
	! command -v last > /dev/null ||
		"$1" "last" "still logged in" "$(last -n 5 alice)"
}

in_who() {
	begin
	utmp_has contains
	equal "alice's entries" 1 "$(who | grep -c ^alice)"
	contains "w" alice "$(w -h)"
	release
	wait_until 20 closed || fail "not closed" "$(cat "$HISTORY")"
	wait_until 20 eval '! who | grep -q ^alice' || fail "who: $(who)"
	utmp_has lacks
	gone alice
}

kicked() {
	begin
	nsinit ps alice > "$OUT/ps" || fail "nsinit ps: $?"
	contains "ps" "$LOGIN  sshd" "$(cat "$OUT/ps")"
	nsinit kick alice "$LOGIN" || fail "nsinit kick: $?"
	wait "$HOLDER"
	gone alice
	wait_until 20 closed || fail "not closed" "$(cat "$HISTORY")"
	contains "last" "$LOGIN" "$(nsinit last alice)"
}

t "records go to the journal, with loginuid, memory and cpu time" \
	in_the_journal
t "records go to the kernel's audit system" in_audit
t "who and last of the machine show a contained login" in_who
t "nsinit kick ends a login of the machine's sshd" kicked
clean_slate
