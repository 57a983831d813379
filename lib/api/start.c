/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "policy/policy.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "session/helper.h"
#include "session/starting.h"
#include "linux/descriptors.h"
#include "container/start_container.h"
#include "cgroup/cgroup.h"
#include "container/surroundings.h"

#define GRACE_S 2		/* lets the limits of a start act first */
#define RENEW_S 5		/* for the first session after a renewal */
#define WAIT_MS 30000		/* for another start to finish */

struct question {
	const struct nscontainer *container;
	bool login;		/* run by login-start */
	bool check;		/* start nothing */
	bool renew;		/* run by a monitor of another version */
	bool replace;		/* a running one */
	pid_t parent;
};

/* The arguments of a start, for the callbacks. */
struct starting {
	const struct question *question;
	const struct nsc_user *user;
	const struct nsc_policy *policy;
};

static int no_configuration(const struct nsc_user *user, const char *conf,
			    struct nsc_error *err)
{
	return nsc_error_set(err, ENOENT, "user '%s' has no container.json: "
			     "none in users/%s, groups/ or default/ beside %s",
			     user->name, user->name, conf);
}

/* The caller has the turn. */
static int start(const struct starting *s, int rundir, bool replace,
		 struct nsc_error *err)
{
	const struct nsc_user *user = s->user;
	const struct nsc_conf *conf = s->policy->conf;
	_cleanup_config_ struct nsc_config *config = NULL;
	struct nsc_start_request request = {
		.user = user, .conf = conf, .login = true,
		.leader = -1, .console = -1, .rundir = rundir,
		.name = user->name,
		.conf_path = s->question->container->conf,
		.replace = replace,
	};
	int ret = nsc_start_load(s->policy->dir, user, conf, &config, err);

	if (ret < 0)
		return ret;
	request.config = config;
	/* A container of an administrator's start runs until stopped. */
	request.stop = s->question->login ? NULL : "start";
	return nsc_start(&request, err);
}

static int start_new(struct nsc_starting *s, bool replace,
		     struct nsc_error *err)
{
	return start(s->arg, s->rundir, replace, err);
}

static int start_runs(struct nsc_starting *s, struct nsc_session *session,
		      struct nsc_error *err)
{
	const struct starting *own = s->arg;
	int has = nsc_rundir_is_locked(s->current, NSC_FILE_MONITOR, err);

	if (own->question->replace)
		return nsc_starting_new(s, true, session, err);
	if (session->state->other_version && !session->state->exclusive)
		return nsc_starting_new(s, false, session, err);
	if (has > 0)
		return nsc_error_set(err, EEXIST, "the container of '%s' runs "
				     "already", session->state->user);
	return has < 0 ? has : nsc_starting_adopt(s, err);
}

static int start_in_turn(const struct starting *own, const char *path,
			 struct nsc_error *err)
{
	struct nsc_starting s = {
		.path = path,
		.owner = own->user->uid,
		.deadline = nsc_process_now() + WAIT_MS,
		.demands = own->question->replace,
		.running = start_runs,
		.start = start_new,
		.arg = (void *)(uintptr_t)own,
	};
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(own->user->uid);

	return nsc_starting_run(&s, &session, err);
}

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
static int start_new_for_login(const struct nsc_session_request *request,
			       int rundir, bool replace, struct nsc_error *err)
{
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return nsc_error_sys(err, errno, "prctl");
	alarm(request->policy->conf->start_timeout + GRACE_S);
	return start(request->arg, rundir, replace, err);
}

/*
 * Get a session, and send it to the login program, which may have ended or
 * stand still: the socket's buffer takes the message in any case.
 */
