/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, or other files on descriptors 0 and 1, of a caller that logs in
 * or runs a command on a terminal of the container.
 */
#ifndef NSC_SESSION_TTY_OUTER_H
#define NSC_SESSION_TTY_OUTER_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "util/error.h"

struct nsc_tty_outer {
	int in, out;		/* 0 and 1; nonblocking where possible */
	int size;		/* terminal that has the size, or -1 */
	bool eager;		/* out is nonblocking */
	bool terminal;		/* in is a terminal: raw while relaying */
	bool shared;		/* with a pipeline: ^C is for all of it */
	bool silent;		/* others in the pipeline read it */
	bool raw;
	struct termios before;	/* modes to restore at the end */
	int guard;		/* keeps the guard waiting, see tty_outer.c */
	int guard_pidfd;
};

#define NSC_TTY_OUTER_INIT                                                     \
	{                                                                      \
		.in = -1, .out = -1, .size = -1, .guard = -1,                  \
		.guard_pidfd = -1                                              \
	}

/*
 * Examine descriptors 0 and 1, and reopen those that would block other
 * processes or us.  Runs on the host, with all signals blocked.  Returns 0 or a
 * negative errno.
 */
int nsc_tty_outer_open(struct nsc_tty_outer *ret, struct nsc_error *err);

/*
 * Get the terminal of the calling process: its controlling terminal, or without
 * one the first terminal among descriptors 0, 1 and 2, which is then used only
 * with the access of these descriptors.  Returns a new descriptor, or -1.
 */
int nsc_tty_outer_terminal(void);

/*
 * Like nsc_tty_outer_open, but for this terminal instead of descriptors 0 and
 * 1.  If one of 0 and 1 is not a terminal, the process may be a part of a
 * pipeline in which other processes read the terminal and must get ^C.
 */
int nsc_tty_outer_open_terminal(int terminal, struct nsc_tty_outer *ret,
				struct nsc_error *err);

/*
 * Is there a line or an end of input that was typed before the terminal became
 * raw?  A raw terminal would return NUL for the key that ends the input: read
 * first.
 */
bool nsc_tty_outer_has_typed_ahead(const struct nsc_tty_outer *caller);

/* Did a key that is read as the last byte of a line end it?  Else VEOF did. */
bool nsc_tty_outer_is_line(const struct nsc_tty_outer *caller, char last);

/*
 * Make the terminal raw, unless another job has it or input was typed ahead.
 * The modes to restore are read each time.  Does nothing without a terminal.
 */
void nsc_tty_outer_set_raw(struct nsc_tty_outer *caller);

/* Restore the modes of the terminal; never blocks. */
void nsc_tty_outer_restore(struct nsc_tty_outer *caller);

/* Does another job have the terminal, so that we must not read it? */
bool nsc_tty_outer_in_background(const struct nsc_tty_outer *caller);

/* write(2) without blocking, if the kernel supports it for this file. */
ssize_t nsc_tty_outer_write(const struct nsc_tty_outer *caller,
			    const void *data, size_t len);

/* Restore the terminal, and close the opened descriptors. */
void nsc_tty_outer_close(struct nsc_tty_outer *caller);
#define _cleanup_tty_outer_ __attribute__((cleanup(nsc_tty_outer_close)))

#endif
