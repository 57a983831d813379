/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program and nsinit, root of the host; nsshell, as the
 * user.
 */
#include "session/find.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>

#include "util/fd.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"

/* State that was read before the lock was taken is verified after it. */
int nsc_session_join(int instance, struct nsc_session *session,
		     struct nsc_error *err)
{
	int ret = session->state ? 0 : nsc_session_load(instance, session, err);

	if (ret < 0)
		return ret;
	if (session->state->other_version)
		return nsc_error_set(err, EPROTO, "another version of "
				     "nscontainer started the container: the "
				     "next login through a service with "
				     "pam_container, or 'nsinit start %s', "
				     "makes a new one beside it",
				     session->state->user);
	session->pidfd = nsc_running_verify(instance, session->state, err);
	return session->pidfd < 0 ?
		       session->pidfd :
		       nsc_running_filter(instance, session->state, err);
}

static int find_gone(struct nsc_error *err)
{
	return nsc_error_set(err, ESRCH, "no container is running");
}

int nsc_session_current(int rundir, const char *path,
			struct nsc_session *session, struct nsc_error *err)
{
	unsigned int number = nsc_instance_current(rundir);
	int instance = nsc_instance_open(rundir, number, err);

	snprintf(session->path, sizeof(session->path), "%s/%u", path, number);
	return instance == -ENOENT ? find_gone(err) : instance;
}

int nsc_session_find_at(int instance, int64_t deadline,
			struct nsc_session *session, struct nsc_error *err)
{
	session->lock = nsc_rundir_lock(instance, NSC_FILE_SESSIONS, LOCK_SH,
					deadline, err);
	/* The instance is being removed, or was never complete. */
	if (session->lock == -ENOENT)
		return find_gone(err);
	/* Root can open each lock; see acl.h for the user that can, too. */
	if (session->lock == -EACCES)
		return nsc_error_set(err, EOWNERDEAD, "the container's files "
				     "do not belong to uid %u: another account "
				     "had this name, or '%s' has no access "
				     "control lists: log in through a service "
				     "with pam_container", session->uid,
				     session->path);
	if (session->lock < 0)
		return session->lock;
	return nsc_session_join(instance, session, err);
}

int nsc_session_find(const char *path, uid_t uid, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(uid);
	_cleanup_fd_ int rundir = nsc_rundir_open(path, err);
	_cleanup_fd_ int instance = -1;
	int error;

	if (rundir < 0)
		return rundir == -ENOENT ? find_gone(err) : rundir;
	instance = nsc_session_current(rundir, path, &session, err);
	error = instance < 0 ? instance :
		nsc_session_find_at(instance, deadline, &session, err);
	if (error < 0)
		return error;
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}
