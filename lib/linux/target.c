/* SPDX-License-Identifier: Apache-2.0 */
/* See target.h; lib/rootfs/rootfs.h for where this runs. */
#include "linux/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/mount.h"

#define MQUEUE_MAGIC 0x19800202		/* ipc/mqueue.c does not export it */
#define TURNS 256		/* links, and each ".." in them */

/* A path that is too long for its buffer is ENAMETOOLONG. */
struct walk {
	const struct nsc_tree *tree;
	const char *path;	/* as requested */
	unsigned int how;
	struct nsc_error *err;
	char rest[PATH_MAX];	/* to walk */
	char done[PATH_MAX];	/* walked, without links; "" is the root */
	char link[PATH_MAX];	/* the last followed link, or "" */
	char others[PATH_MAX];	/* the first directory that is not root's */
	int turns;
	bool roots;		/* all directories so far are root's */
	int fd;			/* of done */
	struct stat st;		/* of fd */
};

static const char *what(const struct walk *w)
{
	return w->tree->what ? w->tree->what : "mount point";
}

static int target_refuse(const struct walk *w, const char *name,
			 const char *why)
{
	return nsc_error_set(w->err, ELOOP, "%s '%.128s': '%.96s/%.64s' "
			     "%s", what(w), w->path, w->done, name, why);
}

static int target_failed(const struct walk *w, int code)
{
	return nsc_error_sys(w->err, code, "%s '%s'", what(w), w->path);
}

static int from_kernel(const struct walk *w, int fd, const struct stat *st)
{
	static const long types[] = {
		BPF_FS_MAGIC, CGROUP2_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
		DEBUGFS_MAGIC, DEVPTS_SUPER_MAGIC, MQUEUE_MAGIC,
		PROC_SUPER_MAGIC, SECURITYFS_MAGIC, SYSFS_MAGIC, TRACEFS_MAGIC,
	};
	struct statfs fs;
	struct stat dev;

	if (w->tree->dev >= 0 && fstat(w->tree->dev, &dev) == 0 &&
	    dev.st_dev == st->st_dev)
		return 1;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(types); i++)
		if ((long)fs.f_type == types[i])
			return 1;
	return 0;
}

static bool is_roots(const struct walk *w)
{
	return (w->st.st_uid == 0 || w->st.st_uid == w->tree->owner) &&
	       !(w->st.st_mode & 022);
}

/* Move on to fd with its status st, which done now names; takes fd over. */
static void arrive(struct walk *w, int fd, const struct stat *st)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	w->st = *st;
	if (w->roots && S_ISDIR(st->st_mode) && !is_roots(w)) {
		w->roots = false;
		strcpy(w->others, *w->done ? w->done : "/");
	}
}

static int target_start(struct walk *w)
{
	_cleanup_fd_ int fd = openat(w->tree->root, ".", O_PATH | O_DIRECTORY |
				     O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return target_failed(w, errno);
	w->roots = true;
	w->done[0] = '\0';
	arrive(w, NSC_TAKE_FD(fd), &st);
	return 0;
}

/* Continue with target, and then with the rest of the path. */
static int turn(struct walk *w, const char *target)
{
	char rest[PATH_MAX];
	const char *from = *target == '/' ? "" : w->done;

	if (++w->turns > TURNS)
		return target_failed(w, ELOOP);
	if (snprintf(rest, sizeof(rest), "%s/%s/%s", from, target, w->rest) >=
	    (int)sizeof(rest))
		return target_failed(w, ENAMETOOLONG);
	strcpy(w->rest, rest);
	return target_start(w);
}

/* done contains no link, so its parent is the part before the last '/'. */
static int climb(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (!w->roots)
		return target_refuse(w, "..",
				     "leads out of a directory that "
				     "users other than root can write to");
	if (slash)
		*slash = '\0';
	return turn(w, ".");
}

static int target_follow(struct walk *w, int fd, const char *name)
{
	char target[PATH_MAX];
	int kernel;
	ssize_t n;

	if (!w->roots)
		return nsc_error_set(w->err, ELOOP, "%s '%.96s': '%.96s/%.48s' "
				     "is a symbolic link, and users other "
				     "than root can write to '%.96s': replace "
				     "the link with its target", what(w),
				     w->path, w->done, name, w->others);
	if ((w->how & NSC_TARGET_NO_LINK) && !w->rest[0])
		return target_refuse(w, name,
				     "is a symbolic link: make it "
				     "a directory");
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return target_failed(w, errno);
	target[n] = '\0';
	/* Links of the kernel, such as those in /sys/class. */
	kernel = from_kernel(w, w->fd, &w->st);
	if (kernel < 0)
		return target_failed(w, -kernel);
	if (!kernel && snprintf(w->link, sizeof(w->link), "%s/%s", w->done,
				name) >= (int)sizeof(w->link))
		return target_failed(w, ENAMETOOLONG);
	return turn(w, target);
}

static int target_step(struct walk *w, int fd, const struct stat *st,
		       const char *name)
{
	size_t len = strlen(w->done);
	int kernel = 0;

	if (w->link[0])
		kernel = from_kernel(w, fd, st);
	if (kernel < 0)
		return target_failed(w, -kernel);
	if (kernel)
		return nsc_error_set(w->err, EXDEV, "%s '%.96s': the symbolic "
				     "link '%.96s' leads to '%.96s/%.48s', "
				     "which belongs to the kernel: remove the "
				     "link",
				     what(w), w->path, w->link, w->done, name);
	if (len + 1 + strlen(name) >= sizeof(w->done))
		return target_failed(w, ENAMETOOLONG);
	w->done[len] = '/';
	strcpy(w->done + len + 1, name);
	return 0;
}

static int make_as_we_are(int parent, const char *name, bool file)
{
	_cleanup_fd_ int fd = -1;

	if (!file)
		return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ?
			       -errno : 0;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0644);
	return fd < 0 && errno != EEXIST ? -errno : 0;
}

