/*
 * nsshell: a login shell that joins the user's running container.
 *
 * Runs as the user, without privileges where the container has a user
 * namespace, which is the user's; otherwise with file capabilities.
 * Arguments, environment, descriptors, signals and limits are whatever the
 * caller chose: nothing of them is used before the container is entered but
 * the real user id, the groups, and descriptors 0, 1 and 2.
 *
 * Static, and it loads nothing: what only the name service can tell,
 * nsshell-lookup asks.  Mostly that is not needed: nsinit has noted which user
 * the uid is, and which groups are none that matter here.
 */
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "arguments.h"
#include "util/command.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "linux/credential.h"
#include "lookup.h"
#include "session/environment.h"
#include "session/change.h"
#include "session/run_terminal.h"
#include "session/run.h"

#define WAIT_MS 5000		/* for a container that is being stopped */
#define LOOKUP_S 60		/* for the name service */

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

/* What nsshell-lookup says. */
struct answer {
	char text[256];
	const char *name;	/* of the user, in text */
	bool break_glass;
	bool changed;
};

static void parse(struct answer *answer)
{
	char *save = NULL;

	answer->name = strtok_r(answer->text, "\n", &save);
	for (char *line; (line = strtok_r(NULL, "\n", &save)); ) {
		answer->break_glass = answer->break_glass ||
				      !strcmp(line, NSC_LOOKUP_BREAK_GLASS);
		answer->changed = answer->changed ||
				  !strcmp(line, NSC_LOOKUP_CHANGED);
	}
}

static int look_up(struct answer *ret, struct nsc_error *err)
{
	char *const argv[] = { (char[]){ "nsshell-lookup" }, NULL };
	char *const envp[] = { NULL };
	const struct nsc_command command = {
		.path = NSC_LOOKUP, .argv = argv, .envp = envp,
		.timeout = LOOKUP_S, .stdout_too = true,
	};
	int status = nsc_command_run(&command, ret->text, sizeof(ret->text));

	if (status == 1) {
		ret->text[strcspn(ret->text, "\n")] = '\0';
		return nsc_error_set(err, ENOENT, "%s", ret->text);
	}
	if (status == 0)
		parse(ret);
	if (!ret->name)
		return nsc_error_set(err, EIO, "look uid %u up: "
				     NSC_LOOKUP " does not answer", getuid());
	return 0;
}

/* No group that could be the break-glass group by now? */
static bool has_plain_groups(const struct nsc_gids *plain)
{
	_cleanup_free_ gid_t *list = NULL;
	int n = nsc_credential_own_groups(&list);

	for (int i = 0; i <= n; i++) {
		size_t at = 0;

		while (at < plain->n && plain->list[at] != list[i])
			at++;
		if (at == plain->n)
			return false;
	}
	return n >= 0;
}

/* What was noted may be of another by now, and then it is not this user's. */
static int find_noted(struct nsc_session *session, struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path_of_uid(getuid(), &path, err);

	if (ret < 0)
		return ret;
	return nsc_session_find(path, getuid(), 0, session, err);
}

/*
 * The uid may have been given to another account since the container began.
 * Of a directory service's accounts only who has a terminal is looked up.
 */
static bool has_new_accounts(const struct nsc_state *state)
{
	char file[sizeof(NSC_RUNDIR) + NAME_MAX + sizeof("/" NSC_FILE_STATE)];
	struct stat accounts, began;

	snprintf(file, sizeof(file), NSC_RUNDIR "/%s/" NSC_FILE_STATE,
		 state->user);
	if (stat("/etc/passwd", &accounts) < 0 || stat(file, &began) < 0)
		return true;
	if (accounts.st_ctim.tv_sec != began.st_mtim.tv_sec)
		return accounts.st_ctim.tv_sec > began.st_mtim.tv_sec;
	return accounts.st_ctim.tv_nsec >= began.st_mtim.tv_nsec;
}

static int find(const char *user, struct nsc_session *session,
		struct nsc_error *err)
{
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path(user, &path, err);

	if (ret < 0)
		return ret;
	ret = nsc_session_find(path, getuid(), nsc_process_now() + WAIT_MS,
			       session, err);
	if (ret == -ESRCH || ret == -EWOULDBLOCK)
		return nsc_error_set(err, ESRCH, "no container is running for "
				     "'%s', and nsshell may not start one: log "
				     "in where pam_container does, or ask the "
				     "administrator for 'nsinit start %s'",
				     user, user);
	/* The kernel shows its namespaces only to who may enter them. */
	if (ret == -EACCES)
		return nsc_error_set(err, EACCES, "the container of '%s' has "
				     "no user namespace that is the user's, "
				     "so nsshell needs file capabilities: log "
				     "in where pam_container does, or see "
				     "nsshell(1)", user);
	return ret;
}

/*
 * A member of the break-glass group gets a shell of the host: as who it is,
 * with what it came with, which is no more than such a member has anyway.
 * exec takes the file capabilities away, where there are any.
 */
static int run_on_host(const char *user, int argc, char **argv,
		       struct nsc_error *err)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };

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

static int join(const struct nsc_session *session, int argc, char **argv,
		int *ret_status, struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	struct nsc_run request = {
		.session = session, .program = state->shell,
		.keep_ids = state->host_uid == state->uid,
	};
	int ret;

	request.argv = nsc_shell_arguments(argc, argv, state->shell,
					   state->login_shell);
	if (!request.argv)
		return nsc_error_sys(err, ENOMEM, "arguments");
	ret = nsc_environment_make(state, environ, &request.env, err);
	if (ret < 0)
		return ret;
	if (state->message && isatty(STDIN_FILENO))
		fprintf(stderr, "%s\n", state->message);
	/* The terminal of who called us stays outside. */
	return nsc_console_run_given(&request, true, ret_status, err);
}

static int find_and_run(int argc, char **argv, int *ret_status,
			struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	struct answer answer = { .name = NULL };
	int found = find_noted(&session, err), asked = -EALREADY;
	bool terminal = isatty(STDIN_FILENO);

	if (found == -EALREADY)
		return found;
	if (found < 0 || terminal || has_new_accounts(session.state) ||
	    !has_plain_groups(&session.state->plain_groups))
		asked = look_up(&answer, err);
	if (answer.break_glass) {
		nsc_session_close(&session);
		return run_on_host(answer.name, argc, argv, err);
	}
	/* Of another account with this uid. */
	if (found == 0 && asked == 0 &&
	    strcmp(answer.name, session.state->user) != 0) {
		nsc_session_close(&session);
		found = -ESRCH;
	}
	if (found < 0)
		found = asked < 0 ? asked : find(answer.name, &session, err);
	if (found < 0)
		return found;
	/* A user who has a terminal is told. */
	if (answer.changed && terminal)
		fprintf(stderr, "%s\n", NSC_CHANGE_MESSAGE);
	return join(&session, argc, argv, ret_status, err);
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
	nsc_process_end_like(status);
}
