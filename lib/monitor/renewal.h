/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Have the installed programs start a container that they can join.  A nsshell
 * of another version, which may start none, asks for it by a byte in the FIFO
 * "renew" of the current instance.
 */
#ifndef NSC_MONITOR_RENEWAL_H
#define NSC_MONITOR_RENEWAL_H

#include <stdint.h>
#include <sys/types.h>

#include "rundir/state.h"
#include "util/error.h"

struct renewal {
	int fifo;
	int pidfd;		/* of the last child; -1: none yet */
	int64_t next;		/* not before; nsc_process_now() */
};

/* Make the FIFO, which uid may write to.  Returns 0 or a negative errno. */
int renewal_open(struct renewal *r, uid_t uid, struct nsc_error *err);

/*
 * Empty the FIFO and, if begin, run the installed login-start, which starts a
 * container beside this one if its version is another.
 */
void renewal_serve(struct renewal *r, const struct nsc_state *state,
		   bool begin);

#endif
