/* Terminals: what a placement needs of them. */
#ifndef NSC_KERNEL_TERMINAL_H
#define NSC_KERNEL_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Will a terminal that is allocated here work?  As sshd does: open /dev/ptmx,
 * have the slave's name lead to the slave (ttyname(3)), give it to uid and
 * to the group that devpts has for terminals.  That group must be mapped.
 * That none is left is an error only where one is needed: others can take them
 * all, and most logins have none.
 */
int nsc_terminal_check(uid_t uid, bool needed, struct nsc_error *err);

#endif
