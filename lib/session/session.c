/* Runs in: the login program, as root of the host; nsshell, as the user. */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/rundir.h"

bool nsc_session_inside(void)
{
	struct stat st;

	return lstat(NSC_MARK_DIR, &st) == 0 && S_ISDIR(st.st_mode);
}

bool nsc_session_inside_of(const char *user)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;

	if (nsc_rundir_path(user, &path, NSC_IGNORE) < 0)
		return false;
	rundir = nsc_rundir_open(path, false, 0, NSC_IGNORE);
	return rundir >= 0 &&
	       nsc_session_load(rundir, &session, NSC_IGNORE) == -EALREADY;
}

/*
 * Only processes in the container are in its pid namespace.  What cannot be
 * told is "no": then the login is refused, since from inside nothing is found.
 */
int nsc_session_load(int rundir, struct nsc_session *session,
		     struct nsc_error *err)
{
	int error, ret = nsc_join_load(rundir, &session->state, err);
	unsigned int others;

	if (ret < 0)
		return ret;
	if (session->state->external) {
		others = nsc_namespace_differ(session->state->ids, &error);
		if (error == 0 && !(others & CLONE_NEWPID))
			return nsc_error_set(err, EALREADY, "this is inside of "
					     "the container already");
	}
	if (session->state->uid == session->uid)
		return 0;
	return nsc_error_set(err, EOWNERDEAD, "the container that runs is of "
			     "uid %u, and the account '%s' is uid %u now: have "
			     "it stopped, or log in where pam_container does",
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

int nsc_session_open_rundir(const struct nsc_session *session,
			    struct nsc_error *err)
{
	char link[32], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", session->lock);
	for (;;) {
		_cleanup_fd_ int rundir = -1;
		struct stat ours, there;
		ssize_t n = readlink(link, path, sizeof(path) - 1);
		char *slash;

		if (n <= 0)
			return nsc_error_sys(err, errno, "read %s", link);
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			return nsc_error_set(err, ESRCH, "the container has "
					     "ended");
		*slash = '\0';
		rundir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW |
			      O_CLOEXEC);
		if (rundir < 0 && errno == ENOENT)
			return nsc_error_set(err, ESRCH, "the container has "
					     "ended");
		if (rundir < 0)
			return nsc_error_sys(err, errno, "open '%s'", path);
		/* It may be moved meanwhile; else it is what was checked. */
		if (fstat(session->lock, &ours) == 0 &&
		    fstatat(rundir, NSC_FILE_SESSIONS, &there,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
			return NSC_TAKE_FD(rundir);
	}
}
