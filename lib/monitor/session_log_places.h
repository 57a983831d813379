/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go; each of these may block.  See session_log.h. */
#ifndef NSC_MONITOR_SESSION_LOG_PLACES_H
#define NSC_MONITOR_SESSION_LOG_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "rundir/session_info.h"

/* Append a line to the history; a negative errno. */
int session_log_history(const char *line, size_t len);

/* One message to syslog, facility authpriv; lost where nobody takes it. */
void session_log_syslog(pid_t pid, const char *text);

/*
 * One message to the audit system.  A negative errno; 0 also where the kernel
 * has none.
 */
int session_log_audit(bool close, const char *text);

/*
 * The host's utmp and wtmp: logins from other machines, as "nsc/PID", and
 * those on a terminal where getty(8) has left its entry for that process, in
 * that entry.  What a login program wrote by itself is not written twice, and
 * closed as ours.
 */
void session_log_utmp_open(const struct session *s);
void session_log_utmp_close(const struct session *s);

#endif
