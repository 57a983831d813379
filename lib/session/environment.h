/* The environment of what runs inside: made anew from lists. */
#ifndef NSC_SESSION_ENVIRONMENT_H
#define NSC_SESSION_ENVIRONMENT_H

#include "base/error.h"
#include "container/state.h"

/*
 * PATH, HOME, USER, LOGNAME and SHELL; then those of from that keep_env
 * matches (a name, or a beginning followed by '*'); then the container's
 * environment, which overrides the rest.  from may be NULL.  The vector is
 * the caller's (nsc_text_free_vector).
 */
int nsc_environment_make(const struct nsc_state *state, char *const *from,
			 char ***ret, struct nsc_error *err);

#endif
