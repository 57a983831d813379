/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handle the terminal of a login program that is placed.  The host's terminal
 * stays on the host: a process inside that could open or keep it could read
 * from it, or push input into it, long after the login has ended.
 */
#ifndef NSC_SESSION_TTY_HANDOVER_H
#define NSC_SESSION_TTY_HANDOVER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/recording.h"
#include "session/recorder_streams.h"

#define NSC_TTY_HANDOVER_MAX 64

enum nsc_tty_handover_kind {
	NSC_TTY_HANDOVER_NONE,	/* no terminal */
	NSC_TTY_HANDOVER_RELAY, /* one of our processes relays it */
	NSC_TTY_HANDOVER_PTY,	/* the program made its own pty: sudo */
	NSC_TTY_HANDOVER_DROP,	/* given up: sshd in the foreground */
	NSC_TTY_HANDOVER_FOLLOW, /* none, but recorded streams */
};

/* Descriptors that are replaced inside. */
struct nsc_tty_fds {
	int fds[NSC_TTY_HANDOVER_MAX];
	bool cloexec[NSC_TTY_HANDOVER_MAX];
	size_t n;
};

struct nsc_tty_handover {
	enum nsc_tty_handover_kind kind;
	dev_t devpts;			/* the host's */
	int terminal;			/* the host's, or -1 */
	struct nsc_tty_fds outer;	/* the host's terminal */
	int master;			/* the program's own pty, or -1 */
	struct nsc_tty_fds slaves;	/* of it */
	int channel;			/* to the relay, or -1 */
	int recorder;			/* see recorder.h; or -1 */
	struct nsc_recording recording;
	bool forks;			/* see struct nsc_session */
	struct nsc_streams streams;
	int end, theirs;		/* see recorder_streams.h; or -1 */
	char *name;			/* the program's, from ttyname(3) */
	sigset_t mask;			/* of the program */
};

#define NSC_TTY_HANDOVER_INIT                                                  \
	{                                                                      \
		.terminal = -1, .master = -1, .channel = -1, .recorder = -1,   \
		.end = -1, .theirs = -1                                        \
	}

/*
 * On the host: examine the terminal.  relays: if the program has a pty, it
 * relays that pty itself, and a pty of the container replaces it; if the
 * session is recorded, which h->recording says, the host's terminal is relayed
 * as well.  Returns 0 or a negative errno.
 */
int nsc_tty_handover_look(struct nsc_tty_handover *h, bool relays,
			  struct nsc_error *err);

/* Does this login need a terminal of the container? */
static inline bool nsc_tty_handover_needs_terminal(
	const struct nsc_tty_handover *h)
{
	return h->kind == NSC_TTY_HANDOVER_RELAY ||
	       h->kind == NSC_TTY_HANDOVER_PTY;
}

/*
 * On the host, after nsc_tty_handover_look().  If a terminal must be relayed,
 * or streams are recorded, the process forks here: the child returns 0
 * and continues as the login program.  The parent, for which the caller's shell
 * waits, does not return unless the child fails: then it returns that error,
 * and the parent is unchanged.
 */
int nsc_tty_handover_begin(struct nsc_tty_handover *h, struct nsc_error *err);

/*
 * Inside: replace the host's terminal with one of the container that belongs to
 * uid.  Returns 0 or a negative errno.
 */
int nsc_tty_handover_finish(struct nsc_tty_handover *h, uid_t uid,
			    struct nsc_error *err);

/*
 * End a child that cannot continue.  Without a relay, return -err->code to the
 * unchanged program.
 */
int nsc_tty_handover_fail(struct nsc_tty_handover *h,
			  const struct nsc_error *err);

#endif
