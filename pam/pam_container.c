/*
 * The PAM module: places a login in its user's container.
 *
 * Runs in sshd's monitor, login, su, sudo, cron, as root of the host; ends as
 * the container's root in the container's namespaces.  Everything that can
 * fail happens before the process changes, see nsc_session_place().
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "config/policy.h"
#include "options.h"
#include "session/session.h"

#define DATA_NAME "nscontainer_session"
#define MONITOR_TRIES 10
#define EXPORT __attribute__((visibility("default")))

static const char refused[] =
	"Your container could not be entered, so this login is refused. "
	"Please tell the administrator.";

/* One call of the module. */
struct call {
	pam_handle_t *pamh;
	int flags;
	struct nsc_pam_options options;
	const char *service;
	struct nsc_user *user;
	struct nsc_policy *policy;
};

static void release(pam_handle_t *pamh, void *data, int status)
{
	struct nsc_session *session = data;

	(void)pamh;
	(void)status;
	nsc_session_close(session);
	free(session);
}

static int fail(const struct call *call, const struct nsc_error *err)
{
	char text[1024];

	pam_syslog(call->pamh, LOG_ERR, "user %s: login refused: %s",
		   call->user ? call->user->name : "(unknown)",
		   nsc_text_escape(err->text, text, sizeof(text)));
	/* How many sessions there may be is for the user to know. */
	if (!(call->flags & PAM_SILENT))
		pam_error(call->pamh, "%s", err->code == EUSERS ? err->text :
								  refused);
	return PAM_SESSION_ERR;
}

static void debug(const struct call *call, const char *text)
{
	if (call->options.debug || (call->policy && call->policy->conf &&
				    call->policy->conf->debug))
		pam_syslog(call->pamh, LOG_DEBUG, "user %s: %s",
			   call->user->name, text);
}

/*
 * Look for what nobody has, so that every name service module is loaded from
 * the host now: sshd and login ask again inside, and nothing may be loaded
 * from there.
 */
static void load_name_services(void)
{
	char buf[1024];
	struct passwd pw, *found;
	struct group gr, *group;

	(void)getpwnam_r("nscontainer.nobody", &pw, buf, sizeof(buf), &found);
	(void)getgrnam_r("nscontainer.nobody", &gr, buf, sizeof(buf), &group);
}

static int put_environment(const struct call *call,
			   const struct nsc_session *session,
			   struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	_cleanup_free_ char *shell = NULL;
	const char *name = strrchr(call->user->shell, '/');

	/* Programs start $SHELL: that must not be nsshell again. */
	if (asprintf(&shell, "SHELL=%s", state->shell) < 0) {
		shell = NULL;
		return nsc_error_sys(err, ENOMEM, "environment");
	}
	if (name && !strcmp(name, "/nsshell") &&
	    pam_putenv(call->pamh, shell) != PAM_SUCCESS)
		return nsc_error_sys(err, ENOMEM, "environment");
	for (char **e = state->environment; e && *e; e++)
		if (pam_putenv(call->pamh, *e) != PAM_SUCCESS)
			return nsc_error_set(err, EINVAL, "environment: PAM "
					     "refused an entry");
	return 0;
}

static const char *item(const struct call *call, int type)
{
	const void *text = NULL;

	return pam_get_item(call->pamh, type, &text) == PAM_SUCCESS ? text :
								      NULL;
}

static int place(const struct call *call, struct nsc_session *session,
		 struct nsc_error *err)
{
	const struct nsc_session_info info = {
		.service = call->service, .rhost = item(call, PAM_RHOST),
		.tty = item(call, PAM_TTY), .ruser = item(call, PAM_RUSER),
	};
	enum nsc_placement placement = call->options.has_placement ?
		call->options.placement : call->policy->conf->placement;
	/* login(1) changes the owner of its terminal after this. */
	bool give_terminal = !strcmp(call->service, "login") ||
			     !strcmp(call->service, "remote");
	int ret;

