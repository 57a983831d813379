/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of what runs inside: made anew from lists. */
#ifndef NSC_SESSION_ENVIRONMENT_H
#define NSC_SESSION_ENVIRONMENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "rundir/state.h"

/*
 * PATH, HOME, USER, LOGNAME and SHELL; then those of from that keep_env
 * matches (a name, or a beginning followed by '*'); then the container's
 * environment, which overrides the rest.  from may be NULL.  The vector is
 * the caller's (nsc_text_free_vector).
 */
int nsc_environment_make(const struct nsc_state *state, char *const *from,
			 char ***ret, struct nsc_error *err);

#define NSC_RUNTIME_DIR "XDG_RUNTIME_DIR"
/*
 * Inside: the runtime directory of uid, "XDG_RUNTIME_DIR=/run/user/UID", in
 * new memory; NULL where there is none that is the user's alone.
 */
char *nsc_environment_runtime_dir(uid_t uid);

/*
 * Inside: the variable says what there is, unless the container's environment
 * has it.  The vector is one of nsc_environment_make.
 */
int nsc_environment_set_runtime_dir(const struct nsc_state *state,
				    char ***vector, struct nsc_error *err);

/* Whether the container's environment sets the variable name. */
bool nsc_environment_has(const struct nsc_state *state, const char *name);

#endif
