/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/mount.h"

#define DEV(name, major, minor) \
	{ (char[]){ "/dev/" name }, 'c', major, minor, 0666, 7, NULL, 0, 0 }

const struct nsc_device_node nsc_device_defaults[NSC_DEVICE_DEFAULTS] = {
	DEV("null", 1, 3),
	DEV("zero", 1, 5),
	DEV("full", 1, 7),
	DEV("tty", 5, 0),
	DEV("urandom", 1, 9),
	DEV("random", 1, 8),
};

/* Only this process has /dev, so a path below it cannot be swapped. */
static int make_parents(int dev, const char *name)
{
	char path[PATH_MAX];

	if (strlen(name) >= sizeof(path))
		return -ENAMETOOLONG;
	strcpy(path, name);
	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdirat(dev, path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

int nsc_device_open(const struct nsc_device_node *node, struct nsc_error *err)
{
	mode_t type = node->type == 'b' ? S_IFBLK : S_IFCHR;
	const char *path = node->host_path ? node->host_path : node->path;
	_cleanup_fd_ int fd = nsc_mount_open_source(path, err);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	    st.st_rdev == makedev(node->major, node->minor))
		return NSC_TAKE_FD(fd);
	return nsc_error_set(err, EPERM, "device '%s': this host is itself a "
			     "container, in which no device can be made, and "
			     "its own '%s' is not %c %u:%u: let the engine "
			     "around it add the device", node->path,
			     path, node->type, node->major, node->minor);
}

int nsc_device_clone(const struct nsc_device_node *node, struct nsc_error *err)
{
	_cleanup_fd_ int source = nsc_device_open(node, err);
	_cleanup_fd_ int mount = -1;

	mount = source < 0 ? source : nsc_mount_clone(source, false, err);
	if (mount < 0 ||
	    nsc_mount_restrict(mount, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			       false, err) < 0)
		return -err->code;
	return NSC_TAKE_FD(mount);
}

/* Bind the host's node, as it is, over an empty file. */
static int device_bind(int dev, const struct nsc_device_node *node,
		       struct nsc_error *err)
{
	const char *name = node->path + strlen("/dev/");
	_cleanup_fd_ int mount = nsc_device_clone(node, err);
	_cleanup_fd_ int target = -1;

	if (mount < 0)
		return mount;
	target = openat(dev, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			O_CLOEXEC, 0444);
	if (target < 0)
		return nsc_error_sys(err, errno, "make device '%s'",
				     node->path);
	return nsc_mount_attach(mount, target, err);
}

int nsc_device_create(int dev, const struct nsc_device_node *node, uid_t uid,
		      gid_t gid, struct nsc_error *err)
{
	mode_t type = node->type == 'b' ? S_IFBLK : S_IFCHR;
	const char *name = node->path + strlen("/dev/");
	int ret = make_parents(dev, name);

	if (ret == 0 &&
	    (mknodat(dev, name, type | node->mode,
		     makedev(node->major, node->minor)) < 0 ||
	     fchmodat(dev, name, node->mode, 0) < 0 ||
	     fchownat(dev, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0))
		ret = -errno;
	/* The kernel lets only root of the first user namespace make one. */
	if (ret == -EPERM)
		return device_bind(dev, node, err);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "make device '%s'",
				     node->path);
	return 0;
}
