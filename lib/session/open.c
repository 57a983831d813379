/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, as root of the host.  It joins a container that
 * runs and is up to date; everything else is the helper's, see
 * lib/api/for_login.c.  A user can stop and kill the login program, so it holds
 * no lock except its own, shared one on 'sessions'.
 */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/paths.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "session/change.h"
#include "session/find.h"
#include "session/helper.h"

#define STOPPING_MS 200		/* a monitor's check holds the lock for less */

/* One login, from its request to its session. */
struct opening {
	const struct nsc_session_request *request;
	const char *path;	/* of the run directory */
	struct nsc_session *session;
};

int nsc_session_check(const struct nsc_session_request *request,
		      struct nsc_error *err)
{
	unsigned int all = request->policy->conf->start_timeout;
	const struct nsc_helper helper = {
		.conf_path = request->conf_path, .user = request->user->name,
		.check = true,
		.timeout = all < NSC_HELPER_CHECK_S ? all : NSC_HELPER_CHECK_S,
	};
	struct nsc_helper_answer answer;
	int lock, ret = nsc_helper_ask(&helper, &answer, &lock, err);

	if (ret == -ETIMEDOUT && helper.timeout < all)
		return nsc_error_set(err, ETIME, "a start takes more than the "
				     "%d seconds that a check of a login may "
				     "take: see 'nsinit check'",
				     NSC_HELPER_CHECK_S);
	return ret;
}

/* The login's mounts may have another run directory than the helper's. */
static int open_same(const struct nsc_session *session, int lock,
		     struct nsc_error *err)
{
	_cleanup_fd_ int instance = nsc_file_open_dir(session->path, err);
	struct stat mine, theirs;
	bool found = instance >= 0 && fstatat(instance, NSC_FILE_SESSIONS,
					      &mine, AT_SYMLINK_NOFOLLOW) == 0;

	if (instance < 0 && instance != -ENOENT)
		return instance;
	/* Looked at last: the container may end at any moment. */
	if (fstat(lock, &theirs) < 0)
		return nsc_error_sys(err, errno, "%s", session->path);
	if (!theirs.st_nlink)
		return nsc_error_set(err, ESRCH, "the container has ended");
	if (!found || mine.st_dev != theirs.st_dev ||
	    mine.st_ino != theirs.st_ino)
		return nsc_error_set(err, EXDEV, "%s: differs between the "
				     "login and the host's PID 1: the login "
				     "program must see the host's "
				     NSC_RUNDIR, session->path);
	return NSC_TAKE_FD(instance);
}

/* No container runs, or it is ending. */
static int open_slowly(struct opening *o, struct nsc_error *err)
{
	const struct nsc_session_request *request = o->request;
	const struct nsc_helper helper = {
		.conf_path = request->conf_path, .user = request->user->name,
		/* It may wait for another start before its own. */
		.timeout = 2 * request->policy->conf->start_timeout,
	};
	struct nsc_session *session = o->session;
	struct nsc_helper_answer answer;
	_cleanup_fd_ int instance = -1;
	_cleanup_fd_ int lock = -1;
	int ret;

	nsc_session_close(session);
	ret = nsc_helper_ask(&helper, &answer, &lock, err);
	if (ret < 0)
		return ret;
	snprintf(session->path, sizeof(session->path), "%s/%u", o->path,
		 answer.number);
	session->changed = answer.changed;
	memcpy(session->note, answer.note, sizeof(session->note));
	ret = instance = open_same(session, lock, err);
	/* A lock of its own: the kernel hides one whose taker has ended. */
	return ret < 0 ? ret : nsc_session_find_at(instance, 0, session, err);
}

static int open_once(struct opening *o, struct nsc_error *err)
{
	struct nsc_session *session = o->session;
	_cleanup_fd_ int rundir = nsc_rundir_open(o->path, err);
	_cleanup_fd_ int instance = -1;
	int ret;

	/* No container has run here yet. */
	if (rundir == -ENOENT)
		return open_slowly(o, err);
	if (rundir < 0)
		return rundir;
	ret = instance = nsc_session_current(rundir, o->path, session, err);
	/*
	 * Check this before the lock: a login never locks an outdated container
	 * that it does not join, so each lock on it belongs to a session.
	 */
	if (ret >= 0)
		ret = nsc_session_load(instance, session, err);
	if (ret == 0 &&
	    (nsc_change_renewal(o->request, session) != NSC_RENEWAL_NONE ||
	     nsc_change_of_home(session->state, o->request->user)))
		ret = -EWOULDBLOCK;
	if (ret == 0)
		ret = nsc_session_find_at(instance, nsc_process_now() +
					  STOPPING_MS, session, err);
	/* If the monitor was killed, start another one for the sessions. */
	if (ret == 0 && nsc_instance_is_watched(session->path))
		return 0;
	return ret == 0 || ret == -ESRCH || ret == -EWOULDBLOCK ?
		       open_slowly(o, err) : ret;
}

int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err)
{
	const uid_t uid = request->user->uid;
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(uid);
	_cleanup_free_ char *path = NULL;
	struct opening o = { .request = request, .session = &session };
	int error = nsc_rundir_path(uid, &path, err);

	if (error < 0)
		return error;
	o.path = path;
	error = open_once(&o, err);
	if (error < 0)
		return error;
	if (session.changed && !*session.note)
		nsc_change_note_kept(&session, "on_change is \"keep\"");
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}
