/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/enable_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "doctor/pam.h"

#define TEXT_MAX ((size_t)256 * 1024)

int nsc_enable_open_dir(struct nsc_error *err)
{
	int dir = nsc_file_open_dir(NSC_PAM_DIR, err);

	return dir < 0 ? nsc_error_context(err, "directory of PAM services") :
			 dir;
}

void nsc_enable_name_new(const char *service, char ret[NSC_ENABLE_NAME_SIZE])
{
	snprintf(ret, NSC_ENABLE_NAME_SIZE, ".%s.nsinit-new", service);
}

void nsc_enable_name_old(const char *service, char ret[NSC_ENABLE_NAME_SIZE])
{
	snprintf(ret, NSC_ENABLE_NAME_SIZE, ".%s.nsinit-old", service);
}

int nsc_enable_read(int dir, const char *name, char **ret,
		    struct nsc_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	_cleanup_fd_ int fd = nsc_file_open_at(dir, NSC_PAM_DIR, name, &e);

	*ret = NULL;
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return nsc_error_set(err, e.code, "%s", e.text);
	return nsc_file_read(fd, name, TEXT_MAX, ret, NULL, err);
}

/* Labels and access control lists; but what signs the content is not copied. */
static int copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (const char *name = names; len > 0 && name < names + len;
	     name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof(value));

		if (!strcmp(name, "security.ima") ||
		    !strcmp(name, "security.evm"))
			continue;
		if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0) < 0)
			return -errno;
	}
	return len < 0 && errno != ENOTSUP ? -errno : 0;
}

static int copy_owner(int dir, const char *service, int to)
{
	_cleanup_fd_ int from = openat(dir, service, O_RDONLY | O_NOFOLLOW |
				       O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (from < 0 && errno == ENOENT)
		return fchmod(to, 0644) < 0 ? -errno : 0;
	if (from < 0 || fstat(from, &st) < 0 ||
	    fchown(to, st.st_uid, st.st_gid) < 0 ||
	    fchmod(to, st.st_mode & 07777) < 0)
		return -errno;
	return copy_attributes(from, to);
}

static int prepare(int dir, const char *service, const char *name,
		   const char *after)
{
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
				     O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = nsc_file_write_all(fd, after, strlen(after));
	if (ret == 0)
		ret = copy_owner(dir, service, fd);
	return ret == 0 && fsync(fd) < 0 ? -errno : ret;
}

int nsc_enable_prepare(int dir, const char *service, const char *after,
		       struct nsc_error *err)
{
	char name[NSC_ENABLE_NAME_SIZE];
	int ret;

	nsc_enable_name_new(service, name);
	unlinkat(dir, name, 0);
	ret = after ? prepare(dir, service, name, after) : 0;
	return ret < 0 ? nsc_error_sys(err, -ret, "write the new "
				       NSC_PAM_DIR "/%s", service) : 0;
}

int nsc_enable_keep(int dir, const char *service, struct nsc_error *err)
{
	char name[NSC_ENABLE_NAME_SIZE];

	nsc_enable_name_old(service, name);
	unlinkat(dir, name, 0);
	if (linkat(dir, service, dir, name, 0) < 0 && errno != ENOENT)
		return nsc_error_sys(err, errno, "keep the old "
				     NSC_PAM_DIR "/%s", service);
	return 0;
}

int nsc_enable_switch(int dir, const char *service, bool remove,
		      struct nsc_error *err)
{
	char name[NSC_ENABLE_NAME_SIZE];

	nsc_enable_name_new(service, name);
	if (remove ? unlinkat(dir, service, 0) < 0 :
		     renameat(dir, name, dir, service) < 0)
		return nsc_error_sys(err, errno, "change " NSC_PAM_DIR "/%s",
				     service);
	fsync(dir);
	return 0;
}

bool nsc_enable_is_kept(int dir, const char *service)
{
	char name[NSC_ENABLE_NAME_SIZE];
	struct stat now, kept;

	nsc_enable_name_old(service, name);
	return fstatat(dir, service, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dir, name, &kept, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == kept.st_dev && now.st_ino == kept.st_ino;
}

int nsc_enable_put_back(int dir, const char *service, struct nsc_error *err)
{
	char name[NSC_ENABLE_NAME_SIZE];

	nsc_enable_name_old(service, name);
	if (renameat(dir, name, dir, service) < 0)
		return nsc_error_sys(err, errno, "put back " NSC_PAM_DIR "/%s",
				     service);
	fsync(dir);
	return 0;
}

void nsc_enable_forget(int dir, const char *service)
{
	char name[NSC_ENABLE_NAME_SIZE];

	nsc_enable_name_new(service, name);
	unlinkat(dir, name, 0);
	nsc_enable_name_old(service, name);
	unlinkat(dir, name, 0);
}
