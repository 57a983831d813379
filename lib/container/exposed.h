/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of the host in which the container's root can leave programs that
 * other users of the host run.
 */
#ifndef NSC_CONTAINER_EXPOSED_H
#define NSC_CONTAINER_EXPOSED_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Look for such directories, after nsc_start_map_ids().  Returns 0 if there is
 * none, -EPERM with the directory and the remedies, or another negative errno:
 * -EINVAL if a hook or the profile is a file that the container can replace.
 */
int nsc_exposed_check(const struct nsc_plan *plan, struct nsc_error *err);

#endif
