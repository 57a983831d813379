/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "policy/policy.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "session/starting.h"
#include "container/start_container.h"
#include "cgroup/cgroup.h"
#include "container/surroundings.h"

#define LOCK_MS 30000		/* for another start to finish */

struct question {
	const struct nscontainer *container;
	bool login, replace;
	pid_t parent;
};

static int no_configuration(const struct nsc_user *user, const char *conf,
			    struct nsc_error *err)
{
	return nsc_error_set(err, ENOENT, "user '%s' has no container.json: "
			     "none in users/%s, groups/ or default/ beside %s",
			     user->name, user->name, conf);
}

/* The caller holds the lock. */
static int start(const struct question *q, const struct nsc_user *user,
		 const struct nsc_policy *policy, int rundir,
		 struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	struct nsc_start_request request = {
		.user = user, .conf = policy->conf, .login = true,
		.leader = -1, .console = -1, .rundir = rundir,
		.name = user->name,
		.conf_path = q->container->conf,
		.replace = q->replace,
	};
	int ret = nsc_start_load(policy->dir, user, policy->conf, &config,
				 err);

	if (ret < 0)
		return ret;
	request.config = config;
	/* A container of an administrator's start runs until stopped. */
	request.stop = q->login ? NULL : "start";
	return nsc_start(&request, err);
}

/*
 * Open the run directory that a login has opened and locked, and check that it
 * is the same directory: the path leads elsewhere if the login's mounts are not
 * the host's.
 */
static int open_locked(const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, err);
	struct stat mine, theirs;

	if (rundir < 0)
		return rundir;
	if (fstatat(rundir, NSC_FILE_LOCK, &mine, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(NSC_HELPER_LOCK, &theirs) < 0)
		return nsc_error_sys(err, errno, "%s", path);
	if (mine.st_dev != theirs.st_dev || mine.st_ino != theirs.st_ino)
		return nsc_error_set(err, EXDEV, "%s: differs between the "
				     "login and the host's PID 1: the login "
				     "program must see the host's "
				     NSC_RUNDIR, path);
	return NSC_TAKE_FD(rundir);
}

/* The arguments of a start, for the callbacks of nsc_starting_run(). */
struct starting {
	const struct question *question;
	const struct nsc_user *user;
	const struct nsc_policy *policy;
};

static int start_new(struct nsc_starting *s, bool replace,
		     struct nsc_error *err)
{
	const struct starting *own = s->arg;

	(void)replace;
	return start(own->question, own->user, own->policy, s->rundir, err);
}

static int start_runs(struct nsc_starting *s, struct nsc_session *session,
		      struct nsc_error *err)
{
	const struct starting *own = s->arg;
	int has = nsc_rundir_is_locked(s->current, NSC_FILE_MONITOR, err);

	if (own->question->replace)
		return nsc_starting_new(s, true, session, err);
	if (has > 0)
		return nsc_error_set(err, EEXIST, "the container of '%s' runs "
				     "already", session->state->user);
	return has < 0 ? has : nsc_starting_adopt(s, err);
}

static int start_locked(const struct starting *own, const char *path,
			struct nsc_error *err)
{
	struct nsc_starting s = {
		.path = path,
		.owner = own->user->uid,
		.deadline = nsc_process_now() + LOCK_MS,
		.running = start_runs,
		.start = start_new,
		.arg = (void *)(uintptr_t)own,
	};
	_cleanup_session_ struct nsc_session session =
		NSC_SESSION_INIT_OF(own->user->uid);
	_cleanup_fd_ int rundir = -1;

	if (!own->question->login)
		return nsc_starting_run(&s, &session, err);
	rundir = open_locked(path, err);
	return rundir < 0 ? rundir : start(own->question, own->user,
					   own->policy, rundir, err);
}

static int start_user(const struct question *q, struct nsc_error *err)
{
	const struct nscontainer *c = q->container;
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_free_ char *path = NULL;
	int ret = nsc_api_user(c, &user, err);

	if (ret < 0)
		return ret;
	ret = nsc_policy_decide(c->conf, user, NULL, &policy, err);
	if (ret < 0)
		return ret;
	if (!policy->dir)
		return no_configuration(user, c->conf, err);
	ret = nsc_rundir_path(user->uid, &path, err);
	return ret < 0 ? ret : start_locked(&(struct starting){
						q, user, policy }, path, err);
}

/* In a child, so that the container inherits nothing from the caller. */
static void start_in_child(const void *arg, void *answer)
{
	const struct question *q = arg;
	struct nsc_error *err = answer;

	nsc_api_begin_child(q->parent, 0);
	/* Before the first lock, see nsc_surroundings_reset(). */
	if (nsc_surroundings_reset(err) == 0 && start_user(q, err) == 0)
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
	if (ret < 0)
		return nsc_error_sys(err, -ret, "start container '%s'",
				     c->user);
	return nsc_error_take(&answer, err);
}

int nsc_api_start_for_login(const struct nscontainer *container, bool replace,
			    struct nscontainer_error *err)
{
	const struct question question = {
		container, true, replace, getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(start_ask(&question, &e), &e, err);
}

NSC_PUBLIC int nscontainer_start(const struct nscontainer *container,
				 unsigned int flags,
				 struct nscontainer_error *err)
{
	const struct question question = {
		container, false, flags & NSCONTAINER_START_REPLACE, getpid(),
	};
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = flags & ~NSCONTAINER_START_REPLACE ?
			  nsc_error_set(&e, EINVAL, "start: unknown flags") :
			  start_ask(&question, &e);

	return nsc_api_result(ret, &e, err);
}