/*
 * Root of the host has no id on an id-mapped mount, and gets EOVERFLOW: new
 * objects there belong to the owner of their directory.
 */
static int target_make(int parent, const char *name, bool file)
{
	int ret = make_as_we_are(parent, name, file);
	struct stat st;
	gid_t gid;
	uid_t uid;

	if (ret != -EOVERFLOW || fstat(parent, &st) < 0)
		return ret;
	gid = (gid_t)setfsgid(st.st_gid);
	uid = (uid_t)setfsuid(st.st_uid);
	ret = make_as_we_are(parent, name, file);
	setfsuid(uid);
	setfsgid(gid);
	return ret;
}

/* Take the next component from rest; false: there is none. */
static bool next_name(struct walk *w, char name[NAME_MAX + 1], int *error)
{
	const char *from = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(from, "/");

	*error = len > NAME_MAX ? ENAMETOOLONG : 0;
	if (!len || *error)
		return false;
	memcpy(name, from, len);
	name[len] = '\0';
	from += len + strspn(from + len, "/");
	memmove(w->rest, from, strlen(from) + 1);
	return true;
}

static int open_name(const struct walk *w, const char *name)
{
	unsigned int kind = w->how & NSC_TARGET_KIND;
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->fd, name, flags);
	int ret;

	if (fd >= 0 || errno != ENOENT || kind == NSC_TARGET_ANY)
		return fd < 0 ? -errno : fd;
	ret = target_make(w->fd, name, kind == NSC_TARGET_FILE && !w->rest[0]);
	if (ret < 0)
		return ret;
	fd = openat(w->fd, name, flags);
	return fd < 0 ? -errno : fd;
}

static int target_check_owners(const struct walk *w)
{
	if ((w->how & NSC_TARGET_ROOTS) && !w->roots)
		return nsc_error_set(w->err, EPERM, "%s '%s': users other than "
				     "root can write to '%.128s'", what(w),
				     w->path, w->others);
	return 0;
}

/* Walk one component; 1: none is left. */
static int advance(struct walk *w)
{
	_cleanup_fd_ int fd = -1;
	char name[NAME_MAX + 1];
	struct stat st;
	int ret;

	if (!next_name(w, name, &ret))
		return ret ? target_failed(w, ret) : 1;
	if (!strcmp(name, "."))
		return 0;
	if (!S_ISDIR(w->st.st_mode))
		return target_failed(w, ENOTDIR);
	ret = target_check_owners(w);
	if (ret < 0)
		return ret;
	if (!strcmp(name, ".."))
		return climb(w);
	fd = open_name(w, name);
	if (fd < 0)
		return target_failed(w, -fd);
	if (fstat(fd, &st) < 0)
		return target_failed(w, errno);
	if (S_ISLNK(st.st_mode))
		return target_follow(w, fd, name);
	ret = target_step(w, fd, &st, name);
	if (ret == 0)
		arrive(w, NSC_TAKE_FD(fd), &st);
	return ret;
}

static int target_check_kind(const struct walk *w)
{
	unsigned int kind = w->how & NSC_TARGET_KIND;

	if (!w->done[0])
		return nsc_error_set(w->err, EXDEV, "%s '%s': it leads to '/'",
				     what(w), w->path);
	if (kind != NSC_TARGET_ANY &&
	    (kind == NSC_TARGET_FILE) == S_ISDIR(w->st.st_mode))
		return nsc_error_set(w->err, S_ISDIR(w->st.st_mode) ?
				     EISDIR : ENOTDIR, "%s '%s': "
				     "expected a %s", what(w), w->path,
				     kind == NSC_TARGET_FILE ? "file" :
							       "directory");
	return 0;
}

int nsc_target_open(const struct nsc_tree *tree, const char *path,
		    unsigned int how, struct nsc_error *err)
{
	struct walk w = { .tree = tree, .path = path, .how = how, .err = err,
			  .fd = -1 };
	int ret;

	if (strlen(path) >= sizeof(w.rest))
		return nsc_error_sys(err, ENAMETOOLONG, "mount point");
	strcpy(w.rest, path);
	ret = target_start(&w);
	while (ret == 0)
		ret = advance(&w);
	if (ret > 0)
		ret = target_check_kind(&w);
	if (ret < 0) {
		if (w.fd >= 0)
			close(w.fd);
		return ret;
	}
	return w.fd;
}

int nsc_target_mount(const struct nsc_tree *tree, int mount, const char *path,
		     unsigned int how, struct nsc_error *err)
{
	_cleanup_fd_ int target = nsc_target_open(tree, path, how, err);

	if (target < 0)
		return target;
	if (nsc_mount_attach(mount, target, err) < 0)
		return nsc_error_context(err, "mount point '%s'", path);
	return 0;
}
