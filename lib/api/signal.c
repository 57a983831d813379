/* SPDX-License-Identifier: Apache-2.0 */
/* Signal the processes of a container, which are those of its groups. */
#include "api/api.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cgroup/cgroup_processes.h"
#include "rundir/running.h"
#include "util/fd.h"

struct target {
	int signal;
	pid_t init;
};

static void signal_one(const char *group, pid_t pid, void *arg)
{
	const struct target *target = arg;

	if (pid != target->init)
		nsc_cgroup_signal(group, pid, target->signal);
}

/* One hierarchy has them all: v2, or else the first. */
static int signal_instance(int instance, unsigned int number, void *arg,
			   struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_running_find(instance, &state, err);
	struct target target = { *(const int *)arg, 0 };

	(void)number;
	if (pidfd < 0)
		return pidfd;
	if (state->external)
		return nsc_error_set(err, EPERM, "another engine made the "
				     "container: signal it with that engine");
	if (!state->has_groups || nsc_cgroup_tree_load(instance, &tree) < 0)
		return nsc_error_set(err, ENOENT, "the container has no "
				     "control groups, which know its "
				     "processes");
	target.init = state->pid;
	for (size_t i = 0; i < tree->n; i++)
		if (tree->list[i].kind == 's') {
			nsc_cgroup_each_process(tree->list[i].path, signal_one,
						&target);
			return 0;
		}
	return nsc_error_set(err, ENOENT, "the container has no control group "
			     "for its sessions");
}

NSC_PUBLIC int nscontainer_signal(const struct nscontainer *container,
				  int signal, struct nscontainer_error *err)
{
	const struct nsc_api_act act = { signal_instance, &signal };
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = signal < 1 || signal > SIGRTMAX ?
			  nsc_error_set(&e, EINVAL, "no such signal") :
			  nsc_api_each(container->rundir, &act, &e);

	return nsc_api_result_of(container, ret, &e, err);
}
