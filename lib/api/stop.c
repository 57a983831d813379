#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "policy/policy.h"
#include "container/external.h"
#include "container/generation.h"
#include "rundir/running.h"
#include "rundir/rundir.h"
#include "container/start_container.h"
#include "container/stop_container.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */
#define LOCK_MS 5000

static int not_running(struct nsc_error *err)
{
	return nsc_error_set(err, ESRCH, "no container is running");
}

/* As container.json says now; what it does not say is not ours to end. */
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
				     "container (pid file '%s'): stop it "
				     "there, or say with engine.stop in "
				     "container.json how", pidfile);
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
					   "ended, but the container runs on");
}

static int stop_in(const struct nscontainer *c, int rundir, int timeout,
		   struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_join_find(rundir, &state, err);
	int ret;

	/* It ended, perhaps without a monitor: nothing of it stays. */
	if (pidfd == -ESRCH)
		nsc_stop_clean(rundir, NSC_IGNORE);
	if (pidfd < 0)
		return pidfd;
	if (!state->external)
		return nsc_stop(rundir, state, pidfd, timeout, err);
	ret = stop_external(c, state->external, pidfd, timeout, err);
	return ret < 0 ? ret : nsc_stop_clean(rundir, err);
}

/* Those that drain; 0 when there were some, and all ended. */
static int stop_draining(const struct nscontainer *c, int timeout,
			 struct nsc_error *err)
{
	char **list = NULL;
	int ret = nsc_generation_draining(c->user, &list, err);
	int result = ret < 0 ? ret : -ESRCH;

	for (char **path = list; path && *path; path++) {
		_cleanup_fd_ int rundir = nsc_rundir_open(*path, false, 0,
							  err);

		ret = rundir == -ENOENT ? -ESRCH : rundir;
		if (rundir >= 0)
			ret = stop_in(c, rundir, timeout, err);
		if (ret != -ESRCH && (result == -ESRCH || ret < 0))
			result = ret < 0 ? ret : 0;
	}
	nsc_text_free_vector(list);
	return result;
}

static int stop(const struct nscontainer *c, int timeout,
		struct nsc_error *err)
{
	_cleanup_fd_ int lock = -1;
	/* No login may start another one meanwhile. */
	_cleanup_fd_ int rundir =
		nsc_rundir_open_locked(c->rundir, (uid_t)-1,
				       nsc_process_now() + LOCK_MS, &lock,
				       err);
	int ret, others;

	/* Where not even its lock was made. */
	if (rundir == -ENOENT)
		return not_running(err);
	if (rundir < 0)
		return rundir;
	ret = stop_in(c, rundir, timeout, err);
	if (!c->user || (ret < 0 && ret != -ESRCH))
		return ret;
	others = stop_draining(c, timeout, err);
	return others == -ESRCH ? ret : others;
}

NSC_PUBLIC int nscontainer_stop(const struct nscontainer *container,
				int timeout, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = stop(container, timeout < 0 ? DEFAULT_TIMEOUT : timeout, &e);

	if (ret < 0 && container->user)
		nsc_error_context(&e, "%s", container->user);
	return nsc_api_result(ret, &e, err);
}
