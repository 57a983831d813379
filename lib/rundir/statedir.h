/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data of a user that is kept in /var/lib/nscontainer/NAME: a private home, the
 * layer of a persistent overlay.  Runs in: nsinit's worker, root of the host.
 */
#ifndef NSC_RUNDIR_STATEDIR_H
#define NSC_RUNDIR_STATEDIR_H

#include <limits.h>

#include "util/error.h"
#include "policy/user.h"

#define NSC_STATEDIR_UID "uid"	/* records the uid; see nsc_statedir_open */

/*
 * The path of the directory; for a few names it is /var/lib/nscontainer/.NAME.
 */
void nsc_statedir_path(const char *name, char path[PATH_MAX]);

/*
 * Open the directory, or make it; only root may write to it.  Its file 'uid'
 * records the uid it was made for.  Another account with the same name, or the
 * same account with another uid, is refused.  A directory of an earlier version
 * has no such file; its content must belong to the user, or, for the layer, to
 * root of the host or root_uid, the container's root.  Returns a descriptor or
 * a negative errno.
 */
int nsc_statedir_open(const struct nsc_user *user, uid_t root_uid,
		      struct nsc_error *err);

#endif
