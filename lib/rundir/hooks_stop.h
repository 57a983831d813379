/* SPDX-License-Identifier: Apache-2.0 */
/* The stop hooks of a container, kept in its run directory. */
#ifndef NSC_RUNDIR_HOOKS_STOP_H
#define NSC_RUNDIR_HOOKS_STOP_H

#include <stdint.h>

#include "util/kv.h"

/* One record of the file 'hooks'. */
struct nsc_hook_stop {
	unsigned int timeout;	/* seconds */
	char **arguments;	/* the first is the program's path */
	char **environment;
};

extern const struct nsc_kv nsc_hooks_kv;

/*
 * Run the hooks that nsc_hooks_save() wrote, once, and remove the file.  The
 * end of a container cannot be refused, so failures are logged to syslog.
 */
void nsc_hooks_stop(int rundir);

/* Returns the seconds that these hooks may take together. */
int64_t nsc_hooks_stop_timeout(int rundir);

#endif
