/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs: layers, and what of the host's own "/" is not shown. */
#ifndef NSC_ROOTFS_ROOT_H
#define NSC_ROOTFS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_rootfs;

/* A directory of the host that a tmpfs stands for. */
struct nsc_hidden {
	const char *path;
	mode_t mode;
	const char *size;
};

extern const struct nsc_hidden nsc_rootfs_hidden[];	/* ends with NULL */

/* Is path one of them, below one, or a directory that is always new? */
bool nsc_rootfs_is_hidden(const char *path);

/* Make and open a directory of the scratch tmpfs; O_PATH. */
int nsc_rootfs_scratch_dir(const struct nsc_rootfs *rootfs, const char *name,
			   struct nsc_error *err);

struct nsc_layers {
	int dir;		/* where the upper layer is kept */
	const int *lower;	/* the first is on top of the others */
	size_t n;
	uint64_t attributes;	/* MOUNT_ATTR_* */
};

/* A detached overlay. */
int nsc_rootfs_overlay(const struct nsc_rootfs *rootfs,
		       const struct nsc_layers *layers, struct nsc_error *err);

#endif