static int open_for_login(const struct starting *own, struct nsc_error *err)
{
	const struct nsc_session_request request = {
		.conf_path = own->question->container->conf,
		.user = own->user, .policy = own->policy,
		.start = start_new_for_login, .arg = own,
	};
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_helper_answer answer = { .err = NSC_ERROR_INIT };
	const struct iovec data = { &answer, sizeof(answer) };
	int ret = nsc_session_open(&request, &session, err);

	if (ret < 0)
		return ret;
	/* Until the nsshell that waits for the container has a session, too. */
	if (own->question->renew)
		return (void)sleep(RENEW_S), 0;
	answer.number = (unsigned int)strtoul(strrchr(session.path, '/') + 1,
					      NULL, 10);
	answer.changed = session.changed;
	memcpy(answer.note, session.note, sizeof(answer.note));
	ret = nsc_descriptors_send(NSC_HELPER_SOCKET, &data, &session.lock, 1,
				   MSG_NOSIGNAL);
	return ret < 0 ? nsc_error_sys(err, -ret, "answer the login") : 0;
}

static int start_user(const struct question *q, struct nsc_error *err)
{
	const struct nscontainer *c = q->container;
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_free_ char *path = NULL;
	struct starting own;
	int ret = nsc_api_user(c, &user, err);

	if (ret < 0)
		return ret;
	ret = nsc_policy_decide(c->conf, user, NULL, &policy, err);
	if (ret < 0)
		return ret;
	if (!policy->dir)
		return no_configuration(user, c->conf, err);
	own = (struct starting){ q, user, policy };
	if (q->login)
		return open_for_login(&own, err);
	ret = nsc_rundir_path(user->uid, &path, err);
	return ret < 0 ? ret : start_in_turn(&own, path, err);
}

/* A check uses the pools, too, and their lock. */
static int check_for_login(const struct nscontainer *c, struct nsc_error *err)
{
	struct nscontainer_error e = NSCONTAINER_ERROR_INIT;
	int ret = nsc_api_check_for_login(c, &e);

	return ret < 0 ? nsc_error_set(err, -ret, "%s", e.text) : 0;
}

/* In a child, so that the container inherits nothing from the caller. */
static void start_in_child(const void *arg, void *answer)
{
	const struct question *q = arg;
	struct nsc_error *err = answer;

	nsc_api_begin_child(q->parent, 0);
	/* Before the first lock, see nsc_surroundings_reset(). */
	if (nsc_surroundings_reset(err) == 0 &&
	    (q->check ? check_for_login(q->container, err) :
			start_user(q, err)) == 0)
		err->code = 0;
}

static int start_ask(const struct question *question, struct nsc_error *err)
{
	const struct nsc_process_question start = {
		start_in_child, question, -1,
	};
	const struct nscontainer *c = question->container;
	_cleanup_fd_ int group = -1;
	struct nsc_error answer = NSC_ERROR_INIT;
	int ret = nsc_api_may_fork(err);

	if (ret < 0)
		return ret;
	if (!c->user)
		return nsc_error_set(err, EINVAL, "start: '%s' is a directory: "
				     "its container runs with a command",
				     c->dir);
	group = nsc_cgroup_root();
	ret = nsc_process_ask_in(&group, &start, &answer, sizeof(answer));
	if (ret == -ECHILD)
		return nsc_error_set(err, ECHILD, "start container '%s': the "
				     "process was killed, by 'nsinit stop' "
				     "for example", c->user);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "start container '%s'",
				     c->user);
	return nsc_error_take(&answer, err);
}

int nsc_api_serve_login(const struct nscontainer *container, bool check,
			struct nscontainer_error *err)
{
	const struct question question = {
		.container = container, .login = true, .check = check,
		.parent = getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(start_ask(&question, &e), &e, err);
}

int nsc_api_renew(const struct nscontainer *container,
		  struct nscontainer_error *err)
{
	const struct question question = {
		.container = container, .login = true, .renew = true,
		.parent = getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(start_ask(&question, &e), &e, err);
}

NSC_PUBLIC int nscontainer_start(const struct nscontainer *container,
				 unsigned int flags,
				 struct nscontainer_error *err)
{
	const struct question question = {
		.container = container,
		.replace = flags & NSCONTAINER_START_REPLACE,
		.parent = getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = flags & ~NSCONTAINER_START_REPLACE ?
			  nsc_error_set(&e, EINVAL, "start: unknown flags") :
			  start_ask(&question, &e);

	return nsc_api_result(ret, &e, err);
}
