/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, nsinit. */
#include "session/change.h"

#include <string.h>

#include "policy/digest.h"

bool nsc_change_is(const struct nsc_state *state,
		   const struct nsc_policy *policy,
		   const struct nsc_user *user)
{
	const struct nsc_digest_source source = {
		.dir = policy->dir, .content = policy->content,
		.seccomp = state->seccomp, .user = user, .conf = policy->conf,
	};
	char digest[NSC_DIGEST_SIZE];

	return nsc_digest_make(&source, digest, NSC_IGNORE) == 0 &&
	       strcmp(digest, state->digest) != 0;
}
