/*
 * The file systems that a container sees, as one tree of mounts.
 *
 * Runs in: the worker, root of the host, in a mount namespace that is a copy
 * of the host's, in the container's pid and network namespaces.  No process of
 * the container runs yet.
 */
#ifndef NSC_CONTAINER_VIEW_H
#define NSC_CONTAINER_VIEW_H

#include "base/error.h"
#include "container/create.h"
#include "kernel/pty.h"

struct nsc_view {
	const struct nsc_plan *plan;
	int userns;	/* descriptor of the container's user namespace, -1 */
	int scratch;	/* a tmpfs to build in, gone with the old root */
	int root;	/* O_PATH of the new root directory */
	int dev;	/* the container's /dev */
	struct nsc_pty console;	/* see console.h */
};

#define NSC_VIEW_INIT { .userns = -1, .scratch = -1, .root = -1, .dev = -1, \
			.console = NSC_PTY_INIT }

/* rootfs.c: what is at "/", with the submounts of it; sets view->root. */
int nsc_rootfs_open(struct nsc_view *view, struct nsc_error *err);

/* view.c: all on top of it, and pivot_root(2) into it. */
int nsc_view_build(struct nsc_view *view, struct nsc_error *err);

#endif
