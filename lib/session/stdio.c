/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, root of the host; nsshell, the user; the stand-in
 * of nscontainer_exec(), root of the host.
 *
 * The check is a list of allowed types, because most objects that a process can
 * have open are a way out.  A directory gives access to the host through "..",
 * and so does O_PATH; the owner of a device or another terminal can open it
 * again inside; and objects of the kernel (namespaces, processes, mounts,
 * rings) allow actions on the things they represent.
 */
#include "session/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/terminal.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

#define MEMORY 1		/* their major number: devices.txt */
static const unsigned int harmless[] = {
	3 /* null */, 5 /* zero */, 7 /* full */, 8 /* random */,
	9 /* urandom */,
};

static const char unknown[] = "something that cannot be examined";

static bool is_harmless(dev_t device)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(harmless); i++)
		if (device == makedev(MEMORY, harmless[i]))
			return true;
	return false;
}

/* A namespace or a process appears as a regular file. */
static const char *judge_file(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return unknown;
	return fs.f_type == NSFS_MAGIC || fs.f_type == PID_FS_MAGIC ?
	       "an object of the kernel" : NULL;
}

/* Nobody can read or write it any more, so /dev/null is equivalent. */
static bool replace_by_null(int fd)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_NOCTTY |
				     O_CLOEXEC);

	return null >= 0 && dup2(null, fd) == fd;
}

static const char *judge_device(int fd, dev_t device, int terminal)
{
	struct termios modes;

	if (is_harmless(device))
		return NULL;
	if (nsc_terminal_is_master(fd))
		return "the other end of a terminal";
	/* Not isatty(), because the C library chooses its errno. */
	if (tcgetattr(fd, &modes) < 0)
		return errno == EIO && replace_by_null(fd) ?
		       NULL : "a device of the host";
	return nsc_terminal_is_same(fd, terminal) ?
	       NULL : "a terminal that is not this session's";
}

/* The reason why this descriptor may not go inside, or NULL. */
static const char *judge(int fd, int terminal)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0)
		return NULL;
	if (flags & O_PATH)
		return "a path of the host, opened with O_PATH";
	/* Even root may not stat a file on a user's FUSE mount. */
	if (fstat(fd, &st) < 0)
		return unknown;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG: return judge_file(fd);
	case S_IFIFO:
	case S_IFSOCK: return NULL;
	case S_IFCHR: return judge_device(fd, st.st_rdev, terminal);
	case S_IFBLK: return "a device of the host";
	case S_IFDIR: return "a directory of the host";
	default: return "an object of the kernel";
	}
}

bool nsc_stdio_has_terminal(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			return true;
	return false;
}

int nsc_stdio_check(int terminal, struct nsc_error *err)
{
	for (int fd = 0; fd < 3; fd++) {
		const char *what = judge(fd, terminal);

		if (what)
			return nsc_error_set(err, NSC_STDIO_REFUSED,
					     "descriptor %d is %s, which is "
					     "not allowed inside: redirect it "
					     "to a file or a pipe", fd, what);
	}
	return 0;
}
