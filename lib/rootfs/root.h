/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs: its layers, and the hidden parts of the host's own "/". */
#ifndef NSC_ROOTFS_ROOT_H
#define NSC_ROOTFS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_rootfs;

/* A directory of the host that a tmpfs replaces. */
struct nsc_hidden {
	const char *path;
	mode_t mode;
	const char *size;
};

extern const struct nsc_hidden nsc_rootfs_hidden[];	/* ends with NULL */

/* Is path a hidden directory or an always new one, or below one? */
bool nsc_rootfs_is_hidden(const char *path);

/* Is it a file system of the kernel, which holds no files of a container? */
bool nsc_rootfs_is_kernels(const char *type);

/* Is path the directory dir, or below it? */
bool nsc_rootfs_is_below(const char *path, const char *dir);

/*
 * Make and open a directory of the scratch tmpfs.  Returns a descriptor
 * (O_PATH).
 */
int nsc_rootfs_scratch_dir(const struct nsc_rootfs *rootfs, const char *name,
			   struct nsc_error *err);

struct nsc_layers {
	int dir;		/* has the upper layer */
	const int *lower;	/* the first one is on top */
	size_t n;
	uint64_t attributes;	/* MOUNT_ATTR_* */
};

/* Returns a detached overlay, or a negative errno with err set. */
int nsc_rootfs_overlay(const struct nsc_rootfs *rootfs,
		       const struct nsc_layers *layers, struct nsc_error *err);

#endif
