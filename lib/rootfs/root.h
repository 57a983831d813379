/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs and its layers. */
#ifndef NSC_ROOTFS_ROOT_H
#define NSC_ROOTFS_ROOT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/plan.h"
#include "rundir/statedir.h"
#include "util/error.h"

struct nsc_rootfs;

/* The owner of the data that is kept; it points into the plan. */
struct nsc_statedir nsc_rootfs_kept(const struct nsc_plan *plan);

/*
 * Make and open a directory of the scratch tmpfs.  Returns a descriptor
 * (O_PATH).
 */
int nsc_rootfs_scratch_dir(const struct nsc_rootfs *rootfs, const char *name,
			   struct nsc_error *err);

/*
 * Attach a detached mount to a directory of the scratch tmpfs.  Returns the
 * mounted directory (O_PATH).
 */
int nsc_rootfs_attach_scratch(const struct nsc_rootfs *rootfs, int mount,
			      const char *name, struct nsc_error *err);

/*
 * In a dry run, replace *mount, detached, with these attributes, if something
 * could be made in it: an overlay on it takes what is written.
 */
int nsc_rootfs_throw_away(const struct nsc_rootfs *rootfs, int *mount,
			  uint64_t attributes, struct nsc_error *err);

/*
 * Open the container's directory in /var/lib/nscontainer, which is made if it
 * does not exist.  In a dry run, an empty directory takes its place.
 */
int nsc_rootfs_state(const struct nsc_rootfs *rootfs, struct nsc_error *err);

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
