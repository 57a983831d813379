/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of nsc_try_run(), as host root at first, then with the
 * rights of a login program in the container, and then, in a child of its own,
 * as the user.  The last process uses files and libraries of the container.  It
 * has no access to the host except the pipe to us, and its output is treated
 * as untrusted.
 */
#include "doctor/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/process.h"
#include "linux/credential.h"
#include "session/environment.h"
#include "session/monitor_client.h"

#define TRIAL_MS 30000		/* for all steps together */
#define COMMAND_S 10
#define STEPS_MAX 32		/* our code sends fewer */
#define OUT 3			/* the user's only descriptor above 2 */

/* The writing end: the current step and the time at which it began. */
struct writer {
	struct nsc_session_progress progress;
	const char *name;
	int64_t since;
	int out;
};

static void finish(struct writer *w, enum nsc_trial_result result,
		   const struct nsc_error *err)
{
	struct nsc_trial_step step = {
		.result = result,
		.us = nsc_process_now_us() - w->since,
	};

	if (!w->name)
		return;
	snprintf(step.name, sizeof(step.name), "%s", w->name);
	step.err = *err;
	(void)!write(w->out, &step, sizeof(step));
	w->name = NULL;
}

static void begin_step(struct writer *w, const char *name)
{
	finish(w, NSC_TRIAL_OK, NSC_IGNORE);
	w->name = name;
	w->since = nsc_process_now_us();
}

static void on_step(struct nsc_session_progress *to, const char *name)
{
	begin_step((struct writer *)to, name);
}

struct inside {
	const struct nsc_state *state;
	const struct nsc_user *user;
	char **env;
};

/* The host names the login shell, but the program is looked up inside. */
static int check_shell(const struct inside *in, struct nsc_error *err)
{
	if (access(in->user->shell, X_OK) < 0)
		return nsc_error_sys(err, errno, "the login shell '%s' of the "
				     "host's user database, in the container",
				     in->user->shell);
	return 0;
}

static int check_home(const struct inside *in, struct nsc_error *err)
{
	if (chdir(in->user->home) == 0)
		return 0;
	nsc_error_sys(err, errno, "home directory '%s' in the container",
		      in->user->home);
	(void)!chdir("/");
	return -err->code;
}

static int check_name(const struct inside *in, struct nsc_error *err)
{
	const struct passwd *pw = getpwuid(getuid());

	if (!pw)
		return nsc_error_set(err, ENOENT, "uid %u has no name in the "
				     "container", getuid());
	if (strcmp(pw->pw_name, in->state->name) != 0)
		return nsc_error_set(err, EINVAL, "uid %u is '%s' in the "
				     "container, not '%s'", getuid(),
				     pw->pw_name, in->state->name);
	return 0;
}

static void __attribute__((noreturn))
trial_exec_command(const struct inside *in, int errors)
{
	const char *slash = strrchr(in->user->shell, '/');
	char *const argv[] = {
		(char *)(uintptr_t)(slash ? slash + 1 : in->user->shell),
		(char[]){ "-c" }, (char[]){ "true" }, NULL,
	};

	dup2(errors, 2);
	alarm(COMMAND_S);
	execve(in->user->shell, argv, in->env);
	dprintf(2, "%s\n", nsc_error_text(errno));
	_exit(127);
}

