/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a container.  PID 1 has ended only when the parent of each process
 * of the container has reaped it, and the parents of the sessions' processes
 * are the login processes outside: one that is stopped, or waits for a file
 * that nobody serves, keeps PID 1 from ending.
 */
#ifndef NSC_RUNDIR_ENDING_H
#define NSC_RUNDIR_ENDING_H

#include "rundir/state.h"

/*
 * Kill the login processes of the instance's sessions that are in the
 * container.
 */
void nsc_ending_kill(int instance, const struct nsc_state *state);

/*
 * Wait for the end of PID 1, which has got SIGKILL or is ending; login
 * processes that are left after a moment are killed.  Returns 1 if it has
 * ended, or 0: a process of the container cannot be killed.
 */
int nsc_ending_wait(int instance, const struct nsc_state *state, int pidfd);

#endif
