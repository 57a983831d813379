/* SPDX-License-Identifier: Apache-2.0 */
/* Checks for terminals that a placement needs, ioctl_tty(2), tty(4). */
#ifndef NSC_LINUX_TERMINAL_H
#define NSC_LINUX_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * Will a terminal that is allocated here work?  Like sshd, open /dev/ptmx,
 * check that the slave's name leads to the slave (ttyname(3)), and give it to
 * uid and to the terminal group of the devpts, which must be mapped.  It is an
 * error that no terminal is left only if one is needed: others can use all of
 * them, and most logins have none.  Returns 0 or a negative errno.
 */
int nsc_terminal_check(uid_t uid, bool needed, struct nsc_error *err);

/* Is fd the master of a pty? isatty(3) is true for a master, too. */
bool nsc_terminal_is_master(int fd);

/*
 * Is fd, which must not be a master, the controlling terminal of the process?
 */
bool nsc_terminal_is_controlling(int fd);

/* Are both the same terminal, independent of the names used to open them? */
bool nsc_terminal_is_same(int a, int b);

/*
 * Open the controlling terminal as a new open file that no other process
 * shares: access is O_RDONLY, O_WRONLY or O_RDWR, and it is nonblocking.  A
 * process may always open it, whatever its mode is.  Returns a descriptor, or
 * -1 if there is no controlling terminal.
 */
int nsc_terminal_open_controlling(int access);

#endif
