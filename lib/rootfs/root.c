/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the container's "/".  Runs in: see rootfs.h.
 *
 * A separate directory is cloned and id-mapped.  The host's own "/" is cloned
 * read-only and never id-mapped: files of host root belong to nobody inside, so
 * that /etc/shadow stays unreadable for every user inside.
 */
#include "rootfs/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "rundir/statedir.h"
#include "rootfs/rootfs.h"
#include "rootfs/submounts.h"
#include "linux/mount.h"
#include "linux/namespace.h"

static bool root_is_host(const struct nsc_rootfs *rootfs)
{
	return !strcmp(rootfs->plan->config->rootfs, "/");
}

/* Give a detached mount, *mount, what each part of the rootfs has. */
static int restrict_part(const struct nsc_rootfs *rootfs, int *mount,
			 struct nsc_error *err)
{
	const struct nsc_config *config = rootfs->plan->config;
	uint64_t attributes = MOUNT_ATTR_NODEV;
	int ret;

	/* No setuid programs of the host: root inside could be host root. */
	if (root_is_host(rootfs))
		attributes |= MOUNT_ATTR_NOSUID;
	if (root_is_host(rootfs) || rootfs->plan->image ||
	    config->overlay != NSC_OVERLAY_NONE)
		attributes |= MOUNT_ATTR_RDONLY;
	ret = nsc_mount_restrict(*mount, attributes, false, err);
	if (ret == 0 && !root_is_host(rootfs) && rootfs->userns >= 0)
		ret = nsc_mount_idmap(*mount, rootfs->userns, err);
	return ret < 0 ? ret : nsc_rootfs_throw_away(rootfs, mount, attributes,
						     err);
}

/* Clone the mount at fd as part of the rootfs. */
static int clone_part(const struct nsc_rootfs *rootfs, int fd,
		      struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_clone(fd, false, err);

	if (mount < 0 || restrict_part(rootfs, &mount, err) < 0)
		return -err->code;
	return NSC_TAKE_FD(mount);
}

/*
 * Follow only links of root: a user's link could lead to the host's own "/",
 * which would then be id-mapped.
 */
static int open_rootfs(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct nsc_tree tree = { root, 0, -1, "directory" };

	if (root < 0)
		return nsc_error_sys(err, errno, "open '/'");
	return root_is_host(rootfs) ?
		       NSC_TAKE_FD(root) :
		       nsc_target_open(&tree, rootfs->plan->config->rootfs,
				       NSC_TARGET_ANY, err);
}

/*
 * The mount is no longer there, or another one covers it; a user has moved a
 * directory above it; or its file system, which has a server, cannot be mounted
 * here.
 */
static bool is_passed_over(const struct nsc_submount *m, int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ELOOP ||
	       code == -EROFS || (m->served && code != -ENOMEM &&
				  code != -EMFILE && code != -ENFILE);
}

static int clone_submount(const struct nsc_rootfs *rootfs, const char *point,
			  unsigned int *how, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_mount_open_source(point, err);
	int directory = fd < 0 ? fd : nsc_mount_is_directory(fd, err);

	*how = directory > 0 ? NSC_TARGET_DIR : NSC_TARGET_FILE;
	return directory < 0 ? directory : clone_part(rootfs, fd, err);
}

/* Attach one mount below the rootfs at the same place inside. */
static int attach_submount(const struct nsc_rootfs *rootfs,
			   const struct nsc_submount *m, struct nsc_error *err)
{
	const char *top = rootfs->plan->config->rootfs;
	const char *inside = m->point + (root_is_host(rootfs) ? 0 :
								strlen(top));
	unsigned int how;
	_cleanup_fd_ int mount = clone_submount(rootfs, m->point, &how, err);
	int ret = mount < 0 ? mount : nsc_rootfs_attach(rootfs, mount, inside,
							how, err);

	if (is_passed_over(m, ret))
		return nsc_error_clear(err);
	return ret < 0 ? nsc_error_context(err, "rootfs: '%s'", m->point) : 0;
}

static int attach_submounts(const struct nsc_rootfs *rootfs,
			    const struct nsc_submounts *mounts,
			    struct nsc_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < mounts->n; i++)
		if (mounts->list[i].wanted && !mounts->list[i].left_out)
			ret = attach_submount(rootfs, &mounts->list[i], err);
	return ret;
}

int nsc_rootfs_scratch_dir(const struct nsc_rootfs *rootfs, const char *name,
			   struct nsc_error *err)
{
	int fd;

