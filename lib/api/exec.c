/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command in a container.  The calling process stays unchanged: its
 * child, the stand-in, starts the container, enters it, and waits for the
 * command.  The container of a directory ends with the stand-in, even if that
 * is killed, because the monitor watches the stand-in.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/paths.h"
#include "config/cdi.h"
#include "container/start_container.h"
#include "util/text.h"
#include "linux/descriptors.h"
#include "linux/pidfd.h"
#include "session/run_terminal.h"
#include "session/environment.h"
#include "session/run.h"
#include "api/be_user.h"
#include "api/starting.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define WAIT_MS 30000
#define ANSWER 3		/* the stand-in's only descriptor */
#define ALL_FLAGS                                                              \
	(NSCONTAINER_EXEC_TTY | NSCONTAINER_EXEC_NO_TTY |                     \
	 NSCONTAINER_EXEC_DETACH)

struct exec {
	const struct nscontainer *container;
	const struct nscontainer_exec_request *request;
	pid_t parent;		/* 0: detached */
	bool answered;		/* detached: the command runs */
	int dirfd;
	struct nsc_user *user;	/* the container's user, freshly looked up */
	struct nsc_session session;
	struct nsc_pty pty;	/* made with the container; may be none */
};

static const char *const links[] = { NSC_FILE_PID, NSC_FILE_START };

/*
 * Make the links DIR/pid and DIR/start for administrators and scripts.  No
 * program of nscontainer trusts them, because DIR may be the container's own
 * root directory.  The monitor removes them.
 */
static int make_links(const struct exec *e, struct nsc_error *err)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(links); i++) {
		snprintf(target, sizeof(target), "%s/%s",
			 e->container->rundir, links[i]);
		unlinkat(e->dirfd, links[i], 0);
		if (symlinkat(target, e->dirfd, links[i]) < 0)
			return nsc_error_sys(err, errno, "make '%s/%s'",
					     e->container->dir, links[i]);
	}
	return 0;
}

static bool wants_tty(const struct exec *e, bool configured)
{
	unsigned int flags = e->request->flags;

	return flags ? flags & NSCONTAINER_EXEC_TTY : configured;
}

/*
 * Start the container with a terminal for the command, which is also its
 * /dev/console: the builder makes the terminal with the file systems, and
 * sends it back through a socket.
 */
static int start_with_console(struct exec *e,
			      struct nsc_start_request *request,
			      struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	int ret;

	if (nsc_descriptors_pair(&in, &out) < 0)
		return nsc_error_sys(err, errno, "terminal: socket");
	request->console = out;
	ret = nsc_start(request, err);
	/* No terminal comes if only the monitor was replaced. */
	if (ret == 0)
		nsc_pty_receive(in, &e->pty, NSC_IGNORE);
	return ret;
}

static int exec_start(struct exec *e, int rundir, struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	_cleanup_fd_ int leader = nsc_pidfd_open(getpid());
	struct nsc_start_request request = {
		.user = e->user, .stop = "logout", .leader = leader,
		.rundir = rundir, .dir = e->dirfd, .console = -1,
		.conf_path = "", .name = nsc_api_group_name(e->container),
	};
	int ret = nsc_conf_parse("", "defaults", &conf, err);

	if (ret < 0)
		return ret;
	ret = nsc_start_load(e->container->dir, e->user, conf, &config, err);
	if (ret == 0)
		ret = nsc_cdi_apply(config, err);
	if (ret < 0)
		return ret;
	request.conf = conf;
	request.config = config;
	if (wants_tty(e, config->process.terminal))
		return start_with_console(e, &request, err);
	return nsc_start(&request, err);
}

/*
 * This process is in the job of nsinit's caller, perhaps with sudo.  Block ^Z
 * while it holds the lock that other starts wait for.
 */
static int start_unstopped(struct nsc_starting *s, bool replace,
			   struct nsc_error *err)
{
	sigset_t stops, before;
	int ret;

