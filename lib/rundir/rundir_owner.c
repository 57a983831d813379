/* Runs in: the login program, nsinit; root of the host. */
#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/acl.h"
#include "util/fd.h"
#include "rundir/running.h"
#include "util/paths.h"

bool nsc_rundir_is_of(int rundir, uid_t uid)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_join_find(rundir, &state, NSC_IGNORE);
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (pidfd >= 0)
		return state->uid == uid;
	fd = openat(rundir, NSC_FILE_SESSIONS, O_RDONLY | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == 0 &&
	       nsc_acl_is(fd, uid, NSC_ACL_READ);
}

int nsc_rundir_exchange(const char *path, const char *other,
			struct nsc_error *err)
{
	if (renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
		return nsc_error_sys(err, errno, "exchange '%s' and '%s'",
				     path, other);
	return 0;
}

/* The name of a directory that is not there, and its number. */
static int find_free(const char *name, unsigned int *number, char **ret,
		     struct nsc_error *err)
{
	for (;; ++*number) {
		_cleanup_free_ char *path = NULL;
		struct stat st;
		int error = nsc_rundir_path_draining(name, *number, &path,
						     err);

		if (error < 0)
			return error;
		if (lstat(path, &st) == 0)
			continue;
		if (errno != ENOENT)
			return nsc_error_sys(err, errno, "%s", path);
		*ret = NSC_TAKE_PTR(path);
		return 0;
	}
}

/*
 * The account was deleted and made again, or has another uid: nothing of the
 * old one's is shared, neither its locks, which it may hold for ever, nor its
 * container, which the next start ends.
 */
static int replace(int rundir, const char *path, uid_t owner,
		   struct nsc_error *err)
{
	unsigned int number = nsc_rundir_generation(rundir);
	_cleanup_free_ char *other = NULL;
	_cleanup_fd_ int fresh = -1;
	int ret = find_free(strrchr(path, '/') + 1, &number, &other, err);

	if (ret < 0)
		return ret;
	fresh = nsc_rundir_open(other, true, owner, err);
	if (fresh < 0)
		return fresh;
	ret = nsc_rundir_set_generation(fresh, number, err);
	return ret < 0 ? ret : nsc_rundir_exchange(path, other, err);
}

int nsc_rundir_open_locked(const char *path, uid_t owner, int64_t deadline,
			   int *ret_lock, struct nsc_error *err)
{
	bool create = owner != (uid_t)-1;

	for (;;) {
		_cleanup_fd_ int rundir = nsc_rundir_open(path, create, owner,
							  err);
		_cleanup_fd_ int lock = -1;
		int ret;

		if (rundir < 0)
			return rundir;
		lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
				       deadline, err);
		/* Moved away, perhaps removed already: begin again. */
		if ((lock >= 0 || lock == -ENOENT) &&
		    !nsc_rundir_is_at(rundir, path))
			continue;
		if (lock < 0)
			return lock;
		if (!create || nsc_rundir_is_of(rundir, owner)) {
			*ret_lock = NSC_TAKE_FD(lock);
			return NSC_TAKE_FD(rundir);
		}
		ret = replace(rundir, path, owner, err);
		if (ret < 0)
			return ret;
	}
}