	if (mkdirat(rootfs->scratch, name, 0755) < 0 && errno != EEXIST)
		return nsc_error_sys(err, errno, "scratch '%s'", name);
	fd = openat(rootfs->scratch, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? nsc_error_sys(err, errno, "scratch '%s'", name) : fd;
}

/*
 * The upper directory becomes the container's root directory, so it gets the
 * owner and mode of the lower one, which the id map of lower has mapped.
 */
static int make_upper(int dir, int lower, struct nsc_error *err)
{
	_cleanup_fd_ int upper = -1;
	struct stat st;

	if (mkdirat(dir, "work", 0700) < 0 && errno != EEXIST)
		return nsc_error_sys(err, errno, "overlay: make 'work'");
	if (mkdirat(dir, "upper", 0700) < 0)
		return errno == EEXIST ? 0 :
			nsc_error_sys(err, errno, "overlay: make 'upper'");
	upper = openat(dir, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		       O_CLOEXEC);
	if (upper < 0 || fstat(lower, &st) < 0 ||
	    fchown(upper, st.st_uid, st.st_gid) < 0 ||
	    fchmod(upper, st.st_mode & 07777) < 0)
		return nsc_error_sys(err, errno, "overlay: change the owner of "
				     "'upper'");
	return 0;
}

struct nsc_statedir nsc_rootfs_kept(const struct nsc_plan *plan)
{
	return (struct nsc_statedir){
		.user = plan->user, .root_uid = plan->root_uid,
		.config = plan->login ? NULL : plan->config->file,
	};
}

int nsc_rootfs_state(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_statedir whose = nsc_rootfs_kept(rootfs->plan);
	char path[PATH_MAX];

	nsc_statedir_path_of(&whose, path);
	if (rootfs->plan->dry && access(path, F_OK) < 0 && errno == ENOENT)
		return nsc_rootfs_scratch_dir(rootfs, "state", err);
	return nsc_statedir_open(&whose, err);
}

static int layer_in_memory(const struct nsc_rootfs *rootfs,
			   struct nsc_error *err)
{
	char size[32];
	const struct nsc_tmpfs tmpfs = {
		.mode = 0700, .size = size, .label = nsc_rootfs_label(rootfs),
	};
	_cleanup_fd_ int mount = -1;

	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)rootfs->plan->config->overlay_size);
	mount = nsc_mount_tmpfs(&tmpfs, err);
	return mount < 0 ? mount :
	       nsc_rootfs_attach_scratch(rootfs, mount, "overlay", err);
}

static int overlay_dir(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	const struct nsc_statedir whose = nsc_rootfs_kept(plan);
	_cleanup_fd_ int parent = -1;
	char path[PATH_MAX];

	if (rootfs->images.layer >= 0)
		return nsc_rootfs_attach_scratch(rootfs, rootfs->images.layer,
						 "overlay", err);
	if (plan->config->overlay == NSC_OVERLAY_TMPFS &&
	    plan->config->overlay_size)
		return layer_in_memory(rootfs, err);
	if (plan->dry || plan->config->overlay == NSC_OVERLAY_TMPFS)
		return nsc_rootfs_scratch_dir(rootfs, "overlay", err);
	parent = nsc_statedir_open(&whose, err);
	if (parent < 0)
		return parent;
	nsc_statedir_path_of(&whose, path);
	strncat(path, "/overlay", sizeof(path) - strlen(path) - 1);
	return nsc_file_make_dir(path, 0700, err);
}

int nsc_rootfs_overlay(const struct nsc_rootfs *rootfs,
		       const struct nsc_layers *layers, struct nsc_error *err)
{
	const char *label = nsc_rootfs_label(rootfs);
	/* The kernel takes 255 bytes, so the paths are relative. */
	char lowerdir[256] = "", upperdir[32], workdir[32];
	struct nsc_mount_option options[] = {
		{ "source", "overlay" }, { "lowerdir", lowerdir },
		{ "upperdir", upperdir }, { "workdir", workdir },
		{ NULL, NULL }, { NULL, NULL }, { NULL, NULL },
	};
	_cleanup_fd_ int mount = -1;
	size_t at = 4;

	/* Attributes "trusted" are for root of the first user namespace. */
	if (nsc_namespace_is_nested())
		options[at++] = (struct nsc_mount_option){ "userxattr", NULL };
	if (label)
		options[at] = (struct nsc_mount_option){ "context", label };
	if (make_upper(layers->dir, layers->lower[0], err) < 0)
		return -err->code;
	for (size_t i = 0, len = 0; i < layers->n && len < sizeof(lowerdir);
	     i++)
		len += (size_t)snprintf(lowerdir + len, sizeof(lowerdir) - len,
					"%s%d", i ? ":" : "", layers->lower[i]);
	snprintf(upperdir, sizeof(upperdir), "%d/upper", layers->dir);
	snprintf(workdir, sizeof(workdir), "%d/work", layers->dir);
	if (chdir("/proc/self/fd") < 0)
		return nsc_error_sys(err, errno, "open /proc/self/fd");
	mount = nsc_mount_new("overlay", options, layers->attributes, err);
	return chdir("/") < 0 ? nsc_error_sys(err, errno, "open '/'") :
				NSC_TAKE_FD(mount);
}

/* In a dry run, what a persistent overlay has so far is a lower layer. */
static int open_kept(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int state = -1;

	if (!rootfs->plan->dry ||
	    rootfs->plan->config->overlay != NSC_OVERLAY_PERSISTENT)
		return -ENOENT;
	state = nsc_rootfs_state(rootfs, err);
	if (state < 0)
		return state;
	return openat(state, "overlay/upper", O_PATH | O_DIRECTORY |
		      O_NOFOLLOW | O_CLOEXEC);
}

