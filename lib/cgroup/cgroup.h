/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: the hierarchies of this host, and limits in the form of their
 * files.  Kernel: admin-guide/cgroup-v1/ and cgroup-v2.rst.
 *
 * A host has v1 (a hierarchy for one or several controllers), v2 (a single one)
 * or both; each limit goes where its controller is.
 */
#ifndef NSC_CGROUP_CGROUP_H
#define NSC_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "linux/cgroup_limits.h"
#include "util/error.h"

struct nsc_cgroup_hierarchy {
	bool v2;
	bool readonly;
	unsigned int controllers;	/* bits; v2: those not in v1 */
	char *path;			/* its mount point */
};

#define NSC_CGROUP_HIERARCHIES 16
struct nsc_cgroup_host {
	struct nsc_cgroup_hierarchy list[NSC_CGROUP_HIERARCHIES];
	size_t n;
	char *own;	/* our group in v2 (or systemd's), "/a/b" */
};

/*
 * Parse the texts of /proc/self/mountinfo and /proc/self/cgroup.  Returns 0 or
 * -ENOMEM.  The controllers of v2 are in a separate file.
 */
int nsc_cgroup_host_parse(const char *mountinfo, const char *cgroup,
			  struct nsc_cgroup_host *host);
/*
 * Load the hierarchies that this process sees.  Returns 0 or a negative errno.
 */
int nsc_cgroup_host_load(struct nsc_cgroup_host *host, struct nsc_error *err);
/*
 * Find the mount point of the hierarchy that a line of /proc/PID/cgroup names,
 * in the text of mountinfo: controllers is "cpu,cpuacct", "name=systemd", or ""
 * for v2.  Returns new memory; NULL if it is not mounted.  A writable mount is
 * preferred.
 */
char *nsc_cgroup_mount(const char *mountinfo, const char *controllers);
void nsc_cgroup_host_free(struct nsc_cgroup_host *host);

/*
 * nsc_cgroup_leave() moves this process out of the control groups of its
 * caller, who may have filled or frozen them, before others wait for it: to the
 * root of each v1 hierarchy, as far as permitted.  In v2 a process that moves
 * must wait for others, so a child is started in the root instead, with the
 * descriptor from nsc_cgroup_root(): -1 if there is no root, or only that of a
 * cgroup namespace.
 */
int nsc_cgroup_root(void);
void nsc_cgroup_leave(void);

/* The hierarchy that has this controller, or NULL. */
const struct nsc_cgroup_hierarchy *
nsc_cgroup_find(const struct nsc_cgroup_host *host,
		enum nsc_cgroup_controller controller);

/* "memory", for example; v2 has the name io for blkio. */
const char *nsc_cgroup_controller_name(enum nsc_cgroup_controller controller,
				       bool v2);
/* Get the bits of a list of names, separated by any character of separators. */
unsigned int nsc_cgroup_controllers(const char *list, const char *separators);

/*
 * Open a group below dir, and make it if it does not exist; a v1 cpuset gets
 * the cpus and mems of its parent, because it takes no process without them.
 * Returns a descriptor or a negative errno; *ret_made: it was made.
 */
int nsc_cgroup_make(int dir, const char *name, bool cpuset, bool *ret_made);
/* These return 0 or a negative errno. */
int nsc_cgroup_write(int dir, const char *file, const char *text);
int nsc_cgroup_add(int dir, pid_t pid);

/*
 * Let uid manage the groups below a v2 group: it owns the directory and the
 * files for delegation (cgroup-v2.rst, "Delegation"), but no limit.  Returns 0
 * or a negative errno.
 */
int nsc_cgroup_delegate(int dir, uid_t uid, gid_t gid, struct nsc_error *err);

/* Settings: limits in the form of files. */
struct nsc_cgroup_setting {
	const char *key;	/* "memory", for messages */
	enum nsc_cgroup_controller controller;
	char file[80];
	char value[NSC_CGROUP_VALUE_MAX];
	bool optional;		/* the file may be missing */
	bool or_next;		/* if missing, use the next setting */
};
#define NSC_CGROUP_SETTINGS_MAX 4	/* for one limit */

/*
 * Get the settings for one limit.  Each function returns their number, or
 * -EOPNOTSUPP if this version has no such limit.
 */
struct nsc_cgroup_ops {
	int (*number)(const struct nsc_cgroup_limits *limits,
		      enum nsc_cgroup_number n,
		      struct nsc_cgroup_setting *ret);
	int (*io_max)(const struct nsc_cgroup_io_max *io,
		      struct nsc_cgroup_setting *ret);
	int (*hugetlb)(const struct nsc_cgroup_pair *pair,
		       struct nsc_cgroup_setting *ret);
};
extern const struct nsc_cgroup_ops nsc_cgroup_v1, nsc_cgroup_v2;

/* Fill in one setting. */
void nsc_cgroup_put(struct nsc_cgroup_setting *setting, const char *file,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int64_t nsc_cgroup_shares_to_weight(int64_t shares);
int64_t nsc_cgroup_weight_to_shares(int64_t weight);

/* The bits of the controllers that the limits need. */
unsigned int nsc_cgroup_needs(const struct nsc_cgroup_limits *limits);

/*
 * Returns 0 if each limit has its controller, or an error that names one that
 * does not.
 */
int nsc_cgroup_limits_possible(const struct nsc_cgroup_limits *limits,
			       const struct nsc_cgroup_host *host,
			       struct nsc_error *err);

/*
 * Write the limits whose controllers are in h to its group dir.  A default that
 * cannot be written is no error.  Returns 0 or a negative errno.
 */
int nsc_cgroup_apply(const struct nsc_cgroup_limits *limits,
		     const struct nsc_cgroup_hierarchy *h, int dir,
		     struct nsc_error *err);

/*
 * Enable those of the wanted controllers (bits) that a v2 group has for its
 * children.  Returns 0, -ENODEV if a needed one is missing, or the kernel's
 * error for it.
 */
int nsc_cgroup_v2_enable(int dir, unsigned int wanted, unsigned int needed);

#endif
