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

/*
 * Open a device on an open file; path gets its name, to mount it.  The device
 * keeps the open file, and so a lock by flock(2) on it.  Whoever wants to read
 * a file gets the device that others have on it, since the kernel then keeps
 * one copy of its content in memory.
 */
int nsc_loop_open(int file, bool writable, char path[NSC_LOOP_PATH],
		  struct nsc_error *err);

#endif
