/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places of the record; each of these functions may block.  See
 * session_log.h.
 */
#ifndef NSC_MONITOR_SESSION_LOG_PLACES_H
#define NSC_MONITOR_SESSION_LOG_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "rundir/session_info.h"

/* Send a message to syslog, facility authpriv; it is lost if nobody listens. */
void session_log_syslog(pid_t pid, const char *text);

/*
 * Send a message to the audit system.  Returns 0, also if the kernel has no
 * audit system, or a negative errno.
 */
int session_log_audit(bool close, const char *text);

/*
 * Write to the host's utmp and wtmp: logins from other machines as "nsc/PID",
 * and logins on a terminal into the entry that getty(8) left for that process.
 * An entry that the login program wrote itself is not written twice, but is
 * closed like the others.
 */
void session_log_utmp_open(const struct session *s);
void session_log_utmp_close(const struct session *s);

/*
 * Write to the host's lastlog, if it has one.
 */
void session_log_lastlog(const struct session *s);

#endif
