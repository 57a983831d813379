/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, which is static: plain libc; and nsinit, for a
 * container whose monitor was killed.
 */
#include "rundir/hooks_stop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>

#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define STATE_MAX 8192

#define FIELD(name, kind) { #name, NSC_KV_##kind, \
			    offsetof(struct nsc_hook_stop, name), 0 }
static const struct nsc_kv_field fields[] = {
	FIELD(timeout, UINT),
	FIELD(arguments, VECTOR),
	FIELD(environment, VECTOR),
};
#undef FIELD

const struct nsc_kv nsc_hooks_kv = {
	.name = NSC_FILE_HOOKS, .max = (size_t)64 * 1024,
	.size = sizeof(struct nsc_hook_stop),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

/* arg: the container's state as text, or NULL. */
static void hooks_run(const struct nsc_hook_stop *hook, void *arg)
{
	char *const *argv = hook->arguments;
	const struct nsc_command command = {
		.path = argv[0], .argv = argv, .envp = hook->environment,
		.timeout = hook->timeout, .input = arg,
	};
	char output[200];
	int ret = nsc_command_run(&command, output, sizeof(output));

	if (ret == 0)
		return;
	output[strcspn(output, "\n")] = '\0';
	for (char *p = output; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (ret == -ETIMEDOUT)
		syslog(LOG_DAEMON | LOG_ERR, "nscontainer: hooks.stop '%s': "
		       "did not end within its timeout of %u seconds",
		       argv[0], command.timeout);
	else
		syslog(LOG_DAEMON | LOG_ERR, "nscontainer: hooks.stop '%s': "
		       "ended with status %d: %s", argv[0],
		       ret < 0 ? 127 : ret, output);
}

/*
 * Call act for each record.  False if the rest of the text was not written by
 * nsc_hooks_save().
 */
static bool hooks_each(char *text, void (*act)(const struct nsc_hook_stop *hook,
					       void *arg), void *arg)
{
	bool right = true;

	while (right && *text) {
		struct nsc_hook_stop hook = { .timeout = 0 };

		right = nsc_kv_parse(&nsc_hooks_kv, &text, &hook,
				     NSC_IGNORE) == 0 &&
			hook.arguments && hook.environment;
		if (right)
			act(&hook, arg);
		nsc_kv_free(&nsc_hooks_kv, &hook);
	}
	return right;
}

static void add_timeout(const struct nsc_hook_stop *hook, void *sum)
{
	*(int64_t *)sum += hook->timeout;
}

int64_t nsc_hooks_stop_timeout(int rundir)
{
	_cleanup_free_ char *text = NULL;
	int64_t sum = 0;

	if (nsc_kv_read(&nsc_hooks_kv, rundir, NSC_FILE_HOOKS, &text,
			NSC_IGNORE) >= 0)
		hooks_each(text, add_timeout, &sum);
	return sum;
}

void nsc_hooks_stop(int rundir)
{
	_cleanup_free_ char *text = NULL;
	char state[STATE_MAX] = "";
	int ret = nsc_kv_read(&nsc_hooks_kv, rundir, NSC_FILE_HOOKS, &text,
			      NSC_IGNORE);

	if (ret == -ENOENT)
		return;
	/* The format of 'hooks' is older than the state, and stays. */
	nsc_file_read_text(rundir, NSC_FILE_HOOKS_STATE, state, sizeof(state));
	if (ret < 0 || !hooks_each(text, hooks_run, *state ? state : NULL))
		syslog(LOG_DAEMON | LOG_ERR, "nscontainer: hooks.stop: '"
		       NSC_FILE_HOOKS "' cannot be read: some have not run");
	unlinkat(rundir, NSC_FILE_HOOKS, 0);
	unlinkat(rundir, NSC_FILE_HOOKS_STATE, 0);
}
