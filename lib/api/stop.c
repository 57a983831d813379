#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "container/generation.h"
#include "container/join.h"
#include "container/rundir.h"
#include "container/stop.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGTERM and SIGKILL */
#define LOCK_MS 5000

static int not_running(struct nsc_error *err)
{
	return nsc_error_set(err, ESRCH, "no container is running");
}

static int stop_in(int rundir, int timeout, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_join_find(rundir, &state, err);

	/* It ended, perhaps without a monitor: nothing of it stays. */
	if (pidfd == -ESRCH)
		nsc_stop_clean(rundir, NULL);
	return pidfd < 0 ? pidfd : nsc_stop(rundir, state, pidfd, timeout,
					    err);
}

/* Those that drain; 0 when there were some, and all ended. */
static int stop_draining(const char *user, int timeout, struct nsc_error *err)
{
	char **list = NULL;
	int ret = nsc_generation_draining(user, &list, err);
	int result = ret < 0 ? ret : -ESRCH;

	for (char **path = list; path && *path; path++) {
		_cleanup_fd_ int rundir = nsc_rundir_open(*path, false, 0,
							  err);

		ret = rundir == -ENOENT ? -ESRCH : rundir;
		if (rundir >= 0)
			ret = stop_in(rundir, timeout, err);
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
	ret = stop_in(rundir, timeout, err);
	if (!c->user || (ret < 0 && ret != -ESRCH))
		return ret;
	others = stop_draining(c->user, timeout, err);
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
