/* SPDX-License-Identifier: Apache-2.0 */
#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/instance.h"
#include "rundir/state.h"
#include "util/acl.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"
#include "util/paths.h"

int nsc_rundir_path(uid_t uid, char **ret, struct nsc_error *err)
{
	if (asprintf(ret, "%s/%u", NSC_RUNDIR, uid) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
	}
	return 0;
}

uid_t nsc_rundir_linked(const char *name)
{
	char path[sizeof(NSC_RUNDIR) + NSC_NAME_MAX + 1], target[16];
	long long uid;
	ssize_t n;

	snprintf(path, sizeof(path), NSC_RUNDIR "/%s", name);
	n = nsc_text_name_valid(name) ?
		    readlink(path, target, sizeof(target) - 1) : -1;
	target[n < 0 ? 0 : n] = '\0';
	return nsc_text_number(target, 0, UINT32_MAX - 1, &uid) < 0 ?
		       (uid_t)-1 : (uid_t)uid;
}

/* True also for a file that the caller may not read: others must judge it. */
static bool rundir_is_of(int rundir, unsigned int number, const char *name)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int instance = nsc_instance_open(rundir, number,
						      NSC_IGNORE);
	int error = instance < 0 ? instance :
		    nsc_state_load(instance, &state, NSC_IGNORE);

	return error == -EACCES || (error == 0 && !strcmp(state->user, name));
}

/* Is there an instance that was made for name (NULL: for any name)? */
static bool has_container_of(const char *path, const char *name)
{
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, NSC_IGNORE);
	_cleanup_free_ unsigned int *list = NULL;
	int n = rundir < 0 ? rundir :
			     nsc_instance_list(rundir, &list, NSC_IGNORE);

	while (n > 0)
		if (!name || rundir_is_of(rundir, list[--n], name))
			return true;
	return false;
}

int nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
			    struct nsc_error *err)
{
	char escaped[4 * NSC_NAME_MAX + 8];
	_cleanup_free_ char *before = NULL;
	uid_t linked;
	int error;

	if (!nsc_text_name_valid(name))
		return nsc_error_set(err, EINVAL, "user name '%s': expected 1 "
				     "to %d letters, digits and ._-@+$",
				     nsc_text_escape(name, escaped,
						     sizeof(escaped)),
				     NSC_NAME_MAX);
	error = nsc_rundir_path(uid, ret, err);
	linked = error < 0 || has_container_of(*ret, NULL) ?
			 uid : nsc_rundir_linked(name);
	if (error < 0 || linked == uid || linked == (uid_t)-1)
		return error;
	error = nsc_rundir_path(linked, &before, err);
	if (error < 0 || !has_container_of(before, name))
		return error;
	free(*ret);
	*ret = NSC_TAKE_PTR(before);
	return 0;
}

int nsc_rundir_link(const char *name, uid_t uid, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_RUNDIR, err);
	char target[16], new[32];
	struct stat st;

	if (dir < 0)
		return dir;
	/* A number is reserved for the directory of that uid. */
	if (!name[strspn(name, "0123456789")] ||
	    nsc_rundir_linked(name) == uid ||
	    (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     !S_ISLNK(st.st_mode)))
		return 0;
	snprintf(target, sizeof(target), "%u", uid);
	snprintf(new, sizeof(new), ".link-%u", uid);
	/* A process that was killed may have left it. */
	unlinkat(dir, new, 0);
	if (symlinkat(target, dir, new) < 0 ||
	    renameat(dir, new, dir, name) < 0) {
		int error = errno;

		unlinkat(dir, new, 0);
		return nsc_error_sys(err, error, "make " NSC_RUNDIR "/%s",
				     name);
	}
	return 0;
}

int nsc_rundir_path_of_dir(const char *dir, char **ret, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_file_open_dir(dir, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s", dir);
	if (asprintf(ret, "%s/.exec-%lx-%lx", NSC_RUNDIR,
		     (unsigned long)st.st_dev, (unsigned long)st.st_ino) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
	}
	return 0;
}

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

int nsc_rundir_open(const char *path, bool create, struct nsc_error *err)
{
	static const char *const links[][2] = {
		{ NSC_LINK_CURRENT "/" NSC_FILE_PID, NSC_FILE_PID },
		{ NSC_LINK_CURRENT "/" NSC_FILE_START, NSC_FILE_START },
	};
	_cleanup_fd_ int fd = -1;
	int ret;

	if (!create)
		return nsc_file_open_dir(path, err);
	fd = nsc_file_make_dir(path, 0755, err);
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
