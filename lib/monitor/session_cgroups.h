/* SPDX-License-Identifier: Apache-2.0 */
/* The part of container-monitor that is about control groups. */
#ifndef NSC_MONITOR_SESSION_CGROUPS_H
#define NSC_MONITOR_SESSION_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "cgroup/cgroup_tree.h"

/* Move into the monitor's own group, where the container has groups. */
int session_cgroups_open(struct nsc_error *err);

/*
 * Move a process, which pidfd leads to, into a group of its own in each
 * hierarchy: nsc_cgroup_tree_enter().  0 as well where the container has none.
 * Never blocks.
 */
int session_cgroups_enter(pid_t pid, int pidfd, struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

/* Of a session's group: bytes at the most, microseconds of processor time. */
void session_cgroups_usage(pid_t pid, uint64_t *ret_peak, uint64_t *ret_cpu_us);

/* Remove a session's groups; -EBUSY where processes are left in them. */
int session_cgroups_leave(pid_t pid);

/* Remove the groups of sessions that have ended and left nobody in them. */
void session_cgroups_tidy(void);

/* What is frozen does not die, in v1. */
void session_cgroups_thaw(void);

/* End what is left, remove the groups. */
void session_cgroups_end(void);

#endif
