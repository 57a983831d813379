/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of one running container. */
#ifndef NSC_API_SESSIONS_H
#define NSC_API_SESSIONS_H

#include "rundir/running.h"
#include "rundir/session_file.h"
#include "cgroup/cgroup_tree.h"

struct nsc_api_sessions {
	int dir;			/* has a file for each session */
	struct nsc_state *state;
	struct nsc_cgroup_tree *tree;	/* empty without groups */
};

/*
 * Open the sessions of the container in an instance; the caller closes *ret by
 * nsc_api_sessions_close().  boot_id: see nsc_running_see().  -ESRCH: no
 * container runs there.
 */
int nsc_api_sessions_open(int instance, const char *boot_id,
			  struct nsc_api_sessions *ret, struct nsc_error *err);
void nsc_api_sessions_close(struct nsc_api_sessions *all);

/* NSC_STATS_NONE is null. */
json_t *nsc_api_number(uint64_t value);

#endif
