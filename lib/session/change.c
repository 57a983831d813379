/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, its helper, nsinit. */
#include "session/change.h"

#include <stdio.h>
#include <string.h>

int nsc_change_digest(const struct nsc_state *state,
		      const struct nsc_policy *policy,
		      const struct nsc_user *user, char ret[NSC_DIGEST_SIZE])
{
	const struct nsc_digest_source source = {
		.dir = policy->dir, .content = policy->content,
		.seccomp = state->seccomp, .user = user, .conf = policy->conf,
	};

	return nsc_digest_make(&source, ret, NSC_IGNORE);
}

/*
 * policy is the current policy for user.  If the comparison fails, this is no
 * change: the container was made from a configuration that was once valid.
 */
static bool change_is(const struct nsc_state *state,
		      const struct nsc_policy *policy,
		      const struct nsc_user *user)
{
	char digest[NSC_DIGEST_SIZE];

	return nsc_change_digest(state, policy, user, digest) == 0 &&
	       strcmp(digest, state->digest) != 0;
}

bool nsc_change_of_home(const struct nsc_state *state,
			const struct nsc_user *user)
{
	const struct nsc_home_id now = nsc_home_identify(user);

	return !state->other_version &&
	       !nsc_home_is_same(&now, &state->home_id);
}

/*
 * Does the name for which the container was started have another uid now?  Then
 * this uid was given to another account; a renamed account keeps its container.
 */
static bool change_is_anothers(const struct nsc_state *state,
			       const struct nsc_user *user)
{
	uid_t uid;

	return strcmp(state->user, user->name) != 0 &&
	       nsc_user_uid(state->user, &uid) == 0 && uid != user->uid;
}

enum nsc_renewal nsc_change_renewal(const struct nsc_session_request *request,
				    struct nsc_session *session)
{
	const struct nsc_state *state = session->state;
	unsigned int on_change = state->on_change < NSC_ON_CHANGE_HOST ?
		state->on_change : request->policy->conf->on_change;

	if (state->other_version)
		on_change = NSC_ON_CHANGE_DRAIN;
	else
		session->changed = change_is(state, request->policy,
					     request->user);
	if (!session->changed && !state->other_version)
		return NSC_RENEWAL_NONE;
	if (change_is_anothers(state, request->user))
		return NSC_RENEWAL_REPLACE;
	if (on_change == NSC_ON_CHANGE_KEEP)
		return NSC_RENEWAL_NONE;
	return on_change == NSC_ON_CHANGE_DRAIN && !state->exclusive ?
		       NSC_RENEWAL_DRAIN : NSC_RENEWAL_RECYCLE;
}

void nsc_change_note_kept(struct nsc_session *session, const char *why)
{
	session->changed = true;
	snprintf(session->note, sizeof(session->note), "joins generation %u of "
		 "the container, although its configuration has changed: %s",
		 session->state->generation, why);
}
