/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data that is kept for a container: a private home, the layer of a persistent
 * overlay.  It is in /var/lib/nscontainer/NAME for logins of a user, and in
 * .dir-HASH there for the container of a directory.  Runs in: nsinit's worker,
 * root of the host.
 */
#ifndef NSC_RUNDIR_STATEDIR_H
#define NSC_RUNDIR_STATEDIR_H

#include <limits.h>

#include "util/error.h"
#include "policy/user.h"

#define NSC_STATEDIR_UID "uid"	/* records the uid; see nsc_statedir_open */
#define NSC_STATEDIR_GONE "gone"	/* the same, after 'nsinit disown' */
#define NSC_STATEDIR_PATH "path"	/* of the directory; for people */
#define NSC_STATEDIR_DIR ".dir-"	/* no user's name begins with a dot */
#define NSC_STATEDIR_PURGE ".purge-"	/* what 'nsinit purge' removes */

/* The owner of the data. */
struct nsc_statedir {
	const struct nsc_user *user;
	const char *config;	/* DIR/container.json; NULL: of logins */
	uid_t root_uid;		/* the container's root */
};

/*
 * The path of the directory of a user's logins; for a few names it is
 * /var/lib/nscontainer/.NAME.
 */
void nsc_statedir_path(const char *name, char path[PATH_MAX]);

/* The same for the container of a directory. */
void nsc_statedir_path_of_dir(const char *config, char path[PATH_MAX]);

/* One of both. */
void nsc_statedir_path_of(const struct nsc_statedir *whose,
			  char path[PATH_MAX]);

/*
 * Open the directory, or make it; only root may write to it.  Its file 'uid'
 * records the uid it was made for.  Another account with the same name, or the
 * same account with another uid, is refused, and so is everybody after 'nsinit
 * disown'.  A directory of an earlier version has no such file; its content
 * must belong to the user, or, for the layer, to root of the host or root_uid.
 * Returns a descriptor or a negative errno.
 */
int nsc_statedir_open(const struct nsc_statedir *whose, struct nsc_error *err);

#endif
