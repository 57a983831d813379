/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trial login: every step of pam_container and of the login program after
 * it, by the same code, in temporary processes.
 */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "policy/policy.h"
#include "doctor/commands.h"
#include "doctor/pam.h"
#include "doctor/trial.h"
#include "session/session.h"

struct try {
	const struct nscontainer *container;
	const char *service;	/* or NULL */
	struct nsc_user *user;
	struct nsc_policy *policy;
	struct nsc_session session;
	/* The service's stack, and the module's options in it. */
	struct nsc_pam_stack stack;
	struct nsc_pam_options options;
	bool runs;		/* the container ran before the trial */
	/* The current step. */
	enum nsc_trial_result result;
	char text[512];
	bool over;		/* the login stays on the host */
	struct nscontainer_record *list;
};

static NSC_API_KEYS(try_keys, NSC_KEYS_TRY);
static const char *const results[] = { "ok", "warning", "failed" };

static void try_add(struct try *t, const char *name,
		    enum nsc_trial_result result, int64_t us, const char *text)
{
	char escaped[1024], step[128];

	nsc_api_add(&t->list, try_keys, json_pack(
		"{s:s, s:s, s:f, s:s}",
		"step", nsc_text_escape(name, step, sizeof(step)),
		"result", results[result], "ms", (double)us / 1000, "text",
		nsc_text_escape(text, escaped, sizeof(escaped))), NSC_IGNORE);
}

static void add_inside(void *arg, const struct nsc_trial_step *step)
{
	try_add(arg, step->name, step->result, step->us, step->err.text);
}

static int try_load_user(struct try *t, struct nsc_error *err)
{
	int ret = nsc_api_user(t->container, &t->user, err);

	if (ret == 0)
		snprintf(t->text, sizeof(t->text), "uid %u, shell %s",
			 t->user->uid, t->user->shell);
	return ret;
}

/* Check that the service calls the module. */
static int check_service(struct try *t, struct nsc_error *err)
{
	const struct nsc_pam_line *line;
	struct nsc_pam_ends ends;
	int ret;

	if (!t->service)
		return nsc_pam_options_parse(0, NULL, &t->options, err);
	ret = nsc_pam_load(t->service, "session", &t->stack, err);
	if (ret < 0)
		return ret;
	line = nsc_pam_find(&t->stack, NSC_PAM_MODULE);
	ends = nsc_pam_walk(&t->stack, line ? (size_t)(line - t->stack.lines) :
					      t->stack.n);
	if (!ends.inside && !ends.outside)
		return nsc_pam_shut(&t->stack, ends.barrier, t->service, err);
	if (!line || !ends.inside)
		return nsc_error_set(err, ENOENT, "%s %s " NSC_PAM_MODULE
				     ": a login by '%s' stays on the host",
				     t->stack.path, line ? "ends before" :
				     "does not list", t->service);
	snprintf(t->text, sizeof(t->text), "%s:%u: session %s " NSC_PAM_MODULE,
		 line->file, line->number, line->control);
	return nsc_pam_options(line, &t->options, err);
}

static enum nsc_mode mode_of(const struct try *t)
{
	return t->options.has_mode ? t->options.mode : t->policy->conf->mode;
}

static int try_decide(struct try *t, struct nsc_error *err)
{
	int ret = 0;

	t->over = nsc_user_in_group(t->user, t->options.break_glass);
	if (t->over)
		snprintf(t->text, sizeof(t->text), "on the host: break-glass "
			 "group %s", t->options.break_glass);
	else
		ret = nsc_policy_decide(t->container->conf, t->user,
					t->service, &t->policy, err);
	if (ret < 0 || t->over)
		return ret;
	t->over = !t->policy->contained;
	if (t->over)
		snprintf(t->text, sizeof(t->text), "on the host: %s",
			 t->policy->reason);
	else
		snprintf(t->text, sizeof(t->text), "%s%s", t->policy->dir,
			 mode_of(t) == NSC_MODE_AUDIT ?
			 "; mode is \"audit\", so a login stays on the "
			 "host" : "");
	return 0;
}

static int see_if_running(struct try *t)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;

	return nsc_session_find(t->container->rundir, t->user->uid, 0,
				&session, NSC_IGNORE);
}

/* A bad configuration is only a warning if the container runs: it is joined. */
static int check_configuration(struct try *t, struct nsc_error *err)
{
	struct nscontainer_error e = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	int ret = nscontainer_check(t->container, &record, &e);

	nscontainer_record_free(record);
	t->runs = see_if_running(t) == 0;
	if (ret == 0)
		return 0;
	if (!t->runs)
		return nsc_error_set(err, e.code, "%s", e.text);
	t->result = NSC_TRIAL_WARNING;
	snprintf(t->text, sizeof(t->text), "the next start fails: %s", e.text);
	return 0;
}

static int open_container(struct try *t, struct nsc_error *err)
{
	const struct nsc_session_request request = {
		.conf_path = t->container->conf, .user = t->user,
		.policy = t->policy,
	};
	int ret = nsc_session_open(&request, &t->session, err);

	if (ret == 0)
		snprintf(t->text, sizeof(t->text), "%s, pid %d",
			 t->runs ? "runs" : "was started",
			 (int)t->session.state->pid);
	return ret;
}

static const struct {
	const char *name;
	int (*run)(struct try *t, struct nsc_error *err);
} steps[] = {
	{ "user", try_load_user },
	{ "service", check_service },
	{ "policy", try_decide },
	{ "configuration", check_configuration },
	{ "container", open_container },
};

static int try_run(struct try *t, struct nsc_error *err)
{
	int ret = nsc_api_may_fork(err);

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(steps); i++) {
		int64_t since = nsc_process_now_us();

		if (t->over)
			return 0;
		t->text[0] = '\0';
		t->result = NSC_TRIAL_OK;
		ret = steps[i].run(t, err);
		if (!t->service && steps[i].run == check_service)
			continue;
		try_add(t, steps[i].name,
			ret < 0 ? NSC_TRIAL_FAILED : t->result,
			nsc_process_now_us() - since,
			ret < 0 ? err->text : t->text);
	}
	return ret < 0 ? ret : nsc_trial_run(&t->session, t->user, add_inside,
					     t, err);
}

static int try(const struct nscontainer *container, const char *service,
	       struct nscontainer_record **ret, struct nsc_error *err)
{
	struct try t = {
		.container = container, .service = service,
		.session = NSC_SESSION_INIT, .stack = NSC_PAM_STACK_INIT,
	};
	int error;

	if (!container->user)
		return nsc_error_set(err, EINVAL, "try: '%s' is a directory: "
				     "only users log in", container->dir);
	error = try_run(&t, err);
	nsc_session_close(&t.session);
	nsc_pam_free(&t.stack);
	nsc_policy_free(t.policy);
	nsc_user_free(t.user);
	*ret = t.list;
	return error;
}

int nsc_try_run(const struct nscontainer *container, const char *service,
		struct nscontainer_record **ret, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int error;

	*ret = NULL;
	error = try(container, service, ret, &e);
	return nsc_api_result(error, &e, err);
}
