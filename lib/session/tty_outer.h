/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, or whatever else is on descriptors 0 and 1, of who logs in or
 * runs a command with a terminal of the container's own.
 */
#ifndef NSC_SESSION_TTY_OUTER_H
#define NSC_SESSION_TTY_OUTER_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "util/error.h"

struct nsc_tty_outer {
	int in, out;		/* 0 and 1; not blocking, where they can be */
	int size;		/* a terminal to take the size from, or -1 */
	bool eager;		/* out does not block */
	bool terminal;		/* in is one: it is raw while we relay */
	bool shared;		/* with a pipeline: ^C is for all of it */
	bool silent;		/* others of a pipeline read it, not we */
	bool raw;
	struct termios before;	/* what it was, and is to be again */
	int guard;		/* keeps the guard waiting, see tty_outer.c */
	int guard_pidfd;
};

#define NSC_TTY_OUTER_INIT                                                     \
	{                                                                      \
		.in = -1, .out = -1, .size = -1, .guard = -1,                  \
		.guard_pidfd = -1                                              \
	}

/*
 * Look at descriptors 0 and 1, and open those anew that would block others
 * or us.  Runs on the host, with all signals blocked.
 */
int nsc_tty_outer_open(struct nsc_tty_outer *ret, struct nsc_error *err);

/*
 * The terminal that the calling process has: its controlling one, or, without
 * one, the first among descriptors 0, 1 and 2, which is then used with no more
 * than their access.  A new descriptor, or -1.
 */
int nsc_tty_outer_terminal(void);

/*
 * The same as nsc_tty_outer_open for that terminal, whatever descriptors 0, 1
 * are.  Where not both are terminals this may be a part of a pipeline, in
 * which others read the terminal, and are to get ^C.
 */
int nsc_tty_outer_open_terminal(int terminal, struct nsc_tty_outer *ret,
				struct nsc_error *err);

/*
 * Make the terminal raw, where it is ours to do so: not in the background.
 * What it was is looked at each time.  Without a terminal: nothing.
 */
void nsc_tty_outer_set_raw(struct nsc_tty_outer *caller);

/* The terminal as it was before; never waits. */
void nsc_tty_outer_restore(struct nsc_tty_outer *caller);

/* Has another job the terminal now, so that it is not ours to read? */
bool nsc_tty_outer_in_background(const struct nsc_tty_outer *caller);

/* write(2) that does not block, where the kernel has a way to do that. */
ssize_t nsc_tty_outer_write(const struct nsc_tty_outer *caller,
			    const void *data, size_t len);

/* Restore it, and close what was opened. */
void nsc_tty_outer_close(struct nsc_tty_outer *caller);
#define _cleanup_tty_outer_ __attribute__((cleanup(nsc_tty_outer_close)))

#endif
