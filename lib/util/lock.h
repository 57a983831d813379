/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on files, which end with the processes that hold them: flock(2). */
#ifndef NSC_UTIL_LOCK_H
#define NSC_UTIL_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * Lock the open file with operation (LOCK_EX or LOCK_SH).  Try until deadline
 * (nsc_process_now; 0: once), so that no wait is endless.  Returns 0 or a
 * negative errno; -EWOULDBLOCK if the lock was held until then.  The message
 * contains name and, if there was a deadline and the kernel tells, the process
 * that took the lock.
 */
int nsc_lock(int fd, const char *name, int operation, int64_t deadline,
	     struct nsc_error *err);

/*
 * Find the holders of such a lock in proc_locks(5): *ret_pid is a process that
 * took it, or 0 if no such process is visible here.  Returns the number of
 * shared locks, or -1 without /proc/locks.
 */
int nsc_lock_holders(const struct stat *file, pid_t *ret_pid);

/* The files with shared locks, and how many each has; read at one moment. */
struct nsc_lock_table {
	struct nsc_lock_count {
		dev_t device;
		ino_t inode;
		int shared;
	} *list;
	size_t n;
};

/*
 * Read all locks once, where many files are asked for: the kernel lists all of
 * them each time.  Returns 0 or a negative errno; *ret is freed by the caller.
 */
int nsc_lock_table_read(struct nsc_lock_table *ret);

int nsc_lock_table_shared(const struct nsc_lock_table *table,
			  const struct stat *file);

/* Has the process an open file that holds the exclusive lock? */
bool nsc_lock_is_held_by(const struct stat *file, pid_t pid);

#endif
