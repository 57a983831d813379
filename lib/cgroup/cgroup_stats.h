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

/* How long processes waited for a resource: Documentation/accounting/psi. */
struct nsc_stats_pressure {
	uint64_t total;		/* microseconds */
	double avg10;		/* percent of the last ten seconds */
};

enum nsc_stats_waits { NSC_STATS_SOME, NSC_STATS_FULL, NSC_STATS_WAITS };

#define NSC_STATS_KEYS 128
#define NSC_STATS_IO 256
#define NSC_STATS_PROCESSORS 512

struct nsc_stats {
	uint64_t cpu_usage, cpu_user, cpu_system;	/* microseconds */
	uint64_t periods, throttled_periods, throttled_time;
	uint64_t memory, memory_peak, memory_limit;
	struct nsc_stats_key memory_stat[NSC_STATS_KEYS];
	size_t n_memory_stat;
	uint64_t oom_kills;
	uint64_t pids, pids_limit;
	uint64_t processors[NSC_STATS_PROCESSORS];	/* microseconds */
	size_t n_processors;
	/* Pressure of "cpu", "memory" and "io". */
	struct nsc_stats_pressure pressure[3][NSC_STATS_WAITS];
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

/* The values that are recorded for a session. */
struct nsc_usage {
	uint64_t peak_memory;	/* bytes */
	uint64_t cpu_us;
	uint64_t oom_kills;
};

void nsc_stats_usage(const struct nsc_cgroup_tree *tree, const char *session,
		     struct nsc_usage *ret);

/* Microseconds of all processors; NSC_STATS_NONE: unknown. */
uint64_t nsc_stats_cpu(const struct nsc_cgroup_tree *tree, const char *session);

/* The numbers in a list of sessions; NSC_STATS_NONE: unknown. */
struct nsc_stats_session {
	uint64_t memory;	/* bytes */
	uint64_t peak_memory;
	uint64_t cpu_us;
	uint64_t pids;
};

void nsc_stats_read_session(const struct nsc_cgroup_tree *tree,
			    const char *session, struct nsc_stats_session *ret);

/*
 * Memory that ran out: how many processes of a session, or of the container
 * with all sessions that have a group, the kernel has killed; a number that
 * rises when the limit of the group itself was the reason; and that limit in
 * bytes.
 */
struct nsc_stats_oom {
	uint64_t kills, hits, limit;
};

void nsc_stats_read_oom(const struct nsc_cgroup_tree *tree, const char *session,
			struct nsc_stats_oom *ret);

/* Processes and threads of the container, and their limit. */
void nsc_stats_read_pids(const struct nsc_cgroup_tree *tree, uint64_t *ret_now,
			 uint64_t *ret_limit);

/*
 * Open the file of the container's group that tells of kills, for poll(2) with
 * *ret_events: an eventfd(2) in v1, which comes before the kill.  It is rearmed
 * by nsc_stats_rearm_oom().  Returns -1 if the kernel does not tell.
 */
int nsc_stats_watch_oom(const struct nsc_cgroup_tree *tree, short *ret_events);
void nsc_stats_rearm_oom(int fd);

/* Parse one text each; for nsc_stats_read and for tests. */
void nsc_stats_parse_flat(const char *text, struct nsc_stats_key *list,
			  size_t *n);
uint64_t nsc_stats_find(const struct nsc_stats_key *list, size_t n,
			const char *name);
void nsc_stats_parse_pressure(
	const char *text, struct nsc_stats_pressure *ret);
void nsc_stats_parse_io_v2(const char *text, struct nsc_stats *ret);
void nsc_stats_parse_io_v1(const char *text, bool bytes,
			   struct nsc_stats *ret);

#endif
