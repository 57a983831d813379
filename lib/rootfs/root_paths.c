/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/root_paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/mount.h"
#include "rootfs/root.h"
#include "util/fd.h"
#include "util/file.h"

static const char *const default_paths[] = {
	"/etc/ssh/ssh_config.d",
	"/etc/crypto-policies/back-ends/openssh.config",
	NULL,
};

/* Can every user of the host read it, and only root write it? */
static bool is_public(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == 0 &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH)) && st->st_mode & S_IROTH &&
	       (uint64_t)st->st_size <= NSC_FILE_MAX;
}

/* Copy the open file from to dir/name; others are passed over. */
static int copy_file(const struct nsc_rootfs *rootfs, int from, int dir,
		     const char *name, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int to = -1;
	struct stat st;
	size_t size = 0;

	if (fstat(from, &st) < 0 || !is_public(&st))
		return 0;
	if (nsc_file_read(from, name, NSC_FILE_MAX, &text, &size, err) < 0)
		return -err->code;
	to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (to < 0 || nsc_file_write_all(to, text, size) < 0 ||
	    fchown(to, rootfs->plan->root_uid, rootfs->plan->root_gid) < 0 ||
	    fchmod(to, st.st_mode & 0755) < 0)
		return nsc_error_sys(err, errno, "copy '%s'", name);
	return 0;
}

static int copy_directory(const struct nsc_rootfs *rootfs, int from, int dir,
			  struct nsc_error *err)
{
	DIR *list = nsc_file_list(from);
	const struct dirent *entry;
	int ret = 0, error = 0;

	if (!list)
		return nsc_error_sys(err, errno, "list the directory");
	while (ret == 0 && (entry = nsc_file_next(list, &error))) {
		_cleanup_fd_ int fd = openat(from, entry->d_name, O_RDONLY |
					     O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0)
			ret = copy_file(rootfs, fd, dir, entry->d_name, err);
	}
	closedir(list);
	if (error < 0)
		return nsc_error_sys(err, -error, "list the directory");
	if (ret == 0 && fchownat(dir, "", rootfs->plan->root_uid,
				 rootfs->plan->root_gid, AT_EMPTY_PATH) < 0)
		ret = nsc_error_sys(err, errno, "copy the directory");
	return ret;
}

/* name: a directory of its own for the copy, in scratch */
static int put_copy(const struct nsc_rootfs *rootfs, const char *path,
		    const char *name, struct nsc_error *err)
{
	const struct nsc_bind bind = {
		.path = path,
		.attributes = NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY,
	};
	_cleanup_fd_ int from = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
				     O_CLOEXEC);
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int file = -1;
	int directory;

	if (from < 0)
		return 0;
	directory = nsc_mount_is_directory(from, err);
	dir = directory < 0 ? directory :
			      nsc_rootfs_scratch_dir(rootfs, name, err);
	if (dir < 0)
		return dir;
	if (directory)
		return copy_directory(rootfs, from, dir, err) < 0 ?
			-err->code : nsc_rootfs_put_bind(rootfs, dir, &bind,
							 err);
	if (copy_file(rootfs, from, dir, "copy", err) < 0)
		return -err->code;
	file = openat(dir, "copy", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return file < 0 ? 0 : nsc_rootfs_put_bind(rootfs, file, &bind, err);
}

int nsc_root_paths_put(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const char *const *path =
		(const char *const *)rootfs->plan->config->root_paths;
	char name[32];
	int ret = 0;

	/* Without a user namespace root inside is the owner. */
	if (rootfs->userns < 0)
		return 0;
	if (!path)
		path = default_paths;
	for (unsigned int n = 0; ret == 0 && *path; path++, n++) {
		snprintf(name, sizeof(name), "root-path-%u", n);
		ret = put_copy(rootfs, *path, name, err);
		if (ret < 0)
			nsc_error_context(err, "root_paths '%s'", *path);
	}
	return ret < 0 ? ret : 0;
}
