/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of nsinit, root of the host, in the container's mount
 * namespace while it makes nodes, and in the host's while it removes some.
 *
 * Root inside owns /dev, and may rename, link and mount there meanwhile.  So
 * each directory is opened by descriptor, without links and without leaving the
 * file system of /dev, and a node is complete when its name appears.
 */
#include "container/dev_change.h"

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
#include <unistd.h>

#include "linux/mount.h"
#include "linux/namespace.h"
#include "rundir/dev_id.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define CHANGE_MS 10000		/* a file system inside may not answer */
#define NEW_NAME ".nscontainer.new"

/* A node in the form of struct nsc_made. */
struct dev_node {
	char type;
	unsigned int major, minor, mode, uid, gid;
	const char *path;
};

struct change {
	const struct nsc_dev_change *request;
	struct nsc_error *err;
	int host;		/* mount namespace */
	int dev;		/* the container's /dev */
	dev_t device;		/* its file system */
};

static int dev_parse(const char *text, struct dev_node *n,
		     struct nsc_error *err)
{
	n->path = strchr(text, '/');
	if (!n->path || sscanf(text, "%c %u %u %o %u %u", &n->type, &n->major,
			       &n->minor, &n->mode, &n->uid, &n->gid) != 6 ||
	    strncmp(n->path, "/dev/", 5) != 0) {
		nsc_error_sys(err, EBADMSG, NSC_FILE_MADE);
		return -EBADMSG;
	}
	return 0;
}

static mode_t dev_type(const struct dev_node *n)
{
	return n->type == 'b' ? S_IFBLK : S_IFCHR;
}

static bool dev_is(const struct dev_node *n, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == dev_type(n) &&
	       st->st_rdev == makedev(n->major, n->minor);
}

/* Is it there already?  A node that is mounted is as the host has it. */
static bool dev_right(const struct change *c, const struct dev_node *n,
		      const struct stat *st)
{
	return dev_is(n, st) &&
	       (st->st_dev != c->device ||
		((st->st_mode & 07777) == n->mode && st->st_uid == n->uid &&
		 st->st_gid == n->gid));
}

