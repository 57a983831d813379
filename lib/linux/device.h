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
	char *host_path;	/* where the host has it; NULL: path */
	uid_t uid;		/* of its owner, inside */
	gid_t gid;
};

#define NSC_DEVICE_OF_USER ((uid_t)-1)	/* uid, gid: those of the user */

/* The default: null, zero, full, tty, urandom, random, each 0666. */
#define NSC_DEVICE_DEFAULTS 6
extern const struct nsc_device_node nsc_device_defaults[NSC_DEVICE_DEFAULTS];

/*
 * Open the host's own node of that path, type and numbers (O_PATH), or refuse
 * it by a sentence for a host that cannot make nodes.
 */
int nsc_device_open(const struct nsc_device_node *node, struct nsc_error *err);

/* The same, as a detached mount, to be attached over an empty file. */
int nsc_device_clone(const struct nsc_device_node *node, struct nsc_error *err);

/*
 * Make a node, owned by uid and gid, below dev, a descriptor of the container's
 * /dev (a tmpfs that no other process can see yet).  Missing directories are
 * made.  On a host that is itself a container, mknod(2) fails: then the host's
 * node is bound, with its owner and mode.  Returns 0 or a negative errno.
 */
int nsc_device_create(int dev, const struct nsc_device_node *node, uid_t uid,
		      gid_t gid, struct nsc_error *err);

#endif
