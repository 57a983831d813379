/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find a mount point: walk a path below the root of a tree of mounts, component
 * by component, by descriptor.  Nobody can redirect it with a link or by moving
 * a directory, except root of the host or of the container.
 */
#ifndef NSC_LINUX_TARGET_H
#define NSC_LINUX_TARGET_H

#include <sys/types.h>

#include "util/error.h"

struct nsc_tree {
	int root;	/* its root directory; O_PATH is enough */
	uid_t owner;	/* the container's root, as the host sees it */
	int dev;	/* the container's /dev, or -1 */
	const char *what;	/* for messages; NULL: "mount point" */
};

/*
 * The object that must exist, or is made; missing directories of root before it
 * are made as well.
 */
enum nsc_target {
	NSC_TARGET_ANY,		/* not made if missing: -ENOENT */
	NSC_TARGET_DIR,
	NSC_TARGET_FILE,	/* anything but a directory */
	NSC_TARGET_KIND = 3,
	/* The path's last component must not be a link, whoever made it. */
	NSC_TARGET_NO_LINK = 4,
	/*
	 * Only root may be able to replace an entry in any directory of the
	 * path.
	 */
	NSC_TARGET_ROOTS = 8,
};

/*
 * Open path (absolute or not) below the tree's root with O_PATH.  A directory
 * is root's if the host's or the container's root owns it, nobody else can
 * write to it, and all directories above it are root's.  A link in such a
 * directory is followed below the tree's root, by the same rules, but never
 * into a file system of the kernel (proc, sysfs, ...) or into the container's
 * /dev: -EXDEV.  A link in any other directory is -ELOOP, and with
 * NSC_TARGET_ROOTS any use of such a directory is -EPERM.  Links are read as
 * text, so that none is magic.  Returns a descriptor or a negative errno.
 */
int nsc_target_open(const struct nsc_tree *tree, const char *path,
		    unsigned int how, struct nsc_error *err);

/*
 * The same, and attach a detached mount to it.  Returns 0 or a negative errno.
 */
int nsc_target_mount(const struct nsc_tree *tree, int mount, const char *path,
		     unsigned int how, struct nsc_error *err);

#endif
