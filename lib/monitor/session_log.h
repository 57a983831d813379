/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of sessions: an entry when a session opens and one when it closes,
 * in /var/log/nscontainer/sessions, in syslog, in the audit system, in utmp and
 * wtmp.  A place that accepts no entry does not disturb the session.
 */
#ifndef NSC_MONITOR_SESSION_LOG_H
#define NSC_MONITOR_SESSION_LOG_H

#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup_stats.h"

/* The end of a session. */
struct session_end {
	int status;		/* as from waitpid(2), -1: unknown */
	int64_t duration;	/* seconds */
	struct nsc_usage usage;	/* NSC_STATS_NONE: unknown */
};

struct session;

/* Write a line to the session log and to syslog; returns at once. */
void session_log_event(pid_t pid, const char *line);

/*
 * PID 1 of a container runs; or SIGKILL has not ended it.  The lines are made
 * here: main() of container-monitor would keep their memory.
 */
void session_log_started(pid_t pid, const char *user, unsigned int generation);
void session_log_stuck(pid_t pid, const char *user);

/*
 * Both functions return at once, whatever the places do: a child process
 * writes.  The child of a close waits by s->recorded for the child of its open,
 * for a second at most; if the open was not recorded, it writes both.  If
 * status is -1, it asks the kernel, by s->pidfd.
 */
void session_log_open(struct session *s);
void session_log_close(const struct session *s, const struct session_end *end);

/*
 * Write the login of sshd's user to the host's lastlog, also in a child; a
 * close does it if nobody has.  sshd, inside, reads the user's last login there
 * just before it makes the session's terminal: so this must come later.
 */
void session_log_last(struct session *s);

#endif
