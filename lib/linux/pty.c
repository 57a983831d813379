/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/descriptors.h"

#define DEVPTS "/dev/pts"

void nsc_pty_close(struct nsc_pty *pty)
{
	nsc_fd_close(&pty->slave);
	nsc_fd_close(&pty->master);
}

dev_t nsc_pty_devpts(void)
{
	struct statfs fs;
	struct stat st;

	return statfs(DEVPTS, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC &&
	       stat(DEVPTS, &st) == 0 ? st.st_dev : 0;
}

int nsc_pty_error(int error, const char *path, struct nsc_error *err)
{
	if (error != ENOSPC)
		return nsc_error_sys(err, error, "terminal: open '%s'", path);
	return nsc_error_set(err, ENOSPC, "terminal: no terminal is left: end "
			     "sessions, or raise max_terminals of the "
			     "container or kernel.pty.max of the host");
}

/* Verify that it is a devpts, and not the host's. */
static int pty_verify(int devpts, dev_t host, struct nsc_error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(devpts, &fs) < 0 || fstat(devpts, &st) < 0)
		return nsc_error_sys(err, errno, "terminal: '%s'", DEVPTS);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return nsc_error_set(err, ENODEV, "terminal: '%s' is not a "
				     "devpts", DEVPTS);
	if (st.st_dev == host)
		return nsc_error_set(err, EPERM, "terminal: '%s' is the "
				     "devpts of the host", DEVPTS);
	return 0;
}

static int open_master(int devpts, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(devpts, "ptmx", O_RDWR | O_NOCTTY |
				     O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int unlock = 0;

	if (fd < 0)
		return nsc_pty_error(errno, DEVPTS "/ptmx", err);
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return nsc_error_set(err, ENODEV, "terminal: '%s/ptmx' is not "
				     "the device of that name", DEVPTS);
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return nsc_error_sys(err, errno, "terminal: unlock");
	return NSC_TAKE_FD(fd);
}

static int open_peer(int master)
{
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int nsc_pty_new(int devpts, dev_t host, struct nsc_pty *ret,
		struct nsc_error *err)
{
	int error = pty_verify(devpts, host, err);
	_cleanup_fd_ int master = -1;
	int slave;

	if (error < 0)
		return error;
	master = open_master(devpts, err);
	if (master < 0)
		return master;
	slave = open_peer(master);
	if (slave < 0)
		return nsc_error_sys(err, errno, "terminal: open the slave");
	*ret = (struct nsc_pty){ NSC_TAKE_FD(master), slave };
	return 0;
}

static int open_here(struct nsc_error *err)
{
	int fd = open(DEVPTS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? nsc_error_sys(err, errno, "terminal: open '%s'",
				      DEVPTS) : fd;
}

int nsc_pty_new_here(dev_t host, struct nsc_pty *ret, struct nsc_error *err)
{
	_cleanup_fd_ int devpts = open_here(err);

	return devpts < 0 ? devpts : nsc_pty_new(devpts, host, ret, err);
}

int nsc_pty_reopen_here(struct nsc_pty *pty, struct nsc_error *err)
{
	_cleanup_fd_ int devpts = open_here(err);
	_cleanup_fd_ int fd = -1;
	struct stat is, should;
	unsigned int number;
	char name[16];
	int ret;

	if (devpts < 0)
		return devpts;
	ret = pty_verify(devpts, 0, err);
	if (ret < 0)
		return ret;
	if (ioctl(pty->master, TIOCGPTN, &number) < 0)
		return nsc_error_sys(err, errno, "terminal: number");
	snprintf(name, sizeof(name), "%u", number);
	fd = openat(devpts, name, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &is) < 0 || fstat(pty->slave, &should) < 0)
		return nsc_error_sys(err, errno, "terminal: open '%s/%s'",
				     DEVPTS, name);
	if (is.st_dev != should.st_dev || is.st_ino != should.st_ino)
		return nsc_error_set(err, ENODEV, "terminal: '%s/%s' is not "
				     "the one that was made with the "
				     "container", DEVPTS, name);
	nsc_fd_close(&pty->slave);
	pty->slave = NSC_TAKE_FD(fd);
	return 0;
}

void nsc_pty_renew_slave(struct nsc_pty *pty)
{
	nsc_fd_close(&pty->slave);
	pty->slave = open_peer(pty->master);
}

int nsc_pty_send(int socket, const struct nsc_pty *pty, struct nsc_error *err)
{
	const int fds[] = { pty->master, pty->slave };
	const struct iovec byte = { (char[]){ 0 }, 1 };
	int ret = nsc_descriptors_send(socket, &byte, fds, 2, MSG_NOSIGNAL);

	return ret < 0 ? nsc_error_sys(err, -ret, "terminal: send it") : 0;
}

int nsc_pty_receive(int socket, struct nsc_pty *ret, struct nsc_error *err)
{
	int fds[NSC_DESCRIPTORS_MAX];
	char byte;
	int n = nsc_descriptors_receive(socket, &byte, 1, fds, MSG_DONTWAIT);

	for (int i = 0; n != 2 && i < n; i++)
		close(fds[i]);
	if (n != 2)
		return nsc_error_set(err, EAGAIN, "terminal: none was made "
				     "with the container");
	*ret = (struct nsc_pty){ fds[0], fds[1] };
	return 0;
}

int nsc_pty_take(const struct nsc_pty *pty, const int *fds, size_t n,
		 struct nsc_error *err)
{
	if (setsid() < 0 || ioctl(pty->slave, TIOCSCTTY, 0) < 0)
		return nsc_error_sys(err, errno, "terminal: make it the "
				     "controlling one");
	for (size_t i = 0; i < n; i++)
		if (dup2(pty->slave, fds[i]) < 0)
			return nsc_error_sys(err, errno, "terminal: "
					     "descriptor %d", fds[i]);
	return 0;
}

int nsc_pty_signal(const struct nsc_pty *pty, int signal_number)
{
	return ioctl(pty->master, TIOCSIG, signal_number) < 0 ? -errno : 0;
}

void nsc_pty_copy_size(const struct nsc_pty *pty, int terminal)
{
	struct winsize size;

	if (terminal >= 0 && ioctl(terminal, TIOCGWINSZ, &size) == 0)
		ioctl(pty->master, TIOCSWINSZ, &size);
}
