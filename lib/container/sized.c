/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host (nsc_sized_check), and the builder.
 *
 * Only the kernel and the programs of e2fsprogs write to an image, below a
 * directory that only root can enter.  Whoever has the lock of its file uses
 * it: the loop device keeps the lock until the last mount is gone, and each
 * program that works on the image has it too.
 */
#include "container/sized.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/loop.h"
#include "linux/mount.h"
#include "rootfs/root.h"
#include "rundir/statedir.h"
#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/process.h"

#define MIB ((uint64_t)1024 * 1024)
#define SLACK (4 * MIB)		/* mke2fs leaves out a small last group */
#define LOCK_MS 5000		/* for the end of the container before */
#define SELF "/proc/self/fd/3"	/* the image, in a program */

struct sized {
	const char *key;	/* of container.json */
	uint64_t size;
	const char *image;	/* name of the file in dir */
	const char *plain;	/* name of the same data without a size */
	const char *remedy;
	char dir[PATH_MAX];
};

/* False: the container keeps nothing of this kind. */
static bool describe(const struct nsc_plan *plan, enum nsc_sized kind,
		     struct sized *ret)
{
	const struct nsc_config *config = plan->config;
	const struct nsc_statedir whose = nsc_rootfs_kept(plan);

	*ret = kind == NSC_SIZED_LAYER ?
		(struct sized){ "overlay_size", config->overlay_size, "image",
				"upper", "'nsinit reset' removes the layer",
				"" } :
		(struct sized){ "home_size", config->home_size, "home.image",
				"home", "'nsinit purge' removes it", "" };
	nsc_statedir_path_of(&whose, ret->dir);
	if (kind == NSC_SIZED_HOME)
		return plan->login && config->home == NSC_HOME_PRIVATE;
	strncat(ret->dir, "/overlay", PATH_MAX - strlen(ret->dir) - 1);
	return config->overlay == NSC_OVERLAY_PERSISTENT;
}

/* The size of the file system in the file, in bytes; 0: there is none. */
static uint64_t size_of(int file)
{
	uint8_t super[1024];
	uint32_t low, high, shift;

	if (pread(file, super, sizeof(super), 1024) != sizeof(super) ||
	    super[0x38] != 0x53 || super[0x39] != 0xef)
		return 0;
	memcpy(&low, super + 0x4, sizeof(low));
	memcpy(&shift, super + 0x18, sizeof(shift));
	memcpy(&high, super + 0x150, sizeof(high));
	return ((uint64_t)le32toh(high) << 32 | le32toh(low))
	       << (10 + (le32toh(shift) & 7));
}

static int sized_open(int dir, const struct sized *s, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(dir, s->image, O_RDWR | O_NOFOLLOW |
				     O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "open '%s/%s'", s->dir,
				     s->image);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_nlink != 1)
		return nsc_error_set(err, EPERM, "'%s/%s' is not a file of "
				     "root's with one name", s->dir, s->image);
	return NSC_TAKE_FD(fd);
}

/* Data with a size, and the same without one, are never there together. */
static int check_kind(int dir, const struct sized *s, int image,
		      struct nsc_error *err)
{
	bool plain = faccessat(dir, s->plain, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	uint64_t has;

	if (image < 0)
		return !plain || !s->size ? 0 :
			nsc_error_set(err, EEXIST, "%s: '%s/%s' is kept "
				      "without a size already: remove the key, "
				      "move that into an image (see "
				      "container.json(5)), or %s", s->key,
				      s->dir, s->plain, s->remedy);
	if (!s->size)
		return nsc_error_set(err, EEXIST, "%s: is missing, but '%s/%s' "
				     "has a size: write the key, or %s",
				     s->key, s->dir, s->image, s->remedy);
	has = size_of(image);
	return !has || s->size + SLACK >= has ? 0 :
		nsc_error_set(err, EFBIG, "%s: '%s/%s' has %llu MiB already, "
			      "and is not made smaller: write at least that, "
			      "or %s", s->key, s->dir, s->image,
			      (unsigned long long)has / MIB, s->remedy);
}

static int check_one(const struct sized *s, struct nsc_error *err)
{
	static const char *const programs[] = {
		"/sbin/mke2fs", "/sbin/e2fsck", "/sbin/resize2fs",
	};
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int image = -1;

	if (s->size && nsc_loop_check(err) < 0)
		return nsc_error_context(err, "%s", s->key);
	for (size_t i = 0; s->size && i < NSC_ARRAY_SIZE(programs); i++)
		if (access(programs[i], X_OK) < 0)
			return nsc_error_sys(err, errno, "%s: needs '%s', of "
					     "e2fsprogs", s->key, programs[i]);
	dir = nsc_file_open_dir(s->dir, err);
	if (dir == -ENOENT)
		return nsc_error_clear(err);
	image = dir < 0 ? dir : sized_open(dir, s, err);
	return image < 0 && image != -ENOENT ? image :
	       check_kind(dir, s, image, err);
}

int nsc_sized_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	struct sized s;

