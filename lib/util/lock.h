/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on files, which end with the processes that have them: flock(2). */
#ifndef NSC_UTIL_LOCK_H
#define NSC_UTIL_LOCK_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * Lock the open file with operation (LOCK_EX or LOCK_SH), trying until
 * deadline (nsc_process_now; 0: once): no wait is without an end.
 * -EWOULDBLOCK: it was held all the time; the sentence names name, and the
 * process that took it where there was a deadline and the kernel tells.
 */
int nsc_lock(int fd, const char *name, int operation, int64_t deadline,
	     struct nsc_error *err);

/*
 * Who has such a lock, as proc_locks(5) tells: *ret_pid is a process that took
 * it, 0 where none is to be seen from here.  Returns how many share it, or -1
 * without /proc/locks.
 */
int nsc_lock_holders(const struct stat *file, pid_t *ret_pid);

#endif
