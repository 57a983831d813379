/* SPDX-License-Identifier: Apache-2.0 */
/* How container-monitor is started; see init/container-monitor.c. */
#ifndef NSC_RUNDIR_MONITOR_START_H
#define NSC_RUNDIR_MONITOR_START_H

/* Its descriptors, in the order that nsc_process_clean() gives them. */
enum nsc_monitor_fd {
	NSC_MONITOR_RUNDIR = 3,	/* the container's instance */
	NSC_MONITOR_PID1,	/* pidfd of the container's PID 1 */
	NSC_MONITOR_LOCK,	/* holds the lock on 'monitor' */
	NSC_MONITOR_SESSIONS,	/* 'sessions', not locked */
	NSC_MONITOR_PROC,	/* the container's /proc; not for "external" */
	NSC_MONITOR_DEVPTS,	/* its /dev/pts, or not a directory */
	NSC_MONITOR_GO,		/* writing a byte lets PID 1 run */
	NSC_MONITOR_REPORT,	/* takes a zeroed nsc_error: it is ready */
	NSC_MONITOR_LEADER,	/* pidfd; with 3 arguments, like the next */
	NSC_MONITOR_DIR,	/* directory with links to pid and start */
};

/*
 * Arguments: the name of the container, the uid of its user on the host, and
 * "leader" if there is one.  Everything else is in the run directory, see
 * lib/rundir/state.h.
 */

#endif
