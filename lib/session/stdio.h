/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors 0, 1 and 2, which a program inside inherits from a login or the
 * caller of a command.
 */
#ifndef NSC_SESSION_STDIO_H
#define NSC_SESSION_STDIO_H

#include <stdbool.h>

#include "util/error.h"

/*
 * The code of a refusal that the caller has caused and can avoid: the caller is
 * told the reason, and on_error does not let such a login continue on the host.
 */
#define NSC_STDIO_REFUSED EBADFD

/* Is one of them a terminal? */
bool nsc_stdio_has_terminal(void);

/*
 * May all of them go inside?  Allowed are files, pipes, sockets, devices that
 * everybody has, and terminal, which is replaced (-1: there is none).  Closed
 * descriptors are skipped; a terminal that was hung up, which nobody can read
 * or write any more, becomes /dev/null.  Returns 0 or a negative errno; a
 * refusal has the code NSC_STDIO_REFUSED.
 */
int nsc_stdio_check(int terminal, struct nsc_error *err);

#endif
