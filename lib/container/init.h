/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the container's PID 1 until it execs container-init. */
#ifndef NSC_CONTAINER_INIT_H
#define NSC_CONTAINER_INIT_H

#include "container/create.h"
#include "cgroup/cgroups.h"

/*
 * The child's input.  Each byte on 'go' lets the child continue: the first
 * comes when its id maps are written, the second when the file systems are
 * complete, and container-init reads the third.  End-of-file means that the
 * builder died.
 */
struct nsc_init {
	const struct nsc_plan *plan;
	const struct nsc_cgroups *groups;
	int go;
	int report;	/* the child sends an nsc_error when its cgroup
			 * namespace exists, and one after a failure; a
			 * successful exec closes it */
	int program;	/* container-init, on its own read-only mount */
};

/* Does not return. */
void nsc_init_run(const struct nsc_init *init) __attribute__((noreturn));

#endif
