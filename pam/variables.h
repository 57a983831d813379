/* SPDX-License-Identifier: Apache-2.0 */
/* PAM's environment of a session. */
#ifndef NSC_PAM_VARIABLES_H
#define NSC_PAM_VARIABLES_H

#include <security/pam_modules.h>

#include "util/error.h"
#include "policy/user.h"
#include "rundir/state.h"

/* Put the container's variables; on the host. */
int nsc_variables_put(pam_handle_t *pamh, const struct nsc_user *user,
		      const struct nsc_state *state, struct nsc_error *err);

/* Inside. */
void nsc_variables_put_runtime_dir(pam_handle_t *pamh,
				   const struct nsc_user *user,
				   const struct nsc_state *state);

#endif
