/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit exec: run a command in the container of a directory. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
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

int nsinit_exec(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int status = 0;
	int ret;

	default_signals();
	ret = nscontainer_open_directory(options->root ? options->root : ".",
					 &container, &err);
	if (ret == 0)
		ret = nscontainer_exec(container, options->arguments, environ,
				       options->tty, &status, &err);
	nscontainer_close(container);
	if (ret < 0)
		return nsinit_fail(&err, ret == -ENOENT ? NSINIT_NOT_FOUND :
							  NSINIT_REFUSED);
	end_like(status);
}
