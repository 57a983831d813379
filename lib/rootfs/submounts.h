/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's mounts below the rootfs: which of them a container gets.  Decided
 * from mountinfo and passwd alone, so no file system is asked.
 */
#ifndef NSC_ROOTFS_SUBMOUNTS_H
#define NSC_ROOTFS_SUBMOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "config/plan.h"

/* An empty directory of a container's "/", in the place of the host's. */
struct nsc_hidden {
	const char *path;
	unsigned int mode;
	const char *size;
};

/* The table ends with a NULL path. */
extern const struct nsc_hidden nsc_rootfs_hidden[];

/* Is the path in a directory that is hidden or made anew? */
bool nsc_rootfs_is_hidden(const char *path);

/* Is it a file system of the kernel, which holds no files of a container? */
bool nsc_rootfs_is_kernels(const char *type);

struct nsc_submount {
	const char *point;
	const char *type;
	const char *super;	/* options of its file system */
	bool wanted;		/* not hidden, nor the kernel's */
	bool served;		/* by a server, which might not answer */
	char *left_out;		/* a sentence; NULL: it is not left out */
};

/* All mounts, in the order of mountinfo, to which the strings belong. */
struct nsc_submounts {
	char *mountinfo;
	struct nsc_submount *list;
	size_t n;
};

#define NSC_SUBMOUNTS_INIT { NULL, NULL, 0 }

/* Find them; the caller frees *ret by nsc_submounts_free(), also on errors. */
int nsc_submounts_find(const struct nsc_plan *plan, struct nsc_submounts *ret,
		       struct nsc_error *err);

void nsc_submounts_free(struct nsc_submounts *mounts);
#define _cleanup_submounts_ __attribute__((cleanup(nsc_submounts_free)))

#endif
