/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, capabilities(7). */
#ifndef NSC_LINUX_CAPABILITY_H
#define NSC_LINUX_CAPABILITY_H

#include <stdint.h>

#include "util/error.h"

/*
 * The capabilities that a login program needs for the user after the session is
 * open: become the user, give the terminal away, end its children, write audit
 * records.
 */
uint64_t nsc_capability_login(void);

/*
 * Drop all capabilities except keep (bit n: capability n) from the bounding
 * set.  Returns 0 or a negative errno.
 */
int nsc_capability_bound(uint64_t keep, struct nsc_error *err);

/*
 * Reduce the permitted and effective sets to keep, and empty the inheritable
 * and ambient sets.  Returns 0 or a negative errno.
 */
int nsc_capability_keep(uint64_t keep, struct nsc_error *err);

/*
 * Raise all permitted capabilities to effective.  Returns 0 or a negative
 * errno.
 */
int nsc_capability_raise(struct nsc_error *err);

/*
 * Make set, which is permitted, permitted, effective, inheritable and ambient,
 * and nothing else.  Returns 0 or a negative errno.
 */
int nsc_capability_ambient(uint64_t set, struct nsc_error *err);

/*
 * Make ambient what is permitted: for container-shell, see
 * docs/design/0079-ambient-capabilities.md.
 */
void nsc_capability_pass_on(void);

#endif