	(void)replace;
	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stops, &before);
	ret = exec_start((struct exec *)(uintptr_t)s->arg, s->rundir, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static int start_and_find(struct exec *e, struct nsc_error *err)
{
	struct nsc_starting s = {
		.path = e->container->rundir, .owner = e->user->uid,
		.deadline = nsc_process_now() + WAIT_MS,
		.start = start_unstopped, .arg = e,
	};
	int ret;

	e->session.uid = e->user->uid;
	ret = nsc_starting_run(&s, &e->session, err);
	return ret < 0 ? ret : make_links(e, err);
}

static int prepare(struct exec *e, struct nsc_error *err)
{
	const struct nscontainer *c = e->container;
	int ret = nsc_api_user(c, &e->user, err);

	if (ret < 0)
		return ret;
	if (c->dir) {
		e->dirfd = nsc_file_open_dir(c->dir, err);
		if (e->dirfd < 0)
			return e->dirfd;
	}
	ret = nsc_session_find(c->rundir, e->user->uid, nsc_process_now() +
			       WAIT_MS, &e->session, err);
	if (c->dir && (ret == -ESRCH || ret == -EPROTO))
		ret = start_and_find(e, err);
	return ret == 0 && e->request->user ?
		       nsc_api_be_user(&e->session, e->request->user, err) :
		       ret;
}

struct answer {
	struct nsc_error err;
	int ret;
	int status;
};

static void exec_answer_early(void *arg)
{
	const struct answer answer = { NSC_ERROR_INIT, 0, 0 };
	struct exec *e = arg;

	(void)!write(ANSWER, &answer, sizeof(answer));
	close(ANSWER);
	e->answered = true;
}

/* The caller's variables, and the container's, and those of the request. */
static int exec_environment(const struct exec *e, char ***ret,
			    struct nsc_error *err)
{
	char *const *set = e->request->set;
	int error = nsc_environment_make(e->session.state, e->request->env, ret,
					 err);

	for (; error == 0 && set && *set; set++)
		if (!strchr(*set, '=') || **set == '=')
			error = nsc_error_set(err, EINVAL, "'%s': expected "
					      "NAME=VALUE", *set);
		else if (nsc_environment_add(ret, *set) < 0)
			error = nsc_error_sys(err, ENOMEM, "environment");
	return error;
}

static int exec_run(struct exec *e, int *ret_status, struct nsc_error *err)
{
	const char *tty = ttyname(STDIN_FILENO);
	const struct nsc_session_origin origin = {
		.service = "nsinit-exec", .tty = tty,
	};
	struct nsc_run request = {
		.session = &e->session, .origin = &origin, .search = true,
		.argv = (char **)(uintptr_t)e->request->argv,
		.cwd = e->request->cwd, .parent = e->parent,
		.running = e->parent ? NULL : exec_answer_early, .arg = e,
	};
	char *shell[] = { NULL, NULL };
	int ret = exec_environment(e, &request.env, err);

	if (ret < 0)
		return ret;
	shell[0] = e->session.state->shell;
	if (!request.argv)
		request.argv = shell;
	request.program = request.argv[0];
	if (wants_tty(e, e->session.state->process.terminal))
		ret = nsc_run_on_terminal(&request, -1, &e->pty, ret_status,
					  err);
	else
		ret = nsc_run_given(&request, false, ret_status, err);
	nsc_text_free_vector(request.env);
	return ret;
}

/* A detached stand-in is nobody's child, and has nothing of the caller. */
static void exec_detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fork() != 0)
		_exit(0);
	setsid();
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			_exit(1);
	(void)!chdir("/");
}

/* The end of the process closes and frees everything. */
static void __attribute__((noreturn)) stand_in(struct exec *e, int out)
{
	struct answer answer = { NSC_ERROR_INIT, 0, 0 };
	int64_t deadline = nsc_process_now() + WAIT_MS;

	if (!e->parent)
		exec_detach();
	/* No descriptor of the caller may get into the container. */
	if (out != ANSWER && dup3(out, ANSWER, O_CLOEXEC) != ANSWER)
		_exit(1);
	if (syscall(SYS_close_range, ANSWER + 1, ~0U, 0) < 0)
		_exit(1);
	nsc_api_begin_child(e->parent, 0);
	/* The container that was found may end before it is entered. */
	do {
		nsc_error_clear(&answer.err);
		nsc_session_close(&e->session);
		answer.ret = prepare(e, &answer.err);
		/* -ENOENT is for the command. */
		if (answer.ret == -ENOENT)
			answer.ret = -(answer.err.code = ECANCELED);
		if (answer.ret == 0)
			answer.ret = exec_run(e, &answer.status, &answer.err);
	} while (answer.ret == -ESRCH && e->container->dir &&
		 nsc_process_now() < deadline);
	if (!e->answered)
		(void)!write(ANSWER, &answer, sizeof(answer));
	_exit(0);
}

