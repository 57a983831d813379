/* SPDX-License-Identifier: Apache-2.0 */
/* See rootfs.h for where this runs. */
#include "rootfs/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "rootfs/accounts.h"
#include "rootfs/console.h"
#include "rootfs/home_open.h"
#include "rootfs/homes.h"
#include "rootfs/hosts.h"
#include "util/paths.h"
#include "rootfs/resolv.h"
#include "rootfs/root.h"
#include "rootfs/root_paths.h"
#include "rootfs/submounts.h"
#include "rootfs/syslog.h"
#include "rundir/dev_id.h"
#include "rundir/statedir.h"
#include "linux/device.h"
#include "linux/mount.h"

#define SAFE NSC_MOUNT_SAFE

static bool rootfs_is_host(const struct nsc_rootfs *rootfs)
{
	return !strcmp(rootfs->plan->config->rootfs, "/");
}

const char *nsc_rootfs_label(const struct nsc_rootfs *rootfs)
{
	const char *label = rootfs->plan->config->mount_label;

	return label && *label ? label : NULL;
}

/*
 * The container's root may redirect paths in its own rootfs; but if it is the
 * user at the same time, the user may not do that from their home.
 */
static struct nsc_tree tree_of(const struct nsc_rootfs *rootfs)
{
	const struct nsc_plan *plan = rootfs->plan;
	bool is_user = plan->login && plan->root_uid == plan->user_uid;

	return (struct nsc_tree){
		rootfs->root,
		is_user ? 0 : plan->root_uid,
		rootfs->dev,
		NULL,
	};
}

int nsc_rootfs_target(const struct nsc_rootfs *rootfs, const char *path,
		      unsigned int how, struct nsc_error *err)
{
	const struct nsc_tree tree = tree_of(rootfs);

	return nsc_target_open(&tree, path, how, err);
}

int nsc_rootfs_attach(const struct nsc_rootfs *rootfs, int mount,
		      const char *path, unsigned int how, struct nsc_error *err)
{
	const struct nsc_tree tree = tree_of(rootfs);

	return nsc_target_mount(&tree, mount, path, how, err);
}

