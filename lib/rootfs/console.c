/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal that a container is started with.  Runs in: the worker, see
 * rootfs.h, before any process of the container runs: nobody can have put
 * anything in the place of /dev/console.
 */
#include "rootfs/console.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/mount.h"

/*
 * rootfs->dev belongs to nscontainer alone; device_nodes may have made a
 * console there.
 */
static int console_open_target(const struct nsc_rootfs *rootfs)
{
	int fd = openat(rootfs->dev, "console",
			O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	return openat(rootfs->dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int nsc_console_make(struct nsc_rootfs *rootfs, int devpts,
		     struct nsc_error *err)
{
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int mount = -1;
	int ret;

	if (rootfs->plan->console < 0)
		return 0;
	ret = nsc_pty_new(devpts, nsc_pty_devpts(), &rootfs->console, err);
	if (ret < 0)
		return ret;
	target = console_open_target(rootfs);
	if (target < 0)
		return nsc_error_sys(err, errno, "make '/dev/console'");
	mount = nsc_mount_clone(rootfs->console.slave, false, err);
	if (mount < 0)
		return nsc_error_context(err, "bind '/dev/console'");
	return nsc_mount_attach(mount, target, err);
}

int nsc_console_hand_out(struct nsc_rootfs *rootfs, uid_t uid,
			 struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	uint32_t host = uid;
	int ret;

	if (plan->console < 0)
		return 0;
	if (plan->n_uid_map &&
	    nsc_idmap_to_host(plan->uid_map, plan->n_uid_map, uid, &host) < 0)
		return nsc_error_set(err, EINVAL, "terminal: uid %u is not "
				     "mapped into the user namespace", uid);
	if (fchown(rootfs->console.slave, host, (gid_t)-1) < 0)
		return nsc_error_sys(err, errno, "terminal: change its owner");
	ret = nsc_pty_send(plan->console, &rootfs->console, err);
	nsc_pty_close(&rootfs->console);
	return ret;
}
