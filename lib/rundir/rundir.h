/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run directory of a user's containers, /run/nscontainer/UID, or one for
 * each directory that 'nsinit exec' runs in:
 *
 *     lock            whoever starts or stops a container holds it
 *     N/              an instance, see instance.h
 *     current -> N    the instance that logins join
 *     pid, start      links to those of the instance
 *
 * It stays, and nothing in it is ever moved.  Who holds which lock is in
 * docs/design/0003-three-locks-start-join-and-stop.md.
 */
#ifndef NSC_RUNDIR_RUNDIR_H
#define NSC_RUNDIR_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* /run/nscontainer/UID into new memory. */
int nsc_rundir_path(uid_t uid, char **ret, struct nsc_error *err);

/*
 * The same for the user name, who has uid now ((uid_t)-1: no such account).
 * Where that uid has no container, it is the one with a container that was
 * started for the name, when that had another uid.
 */
int nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
			    struct nsc_error *err);

/*
 * /run/nscontainer/NAME, a link to UID for people: made, or changed to the
 * uid that the name has now.  A name that is a number, or that another file
 * has, gets none.  As root.
 */
int nsc_rundir_link(const char *name, uid_t uid, struct nsc_error *err);

/* The uid that the link of name leads to, (uid_t)-1: none. */
uid_t nsc_rundir_linked(const char *name);

/*
 * The run directory of 'nsinit exec' in the directory dir, into new memory:
 * /run/nscontainer/.exec-DEVICE-INODE.  It is not dir itself, because that may
 * be the rootfs, whose root the container's root is.
 */
int nsc_rundir_path_of_dir(const char *dir, char **ret, struct nsc_error *err);

/*
 * Open the directory at path; root's alone, or an error.  With create it is
 * made, with 'lock', 'pid' and 'start'.  -ENOENT where it does not exist and
 * create is false.
 */
int nsc_rundir_open(const char *path, bool create, struct nsc_error *err);

/*
 * Open a lock file of a run directory, or of an instance, and flock(2) it with
 * operation (LOCK_EX or LOCK_SH), trying until deadline (nsc_process_now; 0:
 * once).  Returns the descriptor that holds the lock, close-on-exec;
 * -EWOULDBLOCK when others held it until then.
 */
int nsc_rundir_lock(int dir, const char *name, int operation,
		    int64_t deadline, struct nsc_error *err);

/* Does anybody hold it?  1, 0, or a negative errno. */
int nsc_rundir_is_locked(int dir, const char *name, struct nsc_error *err);

/* A lock file in dir that uid may open as well, to read. */
int nsc_rundir_make_lock(int dir, const char *name, uid_t uid,
			 struct nsc_error *err);

#endif
