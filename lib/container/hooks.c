/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host; the builder, the worker, and the
 * container's PID 1 before its exec, each for the hooks of its own moment.
 */
#include "container/hooks.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "container/bundle.h"
#include "container/exec_try.h"
#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "container/hooks_state.h"
#include "linux/confine.h"
#include "rundir/hooks_stop.h"
#include "network/attached.h"

#define NETWORK_TIMEOUT 30	/* seconds */

int nsc_hooks_environment(const struct nsc_hook_variable *list, char ***ret)
{
	char **vector = NULL;
	size_t n = 0;
	int error = nsc_text_append(&vector, &n, "PATH=" NSC_PATH);

	for (; error == 0 && list->name; list++) {
		_cleanup_free_ char *entry = NULL;

		error = nsc_text_pair(list->name, list->value, &entry);
		if (error == 0)
			error = nsc_text_append(&vector, &n, entry);
	}
	if (error == 0)
		*ret = vector;
	else
		nsc_text_free_vector(vector);
	return error;
}

/* The environment of a hook; the user controls no variable but NSC_USER. */
static int make_environment(const struct nsc_hooks *hooks, char ***ret)
{
	char number[16];
	const struct nsc_hook_variable list[] = {
		{ "NSC_HOOK", nsc_hook_names[hooks->when] },
		{ "NSC_USER", hooks->plan->user->name },
		{ "NSC_ROOTFS", hooks->rootfs },
		{ "NSC_CONFIG", hooks->plan->config->file },
		{ "NSC_PID", number },
		{ NULL, NULL },
	};

	snprintf(number, sizeof(number), "%d", (int)hooks->pid);
	return nsc_hooks_environment(list, ret);
}

/* The command runs as root, so nobody but root may be able to write it. */
static int hooks_check_command(const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_file_open(path, err);

	return fd < 0 ? fd : 0;
}

int nsc_hooks_try(const struct nsc_config_hook *hook, struct nsc_error *err)
{
	const struct nsc_exec_try attempt = { .path = hook->path };
	int ret = hooks_check_command(hook->path, err);

	return ret < 0 ? ret : nsc_exec_try(&attempt, err);
}

