/* Runs in: the login program, as root of the host. */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/process.h"
#include "rundir/drain.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "session/change.h"
#include "session/find.h"
#include "session/helper.h"

#define STOPPING_MS 200		/* a monitor that looks holds the lock less */
#define LOOK_MS 5		/* the same, where sessions are likelier */

/* One login, until it has its session. */
struct opening {
	const struct nsc_session_request *request;
	const char *path;	/* of the run directory */
	int64_t deadline;
	struct nsc_session *session;
};

static int start(const struct opening *o, int lock, bool replace,
		 struct nsc_error *err)
{
	const struct nsc_session_request *request = o->request;
	const struct nsc_helper helper = {
		.conf_path = request->conf_path, .user = request->user->name,
		.lock = lock, .replace = replace,
		.timeout = request->policy->conf->start_timeout,
	};

	return nsc_helper_start(&helper, err);
}

int nsc_session_check(const struct nsc_session_request *request,
		      struct nsc_error *err)
{
	const struct nsc_helper helper = {
		.conf_path = request->conf_path, .user = request->user->name,
		.lock = -1, .timeout = request->policy->conf->start_timeout,
	};

	return nsc_helper_start(&helper, err);
}

static enum nsc_on_change on_change(const struct opening *o)
{
	unsigned int own = o->session->state->on_change;

	return own < NSC_ON_CHANGE_HOST ? own :
					  o->request->policy->conf->on_change;
}

/* Is it to be left to those who are in it? */
static bool outdated(const struct opening *o)
{
	const struct nsc_session_request *request = o->request;

	o->session->changed = nsc_change_is(o->session->state, request->policy,
					    request->user);
	return o->session->changed && on_change(o) != NSC_ON_CHANGE_KEEP;
}

/*
 * The new container gets a run directory that takes the old one's place in one
 * step, locked and with our session counted from its first moment.  The old
 * one's session of ours keeps that until the new one runs: where it cannot
 * be started, nothing has changed.
 */
static int drain_into(const struct opening *o, const char *other, int fresh,
		      struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_fd_ int lock = nsc_rundir_lock(fresh, NSC_FILE_LOCK, LOCK_EX,
						o->deadline, err);
	int ret = lock;

	if (ret >= 0)
		ret = session->lock = nsc_rundir_lock(fresh, NSC_FILE_SESSIONS,
						      LOCK_SH, o->deadline,
						      err);
	if (ret >= 0)
		ret = nsc_rundir_set_generation(fresh, o->session->state->
						generation, err);
	if (ret >= 0)
		ret = nsc_rundir_exchange(o->path, other, err);
	if (ret < 0)
		return ret;
	ret = start(o, lock, false, err);
	if (ret < 0)
		nsc_rundir_exchange(o->path, other, NSC_IGNORE);
	return ret;
}

static int drain(const struct opening *o, struct nsc_error *err)
{
	const struct nsc_user *user = o->request->user;
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(user->uid);
	unsigned int generation = o->session->state->generation;
	_cleanup_free_ char *other = NULL;
	_cleanup_fd_ int fresh = -1;
	int ret = nsc_rundir_path_draining(user->name, generation, &other,
					   err);

	if (ret < 0)
		return ret;
	fresh = nsc_rundir_open(other, true, user->uid, err);
	if (fresh < 0)
		return fresh;
	ret = drain_into(o, other, fresh, &session, err);
	/* Only where it did not take the old one's place. */
	nsc_drain_remove(fresh);
	if (ret == 0)
		ret = nsc_session_join(fresh, &session, err);
	if (ret < 0)
		return ret;
	nsc_session_close(o->session);
	*o->session = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	snprintf(o->session->note, sizeof(o->session->note), "generation %u of "
		 "the container gets no new logins, because its configuration "
		 "has changed", generation);
	return 0;
}

static void note_kept(struct nsc_session *session, const char *why)
{
	session->changed = true;
	snprintf(session->note, sizeof(session->note), "joins generation %u of "
		 "the container, although its configuration has changed: %s",
		 session->state->generation, why);
}

/* Nobody else may be in it for that. */
static int recycle(const struct opening *o, int rundir, int lock,
		   struct nsc_error *err)
{
	struct nsc_session *session = o->session;
	const char *exclusive = session->state->exclusive;
	int ret;

	snprintf(session->note, sizeof(session->note), "replaces generation %u "
		 "of the container, because its configuration has changed%s%s",
		 session->state->generation, exclusive ?
		 "; it cannot drain because of its " : "",
		 exclusive ? exclusive : "");
	nsc_session_close(session);
	session->lock = nsc_rundir_lock(rundir, NSC_FILE_SESSIONS, LOCK_EX,
					nsc_process_now() + LOOK_MS, err);
	if (session->lock == -EWOULDBLOCK) {
		ret = nsc_session_find_at(rundir, o->path, o->deadline,
					  session, err);
		if (ret == 0)
			note_kept(session, session->state->exclusive ?
				  session->state->exclusive :
				  "others are in it");
		return ret;
	}
	if (session->lock < 0)
		return session->lock;
	ret = start(o, lock, true, err);
	if (ret < 0)
		return ret;
	session->changed = false;
	/* Its monitor may be waiting for the same. */
	if (flock(session->lock, LOCK_SH | LOCK_NB) < 0)
		return nsc_error_set(err, ESRCH, "the container has ended");
	return nsc_session_join(rundir, session, err);
}

