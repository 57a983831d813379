/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that takes as long to close as its user likes:
 *
 * 	slowclose linger        keep such a socket as stdout: its peer reads
 * 	                        nothing, and it lingers for 1000 seconds
 * 	slowclose fuse FILE     serve FILE, whose close is never answered
 * 	slowclose hold FILE     keep FILE as stdout
 *
 * Runs in a container, as its user; with "fuse" as its root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* The other end is in a process of its own, which outlives this one. */
static int linger(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct linger how = { 1, 1000 };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int out = socket(AF_INET, SOCK_STREAM, 0), peer;
	static const char data[4096];

	if (bind(listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
	    connect(out, (struct sockaddr *)&address, len) < 0)
		return fail("loopback");
	peer = accept(listener, NULL, NULL);
	if (fork() == 0) {
		close(out);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		pause();
	}
	close(peer);
	close(listener);
	while (send(out, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	if (setsockopt(out, SOL_SOCKET, SO_LINGER, &how, sizeof(how)) < 0)
		return fail("SO_LINGER");
	puts("ready");
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(out);
	pause();
	return 0;
}

/* data is NULL: the server has no such function. */
static void answer(int fd, const struct fuse_in_header *in, const void *data,
		   size_t len)
{
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + len), .unique = in->unique,
		.error = data ? 0 : -ENOSYS,
	};
	const struct iovec parts[] = {
		{ &out, sizeof(out) }, { (void *)(uintptr_t)data, len },
	};

	(void)!writev(fd, parts, 2);
}

static void serve_one(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096,
	};
	const struct fuse_attr_out attr = {
		.attr = { .ino = 1, .mode = S_IFREG | 0666, .nlink = 1 },
	};
	const struct fuse_open_out opened = {
		.open_flags = FOPEN_DIRECT_IO,
	};
	const struct fuse_write_out written = {
		.size = ((const struct fuse_write_in *)(in + 1))->size,
	};

	switch (in->opcode) {
	case FUSE_INIT:
		answer(fd, in, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		answer(fd, in, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(fd, in, &opened, sizeof(opened));
		break;
	case FUSE_WRITE:
		answer(fd, in, &written, sizeof(written));
		break;
	case FUSE_FLUSH:
		break;
	default:
		answer(fd, in, NULL, 0);
	}
}

static int serve(const char *file)
{
	static char request[1 << 17] __attribute__((aligned(8)));
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=100666,user_id=0,"
		 "group_id=0,allow_other", fd);
	if (fd < 0 || mount("slow", file, "fuse", MS_NOSUID | MS_NODEV,
			    options) < 0)
		return fail(file);
	puts("ready");
	fflush(stdout);
	while (read(fd, request, sizeof(request)) > 0)
		serve_one(fd, (struct fuse_in_header *)request);
	return 0;
}

static int hold(const char *file)
{
	close(STDOUT_FILENO);
	if (open(file, O_WRONLY) != STDOUT_FILENO)
		return fail(file);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && !strcmp(argv[1], "linger"))
		return linger();
	if (argc == 3 && !strcmp(argv[1], "fuse"))
		return serve(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	return 2;
}
