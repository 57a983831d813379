/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts by descriptor: made or cloned detached, restricted while nobody sees
 * them, then attached on a descriptor.  mount_setattr(2), fsopen(2),
 * open_tree(2), move_mount(2), openat2(2).
 */
#ifndef NSC_LINUX_MOUNT_H
#define NSC_LINUX_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_MOUNT_SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

struct nsc_mount_option {
	const char *key;
	const char *value;	/* NULL: a flag */
};

/*
 * A new file system, detached, with MOUNT_ATTR_* attributes.  options ends
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
};

int nsc_mount_tmpfs(const struct nsc_tmpfs *tmpfs, struct nsc_error *err);

/*
 * A detached copy of the mount at fd (O_PATH), with all below it when
 * recursive.
 */
int nsc_mount_clone(int fd, bool recursive, struct nsc_error *err);

/*
 * Add MOUNT_ATTR_* attributes to a mount, and to those below it; nothing
 * propagates to it or from it any more.
 */
int nsc_mount_restrict(int fd, uint64_t attributes, bool recursive,
		       struct nsc_error *err);

/* The same, recursive; what is mounted below its origin still reaches it. */
int nsc_mount_restrict_slave(int fd, uint64_t attributes,
			     struct nsc_error *err);

/* Map the ids on a detached mount with those of a user namespace. */
int nsc_mount_idmap(int fd, int userns, struct nsc_error *err);

/* Attach a detached mount on what target is. */
int nsc_mount_attach(int mount, int target, struct nsc_error *err);

/*
 * Open an absolute path of the host with O_PATH to bind it.  No component may
 * be a symbolic link: one that a user can write would lead anywhere.
 */
int nsc_mount_open_source(const char *path, struct nsc_error *err);

#endif
