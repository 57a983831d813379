/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, as root of the host; nsshell, as the user. */
#include "session/session.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "session/find.h"

bool nsc_session_inside(void)
{
	struct stat st;

	return lstat(NSC_MARK_DIR, &st) == 0 && S_ISDIR(st.st_mode);
}

bool nsc_session_inside_of(uid_t uid)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	_cleanup_fd_ int instance = -1;

	if (nsc_rundir_path(uid, &path, NSC_IGNORE) < 0)
		return false;
	rundir = nsc_rundir_open(path, NSC_IGNORE);
	if (rundir >= 0)
		instance = nsc_session_current(rundir, path, &session,
					       NSC_IGNORE);
	return instance >= 0 &&
	       nsc_session_load(instance, &session, NSC_IGNORE) == -EALREADY;
}

/*
 * Only processes in the container are in its pid namespace.  On an error the
 * answer is "no": then the login is refused, because no container is found from
 * inside.
 */
int nsc_session_load(int instance, struct nsc_session *session,
		     struct nsc_error *err)
{
	int error, ret = nsc_running_load(instance, &session->state, err);
	unsigned int others;

	if (ret < 0)
		return ret;
	if (session->state->external) {
		others = nsc_namespace_differ(session->state->ids, &error);
		if (error == 0 && !(others & CLONE_NEWPID))
			return nsc_error_set(err, EALREADY, "this process is "
					     "already inside the container");
	}
	if (session->state->uid == session->uid)
		return 0;
	return nsc_error_set(err, EOWNERDEAD, "the running container belongs "
			     "to uid %u, but the account '%s' now has uid %u: "
			     "have the container stopped, or log in through a "
			     "service with pam_container",
			     session->state->uid, session->state->user,
			     session->uid);
}

bool nsc_session_nested_refused(void)
{
	return access(NSC_MARK_REFUSE, F_OK) == 0;
}

void nsc_session_close(struct nsc_session *session)
{
	nsc_fd_close(&session->lock);
	nsc_fd_close(&session->pidfd);
	nsc_state_cleanup(&session->state);
}
