/* SPDX-License-Identifier: Apache-2.0 */
/* Start name-resolver for a container with names in its lists. */
#ifndef NSC_NETWORK_RESOLVER_H
#define NSC_NETWORK_RESOLVER_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Write the names into the instance, and start the program, which ends with
 * PID 1.  net is the container's network namespace, with a loopback that is up.
 * Does nothing without names.  Runs in: the builder.  Returns 0 or a negative
 * errno with err set.
 */
int nsc_resolver_start(const struct nsc_plan *plan, int net, int pid1,
		       struct nsc_error *err);

/*
 * Replace the names of a container that runs.  Returns 0 or a negative errno:
 * -EOPNOTSUPP if it began without names.
 */
int nsc_resolver_update(const struct nsc_config *config, int instance,
			struct nsc_error *err);

#endif
