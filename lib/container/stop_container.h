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
int nsc_stop(int rundir, const struct nsc_state *state, int pidfd,
	     int timeout, struct nsc_error *err);

/* Remove what a container that has ended has left. */
int nsc_stop_clean(int rundir, struct nsc_error *err);

#endif
