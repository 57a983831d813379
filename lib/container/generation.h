/*
 * The generations of a user's container: the one that logins join, and those
 * before it that drain, see drain.h.
 */
#ifndef NSC_CONTAINER_GENERATION_H
#define NSC_CONTAINER_GENERATION_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"

/*
 * What two containers of this configuration could not have at the same time,
 * as the key of container.json; NULL: nothing.
 */
const char *nsc_generation_exclusive(const struct nsc_config *config);

/*
 * The run directories of those that drain, of one user or (NULL) of all, in a
 * new NULL-terminated vector, oldest first.
 */
int nsc_generation_draining(const char *user, char ***ret,
			    struct nsc_error *err);

/*
 * Clear away those of a user whose monitor was killed, when no session is in
 * them; and end those that run, but not as uid (-1: whoever's), which the
 * account had before.  With the lock of the user's run directory held.
 */
void nsc_generation_sweep(const char *user, uid_t uid);

/* Did an administrator start the generation number, which drains? */
bool nsc_generation_was_started(const char *user, unsigned int number);

#endif
