/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child of the monitor, for work that a user can make wait: a descriptor of
 * the user's can block in its last close as long as the user likes.
 */
#ifndef NSC_MONITOR_CHILD_H
#define NSC_MONITOR_CHILD_H

#include <sys/types.h>

/*
 * Fork, like fork(2).  Of the monitor's descriptors the child has only keep,
 * and it is killed after some seconds.  The kernel reaps it.
 */
pid_t monitor_child(int keep);

#endif
