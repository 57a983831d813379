/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: the hierarchies of this host, and limits as their files have
 * them.  Kernel: admin-guide/cgroup-v1/ and cgroup-v2.rst.
 *
 * A host is v1 (a hierarchy for each controller or a few), v2 (one) or both;
 * each limit goes where its controller is.
 */
#ifndef NSC_CGROUP_CGROUP_H
#define NSC_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "linux/cgroup_limits.h"
#include "util/error.h"

/* Hierarchies. */
struct nsc_cgroup_hierarchy {
	bool v2;
	bool readonly;
	unsigned int controllers;	/* bits; of v2: those not in v1 */
	char *path;			/* where it is mounted */
};

#define NSC_CGROUP_HIERARCHIES 16
struct nsc_cgroup_host {
	struct nsc_cgroup_hierarchy list[NSC_CGROUP_HIERARCHIES];
	size_t n;
	char *own;	/* our own group in v2 (or systemd's), "/a/b" */
};

/*
 * From the texts of /proc/self/mountinfo and /proc/self/cgroup.  -ENOMEM,
 * or 0.  The controllers of v2 are in a file of its own.
 */
int nsc_cgroup_host_parse(const char *mountinfo, const char *cgroup,
			  struct nsc_cgroup_host *host);
/* What this process sees. */
int nsc_cgroup_host_load(struct nsc_cgroup_host *host, struct nsc_error *err);
/*
 * Where the hierarchy of a line of /proc/PID/cgroup is mounted, by the text
 * of mountinfo: controllers is "cpu,cpuacct", "name=systemd", or "" for v2.
 * New memory; NULL where it is not mounted.  One that can be written to
 * comes first.
 */
char *nsc_cgroup_mount(const char *mountinfo, const char *controllers);
void nsc_cgroup_host_free(struct nsc_cgroup_host *host);

/*
 * Out of the groups of whoever called us, who may have filled or frozen them,
 * before others wait for us: to the root, as far as it takes us.  In v2, where
 * a process that moves waits for others, a child is born there instead, by
 * what nsc_cgroup_root() opens: -1 where there is none, or where it is a cgroup
 * namespace's.
 */
int nsc_cgroup_root(void);
void nsc_cgroup_leave(void);

/* The hierarchy that has it, or NULL. */
const struct nsc_cgroup_hierarchy *
nsc_cgroup_find(const struct nsc_cgroup_host *host,
		enum nsc_cgroup_controller controller);

/* "memory"; v2 calls blkio io. */
const char *nsc_cgroup_controller_name(enum nsc_cgroup_controller controller,
				       bool v2);
/* The bits of a list of names, separated by any of separators. */
unsigned int nsc_cgroup_controllers(const char *list, const char *separators);

/*
 * Make (where it is not there) and open a group below dir; a v1 cpuset
 * gets the parent's cpus and mems, without which no process can be in it.
 * Returns a descriptor; *ret_made says that it was not there before.
 */
int nsc_cgroup_make(int dir, const char *name, bool cpuset, bool *ret_made);
/* 0 or a negative errno each. */
int nsc_cgroup_write(int dir, const char *file, const char *text);
int nsc_cgroup_add(int dir, pid_t pid);

/*
 * Let uid manage what is below a v2 group: it owns the directory and the
 * files that delegation is about (cgroup-v2.rst, "Delegation"), no limit.
 */
int nsc_cgroup_delegate(int dir, uid_t uid, gid_t gid, struct nsc_error *err);

/* Settings: what limits mean in files. */
struct nsc_cgroup_setting {
	const char *key;	/* "memory", for messages */
	enum nsc_cgroup_controller controller;
	char file[80];
	char value[NSC_CGROUP_VALUE_MAX];
	bool optional;		/* fine where the file does not exist */
	bool or_next;		/* then the next takes its place */
};
#define NSC_CGROUP_SETTINGS_MAX 4	/* of one limit */

/*
 * The settings of one limit, or -EOPNOTSUPP: this version has nothing like
 * it.  Each returns how many.
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

/* One setting at a time. */
void nsc_cgroup_put(struct nsc_cgroup_setting *setting, const char *file,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int64_t nsc_cgroup_shares_to_weight(int64_t shares);
int64_t nsc_cgroup_weight_to_shares(int64_t weight);

/* The controllers that the limits need, as bits. */
unsigned int nsc_cgroup_needs(const struct nsc_cgroup_limits *limits);

/* A limit with no controller, as a sentence; 0 where all are there. */
int nsc_cgroup_limits_possible(const struct nsc_cgroup_limits *limits,
			       const struct nsc_cgroup_host *host,
			       struct nsc_error *err);

/*
 * Write those limits whose controllers this group (a directory of h) has.  A
 * default that cannot be written is no error.
 */
int nsc_cgroup_apply(const struct nsc_cgroup_limits *limits,
		     const struct nsc_cgroup_hierarchy *h, int dir,
		     struct nsc_error *err);

/*
 * Enable controllers (bits) for the children of a v2 group, as far as it has
 * them; -ENODEV, or the kernel's answer, where one of needed is missing.
 */
int nsc_cgroup_v2_enable(int dir, unsigned int wanted, unsigned int needed);

#endif
