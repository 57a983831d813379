/* SPDX-License-Identifier: Apache-2.0 */
/* Run a program inside on a terminal of the container. */
#ifndef NSC_SESSION_RUN_TERMINAL_H
#define NSC_SESSION_RUN_TERMINAL_H

#include "linux/pty.h"
#include "session/run.h"

/*
 * Like nsc_run, but on pty, which is closed; if pty has no descriptors, on a
 * new terminal of the container's /dev/pts.  If terminal is -1, the relay uses
 * descriptors 0 and 1, and the program gets no descriptor of ours.  Otherwise
 * the relay uses terminal, see nsc_tty_outer_terminal, and pty replaces it: the
 * program keeps those of descriptors 0, 1 and 2 that are not terminals.
 */
int nsc_run_on_terminal(const struct nsc_run *run, int terminal,
			struct nsc_pty *pty, int *ret_status,
			struct nsc_error *err);

/*
 * Run the program with our descriptors 0, 1 and 2, see nsc_stdio_check: on a
 * terminal of the container if one of them is a terminal, or, with controlling,
 * if we have any terminal; otherwise like nsc_run.
 */
int nsc_run_given(const struct nsc_run *run, bool controlling, int *ret_status,
		  struct nsc_error *err);

#endif
