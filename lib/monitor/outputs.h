/* SPDX-License-Identifier: Apache-2.0 */
/* The output of processes: has its reader gone? */
#ifndef NSC_MONITOR_OUTPUTS_H
#define NSC_MONITOR_OUTPUTS_H

#include "monitor/processes.h"

/*
 * Choose the leaders of a kernel session without a terminal whose stdout or
 * stderr is a pipe or a socket without a reader.  *looker is the pidfd of a
 * child that has not ended yet, or -1: until it ends, none is chosen.
 */
void outputs_choose_unread(struct processes *all, int *looker);

#endif
