/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims of devices.  Each instance with devices has a file that claims
 * them.  The claim holds while its maker has the file locked, and then while
 * the container runs, so it ends with them, however they end.
 */
#ifndef NSC_CONTAINER_DEVICES_H
#define NSC_CONTAINER_DEVICES_H

#include <stdbool.h>

#include "config/plan.h"
#include "util/error.h"

/*
 * Could the plan's container have its devices beside those of other users?
 * Returns 0 or a negative errno, -EBUSY if not.
 */
int nsc_devices_check(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Claim the devices of the plan; -EBUSY names the holder of one.  *claim is a
 * descriptor to keep until the container runs, and stays as it is if it has no
 * devices.  Returns 0 or a negative errno.
 */
int nsc_devices_claim(const struct nsc_plan *plan, int *claim,
		      struct nsc_error *err);

/*
 * Replace the claim of the plan's instance, whose container runs; keep: what it
 * has claimed before stays claimed besides.  Returns as nsc_devices_claim().
 */
int nsc_devices_reclaim(const struct nsc_plan *plan, bool keep,
			struct nsc_error *err);

/*
 * Call each for the names of devices[] of container.json that it has, and for
 * the paths of its nodes besides the default ones.  False: it never had one.
 */
bool nsc_devices_each(int instance,
		      void (*each)(const char *name, bool exclusive, void *arg),
		      void *arg);

#endif
