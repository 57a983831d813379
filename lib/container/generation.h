/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generations of a user's container: the one that logins join, and those
 * before it that drain, see rundir/instance.h.
 */
#ifndef NSC_CONTAINER_GENERATION_H
#define NSC_CONTAINER_GENERATION_H

#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"
#include "policy/user.h"

/*
 * What two containers of this configuration could not have at the same time,
 * as the key of container.json; NULL: nothing.
 */
const char *nsc_generation_exclusive(const struct nsc_config *config);

/*
 * Clear away what is left in a run directory of uid's: instances whose
 * container has ended, and those that drain, whose monitor was killed, when no
 * session is in them.  Monitors of all that drain learn that they do.  With
 * the lock of the run directory held.
 */
void nsc_generation_sweep(int rundir, uid_t uid);

/*
 * End the containers that were started for user's name when that was another
 * uid's.
 */
void nsc_generation_end_foreign(const struct nsc_user *user);

#endif
