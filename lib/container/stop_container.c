/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/stop_container.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>

#include "util/fd.h"
#include "util/process.h"
#include "cgroup/cgroups.h"
#include "network/attached.h"
#include "rundir/ending.h"
#include "rundir/hooks_stop.h"
#include "util/paths.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "linux/pidfd.h"

/*
 * For the monitor: its groups may take it six seconds, and longer where the
 * kernel removes those of a thousand sessions first.
 */
#define CLEANUP_MS 30000

static int stop_end(int instance, const struct nsc_state *state, int pidfd,
		    int timeout, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + (int64_t)timeout * 1000;
	int ret = 0;

	if (timeout > 0) {
		nsc_pidfd_end(pidfd, state->own_init);
		ret = nsc_process_poll(pidfd, deadline);
	}
	if (ret == 0) {
		nsc_pidfd_signal(pidfd, SIGKILL);
		ret = nsc_ending_wait(instance, state, pidfd);
	}
	if (ret > 0)
		return 0;
	/* Without sessions the monitor does not look by itself. */
	nsc_instance_wake(state->uid, state->generation);
	return nsc_error_set(err, ETIMEDOUT, "PID 1 has not ended after "
			     "SIGKILL: a process of the container cannot be "
			     "killed: the next login gets a new container");
}

void nsc_stop_erase(int instance, unsigned int number)
{
	nsc_state_remove(instance);
	nsc_hooks_stop(instance);
	/* A start that was killed has no hooks yet. */
	nsc_attached_sweep(false, NSC_IGNORE);
	nsc_cgroups_clean(instance);
	nsc_instance_remove(instance, number);
}

int nsc_stop_clean(int instance, unsigned int number, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + CLEANUP_MS +
			   nsc_hooks_stop_timeout(instance) * 1000;
	_cleanup_fd_ int monitor = nsc_rundir_lock(instance, NSC_FILE_MONITOR,
						   LOCK_EX, deadline, err);

	/* The monitor has removed the whole directory. */
	if (monitor == -ENOENT)
		return 0;
	if (monitor < 0)
		return nsc_error_context(err, "wait for the container to be "
					 "cleaned up");
	nsc_stop_erase(instance, number);
	return 0;
}

int nsc_stop(int instance, const struct nsc_state *state, int pidfd,
	     int timeout, struct nsc_error *err)
{
	int ret;

	if (state->external)
		return nsc_error_set(err, EPERM, "another engine made the "
				     "container: stop it with that engine");
	/* Paused processes could not end. */
	if (state->has_groups)
		nsc_cgroups_thaw(instance);
	ret = stop_end(instance, state, pidfd, timeout, err);
	return ret < 0 ? ret :
			 nsc_stop_clean(instance, state->generation, err);
}
