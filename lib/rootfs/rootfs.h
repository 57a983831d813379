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
#include "policy/home_id.h"

/* Detached mounts of file systems in files; -1: there is none. */
struct nsc_images {
	int rootfs;	/* itself, read-only */
	int layer;	/* for the layer of a persistent overlay */
	int home;	/* for the private home */
};

#define NSC_IMAGES_INIT { -1, -1, -1 }

struct nsc_rootfs {
	const struct nsc_plan *plan;
	struct nsc_images images;
	int userns;	/* descriptor of the container's user namespace, -1 */
	int home_userns;	/* to id-map the home; -1: no id map */
	int scratch;	/* a tmpfs for the build, gone with the old root */
	int root;	/* O_PATH of the new root directory */
	int dev;	/* the container's /dev */
	struct nsc_home_id home_id;	/* the host's home, if it is bound */
	struct nsc_pty console;	/* see console.h */
	/* Called with the complete tree, before pivot_root(2). */
	int (*complete)(const struct nsc_rootfs *rootfs, struct nsc_error *err);
	pid_t pid;	/* PID 1, as the host sees it */
	pid_t helper;	/* of the network, as the worker sees it; 0: none */
};

#define NSC_ROOTFS_INIT                                                        \
	{                                                                      \
		.images = NSC_IMAGES_INIT,                                     \
		.userns = -1, .home_userns = -1, .scratch = -1, .root = -1,    \
		.dev = -1, .home_id = NSC_HOME_UNKNOWN,                        \
		.console = NSC_PTY_INIT                                        \
	}

struct nsc_bind {
	const char *path;	/* inside */
	uint64_t attributes;	/* MOUNT_ATTR_* to add */
	bool slave;		/* later mounts of the host appear in it */
	int userns;		/* for an id map; 0 or less: none */
	unsigned int how;	/* NSC_TARGET_ROOTS, _DIR: it is one; or 0 */
};

/* rootfs.c: build everything, and pivot_root(2) into it. */
int nsc_rootfs_build(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* rootfs.c: mount_label; NULL if it is empty. */
const char *nsc_rootfs_label(const struct nsc_rootfs *rootfs);

/*
 * rootfs.c: open path inside, as nsc_target_open() finds or makes it; and
 * attach a mount to it.  Everything that enters the rootfs uses these
 * functions.
 */
int nsc_rootfs_target(const struct nsc_rootfs *rootfs, const char *path,
		      unsigned int how, struct nsc_error *err);
int nsc_rootfs_attach(const struct nsc_rootfs *rootfs, int mount,
		      const char *path, unsigned int how,
		      struct nsc_error *err);

/* rootfs.c: bind fd (O_PATH) with its submounts. */
int nsc_rootfs_put_bind(const struct nsc_rootfs *rootfs, int fd,
			const struct nsc_bind *bind, struct nsc_error *err);
/*
 * rootfs.c: mount a new instance of devpts.  Returns a descriptor that the
 * caller closes.
 */
int nsc_rootfs_put_devpts(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err);

/* root.c: make the tree of "/" with its submounts; sets rootfs->root. */
int nsc_rootfs_open(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* login_shell.c: put container-shell in the place of nsshell. */
int nsc_rootfs_put_shell(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* mounts.c: mount mounts[] of container.json. */
int nsc_rootfs_put_configured(struct nsc_rootfs *rootfs, struct nsc_error *err);

/*
 * kernelfs.c: mount the kernel's file systems, for the container's namespaces.
 * The parts of proc and sysfs that belong to the whole host are hidden or
 * read-only, wherever the file system is mounted; unless masked is false, for
 * containers in the container: the kernel lets them have such a file system
 * where another one is wholly visible.
 */
int nsc_rootfs_put_proc(const struct nsc_rootfs *rootfs, const char *path,
			bool writable, bool masked, struct nsc_error *err);
int nsc_rootfs_put_sysfs(const struct nsc_rootfs *rootfs, const char *path,
			 bool writable, bool masked, struct nsc_error *err);
int nsc_rootfs_put_mqueue(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err);
int nsc_rootfs_put_cgroup(const struct nsc_rootfs *rootfs, const char *path,
			  bool writable, struct nsc_error *err);

/* kernelfs.c: apply masked_paths and readonly_paths of container.json. */
int nsc_rootfs_put_paths(struct nsc_rootfs *rootfs, struct nsc_error *err);
/* kernelfs.c: cover cpuN/thermal_throttle in a mounted sysfs. */
int nsc_rootfs_cover_processors(const struct nsc_rootfs *rootfs, int sysfs,
				struct nsc_error *err);
/* kernelfs.c: cover target with an empty, read-only file or directory. */
int nsc_rootfs_cover(const struct nsc_rootfs *rootfs, int target,
		     struct nsc_error *err);

#endif
