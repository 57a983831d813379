/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generations of a user's container: the current one, which logins join,
 * and earlier ones that drain, see rundir/instance.h.
 */
#ifndef NSC_CONTAINER_GENERATION_H
#define NSC_CONTAINER_GENERATION_H

#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"
#include "policy/user.h"

#define NSC_EXCLUSIVE_LAYER "overlay \"persistent\""

/*
 * The key of container.json that prevents two containers of this configuration
 * from running at the same time; NULL: there is none.
 */
const char *nsc_generation_exclusive(const struct nsc_config *config);

/*
 * Remove leftovers from the run directory of uid: instances whose container
 * has ended, and draining instances without a session whose monitor was
 * killed.  Also tell the monitor of each draining container that it drains.
 * The caller holds the lock of the run directory.
 */
void nsc_generation_sweep(int rundir, uid_t uid);

/* End containers that were started when the user's name had another uid. */
void nsc_generation_end_foreign(const struct nsc_user *user);

#endif
