/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a record; see session_log.h. */
#ifndef NSC_MONITOR_SESSION_LOG_TEXT_H
#define NSC_MONITOR_SESSION_LOG_TEXT_H

#include <stddef.h>

#include "monitor/session_log.h"
#include "rundir/session_info.h"

/* Every record fits, for all values. */
#define RECORD_MAX 6144

/*
 * One line without its newline: KEY=VALUE separated by spaces, each key once,
 * in a fixed order.  A value with other bytes than letters, digits and
 * ._:/@%+,- is in double quotes; in quotes, only printable characters stay, and
 * all others and the quote are \xHH.  end is NULL for a session that opens.
 * Returns the length.
 */
size_t session_log_text_line(const struct session *s,
			     const struct session_end *end,
			     char text[RECORD_MAX]);

/*
 * Begin a line about something else: "event=EVENT user=USER".  Returns the
 * length.
 */
size_t session_log_text_begin(const char *event, const char *user,
			      char text[RECORD_MAX]);

/*
 * The same for the audit system, with its own keys: op, the object's opid,
 * oauid and oses, acct, exe, hostname, addr, terminal, res.  acct and exe are
 * quoted, or in hexadecimal digits, as the readers of the audit log expect.
 */
void session_log_text_audit(const struct session *s,
			    const struct session_end *end, const char *exe,
			    char text[RECORD_MAX]);

#endif
