/* SPDX-License-Identifier: Apache-2.0 */
/* Change the devices of a container that runs. */
#ifndef NSC_CONTAINER_DEVICES_UPDATE_H
#define NSC_CONTAINER_DEVICES_UPDATE_H

#include <stdbool.h>

#include "config/plan.h"
#include "container/made.h"
#include "util/error.h"

/*
 * Give the container of the instance plan->rundir the rules, nodes and claims
 * of the plan's configuration.  pidfd is of its PID 1.  *settled: with its
 * limits, lifecycle and lists it is then what a start would make.  A container
 * of an earlier version stays as it is.  Returns 0 or a negative errno; -EBUSY
 * names who has a device.
 */
int nsc_devices_update(const struct nsc_plan *plan, int pidfd, bool *settled,
		       struct nsc_error *err);

/*
 * Say how the edits of devices by the files of vendors differ from those of the
 * start, or return NULL if they do not.  config is as it is read now.
 */
const char *nsc_devices_differ(const struct nsc_config *config,
			       const struct nsc_made *made);

/* Did the container get a device by such a file? */
static inline bool nsc_devices_by_files(const struct nsc_made *made)
{
	return made->cdi_nodes || made->cdi_rest;
}

#endif
