#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"

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

/* What the kernel logged on the file system context, fsopen(2). */
static void read_log(int fs, char *buf, size_t size)
{
	ssize_t n = read(fs, buf, size - 1);

	if (n < 0)
		n = 0;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	/* Each line begins with its level: "e " for an error. */
	if (n > 2 && buf[1] == ' ')
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
	fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attributes);
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
	return nsc_mount_new("tmpfs", options, NSC_MOUNT_SAFE, err);
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
		.attr_set = attributes,
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
	return ret < 0 ? nsc_error_sys(err, -ret, "map its ids") : 0;
}

int nsc_mount_attach(int mount, int target, struct nsc_error *err)
{
	if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH |
		       MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return nsc_error_sys(err, errno, "attach the mount");
	return 0;
}

static int open_resolved(int root, const char *path, uint64_t flags,
			 uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd;

	/* EAGAIN: something was renamed meanwhile, openat2(2). */
	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : fd;
}

int nsc_mount_open(int root, const char *path, uint64_t flags)
{
	return open_resolved(root, path, flags, RESOLVE_IN_ROOT);
}

int nsc_mount_open_source(const char *path, struct nsc_error *err)
{
	int fd = open_resolved(AT_FDCWD, path, 0, RESOLVE_NO_SYMLINKS);

	if (fd == -ELOOP)
		return nsc_error_set(err, ELOOP, "source '%s' has a symbolic "
				     "link in it: write the path that it "
				     "leads to", path);
	return fd < 0 ? nsc_error_sys(err, -fd, "source '%s'", path) : fd;
}

static int make_as_we_are(int parent, const char *name, bool file)
{
	_cleanup_fd_ int fd = -1;

	if (!file)
		return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ?
			       -errno : 0;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0644);
	return fd < 0 && errno != EEXIST ? -errno : 0;
}

/*
 * Host root has no id on an id-mapped mount, and the kernel says EOVERFLOW:
 * there, what is made belongs to the owner of the directory that it is in.
 */
static int make(int parent, const char *name, bool file)
{
	int ret = make_as_we_are(parent, name, file);
	struct stat st;
	gid_t gid;
	uid_t uid;

	if (ret != -EOVERFLOW || fstat(parent, &st) < 0)
		return ret;
	gid = (gid_t)setfsgid(st.st_gid);
	uid = (uid_t)setfsuid(st.st_uid);
	ret = make_as_we_are(parent, name, file);
	setfsuid(uid);
	setfsgid(gid);
	return ret;
}

/* Open path, making what is missing; path is changed and restored. */
static int open_or_make(int root, char *path, bool file)
{
	_cleanup_fd_ int parent = -1;
	int fd = nsc_mount_open(root, path, 0);
	char *slash;
	int ret;

	if (fd != -ENOENT)
		return fd;
	slash = strrchr(path, '/');
	if (!slash || slash == path) {
		parent = nsc_mount_open(root, "/", O_DIRECTORY);
	} else {
		*slash = '\0';
		parent = open_or_make(root, path, false);
		*slash = '/';
	}
	if (parent < 0)
		return parent;
	ret = make(parent, slash ? slash + 1 : path, file);
	return ret < 0 ? ret : nsc_mount_open(root, path, 0);
}

int nsc_mount_target(int root, const char *path, bool file,
		     struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	char copy[PATH_MAX];
	size_t len = strlen(path);
	struct stat st;

	if (len >= sizeof(copy))
		return nsc_error_sys(err, ENAMETOOLONG, "mount point");
	memcpy(copy, path, len + 1);
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	fd = open_or_make(root, copy, file);
	if (fd < 0)
		return nsc_error_sys(err, -fd, "mount point '%s'", path);
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "mount point '%s'", path);
	if (file == S_ISDIR(st.st_mode))
		return nsc_error_set(err, file ? EISDIR : ENOTDIR,
				     "mount point '%s': expected a %s", path,
				     file ? "file" : "directory");
	return NSC_TAKE_FD(fd);
}

int nsc_mount_on(int mount, int root, const char *path, bool file,
		 struct nsc_error *err)
{
	_cleanup_fd_ int target = nsc_mount_target(root, path, file, err);

	if (target < 0)
		return target;
	if (nsc_mount_attach(mount, target, err) < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	return 0;
}
