/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance: the directory N in a run directory, with the files of one
 * container.  It is made before the container, becomes current when the
 * container is complete, and is removed after the container was cleaned up.  An
 * instance that is no longer current drains: its sessions continue, and no
 * login joins it.
 */
#ifndef NSC_RUNDIR_INSTANCE_H
#define NSC_RUNDIR_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * The number that 'current' links to; 0: none.  That instance may have ended.
 */
unsigned int nsc_instance_current(int rundir);

/*
 * Open the directory of an instance; -ENOENT if it does not exist, and for
 * number 0.  Returns a descriptor or a negative errno.
 */
int nsc_instance_open(int rundir, unsigned int number, struct nsc_error *err);

/*
 * Get the numbers of all instances in *ret, new memory, in ascending order.
 * Returns their count or a negative errno.
 */
int nsc_instance_list(int rundir, unsigned int **ret, struct nsc_error *err);

/*
 * Make a new instance with its lock files and the directory 'session'; besides
 * root, owner may hold the lock 'sessions'.  Its number was never used since
 * the run directory was made.  The caller holds 'lock'.  Returns the directory
 * or a negative errno.
 */
int nsc_instance_make(int rundir, uid_t owner, unsigned int *ret_number,
		      struct nsc_error *err);

/*
 * Remove the instance with this number.  It stays if something of its container
 * must still be undone or recorded: while 'state', 'hooks', 'cgroup' or a file
 * in 'session' exists.
 */
void nsc_instance_remove(int instance, unsigned int number);

/*
 * Move the session files of a container that ended without a monitor to a newer
 * instance, whose monitor records the ends of these sessions when it starts.
 */
void nsc_instance_hand_over(int instance, int heir);

/* Is this instance the one that logins join? */
bool nsc_instance_is_current(int instance, unsigned int number);

/*
 * Make it current, atomically.  *ret_before becomes the number that was current
 * before.  Returns 0 or a negative errno.
 */
int nsc_instance_make_current(int instance, unsigned int number,
			      unsigned int *ret_before, struct nsc_error *err);

/*
 * Tell the monitor of this instance of uid, if there is one, to check again
 * whether the instance is current.
 */
void nsc_instance_wake(uid_t uid, unsigned int number);

/*
 * Does a monitor watch the instance at path?  Unlike a look at its lock, this
 * holds nothing.
 */
bool nsc_instance_is_watched(const char *path);

#endif
