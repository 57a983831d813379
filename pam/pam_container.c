/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PAM module: places a login in its user's container.
 *
 * Runs in sshd's monitor, login, su, sudo, cron, as root of the host; ends as
 * the container's root in the container's namespaces.  Every step that can fail
 * happens before the process changes, see nsc_session_place().
 */
#include <errno.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "linux/label.h"
#include "policy/password.h"
#include "policy/policy.h"
#include "policy/pam_options.h"
#include "session/bring.h"
#include "session/change.h"
#include "session/refusal.h"
#include "session/session.h"
#include "session/stdio.h"
#include "at_fork.h"
#include "name_services.h"
#include "selinux.h"
#include "variables.h"

#define DATA_NAME "nscontainer_session"
#define EXPIRED_NAME "nscontainer_expired"
#define MONITOR_TRIES 10
#define MANAGER "systemd-user"	/* the PAM service of systemd --user */
/* After PAM_SESSION_ERR, sudo still runs the command, on the host. */
#define REFUSED PAM_PERM_DENIED
#define EXPORT __attribute__((visibility("default")))

static const char refused[] =
	"Your container could not be entered, so this login is refused. "
	"Please tell the administrator.";

/*
 * The user in whose container this process was placed, or NULL.  The module
 * stays loaded after pam_end(3), see Makefile.am.
 */
static char *placed_for;

/* One call of the module. */
struct call {
	pam_handle_t *pamh;
	int flags;
	struct nsc_pam_options options;
	const char *service;
	struct nsc_user *user;
	struct nsc_policy *policy;
	bool kept;		/* user and policy are those of 'job' */
	int64_t began;		/* nsc_process_now_us() */
};

/* A job of cron's or at's, whose process is placed when it is forked. */
static struct call job;
static struct nsc_session *job_session;

static void call_free(struct call *call)
{
	if (call->kept)
		return;
	nsc_policy_free(call->policy);
	nsc_user_free(call->user);
}

static void module_release(pam_handle_t *pamh, void *data, int status)
{
	struct nsc_session *session = data;

	(void)pamh;
	(void)status;
	if (session == job_session) {
		nsc_at_fork_disarm();
		call_free(&job);
		job_session = NULL;
	}
	nsc_session_close(session);
	free(session);
}

/* The module's argument applies even if nscontainer.conf is broken. */
static bool only_audits(const struct call *call)
{
	if (call->options.has_mode)
		return call->options.mode == NSC_MODE_AUDIT;
	return call->policy && call->policy->conf &&
	       call->policy->conf->mode == NSC_MODE_AUDIT;
}

static const char *user_name(const struct call *call)
{
	return call->user ? call->user->name : "(unknown)";
}

/* Log the result that enforcing would have; the login continues on the host. */
static int audit(const struct call *call, const char *would,
		 const char *detail)
{
	char text[1024];

	pam_syslog(call->pamh, LOG_NOTICE, "user %s: audit: would %s%s",
		   user_name(call), would,
		   nsc_text_escape(detail, text, sizeof(text)));
	return PAM_SUCCESS;
}

static int fail(const struct call *call, const struct nsc_error *err)
{
	char text[1024];

	if (only_audits(call))
		return audit(call, "be refused: ", err->text);
	nsc_refusal_record(user_name(call), call->service, err);
	pam_syslog(call->pamh, LOG_ERR, "user %s: login refused: %s",
		   user_name(call),
		   nsc_text_escape(err->text, text, sizeof(text)));
	if (!(call->flags & PAM_SILENT))
		pam_error(call->pamh, "%s", nsc_refusal_is_callers(err) ?
			  err->text : refused);
	return REFUSED;
}

static void debug(const struct call *call, const char *text)
{
	if (call->options.debug || (call->policy && call->policy->conf &&
				    call->policy->conf->debug))
		pam_syslog(call->pamh, LOG_DEBUG, "user %s: %s",
			   call->user->name, text);
}

static const char *item(const struct call *call, int type)
{
	const void *text = NULL;

	return pam_get_item(call->pamh, type, &text) == PAM_SUCCESS ? text :
								      NULL;
}

static void module_lacks(const struct call *call, const char *name,
			 const struct nsc_error *err)
{
	char text[1024];

	pam_syslog(call->pamh, LOG_NOTICE, "user %s: the file that %s names "
		   "is not in the container: %s", call->user->name, name,
		   nsc_text_escape(err->text, text, sizeof(text)));
}

/* Find the files that earlier modules have made for this session. */
static void module_bring(const struct call *call,
			 const struct nsc_session *session,
			 struct nsc_bring *bring)
{
	for (char **name = session->state->bring; name && *name; name++) {
		const char *value = pam_getenv(call->pamh, *name);
		struct nsc_error err = NSC_ERROR_INIT;

		if (value && nsc_bring_add(bring, value, &err) < 0)
			module_lacks(call, *name, &err);
	}
}

