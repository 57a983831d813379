/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a control group: their keys and ranges.  Kernel:
 * admin-guide/cgroup-v1/ and cgroup-v2.rst.
 */
#ifndef NSC_LINUX_CGROUP_LIMITS_H
#define NSC_LINUX_CGROUP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nsc_cgroup_controller {
	NSC_CGROUP_CPU, NSC_CGROUP_CPUACCT, NSC_CGROUP_CPUSET,
	NSC_CGROUP_MEMORY, NSC_CGROUP_DEVICES, NSC_CGROUP_FREEZER,
	NSC_CGROUP_IO, NSC_CGROUP_PIDS, NSC_CGROUP_HUGETLB,
	NSC_CGROUP_RDMA,
	NSC_CGROUP_CONTROLLERS,
	NSC_CGROUP_UNIFIED = NSC_CGROUP_CONTROLLERS,	/* v2 itself */
};
#define NSC_CGROUP_BIT(controller) (1U << (controller))

/* Limits that are one number, in the order in which they are written. */
enum nsc_cgroup_number {
	NSC_CGROUP_N_MEMORY, NSC_CGROUP_N_RESERVATION, NSC_CGROUP_N_SWAP,
	NSC_CGROUP_N_HIGH, NSC_CGROUP_N_SHARES, NSC_CGROUP_N_WEIGHT,
	NSC_CGROUP_N_PERIOD, NSC_CGROUP_N_QUOTA, NSC_CGROUP_N_PIDS,
	NSC_CGROUP_N_IO_WEIGHT,
	/* No unit of systemd has those that follow: not for cgroup_parents. */
	NSC_CGROUP_PARENT_NUMBERS,
	NSC_CGROUP_N_IDLE = NSC_CGROUP_PARENT_NUMBERS, NSC_CGROUP_N_BURST,
	NSC_CGROUP_N_SWAPPINESS, NSC_CGROUP_NUMBERS,
};

/* Their keys, the same in container.json and nscontainer.conf. */
struct nsc_cgroup_key {
	const char *name;
	enum nsc_cgroup_controller controller;
	int64_t none;		/* the value for "no limit" */
	int64_t min, max;	/* range of other values */
};
extern const struct nsc_cgroup_key nsc_cgroup_keys[NSC_CGROUP_NUMBERS];

/* Is the limit a number of bytes, which may have a unit? */
static inline bool nsc_cgroup_is_bytes(enum nsc_cgroup_number n)
{
	return nsc_cgroup_keys[n].max == INT64_MAX;
}

/* Is the value none, or in the range from min to max? */
bool nsc_cgroup_number_valid(enum nsc_cgroup_number n, int64_t value);

enum { NSC_CGROUP_RBPS, NSC_CGROUP_WBPS, NSC_CGROUP_RIOPS, NSC_CGROUP_WIOPS,
       NSC_CGROUP_RATES };
struct nsc_cgroup_io_max {
	unsigned int major, minor;		/* of a block device */
	int64_t rate[NSC_CGROUP_RATES];		/* per second; 0: no limit */
};

struct nsc_cgroup_pair {
	char *name;
	char *value;
};

#define NSC_CGROUP_VALUE_MAX 4096	/* of a text value: the kernel's page */

struct nsc_cgroup_limits {
	char *origin;		/* "FILE: cgroups", for messages */
	unsigned int set;	/* bit n: number[n] is set */
	unsigned int wished;	/* bit n: a default, applied if possible */
	int64_t number[NSC_CGROUP_NUMBERS];
	char *cpus;		/* NULL: absent */
	char *mems;
	struct nsc_cgroup_io_max *io_max;
	size_t n_io_max;
	struct nsc_cgroup_pair *hugetlb;	/* page size, bytes */
	size_t n_hugetlb;
	struct nsc_cgroup_pair *rdma;	/* device, "hca_handle=1 ..." */
	size_t n_rdma;
	struct nsc_cgroup_pair *unified;	/* file, text */
	size_t n_unified;
};

static inline bool nsc_cgroup_has(const struct nsc_cgroup_limits *limits,
				  enum nsc_cgroup_number n)
{
	return limits->set & 1U << n;
}

/* Check combinations of limits; NULL, or a sentence about a key. */
const char *nsc_cgroup_limits_check(const struct nsc_cgroup_limits *limits);

void nsc_cgroup_limits_free(struct nsc_cgroup_limits *limits);

/* May a group have this name?  It must be one component, and no kernel file. */
bool nsc_cgroup_name_valid(const char *name);

#endif
