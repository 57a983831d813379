/* SPDX-License-Identifier: Apache-2.0 */
/* The home that passwd names: whose it is, and whether it is still the same. */
#ifndef NSC_POLICY_HOME_H
#define NSC_POLICY_HOME_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy/user.h"
#include "util/error.h"

/* The directory at a home's path at some time. */
struct nsc_home_id {
	uint64_t device;	/* both 0: there was none */
	uint64_t inode;		/* 0: only the user may look */
};

#define NSC_HOME_UNKNOWN { UINT64_MAX, UINT64_MAX }

/*
 * Find out which directory is at the home's path.  An automounter mounts it;
 * the server of its file system is not asked.
 */
struct nsc_home_id nsc_home_identify(const struct nsc_user *user);

/* Unknown ones count as the same. */
bool nsc_home_is_same(const struct nsc_home_id *a, const struct nsc_home_id *b);

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
