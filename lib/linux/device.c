/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEV(name, major, minor) \
	{ (char[]){ "/dev/" name }, 'c', major, minor, 0666, 7 }

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
	if (ret < 0)
		return nsc_error_sys(err, -ret, "make device '%s'",
				     node->path);
	return 0;
}
