/* SPDX-License-Identifier: Apache-2.0 */
/* Homes that are not to be seen. */
#ifndef NSC_ROOTFS_HOMES_H
#define NSC_ROOTFS_HOMES_H

#include "util/error.h"
#include "rootfs/rootfs.h"

/*
 * Hide the homes of the host's accounts, wherever they are, in a rootfs of the
 * host's own "/".  own is the path of the user's; for a login it is shown,
 * unless "home" is "none".
 */
int nsc_homes_hide(const struct nsc_rootfs *rootfs, const char *own,
		   struct nsc_error *err);

#endif