/* Run the command; the first line that the shell prints explains a failure. */
static int trial_check_command(const struct inside *in, struct nsc_error *err)
{
	char text[200] = "";
	_cleanup_fd_ int from = -1;
	_cleanup_fd_ int to = -1;
	int status = 0;
	ssize_t n;
	pid_t pid;

	if (nsc_fd_pipe(&from, &to) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = fork();
	if (pid == 0)
		trial_exec_command(in, to);
	nsc_fd_close(&to);
	if (pid < 0)
		return nsc_error_sys(err, errno, "start a process: see "
				     "cgroups.pids and rlimits");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fcntl(from, F_SETFL, O_NONBLOCK);
	n = read(from, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (WIFSIGNALED(status))
		return nsc_error_set(err, ECHILD, "'%s -c true' in the "
				     "container: killed by signal %d: see "
				     "rlimits and cgroups.memory",
				     in->user->shell, WTERMSIG(status));
	if (status)
		return nsc_error_set(err, ECHILD, "'%s -c true' in the "
				     "container: ended with status %d%s%s",
				     in->user->shell, WEXITSTATUS(status),
				     *text ? ": " : "", text);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct inside *in, struct nsc_error *err);
	enum nsc_trial_result failure;
} steps[] = {
	{ "shell", check_shell, NSC_TRIAL_FAILED },
	/* Login programs continue after these two. */
	{ "home", check_home, NSC_TRIAL_WARNING },
	{ "name", check_name, NSC_TRIAL_WARNING },
	{ "command", trial_check_command, NSC_TRIAL_FAILED },
};

/* Do what a login program does after it has opened the session. */
static int become_user(const struct inside *in, struct nsc_error *err)
{
	const struct nsc_state *state = in->state;
	int ret = nsc_credential_become(state->uid, in->user->gid,
					state->groups.list,
					state->groups.n, err);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return ret < 0 ? nsc_error_context(err, "become the user in the "
					   "container") : 0;
}

static void __attribute__((noreturn))
run_as_user(const struct inside *in, struct writer *w)
{
	const int keep[] = { w->out };
	struct nsc_error err = NSC_ERROR_INIT;

	/* Only a failure to get here is a step of its own. */
	w->name = NULL;
	begin_step(w, "user id");
	if (nsc_process_clean(keep, 1) < 0) {
		nsc_error_sys(&err, errno, "open /dev/null in the container: "
			      "see device_nodes and cgroups.allowed_devices");
		finish(w, NSC_TRIAL_FAILED, &err);
		_exit(1);
	}
	w->out = OUT;
	fcntl(OUT, F_SETFD, FD_CLOEXEC);
	if (become_user(in, &err) < 0) {
		finish(w, NSC_TRIAL_FAILED, &err);
		_exit(1);
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		enum nsc_trial_result result = NSC_TRIAL_OK;

		begin_step(w, steps[i].name);
		if (steps[i].run(in, &err) < 0)
			result = steps[i].failure;
		finish(w, result, result == NSC_TRIAL_OK ? NSC_IGNORE : &err);
		if (result == NSC_TRIAL_FAILED)
			_exit(1);
	}
	_exit(0);
}

static void __attribute__((noreturn))
trial_run_child(struct nsc_session *session, const struct nsc_user *user,
		struct writer *w, pid_t parent)
{
	struct inside in = { session->state, user, NULL };
	struct nsc_error err = NSC_ERROR_INIT;
	int status = 1;
	pid_t pid;

	nsc_api_begin_child(parent, 0);
	w->progress.begin = on_step;
	session->progress = &w->progress;
	on_step(&w->progress, "control groups");
	if (nsc_monitor_client_enter(session, NULL, &err) < 0 ||
	    nsc_environment_make(session->state, NULL, &in.env, &err) < 0 ||
	    nsc_session_try(session, user, true, &err) < 0) {
		finish(w, NSC_TRIAL_FAILED, &err);
		_exit(1);
	}
	finish(w, NSC_TRIAL_OK, NSC_IGNORE);
	begin_step(w, "process");
	pid = fork();
	if (pid == 0)
		run_as_user(&in, w);
	if (pid < 0)
		nsc_error_sys(&err, errno, "start a process in the container: "
			      "see cgroups.pids and rlimits");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFSIGNALED(status))
		nsc_error_set(&err, ECHILD, "a process in the container: "
			      "killed by signal %d: see rlimits and "
			      "cgroups.memory", WTERMSIG(status));
	if (err.code)
		finish(w, NSC_TRIAL_FAILED, &err);
	_exit(status ? 1 : 0);
}

/* Read a record and check it, because the container controls the sender. */
static bool trial_take(int in, int64_t deadline, struct nsc_trial_step *step)
{
	if (nsc_process_poll(in, deadline) <= 0 ||
	    read(in, step, sizeof(*step)) != sizeof(*step) ||
	    step->result > NSC_TRIAL_FAILED || step->us < 0 ||
	    (step->result == NSC_TRIAL_FAILED && !step->err.code))
		return false;
	step->name[sizeof(step->name) - 1] = '\0';
	step->err.text[sizeof(step->err.text) - 1] = '\0';
	return true;
}

static int trial_follow(int in, int pidfd,
			void (*done)(void *arg,
				     const struct nsc_trial_step *step),
			void *arg, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + TRIAL_MS;
	struct nsc_trial_step step = { .name = "none" };
	int status = 1;

	for (int n = 0; n < STEPS_MAX && trial_take(in, deadline, &step); n++) {
		done(arg, &step);
		if (step.result != NSC_TRIAL_FAILED)
			continue;
		nsc_process_kill(pidfd);
		return nsc_error_take(&step.err, err);
	}
	if (nsc_process_wait(pidfd, deadline, &status) < 0) {
		nsc_process_kill(pidfd);
		return nsc_error_set(err, ETIMEDOUT, "the container does not "
				     "answer after step '%s'", step.name);
	}
	if (status)
		return nsc_error_set(err, ECHILD, "the trial was killed after "
				     "step '%s'", step.name);
	return 0;
}

int nsc_trial_run(struct nsc_session *session, const struct nsc_user *user,
		  void (*done)(void *arg, const struct nsc_trial_step *step),
		  void *arg, struct nsc_error *err)
{
	struct writer w = { .out = -1 };
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid, self = getpid();

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	w.out = out;
	pid = nsc_process_fork(&pidfd);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start a process");
	if (pid == 0)
		trial_run_child(session, user, &w, self);
	nsc_fd_close(&out);
	return trial_follow(in, pidfd, done, arg, err);
}
