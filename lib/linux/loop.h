/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices on files with a file system, loop(4).  The kernel removes each
 * one with its last mount and its last descriptor (LO_FLAGS_AUTOCLEAR), however
 * their processes end.
 */
#ifndef NSC_LINUX_LOOP_H
#define NSC_LINUX_LOOP_H

#include <stdbool.h>

#include "util/error.h"

#define NSC_LOOP_PATH 32

/* Are there loop devices here? */
int nsc_loop_check(struct nsc_error *err);

enum nsc_loop_use {
	NSC_LOOP_SHARED,	/* read; the kernel keeps one copy in memory */
	NSC_LOOP_ALONE,		/* read; nobody else gets this device */
	NSC_LOOP_WRITTEN,
};

/*
 * Open a device on an open file; path gets its name, to mount it.  The device
 * keeps the open file, and so a lock by flock(2) on it.
 */
int nsc_loop_open(int file, enum nsc_loop_use use, char path[NSC_LOOP_PATH],
		  struct nsc_error *err);

#endif
