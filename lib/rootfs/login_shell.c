/* SPDX-License-Identifier: Apache-2.0 */
/* The login shell inside, if it is nsshell.  Runs in: see rootfs.h. */
#include "rootfs/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "linux/mount.h"
#include "rootfs/root.h"
#include "util/fd.h"
#include "util/paths.h"

/*
 * A copy of container-shell whose file has the ambient capabilities, which it
 * passes on to the shell.  They are the container's: rootid.
 */
static int able_shell(const struct nsc_rootfs *rootfs, int fd,
		      struct nsc_error *err)
{
	uint64_t set = rootfs->plan->config->process.ambient;
	const struct vfs_ns_cap_data cap = {
		.magic_etc = VFS_CAP_REVISION_3,
		.data = { { .permitted = (uint32_t)set },
			  { .permitted = (uint32_t)(set >> 32) } },
		.rootid = rootfs->plan->root_uid,
	};
	_cleanup_fd_ int copy = openat(rootfs->scratch, "shell", O_RDWR |
				       O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st;

	if (copy < 0 || fstat(fd, &st) < 0 ||
	    sendfile(copy, fd, NULL, (size_t)st.st_size) != st.st_size ||
	    fchmod(copy, 0755) < 0)
		return nsc_error_sys(err, errno, "copy container-shell");
	if (fsetxattr(copy, "security.capability", &cap, sizeof(cap), 0) < 0)
		return nsc_error_sys(err, errno, "ambient capabilities of "
				     "container-shell");
	return 0;
}

/* The only mount that is not nosuid. */
static int put_able_shell(const struct nsc_rootfs *rootfs, int fd,
			  const char *path, struct nsc_error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY,
		.attr_clr = MOUNT_ATTR_NOSUID, .propagation = MS_PRIVATE,
	};
	_cleanup_fd_ int copy = -1;
	_cleanup_fd_ int mount = -1;

	if (able_shell(rootfs, fd, err) < 0)
		return -err->code;
	copy = openat(rootfs->scratch, "shell", O_PATH | O_CLOEXEC);
	mount = copy < 0 ? -errno : nsc_mount_clone(copy, false, err);
	if (mount < 0)
		return nsc_error_sys(err, errno, "copy of container-shell");
	if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attr,
		    sizeof(attr)) < 0)
		return nsc_error_sys(err, errno, "container-shell");
	return nsc_rootfs_attach(rootfs, mount, path, NSC_TARGET_FILE, err);
}

/* Put container-shell, a static program, in the place of nsshell. */
int nsc_rootfs_put_shell(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const char *shell = rootfs->plan->user->shell;
	const char *name = strrchr(shell, '/');
	const struct nsc_bind bind = {
		.path = shell,
		.attributes = NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY,
	};
	_cleanup_fd_ int fd = -1;

	if (!rootfs->plan->login || !name || strcmp(name, "/nsshell") != 0)
		return 0;
	fd = open(NSC_LIBEXEC "/container-shell", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open '%s'",
				     NSC_LIBEXEC "/container-shell");
	if ((rootfs->plan->config->process.ambient ?
		     put_able_shell(rootfs, fd, shell, err) :
		     nsc_rootfs_put_bind(rootfs, fd, &bind, err)) < 0)
		return nsc_error_context(err, "login shell '%s'", shell);
	return 0;
}
