/* Run a program inside on a terminal of the container's. */
#ifndef NSC_SESSION_CONSOLE_H
#define NSC_SESSION_CONSOLE_H

#include "kernel/pty.h"
#include "session/run.h"

/*
 * As nsc_run, on pty, which is closed; where it has no descriptors, on a new
 * terminal of the container's /dev/pts.  Descriptors 0 and 1 are what the
 * terminal is relayed to; the program has none of ours.
 */
int nsc_console_run(const struct nsc_run *run, struct nsc_pty *pty,
		    int *ret_status, struct nsc_error *err);

#endif
