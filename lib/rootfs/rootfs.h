/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file systems that a container sees, as one tree of mounts.
 *
 * Runs in: the worker, root of the host, in a mount namespace that is a copy
 * of the host's, in the container's pid and network namespaces.  No process of
 * the container runs yet.
 */
#ifndef NSC_ROOTFS_ROOTFS_H
#define NSC_ROOTFS_ROOTFS_H

#include "util/error.h"
#include "config/plan.h"
#include "linux/pty.h"
#include "linux/target.h"

struct nsc_rootfs {
	const struct nsc_plan *plan;
	int userns;	/* descriptor of the container's user namespace, -1 */
	int home_userns;	/* to id-map the home with; -1: as it is */
	int scratch;	/* a tmpfs to build in, gone with the old root */
	int root;	/* O_PATH of the new root directory */
	int dev;	/* the container's /dev */
	struct nsc_pty console;	/* see console.h */
};

#define NSC_ROOTFS_INIT                                                        \
	{                                                                      \
		.userns = -1, .home_userns = -1, .scratch = -1, .root = -1,    \
		.dev = -1, .console = NSC_PTY_INIT                             \
	}

struct nsc_bind {
	const char *path;	/* inside */
	uint64_t attributes;	/* MOUNT_ATTR_* to add */
	bool slave;		/* later mounts of the host appear in it */
	int userns;		/* to id-map it with; 0 or less: none */
	unsigned int how;	/* NSC_TARGET_ROOTS, or 0 */
};

/* rootfs.c: all of it, and pivot_root(2) into it. */
int nsc_rootfs_build(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* rootfs.c: mount_label; NULL where there is none. */
const char *nsc_rootfs_label(const struct nsc_rootfs *rootfs);

/*
 * rootfs.c: what is at path inside, as nsc_target_open finds or makes it; and a
 * mount on it.  Whatever is put into the rootfs is put so.
 */
int nsc_rootfs_target(const struct nsc_rootfs *rootfs, const char *path,
		      unsigned int how, struct nsc_error *err);
int nsc_rootfs_attach(const struct nsc_rootfs *rootfs, int mount,
		      const char *path, unsigned int how,
		      struct nsc_error *err);

/* rootfs.c: what fd (O_PATH) is, with its submounts. */
int nsc_rootfs_put_bind(const struct nsc_rootfs *rootfs, int fd,
			const struct nsc_bind *bind, struct nsc_error *err);
/* rootfs.c: a tmpfs of the container's root; size as in tmpfs(5). */
int nsc_rootfs_put_tmpfs(const struct nsc_rootfs *rootfs, const char *path,
			 mode_t mode, const char *size, struct nsc_error *err);
/* rootfs.c: a new instance of devpts; a descriptor of it, the caller's. */
int nsc_rootfs_put_devpts(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err);

/* root.c: what is at "/", with the submounts of it; sets rootfs->root. */
int nsc_rootfs_open(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* mounts.c: mounts[] of container.json. */
int nsc_rootfs_put_configured(struct nsc_rootfs *rootfs, struct nsc_error *err);

/*
 * kernelfs.c: the kernel's file systems, of the container's namespaces; with
 * what of proc and sysfs is the host's hidden or read-only, wherever they are.
 */
int nsc_rootfs_put_proc(const struct nsc_rootfs *rootfs, const char *path,
			bool writable, struct nsc_error *err);
int nsc_rootfs_put_sysfs(const struct nsc_rootfs *rootfs, const char *path,
			 bool writable, struct nsc_error *err);
int nsc_rootfs_put_mqueue(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err);
int nsc_rootfs_put_cgroup(const struct nsc_rootfs *rootfs, const char *path,
			  bool writable, struct nsc_error *err);

/* kernelfs.c: masked_paths and readonly_paths of container.json. */
int nsc_rootfs_put_paths(struct nsc_rootfs *rootfs, struct nsc_error *err);
/* kernelfs.c: cpuN/thermal_throttle of a sysfs that is there. */
int nsc_rootfs_cover_processors(const struct nsc_rootfs *rootfs, int sysfs,
				struct nsc_error *err);
/* kernelfs.c: something empty and read-only over what target is. */
int nsc_rootfs_cover(const struct nsc_rootfs *rootfs, int target,
		     struct nsc_error *err);

#endif
