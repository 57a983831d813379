/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that need not be joined.  Runs in: login-start, nsinit,
 * container-monitor; root of the host.
 */
#include "rundir/running.h"

#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/proc.h"

int nsc_running_find(int rundir, struct nsc_state **ret, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	int error = nsc_running_load(rundir, &state, err);
	int pidfd = error < 0 ? error : nsc_running_verify(rundir, state, err);

	if (pidfd >= 0)
		*ret = NSC_TAKE_PTR(state);
	return pidfd;
}

static bool running_is_of_this_boot(const struct nsc_state *state)
{
	char boot_id[NSC_BOOT_ID_SIZE];

	return nsc_pidfd_boot_id(boot_id) == 0 &&
	       !strcmp(boot_id, state->boot_id);
}

int nsc_running_find_ending(int rundir, struct nsc_state **ret,
			    struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	int error = nsc_running_load(rundir, &state, err);
	_cleanup_fd_ int pidfd = error < 0 ? error :
				 nsc_pidfd_open(state->pid);
	struct nsc_proc_stat stat;

	if (error < 0)
		return error;
	if (pidfd < 0 || !running_is_of_this_boot(state) ||
	    nsc_proc_stat(state->pid, &stat) < 0 ||
	    stat.start != state->start || !nsc_pidfd_alive(pidfd))
		return nsc_running_gone("the process has ended", err);
	if (!stat.ending && faccessat(rundir, NSC_FILE_PID, F_OK, 0) == 0)
		return nsc_running_gone("it is not ending", err);
	*ret = NSC_TAKE_PTR(state);
	return NSC_TAKE_FD(pidfd);
}

int nsc_running_boot(char boot_id[NSC_BOOT_ID_SIZE], struct nsc_error *err)
{
	int ret = nsc_pidfd_boot_id(boot_id);

	return ret < 0 ? nsc_error_sys(err, -ret, "read the boot id") : 0;
}

int nsc_running_see(int rundir, const char *boot_id, bool *ret_ending,
		    struct nsc_state **ret, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	struct nsc_proc_stat stat;
	int error = nsc_running_load(rundir, &state, err);

	if (error < 0)
		return error;
	error = strcmp(boot_id, state->boot_id) != 0 ? -ESRCH :
		nsc_proc_stat(state->pid, &stat);
	if (error < 0 && error != -ESRCH)
		return nsc_error_sys(err, -error, "read the start time of %d",
				     (int)state->pid);
	if (error < 0 || stat.start != state->start)
		return nsc_running_gone("the process has ended", err);
	*ret_ending = stat.ending ||
		      faccessat(rundir, NSC_FILE_PID, F_OK, 0) < 0;
	/* Only a pidfd tells whether it has ended, or waits for others. */
	if (stat.ending) {
		_cleanup_fd_ int pidfd = nsc_running_find_ending(rundir, ret,
								 err);

		return pidfd < 0 ? pidfd : 0;
	}
	*ret = NSC_TAKE_PTR(state);
	return 0;
}

int nsc_running_find_any(int rundir, bool *ret_ending, struct nsc_state **ret,
			 struct nsc_error *err)
{
	int pidfd = nsc_running_find(rundir, ret, err);

	*ret_ending = pidfd == -ESRCH;
	return pidfd == -ESRCH ? nsc_running_find_ending(rundir, ret, err) :
				 pidfd;
}
