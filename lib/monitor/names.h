/* SPDX-License-Identifier: Apache-2.0 */
/* Have a name-resolver for a container with names in its lists. */
#ifndef NSC_MONITOR_NAMES_H
#define NSC_MONITOR_NAMES_H

#include <stdint.h>

#include "rundir/state.h"

struct names {
	int pidfd;		/* of name-resolver; -1: none runs */
	int64_t again;		/* when it is started; INT64_MAX: never */
	int64_t began;
	int64_t delay;		/* grows if it ends soon */
};

/* Find the one that runs, if the container has names. */
void names_open(struct names *names);

/* names->pidfd is readable: it has ended. */
void names_ended(struct names *names);

/* Start it if that is due. */
void names_go_on(struct names *names, const struct nsc_state *state);

#endif
