/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control groups of one container.
 *
 *     HIERARCHY/nscontainer/PARENT.../NAME/          the limits
 *         init/           v2: PID 1
 *         session-PID/    each login, made by container-monitor
 *
 * and with systemd, in its hierarchy:
 *
 *     SLICE/nscontainer-NAME.scope/container/        the same
 *                                  monitor/          container-monitor
 *
 * Runs in: the builder, root of the host.
 */
#ifndef NSC_CGROUP_CGROUPS_H
#define NSC_CGROUP_CGROUPS_H

#include <stdbool.h>

#include "util/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/cgroup_request.h"

struct nsc_cgroup_dir {
	const struct nsc_cgroup_hierarchy *hierarchy;
	int dir;		/* the container's group in it */
	int tasks;		/* v1: for a thread to move itself; or -1 */
};

struct nsc_cgroups {
	struct nsc_cgroup_host host;
	struct nsc_cgroup_dir list[NSC_CGROUP_HIERARCHIES];
	size_t n;		/* 0: the container has no groups */
	char *scope;		/* systemd: the scope's path, or NULL */
};

#define NSC_CGROUPS_INIT                                                       \
	{                                                                      \
		.n = 0                                                         \
	}

/*
 * Make the groups, and apply all limits and device rules.  Returns 0 or a
 * negative errno.
 */
int nsc_cgroups_make(const struct nsc_cgroup_request *request,
		     struct nsc_cgroups *ret, struct nsc_error *err);

/*
 * The v2 group in which PID 1 must start, for CLONE_INTO_CGROUP of clone3(2),
 * or -1. groups keeps owning the descriptor.
 */
int nsc_cgroups_unified(const struct nsc_cgroups *groups);

/*
 * Move the calling, single-threaded process into the v1 groups.  Moving a
 * process by its pid waits until no processor is within a fork (an RCU grace
 * period, about 10 ms); a thread that moves itself with "tasks" does not wait.
 * Returns 0 or a negative errno.
 */
int nsc_cgroups_enter(const struct nsc_cgroups *groups, struct nsc_error *err);

/*
 * Once PID 1 has its cgroup namespace, move it out of the v2 group itself,
 * which can then enable controllers for children.  Returns 0 or a negative
 * errno.
 */
int nsc_cgroups_settle(const struct nsc_cgroups *groups, pid_t pid,
		       struct nsc_error *err);

/*
 * For the monitor of another engine's container: with systemd, have the calling
 * process moved into a scope, so that it outlives the session of the login that
 * started it.  If that fails, the process stays in its group; if it is then
 * killed with the session, the next login replaces it.
 */
void nsc_cgroups_leave_session(const struct nsc_cgroup_request *request);

/*
 * Apply cgroups.freezer, as the last step for a new container.  Returns 0 or a
 * negative errno.
 */
int nsc_cgroups_freeze(const struct nsc_cgroup_request *request,
		       struct nsc_error *err);

/*
 * After nsc_cgroups_settle: let uid manage the groups below the v2 group, for
 * an init that is a service manager.  Returns 0 or a negative errno.
 */
int nsc_cgroups_delegate(const struct nsc_cgroups *groups, uid_t uid, gid_t gid,
			 struct nsc_error *err);

/*
 * End and remove the groups in the instance's record, if there is one: for a
 * container without a monitor.  Groups of another container stay.
 */
void nsc_cgroups_clean(int rundir);

/* The same for a dry run, and for those that were killed before it. */
void nsc_cgroups_clean_checks(int rundir);

/* Thaw the container if it is paused. */
void nsc_cgroups_thaw(int rundir);

/*
 * Get the paths where the groups would be, in a new vector (with systemd: the
 * hierarchy, slice and scope).  Returns 0 or a negative errno; err names a
 * limit that this host cannot enforce.
 */
int nsc_cgroups_explain(const struct nsc_cgroup_request *request, char ***ret,
			struct nsc_error *err);

#endif
