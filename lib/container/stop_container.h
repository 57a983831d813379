/* SPDX-License-Identifier: Apache-2.0 */
/* Stop a running container from outside. */
#ifndef NSC_CONTAINER_STOP_CONTAINER_H
#define NSC_CONTAINER_STOP_CONTAINER_H

#include "util/error.h"
#include "rundir/state.h"

/*
 * Ask PID 1, which pidfd and state describe, to end all other processes and
 * itself; kill it after timeout seconds (0: at once).  Returns when everything
 * of the container is removed.  Runs on the host as root; the caller holds the
 * lock of the run directory.
 */
int nsc_stop(int instance, const struct nsc_state *state, int pidfd,
	     int timeout, struct nsc_error *err);

/*
 * Wait until the monitor of the ended container in this instance has removed
 * everything of it.  Without a monitor, remove it here.
 */
int nsc_stop_clean(int instance, unsigned int number, struct nsc_error *err);

/*
 * Clean up after a container without a monitor: remove its files, run the
 * remaining hooks, remove its control groups and the instance.  Whatever fails
 * now is left for the next start.
 */
void nsc_stop_erase(int instance, unsigned int number);

#endif
