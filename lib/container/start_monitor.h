/* SPDX-License-Identifier: Apache-2.0 */
/* Start container-monitor, for a new container or for one that lost its own. */
#ifndef NSC_CONTAINER_START_MONITOR_H
#define NSC_CONTAINER_START_MONITOR_H

#include "container/create.h"
#include "rundir/state.h"

struct nsc_monitor_start {
	const struct nsc_plan *plan;
	pid_t pid;	/* of PID 1 */
	int pidfd;
	int go;		/* a byte written to it lets PID 1 run */
	int report;	/* takes an nsc_error when the monitor watches */
};

/*
 * Exec container-monitor.  Returns on an early failure only; a late one is
 * reported and ends the process.
 */
int nsc_monitor_become(const struct nsc_monitor_start *start,
		       struct nsc_error *err);

/* Wait for an nsc_error on in until deadline: 0 where its code is 0. */
int nsc_monitor_wait(int in, int64_t deadline, struct nsc_error *err);

/*
 * Give the running container that plan and state describe a new monitor.
 * Runs on the host as root, with the run directory's lock held.
 */
int nsc_monitor_adopt(const struct nsc_plan *plan,
		      const struct nsc_state *state, int pidfd,
		      struct nsc_error *err);

#endif
