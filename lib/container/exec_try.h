/* SPDX-License-Identifier: Apache-2.0 */
/* Would a program run?  The answer of the kernel, without running it. */
#ifndef NSC_CONTAINER_EXEC_TRY_H
#define NSC_CONTAINER_EXEC_TRY_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_exec_try {
	const char *path;
	bool only_look;		/* check the permission alone */
	/* Change the process before the exec, or NULL. */
	int (*prepare)(const void *arg, struct nsc_error *err);
	const void *arg;
};

/*
 * Let the kernel load the program and its interpreter in a child, which is
 * killed before the first instruction.  Where no child can be traced, only the
 * permission to execute the file is checked; and where none can be made, unless
 * there is a prepare(), whose program is a process of its own.  Returns 0, or a
 * negative errno; err does not name the path.
 */
int nsc_exec_try(const struct nsc_exec_try *attempt, struct nsc_error *err);

#endif
