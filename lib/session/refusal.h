/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the session log about a login that was refused. */
#ifndef NSC_SESSION_REFUSAL_H
#define NSC_SESSION_REFUSAL_H

#include <stdbool.h>

#include "util/error.h"

/* Classes of reasons.  Later versions may append some; the numbers stay. */
#define NSC_REFUSAL_CAUSES 12
extern const char *const nsc_refusal_names[NSC_REFUSAL_CAUSES];

/* The number of a name; 0, "other", if it is unknown. */
unsigned int nsc_refusal_number(const char *name);

/*
 * The caller decides on its number of sessions and on its descriptors: it is
 * told the reason, and on_error does not let it continue on the host.
 */
bool nsc_refusal_is_callers(const struct nsc_error *err);

/*
 * Record a refused login in /var/log/nscontainer/sessions.  A process of its
 * own writes: the login waits neither for a disk nor for a lock, and a file
 * that cannot be written changes nothing.
 */
void nsc_refusal_record(const char *user, const char *service,
			const struct nsc_error *err);

#endif
