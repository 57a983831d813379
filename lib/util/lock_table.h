/* SPDX-License-Identifier: Apache-2.0 */
/* The holders of the locks of lock.h, for programs that wait or list. */
#ifndef NSC_UTIL_LOCK_TABLE_H
#define NSC_UTIL_LOCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

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

/* Does the process have an open file that holds the exclusive lock? */
bool nsc_lock_is_held_by(const struct stat *file, pid_t pid);

#endif
