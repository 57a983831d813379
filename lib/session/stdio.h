/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors 0, 1 and 2, which what runs inside gets from whoever logs in or
 * runs a command.
 */
#ifndef NSC_SESSION_STDIO_H
#define NSC_SESSION_STDIO_H

#include <stdbool.h>

#include "util/error.h"

/*
 * The code of a refusal that the caller has brought about, and can avoid: so
 * it is told why, and such a login goes nowhere else.
 */
#define NSC_STDIO_REFUSED EBADFD

/* Is one of them a terminal? */
bool nsc_stdio_has_terminal(void);

/*
 * Are they all something that may go inside?  Files, pipes, sockets, devices
 * that everybody has, and terminal, which is replaced (-1: there is none).
 * One that is closed is not looked at; a terminal that has been hung up, which
 * nobody reads or writes any more, becomes /dev/null.  Otherwise the code is
 * NSC_STDIO_REFUSED.
 */
int nsc_stdio_check(int terminal, struct nsc_error *err);

#endif
