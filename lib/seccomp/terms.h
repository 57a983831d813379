/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terms of seccomp profiles: actions, architectures, and Docker's
 * conditions.  Runs in: nsinit and login-start.
 */
#ifndef NSC_SECCOMP_TERMS_H
#define NSC_SECCOMP_TERMS_H

#include "config/field.h"
#include "seccomp/profile.h"

nsc_field_read nsc_read_seccomp_action;	/* uint32_t: SCMP_ACT_* */
nsc_field_read nsc_read_seccomp_arch;	/* uint32_t: SCMP_ARCH_* */
nsc_field_read nsc_read_errno_name;	/* uint32_t; "" stores nothing */

/*
 * Docker's first profile has numbers where later ones have names.  Store a
 * number from 1 to max at ret; returns false for anything else.
 */
bool nsc_seccomp_number(const json_t *value, unsigned int max,
			unsigned int *ret);

/* Do all of the conditions hold, does any? */
struct nsc_seccomp_condition {
	const struct nsc_seccomp_world *world;
	bool all, any;
};

/* Read an object of includes or excludes; null has no conditions. */
int nsc_seccomp_condition(struct nsc_reader *reader, const json_t *value,
			  struct nsc_seccomp_condition *condition);

#endif
