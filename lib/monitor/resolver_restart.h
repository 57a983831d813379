/* SPDX-License-Identifier: Apache-2.0 */
/* Have a name-resolver for a container with names in its lists. */
#ifndef NSC_MONITOR_RESOLVER_RESTART_H
#define NSC_MONITOR_RESOLVER_RESTART_H

#include <stdint.h>

#include "rundir/state.h"

struct resolver_restart {
	int pidfd;		/* of name-resolver; -1: none runs */
	int64_t again;		/* when it is started; INT64_MAX: never */
	int64_t began;
	int64_t delay;		/* grows if it ends soon */
};

/* Find the one that runs, if the container has names. */
void resolver_restart_open(struct resolver_restart *r);

/* r->pidfd is readable: it has ended. */
void resolver_restart_ended(struct resolver_restart *r);

/* Start it if that is due. */
void resolver_restart_go_on(struct resolver_restart *r,
			    const struct nsc_state *state);

#endif
