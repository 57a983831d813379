/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: what a placement needs of them, ioctl_tty(2), tty(4). */
#ifndef NSC_LINUX_TERMINAL_H
#define NSC_LINUX_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * Will a terminal that is allocated here work?  As sshd does: open /dev/ptmx,
 * have the slave's name lead to the slave (ttyname(3)), give it to uid and
 * to the group that devpts has for terminals.  That group must be mapped.
 * That none is left is an error only where one is needed: others can take them
 * all, and most logins have none.
 */
int nsc_terminal_check(uid_t uid, bool needed, struct nsc_error *err);

/* Is fd the master of a pty, which isatty(3) takes for a terminal as well? */
bool nsc_terminal_is_master(int fd);

/* Is fd, which is none's master, the calling process's controlling terminal? */
bool nsc_terminal_is_controlling(int fd);

/* Are both the same terminal, by whatever name they were opened? */
bool nsc_terminal_is_same(int a, int b);

/*
 * The controlling terminal as a new open file, that no other process has:
 * access is O_RDONLY, O_WRONLY or O_RDWR, and nothing on it blocks.  This is
 * what a process may always open, whatever the mode of the terminal is.  -1
 * where there is none.
 */
int nsc_terminal_open_controlling(int access);

#endif
