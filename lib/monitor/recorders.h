/* SPDX-License-Identifier: Apache-2.0 */
/* The socket "record": each connection gets a container-recorder. */
#ifndef NSC_MONITOR_RECORDERS_H
#define NSC_MONITOR_RECORDERS_H

#include <stddef.h>

#include "util/error.h"
#include "rundir/state.h"

#define RECORDERS_OF_USER 32	/* for processes of the user, by nsshell */

struct recorders {
	int socket;	/* or -1: sessions are not recorded */
	int of_user[RECORDERS_OF_USER];	/* pidfds */
	size_t n;
};

/*
 * Listen for root and the user if sessions are recorded.  Returns 0 or a
 * negative errno.
 */
int recorders_open(struct recorders *r, const struct nsc_state *state,
		   struct nsc_error *err);

/* Serve one waiting client.  Never blocks. */
void recorders_serve(struct recorders *r);

#endif
