/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work of login-start: get a session for a login program that did not find
 * a container to join, see lib/session/open.c.  Runs in: the helper, root of
 * the host.
 */
#include "api/starting.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "linux/descriptors.h"
#include "rundir/rundir.h"
#include "session/change.h"
#include "session/find.h"
#include "session/helper.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define LOOK_MS 5		/* a monitor's check holds the lock for less */
#define LOOK_INSIDE_MS 2000
#define RENEW_S 5		/* for the first session after a renewal */
#define GRACE_S 2		/* lets the limits of a start act first */

void nsc_api_answer_login(const struct nscontainer_error *from)
{
	struct nsc_helper_answer answer = { .err = NSC_ERROR_INIT };

	_Static_assert(sizeof(answer.err) == sizeof(*from), "one layout");
	memcpy(&answer.err, from, sizeof(answer.err));
	(void)!send(NSC_HELPER_SOCKET, &answer, sizeof(answer), MSG_NOSIGNAL);
}

/*
 * So far this process dies with its login program.  From here on its work is
 * bounded, and the user, who can kill the login program, must not end it
 * halfway: it runs hooks and other commands of root's.
 */
static int start_new(struct nsc_starting *s, bool replace,
		     struct nsc_error *err)
{
	const struct nsc_session_request *request = s->arg;

	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return nsc_error_sys(err, errno, "prctl");
	alarm(request->policy->conf->start_timeout + GRACE_S);
	return nsc_api_start(request, NULL, s, replace, err);
}

/* The reason why a session's container is replaced, for log messages. */
static const char *why_outdated(const struct nsc_session *session)
{
	if (session->state->other_version)
		return "another version of nscontainer started it";
	return session->moved ? "its home is another directory on the host" :
				"its configuration has changed";
}

/*
 * Replace the old container with a new one.  The session holds the old one
 * until the new one runs: if the new one cannot be started, nothing has
 * changed.
 */
static int drain(struct nsc_starting *s, struct nsc_session *session,
		 struct nsc_error *err)
{
	unsigned int generation = session->state->generation;
	const char *why = why_outdated(session);
	int ret = nsc_starting_new(s, false, session, err);

	if (ret == 0)
		snprintf(session->note, sizeof(session->note), "generation %u "
			 "of the container gets no new logins, because %s",
			 generation, why);
	return ret;
}

/* Replace the container, which must have no other sessions. */
static int recycle(struct nsc_starting *s, struct nsc_session *session,
		   struct nsc_error *err)
{
	const struct nsc_session_request *request = s->arg;
	const char *exclusive = session->state->exclusive;
	int ret;

	snprintf(session->note, sizeof(session->note), "replaces generation %u "
		 "of the container, because %s%s%s",
		 session->state->generation, why_outdated(session), exclusive ?
		 "; it cannot drain because of its " : "",
		 exclusive ? exclusive : "");
	nsc_session_close(session);
	session->lock = nsc_rundir_lock(s->current, NSC_FILE_SESSIONS, LOCK_EX,
					nsc_process_now() + LOOK_MS, err);
	if (session->lock == -EWOULDBLOCK) {
		ret = nsc_session_find_at(s->current, s->deadline, session,
					  err);
		if (ret == 0 && session->moved)
			return nsc_error_set(err, EBUSY, "the home '%s' is "
					     "another directory on the host "
					     "than in the container, whose %s "
					     "lets no second one run beside "
					     "it: wait for the end of its "
					     "sessions, or end them with "
					     "'nsinit stop %s'",
					     request->user->home,
					     session->state->exclusive,
					     session->state->user);
		if (ret == 0)
			nsc_change_note_kept(session,
					     session->state->exclusive ?
					     session->state->exclusive :
					     "it has other sessions");
		/* Its monitor was faster: the last session had ended. */
		if (ret == -ESRCH)
			return nsc_starting_next(s, session, err);
		if (ret == -EPROTO)
			nsc_error_set(err, EPROTO, "another version of "
				      "nscontainer started the container, and "
				      "its %s lets no second one run beside "
				      "it: wait for the end of its sessions, "
				      "or end them with 'nsinit stop %s'",
				      session->state->exclusive,
				      session->state->user);
		return ret;
	}
	/* It has removed the container, too. */
	if (session->lock == -ENOENT) {
		nsc_error_clear(err);
		return nsc_starting_next(s, session, err);
	}
	return session->lock < 0 ? session->lock :
				   nsc_starting_new(s, true, session, err);
}

/* The directories at the home's path, on the host and inside. */
struct homes_now {
	struct nsc_home_id host, inside;
};

