/* SPDX-License-Identifier: Apache-2.0 */
/* max_lifetime of a container.  Runs in: container-monitor. */
#ifndef NSC_MONITOR_LIFETIME_H
#define NSC_MONITOR_LIFETIME_H

#include <stdint.h>

#include "rundir/state.h"

struct lifetime {
	int64_t end;		/* nsc_process_now(); INT64_MAX: never */
	int64_t warning;	/* before that; INT64_MAX: done */
};

/* Count from the start of PID 1, even if this monitor started later. */
void lifetime_plan(struct lifetime *lifetime, const struct nsc_state *state);

/* Tell all terminals of the container. */
void lifetime_warn(const struct lifetime *lifetime, int64_t now);

#endif
