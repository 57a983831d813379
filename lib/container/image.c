/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host (nsc_image_check), and the builder.
 *
 * The file is opened once: its owner, its content and its loop device are those
 * of one descriptor.  A device keeps the file for as long as the container is
 * there; a file that is renamed in its place is for the next container.
 */
#include "container/image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/sized.h"
#include "container/verity.h"
#include "linux/loop.h"
#include "linux/mount.h"
#include "util/fd.h"
#include "util/file.h"

/* A number or text at a fixed place tells the type of a file system. */
struct image_type {
	const char *name;
	off_t at;
	const char *magic;
	size_t len;
};

static const struct image_type image_types[] = {
	{ "squashfs", 0, "hsqs", 4 },
	{ "erofs", 1024, "\xe2\xe1\xf5\xe0", 4 },
	{ "ext4", 1024 + 0x38, "\x53\xef", 2 },
};

static const struct image_type *image_type_of(int file)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(image_types); i++) {
		const struct image_type *t = &image_types[i];
		char magic[4];

		if (pread(file, magic, t->len, t->at) == (ssize_t)t->len &&
		    !memcmp(magic, t->magic, t->len))
			return t;
	}
	return NULL;
}

/*
 * Somebody may have opened the file before root made it root's own.  A lease is
 * not given while a file is open for writing, fcntl(2).
 */
static int refuse_writers(int file, const char *path, struct nsc_error *err)
{
	/* Whoever opens it just then sends a signal, which nobody notices. */
	fcntl(file, F_SETSIG, SIGURG);
	if (fcntl(file, F_SETLEASE, F_RDLCK) < 0)
		return errno != EAGAIN ? 0 :
		       nsc_error_set(err, ETXTBSY, "%s: a process has it open "
				     "for writing: make a copy, and rename "
				     "that one", path);
	fcntl(file, F_SETLEASE, F_UNLCK);
	return 0;
}

static int image_open(const char *path, const struct image_type **type,
		      struct nsc_error *err)
{
	_cleanup_fd_ int file = nsc_file_open(path, err);

	if (file < 0)
		return file;
	if (refuse_writers(file, path, err) < 0)
		return -err->code;
	*type = image_type_of(file);
	return *type ? NSC_TAKE_FD(file) :
	       nsc_error_set(err, EINVAL, "%s: is neither a directory nor an "
			     "image of squashfs, erofs or ext4 (an image has "
			     "no partitions)", path);
}

int nsc_image_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct image_type *type;
	const char *path = plan->config->rootfs;
	_cleanup_fd_ int file = image_open(path, &type, err);

	if (file < 0 || nsc_loop_check(err) < 0)
		return nsc_error_context(err, "%s: rootfs",
					 plan->config->file);
	return nsc_verity_check(plan, err);
}

static int mount_device(const char *device, const struct image_type *type,
			struct nsc_error *err)
{
	/* The image could say that its errors stop the host: "panic". */
	bool is_ext4 = !strcmp(type->name, "ext4");
	const struct nsc_mount_option options[] = {
		{ "source", device }, { "ro", NULL },
		{ is_ext4 ? "errors" : NULL, "remount-ro" },
		{ NULL, NULL },
	};

	return nsc_mount_new(type->name, options,
			     MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, err);
}

/* Returns the detached mount, read-only. */
static int image_mount(const struct nsc_plan *plan, struct nsc_error *err)
{
	_cleanup_verity_ struct nsc_verity verity = NSC_VERITY_INIT;
	const struct image_type *type = NULL;
	_cleanup_fd_ int file = image_open(plan->config->rootfs, &type, err);
	_cleanup_fd_ int device = -1;
	_cleanup_fd_ int mount = -1;
	char path[NSC_LOOP_PATH];
	int ret;

	if (file >= 0)
		device = nsc_loop_open(file, plan->config->rootfs_verity ?
					     NSC_LOOP_ALONE : NSC_LOOP_SHARED,
				       path, err);
	ret = device < 0 || !plan->config->rootfs_verity ?
		      device : nsc_verity_open(plan, path, &verity, err);
	if (ret >= 0 && type)
		mount = mount_device(*verity.path ? verity.path : path, type,
				     err);
	if (ret >= 0 && mount < 0 && *verity.path)
		nsc_verity_explain(mount, err);
	return mount < 0 ? nsc_error_context(err, "rootfs '%s'",
					     plan->config->rootfs) :
			   NSC_TAKE_FD(mount);
}

int nsc_image_mount_all(const struct nsc_plan *plan, struct nsc_images *ret,
			struct nsc_error *err)
{
	int *const sized[] = { &ret->layer, &ret->home };
	int error = 0;

	if (plan->image)
		error = ret->rootfs = image_mount(plan, err);
	for (unsigned int i = 0; error >= 0 && i < NSC_SIZED_KINDS; i++) {
		*sized[i] = nsc_sized_mount(plan, i, err);
		error = *sized[i] == -ENOENT ? 0 : *sized[i];
	}
	return error < 0 ? error : 0;
}
