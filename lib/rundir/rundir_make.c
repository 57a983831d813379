/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: login-start and nsinit, root of the host. */
#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/acl.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

/* uid may not write to the file, so that a user cannot fill /run. */
int nsc_rundir_make_lock(int dir, const char *name, uid_t uid,
			 struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int ret = 0;

	/* It has no permissions until it is complete. */
	fd = openat(dir, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
		    O_NONBLOCK, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	if (!(st.st_mode & 0777))
		ret = nsc_acl_grant(fd, uid, NSC_ACL_READ);
	return ret < 0 ? nsc_error_sys(err, -ret, "make '%s'", name) : 0;
}

int nsc_rundir_make(const char *path, struct nsc_error *err)
{
	static const char *const links[][2] = {
		{ NSC_LINK_CURRENT "/" NSC_FILE_PID, NSC_FILE_PID },
		{ NSC_LINK_CURRENT "/" NSC_FILE_START, NSC_FILE_START },
	};
	_cleanup_fd_ int fd = nsc_file_make_dir(path, 0755, err);
	int ret;

	if (fd < 0)
		return fd;
	ret = nsc_rundir_make_lock(fd, NSC_FILE_LOCK, 0, err);
	if (ret == 0)
		ret = nsc_rundir_make_lock(fd, NSC_FILE_ADMIN, 0, err);
	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(links); i++)
		if (symlinkat(links[i][0], fd, links[i][1]) < 0 &&
		    errno != EEXIST)
			ret = nsc_error_sys(err, errno, "make '%s'",
					    links[i][1]);
	if (ret < 0)
		return nsc_error_context(err, "%s", path);
	return NSC_TAKE_FD(fd);
}
