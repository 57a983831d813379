/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of one container that runs. */
#ifndef NSC_API_SESSIONS_H
#define NSC_API_SESSIONS_H

#include "rundir/running.h"
#include "rundir/session_file.h"
#include "cgroup/cgroup_tree.h"

struct nsc_api_sessions {
	int pidfd;			/* of the container's PID 1 */
	int dir;			/* with a file for each */
	struct nsc_state *state;
	struct nsc_cgroup_tree *tree;	/* empty without groups */
};

/* Of the container in an instance.  -ESRCH: none runs there. */
int nsc_api_sessions_open(int instance, struct nsc_api_sessions *ret,
			  struct nsc_error *err);
void nsc_api_sessions_close(struct nsc_api_sessions *all);

#endif
