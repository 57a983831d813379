/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: every program that opens a run directory. */
#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/paths.h"

int nsc_rundir_path(uid_t uid, char **ret, struct nsc_error *err)
{
	if (asprintf(ret, "%s/%u", NSC_RUNDIR, uid) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
	}
	return 0;
}

int nsc_rundir_open(const char *path, struct nsc_error *err)
{
	return nsc_file_open_dir(path, err);
}

int nsc_rundir_lock(int dir, const char *name, int operation,
		    int64_t deadline, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int ret;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
		    O_NONBLOCK);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open lock '%s'", name);
	ret = nsc_lock(fd, name, operation, deadline, err);
	if (ret < 0)
		return ret;
	return NSC_TAKE_FD(fd);
}

int nsc_rundir_is_locked(int dir, const char *name, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_rundir_lock(dir, name, LOCK_EX, 0,
					      NSC_IGNORE);

	if (fd == -EWOULDBLOCK)
		return 1;
	return fd < 0 ? nsc_error_sys(err, -fd, "look at the lock '%s'", name) :
			0;
}
