/*
 * nsinit exec: run a command in the container of a directory.  Starts the
 * container when none runs there; it then ends with this command, however
 * nsinit ends, because the monitor watches nsinit itself.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "container/start.h"
#include "base/text.h"
#include "kernel/pidfd.h"
#include "nsinit.h"
#include "session/console.h"
#include "session/environment.h"
#include "session/run.h"

#define WAIT_MS 30000

extern char **environ;

struct exec {
	char *dir;		/* of the container.json */
	char *path;		/* of the run directory */
	int dirfd;
	struct nsc_user *user;	/* root: whose container it is */
	int rundir;
	struct nsc_session session;
	int tty;		/* of the options */
	struct nsc_pty pty;	/* made with the container, or none */
};

static const char *const links[] = { NSC_FILE_PID, NSC_FILE_START };

/*
 * DIR/pid and DIR/start, for whoever looks: nobody trusts what is in DIR, which
 * may be the container's own root directory.  The monitor removes them.
 */
static int make_links(const struct exec *e, struct nsc_error *err)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(links); i++) {
		snprintf(target, sizeof(target), "%s/%s", e->path, links[i]);
		unlinkat(e->dirfd, links[i], 0);
		if (symlinkat(target, e->dirfd, links[i]) < 0)
			return nsc_error_sys(err, errno, "make '%s/%s'",
					     e->dir, links[i]);
	}
	return 0;
}

static void exec_cleanup(struct exec *e)
{
	nsc_pty_close(&e->pty);
	nsc_session_close(&e->session);
	nsc_fd_close(&e->rundir);
	nsc_fd_close(&e->dirfd);
	nsc_user_free(e->user);
	free(e->dir);
	free(e->path);
}

/*
 * What a container is started for on a terminal has it as /dev/console: it is
 * made with the file systems, and comes back to us through a socket.
 */
static int start_with_console(struct exec *e,
			      struct nsc_start_request *request,
			      struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	int pair[2];
	int ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nsc_error_sys(err, errno, "terminal: socket");
	in = pair[0];
	request->console = out = pair[1];
	ret = nsc_start(request, err);
	/* A container that only lost its monitor is not made anew. */
	if (ret == 0)
		nsc_pty_receive(in, &e->pty, NULL);
	return ret;
}

static int start(struct exec *e, struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	_cleanup_fd_ int leader = nsc_pidfd_open(getpid());
	struct nsc_start_request request = {
		.user = e->user, .stop = "logout", .leader = leader,
		.rundir = e->rundir, .dir = e->dirfd, .console = -1,
	};
	int ret = nsc_conf_parse("", "defaults", &conf, err);

	if (ret == 0)
		ret = nsc_start_load(e->dir, e->user, &config, err);
	if (ret < 0)
		return ret;
	request.conf = conf;
	request.config = config;
	if (e->tty > 0 || (e->tty < 0 && config->tty))
		return start_with_console(e, &request, err);
	return nsc_start(&request, err);
}

/* Nothing runs there: start, counted as a session from the beginning. */
static int start_and_find(struct exec *e, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + WAIT_MS;
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int monitor = -1;
	_cleanup_fd_ int sessions = -1;
	int ret;

	lock = nsc_rundir_lock(e->rundir, NSC_FILE_LOCK, LOCK_EX, deadline,
			       err);
	if (lock < 0)
		return lock;
	ret = nsc_session_find(e->path, deadline, &e->session, err);
	if (ret != -ESRCH)
		return ret;
	monitor = nsc_rundir_lock(e->rundir, NSC_FILE_MONITOR, LOCK_EX,
				  deadline, err);
	if (monitor < 0)
		return nsc_error_context(err, "wait for the previous "
					 "container to be cleaned up");
	nsc_fd_close(&monitor);
	sessions = nsc_rundir_lock(e->rundir, NSC_FILE_SESSIONS, LOCK_SH,
				   deadline, err);
	if (sessions < 0)
		return sessions;
	ret = start(e, err);
	if (ret < 0)
		return ret;
	ret = make_links(e, err);
	if (ret < 0)
		return ret;
	return nsc_session_find(e->path, deadline, &e->session, err);
}

static int prepare(const struct nsinit_options *options, struct exec *e,
		   struct nsc_error *err)
{
	const char *root = options->root ? options->root : ".";
	int ret;

	e->dir = realpath(root, NULL);
	if (!e->dir)
		return nsc_error_sys(err, errno, "%s", root);
	ret = nsc_user_load_uid(0, &e->user, err);
	if (ret < 0)
		return ret;
	e->dirfd = nsc_file_open_dir(e->dir, err);
	if (e->dirfd < 0)
		return e->dirfd;
	ret = nsc_rundir_path_of_dir(e->dir, &e->path, err);
	if (ret < 0)
		return ret;
	e->rundir = nsc_rundir_open(e->path, true, 0, err);
	if (e->rundir < 0)
		return e->rundir;
	ret = nsc_session_find(e->path, nsc_process_now() + WAIT_MS,
			       &e->session, err);
	return ret == -ESRCH ? start_and_find(e, err) : ret;
}

static int run(const struct nsinit_options *options, struct exec *e,
	       int *ret_status, struct nsc_error *err)
{
	struct nsc_run request = {
		.session = &e->session, .program = options->arguments[0],
		.argv = options->arguments, .search = true,
	};
	int ret = nsc_environment_make(e->session.state, environ, &request.env,
				       err);

	if (ret < 0)
		return ret;
	if (e->tty > 0 || (e->tty < 0 && e->session.state->tty))
		ret = nsc_console_run(&request, &e->pty, ret_status, err);
	else
		ret = nsc_run(&request, ret_status, err);
	nsc_text_free_vector(request.env);
	return ret;
}

int nsinit_exec(const struct nsinit_options *options)
{
	struct exec e = { .rundir = -1, .dirfd = -1,
			  .session = NSC_SESSION_INIT,
			  .tty = options->tty, .pty = NSC_PTY_INIT };
	struct nsc_error err = NSC_ERROR_INIT;
	int status = 0;
	int ret;

	nsc_process_default_signals();
	ret = prepare(options, &e, &err);
	if (ret == 0)
		ret = run(options, &e, &status, &err);
	exec_cleanup(&e);
	if (ret < 0)
		return nsinit_fail(&err, ret == -ENOENT ? NSINIT_NOT_FOUND :
							  NSINIT_REFUSED);
	nsc_run_end_like(status);
}
