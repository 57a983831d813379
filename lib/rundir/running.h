/* SPDX-License-Identifier: Apache-2.0 */
/* Find a running container, and be sure that it is the one that was written. */
#ifndef NSC_RUNDIR_RUNNING_H
#define NSC_RUNDIR_RUNNING_H

#include "util/error.h"
#include "rundir/state.h"

/*
 * Read the run directory's pid, start and state, and verify them: a pidfd is
 * opened first, then start time, boot id and namespace identities of that
 * process are compared, then the pidfd must say that it still runs.
 * Returns the pidfd (close-on-exec) and the state; -ESRCH when no container
 * runs (nothing there, something incomplete, or the process is another), or
 * another negative errno.  err says why in each case.
 */
int nsc_running_find(int rundir, struct nsc_state **ret, struct nsc_error *err);

/*
 * The two halves of it: what 'state' says, and whether that is what runs.
 * State that was read before a lock was got need not be read again: a
 * container that came since has another pid and start.
 */
int nsc_running_load(int rundir, struct nsc_state **ret, struct nsc_error *err);
int nsc_running_verify(int rundir, const struct nsc_state *state,
		       struct nsc_error *err);

/*
 * Read the system-call filter that the state names into state->filter; where
 * it names none, nothing happens.  A container whose filter is not there whole
 * cannot be entered: -EBADMSG.  -ESRCH when it is gone because the container
 * has just ended.
 */
int nsc_running_filter(int rundir, struct nsc_state *state,
		       struct nsc_error *err);

#endif
