/* SPDX-License-Identifier: Apache-2.0 */
/* Run a program inside on a terminal of the container's. */
#ifndef NSC_SESSION_RUN_TERMINAL_H
#define NSC_SESSION_RUN_TERMINAL_H

#include "linux/pty.h"
#include "session/run.h"

/*
 * As nsc_run, on pty, which is closed; where it has no descriptors, on a new
 * terminal of the container's /dev/pts.  With terminal -1 descriptors 0 and 1
 * are what it is relayed to, and the program has none of ours.  Otherwise it
 * is relayed to terminal, see nsc_tty_outer_terminal, and takes its place: what
 * is no terminal among descriptors 0, 1 and 2 stays the program's.
 */
int nsc_console_run(const struct nsc_run *run, int terminal,
		    struct nsc_pty *pty, int *ret_status,
		    struct nsc_error *err);

/*
 * Run it with descriptors 0, 1 and 2 of ours, see nsc_stdio_check: on a
 * terminal of the container's where one of them is a terminal, or, with
 * controlling, where we have one at all; otherwise as nsc_run.
 */
int nsc_console_run_given(const struct nsc_run *run, bool controlling,
			  int *ret_status, struct nsc_error *err);

#endif
