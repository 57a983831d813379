/*
 * nsshell: a login shell that joins the user's running container.
 *
 * Runs as the user, without privileges where the container has a user
 * namespace, which is the user's; otherwise with file capabilities.
 * Arguments, environment, descriptors, signals and limits are whatever the
 * caller chose: nothing of them is used before the container is entered but
 * the real user id, and descriptors 0, 1 and 2.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "config/user.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "session/environment.h"
#include "session/caller.h"
#include "session/console.h"
#include "session/run.h"

#define WAIT_MS 5000		/* for a container that is being stopped */

extern char **environ;

static int refuse(const struct nsc_error *err)
{
	char text[1024];

	fprintf(stderr, "nsshell: %s\n",
		nsc_text_escape(err->text, text, sizeof(text)));
	return NSC_SHELL_REFUSED;
}

/* Descriptors and signals that were not chosen by us go first. */
static int clean(struct nsc_error *err)
{
	int ret = nsc_process_need_stdio();

	if (ret < 0)
		return nsc_error_sys(err, -ret, "open /dev/null");
	if (syscall(SYS_close_range, 3, ~0U, 0) < 0)
		return nsc_error_sys(err, errno, "close descriptors");
	nsc_process_default_signals();
	if (getuid() != geteuid() || getgid() != getegid())
		return nsc_error_set(err, EPERM, "is installed setuid or "
				     "setgid: remove that with chmod ug-s "
				     NSC_NSSHELL);
	return 0;
}

static int find(struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_free_ char *path = NULL;
	int ret = nsc_user_load_uid(getuid(), &user, err);

	if (ret == 0)
		ret = nsc_rundir_path(user->name, &path, err);
	if (ret < 0)
		return ret;
	ret = nsc_session_find(path, nsc_process_now() + WAIT_MS, session,
			       err);
	if (ret == -ESRCH || ret == -EWOULDBLOCK)
		return nsc_error_set(err, ESRCH, "no container is running for "
				     "'%s', and nsshell may not start one: log "
				     "in where pam_container does, or ask the "
				     "administrator for 'nsinit start %s'",
				     user->name, user->name);
	/* The kernel shows its namespaces only to who may enter them. */
	if (ret == -EACCES)
		return nsc_error_set(err, EACCES, "the container of '%s' has "
				     "no user namespace, so nsshell needs file "
				     "capabilities: log in where "
				     "pam_container does, or see nsshell(1)",
				     user->name);
	if (ret == 0 && session->state->uid != getuid())
		return nsc_error_set(err, EPERM, "the container of '%s' is "
				     "not that of uid %u", user->name,
				     getuid());
	return ret;
}

/* The terminal of who called us stays outside. */
static int run_inside(const struct nsc_run *request, int *ret_status,
		      struct nsc_error *err)
{
	_cleanup_fd_ int terminal = nsc_caller_terminal();
	struct nsc_pty pty = NSC_PTY_INIT;

	return terminal < 0 ? nsc_run(request, ret_status, err) :
			      nsc_console_run(request, terminal, &pty,
					      ret_status, err);
}

static int run(int argc, char **argv, int *ret_status, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_run request = { .session = &session };
	const struct nsc_state *state;
	int ret = find(&session, err);

	if (ret < 0)
		return ret;
	state = session.state;
	request.keep_ids = state->host_uid == state->uid;
	request.program = state->shell;
	request.argv = nsc_shell_arguments(argc, argv, state->shell,
					   state->login_shell);
	if (!request.argv)
		return nsc_error_sys(err, ENOMEM, "arguments");
	ret = nsc_environment_make(state, environ, &request.env, err);
	if (ret < 0)
		return ret;
	if (state->message && isatty(STDIN_FILENO))
		fprintf(stderr, "%s\n", state->message);
	return run_inside(&request, ret_status, err);
}

int main(int argc, char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int status = 0;

	if (clean(&err) < 0)
		return refuse(&err);
	if (nsc_session_inside())
		return nsc_shell_inside(argc, argv);
	if (run(argc, argv, &status, &err) < 0)
		return refuse(&err);
	nsc_run_end_like(status);
}
