/* SPDX-License-Identifier: Apache-2.0 */
/* Become another user of the container than its own, for nsinit. */
#ifndef NSC_API_BE_USER_H
#define NSC_API_BE_USER_H

#include "session/session.h"

/*
 * Look spec (NAME, UID, NAME:GROUP or UID:GID) up in the container's own passwd
 * and group, and make it the user of the session: ids, groups, name, home and
 * shell.  The files are the container's: a process that is nobody reads them,
 * for ten seconds at most.  Returns 0 or a negative errno.
 */
int nsc_api_be_user(struct nsc_session *session, const char *spec,
		    struct nsc_error *err);

#endif