/*
 * Inside, the login program starts the shell that the host's passwd names, and
 * can say only that there is no such file.
 */
static void module_look_for_shell(const struct call *call)
{
	const char *shell = call->user->shell;

	if (!(call->flags & PAM_SILENT) && *shell && access(shell, X_OK) < 0)
		pam_error(call->pamh, "Your login shell %s cannot be run in "
			  "your container: %s. Please tell the administrator.",
			  shell, strerror(errno));
}

/* The calling process enters. */
static int module_place(const struct call *call, struct nsc_session *session,
			struct nsc_error *err)
{
	_cleanup_bring_ struct nsc_bring bring = { .user = call->user };
	const struct nsc_session_origin origin = {
		.service = call->service, .rhost = item(call, PAM_RHOST),
		.tty = item(call, PAM_TTY), .ruser = item(call, PAM_RUSER),
		.began = call->began,
	};
	_cleanup_fd_ int commands = -1;
	const bool is_job = nsc_at_fork_is_job(call->service);
	const char *label = session->state->process.selinux_label;
	/* By us, or by pam_selinux(8), which comes before us. */
	const bool labelled = (label && *label) || nsc_label_is_set();
	int recorder = -1, ret;

	nsc_name_services_keep();
	module_bring(call, session, &bring);
	session->bring = &bring;
	session->commands = strcmp(call->service, "sshd") ? NULL : &commands;
	session->recorder = &recorder;
	/* sshd gives a command its streams when it forks, and so does a job. */
	session->forks = session->commands || is_job;
	/* sudo runs its command on a pty that it made earlier (use_pty). */
	ret = nsc_session_place(session, call->user, &origin,
				!strncmp(call->service, "sudo", 4), err);
	session->bring = NULL;
	session->commands = session->recorder = NULL;
	if (ret == 0)
		nsc_at_fork_report(NSC_TAKE_FD(commands), recorder,
			session->state->recording.mode != NSC_RECORD_ALL ||
			!session->forks ? NSC_AT_FORK_NONE :
			is_job ? NSC_AT_FORK_JOB : NSC_AT_FORK_PIPES);
	if (ret == 0 && bring.err.code)
		module_lacks(call, "a variable", &bring.err);
	/* From here on only the lock is needed. */
	if (ret == 0) {
		if (labelled)
			nsc_selinux_keep();
		nsc_fd_close(&session->pidfd);
		nsc_variables_put_runtime_dir(call->pamh, call->user,
					      session->state);
		module_look_for_shell(call);
	}
	return ret;
}

static void place_job(void *session)
{
	struct nsc_error err = NSC_ERROR_INIT;

	if (module_place(&job, session, &err) == 0)
		return;
	nsc_label_explain(&err);
	fail(&job, &err);
	_exit(1);
}

static int module_place_job(struct call *call, struct nsc_session *session,
			    struct nsc_error *err)
{
	int ret = nsc_session_check_place(session, call->user, err);

	if (ret == 0)
		ret = nsc_at_fork_arm(call->pamh, place_job, session,
				      session->lock, err);
	if (ret == 0) {
		job = *call;
		job_session = session;
		call->kept = true;
	}
	return ret;
}

static int module_go_on(struct call *call, struct nsc_session *session,
			struct nsc_error *err)
{
	enum nsc_placement placement = call->options.has_placement ?
		call->options.placement : call->policy->conf->placement;
	int ret;

	if (placement == NSC_PLACEMENT_START) {
		debug(call, "container is running, placement=start");
		return 0;
	}
	ret = nsc_variables_put(call->pamh, call->user, session->state, err);
	if (ret < 0)
		return ret;
	if (session->state->message && !(call->flags & PAM_SILENT))
		pam_info(call->pamh, "%s", session->state->message);
	if (session->state->home_missing && !(call->flags & PAM_SILENT))
		pam_info(call->pamh, "%s", NSC_SESSION_NO_HOME);
	if (session->changed && !(call->flags & PAM_SILENT))
		pam_info(call->pamh, "%s", NSC_CHANGE_MESSAGE);
	debug(call, "entering the container");
	if (nsc_at_fork_is_job(call->service))
		return module_place_job(call, session, err);
	ret = module_place(call, session, err);
	if (ret == 0 && !placed_for)
		placed_for = strdup(call->user->name);
	return ret;
}

