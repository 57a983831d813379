/* SPDX-License-Identifier: Apache-2.0 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/acl.h"
#include "util/fd.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Messages write this separator between a directory and a name in it. */
static const char *slash_after(const char *dirname)
{
	size_t len = strlen(dirname);

	return len && dirname[len - 1] == '/' ? "" : "/";
}

static int check_owner(const struct stat *st, bool last, const char *dirname,
		       const char *name, struct nsc_error *err)
{
	const char *slash = slash_after(dirname);

	if (st->st_uid != 0)
		return nsc_error_set(err, EPERM,
				     "%s%s%s: is owned by uid %u: must be "
				     "owned by root", dirname, slash, name,
				     st->st_uid);
	if (!(st->st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	if (!last && S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX)
		return 0;
	return nsc_error_set(err, EPERM,
			     "%s%s%s: is writable by others (mode %04o): "
			     "remove that with chmod go-w", dirname, slash,
			     name, st->st_mode & 07777);
}

static int file_open_dir(int dirfd, const char *dirname, const char *name,
			 bool last, struct nsc_error *err)
{
	const char *slash = slash_after(dirname);
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int ret;

	fd = openat(dirfd, name, DIR_FLAGS);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return nsc_error_set(err, ENOTDIR, "%s%s%s: expected a "
				     "directory that is not a symbolic link",
				     dirname, slash, name);
	if (fd < 0)
		return nsc_error_sys(err, errno, "%s%s%s", dirname, slash,
				     name);
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s%s%s", dirname, slash,
				     name);
	ret = check_owner(&st, last, dirname, name, err);
	if (ret < 0)
		return ret;
	return NSC_TAKE_FD(fd);
}

int nsc_file_open_dir_at(int dirfd, const char *dirname, const char *name,
			 struct nsc_error *err)
{
	return file_open_dir(dirfd, dirname, name, true, err);
}

/*
 * mkdir with exactly this mode, independent of the umask of the calling
 * program.
 */
static int file_make_dir(int dirfd, const char *name, mode_t mode)
{
	if (mkdirat(dirfd, name, mode) < 0)
		return errno == EEXIST ? 0 : -1;
	return fchmodat(dirfd, name, mode, 0);
}

/*
 * Walk the path, and with mode != 0 make missing directories.  Messages show
 * done, the part that was walked.
 */
static int file_walk(const char *path, mode_t mode, struct nsc_error *err)
{
	char copy[PATH_MAX], done[PATH_MAX] = "/";
	_cleanup_fd_ int fd = -1;
	char *save = NULL;
	char *next;

	if (path[0] != '/' || strlen(path) >= sizeof(copy))
		return nsc_error_set(err, EINVAL, "%.100s: expected an "
				     "absolute path", path);
	strcpy(copy, path);
	next = strtok_r(copy, "/", &save);
	fd = file_open_dir(AT_FDCWD, "/", "/", next == NULL, err);
	while (fd >= 0 && next) {
		char *name = next;
		int child;

		next = strtok_r(NULL, "/", &save);
		if (!strcmp(name, ".."))
			return nsc_error_set(err, EINVAL,
					     "%s: '..' is not allowed", path);
		if (mode && file_make_dir(fd, name, mode) < 0)
			return nsc_error_sys(err, errno, "%s: make directory",
					     path);
		child = file_open_dir(fd, done, name, next == NULL, err);
		nsc_fd_close(&fd);
		fd = child;
		if (done[1])
			strncat(done, "/", sizeof(done) - strlen(done) - 1);
		strncat(done, name, sizeof(done) - strlen(done) - 1);
	}
	return NSC_TAKE_FD(fd);
}

int nsc_file_open_dir(const char *path, struct nsc_error *err)
{
	return file_walk(path, 0, err);
}

int nsc_file_make_dir(const char *path, mode_t mode, struct nsc_error *err)
{
	return file_walk(path, mode, err);
}

static int file_open(int dirfd, const char *dirname, const char *name,
		     struct stat *st, struct nsc_error *err)
{
	const char *slash = slash_after(dirname);
	_cleanup_fd_ int fd = -1;
	int ret;

	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		return nsc_error_set(err, ELOOP, "%s%s%s: is a symbolic link: "
				     "expected a regular file", dirname, slash,
				     name);
	if (fd < 0 || fstat(fd, st) < 0)
		return nsc_error_sys(err, errno, "%s%s%s", dirname, slash,
				     name);
	if (!S_ISREG(st->st_mode))
		return nsc_error_set(err, EINVAL, "%s%s%s: expected a regular "
				     "file", dirname, slash, name);
	ret = check_owner(st, true, dirname, name, err);
	if (ret < 0)
		return ret;
	return NSC_TAKE_FD(fd);
}

int nsc_file_open_at(int dirfd, const char *dirname, const char *name,
		     struct nsc_error *err)
{
	struct stat st;

	return file_open(dirfd, dirname, name, &st, err);
}

/* Split a path into its directory and the name in it. */
static int file_split(const char *path, char dir[PATH_MAX],
		      const char **ret_name, struct nsc_error *err)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/')
		return nsc_error_set(err, EINVAL, "%.100s: expected an "
				     "absolute path", path);
	if (slash - path >= PATH_MAX)
		return nsc_error_sys(err, ENAMETOOLONG, "%.100s...", path);
	snprintf(dir, PATH_MAX, "%.*s", slash > path ? (int)(slash - path) : 1,
		 path);
	*ret_name = slash + 1;
	return 0;
}

