/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "linux/mount.h"

#define SAFEST (NSC_MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY)

/* With systemd, /dev/log is a link to the socket.  -1: the host has none. */
static int open_socket(void)
{
	_cleanup_fd_ int fd = open(NSC_SYSLOG, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != 0)
		return -1;
	return NSC_TAKE_FD(fd);
}

static int make_place(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	int fd = openat(rootfs->dev, NSC_MARK_SYSLOG_NAME,
			O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0444);

	return fd < 0 ? nsc_error_sys(err, errno, "make '%s'",
				      NSC_MARK_SYSLOG) : fd;
}

int nsc_syslog_put(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	_cleanup_fd_ int socket = -1;
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int place = -1;
	struct stat st;

	if (!plan->login || plan->config->init ||
	    fstatat(rootfs->dev, "log", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	socket = open_socket();
	if (socket < 0)
		return 0;
	place = make_place(rootfs, err);
	if (place < 0)
		return place;
	mount = nsc_mount_clone(socket, false, err);
	if (mount < 0 || nsc_mount_restrict(mount, SAFEST, false, err) < 0 ||
	    nsc_mount_attach(mount, place, err) < 0)
		return nsc_error_context(err, "'%s'", NSC_SYSLOG);
	/* A link, which root inside may replace by a socket of its own. */
	if (symlinkat(NSC_MARK_SYSLOG_NAME, rootfs->dev, "log") < 0 ||
	    fchownat(rootfs->dev, "log", plan->root_uid, plan->root_gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_SYSLOG);
	return 0;
}
