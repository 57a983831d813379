/*
 * A container that gets no new logins: its run directory is moved to
 * .drain-USER-GENERATION, and that name is all that says so.  Plain libc, for
 * container-monitor as well.
 */
#ifndef NSC_RUNDIR_DRAIN_H
#define NSC_RUNDIR_DRAIN_H

#include <stdbool.h>

/* Was this run directory moved away? */
bool nsc_drain_is(int rundir);

/* Remove it with all that is in it; one that was not moved stays. */
void nsc_drain_remove(int rundir);

#endif
