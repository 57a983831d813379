/*
 * Runs in: the login program and nsinit, root of the host; nsshell, as the
 * user.
 */
#include "session/find.h"

#include <errno.h>
#include <sys/file.h>

#include "util/fd.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/rundir.h"

/* What was read before the lock was got is verified after. */
int nsc_session_join(int rundir, struct nsc_session *session,
		     struct nsc_error *err)
{
	int ret = session->state ? 0 : nsc_session_load(rundir, session, err);

	if (ret < 0)
		return ret;
	session->pidfd = nsc_join_verify(rundir, session->state, err);
	return session->pidfd < 0 ? session->pidfd :
				    nsc_join_filter(rundir, session->state,
						    err);
}

int nsc_session_find_at(int rundir, const char *path, int64_t deadline,
			struct nsc_session *session, struct nsc_error *err)
{
	session->lock = nsc_rundir_lock(rundir, NSC_FILE_SESSIONS, LOCK_SH,
					deadline, err);
	if ((session->lock >= 0 || session->lock == -ENOENT) &&
	    !nsc_rundir_is_at(rundir, path))
		return nsc_error_set(err, ESTALE, "another container has taken "
				     "its place");
	/* Root opens all; see acl.h for who else. */
	if (session->lock == -EACCES)
		return nsc_error_set(err, EOWNERDEAD, "the container's files "
				     "are not for uid %u: they are of another "
				     "account that had the name, or '%s' has "
				     "no access control lists: log in where "
				     "pam_container does", session->uid, path);
	if (session->lock < 0)
		return session->lock;
	return nsc_session_join(rundir, session, err);
}

int nsc_session_find(const char *path, uid_t uid, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(uid);
	int error;

	do {
		_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, err);

		if (rundir == -ENOENT)
			return nsc_error_set(err, ESRCH, "no container is "
					     "running");
		if (rundir < 0)
			return rundir;
		nsc_session_close(&session);
		error = nsc_session_find_at(rundir, path, deadline, &session,
					    err);
	} while (error == -ESTALE);
	if (error < 0)
		return error;
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}
