/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says, as text; see session_log.h. */
#ifndef NSC_MONITOR_SESSION_LOG_TEXT_H
#define NSC_MONITOR_SESSION_LOG_TEXT_H

#include <stddef.h>

#include "monitor/session_log.h"
#include "rundir/session_info.h"

/* Every record fits, whatever its values are. */
#define RECORD_MAX 6144

/*
 * One line without its newline: KEY=VALUE with a space between, the keys in a
 * fixed order, each once.  A value of other bytes than letters, digits and
 * ._:/@%+,- is in double quotes; in it are printable characters alone, others
 * and the quote being \xHH.  end is NULL for a session that opens.  Returns
 * the length.
 */
size_t session_log_text_line(const struct session *s,
			     const struct session_end *end,
			     char text[RECORD_MAX]);

/*
 * The same for the audit system, in the keys of its own: op, the object's
 * opid, oauid and oses, acct, exe, hostname, addr, terminal, res.  acct and exe
 * are quoted, or in hexadecimal digits, as its readers expect.
 */
void session_log_text_audit(const struct session *s,
			    const struct session_end *end, const char *exe,
			    char text[RECORD_MAX]);

/* Without what is in front of each name of a terminal. */
const char *session_log_text_tty(const struct session *s);

#endif
