/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 1 control groups, which a login enters by itself: the other half of
 * lib/cgroup/cgroup_tasks.c.  If there is only version 2, n is 0.
 */
#ifndef NSC_SESSION_ENTER_V1_H
#define NSC_SESSION_ENTER_V1_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Enter the groups whose "tasks" files container-monitor has opened.  *entered
 * becomes true with the first group: after that, the process cannot go back.
 * Returns 0 or a negative errno.
 */
int nsc_v1_enter(const int *fds, int n, bool *entered, struct nsc_error *err);

void nsc_v1_close(const int *fds, int n);

#endif
