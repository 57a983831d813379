/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "util/fd.h"
#include "util/process.h"
#include "rundir/running.h"
#include "rundir/rundir.h"
#include "rundir/turn.h"
#include "cgroup/cgroup_tree.h"

#define WAIT_MS 10000

static int freeze(const struct nsc_cgroup_tree *tree, struct nsc_error *err)
{
	const struct timespec pause = { 0, 5000000 };
	int64_t deadline = nsc_process_now() + WAIT_MS;
	int ret = nsc_cgroup_tree_freeze(tree, true);

	if (ret < 0)
		return nsc_error_sys(err, -ret, "pause the container");
	/* v1 must be asked again while a process could not be frozen. */
	while (!nsc_cgroup_tree_frozen(tree)) {
		if (nsc_process_now() < deadline) {
			nanosleep(&pause, NULL);
			continue;
		}
		nsc_cgroup_tree_freeze(tree, false);
		return nsc_error_set(err, ETIMEDOUT, "pause the container: "
				     "some of its processes cannot be frozen, "
				     "so it was resumed");
	}
	return 0;
}

static int thaw(const struct nsc_cgroup_tree *tree, struct nsc_error *err)
{
	int ret = nsc_cgroup_tree_freeze(tree, false);

	if (ret < 0)
		return nsc_error_sys(err, -ret, "resume the container");
	return 0;
}

static int set_paused(const char *path, bool paused, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, err);
	_cleanup_fd_ int instance = -1;
	_cleanup_turn_ struct nsc_turn turn = NSC_TURN_INIT;
	_cleanup_fd_ int pidfd = -1;
	int ret;

	/* Others must not start or stop it meanwhile. */
	ret = rundir < 0 ? 0 : nsc_turn_demand(rundir, &turn, err);
	if (ret < 0)
		return ret;
	instance = nsc_api_current(path, err);
	if (instance < 0)
		return instance;
	pidfd = nsc_running_find(instance, &state, err);
	if (pidfd < 0)
		return pidfd;
	if (state->external)
		return nsc_error_set(err, EPERM, "another engine made the "
				     "container: pause and resume it with "
				     "that engine");
	ret = state->has_groups ? nsc_cgroup_tree_load(instance, &tree) :
				  -ENOENT;
	if (ret < 0)
		return nsc_error_set(err, -ret, "the container has no control "
				     "groups that could be frozen");
	return paused ? freeze(tree, err) : thaw(tree, err);
}

static int pause_change(const struct nscontainer *container, bool paused,
			struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result_of(container,
				 set_paused(container->rundir, paused, &e), &e,
				 err);
}

NSC_PUBLIC int nscontainer_pause(const struct nscontainer *container,
				 struct nscontainer_error *err)
{
	return pause_change(container, true, err);
}

NSC_PUBLIC int nscontainer_resume(const struct nscontainer *container,
				  struct nscontainer_error *err)
{
	return pause_change(container, false, err);
}
