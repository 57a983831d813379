/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of version 1, which a login enters by itself: the other half
 * of lib/cgroup/cgroup_tasks.c.  Where there is version 2 alone, n is 0.
 */
#ifndef NSC_SESSION_ENTER_V1_H
#define NSC_SESSION_ENTER_V1_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Enter the groups whose "tasks" container-monitor has opened.  *entered
 * becomes true with the first: then there is no way back.
 */
int nsc_v1_enter(const int *fds, int n, bool *entered, struct nsc_error *err);

void nsc_v1_close(const int *fds, int n);

#endif
