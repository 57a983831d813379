/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/credential.h"
#include "linux/pty.h"


static int check_slave(int slave, unsigned int number, uid_t uid,
		       struct nsc_error *err)
{
	struct stat by_fd, by_name;
	char name[32];

	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	if (fstat(slave, &by_fd) < 0 || stat(name, &by_name) < 0)
		return nsc_error_sys(err, errno, "terminal: name '%s'", name);
	if (by_fd.st_dev != by_name.st_dev || by_fd.st_ino != by_name.st_ino)
		return nsc_error_set(err, ENODEV, "terminal: '%s' is not the "
				     "terminal that was opened", name);
	if (by_fd.st_gid == NSC_NOBODY)
		return nsc_error_set(err, EINVAL, "terminal: the group of "
				     "'%s' is not mapped into the user "
				     "namespace", name);
	if (fchown(slave, uid, by_fd.st_gid) < 0 || fchmod(slave, 0620) < 0)
		return nsc_error_sys(err, errno, "terminal: give '%s' to uid "
				     "%u and gid %u", name, uid, by_fd.st_gid);
	return 0;
}

int nsc_terminal_check(uid_t uid, bool needed, struct nsc_error *err)
{
	_cleanup_fd_ int master = -1;
	_cleanup_fd_ int slave = -1;
	unsigned int number;
	int unlock = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 && errno == ENOSPC && !needed)
		return 0;
	if (master < 0)
		return nsc_pty_error(errno, "/dev/ptmx", err);
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0)
		return nsc_error_sys(err, errno, "terminal: unlock");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return nsc_error_sys(err, errno, "terminal: open the slave");
	return check_slave(slave, number, uid, err);
}

bool nsc_terminal_is_master(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(5, 2);
}

bool nsc_terminal_is_controlling(int fd)
{
	/*
	 * For a slave, the kernel answers only to a process that it controls.
	 */
	return !nsc_terminal_is_master(fd) && tcgetsid(fd) == getsid(0);
}

bool nsc_terminal_is_same(int a, int b)
{
	unsigned int of_a, of_b;

	return ioctl(a, TIOCGDEV, &of_a) == 0 &&
	       ioctl(b, TIOCGDEV, &of_b) == 0 && of_a == of_b;
}

int nsc_terminal_open_controlling(int access)
{
	return open("/dev/tty", access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}
