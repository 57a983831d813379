/* SPDX-License-Identifier: Apache-2.0 */
/* What container-monitor is started with; see init/container-monitor.c. */
#ifndef NSC_RUNDIR_MONITOR_START_H
#define NSC_RUNDIR_MONITOR_START_H

/* Its descriptors, in the order in which nsc_process_clean() puts them. */
enum nsc_monitor_fd {
	NSC_MONITOR_RUNDIR = 3,	/* the container's instance */
	NSC_MONITOR_PID1,	/* pidfd of the container's PID 1 */
	NSC_MONITOR_LOCK,	/* holds the lock on 'monitor' */
	NSC_MONITOR_SESSIONS,	/* 'sessions', not locked */
	NSC_MONITOR_PROC,	/* the container's /proc; not with "external" */
	NSC_MONITOR_DEVPTS,	/* its /dev/pts, or no directory */
	NSC_MONITOR_GO,		/* a byte written to it lets PID 1 run */
	NSC_MONITOR_REPORT,	/* takes one nsc_error of zeros: it watches */
	NSC_MONITOR_LEADER,	/* pidfd; with 3 arguments, like the next */
	NSC_MONITOR_DIR,	/* directory with links to pid and start */
};

/*
 * Arguments: name of the container, uid of its user on the host, and "leader"
 * where there is one.  The rest is in the run directory, see
 * lib/rundir/state.h.
 */

#endif
