/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay between the caller and a terminal of the container until a child ends.
 */
#ifndef NSC_SESSION_TTY_RELAY_H
#define NSC_SESSION_TTY_RELAY_H

#include "linux/pty.h"
#include "session/recorder.h"
#include "session/tty_outer.h"

struct nsc_tty_relay_request {
	struct nsc_tty_outer *caller;
	struct nsc_pty *pty;
	struct nsc_tap *tap;	/* records before it is passed on */
	pid_t child;		/* of the calling process; 0: none */
	int signals;		/* signalfd(2) for all, which are blocked */
	int hang_up;		/* signal for the child on hangup, or 0 */
	int end;		/* if this is readable, end; or -1 */
};

/*
 * Returns the child's waitpid(2) status.  The relay interprets no byte in
 * either direction.  Signals from other processes go to the child, and the size
 * of the caller's terminal to pty.  If the caller's terminal is hung up, or
 * nobody reads the output any more, pty is hung up; the same if the session can
 * no longer be recorded, of which the caller is told.  Without a child, the
 * relay ends when pty has no user, or was hung up.
 */
int nsc_tty_relay(const struct nsc_tty_relay_request *request);

#endif
