/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"

/* The kernel checks both the process that opens and the one that writes. */
static int write_value(int dir, const char *path, const char *value)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	_cleanup_fd_ int fd = (int)syscall(SYS_openat2, dir, path, &how,
					   sizeof(how));
	ssize_t len = (ssize_t)strlen(value);

	return fd < 0 || write(fd, value, (size_t)len) != len ? -errno : 0;
}

/*
 * Write as root_uid if root of the host may not; seteuid(0) restores its
 * capabilities.
 */
static int write_as_either(int dir, const char *path, const char *value,
			   uid_t root_uid)
{
	int ret = write_value(dir, path, value);

	if (ret != -EACCES && ret != -EPERM)
		return ret;
	if (seteuid(root_uid) < 0)
		return -errno;
	ret = write_value(dir, path, value);
	return seteuid(0) < 0 ? -errno : ret;
}

static int sysctl_apply_one(int dir, const char *entry, uid_t root_uid,
			    struct nsc_error *err)
{
	size_t len = strcspn(entry, "=");
	_cleanup_free_ char *path = strndup(entry, len);
	const char *value = entry + len + 1;
	int ret;

	if (!path)
		return nsc_error_sys(err, ENOMEM, "sysctl");
	ret = write_as_either(dir, path, value, root_uid);
	if (ret == -ENOENT)
		return nsc_error_set(err, ENOENT, "sysctl: %s: this kernel has "
				     "no such parameter", path);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "sysctl: write '%s' to %s",
				     value, path);
	return 0;
}

int nsc_sysctl_apply(char *const *list, uid_t root_uid, struct nsc_error *err)
{
	_cleanup_fd_ int dir = -1;
	int ret = 0;

	if (!list || !*list)
		return 0;
	dir = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return nsc_error_sys(err, errno, "sysctl: open /proc/sys");
	for (; ret == 0 && *list; list++)
		ret = sysctl_apply_one(dir, *list, root_uid, err);
	return ret;
}
