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

/* A line of proc_locks(5). */
struct nsc_lock_line {
	dev_t device;
	ino_t inode;
	bool shared;
	int pid;
};

/* Parse a line of a lock that is held; the second one: by this file. */
bool nsc_lock_line_read(const char *line, struct nsc_lock_line *ret);
bool nsc_lock_line_is_of(const char *line, const struct stat *file,
			 struct nsc_lock_line *ret);

#endif
