/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the helper of a login and nsinit, root of the host. */
#include "rundir/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "linux/pidfd.h"
#include "rundir/rundir.h"
#include "util/fd.h"
#include "util/lock.h"
#include "util/lock_table.h"
#include "util/paths.h"
#include "util/process.h"

#define PATIENCE_MS 5000	/* for the end of a start, or of a command */
#define END_MS 5000		/* for the end of killed processes */

void nsc_turn_end(struct nsc_turn *turn)
{
	nsc_fd_close(&turn->lock);
	nsc_fd_close(&turn->admin);
}

/*
 * Wait while an administrator's command holds 'admin'; a directory of another
 * version may have no such file.
 */
static int turn_let_pass(int rundir, int64_t deadline, struct nsc_error *err)
{
	_cleanup_fd_ int admin = nsc_rundir_lock(rundir, NSC_FILE_ADMIN,
						 LOCK_SH, deadline, err);

	if (admin == -EWOULDBLOCK)
		nsc_error_context(err, "wait for an administrator's command");
	return admin < 0 && admin != -ENOENT ? admin : 0;
}

int nsc_turn_wait(int rundir, int64_t deadline, struct nsc_turn *ret,
		  struct nsc_error *err)
{
	int passed;

	do {
		nsc_turn_end(ret);
		nsc_error_clear(err);
		passed = turn_let_pass(rundir, deadline, err);
		if (passed < 0)
			return passed;
		ret->lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
					    deadline, err);
		if (ret->lock == -EWOULDBLOCK)
			nsc_error_context(err, "wait for another process to "
					  "start or stop the container");
		if (ret->lock < 0)
			return ret->lock;
		/* A command may have begun to wait meanwhile. */
		passed = turn_let_pass(rundir, 0, err);
	} while (passed == -EWOULDBLOCK);
	return passed;
}

/*
 * Kill the process that holds 'lock'.  The pidfd is opened before the last look
 * at its open files, so the signal cannot reach another process.
 */
static bool turn_kill_holder(int rundir)
{
	_cleanup_fd_ int pidfd = -1;
	struct stat st;
	pid_t pid;

	if (fstatat(rundir, NSC_FILE_LOCK, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	nsc_lock_holders(&st, &pid);
	pidfd = pid ? nsc_pidfd_open(pid) : -1;
	return pidfd >= 0 && nsc_lock_is_held_by(&st, pid) &&
	       nsc_pidfd_signal(pidfd, SIGKILL) == 0;
}

int nsc_turn_demand(int rundir, struct nsc_turn *ret, struct nsc_error *err)
{
	ret->admin = nsc_rundir_lock(rundir, NSC_FILE_ADMIN, LOCK_EX,
				     nsc_process_now() + PATIENCE_MS, err);
	if (ret->admin == -EWOULDBLOCK)
		nsc_error_context(err, "wait for another command");
	if (ret->admin < 0 && ret->admin != -ENOENT)
		return ret->admin;
	ret->lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
				    nsc_process_now() + PATIENCE_MS, err);
	if (ret->lock == -EWOULDBLOCK) {
		/* The processes of the start die with it, one by one. */
		ret->killed = turn_kill_holder(rundir);
		nsc_error_clear(err);
		ret->lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
					    nsc_process_now() + END_MS, err);
	}
	return ret->lock < 0 ? ret->lock : 0;
}
