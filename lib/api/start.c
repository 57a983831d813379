/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "policy/policy.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "api/starting.h"
#include "config/cdi.h"
#include "container/start_container.h"
#include "cgroup/cgroup.h"
#include "container/surroundings.h"

#define WAIT_MS 30000		/* for another start to finish */

struct question {
	const struct nscontainer *container;
	bool login;		/* run by login-start */
	enum nsc_api_work work;	/* for that */
	bool replace;		/* else: a running one */
	bool boot;		/* NSCONTAINER_START_BOOT */
	pid_t parent;
};

static int no_configuration(const struct nsc_user *user, const char *conf,
			    struct nsc_error *err)
{
	return nsc_error_set(err, ENOENT, "user '%s' has no container.json: "
			     "none in users/%s, groups/ or default/ beside %s",
			     user->name, user->name, conf);
}

int nsc_api_start(const struct nsc_session_request *asked, const char *stop,
		  const struct nsc_starting *s, bool replace,
		  struct nsc_error *err)
{
	const struct nsc_user *user = asked->user;
	const struct nsc_conf *conf = asked->policy->conf;
	_cleanup_config_ struct nsc_config *config = NULL;
	struct nsc_start_request request = {
		.user = user, .conf = conf, .login = true,
		.leader = -1, .console = -1, .rundir = s->rundir,
		.name = user->name, .conf_path = asked->conf_path,
		.stop = stop, .replace = replace,
	};
	int ret = nsc_start_load(asked->policy->dir, user, conf, &config, err);

	if (ret == 0)
		ret = nsc_cdi_apply(config, err);
	if (ret < 0)
		return ret;
	request.config = config;
	return nsc_start(&request, err);
}

/* A container of an administrator's start runs until stopped. */
static int start_new(struct nsc_starting *s, bool replace,
		     struct nsc_error *err)
{
	return nsc_api_start(s->arg, "start", s, replace, err);
}

static int start_runs(struct nsc_starting *s, struct nsc_session *session,
		      struct nsc_error *err)
{
	int has = nsc_rundir_is_locked(s->current, NSC_FILE_MONITOR, err);

	if (s->demands)
		return nsc_starting_new(s, true, session, err);
	if (session->state->other_version && !session->state->exclusive)
		return nsc_starting_new(s, false, session, err);
	if (has > 0)
		return nsc_error_set(err, EEXIST, "the container of '%s' runs "
				     "already", session->state->user);
	return has < 0 ? has : nsc_starting_adopt(s, err);
}

static int start_in_turn(const struct nsc_session_request *request,
			 bool replace, const char *path, struct nsc_error *err)
{
	struct nsc_starting s = {
		.path = path,
		.owner = request->user->uid,
		.deadline = nsc_process_now() + WAIT_MS,
		.demands = replace,
		.running = start_runs,
		.start = start_new,
		.arg = request,
	};
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(request->user->uid);

	return nsc_starting_run(&s, &session, err);
}

static int start_user(const struct question *q, struct nsc_error *err)
{
	const struct nscontainer *c = q->container;
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_free_ char *path = NULL;
	struct nsc_session_request request = { .conf_path = c->conf };
	int ret = nsc_api_user(c, &user, err);

	if (ret < 0)
		return ret;
	ret = nsc_policy_decide(c->conf, user, NULL, &policy, err);
	if (ret < 0)
		return ret;
	if (!policy->dir)
		return no_configuration(user, c->conf, err);
	if (q->boot && !policy->contained)
		return nsc_error_set(err, ENOENT, "logins of '%s' stay on the "
				     "host: %s", user->name, policy->reason);
	request.user = user;
	request.policy = policy;
	if (q->login)
		return nsc_api_open_for_login(&request,
					      q->work == NSC_API_RENEW, err);
	ret = nsc_rundir_path(user->uid, &path, err);
	if (ret == 0)
		ret = start_in_turn(&request, q->replace, path, err);
	return ret == -EEXIST && q->boot ? nsc_error_clear(err) : ret;
}

/*
 * This runs in a child, so that the container inherits nothing from the caller.
 */
static void start_in_child(const void *arg, void *answer)
{
	const struct question *q = arg;
	struct nsc_error *err = answer;

	nsc_api_begin_child(q->parent, 0);
	/*
	 * This comes before the first lock, see nsc_surroundings_reset(): a
	 * check uses the pools, too, and their lock.
	 */
	if (nsc_surroundings_reset(err) == 0 &&
	    (q->login && q->work == NSC_API_CHECK ?
		     nsc_api_check_for_login(q->container, err) :
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

int nsc_api_serve_login(const struct nscontainer *container,
			enum nsc_api_work work, struct nscontainer_error *err)
{
	const struct question question = {
		.container = container, .login = true, .work = work,
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
		.boot = flags & NSCONTAINER_START_BOOT,
		.parent = getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = flags & ~(NSCONTAINER_START_REPLACE |
			    NSCONTAINER_START_BOOT) ?
			  nsc_error_set(&e, EINVAL, "start: unknown flags") :
			  start_ask(&question, &e);

	return nsc_api_result(ret, &e, err);
}