struct look {
	const struct nsc_session *session;
	const struct nsc_user *user;
};

static void look_at_homes(const void *arg, void *answer)
{
	const struct look *look = arg;
	struct homes_now *now = answer;

	now->host = nsc_home_identify(look->user);
	if (setns(look->session->pidfd, CLONE_NEWNS) == 0)
		now->inside = nsc_home_identify(look->user);
}

/*
 * Is the home another one?  A child looks: a server or the container's root may
 * hold it up, and this process has a lock.  A slave mount gets what the host
 * mounts, so the home may be inside all the same.
 */
static bool is_moved(const struct nsc_session_request *request,
		     const struct nsc_session *session)
{
	struct homes_now now = { NSC_HOME_UNKNOWN, { 0, 0 } };
	const struct look look = { session, request->user };
	int ret;

	if (session->state->other_version)
		return false;
	ret = nsc_process_ask(look_at_homes, &look, &now, sizeof(now),
			      nsc_process_now() + LOOK_INSIDE_MS);
	if (ret < 0)
		return ret == -ETIMEDOUT;
	return !nsc_home_is_same(&now.host, &session->state->home_id) &&
	       !(now.inside.device && nsc_home_is_same(&now.host, &now.inside));
}

/*
 * The account and the policy were read before the turn.  While this process
 * waited, another login may have made a container of what they are now.
 */
static enum nsc_renewal renewal_by_now(const struct nsc_session_request *before,
				       struct nsc_session *session)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	struct nsc_session_request now = *before;
	enum nsc_renewal renewal = nsc_change_renewal(before, session);

	if (renewal == NSC_RENEWAL_NONE ||
	    nsc_user_load(before->user->name, &user, NSC_IGNORE) < 0 ||
	    nsc_policy_decide(before->conf_path, user, NULL, &policy,
			      NSC_IGNORE) < 0 || !policy->dir)
		return renewal;
	now.user = user;
	now.policy = policy;
	return nsc_change_renewal(&now, session);
}

static int join_or_renew(struct nsc_starting *s, struct nsc_session *session,
			 struct nsc_error *err)
{
	enum nsc_renewal renewal = renewal_by_now(s->arg, session);

	session->moved = is_moved(s->arg, session);
	if (session->moved && renewal != NSC_RENEWAL_REPLACE)
		renewal = session->state->exclusive ? NSC_RENEWAL_RECYCLE :
						      NSC_RENEWAL_DRAIN;
	switch (renewal) {
	case NSC_RENEWAL_DRAIN:
		return drain(s, session, err);
	case NSC_RENEWAL_RECYCLE:
		return recycle(s, session, err);
	case NSC_RENEWAL_REPLACE:
		return nsc_starting_new(s, true, session, err);
	default:
		return nsc_starting_adopt(s, err);
	}
}

static int open_in_turn(const struct nsc_session_request *request,
			struct nsc_session *session, struct nsc_error *err)
{
	const unsigned int timeout = request->policy->conf->start_timeout;
	_cleanup_free_ char *path = NULL;
	struct nsc_starting s = {
		.owner = request->user->uid,
		.deadline = nsc_process_now() + (int64_t)timeout * 1000,
		.running = join_or_renew,
		.start = start_new,
		.arg = request,
	};
	int ret = nsc_rundir_path(request->user->uid, &path, err);

	s.path = path;
	return ret < 0 ? ret : nsc_starting_run(&s, session, err);
}

/*
 * The login program may have ended or be stopped: the socket's buffer takes the
 * message in any case.
 */
int nsc_api_open_for_login(const struct nsc_session_request *request,
			   bool renew, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(request->user->uid);
	struct nsc_helper_answer answer = { .err = NSC_ERROR_INIT };
	const struct iovec data = { &answer, sizeof(answer) };
	int ret = open_in_turn(request, &session, err);

	if (ret < 0)
		return ret;
	/*
	 * Hold the session until the nsshell that waits for the container has
	 * one, too.
	 */
	if (renew)
		return (void)sleep(RENEW_S), 0;
	answer.number = (unsigned int)strtoul(strrchr(session.path, '/') + 1,
					      NULL, 10);
	answer.changed = session.changed;
	memcpy(answer.note, session.note, sizeof(answer.note));
	ret = nsc_descriptors_send(NSC_HELPER_SOCKET, &data, &session.lock, 1,
				   MSG_NOSIGNAL);
	return ret < 0 ? nsc_error_sys(err, -ret, "answer the login") : 0;
}
