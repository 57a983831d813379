/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsshell: a login shell that joins the user's running container.
 *
 * Runs as the user, without privileges if the container has a user namespace
 * that belongs to the user; otherwise with file capabilities.  The caller
 * chooses arguments, environment, descriptors, signals and limits: before the
 * container is entered, only the real user id, the groups, and descriptors 0, 1
 * and 2 are used.
 *
 * Static and without modules: the container is found by the uid, and no name
 * service is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "host_accounts.h"
#include "arguments.h"
#include "policy/digest.h"
#include "policy/dropins.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "util/version.h"
#include "util/paths.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "session/environment.h"
#include "session/change.h"
#include "session/run_terminal.h"
#include "session/run.h"

#define WAIT_MS 5000		/* for a container that is being stopped */
#define RENEW_MS 30000		/* for one that this version can join */

extern char **environ;

static int nsshell_refuse(const struct nsc_error *err)
{
	char text[1024];

	fprintf(stderr, "nsshell: %s\n",
		nsc_text_escape(err->text, text, sizeof(text)));
	return NSC_SHELL_REFUSED;
}

/* First reset descriptors and signals, which the caller chose. */
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

/*
 * Does the container belong to another account that once had this uid?  Then
 * its name has another uid by now.
 */
static bool nsshell_is_anothers(const struct nsc_state *state)
{
	uid_t uid = nsc_host_accounts_uid(state->user);

	return uid != (uid_t)-1 && uid != getuid();
}

static int find_own(struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path(getuid(), &path, err);

	if (ret == 0)
		ret = nsc_session_find(path, getuid(), nsc_process_now() +
				       WAIT_MS, session, err);
	if (ret < 0 || !nsshell_is_anothers(session->state))
		return ret;
	nsc_session_close(session);
	return -ESRCH;
}

static void ask_for_renewal(void)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_path(getuid(), &path,
						  NSC_IGNORE) < 0 ? -1 :
		nsc_rundir_open(path, NSC_IGNORE);
	unsigned int number = rundir < 0 ? 0 : nsc_instance_current(rundir);
	_cleanup_fd_ int instance = nsc_instance_open(rundir, number,
						      NSC_IGNORE);
	_cleanup_fd_ int fifo = instance < 0 ? -1 :
		openat(instance, NSC_FILE_RENEW, O_WRONLY | O_NONBLOCK |
		       O_NOFOLLOW | O_CLOEXEC);

	/* The monitor may end just now. */
	signal(SIGPIPE, SIG_IGN);
	(void)!write(fifo, "", 1);
	signal(SIGPIPE, SIG_DFL);
}

/*
 * After an upgrade, only nsshell of the earlier version can join the container.
 * Its monitor has a new one started, if no other login does.
 */
static int find_renewed(struct nsc_session *session, struct nsc_error *err)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	int64_t deadline = nsc_process_now() + RENEW_MS;
	int ret;

	do {
		ask_for_renewal();
		nanosleep(&pause, NULL);
		ret = find_own(session, err);
	} while (ret == -EPROTO && nsc_process_now() < deadline);
	return ret;
}

/* If the name's container was started with an earlier uid, err says so. */
static int find_of_name(const char *user, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path_of_user(user, getuid(), &path, err);

	return ret < 0 ? -ESRCH : nsc_session_find(path, getuid(), 0, &session,
						   err);
}

static int nsshell_find(struct nsc_session *session, struct nsc_error *err)
{
	int ret = find_own(session, err);
	char user[NSC_NAME_MAX + 1];

	if (ret == -EPROTO)
		ret = find_renewed(session, err);
	if (ret == 0)
		return 0;
	nsc_host_accounts_name(getuid(), user, sizeof(user));
	if (ret == -ESRCH && find_of_name(user, err) == -EOWNERDEAD)
		return -EOWNERDEAD;
	if (ret == -ESRCH || ret == -EWOULDBLOCK)
		return nsc_error_set(err, ESRCH, "no container is running for "
				     "'%s', and nsshell may not start one: log "
				     "in through a service with pam_container, "
				     "or ask the administrator for 'nsinit "
				     "start %s'",
				     user, user);
	/* Only a user who may enter the namespaces can read them. */
	if (ret == -EACCES)
		return nsc_error_set(err, EACCES, "the container of '%s' has "
				     "no user namespace that belongs to the "
				     "user, so nsshell needs file "
				     "capabilities: log in through a service "
				     "with pam_container, or see nsshell(1)",
				     user);
	return ret;
}

