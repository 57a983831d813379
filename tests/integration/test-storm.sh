#!/bin/bash
# Many first logins at once: one container.
# shellcheck disable=SC2016,SC2317 # session commands; functions run by t
. "$(dirname "$0")/lib.sh"

LOGINS=50
pam_enable sshd su
config alice '{"rootfs": "/"}'
config bob '{"rootfs": "/"}'
conf 'stop = "logout";'
sshd_start 22

arrived() {
	[ "$(cat "$OUT"/ns.* 2> /dev/null | grep -c '^ns cgroup')" -ge "$1" ]
}

# storm COMMAND... : COMMAND runs its last argument in a session of alice's.
storm() {
	local i

	rm -f /home/alice/go
	for ((i = 0; i < LOGINS; i++)); do
		"$@" "$NS_COMMAND; $STAY" > "$OUT/ns.$i" 2> "$OUT/err.$i" &
	done
	wait_until 60 arrived "$LOGINS" || fail "logins that arrived:" \
		"$(cat "$OUT"/ns.* | grep -c '^ns cgroup')" \
		"$(cat "$OUT"/err.* | sort | uniq -c)"
	[ -n "$PLAIN" ] || equal "containers" 1 "$(count_inits)"
	[ -n "$PLAIN" ] || equal "monitors" 1 "$(monitors | wc -l)"
	for ((i = 0; i < LOGINS; i++)); do
		landed_inside "$OUT/ns.$i" alice
	done
	: > /home/alice/go
	wait
	rm -f /home/alice/go
	[ -n "$PLAIN" ] || wait_until 5 no_container alice ||
		fail "something is left" "$(ls "$RUN/alice")" \
			"inits: $(inits)" "monitors: $(monitors)"
}

ssh_login() {
	timeout 90 ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 "$@"
}

su_login() {
	timeout 90 su alice -c "$@"
}

# Logins that end at once, while others begin: each must get in.
churn() {
	local i

	for ((i = 0; i < LOGINS; i++)); do
		timeout 60 su bob -c 'echo in' > "$OUT/in.$i" 2> "$OUT/err.$i" &
		[ $((i % 10)) -ne 9 ] || sleep 0.1
	done
	wait
	equal "logins that worked" "$LOGINS" "$(cat "$OUT"/in.* | grep -c in)"
	[ -n "$PLAIN" ] || wait_until 5 no_container bob ||
		fail "something is left" "$(ls "$RUN/bob")"
}

t "L1 $LOGINS simultaneous first logins by su are in one container" \
	storm su_login
t "L1 $LOGINS simultaneous first logins by ssh are in one container" \
	storm ssh_login
t "$LOGINS short logins while the container stops and starts all work" churn
