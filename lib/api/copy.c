/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy files into a container and out of it.  Paths of the container are opened
 * only by a child that is inside, as a user of the container: no link or mount
 * there leads root of the host anywhere.  The child execs nothing, and stays
 * out of the pid namespace, so that no process inside can see it.
 */
#include "api/api.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/copy_stream.h"
#include "api/be_user.h"
#include "session/enter.h"
#include "session/monitor_client.h"
#include "util/fd.h"
#include "util/process.h"

#define FIND_MS 30000

struct copy {
	const struct nscontainer *container;
	const struct nscontainer_copy_request *request;
	pid_t parent;
	int stream[2];		/* of the host, of the child */
	int answer[2];		/* from the child, an nsc_error */
};

/* The name that the copy gets in a directory. */
static const char *name_of(const char *path, char name[NAME_MAX + 1])
{
	size_t end = strlen(path), from;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (from = end; from && path[from - 1] != '/';)
		from--;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)(end - from), path + from);
	return name;
}

static int send_tree(const struct copy *c, int stream, struct nsc_error *err)
{
	char name[NAME_MAX + 1];
	const struct nsc_copy_source source = {
		c->request->from, name, !c->request->out,
	};

	if (!*name_of(c->request->from, name) || !strcmp(name, ".") ||
	    !strcmp(name, "..") || !strcmp(name, "/"))
		return nsc_error_set(err, EINVAL, "'%s': expected a path that "
				     "ends with a name", c->request->from);
	return nsc_copy_send(stream, &source, err);
}

/* A session, limited and recorded, but not one of the user's. */
static int copy_enter(const struct copy *c, struct nsc_session *session,
		      struct nsc_error *err)
{
	const struct nsc_session_origin origin = { .service = "nsinit-cp" };
	struct nsc_user *user = NULL;
	int ret = nsc_api_user(c->container, &user, err);

	if (ret == 0)
		ret = nsc_session_find(c->container->rundir, user->uid,
				       nsc_process_now() + FIND_MS, session,
				       err);
	if (ret == 0 && c->request->user)
		ret = nsc_api_be_user(session, c->request->user, err);
	if (ret == 0)
		ret = nsc_monitor_client_enter(session, &origin, err);
	if (ret == 0)
		ret = nsc_enter_to_exec(session->pidfd, session->state, err);
	if (ret == 0)
		ret = nsc_enter_as_user(session->state, false, err);
	if (ret < 0)
		return ret;
	/* A change of ids clears the parent-death signal, prctl(2). */
	nsc_process_die_with(c->parent);
	return chdir(session->state->home) < 0 ? chdir("/") : 0;
}

static void __attribute__((noreturn)) copy_inside(const struct copy *c)
{
	struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_error err = NSC_ERROR_INIT;

	nsc_api_begin_child(c->parent, 0);
	close(c->stream[0]);
	if (copy_enter(c, &session, &err) == 0 &&
	    (c->request->out ? send_tree(c, c->stream[1], &err) :
	     nsc_copy_receive(c->stream[1], c->request->to, true, &err)) < 0)
		nsc_error_context(&err, "in the container");
	nsc_error_send(c->answer[1], &err);
	_exit(0);
}

/* The side that only lost the other one has nothing to say. */
static int copy_result(int ret, const struct nsc_error *ours, int from_child,
		       struct nsc_error *err)
{
	int theirs = nsc_error_receive(from_child, err);

	if (theirs == 1 && ret == 0)
		return nsc_error_set(err, ECHILD, "the process inside was "
				     "killed");
	if (ret == 0 || (theirs < 0 && theirs != -EPIPE))
		return theirs;
	*err = *ours;
	return ret;
}

static int copy_outside(struct copy *c, int pidfd, struct nsc_error *err)
{
	struct nsc_error ours = NSC_ERROR_INIT;
	int ret;

	nsc_fd_close(&c->stream[1]);
	nsc_fd_close(&c->answer[1]);
	ret = c->request->out ? nsc_copy_receive(c->stream[0], c->request->to,
						 false, &ours) :
				send_tree(c, c->stream[0], &ours);
	nsc_fd_close(&c->stream[0]);
	nsc_process_wait(pidfd, -1, NULL);
	return copy_result(ret, &ours, c->answer[0], err);
}

static int copy_run(struct copy *c, struct nsc_error *err)
{
	_cleanup_fd_ int pidfd = -1;
	int ret = nsc_api_may_fork(err);
	pid_t pid;

	if (ret < 0)
		return ret;
	if (c->container->dir)
		return nsc_error_set(err, EINVAL, "copy: '%s' is a directory: "
				     "copy files into it", c->container->dir);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->stream) < 0 ||
	    nsc_fd_pipe(&c->answer[0], &c->answer[1]) < 0)
		return nsc_error_sys(err, errno, "copy: socket");
	c->parent = getpid();
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		copy_inside(c);
	return pid < 0 ? nsc_error_sys(err, -pid, "start a process") :
			 copy_outside(c, pidfd, err);
}

NSC_PUBLIC int nscontainer_copy(const struct nscontainer *container,
				const struct nscontainer_copy_request *request,
				struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct copy c = {
		.container = container, .request = request,
		.stream = { -1, -1 }, .answer = { -1, -1 },
	};
	int ret = copy_run(&c, &e);

	for (size_t i = 0; i < 2; i++) {
		nsc_fd_close(&c.stream[i]);
		nsc_fd_close(&c.answer[i]);
	}
	return nsc_api_result_of(ret == -ESRCH ? container : NULL, ret, &e,
				 err);
}
