/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of one group; container-monitor, which is static, links this file too.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "cgroup/cgroup.h"

int nsc_cgroup_write(int dir, const char *file, const char *text)
{
	_cleanup_fd_ int fd = openat(dir, file, O_WRONLY | O_NOFOLLOW |
				     O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* Use a single write, because each is a command to the kernel. */
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}
