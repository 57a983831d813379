/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit exec: run a command in the container of a user or of a directory.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nsinit.h"

extern char **environ;

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* End with the command's status, or by the same signal. */
static void __attribute__((noreturn)) end_like(int status)
{
	const struct rlimit none = { 0, 0 };

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	/* One core dump is enough. */
	setrlimit(RLIMIT_CORE, &none);
	default_signals();
	raise(WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

bool nsinit_exec_of_user(const struct nsinit_options *options)
{
	return !options->root && access("container.json", F_OK) < 0;
}

/* In a directory with a container.json, a user's name is no command. */
static bool is_ambiguous(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;
	bool found = !options->root && options->n_arguments &&
		     nscontainer_open_user(options->arguments[0],
					   options->conf, &container,
					   &err) == 0 &&
		     nscontainer_find(container, &record, &err) == 0;

	nscontainer_record_free(record);
	nscontainer_close(container);
	return found;
}

/* The container must run; with --start, it is started. */
static int make_running(const struct nsinit_options *options,
			const struct nscontainer *container,
			struct nscontainer_error *err)
{
	struct nscontainer_record *record = NULL;
	int ret = nscontainer_find(container, &record, err);

	nscontainer_record_free(record);
	if (ret != -ESRCH || !options->start)
		return ret;
	ret = nscontainer_start(container, 0, err);
	/* Somebody else may have started it meanwhile. */
	return ret == -EEXIST ? 0 : ret;
}

int nsinit_exec_run(const struct nsinit_options *options, bool of_user,
		    const struct nscontainer_exec_request *request,
		    void (*before)(const char *user))
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int status = 0;
	int ret;

	default_signals();
	ret = of_user ? nsinit_open(options, &container, &err) :
			nscontainer_open_directory(options->root ?
							   options->root : ".",
						   &container, &err);
	if (ret == 0 && (before || options->start))
		ret = make_running(options, container, &err);
	if (ret < 0) {
		nscontainer_close(container);
		return nsinit_fail(&err, NSINIT_REFUSED);
	}
	if (before)
		before(options->arguments[0]);
	ret = nscontainer_exec_as(container, request, &status, &err);
	nscontainer_close(container);
	if (ret < 0)
		return nsinit_fail(&err, ret == -ENOENT ? NSINIT_NOT_FOUND :
							  NSINIT_REFUSED);
	if (request->flags & NSCONTAINER_EXEC_DETACH)
		return NSINIT_OK;
	end_like(status);
}

static int exec_usage(const char *text)
{
	fprintf(stderr, "nsinit exec: %s\n", text);
	return NSINIT_USAGE;
}

int nsinit_exec(const struct nsinit_options *options)
{
	bool of_user = nsinit_exec_of_user(options);
	struct nscontainer_exec_request request = {
		.argv = options->arguments + of_user,
		.env = environ, .set = options->set, .user = options->user,
		.cwd = options->cwd,
		.flags = options->tty |
			 (options->detach ? NSCONTAINER_EXEC_DETACH : 0),
	};

	if (!of_user && options->start)
		return exec_usage("--start is for a user's container: this is "
				  "the one of a directory");
	if (!of_user && options->detach)
		return exec_usage("--detach is for a user's container: that of "
				  "a directory ends with its command");
	if (options->detach && options->tty == NSCONTAINER_EXEC_TTY)
		return exec_usage("a command with --detach has no terminal: "
				  "leave out --tty");
	if (options->detach && options->n_arguments == of_user)
		return exec_usage("--detach needs a command");
	for (char *const *set = options->set; *set; set++)
		if (**set == '=' || !strchr(*set, '='))
			return exec_usage("--env: expected NAME=VALUE");
	if (!of_user && is_ambiguous(options)) {
		fprintf(stderr, "nsinit exec: '%s' has a container, and so has "
			"this directory: use --root . for the command, or "
			"another directory for the user\n",
			options->arguments[0]);
		return NSINIT_USAGE;
	}
	if (options->n_arguments == of_user) {
		request.argv = NULL;
		if (!request.flags && isatty(STDIN_FILENO))
			request.flags = NSCONTAINER_EXEC_TTY;
	}
	return nsinit_exec_run(options, of_user, &request, NULL);
}
