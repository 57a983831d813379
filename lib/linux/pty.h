/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudo terminals of a container, by descriptor: pts(4), ioctl_tty(2).  A
 * slave is never opened by the name that the master reports.  Functions that
 * return int return 0 or a negative errno.
 */
#ifndef NSC_LINUX_PTY_H
#define NSC_LINUX_PTY_H

#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_pty {
	int master;	/* nonblocking */
	int slave;
};

#define NSC_PTY_INIT { -1, -1 }

void nsc_pty_close(struct nsc_pty *pty);

/*
 * Describe the failure to open the ptmx at path.  -ENOSPC: the devpts instance
 * has reached max=, or all instances except the host's have kernel.pty.max
 * minus kernel.pty.reserve terminals.
 */
int nsc_pty_error(int error, const char *path, struct nsc_error *err);

/* The device number of the devpts at /dev/pts, or 0 if there is none. */
dev_t nsc_pty_devpts(void);

/*
 * Make a new pair in the devpts whose root directory is devpts (O_PATH is
 * enough).  It is verified to be a devpts, and not the one with the device
 * number host.  The slave is owned by the calling process's fsuid.
 */
int nsc_pty_new(int devpts, dev_t host, struct nsc_pty *ret,
		struct nsc_error *err);

/*
 * The same for the devpts at /dev/pts of the current root directory, whose
 * processes may have replaced it.
 */
int nsc_pty_new_here(dev_t host, struct nsc_pty *ret, struct nsc_error *err);

/*
 * Reopen the slave of pty as a file of the devpts at /dev/pts of the current
 * root directory, so that ttyname(3) finds its name, and verify that it is the
 * same slave.
 */
int nsc_pty_reopen_here(struct nsc_pty *pty, struct nsc_error *err);

/* Reopen the slave after all open ones have been hung up. */
void nsc_pty_renew_slave(struct nsc_pty *pty);

/*
 * Pass a pair through a unix(7) socket.  Receiving does not block: -EAGAIN if
 * no pair was sent.
 */
int nsc_pty_send(int socket, const struct nsc_pty *pty,
		 struct nsc_error *err);
int nsc_pty_receive(int socket, struct nsc_pty *ret, struct nsc_error *err);

/*
 * In a child: start a new session with the slave as its controlling terminal,
 * and replace the n descriptors in fds with the slave.
 */
int nsc_pty_take(const struct nsc_pty *pty, const int *fds, size_t n,
		 struct nsc_error *err);

/* Send SIGINT, SIGQUIT or SIGTSTP to the foreground of pty, as its key does. */
int nsc_pty_signal(const struct nsc_pty *pty, int signal_number);

/* Copy the size of terminal to pty, whose foreground gets SIGWINCH. */
void nsc_pty_copy_size(const struct nsc_pty *pty, int terminal);

#endif
