/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks at a container's end, from its run directory. */
#ifndef NSC_RUNDIR_HOOKS_STOP_H
#define NSC_RUNDIR_HOOKS_STOP_H

#include "util/kv.h"

/* A record of the file 'hooks'. */
struct nsc_hook_stop {
	unsigned int timeout;	/* seconds */
	char **arguments;	/* the first is the program's path */
	char **environment;
};

extern const struct nsc_kv nsc_hooks_kv;

/*
 * Run what nsc_hooks_save() wrote there, once, and remove the file.  Nothing
 * can be refused any more, so failures are logged to syslog.
 */
void nsc_hooks_stop(int rundir);

#endif
