/* The group of one session: session-PID below the container's. */
#ifndef NSC_CGROUP_CGROUP_SESSION_H
#define NSC_CGROUP_CGROUP_SESSION_H

#include "cgroup/cgroup_tree.h"

/*
 * The processes in it and below, of which the first max are put into list.
 * Returns their number, 0 where the session has no group.
 */
size_t nsc_cgroup_session_pids(const struct nsc_cgroup_tree *tree,
			       pid_t session, pid_t *list, size_t max);

/*
 * A signal to each of them, but for the caller.  What is forked meanwhile may
 * not get it: for SIGKILL, call again until there are none.
 */
void nsc_cgroup_session_signal(const struct nsc_cgroup_tree *tree,
			       pid_t session, int signal);

#endif
