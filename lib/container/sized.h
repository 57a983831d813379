/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_size, home_size: what is kept of a container in /var/lib/nscontainer,
 * with a size that the kernel holds.  It is in a file system of its own, in a
 * file there.
 */
#ifndef NSC_CONTAINER_SIZED_H
#define NSC_CONTAINER_SIZED_H

#include "config/plan.h"
#include "util/error.h"

enum nsc_sized { NSC_SIZED_LAYER, NSC_SIZED_HOME, NSC_SIZED_KINDS };

/* Check all kinds; nothing is changed. */
int nsc_sized_check(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Make, repair and enlarge the file system as needed, and mount it.  Returns
 * the detached mount, -ENOENT without an error if the plan has no size for it
 * (a dry run never has one), or another negative errno.
 */
int nsc_sized_mount(const struct nsc_plan *plan, enum nsc_sized kind,
		    struct nsc_error *err);

#endif
