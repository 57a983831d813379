/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of programs inside: made anew from lists. */
#ifndef NSC_SESSION_ENVIRONMENT_H
#define NSC_SESSION_ENVIRONMENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "rundir/state.h"

/*
 * Make PATH, HOME, USER, LOGNAME and SHELL; then add the variables in from that
 * match keep_env (a name, or a prefix followed by '*'); then the container's
 * environment, which overrides the others.  from may be NULL.  The caller owns
 * the vector (nsc_text_free_vector).  Returns 0 or a negative errno.
 */
int nsc_environment_make(const struct nsc_state *state, char *const *from,
			 char ***ret, struct nsc_error *err);

/* Add "NAME=VALUE", instead of one with that name.  Returns 0 or -ENOMEM. */
int nsc_environment_add(char ***vector, const char *entry);

#define NSC_RUNTIME_DIR "XDG_RUNTIME_DIR"
/*
 * Inside: the runtime directory of uid, "XDG_RUNTIME_DIR=/run/user/UID", in new
 * memory; NULL if no such directory belongs only to the user.
 */
char *nsc_environment_runtime_dir(uid_t uid);

/*
 * Inside: set the variable to the existing directory, unless the container's
 * environment has the variable.  The vector comes from nsc_environment_make.
 * Returns 0 or a negative errno.
 */
int nsc_environment_set_runtime_dir(const struct nsc_state *state,
				    char ***vector, struct nsc_error *err);

/* Does the container's environment set the variable name? */
bool nsc_environment_has(const struct nsc_state *state, const char *name);

#endif
