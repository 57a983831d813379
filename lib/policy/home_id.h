/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory a home is: is it still the one that the container has? */
#ifndef NSC_POLICY_HOME_ID_H
#define NSC_POLICY_HOME_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/user.h"

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

#endif
