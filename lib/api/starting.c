/* SPDX-License-Identifier: Apache-2.0 */
#include "api/starting.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "rundir/turn.h"
#include "session/find.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

int nsc_starting_new(struct nsc_starting *s, bool replace,
		     struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session fresh =
		NSC_SESSION_INIT_OF(session->uid);
	unsigned int number = 0;
	_cleanup_fd_ int instance = nsc_instance_make(s->rundir, s->owner,
						      &number, err);
	int ret;

	if (instance < 0)
		return nsc_error_context(err, "%s", s->path);
	snprintf(fresh.path, sizeof(fresh.path), "%s/%u", s->path, number);
	ret = fresh.lock = nsc_rundir_lock(instance, NSC_FILE_SESSIONS,
					   LOCK_SH, s->deadline, err);
	if (ret >= 0)
		ret = s->start(s, replace, err);
	/* If the start made nothing, this removes the instance. */
	if (ret < 0)
		nsc_instance_remove(instance, number);
	else if ((ret = nsc_session_join(instance, &fresh, err)) == -ESRCH)
		nsc_error_context(err, "the container has started, but ended "
				  "at once: if the kernel killed it, "
				  NSC_HISTORY " says so");
	if (ret < 0)
		return ret;
	nsc_session_close(session);
	session->lock = NSC_TAKE_FD(fresh.lock);
	session->pidfd = NSC_TAKE_FD(fresh.pidfd);
	session->state = NSC_TAKE_PTR(fresh.state);
	snprintf(session->path, sizeof(session->path), "%s", fresh.path);
	session->changed = false;
	return 0;
}

int nsc_starting_adopt(struct nsc_starting *s, struct nsc_error *err)
{
	int has = nsc_rundir_is_locked(s->current, NSC_FILE_MONITOR, err);

	return has == 0 ? s->start(s, false, err) : has < 0 ? has : 0;
}

/*
 * Wait until the previous container's monitor has cleaned up.  A container with
 * sessions may be ending before the monitor notices it.
 */
static int starting_wait_for_monitor(const struct nsc_starting *s,
				     struct nsc_error *err)
{
	_cleanup_fd_ int monitor = -ENOENT;

	if (s->current >= 0) {
		nsc_instance_wake(s->owner, nsc_instance_current(s->rundir));
		monitor = nsc_rundir_lock(s->current, NSC_FILE_MONITOR, LOCK_EX,
					  s->deadline, err);
	}
	return monitor >= 0 || monitor == -ENOENT ? 0 :
		nsc_error_context(err, "wait for the previous container to be "
				  "cleaned up");
}

int nsc_starting_next(struct nsc_starting *s, struct nsc_session *session,
		      struct nsc_error *err)
{
	int ret = starting_wait_for_monitor(s, err);

	return ret < 0 ? ret : nsc_starting_new(s, false, session, err);
}

/*
 * The process that started the newest container may have been killed after the
 * last moment at which the container ended with it, and before the monitor made
 * it current.  Another container beside it would be one too many.
 */
static int starting_let_finish(const struct nsc_starting *s,
			       struct nsc_error *err)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	_cleanup_free_ unsigned int *list = NULL;
	int n = nsc_instance_list(s->rundir, &list, err);
	unsigned int newest = n > 0 ? list[n - 1] : 0;
	_cleanup_fd_ int instance = -ENOENT;

	if (newest > nsc_instance_current(s->rundir))
		instance = nsc_instance_open(s->rundir, newest, NSC_IGNORE);
	while (instance >= 0 && newest > nsc_instance_current(s->rundir) &&
	       nsc_rundir_is_locked(instance, NSC_FILE_MONITOR,
				    NSC_IGNORE) == 1) {
		if (nsc_process_now() >= s->deadline)
			return nsc_error_set(err, EWOULDBLOCK, "%s/%u: its "
					     "container-monitor does not make "
					     "the container current: run "
					     "'nsinit stop'", s->path, newest);
		nanosleep(&moment, NULL);
	}
	return n < 0 ? n : 0;
}

static int starting_run(struct nsc_starting *s, struct nsc_session *session,
			struct nsc_error *err)
{
	int ret = starting_let_finish(s, err);

	if (ret < 0)
		return ret;
	s->current = nsc_session_current(s->rundir, s->path, session, err);
	ret = s->current < 0 ? s->current :
	      nsc_session_find_at(s->current, s->deadline, session, err);
	if (s->running && (ret == 0 || ret == -EPROTO))
		return s->running(s, session, err);
	if (ret == 0)
		return 0;
	if (ret == -EWOULDBLOCK)
		return nsc_error_context(err, "wait for the container to stop");
	if (ret == -ESRCH)
		return nsc_starting_next(s, session, err);
	return ret == -EPROTO ? nsc_starting_new(s, false, session, err) : ret;
}

int nsc_starting_run(struct nsc_starting *s, struct nsc_session *session,
		     struct nsc_error *err)
{
	_cleanup_turn_ struct nsc_turn turn = NSC_TURN_INIT;
	int ret;

	s->current = -1;
	ret = s->rundir = nsc_rundir_make(s->path, err);
	if (ret >= 0)
		ret = s->demands ?
			      nsc_turn_demand(s->rundir, &turn, err) :
			      nsc_turn_wait(s->rundir, s->deadline, &turn, err);
	if (ret >= 0)
		ret = starting_run(s, session, err);
	nsc_fd_close(&s->current);
	nsc_fd_close(&s->rundir);
	return ret;
}
