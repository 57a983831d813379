/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuseserver DIRECTORY UID STATE [allow_other] - mounts a file system that this
 * program serves itself, by the protocol of <linux/fuse.h>: an ordinary server
 * always answers, but this one must also be able to stop.
 *
 * STATE  answers   an empty directory of UID, with a directory "sub"
 *        silent    answers, and reads, nothing but the kernel's greeting
 *        deaf      reads requests, and answers only the greeting: a process
 *                  that asks it cannot even be killed
 *        dead      ends after the greeting: ENOTCONN
 *
 * Prints "mounted", and serves until it is killed.
 *
 * fuseserver --below DIRECTORY UID - mounts a tmpfs there as UID, who alone may
 * look into a file system of UID's.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SUB 2			/* node id of "sub", and of all others */

static uid_t owner;

static void answer(int fd, const struct fuse_in_header *in, int error,
		   const void *data, size_t size)
{
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + size),
		.error = -error, .unique = in->unique,
	};
	const struct iovec parts[] = {
		{ &out, sizeof(out) }, { (void *)(uintptr_t)data, size },
	};

	(void)!writev(fd, parts, 2);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node, .mode = S_IFDIR | 0755, .nlink = 2, .uid = owner,
		.gid = owner, .blksize = 4096,
	};
}

static void greet(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION, .minor = 31,
		.max_write = 4096,
	};

	answer(fd, in, 0, &out, sizeof(out));
}

static void look_up(int fd, const struct fuse_in_header *in, const char *name)
{
	const struct fuse_entry_out out = {
		.nodeid = SUB, .attr = attributes(SUB),
	};
	int error = strcmp(name, "sub") != 0 ? ENOENT : 0;

	answer(fd, in, error, &out, error ? 0 : sizeof(out));
}

static void serve(int fd, const struct fuse_in_header *in)
{
	const struct fuse_attr_out attr = { .attr = attributes(in->nodeid) };
	static const struct fuse_open_out opened;
	static const struct fuse_statfs_out fs;

	switch (in->opcode) {
	case FUSE_INIT:
		greet(fd, in);
		return;
	case FUSE_LOOKUP:
		look_up(fd, in, (const char *)(in + 1));
		return;
	case FUSE_GETATTR:
		answer(fd, in, 0, &attr, sizeof(attr));
		return;
	case FUSE_OPENDIR:
		answer(fd, in, 0, &opened, sizeof(opened));
		return;
	case FUSE_STATFS:
		answer(fd, in, 0, &fs, sizeof(fs));
		return;
	case FUSE_READDIR:
	case FUSE_RELEASEDIR:
		answer(fd, in, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		return;
	default:
		answer(fd, in, ENOSYS, NULL, 0);
	}
}

static int mount_below(const char *directory, uid_t uid)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 ||
	    setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0 ||
	    mount("nsc-below", directory, "tmpfs", 0, NULL) < 0)
		err(1, "mount %s", directory);
	return 0;
}

int main(int argc, char **argv)
{
	static char request[FUSE_MIN_READ_BUFFER * 2]
		__attribute__((aligned(8)));
	int fd = open("/dev/fuse", O_RDWR);
	char options[128];

	if (argc < 4)
		errx(2, "usage: fuseserver DIRECTORY UID STATE [allow_other]");
	if (!strcmp(argv[1], "--below"))
		return mount_below(argv[2],
				   (uid_t)strtoul(argv[3], NULL, 10));
	if (fd < 0)
		err(1, "/dev/fuse");
	owner = (uid_t)strtoul(argv[2], NULL, 10);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s", fd, owner,
		 owner, argc > 4 ? ",allow_other" : "");
	if (mount("fuseserver", argv[1], "fuse", MS_NOSUID | MS_NODEV,
		  options) < 0)
		err(1, "mount %s", argv[1]);
	for (bool greeted = false;;) {
		const struct fuse_in_header *in = (void *)request;

		if (read(fd, request, sizeof(request)) < (ssize_t)sizeof(*in))
			err(1, "read");
		if (!greeted || strcmp(argv[3], "deaf") != 0)
			serve(fd, in);
		if (greeted)
			continue;
		greeted = true;
		puts("mounted");
		fflush(stdout);
		if (!strcmp(argv[3], "dead"))
			return 0;
		while (!strcmp(argv[3], "silent"))
			pause();
	}
}
