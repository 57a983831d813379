/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes: one table with the content of a container's /dev. */
#ifndef NSC_LINUX_DEVICE_H
#define NSC_LINUX_DEVICE_H

#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_device_node {
	char *path;		/* absolute, as seen inside: "/dev/null" */
	char type;		/* 'c' or 'b' */
	unsigned int major;
	unsigned int minor;
	mode_t mode;		/* permission bits */
	unsigned int access;	/* NSC_DEVICE_*, see cgroup_devices.h */
};

/* The default: null, zero, full, tty, urandom, random, each 0666. */
#define NSC_DEVICE_DEFAULTS 6
extern const struct nsc_device_node nsc_device_defaults[NSC_DEVICE_DEFAULTS];

/*
 * Make a node, owned by uid and gid, below dev, a descriptor of the container's
 * /dev (a tmpfs that no other process can see yet).  Missing directories are
 * made.  Needs CAP_MKNOD in the host's user namespace, mknod(2).  Returns 0 or
 * a negative errno.
 */
int nsc_device_create(int dev, const struct nsc_device_node *node, uid_t uid,
		      gid_t gid, struct nsc_error *err);

#endif
