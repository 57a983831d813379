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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "arguments.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "config/user.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "session/change.h"
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

/* A user who has a terminal is told. */
static bool has_changed(const struct nsc_state *state, struct nsc_user *user)
{
	return isatty(STDIN_FILENO) && nsc_user_load_groups(user) == 0 &&
	       nsc_change_seen(state, user);
}

static int find(struct nsc_user *user, struct nsc_session *session,
		bool *ret_changed, struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path(user->name, &path, err);

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
				     "no user namespace that is the user's, "
				     "so nsshell needs file capabilities: log "
				     "in where pam_container does, or see "
				     "nsshell(1)", user->name);
	if (ret == 0 && session->state->uid != getuid())
		return nsc_error_set(err, EPERM, "the container of '%s' is "
				     "not that of uid %u", user->name,
				     getuid());
	if (ret == 0)
		*ret_changed = has_changed(session->state, user);
	return ret;
}

/*
 * A member of the break-glass group gets a shell of the host: as who it is,
 * with what it came with, which is no more than such a member has anyway.
 * exec takes the file capabilities away, where there are any.
 */
static void run_on_host(const struct nsc_user *user, int argc, char **argv)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };

	openlog("nsshell", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_WARNING, "user %s: login goes on outside any container: "
	       "break-glass group " NSC_BREAK_GLASS, user->name);
	closelog();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(shells); i++) {
		char **args = nsc_shell_arguments(argc, argv, shells[i], true);

		if (args && setenv("SHELL", shells[i], 1) == 0)
			execv(shells[i], args);
	}
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

static int run(struct nsc_user *user, int argc, char **argv,
	       int *ret_status, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_run request = { .session = &session };
	const struct nsc_state *state;
	bool changed = false;
	int ret = find(user, &session, &changed, err);

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
	if (changed)
		fprintf(stderr, "%s\n", NSC_CHANGE_MESSAGE);
	return run_inside(&request, ret_status, err);
}

static int find_and_run(int argc, char **argv, int *ret_status,
			struct nsc_error *err)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	int ret = nsc_user_load_uid(getuid(), &user, err);

	if (ret < 0)
		return ret;
	if (!nsc_user_own_group(NSC_BREAK_GLASS))
		return run(user, argc, argv, ret_status, err);
	run_on_host(user, argc, argv);
	return nsc_error_set(err, ENOENT, "the host has no shell: neither "
			     "/bin/bash nor /bin/sh runs");
}

int main(int argc, char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int ret, status = 0;

	if (clean(&err) < 0)
		return refuse(&err);
	if (nsc_session_inside())
		return nsc_shell_inside(argc, argv);
	ret = find_and_run(argc, argv, &status, &err);
	if (ret == -EALREADY)
		return nsc_shell_inside(argc, argv);
	if (ret < 0)
		return refuse(&err);
	nsc_run_end_like(status);
}
