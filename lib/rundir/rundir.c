#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/acl.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"
#include "util/paths.h"

int nsc_rundir_path(const char *name, char **ret, struct nsc_error *err)
{
	char escaped[4 * NSC_NAME_MAX + 8];

	if (!nsc_text_name_valid(name))
		return nsc_error_set(err, EINVAL, "user name '%s': expected 1 "
				     "to %d letters, digits and ._-@+$",
				     nsc_text_escape(name, escaped,
						     sizeof(escaped)),
				     NSC_NAME_MAX);
	if (asprintf(ret, "%s/%s", NSC_RUNDIR, name) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
	}
	return 0;
}

int nsc_rundir_path_of_uid(uid_t uid, char **ret, struct nsc_error *err)
{
	char link[sizeof(NSC_RUNDIR_UIDS) + 16], name[NSC_NAME_MAX + 1];
	ssize_t n;

	snprintf(link, sizeof(link), NSC_RUNDIR_UIDS "/%u", uid);
	n = readlink(link, name, sizeof(name) - 1);
	if (n < 0)
		return nsc_error_sys(err, errno, "read %s", link);
	name[n] = '\0';
	return nsc_rundir_path(name, ret, err);
}

int nsc_rundir_note_uid(uid_t uid, const char *name, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_make_dir(NSC_RUNDIR_UIDS, 0755, err);
	char link[16], new[32], old[NSC_NAME_MAX + 1];
	ssize_t n;

	if (dir < 0)
		return dir;
	snprintf(link, sizeof(link), "%u", uid);
	n = readlinkat(dir, link, old, sizeof(old));
	if (n == (ssize_t)strlen(name) && !memcmp(old, name, (size_t)n))
		return 0;
	/* One that was killed may have left it. */
	snprintf(new, sizeof(new), ".%u", uid);
	unlinkat(dir, new, 0);
	if (symlinkat(name, dir, new) < 0 ||
	    renameat(dir, new, dir, link) < 0) {
		int error = errno;

		unlinkat(dir, new, 0);
		return nsc_error_sys(err, error, "make %s/%s", NSC_RUNDIR_UIDS,
				     link);
	}
	return 0;
}

int nsc_rundir_path_draining(const char *name, unsigned int number,
			     char **ret, struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL;
	/* Only a name that can be one. */
	int error = nsc_rundir_path(name, &path, err);

	if (error < 0)
		return error;
	if (asprintf(ret, "%s/" NSC_DRAIN_PREFIX "%s-%u", NSC_RUNDIR, name,
		     number) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
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

/*
 * A lock file that uid may open as well, and not write to: what a user can
 * fill is not in /run.  One that is there stays what it is, since its user may
 * hold it: whose directory it is, nsc_rundir_open_locked() sees.
 */
static int make_file(int rundir, const char *name, uid_t uid,
		     struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int ret = 0;

	/* Without a mode until it is complete. */
	fd = openat(rundir, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
		    O_NONBLOCK, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	if (!(st.st_mode & 0777))
		ret = nsc_acl_grant(fd, uid, NSC_ACL_READ);
	return ret < 0 ? nsc_error_sys(err, -ret, "make '%s'", name) : 0;
}

/* Whatever the umask is: others may see who is there, as by who(1). */
static int make_session_dir(int rundir, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(rundir, NSC_DIR_SESSION, 0755) < 0 && errno != EEXIST)
		return nsc_error_sys(err, errno, "make '" NSC_DIR_SESSION "'");
	fd = openat(rundir, NSC_DIR_SESSION, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return nsc_error_sys(err, errno, "make '" NSC_DIR_SESSION "'");
	return 0;
}

int nsc_rundir_open(const char *path, bool create, uid_t owner,
		    struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int ret;

	if (!create)
		return nsc_file_open_dir(path, err);
	fd = nsc_file_make_dir(path, 0755, err);
	if (fd < 0)
		return fd;
	ret = make_file(fd, NSC_FILE_LOCK, 0, err);
	if (ret == 0)
		ret = make_file(fd, NSC_FILE_MONITOR, 0, err);
	if (ret == 0)
		ret = make_file(fd, NSC_FILE_SESSIONS, owner, err);
	if (ret == 0)
		ret = make_session_dir(fd, err);
	if (ret < 0)
		return nsc_error_context(err, "%s", path);
	return NSC_TAKE_FD(fd);
}

int nsc_rundir_lock(int rundir, const char *name, int operation,
		    int64_t deadline, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int ret;

	fd = openat(rundir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
		    O_NONBLOCK);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open lock '%s'", name);
	ret = nsc_lock(fd, name, operation, deadline, err);
	if (ret < 0)
		return ret;
	return NSC_TAKE_FD(fd);
}

bool nsc_rundir_is_at(int rundir, const char *path)
{
	struct stat here, there;

	return fstat(rundir, &here) == 0 && lstat(path, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

unsigned int nsc_rundir_generation(int rundir)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = nsc_file_open_at(rundir, "run directory",
					       NSC_FILE_GENERATION,
					       NSC_IGNORE);
	long long number;

	if (fd < 0 || nsc_file_read(fd, NSC_FILE_GENERATION, 64, &text, NULL,
				    NSC_IGNORE) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return nsc_text_number(text, 0, UINT32_MAX, &number) < 0 ?
		       0 : (unsigned int)number;
}

int nsc_rundir_set_generation(int rundir, unsigned int number,
			      struct nsc_error *err)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u\n", number);

	return nsc_file_write_at(rundir, NSC_FILE_GENERATION, text,
				 (size_t)len, 0644, err);
}