/* A new vector of the path and the arguments; NULL if memory is short. */
static char **make_argv(const struct nsc_config_hook *hook)
{
	size_t n = 0;
	char **argv;

	while (hook->args && hook->args[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (argv)
		argv[0] = hook->path;
	for (size_t i = 0; argv && i < n; i++)
		argv[i + 1] = hook->args[i];
	return argv;
}

/* A new vector of its own variables, which count, and those of all hooks. */
static char **hooks_environment_of(const struct nsc_config_hook *hook,
				   char **all)
{
	size_t n = 0, more = 0;
	char **vector;

	while (all[n])
		n++;
	while (hook->env && hook->env[more])
		more++;
	vector = calloc(n + more + 1, sizeof(*vector));
	for (size_t i = 0; vector && i < n + more; i++)
		vector[i] = i < more ? hook->env[i] : all[i - more];
	return vector;
}

/* Run a hook, whose command has all but path, arguments and timeout. */
static int hooks_run(const struct nsc_config_hook *hook,
		     struct nsc_command *command, struct nsc_error *err)
{
	char output[200], escaped[256];
	_cleanup_free_ char **argv = make_argv(hook);
	int ret;

	if (!argv)
		return nsc_error_sys(err, ENOMEM, "hook");
	command->path = hook->path;
	command->argv = argv;
	command->timeout = hook->timeout;
	ret = nsc_command_run(command, output, sizeof(output));
	if (ret == -ETIMEDOUT)
		return nsc_error_set(err, ETIMEDOUT, "did not end within its "
				     "timeout of %u seconds", hook->timeout);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "run");
	output[strcspn(output, "\n")] = '\0';
	if (ret > 0)
		return nsc_error_set(err, ECANCELED, "ended with status %d%s%s",
				     ret, output[0] ? ": " : "",
				     nsc_text_escape(output, escaped,
						     sizeof(escaped)));
	return 0;
}

int nsc_hooks_command(const struct nsc_config_hook *hook, char **environment,
		      bool background, struct nsc_error *err)
{
	struct nsc_command command = {
		.envp = environment, .background = background,
	};
	int ret = hooks_check_command(hook->path, err);

	return ret < 0 ? ret : hooks_run(hook, &command, err);
}

static int hooks_confine(const void *arg, struct nsc_error *err)
{
	const struct nsc_plan *plan = arg;
	const struct nsc_process *own = &plan->config->process;

	return nsc_confine(own, &plan->filters.session, own->capabilities,
			   err);
}

/* A program of the rootfs has the rights of an init of the rootfs. */
static int run_inside(const struct nsc_hooks *hooks,
		      const struct nsc_config_hook *hook,
		      struct nsc_command *command, struct nsc_error *err)
{
	const struct nsc_exec_try attempt = {
		.path = hook->path, .prepare = hooks_confine,
		.arg = hooks->plan,
	};

	command->prepare = hooks_confine;
	command->arg = hooks->plan;
	return hooks->plan->dry ? nsc_exec_try(&attempt, err) :
				  hooks_run(hook, command, err);
}

static int run_one(const struct nsc_hooks *hooks,
		   const struct nsc_config_hook *hook,
		   struct nsc_command *command, struct nsc_error *err)
{
	int ret;

	if (hooks->when == NSC_HOOK_START_CONTAINER)
		return run_inside(hooks, hook, command, err);
	ret = hooks->plan->dry ? 0 : hooks_check_command(hook->path, err);
	return ret < 0 || hooks->plan->dry ? ret : hooks_run(hook, command,
							     err);
}

/* It runs already: a failure is logged, and the login waits no longer. */
static void run_poststart(const struct nsc_hooks *hooks,
			  const struct nsc_config_hook *hook,
			  struct nsc_command *command)
{
	int64_t left = (hooks->plan->deadline - nsc_process_now()) / 1000;
	struct nsc_config_hook bounded = *hook;
	struct nsc_error err = NSC_ERROR_INIT;
	int ret = hooks_check_command(hook->path, &err);

	if (left < 1)
		left = 1;
	if (bounded.timeout > left)
		bounded.timeout = (uint32_t)left;
	if (ret == 0)
		ret = hooks_run(&bounded, command, &err);
	if (ret < 0)
		syslog(LOG_DAEMON | LOG_ERR, "nscontainer: hooks.poststart "
		       "'%s': %s", hook->path, err.text);
}

int nsc_hooks_run(const struct nsc_hooks *hooks, struct nsc_error *err)
{
	const struct nsc_config *config = hooks->plan->config;
	_cleanup_free_ char *state = NULL;
	char **environment = NULL;
	int ret = make_environment(hooks, &environment);

	if (ret < 0 || nsc_hooks_state(hooks, &state) < 0)
		ret = nsc_error_sys(err, ENOMEM, "hooks");
	for (size_t i = 0; ret == 0 && i < config->n_hooks; i++) {
		const struct nsc_config_hook *hook = &config->hooks[i];
		_cleanup_free_ char **own =
			hooks_environment_of(hook, environment);
		struct nsc_command command = {
			.envp = own, .input = state,
		};
		struct nsc_error one = NSC_ERROR_INIT;

		if (hook->when != hooks->when)
			continue;
		if (!own) {
			ret = nsc_error_sys(err, ENOMEM, "hooks");
			break;
		}
		if (hook->when == NSC_HOOK_POSTSTART) {
			run_poststart(hooks, hook, &command);
			continue;
		}
		ret = run_one(hooks, hook, &command, &one);
		if (ret < 0 && hook->on_failure)
			ret = 0;
		else if (ret < 0)
			nsc_error_set(err, one.code, "hooks.%s '%s': %s",
				      nsc_hook_names[hook->when], hook->path,
				      one.text);
	}
	nsc_text_free_vector(environment);
	return ret;
}

/* A hook of our own: what the network has on the host goes last. */
static const struct nsc_config_hook *network_hook(const struct nsc_config *c)
{
	static char path[] = NSC_NETWORK_END;
	static const struct nsc_config_hook hook = {
		.when = NSC_HOOK_STOP, .path = path, .timeout = NETWORK_TIMEOUT,
	};

	for (size_t i = 0; i < c->n_networks; i++)
		if (nsc_attached_is(&c->networks[i]))
			return &hook;
	return NULL;
}

/* Allocate the content of the file; *ret stays NULL without stop hooks. */
static int print(const struct nsc_plan *plan, pid_t pid, char **ret,
		 struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	struct nsc_hook_stop *hooks = calloc(config->n_hooks + 1,
					     sizeof(*hooks));
	const struct nsc_config_hook *network = network_hook(config);
	struct nsc_error why = NSC_ERROR_INIT;
	const struct nsc_hooks stop = {
		.plan = plan, .when = NSC_HOOK_STOP, .pid = pid,
		.rootfs = config->rootfs,
	};
	char **environment = NULL;
	size_t n = 0;
	int error = make_environment(&stop, &environment);

	for (size_t i = 0; hooks && error == 0 && i <= config->n_hooks; i++) {
		const struct nsc_config_hook *hook =
			i < config->n_hooks ? &config->hooks[i] : network;

		if (!hook || hook->when != NSC_HOOK_STOP)
			continue;
		hooks[n].timeout = hook->timeout;
		hooks[n].environment = hooks_environment_of(hook, environment);
		hooks[n].arguments = make_argv(hook);
		error = hooks[n].arguments && hooks[n].environment ? 0 :
								    -ENOMEM;
		n++;
	}
	if (!hooks || error < 0)
		error = nsc_error_sys(err, ENOMEM, "hooks");
	else if (n)
		error = nsc_kv_print(&nsc_hooks_kv, hooks, n, ret, &why);
	if (why.code)
		nsc_error_set(err, why.code, "%s: hooks.stop: %s: combine them "
			      "in one script", config->file, why.text);
	while (n) {
		free(hooks[--n].arguments);
		free(hooks[n].environment);
	}
	free(hooks);
	nsc_text_free_vector(environment);
	return error;
}

int nsc_hooks_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < config->n_hooks; i++) {
		const struct nsc_config_hook *hook = &config->hooks[i];

		/* PID 1 tries a program of the rootfs. */
		if (hook->when != NSC_HOOK_START_CONTAINER &&
		    !hook->on_failure && nsc_hooks_try(hook, err) < 0)
			return nsc_error_context(err, "%s: hooks.%s '%s'",
						 config->file,
						 nsc_hook_names[hook->when],
						 hook->path);
	}
	/* No pid has more digits. */
	return print(plan, INT_MAX, &text, err);
}