/* The child sends SIGCHLD when it stops, but no signal when it ends. */
static void follow_stop(pid_t pid, int pidfd)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WSTOPPED | WNOHANG | __WALL) <
	    0 || info.si_pid != pid)
		return;
	raise(SIGSTOP);
	kill(pid, SIGCONT);
}

static void pass_on(int signals, pid_t pid, int pidfd)
{
	struct signalfd_siginfo info;
	bool leader = getsid(0) == getpid();

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		int n = (int)info.ssi_signo;

		if (n == SIGCHLD)
			follow_stop(pid, pidfd);
		/*
		 * The terminal signals the child as well, except that SIGCONT,
		 * and SIGHUP to a session leader, reach only this process.
		 */
		else if (info.ssi_code <= 0 || n == SIGCONT ||
			 (n == SIGHUP && leader))
			kill(pid, n);
	}
}

/* Returns the status in the form of waitpid(2). */
static int exec_wait_for(int signals, pid_t pid, int pidfd)
{
	struct pollfd p[] = {
		{ pidfd, POLLIN, 0 }, { signals, POLLIN, 0 },
	};
	siginfo_t info = { 0 };

	do {
		p[0].revents = p[1].revents = 0;
		if (poll(p, NSC_ARRAY_SIZE(p), -1) > 0 && p[1].revents)
			pass_on(signals, pid, pidfd);
	} while (!p[0].revents);
	waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL);
	return info.si_code == CLD_EXITED ? info.si_status << 8 :
					    info.si_status;
}

static int exec_follow(struct exec *e, int signals, int *ret_status,
		       struct nsc_error *err)
{
	struct answer answer;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	_cleanup_fd_ int pidfd = -1;
	int status;
	pid_t pid;

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		stand_in(e, out);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start a process");
	nsc_fd_close(&out);
	status = exec_wait_for(signals, pid, pidfd);
	if (read(in, &answer, sizeof(answer)) == sizeof(answer)) {
		status = answer.status;
		nsc_error_take(&answer.err, err);
	} else if (!WIFSIGNALED(status)) {
		return nsc_error_set(err, ECHILD, "the command's parent ended "
				     "without a result");
	} else {
		answer.ret = 0;
	}
	if (answer.ret == 0)
		*ret_status = status;
	return answer.ret;
}

static int exec_command(struct exec *e, int *ret_status, struct nsc_error *err)
{
	_cleanup_fd_ int signals = -1;
	unsigned int flags = e->request->flags;
	sigset_t all, before;
	int ret = nsc_api_may_fork(err);

	if (ret < 0)
		return ret;
	if ((e->request->argv && !e->request->argv[0]) || flags & ~ALL_FLAGS ||
	    (flags & NSCONTAINER_EXEC_TTY && flags != NSCONTAINER_EXEC_TTY))
		return nsc_error_set(err, EINVAL, "exec: no command, or wrong "
				     "flags");
	if (e->container->dir && flags & NSCONTAINER_EXEC_DETACH)
		return nsc_error_set(err, EINVAL, "exec: the container of a "
				     "directory ends with its command, which "
				     "cannot be detached");
	e->parent = flags & NSCONTAINER_EXEC_DETACH ? 0 : getpid();
	sigfillset(&all);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return nsc_error_sys(err, errno, "signalfd");
	sigprocmask(SIG_BLOCK, &all, &before);
	ret = exec_follow(e, signals, ret_status, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

NSC_PUBLIC int
nscontainer_exec_as(const struct nscontainer *container,
		    const struct nscontainer_exec_request *request,
		    int *ret_status, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct exec exec = {
		.container = container, .request = request, .dirfd = -1,
		.session = NSC_SESSION_INIT, .pty = NSC_PTY_INIT,
	};

	int ret = exec_command(&exec, ret_status, &e);

	return nsc_api_result_of(ret == -ESRCH ? container : NULL, ret, &e,
				 err);
}

NSC_PUBLIC int nscontainer_exec(const struct nscontainer *container,
				char *const *argv, char *const *env,
				unsigned int flags, int *ret_status,
				struct nscontainer_error *err)
{
	const struct nscontainer_exec_request request = {
		.argv = argv, .env = env,
		/* Both together are wrong here, too. */
		.flags = flags & NSCONTAINER_EXEC_DETACH ? ~0U : flags,
	};

	return nscontainer_exec_as(container, &request, ret_status, err);
}
