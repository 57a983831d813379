#include "api/api.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>

#include "base/fd.h"
#include "base/process.h"
#include "config/policy.h"
#include "container/external.h"
#include "container/groups.h"
#include "container/hooks_stop.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "container/start.h"
#include "kernel/pidfd.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */
#define CLEANUP_MS 5000		/* for the monitor */

static int end(int pidfd, bool own_init, int timeout, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + (int64_t)timeout * 1000;
	int ret = 0;

	if (timeout > 0) {
		if (own_init) {
			/* What service managers halt on; the rest ignore it. */
			nsc_pidfd_signal(pidfd, SIGRTMIN + 3);
			nsc_pidfd_signal(pidfd, SIGPWR);
		} else {
			nsc_pidfd_signal(pidfd, SIGTERM);
		}
		ret = nsc_process_poll(pidfd, deadline);
	}
	if (ret == 0) {
		nsc_pidfd_signal(pidfd, SIGKILL);
		ret = nsc_process_poll(pidfd, nsc_process_now() + CLEANUP_MS);
	}
	if (ret > 0)
		return 0;
	return nsc_error_set(err, ETIMEDOUT, "PID 1 does not end, although it "
			     "was killed");
}

/* Its monitor cleans up; where it has none, we do. */
static int clean_up(int rundir, struct nsc_error *err)
{
	_cleanup_fd_ int monitor =
		nsc_rundir_lock(rundir, NSC_FILE_MONITOR, LOCK_EX,
				nsc_process_now() + CLEANUP_MS, err);

	if (monitor < 0)
		return monitor;
	nsc_state_remove(rundir);
	nsc_hooks_stop(rundir);
	nsc_groups_clean(rundir);
	return 0;
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

static int stop(const struct nscontainer *c, int timeout, struct nsc_error *err)
{
	const char *path = c->rundir;
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, err);
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int pidfd = -1;
	int ret;

	if (rundir < 0)
		return rundir == -ENOENT ?
			nsc_error_set(err, ESRCH, "no container is running") :
			rundir;
	/* No login may start another one meanwhile. */
	lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
			       nsc_process_now() + CLEANUP_MS, err);
	if (lock < 0 && lock != -ENOENT)
		return lock;
	pidfd = nsc_join_find(rundir, &state, err);
	/* It ended, perhaps without a monitor: nothing of it stays. */
	if (pidfd == -ESRCH)
		clean_up(rundir, NULL);
	if (pidfd < 0)
		return pidfd;
	timeout = timeout < 0 ? DEFAULT_TIMEOUT : timeout;
	if (state->external) {
		ret = stop_external(c, state->external, pidfd, timeout, err);
		return ret < 0 ? ret : clean_up(rundir, err);
	}
	/* What is paused could not end. */
	if (state->has_groups)
		nsc_groups_thaw(rundir);
	ret = end(pidfd, state->own_init, timeout, err);
	return ret < 0 ? ret : clean_up(rundir, err);
}

NSC_PUBLIC int nscontainer_stop(const struct nscontainer *container,
				int timeout, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = stop(container, timeout, &e);

	if (ret < 0 && container->user)
		nsc_error_context(&e, "%s", container->user);
	return nsc_api_result(ret, &e, err);
}
