/* SPDX-License-Identifier: Apache-2.0 */
/* Between the caller and a terminal of the container's, until a child ends. */
#ifndef NSC_SESSION_TTY_RELAY_H
#define NSC_SESSION_TTY_RELAY_H

#include "linux/pty.h"
#include "session/tty_outer.h"

struct nsc_tty_relay_request {
	struct nsc_tty_outer *caller;
	struct nsc_pty *pty;
	pid_t child;		/* of the calling process */
	int signals;		/* signalfd(2) of all, which are blocked */
	int hang_up;		/* 0, or a signal for the child in that case */
};

/*
 * Returns the child's status as waitpid(2) has it.  No byte is looked at, on
 * either way.  Signals that other processes send us go to the child, the
 * size of the terminal to pty.  When the caller's terminal is hung up, or
 * nobody reads the output any more, pty is hung up.
 */
int nsc_tty_relay(const struct nsc_tty_relay_request *request);

#endif