static int make_overlay(const struct nsc_rootfs *rootfs, int lower,
			struct nsc_error *err)
{
	_cleanup_fd_ int dir = overlay_dir(rootfs, err);
	_cleanup_fd_ int kept = open_kept(rootfs, err);
	const int lowers[] = { kept, lower };
	const struct nsc_layers layers = {
		dir,
		kept < 0 ? &lower : lowers,
		kept < 0 ? 1 : 2,
		MOUNT_ATTR_NODEV |
			(root_is_host(rootfs) ? MOUNT_ATTR_NOSUID : 0),
	};

	if (dir < 0 || err->code)
		return -err->code;
	return nsc_rootfs_overlay(rootfs, &layers, err);
}

int nsc_rootfs_attach_scratch(const struct nsc_rootfs *rootfs, int mount,
			      const char *name, struct nsc_error *err)
{
	_cleanup_fd_ int target = nsc_rootfs_scratch_dir(rootfs, name, err);
	int ret;

	if (target < 0)
		return target;
	ret = nsc_mount_attach(mount, target, err);
	if (ret < 0)
		return ret;
	return nsc_rootfs_scratch_dir(rootfs, name, err);
}

/* Is it a directory on a mount that can be written? */
static bool is_writable(int mount)
{
	struct statvfs fs;
	struct stat st;

	return fstat(mount, &st) == 0 && S_ISDIR(st.st_mode) &&
	       fstatvfs(mount, &fs) == 0 && !(fs.f_flag & ST_RDONLY);
}

int nsc_rootfs_throw_away(const struct nsc_rootfs *rootfs, int *mount,
			  uint64_t attributes, struct nsc_error *err)
{
	_cleanup_fd_ int lower = -1;
	_cleanup_fd_ int dir = -1;
	struct nsc_layers layers = { .lower = &lower, .n = 1,
				     .attributes = attributes };
	char name[16], under[32];
	unsigned int n = 0;
	int overlay;

	if (!rootfs->plan->dry || attributes & MOUNT_ATTR_RDONLY ||
	    !is_writable(*mount))
		return 0;
	do
		snprintf(name, sizeof(name), "dry-%u", n++);
	while (faccessat(rootfs->scratch, name, F_OK, 0) == 0);
	snprintf(under, sizeof(under), "under-%s", name);
	dir = nsc_rootfs_scratch_dir(rootfs, name, err);
	lower = dir < 0 ? dir : nsc_rootfs_attach_scratch(rootfs, *mount, under,
						    err);
	if (lower < 0)
		return lower;
	layers.dir = dir;
	overlay = nsc_rootfs_overlay(rootfs, &layers, err);
	if (overlay < 0)
		return overlay;
	close(*mount);
	*mount = overlay;
	return 0;
}

/* squashfs needs Linux 6.2 for it, erofs 5.19. */
static int explain_image(int ret, struct nsc_error *err)
{
	return ret != -EINVAL ? ret :
	       nsc_error_set(err, EINVAL, "this kernel cannot map the ids of "
			     "its file system: make an image of ext4, or set "
			     "namespaces.NEWUSER to false");
}

static int make_lowest(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (rootfs->plan->image) {
		fd = fcntl(rootfs->images.rootfs, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return nsc_error_sys(err, errno, "image");
		return restrict_part(rootfs, &fd, err) < 0 ?
			       explain_image(-err->code, err) : NSC_TAKE_FD(fd);
	}
	fd = open_rootfs(rootfs, err);
	return fd < 0 ? fd : clone_part(rootfs, fd, err);
}

static int attach_root(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int mount = make_lowest(rootfs, err);
	_cleanup_fd_ int lower = -1;
	_cleanup_fd_ int overlay = -1;

	if (mount < 0)
		return -err->code;
	if (rootfs->plan->config->overlay == NSC_OVERLAY_NONE) {
		rootfs->root = nsc_rootfs_attach_scratch(rootfs, mount,
							 "root", err);
		return rootfs->root < 0 ? rootfs->root : 0;
	}
	lower = nsc_rootfs_attach_scratch(rootfs, mount, "lower", err);
	if (lower < 0)
		return lower;
	overlay = make_overlay(rootfs, lower, err);
	if (overlay < 0)
		return overlay;
	rootfs->root = nsc_rootfs_attach_scratch(rootfs, overlay, "root", err);
	return rootfs->root < 0 ? rootfs->root : 0;
}

int nsc_rootfs_open(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_submounts_ struct nsc_submounts mounts = NSC_SUBMOUNTS_INIT;
	int ret = nsc_submounts_find(rootfs->plan, &mounts, err);

	if (ret == 0)
		ret = attach_root(rootfs, err);
	if (ret < 0)
		return nsc_error_context(err, "rootfs '%s'",
					 rootfs->plan->config->rootfs);
	return attach_submounts(rootfs, &mounts, err);
}