	for (unsigned int kind = 0; kind < NSC_SIZED_KINDS; kind++)
		if (describe(plan, kind, &s) && check_one(&s, err) < 0)
			return nsc_error_context(err, "%s",
						 plan->config->file);
	return 0;
}

/*
 * Run a program on the image, which it has as SELF.  Exit statuses above most
 * are errors.
 */
static int sized_run(const struct nsc_plan *plan, int image,
		     const char *const *argv, int most, struct nsc_error *err)
{
	char *const env[] = { (char[]){ "PATH=" NSC_PATH }, NULL };
	int64_t left = (plan->deadline - nsc_process_now()) / 1000;
	const struct nsc_command command = {
		.path = argv[0], .argv = (char *const *)(uintptr_t)argv,
		.envp = env, .timeout = left > 1 ? (uint32_t)left : 1,
		.stdout_too = true, .file = image,
	};
	char text[128];
	int ret = nsc_command_run(&command, text, sizeof(text));

	text[strcspn(text, "\n")] = '\0';
	if (ret < 0)
		return nsc_error_sys(err, -ret, "run %s", argv[0]);
	return ret <= most ? 0 :
	       nsc_error_set(err, EIO, "%s (status %d): %s", argv[0], ret,
			     text);
}

/*
 * Reserve the whole size on the disk: if another user could fill the disk,
 * writes to a file system that has room would fail, and damage it.  A disk that
 * cannot reserve gives what it has when it is asked.
 */
static int reserve(const struct sized *s, int image, int mode,
		   struct nsc_error *err)
{
	off_t size = (off_t)s->size;

	if (fallocate(image, mode, 0, size) == 0)
		return 0;
	if (errno == EOPNOTSUPP && (mode || ftruncate(image, size) == 0))
		return 0;
	return nsc_error_sys(err, errno, "reserve %llu MiB in '%s': remove "
			     "something there, or write a smaller %s",
			     (unsigned long long)s->size / MIB, s->dir, s->key);
}

static int fill(const struct nsc_plan *plan, const struct sized *s, int image,
		struct nsc_error *err)
{
	static const char *const argv[] = {
		"/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m",
		"0", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1",
		SELF, NULL,
	};
	int ret = reserve(s, image, 0, err);

	return ret < 0 ? ret : sized_run(plan, image, argv, 0, err);
}

/* An image that is whole gets its name; one that is not is removed. */
static int sized_make(const struct nsc_plan *plan, const struct sized *s,
		      int dir, struct nsc_error *err)
{
	_cleanup_fd_ int image = -1;
	char name[32];
	int ret;

	snprintf(name, sizeof(name), "%s.new", s->image);
	unlinkat(dir, name, 0);
	image = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (image < 0)
		return nsc_error_sys(err, errno, "make '%s/%s'", s->dir, name);
	ret = fill(plan, s, image, err);
	if (ret == 0 && (fsync(image) < 0 ||
			 renameat(dir, name, dir, s->image) < 0 ||
			 fsync(dir) < 0))
		ret = nsc_error_sys(err, errno, "make '%s/%s'", s->dir,
				    s->image);
	if (ret < 0)
		unlinkat(dir, name, 0);
	return ret < 0 ? ret : NSC_TAKE_FD(image);
}

