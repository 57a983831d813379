#include "api/api.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>

#include "base/fd.h"
#include "base/process.h"
#include "container/groups.h"
#include "container/hooks_stop.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "kernel/pidfd.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */
#define CLEANUP_MS 5000		/* for the monitor */

static int end(int pidfd, bool own_init, int timeout, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + (int64_t)timeout * 1000;
	int ret = 0;

	if (timeout > 0) {
		nsc_pidfd_end(pidfd, own_init);
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

static int stop(const char *path, int timeout, struct nsc_error *err)
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
	ret = end(pidfd, state->own_init,
		  timeout < 0 ? DEFAULT_TIMEOUT : timeout, err);
	return ret < 0 ? ret : clean_up(rundir, err);
}

NSC_PUBLIC int nscontainer_stop(const struct nscontainer *container,
				int timeout, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = stop(container->rundir, timeout, &e);

	if (ret < 0 && container->user)
		nsc_error_context(&e, "%s", container->user);
	return nsc_api_result(ret, &e, err);
}
