/* SPDX-License-Identifier: Apache-2.0 */
/* Start container-monitor, for a new container or to replace a lost monitor. */
#ifndef NSC_CONTAINER_START_MONITOR_H
#define NSC_CONTAINER_START_MONITOR_H

#include "container/create.h"
#include "rundir/state.h"

struct nsc_monitor_start {
	const struct nsc_plan *plan;
	pid_t pid;	/* PID 1 as the host sees it */
	int pidfd;
	int go;		/* a byte written to it lets PID 1 run */
	int report;	/* gets an nsc_error when the monitor watches */
};

/*
 * Exec container-monitor.  Returns only after an early failure; a later failure
 * is written to report and ends the process.
 */
int nsc_monitor_become(const struct nsc_monitor_start *start,
		       struct nsc_error *err);

/* Wait for an nsc_error on in until deadline; 0 if its code is 0. */
int nsc_monitor_wait(int in, int64_t deadline, struct nsc_error *err);

/*
 * Start a new monitor for the running container that plan and state describe.
 * Runs on the host as root; the caller holds the lock of the run directory.
 */
int nsc_monitor_adopt(const struct nsc_plan *plan,
		      const struct nsc_state *state, int pidfd,
		      struct nsc_error *err);

#endif
