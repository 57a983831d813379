/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks create_container. */
#ifndef NSC_CONTAINER_HOOKS_CREATE_H
#define NSC_CONTAINER_HOOKS_CREATE_H

#include "rootfs/rootfs.h"

/*
 * Run them, and kill what they leave running.  Returns 0 or a negative errno.
 */
int nsc_hooks_before_pivot(const struct nsc_rootfs *rootfs,
			   struct nsc_error *err);

#endif
