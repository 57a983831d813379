/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control groups of one container.
 *
 *     HIERARCHY/nscontainer/PARENT.../NAME/          the limits
 *         init/           v2: PID 1
 *         session-PID/    each login, made by container-monitor
 *
 * and where systemd runs, in its hierarchy:
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
	int tasks;		/* v1: where a thread moves itself; or -1 */
};

struct nsc_cgroups {
	struct nsc_cgroup_host host;
	struct nsc_cgroup_dir list[NSC_CGROUP_HIERARCHIES];
	size_t n;		/* 0: the container has none */
	char *scope;		/* systemd: the scope's path, or NULL */
};

#define NSC_CGROUPS_INIT                                                       \
	{                                                                      \
		.n = 0                                                         \
	}

/* Make the groups, with all limits and device rules in force. */
int nsc_cgroups_make(const struct nsc_cgroup_request *request,
		     struct nsc_cgroups *ret, struct nsc_error *err);

/*
 * Where PID 1 is to be born, for CLONE_INTO_CGROUP of clone3(2): the group in
 * v2, or -1.  The descriptor stays that of groups.
 */
int nsc_cgroups_unified(const struct nsc_cgroups *groups);

/*
 * Put the calling process, of one thread, into those of v1.  Whoever is moved
 * by its number waits until no processor is in the middle of a fork (an RCU
 * grace period, some 10 ms); who moves itself in "tasks" does not.
 */
int nsc_cgroups_enter(const struct nsc_cgroups *groups, struct nsc_error *err);

/*
 * Once PID 1 has its cgroup namespace: out of the v2 group itself, so that it
 * can have children with controllers.
 */
int nsc_cgroups_settle(const struct nsc_cgroups *groups, pid_t pid,
		       struct nsc_error *err);

/*
 * For the monitor of another engine's container: where systemd runs, have it
 * put the calling process into a scope, so that it outlives the session of
 * the login that started it.  Where that fails it stays where it is; one that
 * is killed with the session is replaced by the next login.
 */
void nsc_cgroups_leave_session(const struct nsc_cgroup_request *request);

/* cgroups.freezer: the last thing that is done to a new container. */
int nsc_cgroups_freeze(const struct nsc_cgroup_request *request,
		       struct nsc_error *err);

/*
 * After nsc_cgroups_settle: let uid manage what is below the v2 group, for an
 * init that is a service manager.
 */
int nsc_cgroups_delegate(const struct nsc_cgroups *groups, uid_t uid, gid_t gid,
			 struct nsc_error *err);

/*
 * End and remove what the instance's record says, if there is one: for a
 * container without a monitor.  What belongs to another container stays.
 */
void nsc_cgroups_clean(int rundir);

/* What is paused goes on. */
void nsc_cgroups_thaw(int rundir);

/*
 * Where they would be, as paths in a new vector (under systemd the hierarchy,
 * slice and scope); or which limit this host cannot enforce.
 */
int nsc_cgroups_explain(const struct nsc_cgroup_request *request, char ***ret,
			struct nsc_error *err);

void nsc_cgroups_free(struct nsc_cgroups *groups);

#endif
