/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resource usage of a group.  Both versions are converted to the same
 * units: bytes, microseconds, numbers of operations.
 */
#ifndef NSC_CGROUP_CGROUP_STATS_H
#define NSC_CGROUP_CGROUP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup/cgroup_tree.h"

#define NSC_STATS_NONE UINT64_MAX	/* unknown here, or no limit */

struct nsc_stats_key {
	char name[48];
	uint64_t value;
};

/* Block I/O: one row for each device and operation. */
struct nsc_stats_io {
	unsigned int major, minor;
	char op[16];		/* "read", "write", "discard", ... */
	uint64_t bytes;
	uint64_t ops;
};

#define NSC_STATS_KEYS 128
#define NSC_STATS_IO 256

struct nsc_stats {
	uint64_t cpu_usage, cpu_user, cpu_system;	/* microseconds */
	uint64_t periods, throttled_periods, throttled_time;
	uint64_t memory, memory_peak, memory_limit;
	struct nsc_stats_key memory_stat[NSC_STATS_KEYS];
	size_t n_memory_stat;
	uint64_t pids, pids_limit;
	struct nsc_stats_io io[NSC_STATS_IO];
	size_t n_io;
	uint64_t io_queued;
	bool frozen;		/* completely */
	bool self_freezing;	/* the group itself was told to freeze */
	bool parent_freezing;	/* a group above was */
};

/*
 * Read the group session below each group of the tree; NULL: the container's
 * own groups.  A value that a hierarchy does not have stays NSC_STATS_NONE or
 * empty.
 */
void nsc_stats_read(const struct nsc_cgroup_tree *tree, const char *session,
		    struct nsc_stats *ret);

/*
 * Read the two values that are recorded for a session: bytes and microseconds.
 */
void nsc_stats_usage(const struct nsc_cgroup_tree *tree, const char *session,
		     uint64_t *ret_peak, uint64_t *ret_cpu_us);

/* Parse one text each; for nsc_stats_read and for tests. */
void nsc_stats_parse_flat(const char *text, struct nsc_stats_key *list,
			  size_t *n);
uint64_t nsc_stats_find(const struct nsc_stats_key *list, size_t n,
			const char *name);
void nsc_stats_parse_io_v2(const char *text, struct nsc_stats *ret);
void nsc_stats_parse_io_v1(const char *text, bool bytes,
			   struct nsc_stats *ret);

#endif
