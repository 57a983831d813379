/* SPDX-License-Identifier: Apache-2.0 */
/* The home that passwd names, and whose it is. */
#ifndef NSC_ROOTFS_HOME_OPEN_H
#define NSC_ROOTFS_HOME_OPEN_H

#include <limits.h>

#include "policy/user.h"
#include "util/error.h"

/*
 * Open the home that passwd names, resolved once; path gets the name of the
 * opened directory.  It is the user's if the user owns it or serves its file
 * system (FUSE), or if root leads there: passwd and links that only root can
 * make lead to a directory of root or of the user's group, which bears the
 * user's name or has the user's group.  Returns a descriptor (O_PATH) or a
 * negative errno: -ENOENT, with err clear, if there is none or if it is the
 * system's, as daemon's /usr/sbin is.
 */
int nsc_home_open(const struct nsc_user *user, char path[PATH_MAX],
		  struct nsc_error *err);

#endif
