/* SPDX-License-Identifier: Apache-2.0 */
/* Hides the homes of other users. */
#ifndef NSC_ROOTFS_HOMES_H
#define NSC_ROOTFS_HOMES_H

#include "util/error.h"
#include "rootfs/rootfs.h"

/*
 * Hide the homes of the host's accounts, wherever they are, in a rootfs that is
 * the host's own "/".  own is the path of the user's home; a login sees it,
 * unless "home" is "none".  Returns 0 or a negative errno with err set.
 */
int nsc_homes_hide(const struct nsc_rootfs *rootfs, const char *own,
		   struct nsc_error *err);

#endif
