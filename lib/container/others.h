/* SPDX-License-Identifier: Apache-2.0 */
/* Refuse what a container must not share with one that runs already. */
#ifndef NSC_CONTAINER_OTHERS_H
#define NSC_CONTAINER_OTHERS_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Call compare for each instance that is there, of a container that runs or
 * not, until it returns an error.
 */
typedef int nsc_others_compare(const struct nsc_plan *plan, int instance,
			       struct nsc_error *err);
int nsc_others_each(const struct nsc_plan *plan, nsc_others_compare *compare,
		    struct nsc_error *err);

/*
 * Does a container of another user have a uid of the configured map?  Returns 0
 * or a negative errno, -EEXIST if so.
 */
int nsc_others_check_ids(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Does another container use the layer of the plan's persistent overlay, or the
 * plan the layer of another one as a directory?  Returns 0 or a negative errno,
 * -EBUSY if so.
 */
int nsc_others_check_layer(const struct nsc_plan *plan, struct nsc_error *err);

#endif
