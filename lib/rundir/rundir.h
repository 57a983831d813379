/*
 * The run directory of a container: /run/nscontainer/<user>, or one for each
 * directory that 'nsinit exec' runs in.  Its lock files stay for ever; who
 * holds which is in docs/design/0003-three-locks-start-join-and-stop.md.
 */
#ifndef NSC_RUNDIR_RUNDIR_H
#define NSC_RUNDIR_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* /run/nscontainer/<name> into new memory. */
int nsc_rundir_path(const char *name, char **ret, struct nsc_error *err);

/*
 * The one of the user who had uid when it was noted, for who would have to ask
 * the name service else.  What is there may be another's by now: state->uid
 * says whose it is.
 */
int nsc_rundir_path_of_uid(uid_t uid, char **ret, struct nsc_error *err);

/* Remember that.  As root. */
int nsc_rundir_note_uid(uid_t uid, const char *name, struct nsc_error *err);

/*
 * The run directory of 'nsinit exec' in the directory dir, into new memory:
 * /run/nscontainer/.exec-DEVICE-INODE.  It is not dir itself, because that may
 * be the rootfs, whose root the container's root is.
 */
int nsc_rundir_path_of_dir(const char *dir, char **ret, struct nsc_error *err);

/* /run/nscontainer/.drain-<name>-<number> into new memory, see drain.h. */
int nsc_rundir_path_draining(const char *name, unsigned int number,
			     char **ret, struct nsc_error *err);

/*
 * Open the directory at path; root's alone, or an error.  With create it is
 * made with its lock files (owner: who may hold 'sessions' beside root) and
 * the directory 'session'; what is there stays as it is.
 * -ENOENT where it does not exist and create is false.
 */
int nsc_rundir_open(const char *path, bool create, uid_t owner,
		    struct nsc_error *err);

/*
 * Open one of the lock files and flock(2) it with operation (LOCK_EX or
 * LOCK_SH), trying until deadline (nsc_process_now; 0: once).  Returns the
 * descriptor that holds the lock, close-on-exec; -EWOULDBLOCK when others
 * held it until then.
 */
int nsc_rundir_lock(int rundir, const char *name, int operation,
		    int64_t deadline, struct nsc_error *err);

/*
 * Is the directory at path still this one?  It may be moved away while one
 * waits for a lock in it.
 */
bool nsc_rundir_is_at(int rundir, const char *path);

/*
 * Is it uid's: the container that runs in it, or where none does the lock file
 * 'sessions'?
 */
bool nsc_rundir_is_of(int rundir, uid_t uid);

/*
 * nsc_rundir_open() with create as owner's (-1: not made), and its 'lock',
 * exclusively, into *ret_lock: of the directory that is at path then.  One
 * that is another uid's is moved away, as one that drains, and a new one
 * takes its place: see nsc_generation_sweep().
 */
int nsc_rundir_open_locked(const char *path, uid_t owner, int64_t deadline,
			   int *ret_lock, struct nsc_error *err);

/* The directories change places, in one step. */
int nsc_rundir_exchange(const char *path, const char *other,
			struct nsc_error *err);

/* The number of the last container that ran; 0: none. */
unsigned int nsc_rundir_generation(int rundir);
int nsc_rundir_set_generation(int rundir, unsigned int number,
			      struct nsc_error *err);

#endif
