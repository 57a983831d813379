/* See view.h for where this runs. */
#include "container/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "container/paths.h"
#include "container/resolv.h"
#include "container/rootfs.h"
#include "kernel/device.h"
#include "kernel/mount.h"

#define SAFE NSC_MOUNT_SAFE
#define SAFEST (SAFE | MOUNT_ATTR_NOEXEC)

static const char *const masked_paths[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore",
	"/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
	"/proc/scsi", "/proc/sysrq-trigger", "/proc/timer_list",
	"/proc/timer_stats", "/sys/firmware", "/sys/fs/bpf",
	"/sys/kernel/debug", "/sys/kernel/security", "/sys/kernel/tracing",
	"/sys/devices/virtual/powercap", NULL,
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", NULL,
};

static bool is_host(const struct nsc_view *view)
{
	return !strcmp(view->plan->config->rootfs, "/");
}

/* A tmpfs of the container's root at path. */
static int put_tmpfs(const struct nsc_view *view, const char *path,
		     mode_t mode, const char *size, struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_tmpfs(view->plan->root_uid,
						 view->plan->root_gid, mode,
						 size, err);

	if (mount < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	return nsc_mount_on(mount, view->root, path, false, err);
}

static int put_scratch(struct nsc_view *view, struct nsc_error *err)
{
	_cleanup_fd_ int run = nsc_file_make_dir(NSC_RUNDIR, 0755, err);
	_cleanup_fd_ int mount = -1;
	int ret;

	if (run < 0)
		return run;
	mount = nsc_mount_tmpfs(0, 0, 0700, "10%", err);
	if (mount < 0)
		return mount;
	ret = nsc_mount_attach(mount, run, err);
	if (ret < 0)
		return ret;
	/* The mount's descriptor now is the root directory of it. */
	view->scratch = open(NSC_RUNDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return view->scratch < 0 ?
		       nsc_error_sys(err, errno, "scratch directory") : 0;
}

/* What of the host is not shown gets an empty directory in its place. */
static int hide_host(struct nsc_view *view, struct nsc_error *err)
{
	for (const struct nsc_hidden *h = nsc_rootfs_hidden; h->path; h++) {
		struct stat st;
		int ret;

		/* A link is left: what it leads to is hidden, or the link's
		 * target is not among what we hide and stays as it is. */
		if (lstat(h->path, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		ret = put_tmpfs(view, h->path, h->mode, h->size, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int put_devpts(const struct nsc_view *view, struct nsc_error *err)
{
	_cleanup_fd_ int mount = -1;
	char gid[16];
	const struct nsc_mount_option options[] = {
		{ "newinstance", NULL }, { "ptmxmode", "0666" },
		{ "mode", "0620" }, { "gid", gid }, { NULL, NULL },
	};

	snprintf(gid, sizeof(gid), "%u", view->plan->tty_gid);
	mount = nsc_mount_new("devpts", options,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	if (mount < 0)
		return nsc_error_context(err, "mount point '/dev/pts'");
	return nsc_mount_on(mount, view->root, "/dev/pts", false, err);
}

static int put_links(const struct nsc_view *view, struct nsc_error *err)
{
	static const struct {
		const char *name, *target, *needs;
	} links[] = {
		{ "fd", "/proc/self/fd", NULL },
		{ "stdin", "/proc/self/fd/0", NULL },
		{ "stdout", "/proc/self/fd/1", NULL },
		{ "stderr", "/proc/self/fd/2", NULL },
		{ "ptmx", "pts/ptmx", NULL },
		{ "core", "/proc/kcore", "/proc/kcore" },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(links); i++) {
		if (links[i].needs && access(links[i].needs, F_OK) < 0)
			continue;
		if (symlinkat(links[i].target, view->dev, links[i].name) < 0 ||
		    fchownat(view->dev, links[i].name, view->plan->root_uid,
			     view->plan->root_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return nsc_error_sys(err, errno, "make '/dev/%s'",
					     links[i].name);
	}
	return 0;
}

static int put_devices(const struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_config *config = view->plan->config;
	const struct nsc_device_node *node = config->devices;
	size_t n = config->n_devices;
	int ret = 0;

	if (config->default_devices) {
		node = nsc_device_defaults;
		n = NSC_DEVICE_DEFAULTS;
	}
	for (; ret == 0 && n; n--, node++)
		ret = nsc_device_create(view->dev, node, view->plan->root_uid,
					view->plan->root_gid, err);
	return ret;
}

/* The managed /dev: a tmpfs with what the table says and nothing else. */
static int put_dev(struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_plan *plan = view->plan;
	const struct nsc_mount_option options[] = {
		{ "mode", "0755" }, { "size", "64k" }, { NULL, NULL },
	};
	_cleanup_fd_ int mount = -1;
	int ret;

	mount = nsc_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID |
			      MOUNT_ATTR_STRICTATIME, err);
	if (mount < 0)
		return nsc_error_context(err, "mount point '/dev'");
	ret = nsc_mount_on(mount, view->root, "/dev", false, err);
	if (ret < 0)
		return ret;
	view->dev = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (view->dev < 0 ||
	    fchown(view->dev, plan->root_uid, plan->root_gid) < 0)
		return nsc_error_sys(err, errno, "open '/dev'");
	/* The mark is host root's: nobody inside a user namespace moves it. */
	if (mkdirat(view->dev, NSC_MARK_NAME, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_MARK_DIR);
	if (plan->refuse_nested &&
	    mkdirat(view->dev, NSC_MARK_REFUSE_NAME, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_MARK_REFUSE);
	ret = put_devices(view, err);
	if (ret == 0)
		ret = put_links(view, err);
	if (ret == 0)
		ret = put_devpts(view, err);
	if (ret == 0)
		ret = put_tmpfs(view, "/dev/shm", 01777, "64m", err);
	return ret;
}

static int put_kernel(const struct nsc_view *view, const char *type,
		      const char *path, uint64_t attributes, long magic,
		      struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_new(type, NULL, attributes, err);
	_cleanup_fd_ int fd = -1;
	struct statfs fs;
	int ret;

	if (mount < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	ret = nsc_mount_on(mount, view->root, path, false, err);
	if (ret < 0)
		return ret;
	/* A link in the rootfs may not have led it elsewhere. */
	fd = openat(view->root, path + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return nsc_error_sys(err, errno, "mount point '%s'", path);
	if (fs.f_type != magic)
		return nsc_error_set(err, ELOOP, "mount point '%s': the rootfs "
				     "has a symbolic link there", path);
	return 0;
}

static int cover(const struct nsc_view *view, int target, struct nsc_error *err)
{
	_cleanup_fd_ int source = -1;
	_cleanup_fd_ int mount = -1;
	struct stat st;

	if (fstat(target, &st) < 0)
		return nsc_error_sys(err, errno, "stat");
	if (S_ISDIR(st.st_mode)) {
		mount = nsc_mount_tmpfs(0, 0, 0755, "4k", err);
	} else {
		source = openat(view->scratch, "empty", O_RDONLY | O_CREAT |
				O_NOFOLLOW | O_CLOEXEC, 0444);
		if (source < 0)
			return nsc_error_sys(err, errno, "empty file");
		mount = nsc_mount_clone(source, false, err);
	}
	if (mount < 0 || nsc_mount_restrict(mount, SAFEST | MOUNT_ATTR_RDONLY,
					    false, err) < 0)
		return -err->code;
	return nsc_mount_attach(mount, target, err);
}

static int protect(const struct nsc_view *view, int target,
		   struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_clone(target, true, err);

	(void)view;
	if (mount < 0 || nsc_mount_restrict(mount, SAFEST | MOUNT_ATTR_RDONLY,
					    true, err) < 0)
		return -err->code;
	return nsc_mount_attach(mount, target, err);
}

/* Apply change to those paths that exist in this kernel. */
static int each_path(const struct nsc_view *view, const char *const *paths,
		     int (*change)(const struct nsc_view *view, int target,
				   struct nsc_error *err),
		     struct nsc_error *err)
{
	for (; *paths; paths++) {
		_cleanup_fd_ int fd = nsc_mount_open(view->root, *paths,
						     O_NOFOLLOW);

		if (fd == -ENOENT || fd == -ENOTDIR)
			continue;
		if (fd < 0)
			return nsc_error_sys(err, -fd, "protect '%s'", *paths);
		if (change(view, fd, err) < 0)
			return nsc_error_context(err, "protect '%s'", *paths);
	}
	return 0;
}

static int put_kernel_views(struct nsc_view *view, struct nsc_error *err)
{
	int ret = put_kernel(view, "proc", "/proc", SAFEST, PROC_SUPER_MAGIC,
			     err);

	if (ret == 0)
		ret = put_kernel(view, "sysfs", "/sys",
				 SAFEST | MOUNT_ATTR_RDONLY, SYSFS_MAGIC, err);
	if (ret == 0)
		ret = each_path(view, masked_paths, cover, err);
	if (ret == 0)
		ret = each_path(view, readonly_paths, protect, err);
	return ret;
}

/* Attach what fd is at path inside, with its submounts. */
static int put_bind(const struct nsc_view *view, int fd, const char *path,
		    uint64_t attributes, struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_clone(fd, true, err);
	struct stat st;
	int ret;

	if (mount < 0)
		return nsc_error_context(err, "bind '%s'", path);
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "bind '%s'", path);
	ret = nsc_mount_restrict(mount, attributes, true, err);
	if (ret < 0)
		return nsc_error_context(err, "bind '%s'", path);
	return nsc_mount_on(mount, view->root, path, !S_ISDIR(st.st_mode),
			    err);
}

/* A home that is kept in /var/lib/nscontainer, made when it is not there. */
static int open_private_home(const struct nsc_user *user,
			     struct nsc_error *err)
{
	_cleanup_fd_ int parent = -1;
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", NSC_STATEDIR, user->name);
	parent = nsc_file_make_dir(path, 0700, err);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, "home", 0700) == 0 &&
	    fchownat(parent, "home", user->uid, user->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return nsc_error_sys(err, errno, "home: own '%s/home'", path);
	fd = openat(parent, "home", O_PATH | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "home: open '%s/home'", path);
	return NSC_TAKE_FD(fd);
}

/*
 * The home that passwd names, resolved once; path is the name of what was
 * opened.  -ENOENT where it does not exist or is not the user's own: daemon's
 * is /usr/sbin, and whoever can write to a directory above could put a link
 * in the place of a home.
 */
static int open_home(const struct nsc_user *user, char path[PATH_MAX])
{
	_cleanup_fd_ int fd = open(user->home, O_PATH | O_DIRECTORY |
				   O_CLOEXEC);
	char link[64];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != user->uid)
		return -ENOENT;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0)
		return -ENOENT;
	path[n] = '\0';
	return NSC_TAKE_FD(fd);
}

/* Others' homes beside this one are not to be seen. */
static int hide_beside(const struct nsc_view *view, const char *home,
		       struct nsc_error *err)
{
	const char *slash = strrchr(home, '/');
	_cleanup_free_ char *parent = NULL;

	if (!is_host(view) || nsc_rootfs_is_hidden(home) || slash == home)
		return 0;
	parent = strndup(home, (size_t)(slash - home));
	if (!parent)
		return nsc_error_sys(err, ENOMEM, "home '%s'", home);
	return put_tmpfs(view, parent, 0755, "1m", err);
}

static int put_home(struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_user *user = view->plan->user;
	enum nsc_home kind = view->plan->config->home;
	_cleanup_fd_ int private = -1;
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];

	if (kind == NSC_HOME_NONE || !view->plan->login)
		return 0;
	fd = open_home(user, path);
	if (fd >= 0 && hide_beside(view, path, err) < 0)
		return -err->code;
	if (kind == NSC_HOME_PRIVATE) {
		private = open_private_home(user, err);
		if (private < 0)
			return private;
		return put_bind(view, private, fd < 0 ? user->home : path,
				SAFE, err);
	}
	/* Without one the login is at "/", as on the host. */
	return fd < 0 ? 0 : put_bind(view, fd, path, SAFE, err);
}

/* /run/user/UID, as a session manager makes it on a host. */
static int put_runtime_dir(struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_user *user = view->plan->user;
	_cleanup_fd_ int fd = -1;
	char path[64];

	if (!view->plan->login)
		return 0;
	snprintf(path, sizeof(path), "/run/user/%u", user->uid);
	fd = nsc_mount_target(view->root, path, false, err);
	if (fd < 0)
		return fd;
	if (fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) < 0 ||
	    fchmodat(fd, ".", 0700, 0) < 0)
		return nsc_error_sys(err, errno, "own '%s'", path);
	return 0;
}

static int put_configured(const struct nsc_view *view, size_t i,
			  struct nsc_error *err)
{
	const struct nsc_config_mount *m = &view->plan->config->mounts[i];
	_cleanup_fd_ int fd = -1;

	if (m->tmpfs)
		return put_tmpfs(view, m->destination, 0755, "10%", err);
	/* Some directory on the way may be a user's: no links at all. */
	fd = nsc_mount_open_source(m->source, err);
	if (fd < 0)
		return fd;
	return put_bind(view, fd, m->destination,
			SAFE | (m->writable ? 0 : MOUNT_ATTR_RDONLY), err);
}

static int put_all_configured(struct nsc_view *view, struct nsc_error *err)
{
	for (size_t i = 0; i < view->plan->config->n_mounts; i++)
		if (put_configured(view, i, err) < 0)
			return nsc_error_context(err, "mounts[%zu]", i);
	return 0;
}

/*
 * A container.json that lies in its own rootfs (nsinit exec in a rootfs) is
 * root's on the disk, and so the container's root's: it must not be able to
 * write what the next start believes.  A file that is mounted over can neither
 * be written nor moved; a directory above it could be moved.
 */
static int cover_config(struct nsc_view *view, struct nsc_error *err)
{
	const struct nsc_config *config = view->plan->config;
	size_t len = strlen(config->rootfs);
	_cleanup_fd_ int fd = -1;

	if (is_host(view) || strncmp(config->file, config->rootfs, len) != 0 ||
	    config->file[len] != '/')
		return 0;
	if (strchr(config->file + len + 1, '/'))
		return nsc_error_set(err, EINVAL, "%s: lies in a directory of "
				     "its own rootfs: put it beside the "
				     "rootfs, or at the top of it",
				     config->file);
	fd = nsc_mount_open(view->root, config->file + len, O_NOFOLLOW);
	if (fd < 0)
		return nsc_error_sys(err, -fd, "cover '%s'", config->file);
	return cover(view, fd, err);
}

/* nsshell inside: a static program in the place of the user's shell. */
static int put_shell(struct nsc_view *view, struct nsc_error *err)
{
	const char *shell = view->plan->user->shell;
	const char *name = strrchr(shell, '/');
	_cleanup_fd_ int fd = -1;

	if (!view->plan->login || !name || strcmp(name, "/nsshell") != 0)
		return 0;
	fd = open(NSC_LIBEXECDIR "/container-shell", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open '%s'",
				     NSC_LIBEXECDIR "/container-shell");
	if (put_bind(view, fd, shell, SAFE | MOUNT_ATTR_RDONLY, err) < 0)
		return nsc_error_context(err, "login shell '%s'", shell);
	return 0;
}

static int make_readonly(struct nsc_view *view, struct nsc_error *err)
{
	if (!view->plan->config->readonly_fs)
		return 0;
	return nsc_mount_restrict(view->root, MOUNT_ATTR_RDONLY, false, err);
}

static int pivot(struct nsc_view *view, struct nsc_error *err)
{
	if (fchdir(view->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return nsc_error_sys(err, errno, "pivot_root");
	/* The old root is on top of the new one now. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return nsc_error_sys(err, errno, "detach the old root");
	return 0;
}

int nsc_view_build(struct nsc_view *view, struct nsc_error *err)
{
	static const struct {
		int (*run)(struct nsc_view *view, struct nsc_error *err);
		bool host_only;
	} steps[] = {
		{ put_scratch, false },
		{ nsc_rootfs_open, false },
		{ hide_host, true },
		{ put_dev, false },
		{ put_kernel_views, false },
		{ put_home, false },
		{ put_runtime_dir, true },
		{ nsc_resolv_put, false },
		{ put_all_configured, false },
		{ put_shell, false },
		{ cover_config, false },
		{ make_readonly, false },
		{ pivot, false },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		if (steps[i].host_only && !is_host(view))
			continue;
		if (steps[i].run(view, err) < 0)
			return nsc_error_context(err, "file systems");
	}
	return 0;
}
