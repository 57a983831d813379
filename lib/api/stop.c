/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "policy/policy.h"
#include "container/external.h"
#include "rundir/running.h"
#include "rundir/rundir.h"
#include "rundir/turn.h"
#include "container/start_container.h"
#include "container/stop_container.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */

/*
 * Run engine.stop of the present container.json.  Without engine.stop, another
 * engine's container is not stopped.
 */
static int run_stop(const struct nscontainer *c, const char *pidfile,
		    struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_config_ struct nsc_config *config = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	int ret = nsc_api_user(c, &user, err);

	if (ret == 0)
		ret = nsc_policy_decide(c->conf, user, NULL, &policy, err);
	if (ret == 0 && policy->dir)
		ret = nsc_start_load(policy->dir, user, policy->conf, &config,
				     err);
	if (ret < 0)
		return ret;
	if (!config || !config->engine_stop.path)
		return nsc_error_set(err, EPERM, "another engine made the "
				     "container (pid file '%s'): stop it with "
				     "that engine, or set engine.stop in "
				     "container.json", pidfile);
	return nsc_external_stop(config, user, err);
}

static int stop_external(const struct nscontainer *c, const char *pidfile,
			 int pidfd, int timeout, struct nsc_error *err)
{
	int ret = run_stop(c, pidfile, err);

	if (ret < 0)
		return ret;
	ret = nsc_process_poll(pidfd, nsc_process_now() +
			       (int64_t)timeout * 1000);
	return ret > 0 ? 0 : nsc_error_set(err, ETIMEDOUT, "engine.stop has "
					   "ended, but the container still "
					   "runs");
}

struct stop {
	const struct nscontainer *container;
	int timeout;	/* seconds */
};

static int stop_in(int instance, unsigned int number, void *arg,
		   struct nsc_error *err)
{
	const struct stop *how = arg;
	_cleanup_state_ struct nsc_state *state = NULL;
	bool ending;
	_cleanup_fd_ int pidfd = nsc_running_find_any(instance, &ending, &state,
						      err);
	int ret;

	/* It has ended, perhaps without a monitor that cleaned up. */
	if (pidfd == -ESRCH)
		nsc_stop_clean(instance, number, NSC_IGNORE);
	if (pidfd < 0)
		return pidfd;
	if (!state->external)
		return nsc_stop(instance, state, pidfd,
				ending ? 0 : how->timeout, err);
	ret = stop_external(how->container, state->external, pidfd,
			    how->timeout, err);
	return ret < 0 ? ret : nsc_stop_clean(instance, number, err);
}

/* Stop the current container and those that drain. */
static int stop(struct stop *how, struct nsc_error *err)
{
	const char *path = how->container->rundir;
	const struct nsc_api_act act = { stop_in, how };
	_cleanup_fd_ int rundir = nsc_rundir_open(path, err);
	_cleanup_turn_ struct nsc_turn turn = NSC_TURN_INIT;
	int ret;

	/* Logins must not start another one meanwhile. */
	ret = rundir < 0 ? 0 : nsc_turn_demand(rundir, &turn, err);
	if (ret < 0)
		return ret;
	ret = nsc_api_each(path, &act, err);
	nsc_turn_end(&turn);
	if (rundir >= 0)
		nsc_api_sweep(rundir, path);
	/* A start was stopped. */
	return ret == -ESRCH && turn.killed ? 0 : ret;
}

NSC_PUBLIC int nscontainer_stop(const struct nscontainer *container,
				int timeout, struct nscontainer_error *err)
{
	struct stop how = {
		container, timeout < 0 ? DEFAULT_TIMEOUT : timeout,
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = stop(&how, &e);

	return nsc_api_result_of(container, ret, &e, err);
}