/* One directory below another; no link leads on, and no mount away. */
static int dev_below(int dir, const char *name)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Open the directory that has the node, and name the node in it. */
static int dev_parent(const struct change *c, const struct dev_node *n,
		      bool make, char name[256])
{
	_cleanup_fd_ int dir = openat(c->dev, ".", O_PATH | O_DIRECTORY |
				      O_CLOEXEC);
	const char *rest = n->path + strlen("/dev/");

	for (const char *slash; dir >= 0 && (slash = strchr(rest, '/'));
	     rest = slash + 1) {
		int below;

		snprintf(name, 256, "%.*s", (int)(slash - rest), rest);
		if (make && mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		below = dev_below(dir, name);
		nsc_fd_close(&dir);
		dir = below;
	}
	snprintf(name, 256, "%s", rest);
	return dir < 0 ? dir : NSC_TAKE_FD(dir);
}

static int enter_inside(const struct change *c)
{
	return setns(c->request->pidfd, CLONE_NEWNS) < 0 ? -errno : 0;
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
static int dev_mknod(int dir, const struct dev_node *n)
{
	int ret = 0;

	setfsgid(n->gid);
	setfsuid(n->uid);
	if (mknodat(dir, NEW_NAME, dev_type(n) | n->mode,
		    makedev(n->major, n->minor)) < 0)
		ret = -errno;
	setfsuid(0);
	setfsgid(0);
	return ret;
}

/* On a host that is itself a container: the host's node, as in a start. */
static int dev_bind(const struct change *c, int dir, const char *name,
		    const struct nsc_device_node *node)
{
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int target = -1;

	if (enter_host(c) < 0)
		return nsc_error_sys(c->err, EPERM, "%s", node->path);
	mount = nsc_device_clone(node, c->err);
	if (mount < 0)
		return mount;
	if (enter_inside(c) < 0)
		return nsc_error_sys(c->err, EPERM, "%s", node->path);
	target = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			O_CLOEXEC, 0444);
	return target < 0 ? nsc_error_sys(c->err, errno, "make device '%s'",
					  node->path) :
			    nsc_mount_attach(mount, target, c->err);
}

static int dev_make(const struct change *c, const struct dev_node *n,
		    const struct nsc_device_node *node)
{
	char name[256];
	_cleanup_fd_ int dir = dev_parent(c, n, true, name);
	struct stat st;
	int ret;

	if (dir < 0)
		return nsc_error_sys(c->err, -dir, "make device '%s': its "
				     "directory inside", n->path);
	ret = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (ret == 0 && dev_right(c, n, &st))
		return 0;
	if (ret == 0 && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return nsc_error_set(c->err, EEXIST, "make device '%s': "
				     "something else has this name inside: "
				     "remove it there", n->path);
	/* Of an update that was killed, or root's inside. */
	unlinkat(dir, NEW_NAME, 0);
	ret = dev_mknod(dir, n);
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

static int dev_remove(const struct change *c, const struct dev_node *n)
{
	char name[256];
	_cleanup_fd_ int dir = dev_parent(c, n, false, name);
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int ret;

	fd = dir < 0 ? dir : openat(dir, name, O_PATH | O_NOFOLLOW |
				    O_CLOEXEC);
	/* Root inside has removed it, or put something of its own there. */
	if (fd < 0 || fstat(fd, &st) < 0 || !dev_is(n, &st))
		return 0;
	ret = dev_useless(c, fd, &st);
	if (ret == 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		ret = -errno;
	return ret < 0 ? nsc_error_sys(c->err, -ret, "remove device '%s'",
				       n->path) : 0;
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
	ret = nsc_dev_id_check(c->request->plan->rundir, c->dev, c->err);
	if (ret == 0 && fstat(c->dev, &st) < 0)
		ret = nsc_error_sys(c->err, errno, "/dev");
	c->device = ret < 0 ? 0 : st.st_dev;
	return ret;
}

static int make_all(struct change *c)
{
	const struct nsc_dev_change *r = c->request;
	const struct nsc_device_node *node;
	int ret = 0;

	for (size_t i = 0;
	     ret == 0 && (node = nsc_config_device(r->plan->config, i)); i++) {
		struct dev_node n;

		ret = dev_parse(r->new->nodes[i], &n, c->err);
		if (ret == 0)
			ret = dev_make(c, &n, node);
	}
	return ret;
}

/* A node that has only another owner or mode has been replaced. */
static bool still_there(const struct nsc_made *made, const struct dev_node *n)
{
	for (char **v = made->nodes; v && *v; v++) {
		const char *path = strchr(*v, '/');

		if (path && !strcmp(path, n->path))
			return true;
	}
	return false;
}

static int remove_all(struct change *c)
{
	const struct nsc_dev_change *r = c->request;
	int ret = enter_host(c);

	if (ret < 0)
		return nsc_error_sys(c->err, -ret, "return to the host");
	for (char **v = r->old->nodes; ret == 0 && v && *v; v++) {
		struct dev_node n;

		ret = dev_parse(*v, &n, c->err);
		if (ret == 0 && !still_there(r->new, &n))
			ret = dev_remove(c, &n);
	}
	return ret;
}

static void change_run(const void *arg, void *answer)
{
	struct change c = { .request = arg, .err = answer, .host = -1,
			    .dev = -1 };

	if (change_open(&c) == 0 && make_all(&c) == 0)
		remove_all(&c);
}

int nsc_dev_change(const struct nsc_dev_change *change, struct nsc_error *err)
{
	struct nsc_error answer = NSC_ERROR_INIT;
	int ret = nsc_process_ask(change_run, change, &answer, sizeof(answer),
				  nsc_process_now() + CHANGE_MS);

	return ret < 0 ? nsc_error_sys(err, -ret, "change the container's "
				       "/dev") :
			 nsc_error_take(&answer, err);
}
