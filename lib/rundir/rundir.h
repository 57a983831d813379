/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run directory of a user's containers, /run/nscontainer/UID, or of one
 * directory in which 'nsinit exec' runs:
 *
 *     lock            held to start or stop a container, see turn.h
 *     admin           held by an administrator's command that does
 *     N/              an instance, see instance.h
 *     current -> N    the instance that logins join
 *     pid, start      links to the files of the instance
 *
 * It is never removed, and nothing in it is ever moved.  The locks are
 * described in docs/design/0003-three-locks-start-join-and-stop.md.
 */
#ifndef NSC_RUNDIR_RUNDIR_H
#define NSC_RUNDIR_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* Store /run/nscontainer/UID in new memory.  Returns 0 or a negative errno. */
int nsc_rundir_path(uid_t uid, char **ret, struct nsc_error *err);

/*
 * The same for a user name whose uid is now uid ((uid_t)-1: no such account).
 * If that uid has no container, the path is the directory of the name's earlier
 * uid, if that has a container that was started for this name.
 */
int nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
			    struct nsc_error *err);

/*
 * Make /run/nscontainer/NAME, a link to UID for people, or change it to the
 * current uid of the name.  A name that is a number, or that another file has,
 * gets no link.  Needs root.  Returns 0 or a negative errno.
 */
int nsc_rundir_link(const char *name, uid_t uid, struct nsc_error *err);

/* The uid that the link of this name leads to; (uid_t)-1: none. */
uid_t nsc_rundir_linked(const char *name);

/*
 * The run directory for 'nsinit exec' in the directory dir, in new memory:
 * /run/nscontainer/.exec-DEVICE-INODE.  It is not dir itself, because dir may
 * be the rootfs, which root of the container controls.  Returns 0 or a negative
 * errno.
 */
int nsc_rundir_path_of_dir(const char *dir, char **ret, struct nsc_error *err);

/*
 * Open the directory at path; it must be writable only by root.  Returns a
 * descriptor or a negative errno; -ENOENT if it does not exist.
 */
int nsc_rundir_open(const char *path, struct nsc_error *err);

/* The same, but make it, with its locks, 'pid' and 'start', if necessary. */
int nsc_rundir_make(const char *path, struct nsc_error *err);

/*
 * Open a lock file of a run directory or an instance, and flock(2) it with
 * operation (LOCK_EX or LOCK_SH), trying until deadline (nsc_process_now; 0:
 * once).  Returns the close-on-exec descriptor that holds the lock, or a
 * negative errno; -EWOULDBLOCK if others held the lock until then.
 */
int nsc_rundir_lock(int dir, const char *name, int operation,
		    int64_t deadline, struct nsc_error *err);

/* Does any process hold this lock?  1, 0, or a negative errno. */
int nsc_rundir_is_locked(int dir, const char *name, struct nsc_error *err);

/*
 * Make a lock file in dir that uid may open, too, for reading.  Returns 0 or a
 * negative errno.
 */
int nsc_rundir_make_lock(int dir, const char *name, uid_t uid,
			 struct nsc_error *err);

#endif