int nsc_file_open_parent(const char *path, const char **ret_name,
			 struct nsc_error *err)
{
	char dir[PATH_MAX];
	int ret = file_split(path, dir, ret_name, err);

	return ret < 0 ? ret : nsc_file_open_dir(dir, err);
}

int nsc_file_open(const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int dirfd = -1;
	const char *name = NULL;
	char dir[PATH_MAX] = "";
	int ret = file_split(path, dir, &name, err);

	if (ret < 0)
		return ret;
	dirfd = nsc_file_open_dir(dir, err);
	return dirfd < 0 ? dirfd : nsc_file_open_at(dirfd, dir, name, err);
}

int nsc_file_read(int fd, const char *name, size_t max, char **ret,
		  size_t *ret_len, struct nsc_error *err)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0, len = 0, step = max < 4094 ? max + 2 : 4096;

	for (;;) {
		ssize_t n;

		if (len + 1 >= size) {
			char *grown = realloc(buf, size += step);

			if (!grown)
				return nsc_error_sys(err, ENOMEM, "%s", name);
			buf = grown;
		}
		n = read(fd, buf + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsc_error_sys(err, errno, "%s: read", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return nsc_error_set(err, EFBIG, "%s: is larger than "
					     "%zu bytes", name, max);
	}
	if (memchr(buf, '\0', len))
		return nsc_error_set(err, EINVAL, "%s: contains a NUL byte: "
				     "save it as text in UTF-8", name);
	buf[len] = '\0';
	/* A monitor keeps it for as long as it lives. */
	*ret = realloc(buf, len + 1);
	if (!*ret)
		*ret = buf;
	buf = NULL;
	if (ret_len)
		*ret_len = len;
	return 0;
}

int nsc_file_load_at(int dirfd, const char *dirname, const char *name,
		     size_t max, char **ret, struct nsc_error *err)
{
	struct stat st;
	_cleanup_fd_ int fd = file_open(dirfd, dirname, name, &st, err);
	_cleanup_free_ char *buf = NULL;
	size_t size;

	if (fd < 0)
		return fd;
	size = (size_t)st.st_size;
	buf = size <= max ? malloc(size + 1) : NULL;
	/* It would take one more byte: nothing is behind these. */
	if (!buf || pread(fd, buf, size + 1, 0) != st.st_size ||
	    memchr(buf, '\0', size))
		return nsc_file_read(fd, name, max, ret, NULL, err);
	buf[size] = '\0';
	*ret = NSC_TAKE_PTR(buf);
	return 0;
}

int nsc_file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

struct content {
	const void *data;
	size_t len;
	mode_t mode;
	uid_t reader;
	/* NULL, or mode is 0600; a pointer, so that only users of it link it */
	int (*grant)(int fd, uid_t reader, unsigned int access);
};

/* A full disk is known by its path. */
static int write_failed(int dirfd, const char *name, int code,
			struct nsc_error *err)
{
	char fd[32], dir[PATH_MAX];
	ssize_t len;

	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", dirfd);
	len = readlink(fd, dir, sizeof(dir) - 1);
	return nsc_error_sys(err, code, "write '%.*s%s%s'",
			     len > 0 ? (int)len : 0, dir, len > 0 ? "/" : "",
			     name);
}

/* A writer that was killed may have left the file behind. */
static int open_new(int dirfd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, flags, 0600);
	return fd;
}

static int write_file(int dirfd, const char *name, const struct content *c,
		      struct nsc_error *err)
{
	char tmp[NAME_MAX + 1];
	_cleanup_fd_ int fd = -1;
	int ret;

	if (snprintf(tmp, sizeof(tmp), ".%s.new", name) >= (int)sizeof(tmp))
		return write_failed(dirfd, name, ENAMETOOLONG, err);
	fd = open_new(dirfd, tmp);
	if (fd < 0)
		return write_failed(dirfd, name, errno, err);
	ret = nsc_file_write_all(fd, c->data, c->len);
	if (ret == 0 && fchmod(fd, c->mode) < 0)
		ret = -errno;
	if (ret == 0 && c->grant)
		ret = c->grant(fd, c->reader, NSC_ACL_READ);
	if (ret == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		ret = -errno;
	if (ret < 0) {
		unlinkat(dirfd, tmp, 0);
		return write_failed(dirfd, name, -ret, err);
	}
	return 0;
}

int nsc_file_write_at(int dirfd, const char *name, const void *data,
		      size_t len, mode_t mode, struct nsc_error *err)
{
	const struct content c = { data, len, mode, 0, NULL };

	return write_file(dirfd, name, &c, err);
}

int nsc_file_write_for(int dirfd, const char *name, const void *data,
		       size_t len, uid_t reader, struct nsc_error *err)
{
	const struct content c = {
		data, len, 0600, reader, reader ? nsc_acl_grant : NULL,
	};

	return write_file(dirfd, name, &c, err);
}

int nsc_file_read_once(int dir, const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW |
				     O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

int nsc_file_read_text(int dir, const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW |
				     O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (int)len;
}
