/* SPDX-License-Identifier: Apache-2.0 */
/* The session log: NSC_HISTORY. */
#ifndef NSC_RUNDIR_SESSION_HISTORY_H
#define NSC_RUNDIR_SESSION_HISTORY_H

#include <stddef.h>

/*
 * Append a line to the session log; async-signal-safe.  Returns 0 or a negative
 * errno.
 */
int nsc_session_history_add(const char *line, size_t len);

#endif
