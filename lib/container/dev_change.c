/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of nsinit, root of the host, in the container's mount
 * namespace while it makes nodes, in one of its own while it makes old ones
 * useless, and in the host's while it removes their names.
 *
 * Root inside owns /dev, and may rename, link and mount there meanwhile.  So
 * each directory is opened by descriptor, without links and without leaving the
 * file system of /dev, and a node is complete when its name appears.
 */
#include "container/dev_change.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <linux/securebits.h>
#include <time.h>
#include <unistd.h>

#include "linux/mount.h"
#include "linux/namespace.h"
#include "rundir/dev_id.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/process.h"

#define CHANGE_MS 10000		/* a file system inside may not answer */
#define NEW_NAME ".nscontainer.new"
/* Limits of a walk: root inside makes as many directories as it likes. */
#define WALK_DEPTH 32
#define WALK_ENTRIES 65536
#define WALK_TRIES 50
#define WALK_PAUSE_US 20000	/* longer than the kernel's clock of files */

struct change {
	const struct nsc_dev_change *request;
	struct nsc_error *err;
	pid_t parent;
	int pidfd;		/* of PID 1 */
	int instance;
	int host;		/* mount namespace */
	int dev;		/* the container's /dev */
	int tree;		/* a copy of it, which is uncovered in a walk */
	dev_t device;		/* its file system */
};

static mode_t dev_type(const struct nsc_made_node *n)
{
	return n->type == 'b' ? S_IFBLK : S_IFCHR;
}

static bool dev_is(const struct nsc_made_node *n, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == dev_type(n) &&
	       st->st_rdev == makedev(n->major, n->minor);
}

/* Is it there already?  A node that is mounted is as the host has it. */
static bool dev_right(const struct change *c, const struct nsc_made_node *n,
		      const struct stat *st)
{
	return dev_is(n, st) &&
	       (st->st_dev != c->device ||
		((st->st_mode & 07777) == n->mode && st->st_uid == n->uid &&
		 st->st_gid == n->gid));
}

