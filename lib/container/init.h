/* SPDX-License-Identifier: Apache-2.0 */
/* The container's PID 1 until it execs container-init: the child's timeline. */
#ifndef NSC_CONTAINER_INIT_H
#define NSC_CONTAINER_INIT_H

#include "container/create.h"
#include "cgroup/cgroups.h"

/*
 * What the child is given.  Bytes on 'go' let it on: the first when its id
 * maps are written, the second when the file systems stand; the third is for
 * container-init.  End-of-file means that the builder died.
 */
struct nsc_init {
	const struct nsc_plan *plan;
	const struct nsc_cgroups *groups;
	int go;
	int report;	/* takes one byte when the cgroup namespace is made,
			 * an nsc_error; closed by a successful exec */
	int program;	/* container-init, on a read-only mount of its own */
};

/* Does not return. */
void nsc_init_run(const struct nsc_init *init) __attribute__((noreturn));

#endif
