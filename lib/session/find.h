/* SPDX-License-Identifier: Apache-2.0 */
/* Find a running container, for nsc_session_open() and nsc_session_find(). */
#ifndef NSC_SESSION_FIND_H
#define NSC_SESSION_FIND_H

#include "session/session.h"

/*
 * Open the current instance in the run directory at path; session->path becomes
 * its path.  Returns its directory or a negative errno; -ESRCH: there is none.
 */
int nsc_session_current(int rundir, const char *path,
			struct nsc_session *session, struct nsc_error *err);

/*
 * Fill in session->pidfd and the filter of the container in an instance, and
 * the state if the session has none yet.  Returns 0 or a negative errno;
 * -ESRCH: no container runs; -EPROTO: only programs of another version can join
 * it.
 */
int nsc_session_join(int instance, struct nsc_session *session,
		     struct nsc_error *err);

/*
 * The same, but lock 'sessions' first: no monitor stops the container while
 * this lock is held.  -EWOULDBLOCK: the container was still being stopped at
 * the deadline.
 */
int nsc_session_find_at(int instance, int64_t deadline,
			struct nsc_session *session, struct nsc_error *err);

#endif
