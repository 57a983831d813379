/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what: a record when a session opens and one when it closes, in
 * /var/log/nscontainer/sessions, in syslog, in the audit system, in utmp and
 * wtmp.  A session is none the worse for a place that takes none.
 */
#ifndef NSC_MONITOR_SESSION_LOG_H
#define NSC_MONITOR_SESSION_LOG_H

#include <stdint.h>

#define RECORD_UNKNOWN UINT64_MAX

/* How it ended. */
struct session_end {
	int status;		/* as of waitpid(2), -1: unknown */
	int64_t duration;	/* seconds */
	uint64_t peak_memory;	/* bytes, RECORD_UNKNOWN */
	uint64_t cpu_us;	/* RECORD_UNKNOWN */
};

struct session;

/*
 * Both return at once, whatever the places do: a process of its own writes.
 * That of a close waits for that of its open, by s->recorded, for a second at
 * the most; where there was none it writes both.  With a status of -1 the
 * kernel is asked, by s->pidfd.
 */
void session_log_open(struct session *s);
void session_log_close(const struct session *s, const struct session_end *end);

#endif