static int renew(const struct opening *o, int rundir, int lock,
		 struct nsc_error *err)
{
	if (on_change(o) == NSC_ON_CHANGE_DRAIN &&
	    !o->session->state->exclusive)
		return drain(o, err);
	return recycle(o, rundir, lock, err);
}

/* Nothing runs, or it is going away: one at a time from here. */
static int open_slowly(const struct opening *o, struct nsc_error *err)
{
	struct nsc_session *session = o->session;
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int monitor = -1;
	_cleanup_fd_ int rundir =
		nsc_rundir_open_locked(o->path, o->request->user->uid,
				       o->deadline, &lock, err);
	int ret;

	if (rundir < 0)
		return nsc_error_context(err, "wait for another login to start "
					 "the container");
	nsc_session_close(session);
	ret = nsc_session_find_at(rundir, o->path, o->deadline, session, err);
	if (ret == 0)
		return outdated(o) ? renew(o, rundir, lock, err) : 0;
	if (ret == -EWOULDBLOCK)
		return nsc_error_context(err, "wait for the container to stop");
	if (ret != -ESRCH)
		return ret;
	nsc_state_cleanup(&session->state);
	/* The previous container's monitor must have cleaned up. */
	monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR, LOCK_EX,
				  o->deadline, err);
	if (monitor < 0)
		return nsc_error_context(err, "wait for the previous container "
					 "to be cleaned up");
	nsc_fd_close(&monitor);
	ret = start(o, lock, false, err);
	return ret < 0 ? ret : nsc_session_join(rundir, session, err);
}

/* Does the container have a monitor?  1, 0, or a negative errno. */
static int has_monitor(int rundir, struct nsc_error *err)
{
	_cleanup_fd_ int monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR,
						   LOCK_EX, 0, NSC_IGNORE);

	if (monitor == -EWOULDBLOCK)
		return 1;
	if (monitor < 0)
		return nsc_error_sys(err, -monitor, "look for the monitor");
	return 0;
}

/* A container whose monitor was killed gets a new one. */
static int need_monitor(const struct opening *o, int rundir,
			struct nsc_error *err)
{
	_cleanup_fd_ int lock = -1;
	int has = has_monitor(rundir, err);

	if (has > 0)
		return 0;
	if (has == 0)
		lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
				       o->deadline, err);
	/* It drains by now: it gets none, and no new login. */
	if (!nsc_rundir_is_at(rundir, o->path))
		return -ESTALE;
	if (has < 0 || lock < 0)
		return has < 0 ? has : lock;
	/* Another login may have brought one meanwhile. */
	has = has_monitor(rundir, err);
	if (has != 0)
		return has < 0 ? has : 0;
	return start(o, lock, false, err);
}

static int open_once(const struct opening *o, struct nsc_error *err)
{
	struct nsc_session *session = o->session;
	_cleanup_fd_ int rundir = nsc_rundir_open(o->path, false, 0, err);
	int ret;

	/* Nothing ran here yet. */
	if (rundir == -ENOENT)
		return open_slowly(o, err);
	if (rundir < 0)
		return rundir;
	/*
	 * Before it is locked: one that is outdated is never held by a login
	 * that does not join it, so who holds it is a session.
	 */
	ret = nsc_session_load(rundir, session, err);
	if (ret == -EOWNERDEAD || (ret == 0 && outdated(o)))
		ret = -EWOULDBLOCK;
	if (ret == 0)
		ret = nsc_session_find_at(rundir, o->path,
					  nsc_process_now() + STOPPING_MS,
					  session, err);
	if (ret == -ESRCH || ret == -EWOULDBLOCK)
		return open_slowly(o, err);
	return ret < 0 ? ret : need_monitor(o, rundir, err);
}

int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err)
{
	const uid_t uid = request->user->uid;
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(uid);
	_cleanup_free_ char *path = NULL;
	struct opening o = { .request = request, .session = &session };
	int error = nsc_rundir_path(request->user->name, &path, err);

	if (error < 0)
		return error;
	o.path = path;
	o.deadline = nsc_process_now() +
		     (int64_t)request->policy->conf->start_timeout * 1000;
	do {
		nsc_session_close(&session);
		session = (struct nsc_session)NSC_SESSION_INIT_OF(uid);
		error = open_once(&o, err);
	} while (error == -ESTALE);
	if (error < 0)
		return error;
	if (session.changed && !*session.note)
		note_kept(&session, "on_change is \"keep\"");
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}
