/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a user in /var/lib/nscontainer/NAME: a private home, the
 * layer of a persistent overlay.  Runs in: nsinit's worker, root of the host.
 */
#ifndef NSC_RUNDIR_STATEDIR_H
#define NSC_RUNDIR_STATEDIR_H

#include <limits.h>

#include "util/error.h"
#include "policy/user.h"

/* Its path, which is /var/lib/nscontainer/.NAME for a few names. */
void nsc_statedir_path(const char *name, char path[PATH_MAX]);

/*
 * Open it, root's alone, made where it is not there.  'uid' in it says for
 * which uid that was: another account of the name, or the same with another
 * uid, is refused.  One without, of an earlier version, is told by the owner
 * of what it has: the user, or for the layer root of the host or root_uid, the
 * container's root.
 */
int nsc_statedir_open(const struct nsc_user *user, uid_t root_uid,
		      struct nsc_error *err);

#endif