int nsc_hooks_save(const struct nsc_plan *plan, pid_t pid,
		   struct nsc_error *err)
{
	const struct nsc_hooks stop = {
		.plan = plan, .when = NSC_HOOK_STOP, .pid = pid,
		.rootfs = plan->config->rootfs,
	};
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *state = NULL;
	int ret = plan->config->n_hooks ?
		  nsc_bundle_write(plan, plan->rundir, stop.rootfs, err) : 0;

	if (ret < 0)
		return ret;
	for (size_t i = 0; ret == 0 && i < plan->config->n_hooks; i++)
		if (plan->config->hooks[i].when == NSC_HOOK_STOP)
			ret = hooks_check_command(plan->config->hooks[i].path,
						  err);
	if (ret < 0)
		return nsc_error_context(err, "hooks.stop");
	ret = print(plan, pid, &text, err);
	if (ret < 0 || !text)
		return ret;
	if (nsc_hooks_state(&stop, &state) < 0)
		return nsc_error_sys(err, ENOMEM, "hooks");
	ret = nsc_file_write_at(plan->rundir, NSC_FILE_HOOKS_STATE, state,
				strlen(state), 0600, err);
	return ret < 0 ? ret :
	       nsc_file_write_at(plan->rundir, NSC_FILE_HOOKS, text,
				 strlen(text), 0600, err);
}
