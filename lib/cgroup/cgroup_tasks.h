/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The v1 groups, which a login enters by itself; a host with only version 2
 * does not use this file.
 *
 * Moving another process waits for an RCU grace period, about 10 ms; a thread
 * that writes "0" to "tasks" does not wait (docs/design/0023).  So the monitor
 * opens these files, and the login writes: lib/session/enter_v1.c.
 */
#ifndef NSC_CGROUP_CGROUP_TASKS_H
#define NSC_CGROUP_CGROUP_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_CGROUP_TASKS 16		/* maximum of v1 hierarchies */

struct nsc_cgroup_tree;

struct nsc_cgroup_tasks {
	uid_t uid;	/* they move only its processes; 0: all */
	int fds[NSC_CGROUP_TASKS];
	size_t n;
	bool entered;	/* the monitor moved it into other groups */
};

/*
 * Open "tasks" of each group that pid enters by itself, as tasks->uid: the
 * kernel checks the process that opened the file, and not the one that writes.
 * Returns 0 or a negative errno.
 */
int nsc_cgroup_tasks_open(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

void nsc_cgroup_tasks_close(struct nsc_cgroup_tasks *tasks);

#endif
