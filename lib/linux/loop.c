/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

#define CONTROL "/dev/loop-control"
#define TRIES 64		/* others may take a device before this does */

static int open_device(unsigned int number, bool writable,
		       char path[NSC_LOOP_PATH])
{
	snprintf(path, NSC_LOOP_PATH, "/dev/loop%u", number);
	return open(path, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK |
			  O_CLOEXEC);
}

/*
 * Is the device a shared one of this file?  While it is open, it stays so.  A
 * device that is not shared has a size, see nsc_loop_open().
 */
static bool is_shared(int device, const struct stat *file)
{
	static const uint32_t flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	struct loop_info64 info;

	return ioctl(device, LOOP_GET_STATUS64, &info) == 0 &&
	       info.lo_device == file->st_dev &&
	       info.lo_inode == file->st_ino && !info.lo_offset &&
	       !info.lo_sizelimit && (info.lo_flags & flags) == flags;
}

/* -1: nobody has such a device. */
static int find_shared(const struct stat *file, char path[NSC_LOOP_PATH])
{
	_cleanup_fd_ int device = -1;
	struct dirent *entry;
	unsigned int number;
	DIR *dir = opendir("/dev");

	while (dir && device < 0 && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "loop%u", &number) != 1)
			continue;
		device = open_device(number, false, path);
		if (device >= 0 && !is_shared(device, file))
			nsc_fd_close(&device);
	}
	if (dir)
		closedir(dir);
	return NSC_TAKE_FD(device);
}

static int loop_refuse(const char *path, struct nsc_error *err)
{
	return nsc_error_sys(err, errno, "loop device '%s', which an image "
			     "needs", path);
}

int nsc_loop_check(struct nsc_error *err)
{
	return access(CONTROL, R_OK | W_OK) < 0 ? loop_refuse(CONTROL, err) : 0;
}

static int loop_make(int control, const struct loop_config *config,
		     char path[NSC_LOOP_PATH], struct nsc_error *err)
{
	bool writable = !(config->info.lo_flags & LO_FLAGS_READ_ONLY);

	for (int i = 0; i < TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		_cleanup_fd_ int device = -1;

		if (number < 0)
			return loop_refuse(CONTROL, err);
		device = open_device((unsigned int)number, writable, path);
		if (device < 0)
			return loop_refuse(path, err);
		if (ioctl(device, LOOP_CONFIGURE, config) == 0)
			return NSC_TAKE_FD(device);
		if (errno != EBUSY)
			return loop_refuse(path, err);
	}
	errno = EBUSY;
	return loop_refuse(CONTROL, err);
}

int nsc_loop_open(int file, enum nsc_loop_use use, char path[NSC_LOOP_PATH],
		  struct nsc_error *err)
{
	struct loop_config config = {
		.fd = (uint32_t)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	_cleanup_fd_ int device = -1;
	_cleanup_fd_ int control = -1;
	struct stat st;

	if (fstat(file, &st) < 0)
		return nsc_error_sys(err, errno, "file of a loop device");
	if (use == NSC_LOOP_SHARED)
		device = find_shared(&st, path);
	if (device >= 0)
		return NSC_TAKE_FD(device);
	if (use != NSC_LOOP_WRITTEN)
		config.info.lo_flags |= LO_FLAGS_READ_ONLY;
	if (use == NSC_LOOP_ALONE)
		config.info.lo_sizelimit = (uint64_t)st.st_size;
	control = open(CONTROL, O_RDWR | O_CLOEXEC);
	return control < 0 ? loop_refuse(CONTROL, err) :
			     loop_make(control, &config, path, err);
}
