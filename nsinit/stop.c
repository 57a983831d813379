/* nsinit stop USER: ask all processes of a container to end, then make them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/process.h"
#include "container/groups.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "kernel/pidfd.h"
#include "nsinit.h"
#include <sys/file.h>

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */
#define CLEANUP_MS 5000		/* for the monitor */

static int end(int pidfd, long long timeout, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + timeout * 1000;
	int ret = 0;

	if (timeout > 0) {
		nsc_pidfd_signal(pidfd, SIGTERM);
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
	nsc_groups_clean(rundir);
	return 0;
}

static int stop(const char *path, const struct nsinit_options *options,
		struct nsc_error *err)
{
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
	/* What is paused could not end. */
	if (state->has_groups)
		nsc_groups_thaw(rundir);
	ret = end(pidfd, options->timeout < 0 ? DEFAULT_TIMEOUT :
		  options->timeout, err);
	return ret < 0 ? ret : clean_up(rundir, err);
}

int nsinit_target(const struct nsinit_options *options, char **ret_path,
		  struct nsc_error *err)
{
	_cleanup_free_ char *dir = NULL;

	if (!options->root == !options->n_arguments)
		return nsc_error_set(err, EINVAL, "expected either a user or "
				     "--root DIR");
	if (!options->root)
		return nsc_rundir_path(options->arguments[0], ret_path, err);
	dir = realpath(options->root, NULL);
	if (!dir)
		return nsc_error_sys(err, errno, "%s", options->root);
	return nsc_rundir_path_of_dir(dir, ret_path, err);
}

int nsinit_stop(const struct nsinit_options *options)
{
	struct nsc_error err = NSC_ERROR_INIT;
	_cleanup_free_ char *path = NULL;
	int ret;

	if (!options->root == !options->n_arguments) {
		nsc_error_set(&err, EINVAL, "stop: expected either a user or "
			      "--root DIR");
		return nsinit_fail(&err, NSINIT_USAGE);
	}
	ret = nsinit_target(options, &path, &err);
	if (ret == 0)
		ret = stop(path, options, &err);
	if (ret < 0 && options->n_arguments)
		nsc_error_context(&err, "%s", options->arguments[0]);
	if (ret < 0)
		return nsinit_fail(&err, ret == -ESRCH ? NSINIT_NOT_RUNNING :
							 NSINIT_FAILED);
	return NSINIT_OK;
}
