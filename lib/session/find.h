/* A container that runs, for nsc_session_open() and nsc_session_find(). */
#ifndef NSC_SESSION_FIND_H
#define NSC_SESSION_FIND_H

#include "session/session.h"

/*
 * session->pidfd and the filter of what runs in rundir, whose state is read
 * where session has none yet.  -ESRCH: nothing runs.
 */
int nsc_session_join(int rundir, struct nsc_session *session,
		     struct nsc_error *err);

/*
 * The same with a lock on 'sessions' before: while that is held no monitor
 * stops the container.  -EWOULDBLOCK: it is being stopped, at deadline still.
 * -ESTALE: another directory is at path by now.
 */
int nsc_session_find_at(int rundir, const char *path, int64_t deadline,
			struct nsc_session *session, struct nsc_error *err);

#endif
