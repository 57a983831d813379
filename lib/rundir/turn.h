/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The turn to start or stop the containers of a run directory.  Its holder has
 * the lock on 'lock'.  An administrator's command comes before any number of
 * waiting starts: while it holds 'admin', no start keeps 'lock', and a start
 * that does not end is killed.  See
 * docs/design/0056-the-helper-holds-the-locks.md.
 */
#ifndef NSC_RUNDIR_TURN_H
#define NSC_RUNDIR_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct nsc_turn {
	int lock;
	int admin;
	bool killed;		/* a start was killed for this turn */
};

#define NSC_TURN_INIT { .lock = -1, .admin = -1 }

/*
 * For a start: wait until deadline (nsc_process_now).  Returns 0 or a negative
 * errno; -EWOULDBLOCK: others had the turn until then.
 */
int nsc_turn_wait(int rundir, int64_t deadline, struct nsc_turn *ret,
		  struct nsc_error *err);

/*
 * For an administrator's command: wait for a few seconds, then kill the process
 * that has the turn.  Returns as above; -EWOULDBLOCK: another command has the
 * turn, or the process has not ended after SIGKILL.
 */
int nsc_turn_demand(int rundir, struct nsc_turn *ret, struct nsc_error *err);

void nsc_turn_end(struct nsc_turn *turn);
#define _cleanup_turn_ __attribute__((cleanup(nsc_turn_end)))

#endif
