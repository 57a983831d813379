/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance: the directory N of a run directory, with the files of one
 * container.  It is made before the container, becomes current when that is
 * complete, and is removed when that is cleaned up.  One that is not current
 * any more drains: its sessions go on, and no login joins it.
 */
#ifndef NSC_RUNDIR_INSTANCE_H
#define NSC_RUNDIR_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

/* The number that 'current' leads to; 0: none.  It may have ended. */
unsigned int nsc_instance_current(int rundir);

/*
 * Open the directory of an instance; -ENOENT where it is not there, as is
 * number 0.
 */
int nsc_instance_open(int rundir, unsigned int number, struct nsc_error *err);

/*
 * The numbers of all that are there, into *ret, new memory, in ascending
 * order.  Returns how many.
 */
int nsc_instance_list(int rundir, unsigned int **ret, struct nsc_error *err);

/*
 * Make a new one, with its lock files (owner: who may hold 'sessions' beside
 * root) and the directory 'session'.  Its number was no other's since the run
 * directory was made.  Returns the directory; 'lock' is held.
 */
int nsc_instance_make(int rundir, uid_t owner, unsigned int *ret_number,
		      struct nsc_error *err);

/*
 * Remove it, whose number that is.  It stays where something of its container
 * has still to be undone or recorded: where there is a 'state', 'hooks' or
 * 'cgroup', or a file in 'session'.
 */
void nsc_instance_remove(int instance, unsigned int number);

/*
 * The files of the sessions of a container that ended without a monitor go to
 * a newer instance, whose monitor records their ends when it starts.
 */
void nsc_instance_hand_over(int instance, int heir);

/* Is this instance the one that logins join? */
bool nsc_instance_is_current(int instance, unsigned int number);

/* Make it that, in one step.  Returns the number that was current before. */
int nsc_instance_make_current(int instance, unsigned int number,
			      unsigned int *ret_before, struct nsc_error *err);

/*
 * Have the monitor of an instance of uid's, where there is one, look again
 * whether it is current.
 */
void nsc_instance_wake(uid_t uid, unsigned int number);

#endif
