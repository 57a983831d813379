/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to mount: a path below the root of a tree of mounts, walked component
 * by component, by descriptor.  Who makes a link, or moves a directory, never
 * decides where that is, unless it is root of the host or of the container.
 */
#ifndef NSC_LINUX_TARGET_H
#define NSC_LINUX_TARGET_H

#include <sys/types.h>

#include "util/error.h"

struct nsc_tree {
	int root;	/* directory of it; O_PATH will do */
	uid_t owner;	/* the container's root, as the host sees it */
	int dev;	/* the container's /dev, or -1 */
	const char *what;	/* for messages; NULL: "mount point" */
};

/* What there must be, or is made; root's directories on the way as well. */
enum nsc_target {
	NSC_TARGET_ANY,		/* nothing is made: -ENOENT */
	NSC_TARGET_DIR,
	NSC_TARGET_FILE,	/* what is not a directory */
	NSC_TARGET_KIND = 3,
	/* The path's last component is no link, whoever made it. */
	NSC_TARGET_NO_LINK = 4,
	/* In no directory on the way can others than root replace what is. */
	NSC_TARGET_ROOTS = 8,
};

/*
 * Open path (absolute or not) below the tree's root, O_PATH.  A directory is
 * root's when the host's or the container's root owns it, nobody else can
 * write to it, and all above it are root's.  A link that is in one leads on
 * below the tree's root, by the same rules, but never into a file system of
 * the kernel's (proc, sysfs, ...) or into the container's /dev: -EXDEV.  In a
 * directory that is not root's a link is -ELOOP, and with NSC_TARGET_ROOTS
 * there is nothing but -EPERM.  Links are read as text: none is magic.
 */
int nsc_target_open(const struct nsc_tree *tree, const char *path,
		    unsigned int how, struct nsc_error *err);

/* The same, and attach a detached mount on what it is. */
int nsc_target_mount(const struct nsc_tree *tree, int mount, const char *path,
		     unsigned int how, struct nsc_error *err);

#endif
