/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, capabilities(7). */
#ifndef NSC_LINUX_CAPABILITY_H
#define NSC_LINUX_CAPABILITY_H

#include <stdint.h>

#include "util/error.h"

/*
 * What a login program still has to do for the user after the session is
 * open: become the user, give the terminal away, tell its children to end,
 * write audit records.
 */
uint64_t nsc_capability_login(void);

/* Drop all but keep (bit n: capability n) from the bounding set. */
int nsc_capability_bound(uint64_t keep, struct nsc_error *err);

/*
 * Reduce permitted and effective to what they have of keep, and empty the
 * inheritable and the ambient set.
 */
int nsc_capability_keep(uint64_t keep, struct nsc_error *err);

/* Raise all permitted capabilities to effective. */
int nsc_capability_raise(struct nsc_error *err);

#endif
