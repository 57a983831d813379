/* SPDX-License-Identifier: Apache-2.0 */
/* Detect whether a running container differs from its current configuration. */
#ifndef NSC_SESSION_CHANGE_H
#define NSC_SESSION_CHANGE_H

#include <stdbool.h>

#include "policy/policy.h"
#include "policy/user.h"
#include "rundir/state.h"

#define NSC_CHANGE_MESSAGE \
	"The configuration of your container has changed; it takes effect " \
	"when the container is started again."

/*
 * policy is the current policy for user.  If the comparison fails, this is no
 * change: the container was made from a configuration that was once valid.
 */
bool nsc_change_is(const struct nsc_state *state,
		   const struct nsc_policy *policy,
		   const struct nsc_user *user);

#endif
