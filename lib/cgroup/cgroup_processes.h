/* SPDX-License-Identifier: Apache-2.0 */
/* The processes in a control group, and in the group of a session. */
#ifndef NSC_CGROUP_CGROUP_PROCESSES_H
#define NSC_CGROUP_CGROUP_PROCESSES_H

#include "cgroup/cgroup_tree.h"

/*
 * Call act for each process in the group dir and in those below, with the
 * directory of its group.
 */
void nsc_cgroup_each_process(const char *dir,
			     void (*act)(const char *group, pid_t pid,
					 void *arg),
			     void *arg);

/*
 * Signal a process that was listed in group, unless it is the caller or has
 * left the group meanwhile.
 */
void nsc_cgroup_signal(const char *group, pid_t pid, int signal);

/*
 * List the processes in the group session-PID of a session; the first max pids
 * are stored in list.  Returns their number, 0 if the session has no group.
 */
size_t nsc_cgroup_session_pids(const struct nsc_cgroup_tree *tree,
			       pid_t session, pid_t *list, size_t max);

/*
 * Signal each of these processes except the caller.  Processes that are forked
 * meanwhile may miss the signal: for SIGKILL, repeat until none is left.
 */
void nsc_cgroup_session_signal(const struct nsc_cgroup_tree *tree,
			       pid_t session, int signal);

#endif
