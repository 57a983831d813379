/* SPDX-License-Identifier: Apache-2.0 */
/* End a running container from outside. */
#ifndef NSC_CONTAINER_STOP_CONTAINER_H
#define NSC_CONTAINER_STOP_CONTAINER_H

#include "util/error.h"
#include "rundir/state.h"

/*
 * Ask PID 1, which pidfd and state are of, to end all others and itself; after
 * timeout seconds it is killed, with 0 at once.  Returns when everything of it
 * is cleaned up.  Runs on the host as root, with the run directory's lock.
 */
int nsc_stop(int instance, const struct nsc_state *state, int pidfd,
	     int timeout, struct nsc_error *err);

/*
 * Wait until the monitor of a container that has ended, whose instance that
 * is, has removed everything of it; without a monitor, do so.
 */
int nsc_stop_clean(int instance, unsigned int number, struct nsc_error *err);

/*
 * Remove what a container without a monitor has left: its files, hooks that
 * have still to run, control groups, and the instance.  What cannot be undone
 * now stays for the next start.
 */
void nsc_stop_erase(int instance, unsigned int number);

#endif
