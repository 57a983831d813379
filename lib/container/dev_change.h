/* SPDX-License-Identifier: Apache-2.0 */
/* Change the nodes in the /dev of a container that runs. */
#ifndef NSC_CONTAINER_DEV_CHANGE_H
#define NSC_CONTAINER_DEV_CHANGE_H

#include "config/plan.h"
#include "container/made.h"
#include "util/error.h"

struct nsc_dev_change {
	const struct nsc_plan *plan;	/* rundir: the instance */
	int pidfd;			/* of PID 1 */
	const struct nsc_made *old, *new;
};

/*
 * Make the nodes of new that are not there, and remove those that only old has:
 * they become useless first, wherever they are in /dev.  What else is inside
 * stays, and is refused by name where a node should be.  Returns 0 or a
 * negative errno; what was done before a failure stays.
 */
int nsc_dev_change(const struct nsc_dev_change *change, struct nsc_error *err);

#endif
