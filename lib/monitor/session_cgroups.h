/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's work with control groups. */
#ifndef NSC_MONITOR_SESSION_CGROUPS_H
#define NSC_MONITOR_SESSION_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "cgroup/cgroup_stats.h"
#include "cgroup/cgroup_tree.h"

/* Move into the monitor's own group, if the container has groups. */
int session_cgroups_open(struct nsc_error *err);

/*
 * Read the record into new memory; without groups, it is empty.  Returns 0 or a
 * negative errno with err set.
 */
int session_cgroups_read(struct nsc_cgroup_tree **ret, struct nsc_error *err);

/*
 * Move a process, to which pidfd refers, into a group of its own in each
 * hierarchy: nsc_cgroup_tree_enter().  tree forgets the groups in which the
 * process stays.  Returns 0, also if the container has no groups, or a negative
 * errno with err set.  Never blocks.
 */
int session_cgroups_enter(struct nsc_cgroup_tree *tree, pid_t pid, int pidfd,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

/* The record of the groups in new memory, or NULL. */
struct nsc_cgroup_tree *session_cgroups_tree(void);

/* Usage of a session's group; NSC_STATS_NONE: unknown. */
struct nsc_usage session_cgroups_usage(pid_t pid);

/* Remove a session's groups; -EBUSY if they still have processes. */
int session_cgroups_leave(pid_t pid);

/* Remove the groups of ended sessions that have no processes. */
void session_cgroups_tidy(void);

/* Thaw the container: in v1, a frozen process does not die. */
void session_cgroups_thaw(void);

/* Kill the remaining processes and remove the groups. */
void session_cgroups_end(void);

#endif
