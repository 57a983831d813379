/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudo terminals of a container, by descriptor: pts(4), ioctl_tty(2).  A
 * slave is never looked for by the name that the master tells.
 */
#ifndef NSC_LINUX_PTY_H
#define NSC_LINUX_PTY_H

#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_pty {
	int master;	/* does not block */
	int slave;
};

#define NSC_PTY_INIT { -1, -1 }

void nsc_pty_close(struct nsc_pty *pty);

/*
 * That the ptmx at path was not opened, as a sentence.  -ENOSPC: the instance
 * has max= of them, or all that are not the host's have kernel.pty.max less
 * kernel.pty.reserve.
 */
int nsc_pty_error(int error, const char *path, struct nsc_error *err);

/* The device number of the devpts at /dev/pts, 0 where none is. */
dev_t nsc_pty_devpts(void);

/*
 * A new pair of the devpts whose root directory is devpts (O_PATH will do):
 * verified to be a devpts, and another one than that with the device number
 * host.  The slave is owned by the calling process's fsuid.
 */
int nsc_pty_new(int devpts, dev_t host, struct nsc_pty *ret,
		struct nsc_error *err);

/*
 * The same for the devpts at /dev/pts of the current root directory, which
 * its processes may have changed.
 */
int nsc_pty_new_here(dev_t host, struct nsc_pty *ret, struct nsc_error *err);

/*
 * Open the slave of pty again as a file of the devpts at /dev/pts of the
 * current root directory, so that ttyname(3) finds its name; that it is the
 * same slave is verified.
 */
int nsc_pty_reopen_here(struct nsc_pty *pty, struct nsc_error *err);

/* The slave once more, after all that were open have been hung up. */
void nsc_pty_renew_slave(struct nsc_pty *pty);

/*
 * Pass a pair through a unix(7) socket.  Receiving does not wait: -EAGAIN
 * where none was sent.
 */
int nsc_pty_send(int socket, const struct nsc_pty *pty,
		 struct nsc_error *err);
int nsc_pty_receive(int socket, struct nsc_pty *ret, struct nsc_error *err);

/*
 * In a child: a new session whose controlling terminal, and the n descriptors
 * in fds, the slave is.
 */
int nsc_pty_take(const struct nsc_pty *pty, const int *fds, size_t n,
		 struct nsc_error *err);

/*
 * SIGINT, SIGQUIT or SIGTSTP for the foreground of pty, as when its key is
 * pressed.
 */
int nsc_pty_signal(const struct nsc_pty *pty, int signal_number);

/* The size of terminal becomes that of pty, whose foreground gets SIGWINCH. */
void nsc_pty_copy_size(const struct nsc_pty *pty, int terminal);

#endif
