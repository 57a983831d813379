/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals of the container: what was typed, and a line to who sits there. */
#ifndef NSC_MONITOR_TERMINALS_H
#define NSC_MONITOR_TERMINALS_H

#include <stdint.h>

#include "monitor/processes.h"
#include "rundir/session_info.h"

/*
 * When something was typed on a terminal of the session last, as w(1) tells:
 * the terminals of its processes, and the one that the login came from.
 * Some number that changes then, within eight seconds.
 */
int64_t terminals_input(const struct session *s, const struct processes *of);

/* One line to the terminals of these processes; NULL: to all.  Never waits. */
void terminals_tell(const struct processes *of, const char *line);

#endif
