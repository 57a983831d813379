/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, as root of the host, then in the container's
 * namespaces.  Files are opened, made and removed with the user's file system
 * ids: neither on the host nor inside can a name lead to what is not the
 * user's.
 */
#include "session/bring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"

#define TMP "/tmp"
#define LARGEST (1 << 20)

static bool below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return len > 1 && !strncmp(path, dir, len) && path[len] == '/';
}

static int open_tmp(void)
{
	int fd = open(TMP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* No file system of the user's is reached, so this does not wait. */
static int open_there(int tmp, const char *name)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, tmp, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int bring_open(struct nsc_bring_file *file, uid_t uid,
		      struct nsc_error *err)
{
	_cleanup_fd_ int tmp = open_tmp();
	_cleanup_fd_ int fd = -1;
	uid_t before;
	struct stat st;

	if (tmp < 0)
		return nsc_error_sys(err, -tmp, TMP);
	before = (uid_t)setfsuid(uid);
	fd = open_there(tmp, file->name);
	setfsuid(before);
	if (fd < 0)
		return nsc_error_sys(err, -fd, TMP "/%s", file->name);
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, TMP "/%s", file->name);
	if (!S_ISREG(st.st_mode) || st.st_uid != uid || st.st_nlink != 1 ||
	    st.st_size > LARGEST)
		return nsc_error_set(err, EPERM, TMP "/%s: is not a file of "
				     "the user's with one name and at most "
				     "1 MiB", file->name);
	file->size = st.st_size;
	file->fd = NSC_TAKE_FD(fd);
	return 0;
}

int nsc_bring_add(struct nsc_bring *bring, const char *value,
		  struct nsc_error *err)
{
	const char *path = !strncmp(value, "FILE:", 5) ? value + 5 : value;
	struct nsc_bring_file *file = &bring->files[bring->n];
	const char *name = path + sizeof(TMP);
	int ret;

	if (!strncmp(value, "KCM:", 4) || below(path, bring->user->home))
		return 0;
	if (!below(path, TMP) || !*name || strchr(name, '/') ||
	    strlen(name) > NAME_MAX)
		return nsc_error_set(err, EINVAL, "'%s' is not a file in " TMP,
				     value);
	if (bring->n == NSC_BRING_FILES)
		return nsc_error_set(err, E2BIG, "more than %d files",
				     NSC_BRING_FILES);
	memcpy(file->name, name, strlen(name) + 1);
	ret = bring_open(file, bring->user->uid, err);
	if (ret == 0)
		bring->n++;
	return ret;
}

/* The name is removed only if it is still that of the file. */
static void remove_name(int tmp, const struct nsc_bring_file *file)
{
	struct stat there, ours;

	if (fstat(file->fd, &ours) == 0 &&
	    fstatat(tmp, file->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_ino == ours.st_ino && there.st_dev == ours.st_dev)
		(void)unlinkat(tmp, file->name, 0);
}

void nsc_bring_take(const struct nsc_bring *bring)
{
	_cleanup_fd_ int tmp = bring->n ? open_tmp() : -1;
	uid_t before;

	if (tmp < 0)
		return;
	before = (uid_t)setfsuid(bring->user->uid);
	for (size_t i = 0; i < bring->n; i++)
		remove_name(tmp, &bring->files[i]);
	setfsuid(before);
}

static int make_new(int tmp, const char *name)
{
	int fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* Replace a file of that name that an earlier session of the user's left. */
static int put_file(int tmp, const struct nsc_bring_file *file, uid_t uid)
{
	_cleanup_fd_ int fd = make_new(tmp, file->name);
	off_t left = file->size, from = 0;
	struct stat st;

	if (fd == -EEXIST &&
	    fstatat(tmp, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_uid == uid &&
	    unlinkat(tmp, file->name, 0) == 0)
		fd = make_new(tmp, file->name);
	if (fd < 0)
		return fd;
	while (left > 0) {
		ssize_t n = sendfile(fd, file->fd, &from, (size_t)left);

		if (n < 0) {
			int error = errno;

			/* Half a file would be taken for a broken one. */
			(void)unlinkat(tmp, file->name, 0);
			return -error;
		}
		if (n == 0)
			break;
		left -= n;
	}
	return 0;
}

void nsc_bring_put(struct nsc_bring *bring)
{
	_cleanup_fd_ int tmp = bring->n ? open_tmp() : -1;
	gid_t gid;
	uid_t uid;

	if (!bring->n)
		return;
	gid = (gid_t)setfsgid(bring->user->gid);
	uid = (uid_t)setfsuid(bring->user->uid);
	for (size_t i = 0; i < bring->n; i++) {
		const struct nsc_bring_file *file = &bring->files[i];
		int ret = tmp < 0 ? tmp : put_file(tmp, file,
						   bring->user->uid);

		if (ret < 0 && !bring->err.code)
			nsc_error_sys(&bring->err, -ret, TMP "/%s inside",
				      file->name);
	}
	setfsuid(uid);
	setfsgid(gid);
}

void nsc_bring_free(struct nsc_bring *bring)
{
	for (size_t i = 0; i < bring->n; i++)
		nsc_fd_close(&bring->files[i].fd);
	bring->n = 0;
}
