/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts by descriptor: made or cloned while detached, restricted while nobody
 * sees them, then attached to a descriptor.  mount_setattr(2), fsopen(2),
 * open_tree(2), move_mount(2), openat2(2).  The functions return 0 or a
 * descriptor, or a negative errno.
 */
#ifndef NSC_LINUX_MOUNT_H
#define NSC_LINUX_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_MOUNT_SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
/* Among the attributes: set the mode of access times too (0 is relatime). */
#define NSC_MOUNT_ATIME (UINT64_C(1) << 63)

struct nsc_mount_option {
	const char *key;
	const char *value;	/* NULL: a flag */
};

/*
 * Make a detached new file system with MOUNT_ATTR_* attributes.  options ends
 * with a NULL key, or is NULL.
 */
int nsc_mount_new(const char *type, const struct nsc_mount_option *options,
		  uint64_t attributes, struct nsc_error *err);

struct nsc_tmpfs {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	const char *size;	/* as mount(8) writes it, "64k" */
	const char *label;	/* SELinux context of its files, NULL: none */
	uint64_t attributes;	/* besides NSC_MOUNT_SAFE */
};

int nsc_mount_tmpfs(const struct nsc_tmpfs *tmpfs, struct nsc_error *err);

/*
 * Make a detached copy of the mount at fd (O_PATH); if recursive, with all
 * mounts below it.
 */
int nsc_mount_clone(int fd, bool recursive, struct nsc_error *err);

/*
 * Add MOUNT_ATTR_* attributes to a mount, and if recursive to those below it,
 * and stop all propagation to and from it.
 */
int nsc_mount_restrict(int fd, uint64_t attributes, bool recursive,
		       struct nsc_error *err);

/*
 * The same, recursive, but later mounts below its origin still propagate to it.
 */
int nsc_mount_restrict_slave(int fd, uint64_t attributes,
			     struct nsc_error *err);

/* Map the ids on a detached mount with the maps of a user namespace. */
int nsc_mount_idmap(int fd, int userns, struct nsc_error *err);

/* Attach a detached mount to target. */
int nsc_mount_attach(int mount, int target, struct nsc_error *err);

/*
 * 1 if fd is a directory, 0 if not.  The server of its file system, which may
 * not answer, is not asked.
 */
int nsc_mount_is_directory(int fd, struct nsc_error *err);

/*
 * Open an absolute path of the host with O_PATH to bind it.  No component may
 * be a symbolic link: a link that a user can write could lead anywhere.
 */
int nsc_mount_open_source(const char *path, struct nsc_error *err);

#endif
