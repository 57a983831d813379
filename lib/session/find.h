/* SPDX-License-Identifier: Apache-2.0 */
/* A container that runs, for nsc_session_open() and nsc_session_find(). */
#ifndef NSC_SESSION_FIND_H
#define NSC_SESSION_FIND_H

#include "session/session.h"

/*
 * The directory of the instance that is current in the run directory at path;
 * session->path is its path.  -ESRCH: there is none.
 */
int nsc_session_current(int rundir, const char *path,
			struct nsc_session *session, struct nsc_error *err);

/*
 * session->pidfd and the filter of what runs in an instance, whose state is
 * read where session has none yet.  -ESRCH: nothing runs.
 */
int nsc_session_join(int instance, struct nsc_session *session,
		     struct nsc_error *err);

/*
 * The same with a lock on 'sessions' before: while that is held no monitor
 * stops the container.  -EWOULDBLOCK: it is being stopped, at deadline still.
 */
int nsc_session_find_at(int instance, int64_t deadline,
			struct nsc_session *session, struct nsc_error *err);

#endif