/* One name in a directory; no link leads on, and no mount away. */
static int dev_below(int dir, const char *name, unsigned int flags)
{
	const struct open_how how = {
		.flags = flags | O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Open the directory that has the node, and name the node in it. */
static int dev_parent(int dev, const struct nsc_made_node *n, bool make,
		      char name[256])
{
	_cleanup_fd_ int dir = openat(dev, ".", O_PATH | O_DIRECTORY |
				      O_CLOEXEC);
	const char *rest = n->path + strlen("/dev/");

	for (const char *slash; dir >= 0 && (slash = strchr(rest, '/'));
	     rest = slash + 1) {
		int below;

		snprintf(name, 256, "%.*s", (int)(slash - rest), rest);
		if (make && mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		below = dev_below(dir, name, O_DIRECTORY);
		nsc_fd_close(&dir);
		dir = below;
	}
	snprintf(name, 256, "%s", rest);
	return dir < 0 ? dir : NSC_TAKE_FD(dir);
}

static int enter_inside(const struct change *c)
{
	return setns(c->pidfd, CLONE_NEWNS) < 0 ? -errno : 0;
}

static int enter_host(const struct change *c)
{
	return setns(c->host, CLONE_NEWNS) < 0 || chdir("/") < 0 ? -errno : 0;
}

/*
 * mknod(2) with the owner and the mode, so that nothing is changed by name
 * afterwards: SECBIT_NO_SETUID_FIXUP lets the file system ids keep the
 * capabilities.
 */
static int dev_mknod(const struct change *c, int dir,
		     const struct nsc_made_node *n)
{
	int ret = 0;

	setfsgid(n->gid);
	setfsuid(n->uid);
	if (mknodat(dir, NEW_NAME, dev_type(n) | n->mode,
		    makedev(n->major, n->minor)) < 0)
		ret = -errno;
	setfsuid(0);
	setfsgid(0);
	/* A change of ids clears it. */
	nsc_process_die_with(c->parent);
	return ret;
}

/* On a host that is itself a container: the host's node, as in a start. */
static int dev_bind(const struct change *c, int dir, const char *name,
		    const struct nsc_device_node *node)
{
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int target = -1;
	int ret;

	ret = enter_host(c);
	if (ret < 0)
		return nsc_error_sys(c->err, -ret, "return to the host");
	mount = nsc_device_clone(node, c->err);
	if (mount < 0)
		return mount;
	/*
	 * Remove another device together with its mount, or the empty file
	 * below one.
	 */
	unlinkat(dir, name, 0);
	ret = enter_inside(c);
	if (ret < 0)
		return nsc_error_sys(c->err, -ret, "enter the container");
	target = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			O_CLOEXEC, 0444);
	return target < 0 ? nsc_error_sys(c->err, errno, "make device '%s'",
					  node->path) :
			    nsc_mount_attach(mount, target, c->err);
}

/* Is it from an update that was killed before it mounted the host's node? */
static bool is_left(const struct change *c, const struct stat *st)
{
	return S_ISREG(st->st_mode) && !st->st_size && !st->st_uid &&
	       (st->st_mode & 07777) == 0444 && st->st_dev == c->device;
}

static int dev_make(const struct change *c, const struct nsc_made_node *n,
		    const struct nsc_device_node *node)
{
	char name[256];
	_cleanup_fd_ int dir = dev_parent(c->dev, n, true, name);
	struct stat st;
	int ret;

	if (dir < 0)
		return nsc_error_sys(c->err, -dir, "make device '%s': its "
				     "directory inside", n->path);
	ret = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (ret == 0 && dev_right(c, n, &st))
		return 0;
	if (ret == 0 && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode) &&
	    !is_left(c, &st))
		return nsc_error_set(c->err, EEXIST, "make device '%s': "
				     "something else has this name inside: "
				     "remove it there", n->path);
	/* An update that was killed, or root inside, may have left it. */
	unlinkat(dir, NEW_NAME, 0);
	ret = dev_mknod(c, dir, n);
	if (ret == -EEXIST)
		return nsc_error_set(c->err, EEXIST, "make device '%s': "
				     "something is in the way inside: remove "
				     "'" NEW_NAME "' from its directory",
				     n->path);
	if (ret == -EPERM)
		return dev_bind(c, dir, name, node);
	if (ret == 0 && renameat(dir, NEW_NAME, dir, name) < 0) {
		ret = -errno;
		unlinkat(dir, NEW_NAME, 0);
	}
	return ret < 0 ? nsc_error_sys(c->err, -ret, "make device '%s'",
				       n->path) : 0;
}

/*
 * Root inside may have given the node other names, and a host that is itself a
 * container has no rules of devices that hold for all.  A node of the host's
 * own, which is only mounted here, stays as it is.
 */
static int dev_useless(const struct change *c, int fd, const struct stat *st)
{
	char path[48];

	if (st->st_dev != c->device)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fchownat(fd, "", 0, 0, AT_EMPTY_PATH) < 0 ||
	       chmod(path, 0) < 0 ? -errno : 0;
}

/* Is it a node that only old has, or had with another owner or mode? */
static bool dev_goes(const struct change *c, const struct stat *st)
{
	const struct nsc_made *old = c->request->old, *new = c->request->new;
	struct nsc_made_node n;
	bool goes = false;

	for (char **v = old->nodes; v && *v && !goes; v++)
		goes = nsc_made_node_parse(*v, &n, NSC_IGNORE) == 0 &&
		       dev_is(&n, st) && !nsc_made_has(new, *v);
	for (char **v = new->nodes; v && *v && goes; v++)
		goes = nsc_made_node_parse(*v, &n, NSC_IGNORE) < 0 ||
		       !dev_right(c, &n, st);
	return goes;
}

struct walk {
	const struct change *c;
	struct timespec begin;
	unsigned int entries;
	bool changed;		/* a directory, while it was walked */
};

static bool in_order(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

/*
 * What the start mounted is locked where the container has a user namespace:
 * then root inside cannot put anything below it either.
 */
static int walk_open(int dir, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	do
		fd = dev_below(dir, name, 0);
	while (fd == -EXDEV &&
	       umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0);
	return fd == -EXDEV && errno == EINVAL ? -ENOENT : fd;
}

static int walk_directory(struct walk *w, int dir, unsigned int depth);

static int walk_entry(struct walk *w, int dir, const char *name,
		      unsigned int depth)
{
	_cleanup_fd_ int fd = walk_open(dir, name);
	struct stat st;

	/* If it has gone, the directory has changed. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (++w->entries > WALK_ENTRIES || depth > WALK_DEPTH)
		return -E2BIG;
	if (S_ISDIR(st.st_mode))
		return walk_directory(w, fd, depth + 1);
	return dev_goes(w->c, &st) ? dev_useless(w->c, fd, &st) : 0;
}

/*
 * A node that is moved meanwhile from where the walk comes to where it has been
 * changes a directory on its way before that directory's walk ends.
 */
static int walk_directory(struct walk *w, int dir, unsigned int depth)
{
	int ret = 0, fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct timespec now;
	const struct dirent *e;
	struct stat st;

	if (!list)
		return -errno;
	while (ret == 0 && (e = nsc_file_next(list, &ret)))
		ret = walk_entry(w, dir, e->d_name, depth);
	closedir(list);
	if (ret == 0 && fstat(dir, &st) < 0)
		ret = -errno;
	if (ret < 0)
		return ret;
	/* The clock may have been set back since the last change. */
	clock_gettime(CLOCK_REALTIME, &now);
	if (in_order(&w->begin, &st.st_ctim) && in_order(&st.st_ctim, &now))
		w->changed = true;
	return 0;
}

/*
 * Root inside may have moved the nodes, given them other names, and covered
 * them, before and meanwhile.
 */
static int make_useless(const struct change *c)
{
	for (int i = 0; i < WALK_TRIES; i++) {
		struct walk w = { .c = c };
		int ret;

		clock_gettime(CLOCK_REALTIME_COARSE, &w.begin);
		ret = walk_directory(&w, c->tree, 0);
		if (ret == -E2BIG)
			return nsc_error_set(c->err, E2BIG, "/dev has more "
					     "than %d files, or %d directories "
					     "in each other: remove some "
					     "inside", WALK_ENTRIES,
					     WALK_DEPTH);
		if (ret < 0)
			return nsc_error_sys(c->err, -ret, "find the nodes of "
					     "devices in /dev");
		if (!w.changed)
			return 0;
		usleep(WALK_PAUSE_US);
	}
	return nsc_error_set(c->err, EBUSY, "processes inside change /dev all "
			     "the time: end them, or start a new container");
}

/* In c->dev a node may be a mount of the host's. */
static int dev_unlink(const struct change *c, int dev,
		      const struct nsc_made_node *n)
{
	char name[256];
	_cleanup_fd_ int dir = dev_parent(dev, n, false, name);
	struct stat st;

	/* Root inside has removed it, or put something of its own there. */
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !dev_is(n, &st) || unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	return nsc_error_sys(c->err, errno, "remove device '%s'", n->path);
}

static bool any_goes(const struct nsc_dev_change *r)
{
	for (char **v = r->old->nodes; v && *v; v++)
		if (!nsc_made_has(r->new, *v))
			return true;
	return false;
}

/*
 * Call this while the container's mounts are entered: only they can be cloned.
 */
static int tree_open(struct change *c)
{
	c->tree = nsc_mount_clone(c->dev, true, c->err);
	if (c->tree == -EINVAL)
		return nsc_error_set(c->err, EINVAL, "/dev cannot be searched "
				     "for nodes: its mount was made unbindable "
				     "inside: make it private, or start a new "
				     "container");
	if (c->tree >= 0)
		nsc_mount_restrict(c->tree, 0, true, c->err);
	return c->err->code ? nsc_error_context(c->err, "/dev") : 0;
}

static int change_open(struct change *c)
{
	struct stat st = { .st_dev = 0 };
	int ret;

	c->host = nsc_namespace_open(0, CLONE_NEWNS);
	umask(0);
	if (c->host < 0 ||
	    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return nsc_error_sys(c->err, c->host < 0 ? -c->host : errno,
				     "change /dev");
	ret = enter_inside(c);
	if (ret == 0)
		c->dev = open("/dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			      O_CLOEXEC);
	if (ret < 0 || c->dev < 0)
		return nsc_error_sys(c->err, ret < 0 ? -ret : errno, "/dev");
	ret = nsc_dev_id_check(c->instance, c->dev, c->err);
	if (ret == 0 && fstat(c->dev, &st) < 0)
		ret = nsc_error_sys(c->err, errno, "/dev");
	c->device = ret < 0 ? 0 : st.st_dev;
	return ret == 0 && any_goes(c->request) ? tree_open(c) : ret;
}

static int make_all(struct change *c)
{
	const struct nsc_dev_change *r = c->request;
	const struct nsc_device_node *node;
	int ret = 0;

	for (size_t i = 0;
	     ret == 0 && (node = nsc_config_device(r->plan->config, i)); i++) {
		struct nsc_made_node n;

		ret = nsc_made_node_parse(r->new->nodes[i], &n, c->err);
		if (ret == 0)
			ret = dev_make(c, &n, node);
	}
	return ret;
}

/* A node that has only another owner or mode has been replaced. */
static bool still_there(const struct nsc_made *made,
			const struct nsc_made_node *n)
{
	struct nsc_made_node other;

	for (char **v = made->nodes; v && *v; v++)
		if (nsc_made_node_parse(*v, &other, NSC_IGNORE) == 0 &&
		    !strcmp(other.path, n->path))
			return true;
	return false;
}

/*
 * Enter a mount namespace in which the copy can be uncovered and nobody sees
 * it.
 */
static int enter_own(const struct change *c)
{
	_cleanup_fd_ int target = -1;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return nsc_error_sys(c->err, errno, "mount namespace");
	target = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target < 0 ? nsc_error_sys(c->err, errno, "/dev") :
			    nsc_mount_attach(c->tree, target, c->err);
}

static int remove_all(struct change *c)
{
	const struct nsc_dev_change *r = c->request;
	int ret;

	if (c->tree < 0)
		return 0;
	ret = enter_host(c);
	if (ret < 0)
		return nsc_error_sys(c->err, -ret, "return to the host");
	ret = enter_own(c);
	if (ret == 0)
		ret = make_useless(c);
	if (ret == 0 && enter_host(c) < 0)
		ret = nsc_error_sys(c->err, errno, "return to the host");
	for (char **v = r->old->nodes; ret == 0 && v && *v; v++) {
		struct nsc_made_node n;

		ret = nsc_made_node_parse(*v, &n, c->err);
		if (ret < 0 || still_there(r->new, &n))
			continue;
		ret = dev_unlink(c, c->dev, &n);
		if (ret == 0)
			ret = dev_unlink(c, c->tree, &n);
	}
	return ret;
}

/*
 * The child keeps none of the caller's files, whose locks must end with the
 * caller.
 */
static void change_run(struct change *c, int out)
{
	const int keep[] = { c->pidfd, c->instance, out };

	nsc_process_die_with(c->parent);
	if (nsc_process_clean_descriptors(keep, NSC_ARRAY_SIZE(keep)) < 0)
		_exit(1);
	c->pidfd = 3;
	c->instance = 4;
	if (change_open(c) == 0 && make_all(c) == 0)
		remove_all(c);
	nsc_error_send(5, c->err);
	_exit(0);
}

int nsc_dev_change(const struct nsc_dev_change *change, struct nsc_error *err)
{
	struct change c = {
		.request = change, .err = err, .parent = getpid(),
		.pidfd = change->pidfd, .instance = change->plan->rundir,
		.host = -1, .dev = -1, .tree = -1,
	};
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;
	int ret;

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		change_run(&c, out);
	nsc_fd_close(&out);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "make a process");
	if (nsc_process_wait(pidfd, nsc_process_now() + CHANGE_MS, NULL) < 0) {
		nsc_process_kill(pidfd);
		return nsc_error_set(err, ETIMEDOUT, "the container's /dev "
				     "does not answer: unmount what was "
				     "mounted inside over it, or start a new "
				     "container");
	}
	ret = nsc_error_receive(in, err);
	return ret > 0 ? nsc_error_set(err, ECHILD, "the process that changes "
				       "the container's /dev died") : ret;
}