/*
 * Compare only files that the user may read; on a failure, nothing has changed.
 */
static bool has_changed(const struct nsc_state *state)
{
	struct nsc_config_files files = { .n = 0 };
	char digest[NSC_DIGEST_PART];

	if (nsc_config_files_load(state->config, NSC_CONFIG_HASH, &files,
				  NSC_IGNORE) < 0)
		return false;
	nsc_digest_files(files.content, state->seccomp, digest);
	return strcmp(digest, state->files) != 0;
}

/*
 * A member of the break-glass group gets a shell of the host, with its own ids
 * and inherited state, which gives this member no additional access. exec drops
 * the file capabilities, if there are any.
 */
static int run_on_host(int argc, char **argv, struct nsc_error *err)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };
	char user[NSC_NAME_MAX + 1];

	nsc_host_accounts_name(getuid(), user, sizeof(user));
	openlog("nsshell", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_WARNING, "user %s: login goes on outside any container: "
	       "break-glass group " NSC_BREAK_GLASS, user);
	closelog();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(shells); i++) {
		char **args = nsc_shell_arguments(argc, argv, shells[i], true);

		if (args && setenv("SHELL", shells[i], 1) == 0)
			execv(shells[i], args);
	}
	return nsc_error_set(err, ENOENT, "the host has no shell: neither "
			     "/bin/bash nor /bin/sh runs");
}

/*
 * Ends as the program inside did, and leaves it to the kernel to release what
 * this process has.  Returns only after an error.
 */
static int nsshell_join(const struct nsc_session *session, int argc,
			char **argv, struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	struct nsc_run request = {
		.session = session, .program = state->shell,
		.keep_ids = state->host_uid == state->uid,
	};
	int ret, status;

	request.argv = nsc_shell_arguments(argc, argv, state->shell,
					   state->login_shell);
	if (!request.argv)
		return nsc_error_sys(err, ENOMEM, "arguments");
	ret = nsc_environment_make(state, environ, &request.env, err);
	if (ret < 0)
		return ret;
	if (state->message && isatty(STDIN_FILENO))
		fprintf(stderr, "%s\n", state->message);
	if (state->home_missing && isatty(STDIN_FILENO))
		fprintf(stderr, "%s\n", NSC_SESSION_NO_HOME);
	/* The caller's terminal stays outside. */
	ret = nsc_run_given(&request, true, &status, err);
	if (ret == 0)
		nsc_process_end_like(status);
	return ret;
}

/* Returns only after an error. */
static int find_and_run(int argc, char **argv, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	int ret;

	if (nsc_host_accounts_own_group(NSC_BREAK_GLASS))
		return run_on_host(argc, argv, err);
	ret = nsshell_find(&session, err);
	if (ret < 0)
		return ret;
	/* Only a user with a terminal is told. */
	if (isatty(STDIN_FILENO) && has_changed(session.state))
		fprintf(stderr, "%s\n", NSC_CHANGE_MESSAGE);
	return nsshell_join(&session, argc, argv, err);
}

int main(int argc, char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;

	if (nsc_version_print(argc, argv, "nsshell"))
		return 0;
	if (clean(&err) < 0)
		return nsshell_refuse(&err);
	if (nsc_session_inside())
		return nsc_shell_inside(argc, argv);
	if (find_and_run(argc, argv, &err) == -EALREADY)
		return nsc_shell_inside(argc, argv);
	return nsshell_refuse(&err);
}
