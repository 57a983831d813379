/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ties a session to the one that systemd-logind knows. */
#ifndef NSC_MONITOR_ANCHOR_H
#define NSC_MONITOR_ANCHOR_H

#include <sys/types.h>

/*
 * If the login process is in the scope of a session of logind, start a child
 * there, before the login leaves the scope.  Returns the child's pidfd, which
 * is readable when the child was killed, or -1.
 */
int anchor_open(pid_t login);

/* Kill the child, unless *anchor is -1, and set *anchor to -1. */
void anchor_close(int *anchor);

#endif