/* Mount a tmpfs of the container's root; size as in tmpfs(5). */
static int put_tmpfs(const struct nsc_rootfs *rootfs, const char *path,
		     mode_t mode, const char *size, struct nsc_error *err)
{
	const struct nsc_tmpfs tmpfs = {
		rootfs->plan->root_uid, rootfs->plan->root_gid, mode, size,
		nsc_rootfs_label(rootfs), 0,
	};
	_cleanup_fd_ int mount = nsc_mount_tmpfs(&tmpfs, err);

	if (mount < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	return nsc_rootfs_attach(rootfs, mount, path, NSC_TARGET_DIR, err);
}

static int put_scratch(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_tmpfs scratch = {
		.mode = 0700,
		.size = "10%",
		.label = nsc_rootfs_label(rootfs),
	};
	_cleanup_fd_ int run = nsc_file_make_dir(NSC_RUNDIR, 0755, err);
	_cleanup_fd_ int mount = -1;
	int ret;

	if (run < 0)
		return run;
	mount = nsc_mount_tmpfs(&scratch, err);
	if (mount < 0)
		return mount;
	ret = nsc_mount_attach(mount, run, err);
	if (ret < 0)
		return ret;
	/* Open the mount again, to get the root directory of it. */
	rootfs->scratch = open(NSC_RUNDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return rootfs->scratch < 0 ?
		       nsc_error_sys(err, errno, "scratch directory") :
		       0;
}

/*
 * The directories that a boot makes for everybody in those that are hidden:
 * users cannot make them, and some programs want them to be root's.
 */
static int put_shared(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	static const char *const shared[] = {
		"run/lock", "run/screen", "tmp/.ICE-unix", "tmp/.X11-unix",
		"tmp/.XIM-unix", "tmp/.font-unix",
	};
	const struct nsc_plan *plan = rootfs->plan;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(shared); i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "/%s", shared[i]);
		if (lstat(path, &st) < 0 || st.st_uid != 0 ||
		    st.st_mode != (S_IFDIR | 01777))
			continue;
		/* The directory above may be a link to another one. */
		if (mkdirat(rootfs->root, shared[i], 0700) < 0)
			continue;
		if (fchownat(rootfs->root, shared[i], plan->root_uid,
			     plan->root_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		    fchmodat(rootfs->root, shared[i], 01777, 0) < 0)
			ret = nsc_error_sys(err, errno, "make '%s'", path);
	}
	return ret;
}

/* Mount an empty directory on each directory of the host that is hidden. */
static int hide_host(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	for (const struct nsc_hidden *h = nsc_rootfs_hidden; h->path; h++) {
		struct stat st;
		int ret;

		/*
		 * Look here and not on the host, where a server may be mounted.
		 * A link is left: its target is hidden itself, or stays as it
		 * is.
		 */
		if (fstatat(rootfs->root, h->path + 1, &st,
			    AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			continue;
		ret = put_tmpfs(rootfs, h->path, h->mode, h->size,
					   err);
		if (ret < 0)
			return ret;
	}
	return put_shared(rootfs, err);
}

int nsc_rootfs_put_devpts(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err)
{
	const char *label = nsc_rootfs_label(rootfs);
	uint32_t n = rootfs->plan->config->max_terminals;
	_cleanup_fd_ int mount = -1;
	char gid[16], max[16];
	struct nsc_mount_option options[] = {
		{ "newinstance", NULL }, { "ptmxmode", "0666" },
		{ "mode", "0620" }, { "gid", gid },
		{ NULL, NULL }, { NULL, NULL }, { NULL, NULL },
	};
	size_t at = 4;

	if (label)
		options[at++] = (struct nsc_mount_option){ "context", label };
	if (n)
		options[at] = (struct nsc_mount_option){ "max", max };
	snprintf(max, sizeof(max), "%u", n);
	snprintf(gid, sizeof(gid), "%u", rootfs->plan->tty_gid);
	mount = nsc_mount_new("devpts", options,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	if (mount < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	if (nsc_rootfs_attach(rootfs, mount, path, NSC_TARGET_DIR, err) < 0)
		return -err->code;
	return NSC_TAKE_FD(mount);
}

static int put_terminals(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int devpts =
		nsc_rootfs_put_devpts(rootfs, "/dev/pts", err);

	return devpts < 0 ? devpts : nsc_console_make(rootfs, devpts, err);
}

static int put_links(const struct nsc_rootfs *rootfs, struct nsc_error *err)
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
		if (symlinkat(links[i].target, rootfs->dev, links[i].name) <
			    0 ||
		    fchownat(rootfs->dev, links[i].name, rootfs->plan->root_uid,
			     rootfs->plan->root_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return nsc_error_sys(err, errno, "make '/dev/%s'",
					     links[i].name);
	}
	return 0;
}

static int put_devices(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	const struct nsc_device_node *node;
	int ret = 0;

	for (size_t i = 0; ret == 0 && (node = nsc_config_device(plan->config,
								 i)); i++) {
		uid_t uid;
		gid_t gid;

		ret = nsc_plan_owner(plan, node, &uid, &gid, err);
		if (ret == 0)
			ret = nsc_device_create(rootfs->dev, node, uid, gid,
						err);
	}
	return ret;
}

/* The managed /dev: a tmpfs with only the nodes of the table. */
static int put_dev(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	const char *label = nsc_rootfs_label(rootfs);
	const struct nsc_mount_option options[] = {
		{ "mode", "0755" }, { "size", "64k" },
		{ label ? "context" : NULL, label }, { NULL, NULL },
	};
	_cleanup_fd_ int mount = -1;
	int ret;

	mount = nsc_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID |
			      MOUNT_ATTR_STRICTATIME, err);
	if (mount < 0)
		return nsc_error_context(err, "mount point '/dev'");
	ret = nsc_rootfs_attach(rootfs, mount, "/dev",
				NSC_TARGET_DIR | NSC_TARGET_NO_LINK, err);
	if (ret < 0)
		return ret;
	rootfs->dev = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->dev < 0 ||
	    fchown(rootfs->dev, plan->root_uid, plan->root_gid) < 0)
		return nsc_error_sys(err, errno, "open '/dev'");
	ret = nsc_dev_id_save(plan->rundir, rootfs->dev, err);
	if (ret < 0)
		return ret;
	/*
	 * The mark is owned by host root, so nobody in a user namespace can
	 * move it.
	 */
	if (mkdirat(rootfs->dev, NSC_MARK_NAME, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_MARK_DIR);
	if (plan->refuse_nested &&
	    mkdirat(rootfs->dev, NSC_MARK_REFUSE_NAME, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_MARK_REFUSE);
	ret = put_devices(rootfs, err);
	if (ret == 0)
		ret = put_links(rootfs, err);
	if (ret == 0)
		ret = put_terminals(rootfs, err);
	if (ret == 0)
		ret = put_tmpfs(rootfs, "/dev/shm", 01777, "64m",
					   err);
	return ret;
}

static int put_kernel_views(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	int ret = nsc_rootfs_put_proc(rootfs, "/proc", true, true, err);

	return ret < 0 ? ret : nsc_rootfs_put_sysfs(rootfs, "/sys", false, true,
						    err);
}

int nsc_rootfs_put_bind(const struct nsc_rootfs *rootfs, int fd,
			const struct nsc_bind *bind, struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_clone(fd, true, err);
	int directory = mount < 0 ? mount : bind->how & NSC_TARGET_DIR ? 1 :
			nsc_mount_is_directory(fd, err);
	int ret;

	if (directory < 0)
		return nsc_error_context(err, "bind '%s'", bind->path);
	ret = bind->slave ?
		nsc_mount_restrict_slave(mount, bind->attributes, err) :
		nsc_mount_restrict(mount, bind->attributes, true, err);
	if (ret == 0 && bind->userns > 0)
		ret = nsc_mount_idmap(mount, bind->userns, err);
	if (ret == 0)
		ret = nsc_rootfs_throw_away(rootfs, &mount, bind->attributes,
					    err);
	if (ret < 0)
		return nsc_error_context(err, "bind '%s'", bind->path);
	return nsc_rootfs_attach(rootfs, mount, bind->path,
				 bind->how | (directory ? NSC_TARGET_DIR :
							  NSC_TARGET_FILE),
				 err);
}

/* Open a home in /var/lib/nscontainer; it is made if it does not exist. */
static int open_private_home(const struct nsc_rootfs *rootfs,
			     struct nsc_error *err)
{
	const struct nsc_user *user = rootfs->plan->user;
	int image = rootfs->images.home;
	_cleanup_fd_ int parent =
		image < 0 ? nsc_rootfs_state(rootfs, err) :
			    nsc_rootfs_attach_scratch(rootfs, image,
						      "home-image", err);
	_cleanup_fd_ int fd = -1;

	if (parent < 0)
		return parent;
	if (rootfs->plan->dry && faccessat(parent, "home", F_OK, 0) < 0) {
		fd = nsc_rootfs_scratch_dir(rootfs, "private", err);
		return fd < 0 ? fd : NSC_TAKE_FD(fd);
	}
	if (mkdirat(parent, "home", 0700) == 0 &&
	    fchownat(parent, "home", user->uid, user->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return nsc_error_sys(err, errno, "home: change the owner of "
				     "'%s/%s/home'",
				     NSC_STATEDIR, user->name);
	fd = openat(parent, "home", O_PATH | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "home: open '%s/%s/home'",
				     NSC_STATEDIR, user->name);
	return NSC_TAKE_FD(fd);
}

/* Mount the home for the user inside, whatever ids the user has on the host. */
static int put_home_at(const struct nsc_rootfs *rootfs, int fd,
		       const char *path, struct nsc_error *err)
{
	const struct nsc_bind bind = {
		.path = path,
		.attributes = SAFE,
		/*
		 * What the host mounts there later appears inside.  It has
		 * neither an id map nor these attributes.
		 */
		.slave = rootfs->userns >= 0 && rootfs->home_userns < 0,
		.userns = rootfs->home_userns,
		/* Perhaps only the user may look at it. */
		.how = NSC_TARGET_DIR,
	};

	return nsc_rootfs_put_bind(rootfs, fd, &bind, err);
}

/*
 * Mount it where passwd says.  The host's own "/" also has the directory, path,
 * to which links lead there: the links are seen, or hidden with /home.
 */
static int put_home_of(const struct nsc_rootfs *rootfs, int fd,
		       const char *path, struct nsc_error *err)
{
	const char *named = rootfs->plan->user->home;
	_cleanup_fd_ int there = -1;

	if (!path || !strcmp(path, named) || !rootfs_is_host(rootfs))
		return put_home_at(rootfs, fd, named, err);
	if (put_home_at(rootfs, fd, path, err) < 0)
		return -err->code;
	there = nsc_rootfs_target(rootfs, named, NSC_TARGET_ANY, NSC_IGNORE);
	return there == -ENOENT ? put_home_at(rootfs, fd, named, err) : 0;
}

static int put_home(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_user *user = rootfs->plan->user;
	enum nsc_home kind = rootfs->plan->config->home;
	_cleanup_fd_ int private = -1;
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];

	if (rootfs->plan->login)
		fd = nsc_home_open(user, path, NSC_IGNORE);
	if (rootfs_is_host(rootfs) &&
	    nsc_homes_hide(rootfs, fd < 0 ? user->home : path, err) < 0)
		return -err->code;
	if (kind == NSC_HOME_NONE || !rootfs->plan->login)
		return 0;
	if (kind == NSC_HOME_PRIVATE) {
		private = open_private_home(rootfs, err);
		return private < 0 ? private :
		       put_home_of(rootfs, private, fd < 0 ? NULL : path, err);
	}
	rootfs->home_id = nsc_home_identify(user);
	/* nsc_missing_check() has told why. */
	return fd < 0 ? 0 : put_home_of(rootfs, fd, path, err);
}

/*
 * /run/user/UID, as a session manager makes it on a host.  A rootfs without a
 * place for it gets none; but a link that leads elsewhere is an error.
 */
static int rootfs_put_runtime_dir(struct nsc_rootfs *rootfs,
				  struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	const struct nsc_tmpfs tmpfs = {
		plan->user_uid, plan->user_gid, 0700, "10%",
		nsc_rootfs_label(rootfs), 0,
	};
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int fd = -1;
	char path[64];

	if (!plan->login)
		return 0;
	snprintf(path, sizeof(path), "/run/user/%u", plan->user->uid);
	fd = nsc_rootfs_target(rootfs, path, NSC_TARGET_DIR, err);
	if (fd < 0)
		return rootfs_is_host(rootfs) || fd == -ELOOP || fd == -EXDEV ?
			       fd :
			       nsc_error_clear(err);
	mount = nsc_mount_tmpfs(&tmpfs, err);
	if (mount < 0 || nsc_mount_attach(mount, fd, err) < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	return 0;
}

/*
 * The same for its drop-ins, which the container's root could make otherwise.
 * Where the file system has no place for them, nobody makes one.
 */
static int cover_dropins(struct nsc_rootfs *rootfs, const char *file,
			 struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.d", file);
	fd = nsc_rootfs_target(rootfs, path, NSC_TARGET_DIR |
			       NSC_TARGET_NO_LINK, err);
	if (fd == -EROFS)
		return nsc_error_clear(err);
	if (fd < 0)
		return nsc_error_context(err, "cover '%s.d'",
					 rootfs->plan->config->file);
	return nsc_rootfs_cover(rootfs, fd, err);
}

/*
 * On the disk, a container.json in its own rootfs (nsinit exec in a rootfs) is
 * owned by root, and so by the container's root, which must not be able to
 * change the configuration of the next start.  A file that is mounted over can
 * neither be written nor moved; a directory above it could be moved.
 */
static int cover_config(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_config *config = rootfs->plan->config;
	size_t len = strlen(config->rootfs);
	_cleanup_fd_ int fd = -1;

	if (rootfs_is_host(rootfs) ||
	    strncmp(config->file, config->rootfs, len) != 0 ||
	    config->file[len] != '/')
		return 0;
	if (strchr(config->file + len + 1, '/'))
		return nsc_error_set(err, EINVAL, "%s: lies in a directory of "
				     "its own rootfs: put it beside the "
				     "rootfs, or at the top of it",
				     config->file);
	/* A file that was made here would be the next start's. */
	if (access(config->file, F_OK) < 0)
		return nsc_error_set(err, ENOTSUP, "%s: does not exist: in a "
				     "rootfs, drop-ins need it: write {}",
				     config->file);
	fd = nsc_rootfs_target(rootfs, config->file + len,
			       NSC_TARGET_FILE | NSC_TARGET_NO_LINK, err);
	if (fd < 0)
		return nsc_error_context(err, "cover '%s'", config->file);
	return nsc_rootfs_cover(rootfs, fd, err) < 0 ? -err->code :
	       cover_dropins(rootfs, config->file + len, err);
}

static int make_readonly(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	if (!rootfs->plan->config->readonly_fs)
		return 0;
	return nsc_mount_restrict(rootfs->root, MOUNT_ATTR_RDONLY, false, err);
}

/*
 * For a root that cannot be pivoted, such as the first one of a ramdisk: the
 * new root is moved on top of it.  PID 1 does the same chroot when it has its
 * mounts.
 */
static int move_root(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	if (fchdir(rootfs->root) < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return nsc_error_sys(err, errno, "move the root");
	return 0;
}

static int pivot(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	if (rootfs->plan->config->no_pivot_root)
		return move_root(rootfs, err);
	if (fchdir(rootfs->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return nsc_error_sys(err, errno, "pivot_root");
	/* Now the old root is on top of the new one. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return nsc_error_sys(err, errno, "detach the old root");
	return 0;
}

static int finish(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	return rootfs->complete(rootfs, err);
}

int nsc_rootfs_build(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	static const struct {
		int (*run)(struct nsc_rootfs *rootfs, struct nsc_error *err);
		bool host_only;
	} steps[] = {
		{ put_scratch, false },
		{ nsc_rootfs_open, false },
		{ hide_host, true },
		{ put_dev, false },
		{ put_kernel_views, false },
		{ put_home, false },
		{ nsc_accounts_put, false },
		{ rootfs_put_runtime_dir, false },
		{ nsc_resolv_put, false },
		{ nsc_hosts_put, false },
		{ nsc_root_paths_put, true },
		{ nsc_rootfs_put_configured, false },
		{ nsc_syslog_put, false },
		{ nsc_accounts_put_again, false },
		{ nsc_rootfs_put_paths, false },
		{ nsc_rootfs_put_shell, false },
		{ cover_config, false },
		{ make_readonly, false },
		{ finish, false },
		{ pivot, false },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		if (steps[i].host_only && !rootfs_is_host(rootfs))
			continue;
		if (steps[i].run(rootfs, err) < 0)
			return nsc_error_context(err, "file systems");
	}
	return 0;
}
