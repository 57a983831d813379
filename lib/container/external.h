/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that another engine made, found by the pid file that it writes.
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

/* A process that was found fit to be joined as PID 1 of a container. */
struct nsc_external {
	pid_t pid;
	int pidfd;
	unsigned int namespaces;	/* CLONE_NEW*: not the host's */
	uint64_t bounding;		/* capabilities of its bounding set */
	bool no_new_privs;
};

#define NSC_EXTERNAL_INIT { 0, -1, 0, 0, false }

/*
 * Read config's pidfile, a file of root's, and judge the process that it
 * names: older than the file (else the number has been used again), PID 1 of
 * a pid namespace, mount namespace of its own, namespaces made by root or by
 * the user.  -ESRCH when the container does not run, another errno when it
 * is not to be joined; err says why.
 */
int nsc_external_find(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_external *ret,
		      struct nsc_error *err);

/*
 * The same; one that does not run is started by engine.start, where that is
 * there, and waited for until the plan's deadline.
 */
int nsc_external_get(const struct nsc_plan *plan, struct nsc_external *ret,
		     struct nsc_error *err);

/* Fill the plan's id maps with those of the container. */
int nsc_external_maps(const struct nsc_external *external,
		      struct nsc_plan *plan, struct nsc_error *err);

/*
 * Write it down in the run directory as what logins join, and have a monitor
 * watch it.  The plan has its filters.
 */
int nsc_external_record(const struct nsc_external *external,
			struct nsc_plan *plan, struct nsc_error *err);

/* Run engine.stop of config. */
int nsc_external_stop(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_error *err);

/*
 * Write the record of control groups, see cgroup_tree.h: where sessions have
 * to go so that the container's limits hold.  Returns the number of
 * hierarchies.  With rundir -1 nothing is written.
 */
int nsc_external_groups(int rundir, pid_t pid, struct nsc_error *err);

#endif