static int enter_once(struct call *call, struct nsc_error *err)
{
	const struct nsc_session_request request = {
		.conf_path = call->options.conf,
		.user = call->user,
		.policy = call->policy,
	};
	struct nsc_session *session = calloc(1, sizeof(*session));
	int ret;

	if (!session)
		return nsc_error_sys(err, ENOMEM, "session");
	*session = (struct nsc_session)NSC_SESSION_INIT;
	ret = nsc_session_open(&request, session, err);
	if (ret == 0 && pam_set_data(call->pamh, DATA_NAME, session,
				     module_release) != PAM_SUCCESS)
		ret = nsc_error_sys(err, ENOMEM, "session");
	if (ret < 0) {
		module_release(call->pamh, session, 0);
		return ret;
	}
	if (*session->note)
		pam_syslog(call->pamh, LOG_NOTICE, "user %s: %s",
			   call->user->name, session->note);
	ret = module_go_on(call, session, err);
	if (ret < 0)
		pam_set_data(call->pamh, DATA_NAME, NULL, NULL);
	return ret;
}

/*
 * If the container died between two steps, start it again, once.  If the
 * monitor died or is just starting, it is replaced or ready a moment later.
 */
static int module_enter(struct call *call, struct nsc_error *err)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	int ret = enter_once(call, err);

	for (int i = 0; i < MONITOR_TRIES &&
	     (ret == -ECONNREFUSED || ret == -ECONNRESET); i++) {
		debug(call, "the monitor died meanwhile, trying again");
		nanosleep(&moment, NULL);
		ret = enter_once(call, err);
	}
	if (ret != -ESRCH)
		return ret;
	debug(call, "the container died meanwhile, trying again");
	return enter_once(call, err);
}

/*
 * Refuse callers that can never be placed.  A placed process stays in the
 * host's pid namespace, and only its children leave it: a service manager would
 * be partly inside.
 */
static int check_caller(const struct call *call, struct nsc_error *err)
{
	if (!strcmp(call->service, MANAGER))
		return nsc_error_set(err, EPERM, "the service manager of a "
				     "user who has a container is not "
				     "started: it would run the user's units "
				     "on the host");
	return nsc_session_check_threads(err);
}

/* Report everything that can be determined without making anything. */
static int audit_contained(const struct call *call)
{
	const struct nsc_session_request request = {
		.conf_path = call->options.conf,
		.user = call->user,
		.policy = call->policy,
	};
	struct nsc_error err = NSC_ERROR_INIT;
	char file[PATH_MAX];
	int ret = check_caller(call, &err);

	if (ret == 0)
		ret = nsc_session_check(&request, &err);
	snprintf(file, sizeof(file), "%s/" NSC_CONFIG_FILE, call->policy->dir);
	if (ret == 0)
		return audit(call, "be placed in the container of ", file);
	if (call->policy->conf->on_error == NSC_ON_ERROR_HOST)
		return audit(call, "go on outside the container, as on_error "
			     "says: ", err.text);
	return audit(call, ret == -ETIME ? "perhaps be refused: " :
					   "be refused: ", err.text);
}

static int refuse_nested(const struct call *call)
{
	struct nsc_error err = NSC_ERROR_INIT;

	nsc_error_set(&err, EPERM, "the login is inside a container, and "
		      "'nested' is \"refuse\"");
	return fail(call, &err);
}

/* The login is in a container of another engine that sees the host's files. */
static int nested(const struct call *call)
{
	return call->policy->conf->nested == NSC_NESTED_REFUSE ?
		       refuse_nested(call) : PAM_SUCCESS;
}

static int open_contained(struct call *call)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int ret;

	if (only_audits(call))
		return nsc_session_inside_of(call->user->uid) ?
			       nested(call) : audit_contained(call);
	ret = check_caller(call, &err);
	if (ret == 0)
		ret = module_enter(call, &err);
	if (ret == 0)
		return PAM_SUCCESS;
	if (ret == -EALREADY)
		return nested(call);
	nsc_label_explain(&err);
	/*
	 * Whatever the PAM stack does on failures, nobody continues partly
	 * inside.
	 */
	if (ret == -ENOTRECOVERABLE) {
		fail(call, &err);
		_exit(1);
	}
	if (call->policy->conf->on_error == NSC_ON_ERROR_HOST &&
	    !nsc_refusal_is_callers(&err)) {
		pam_syslog(call->pamh, LOG_ERR, "user %s: login goes on "
			   "outside the container, as on_error says: %s",
			   call->user->name, err.text);
		return PAM_SUCCESS;
	}
	return fail(call, &err);
}

static int module_load_user(struct call *call, struct nsc_error *err)
{
	const char *name = NULL;

	if (pam_get_user(call->pamh, &name, NULL) != PAM_SUCCESS || !name)
		return nsc_error_set(err, EINVAL, "PAM does not know the user");
	return nsc_user_load(name, &call->user, err);
}

