/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the homes of the host's accounts are.  A home may be a link of root's,
 * /home/bob -> /srv/data/bob, and is then at both paths.
 */
#ifndef NSC_ROOTFS_HOME_PATHS_H
#define NSC_ROOTFS_HOME_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "rootfs/submounts.h"

#define NSC_HOME_UNLISTED ((uid_t)-1)	/* of an account that passwd lacks */

/*
 * Follow the links of a path on the host as far as only root can have made them
 * and no server has to be asked; the rest of the path is appended.  Returns
 * true if there is no rest.
 */
bool nsc_home_paths_follow(const struct nsc_submounts *mounts, const char *path,
			   char ret[PATH_MAX]);

/* The length of the part of path that names its directory. */
size_t nsc_home_paths_parent(const char *path);

/*
 * Call each() for the paths of the homes in /etc/passwd, and then for those to
 * which links beside own (NULL: none) lead: these may be homes of accounts that
 * the file lacks, NSC_HOME_UNLISTED.  It goes on until each() returns not 0.
 * Returns that, or a negative errno.
 */
typedef int nsc_home_paths_visit(void *arg, const char *path, uid_t uid);
int nsc_home_paths_each(const struct nsc_submounts *mounts, const char *own,
			nsc_home_paths_visit *each, void *arg);

#endif
