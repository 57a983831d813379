/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rootfs that is a file: an image of squashfs, erofs or ext4, which is only
 * read.  Whoever writes to such a file attacks the kernel, which trusts it; so
 * only root may be able to.
 */
#ifndef NSC_CONTAINER_IMAGE_H
#define NSC_CONTAINER_IMAGE_H

#include "config/plan.h"
#include "rootfs/rootfs.h"
#include "util/error.h"

/* Can the plan's rootfs, a file, be one?  0 or a negative errno. */
int nsc_image_check(const struct nsc_plan *plan, struct nsc_error *err);

/* Mount the rootfs, if it is an image, and what sized.h has. */
int nsc_image_mount_all(const struct nsc_plan *plan, struct nsc_images *ret,
			struct nsc_error *err);

#endif
