/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that another engine made, found by the engine's pid file.
 * All of this runs in: nsinit, root of the host.
 */
#ifndef NSC_CONTAINER_EXTERNAL_H
#define NSC_CONTAINER_EXTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"
#include "policy/user.h"
#include "container/create.h"

/* A process that has passed the checks and may be joined as PID 1. */
struct nsc_external {
	pid_t pid;
	int pidfd;
	unsigned int namespaces;	/* CLONE_NEW*: not the host's */
	uint64_t bounding;		/* capabilities of its bounding set */
	bool no_new_privs;
};

#define NSC_EXTERNAL_INIT { 0, -1, 0, 0, false }

/*
 * Read the pidfile of config, which root must own, and check the process that
 * it names: the process is older than the file (otherwise the number was
 * reused), is PID 1 of a pid namespace, has its own mount namespace, and its
 * namespaces were made by root or by the user.  -ESRCH: the container does not
 * run; another errno: it must not be joined; err says why.
 */
int nsc_external_find(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_external *ret,
		      struct nsc_error *err);

/*
 * Like nsc_external_find(), but if the container does not run, start it by
 * engine.start, if configured, and wait for it until the plan's deadline.
 */
int nsc_external_get(const struct nsc_plan *plan, struct nsc_external *ret,
		     struct nsc_error *err);

/* Copy the container's id maps to the plan. */
int nsc_external_maps(const struct nsc_external *external,
		      struct nsc_plan *plan, struct nsc_error *err);

/*
 * Record the container in the run directory so that logins can join it, and
 * start a monitor for it.  The plan must have its filters.
 */
int nsc_external_record(const struct nsc_external *external,
			struct nsc_plan *plan, struct nsc_error *err);

/* Run the command engine.stop of config. */
int nsc_external_stop(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_error *err);

/*
 * Write the record of control groups, see cgroup_tree.h, which sessions must
 * enter so that the container's limits apply to them.  Returns the number of
 * hierarchies.  With rundir -1, nothing is written.
 */
int nsc_external_groups(int rundir, pid_t pid, struct nsc_error *err);

#endif
