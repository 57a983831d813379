/* SPDX-License-Identifier: Apache-2.0 */
/* Detect whether a running container differs from its current configuration. */
#ifndef NSC_SESSION_CHANGE_H
#define NSC_SESSION_CHANGE_H

#include <stdbool.h>

#include "policy/digest.h"
#include "session/session.h"

#define NSC_CHANGE_MESSAGE \
	"The configuration of your container has changed; it takes effect " \
	"when the container is started again."

/* The digest that a start would have now.  Returns 0 or a negative errno. */
int nsc_change_digest(const struct nsc_state *state,
		      const struct nsc_policy *policy,
		      const struct nsc_user *user, char ret[NSC_DIGEST_SIZE]);

/*
 * Is the home on the host another directory than the container was made with?
 * A login would write below what was mounted there meanwhile.
 */
bool nsc_change_of_home(const struct nsc_state *state,
			const struct nsc_user *user);

/* How a login treats a running container. */
enum nsc_renewal {
	NSC_RENEWAL_NONE,	/* it joins */
	NSC_RENEWAL_DRAIN,	/* it starts another one beside it */
	NSC_RENEWAL_RECYCLE,	/* it replaces it, when it has no sessions */
	NSC_RENEWAL_REPLACE,	/* it replaces it now: it is another's */
};

/*
 * Decide this for session->state; session->changed: has the configuration
 * changed?
 */
enum nsc_renewal nsc_change_renewal(const struct nsc_session_request *request,
				    struct nsc_session *session);

/* The session joins despite a change; why is for the log. */
void nsc_change_note_kept(struct nsc_session *session, const char *why);

#endif
