/*
 * nsinit start USER: start a user's container.
 *
 * With --login it is the helper of pam_container.so, made from nothing by it:
 * NSC_HELPER_LOCK holds the lock, the result goes to NSC_HELPER_REPORT.
 */
#include "container/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "config/policy.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "nsinit.h"

#define LOCK_MS 30000		/* for another start to finish */

static int no_configuration(const struct nsc_user *user,
			    const struct nsinit_options *options,
			    struct nsc_error *err)
{
	return nsc_error_set(err, ENOENT, "user '%s' has no container.json: "
			     "none in users/%s, groups/ or default/ beside %s",
			     user->name, user->name, options->conf);
}

/* With the lock held. */
static int start(const struct nsc_user *user, const struct nsc_policy *policy,
		 int rundir, bool login, struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	struct nsc_start_request request = {
		.user = user, .conf = policy->conf, .login = true,
		.leader = -1, .console = -1, .rundir = rundir,
	};
	int ret = nsc_start_load(policy->dir, user, &config, err);

	if (ret < 0)
		return ret;
	request.config = config;
	/* What an administrator starts runs until it is stopped. */
	request.stop = login ? nsc_conf_stop_name(policy->conf->stop) :
			       "start";
	return nsc_start(&request, err);
}

/* The monitor of the previous container must have cleaned up. */
static int wait_for_monitor(int rundir, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_join_find(rundir, &state, err);
	_cleanup_fd_ int monitor = -1;

	monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR, LOCK_EX,
				  pidfd >= 0 ? 0 :
				  nsc_process_now() + LOCK_MS, err);
	if (monitor == -EWOULDBLOCK && pidfd >= 0)
		return nsc_error_set(err, EEXIST, "the container of '%s' runs "
				     "already", state->user);
	return monitor < 0 ? monitor : 0;
}

static int start_user(const struct nsinit_options *options,
		      struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	_cleanup_fd_ int lock = -1;
	int ret = nsc_user_load(options->arguments[0], &user, err);

	if (ret < 0)
		return ret;
	ret = nsc_policy_decide(options->conf, user, NULL, &policy, err);
	if (ret < 0)
		return ret;
	if (!policy->dir)
		return no_configuration(user, options, err);
	ret = nsc_rundir_path(user->name, &path, err);
	if (ret < 0)
		return ret;
	rundir = nsc_rundir_open(path, true, user->uid, err);
	if (rundir < 0)
		return rundir;
	if (!options->login) {
		lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
				       nsc_process_now() + LOCK_MS, err);
		if (lock < 0)
			return lock;
		ret = wait_for_monitor(rundir, err);
	}
	return ret < 0 ? ret : start(user, policy, rundir, options->login, err);
}

int nsinit_start(const struct nsinit_options *options)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int ret;

	if (options->login) {
		/* Not for the container: these are the login's. */
		fcntl(NSC_HELPER_LOCK, F_SETFD, FD_CLOEXEC);
		fcntl(NSC_HELPER_REPORT, F_SETFD, FD_CLOEXEC);
		signal(SIGPIPE, SIG_IGN);
	}
	ret = start_user(options, &err);
	if (ret == 0)
		err.code = 0;
	if (options->login)
		(void)!write(NSC_HELPER_REPORT, &err, sizeof(err));
	else if (ret < 0)
		nsinit_fail(&err, NSINIT_FAILED);
	return ret < 0 ? NSINIT_FAILED : NSINIT_OK;
}
