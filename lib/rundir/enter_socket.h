/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer of container-monitor to a connection to "enter": with code 0 the
 * process is a session.  The answer carries descriptors of files; the process
 * writes "0" to each, to move itself into its v1 control groups.
 */
#ifndef NSC_RUNDIR_ENTER_SOCKET_H
#define NSC_RUNDIR_ENTER_SOCKET_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_enter_answer {
	struct nsc_error err;
	bool entered;		/* it is already in some of the groups */
};

#endif