	if (placement == NSC_PLACEMENT_START) {
		debug(call, "container is running, placement=start");
		return 0;
	}
	ret = put_environment(call, session, err);
	if (ret < 0)
		return ret;
	if (session->state->message && !(call->flags & PAM_SILENT))
		pam_info(call->pamh, "%s", session->state->message);
	debug(call, "entering the container");
	load_name_services();
	return nsc_session_place(session, call->user, &info, give_terminal,
				 err);
}

static int enter_once(const struct call *call, struct nsc_error *err)
{
	const struct nsc_session_request request = {
		.conf_path = call->options.conf,
		.user = call->user,
		.conf = call->policy->conf,
	};
	struct nsc_session *session = calloc(1, sizeof(*session));
	int ret;

	if (!session)
		return nsc_error_sys(err, ENOMEM, "session");
	*session = (struct nsc_session)NSC_SESSION_INIT;
	ret = nsc_session_open(&request, session, err);
	if (ret == 0 && pam_set_data(call->pamh, DATA_NAME, session,
				     release) != PAM_SUCCESS)
		ret = nsc_error_sys(err, ENOMEM, "session");
	if (ret < 0) {
		release(call->pamh, session, 0);
		return ret;
	}
	ret = place(call, session, err);
	if (ret < 0)
		pam_set_data(call->pamh, DATA_NAME, NULL, NULL);
	return ret;
}

/*
 * A container that died between two steps is started again, once.  A monitor
 * that died, or is only just starting, is replaced or there a moment later.
 */
static int enter(const struct call *call, struct nsc_error *err)
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

static int open_contained(const struct call *call)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int threads = nsc_process_threads();

	if (threads != 1)
		nsc_error_set(&err, EINVAL, "the calling program has %d "
			      "threads: only a single-threaded one can be "
			      "placed", threads);
	else if (enter(call, &err) == 0)
		return PAM_SUCCESS;
	if (call->policy->conf->on_error == NSC_ON_ERROR_HOST &&
	    err.code != EUSERS) {
		pam_syslog(call->pamh, LOG_ERR, "user %s: login goes on "
			   "outside the container, as on_error says: %s",
			   call->user->name, err.text);
		return PAM_SUCCESS;
	}
	return fail(call, &err);
}

static int open_session(struct call *call, int argc, const char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;
	const char *name = NULL;
	const void *data;

	if (nsc_pam_options_parse(argc, argv, &call->options, &err) < 0)
		return fail(call, &err);
	/* su-l includes su: the second time there is nothing to do. */
	if (pam_get_data(call->pamh, DATA_NAME, &data) == PAM_SUCCESS && data)
		return PAM_SUCCESS;
	if (nsc_session_inside()) {
		if (!nsc_session_nested_refused())
			return PAM_SUCCESS;
		nsc_error_set(&err, EPERM, "a login inside a container, and "
			      "'nested' is \"refuse\"");
		return fail(call, &err);
	}
	if (pam_get_user(call->pamh, &name, NULL) != PAM_SUCCESS || !name) {
		nsc_error_set(&err, EINVAL, "PAM does not know the user");
		return fail(call, &err);
	}
	call->service = item(call, PAM_SERVICE);
	if (!call->service)
		call->service = "";
	if (nsc_user_load(name, &call->user, &err) < 0 ||
	    nsc_policy_decide(call->options.conf, call->user, call->service,
			      &call->policy, &err) < 0)
		return fail(call, &err);
	if (!call->policy->contained) {
		debug(call, call->policy->reason);
		return PAM_SUCCESS;
	}
	return open_contained(call);
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
			       const char **argv)
{
	struct call call = { .pamh = pamh, .flags = flags, .service = "" };
	int ret = open_session(&call, argc, argv);

	nsc_policy_free(call.policy);
	nsc_user_free(call.user);
	return ret;
}

/* Ends the session's hold on the container; the process stays where it is. */
EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
				const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_SUCCESS;
}
