/* SPDX-License-Identifier: Apache-2.0 */
/* Find a running container, and verify that it is the one in the state file. */
#ifndef NSC_RUNDIR_RUNNING_H
#define NSC_RUNDIR_RUNNING_H

#include <stdbool.h>

#include "util/error.h"
#include "rundir/state.h"

/*
 * Read pid, start and state from the run directory, and verify them: first open
 * a pidfd, then compare the start time, boot id and namespaces of that process,
 * then check with the pidfd that it still runs.  Returns the pidfd
 * (close-on-exec) and the state; -ESRCH if no container runs (no files,
 * incomplete files, or another process), or another negative errno.  err gives
 * the reason in each case.
 */
int nsc_running_find(int rundir, struct nsc_state **ret, struct nsc_error *err);

/*
 * The two halves of nsc_running_find(): read 'state', and check that it
 * describes the running process.  State that was read before a lock was taken
 * need not be read again: a later container has another pid and start.
 */
int nsc_running_load(int rundir, struct nsc_state **ret, struct nsc_error *err);
int nsc_running_verify(int rundir, const struct nsc_state *state,
		       struct nsc_error *err);

/*
 * Find a container that gets no more logins, but whose PID 1 has not ended:
 * 'pid' is gone, or PID 1 waits in the kernel for a process that does not end.
 * Returns a pidfd of PID 1 and the state; -ESRCH: there is none.
 */
int nsc_running_find_ending(int rundir, struct nsc_state **ret,
			    struct nsc_error *err);

/* Report -ESRCH: no container runs, and why. */
int nsc_running_gone(const char *why, struct nsc_error *err);

/* Find a container of either kind. */
int nsc_running_find_any(int rundir, bool *ret_ending, struct nsc_state **ret,
			 struct nsc_error *err);

/*
 * The same for whoever only shows it, without a pidfd: boot_id is what
 * nsc_running_boot() has read, once for all containers.  PID 1 is known by its
 * start time, as in a container of another version; its namespaces matter to
 * who enters them.  Returns 0 and the state, or a negative errno as above.
 */
int nsc_running_boot(char boot_id[NSC_BOOT_ID_SIZE], struct nsc_error *err);
int nsc_running_see(int rundir, const char *boot_id, bool *ret_ending,
		    struct nsc_state **ret, struct nsc_error *err);

/*
 * Read the system-call filter that the state names into state->filter; without
 * one, do nothing.  Returns 0 or a negative errno.  -EBADMSG: the filter is not
 * intact, and the container must not be entered.  -ESRCH: the filter is gone
 * because the container has just ended.
 */
int nsc_running_filter(int rundir, struct nsc_state *state,
		       struct nsc_error *err);

#endif
