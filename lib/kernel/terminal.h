/* Terminals: what sshd and login need of them around a placement. */
#ifndef NSC_KERNEL_TERMINAL_H
#define NSC_KERNEL_TERMINAL_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Will a terminal that is allocated here work?  As sshd does: open /dev/ptmx,
 * have the slave's name lead to the slave (ttyname(3)), give it to uid and
 * to the group that devpts has for terminals.  That group must be mapped.
 */
int nsc_terminal_check(uid_t uid, struct nsc_error *err);

/*
 * Give the terminals among descriptors 0, 1 and 2 to uid and gid, by
 * descriptor.  login(1) does this itself after the session opened, when ids
 * of the host are out of its reach.
 */
int nsc_terminal_hand_over(uid_t uid, gid_t gid, struct nsc_error *err);

#endif
