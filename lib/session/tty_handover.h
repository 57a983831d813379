/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a login program's terminal when the program is placed.  The
 * host's terminal stays on the host: whoever could open or keep it inside
 * could read from it, or push input into it, when the login is long over.
 */
#ifndef NSC_SESSION_TTY_HANDOVER_H
#define NSC_SESSION_TTY_HANDOVER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_TTY_HANDOVER_MAX 64

enum nsc_tty_handover_kind {
	NSC_TTY_HANDOVER_NONE,	/* there is none */
	NSC_TTY_HANDOVER_RELAY, /* a process of ours stands between */
	NSC_TTY_HANDOVER_PTY,	/* the program has made a pty itself: sudo */
	NSC_TTY_HANDOVER_DROP,	/* given up: sshd in the foreground */
};

struct nsc_tty_handover {
	enum nsc_tty_handover_kind kind;
	dev_t devpts;			/* the host's */
	int terminal;			/* the host's, or -1 */
	int master;			/* the program's own pty, or -1 */
	int fds[NSC_TTY_HANDOVER_MAX];	/* to be replaced inside */
	bool cloexec[NSC_TTY_HANDOVER_MAX];
	size_t n;
	int channel;			/* to the relay, or -1 */
	sigset_t mask;			/* what the program had blocked */
};

#define NSC_TTY_HANDOVER_INIT                                                  \
	{                                                                      \
		.terminal = -1, .master = -1, .channel = -1                    \
	}

/*
 * On the host: what there is.  With relays the program, where it has a pty,
 * relays that by itself: the container's takes its place.
 */
int nsc_tty_handover_look(struct nsc_tty_handover *h, bool relays,
			  struct nsc_error *err);

/* Will it take a terminal of the container's? */
static inline bool nsc_tty_handover_needs_terminal(
	const struct nsc_tty_handover *h)
{
	return h->kind == NSC_TTY_HANDOVER_RELAY ||
	       h->kind == NSC_TTY_HANDOVER_PTY;
}

/*
 * On the host, after that.  Where there is a terminal to be relayed, the
 * process forks here: the child returns 0 and goes on as the login program;
 * the parent, which is what the caller's shell waits for, does not return,
 * unless the child fails: then it returns that error, and nothing of it has
 * changed.
 */
int nsc_tty_handover_begin(struct nsc_tty_handover *h, struct nsc_error *err);

/* Placed: put a terminal of the container, uid's, where the host's is. */
int nsc_tty_handover_finish(struct nsc_tty_handover *h, uid_t uid,
			    struct nsc_error *err);

/*
 * The end of a child that cannot go on; without a relay this returns -err->code
 * to a program that is what it was.
 */
int nsc_tty_handover_fail(struct nsc_tty_handover *h,
			  const struct nsc_error *err);

#endif
