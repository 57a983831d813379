/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/namespace.h"

static int set_options(int fs, const struct nsc_mount_option *options)
{
	for (; options && options->key; options++) {
		unsigned int cmd = options->value ? FSCONFIG_SET_STRING :
						    FSCONFIG_SET_FLAG;

		if (fsconfig(fs, cmd, options->key, options->value, 0) < 0)
			return -errno;
	}
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ?
		       -errno : 0;
}

/* Read the kernel's log for this file system context, fsopen(2). */
static void read_log(int fs, char *buf, size_t size)
{
	ssize_t n = read(fs, buf, size - 1);

	if (n < 0)
		n = 0;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	/* Each line begins with its level, such as "e " for an error. */
	if (n > 2)
		memmove(buf, buf + 2, strlen(buf + 2) + 1);
}

int nsc_mount_new(const char *type, const struct nsc_mount_option *options,
		  uint64_t attributes, struct nsc_error *err)
{
	_cleanup_fd_ int fs = fsopen(type, FSOPEN_CLOEXEC);
	char log[128];
	int ret, fd;

	if (fs < 0)
		return nsc_error_sys(err, errno, "file system '%s'", type);
	ret = set_options(fs, options);
	if (ret < 0) {
		read_log(fs, log, sizeof(log));
		return nsc_error_sys(err, -ret, "file system '%s'%s%s", type,
				     log[0] ? ": " : "", log);
	}
	fd = fsmount(fs, FSMOUNT_CLOEXEC,
		     (unsigned int)(attributes & ~NSC_MOUNT_ATIME));
	if (fd < 0)
		return nsc_error_sys(err, errno, "file system '%s'", type);
	return fd;
}

int nsc_mount_tmpfs(const struct nsc_tmpfs *tmpfs, struct nsc_error *err)
{
	char mode_text[16], uid_text[16], gid_text[16];
	const struct nsc_mount_option options[] = {
		{ "mode", mode_text }, { "uid", uid_text },
		{ "gid", gid_text }, { "size", tmpfs->size },
		{ tmpfs->label ? "context" : NULL, tmpfs->label },
		{ NULL, NULL },
	};

	snprintf(mode_text, sizeof(mode_text), "%o", tmpfs->mode);
	snprintf(uid_text, sizeof(uid_text), "%u", tmpfs->uid);
	snprintf(gid_text, sizeof(gid_text), "%u", tmpfs->gid);
	return nsc_mount_new("tmpfs", options,
			     NSC_MOUNT_SAFE | tmpfs->attributes, err);
}

int nsc_mount_clone(int fd, bool recursive, struct nsc_error *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			     AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	int ret = open_tree(fd, "", flags);

	return ret < 0 ? nsc_error_sys(err, errno, "clone the mount") : ret;
}

static int set_attributes(int fd, struct mount_attr *attr, bool recursive)
{
	return mount_setattr(fd, "", AT_EMPTY_PATH |
			     (recursive ? AT_RECURSIVE : 0), attr,
			     sizeof(*attr)) < 0 ? -errno : 0;
}

static int restrict_mount(int fd, uint64_t attributes, uint64_t propagation,
			  bool recursive, struct nsc_error *err)
{
	struct mount_attr attr = {
		.attr_set = attributes & ~NSC_MOUNT_ATIME,
		.attr_clr = attributes & NSC_MOUNT_ATIME ? MOUNT_ATTR__ATIME :
							   0,
		.propagation = propagation,
	};
	int ret = set_attributes(fd, &attr, recursive);

	return ret < 0 ? nsc_error_sys(err, -ret, "restrict the mount") : 0;
}

int nsc_mount_restrict(int fd, uint64_t attributes, bool recursive,
		       struct nsc_error *err)
{
	return restrict_mount(fd, attributes, MS_PRIVATE, recursive, err);
}

int nsc_mount_restrict_slave(int fd, uint64_t attributes,
			     struct nsc_error *err)
{
	return restrict_mount(fd, attributes, MS_SLAVE, true, err);
}

int nsc_mount_idmap(int fd, int userns, struct nsc_error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns,
	};
	int ret = set_attributes(fd, &attr, false);

	if (ret == -EINVAL)
		return nsc_error_set(err, EINVAL, "map its ids: its file "
				     "system cannot be id-mapped: put it on "
				     "ext4, xfs or btrfs, or set "
				     "namespaces.NEWUSER to false");
	if (ret == -EPERM && nsc_namespace_is_nested())
		return nsc_error_set(err, EPERM, "map its ids: this host is "
				     "itself a container, and did not mount "
				     "its file system: put it on one that this "
				     "host mounts, such as a tmpfs, or set "
				     "namespaces.NEWUSER to false");
	return ret < 0 ? nsc_error_sys(err, -ret, "map its ids") : 0;
}

int nsc_mount_attach(int mount, int target, struct nsc_error *err)
{
	if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH |
		       MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return nsc_error_sys(err, errno, "attach the mount");
	return 0;
}

int nsc_mount_is_directory(int fd, struct nsc_error *err)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
		  AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
		return nsc_error_sys(err, errno, "look at the mount");
	return S_ISDIR(st.stx_mode);
}

int nsc_mount_open_source(const char *path, struct nsc_error *err)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	int fd;

	/* EAGAIN: a component was renamed meanwhile, openat2(2). */
	do
		fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how,
				  sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && errno == ELOOP)
		return nsc_error_set(err, ELOOP, "source '%s' has a symbolic "
				     "link in it: write the path that it "
				     "leads to", path);
	return fd < 0 ? nsc_error_sys(err, errno, "source '%s'", path) : fd;
}