/* As a boot does for disks: repair what needs no decision. */
static int sized_repair(const struct nsc_plan *plan, const struct sized *s,
			int image, bool all, struct nsc_error *err)
{
	const char *const argv[] = {
		"/sbin/e2fsck", "-p", all ? "-f" : SELF, all ? SELF : NULL,
		NULL,
	};
	int ret = sized_run(plan, image, argv, 3, err);

	return ret == 0 ? 0 :
	       nsc_error_context(err, "'%s/%s' needs a repair that root "
				 "decides about: run e2fsck on it", s->dir,
				 s->image);
}

/* Killed at any step, the next start goes on. */
static int sized_grow(const struct nsc_plan *plan, const struct sized *s,
		      int image, struct nsc_error *err)
{
	char size[32];
	const char *const argv[] = { "/sbin/resize2fs", SELF, size, NULL };
	struct stat st;
	int ret;

	if (size_of(image) + SLACK >= s->size)
		return 0;
	snprintf(size, sizeof(size), "%lluM",
		 (unsigned long long)s->size / MIB);
	if (fstat(image, &st) < 0)
		return nsc_error_sys(err, errno, "'%s/%s'", s->dir, s->image);
	ret = reserve(s, image, FALLOC_FL_KEEP_SIZE, err);
	if (ret < 0) {
		/* Give back a part that was reserved. */
		(void)!ftruncate(image, st.st_size);
		return ret;
	}
	ret = sized_repair(plan, s, image, true, err);
	return ret < 0 ? ret : sized_run(plan, image, argv, 0, err);
}

static int attach_device(int image, struct nsc_error *err)
{
	char path[NSC_LOOP_PATH];
	const struct nsc_mount_option options[] = {
		{ "source", path }, { "errors", "remount-ro" }, { NULL, NULL },
	};
	_cleanup_fd_ int device = nsc_loop_open(image, NSC_LOOP_WRITTEN,
						path, err);

	return device < 0 ? device : nsc_mount_new("ext4", options,
						   NSC_MOUNT_SAFE, err);
}

static int open_dir(const struct nsc_plan *plan, enum nsc_sized kind,
		    const struct sized *s, struct nsc_error *err)
{
	const struct nsc_statedir whose = nsc_rootfs_kept(plan);
	_cleanup_fd_ int parent = nsc_statedir_open(&whose, err);

	return parent < 0 || kind == NSC_SIZED_HOME ?
		       NSC_TAKE_FD(parent) :
		       nsc_file_make_dir(s->dir, 0700, err);
}

static int sized_mount(const struct nsc_plan *plan, int dir,
		       const struct sized *s, struct nsc_error *err)
{
	_cleanup_fd_ int image = sized_open(dir, s, err);
	bool is_new = image == -ENOENT;
	char path[PATH_MAX + 32];

	if (is_new)
		image = sized_make(plan, s, dir, err);
	snprintf(path, sizeof(path), "%s/%s", s->dir, s->image);
	if (image < 0 || check_kind(dir, s, image, err) < 0 ||
	    nsc_lock(image, path, LOCK_EX, nsc_process_now() + LOCK_MS,
		     err) < 0)
		return -err->code;
	if (!is_new && (sized_repair(plan, s, image, false, err) < 0 ||
			sized_grow(plan, s, image, err) < 0))
		return -err->code;
	return attach_device(image, err);
}

int nsc_sized_mount(const struct nsc_plan *plan, enum nsc_sized kind,
		    struct nsc_error *err)
{
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int mount = -1;
	struct sized s;

	if (plan->dry || !describe(plan, kind, &s) || !s.size)
		return -ENOENT;
	dir = open_dir(plan, kind, &s, err);
	mount = dir < 0 ? dir : sized_mount(plan, dir, &s, err);
	return mount < 0 ? nsc_error_context(err, "%s", s.key) :
			   NSC_TAKE_FD(mount);
}
