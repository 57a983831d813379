/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What container-monitor answers who connects to "enter": with code 0 the
 * process is a session.  Descriptors come along, of files to each of which the
 * process writes "0", and so moves itself into the groups of v1.
 */
#ifndef NSC_RUNDIR_ENTER_SOCKET_H
#define NSC_RUNDIR_ENTER_SOCKET_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_enter_answer {
	struct nsc_error err;
	bool entered;		/* it is in some of the groups already */
};

#endif
