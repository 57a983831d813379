/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of version 1, which a login enters by itself; nothing of this is
 * used where there is version 2 alone.
 *
 * Whoever moves another process waits for an RCU grace period, some 10 ms; a
 * thread that writes "0" into "tasks" does not (docs/design/0023).  So the
 * monitor opens these files, and the login writes: lib/session/enter_v1.c.
 */
#ifndef NSC_CGROUP_CGROUP_TASKS_H
#define NSC_CGROUP_CGROUP_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_CGROUP_TASKS 16		/* hierarchies of v1 */

struct nsc_cgroup_tree;

struct nsc_cgroup_tasks {
	uid_t uid;	/* whose processes alone they move; 0: all */
	int fds[NSC_CGROUP_TASKS];
	size_t n;
	bool entered;	/* the process was moved into other groups */
};

/*
 * Open "tasks" of each group that pid enters by itself, as tasks->uid: whoever
 * writes, the kernel goes by who has opened.
 */
int nsc_cgroup_tasks_open(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

void nsc_cgroup_tasks_close(struct nsc_cgroup_tasks *tasks);

#endif