/* Check this before any file is opened, and whatever the arguments are. */
static bool breaks_glass(const struct call *call)
{
	const char *group = call->options.break_glass;

	if (!call->user || !nsc_user_in_group(call->user, group))
		return false;
	pam_syslog(call->pamh, LOG_WARNING, "user %s: login goes on outside "
		   "any container: break-glass group %s", call->user->name,
		   group);
	return true;
}

/*
 * A placed process cannot leave its container.  A later transaction of the
 * same process may be for another user, who would get the first one's.
 */
static int refuse_other_user(const struct call *call)
{
	struct nsc_error err = NSC_ERROR_INIT;

	nsc_error_set(&err, EPERM, "an earlier session has placed this process "
		      "in the container of '%s', which it cannot leave: the "
		      "program must open each session in a process of its own",
		      placed_for);
	return fail(call, &err);
}

static int module_open_inside(const struct call *call)
{
	const char *name = NULL;

	if (nsc_session_nested_refused())
		return refuse_nested(call);
	if (placed_for &&
	    (pam_get_user(call->pamh, &name, NULL) != PAM_SUCCESS || !name ||
	     strcmp(name, placed_for) != 0))
		return refuse_other_user(call);
	return PAM_SUCCESS;
}

/*
 * sshd that got PAM_NEW_AUTHTOK_REQD for the account runs passwd as the user,
 * and nothing else: no command, subsystem or forwarding.  Other programs change
 * the password before they open the session, or refuse the login.
 */
static bool changes_password(const struct call *call)
{
	const void *data = NULL;

	if (pam_get_data(call->pamh, EXPIRED_NAME, &data) != PAM_SUCCESS ||
	    !data)
		return false;
	pam_syslog(call->pamh, LOG_NOTICE, "user %s: the password has expired: "
		   "sshd runs passwd on the host, and nothing else",
		   call->user->name);
	return true;
}

static int open_session(struct call *call, int argc, const char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT, user_err = NSC_ERROR_INIT;
	const void *data;
	int ret = nsc_pam_options_parse(argc, argv, &call->options, &err);

	/* su-l includes su: the second call has nothing to do. */
	if (pam_get_data(call->pamh, DATA_NAME, &data) == PAM_SUCCESS && data)
		return ret < 0 ? fail(call, &err) : PAM_SUCCESS;
	if (nsc_session_inside())
		return ret < 0 ? fail(call, &err) : module_open_inside(call);
	if (module_load_user(call, &user_err) < 0 && ret == 0) {
		ret = -user_err.code;
		err = user_err;
	}
	if (breaks_glass(call))
		return PAM_SUCCESS;
	if (ret < 0)
		return fail(call, &err);
	call->service = item(call, PAM_SERVICE);
	if (!call->service)
		call->service = "";
	if (nsc_policy_decide(call->options.conf, call->user, call->service,
			      &call->policy, &err) < 0)
		return fail(call, &err);
	if (!call->policy->contained) {
		debug(call, call->policy->reason);
		return PAM_SUCCESS;
	}
	if (changes_password(call))
		return PAM_SUCCESS;
	return open_contained(call);
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
			       const char **argv)
{
	struct call call = {
		.pamh = pamh, .flags = flags, .service = "",
		.began = nsc_process_now_us(),
	};
	int ret = open_session(&call, argc, argv);

	call_free(&call);
	return ret;
}

/*
 * The result is what makes sshd run passwd alone, so that the login that
 * changes_password() leaves on the host has been told so by us, whatever other
 * modules say.  Errors are left to open_session.
 */
static int check_account(struct call *call, int argc, const char **argv)
{
	char program[16] = "";

	(void)prctl(PR_GET_NAME, program);
	call->service = item(call, PAM_SERVICE);
	if (!call->service || strcmp(call->service, "sshd") != 0 ||
	    strncmp(program, "sshd", 4) != 0 || nsc_session_inside() ||
	    nsc_pam_options_parse(argc, argv, &call->options, NSC_IGNORE) < 0 ||
	    module_load_user(call, NSC_IGNORE) < 0 ||
	    !nsc_password_expired(call->user->name) ||
	    nsc_policy_decide(call->options.conf, call->user, call->service,
			      &call->policy, NSC_IGNORE) < 0 ||
	    !call->policy->contained || only_audits(call))
		return PAM_IGNORE;
	/* Any pointer marks the transaction. */
	return pam_set_data(call->pamh, EXPIRED_NAME, call->pamh, NULL) ==
	       PAM_SUCCESS ? PAM_NEW_AUTHTOK_REQD : PAM_IGNORE;
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
			    const char **argv)
{
	struct call call = { .pamh = pamh, .flags = flags, .service = "" };
	int ret = check_account(&call, argc, argv);

	call_free(&call);
	return ret;
}

/* Release the session's hold on the container; the process stays inside. */
EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
				const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_SUCCESS;
}
