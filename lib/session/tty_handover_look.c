/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, root of the host, before it enters. */
#include "session/tty_handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "linux/pty.h"
#include "linux/terminal.h"
#include "session/stdio.h"
#include "session/tty_outer.h"

static bool closes_on_exec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && flags & FD_CLOEXEC;
}

/*
 * Is fd the slave of the host pty whose master is h->master?  The device of a
 * master from /dev/pts/ptmx has the minor number of pts/2.
 */
static bool is_slave(const struct nsc_tty_handover *h, int fd)
{
	unsigned int number;
	struct stat st;

	return ioctl(h->master, TIOCGPTN, &number) == 0 &&
	       fstat(fd, &st) == 0 && st.st_dev == h->devpts &&
	       minor(st.st_rdev) == number && isatty(fd) &&
	       !nsc_terminal_is_master(fd);
}

static int handover_add(struct nsc_tty_fds *list, int fd,
			struct nsc_error *err)
{
	if (list->n == NSC_TTY_HANDOVER_MAX)
		return nsc_error_set(err, NSC_STDIO_REFUSED,
				     "more than %d "
				     "descriptors are a terminal: close them",
				     NSC_TTY_HANDOVER_MAX);
	list->cloexec[list->n] = closes_on_exec(fd);
	list->fds[list->n++] = fd;
	return 0;
}

/*
 * Call look for each open descriptor.  This must run on the host: the
 * container's /proc does not show this process, so /proc/self does not work
 * there.
 */
static int handover_for_each(struct nsc_tty_handover *h,
			     int (*look)(struct nsc_tty_handover *h, int fd,
					 struct nsc_error *err),
			     struct nsc_error *err)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int ret = 0, error = 0;

	if (!dir)
		return nsc_error_sys(err, errno, "terminal: list descriptors");
	while (ret == 0 && (entry = nsc_file_next(dir, &error))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd != dirfd(dir))
			ret = look(h, fd, err);
	}
	closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, "terminal: list "
					 "descriptors") : ret;
}

static int look_for_master(struct nsc_tty_handover *h, int fd,
			   struct nsc_error *err)
{
	(void)err;
	if (nsc_terminal_is_master(fd))
		h->master = fd;
	return 0;
}

static int look_for_slaves(struct nsc_tty_handover *h, int fd,
			   struct nsc_error *err)
{
	return is_slave(h, fd) ? handover_add(&h->slaves, fd, err) : 0;
}

/*
 * Add terminals that a user's program would inherit.  A program with a pty of
 * its own copies between that and one that it may have opened for itself.
 */
static int look_for_terminals(struct nsc_tty_handover *h, int fd,
			      struct nsc_error *err)
{
	bool own = h->master >= 0 && fd != h->terminal && fd != h->master &&
		   !is_slave(h, fd);

	return isatty(fd) && (own || !closes_on_exec(fd)) ?
		       handover_add(&h->outer, fd, err) : 0;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Does the program have both ends of a pty?  1, 0, or a negative errno. */
static int look_for_pty(struct nsc_tty_handover *h, struct nsc_error *err)
{
	int ret = handover_for_each(h, look_for_master, err);

	if (ret == 0 && h->master >= 0)
		ret = handover_for_each(h, look_for_slaves, err);
	return ret < 0 ? ret : h->slaves.n > 0;
}

static int handover_look(struct nsc_tty_handover *h, bool relays,
			 struct nsc_error *err)
{
	int ret;

	if (h->recording.mode == NSC_RECORD_ALL && !h->forks)
		nsc_streams_of_stdio(&h->streams);
	h->terminal = nsc_tty_outer_terminal();
	h->devpts = nsc_pty_devpts();
	ret = relays ? look_for_pty(h, err) : 0;
	if (ret == 1 && h->recording.mode == NSC_RECORD_NONE) {
		h->kind = NSC_TTY_HANDOVER_PTY;
		return 0;
	}
	if (ret == 0)
		h->master = -1;
	if (ret >= 0)
		ret = handover_for_each(h, look_for_terminals, err);
	if (ret < 0)
		return ret;
	if (h->terminal < 0 && h->outer.n)
		h->terminal = fcntl(h->outer.fds[0], F_DUPFD_CLOEXEC, 3);
	if (h->terminal < 0) {
		if (h->streams.n && !has_children())
			h->kind = NSC_TTY_HANDOVER_FOLLOW;
		return 0;
	}
	/*
	 * After the fork, the child could not wait for the program's children.
	 */
	h->kind = has_children() && !isatty(STDIN_FILENO) ?
			  NSC_TTY_HANDOVER_DROP :
			  NSC_TTY_HANDOVER_RELAY;
	return 0;
}

int nsc_tty_handover_look(struct nsc_tty_handover *h, bool relays,
			  struct nsc_error *err)
{
	int ret = handover_look(h, relays, err);

	if (ret == 0)
		ret = nsc_stdio_check(h->terminal, err);
	if (ret < 0 || h->kind == NSC_TTY_HANDOVER_PTY)
		nsc_fd_close(&h->terminal);
	return ret;
}
