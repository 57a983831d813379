/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminals: detects input, and writes a line to them. */
#ifndef NSC_MONITOR_TERMINALS_H
#define NSC_MONITOR_TERMINALS_H

#include <stdint.h>

#include "monitor/processes.h"
#include "rundir/session_info.h"

/*
 * A number that changes within eight seconds of input on a terminal of the
 * session, from the same times as w(1).  The terminals are those of the
 * session's processes, and the one from which the login came.
 */
int64_t terminals_input(const struct session *s, const struct processes *of);

/*
 * Write a line to the terminals of the processes, or to all if of is NULL.
 * Never waits.
 */
void terminals_tell(const struct processes *of, const char *line);

#endif
