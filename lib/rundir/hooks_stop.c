/*
 * Runs in: container-monitor, which is static: plain libc; and nsinit, for a
 * container whose monitor was killed.
 */
#include "rundir/hooks_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "util/command.h"
#include "util/paths.h"

struct reader {
	char *at;
	char *end;
};

static char *next(struct reader *r)
{
	char *text = r->at < r->end ? r->at : NULL;

	if (text)
		r->at += strlen(text) + 1;
	return text;
}

/* A count, and so many strings; a new vector, or NULL. */
static char **next_vector(struct reader *r)
{
	const char *count = next(r);
	size_t n = count ? strtoul(count, NULL, 10) : 0;
	char **vector;

	if (n == 0 || n >= NSC_HOOKS_MAX)
		return NULL;
	vector = calloc(n + 1, sizeof(*vector));
	if (!vector)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		vector[i] = next(r);
		if (vector[i])
			continue;
		free(vector);
		return NULL;
	}
	return vector;
}

static void run(const char *timeout, char **argv, char **envp)
{
	const struct nsc_command command = {
		.path = argv[0], .argv = argv, .envp = envp,
		.timeout = (uint32_t)strtoul(timeout, NULL, 10),
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

/* False: what is left is not what nsc_hooks_save() writes. */
static bool run_all(char *text, size_t size)
{
	struct reader r = { text, text + size };
	const char *timeout;

	if (!size || text[size - 1] != '\0')
		return false;
	while ((timeout = next(&r))) {
		char **argv = next_vector(&r);
		char **envp = argv ? next_vector(&r) : NULL;

		if (envp)
			run(timeout, argv, envp);
		free(argv);
		free(envp);
		if (!envp)
			return false;
	}
	return true;
}

void nsc_hooks_stop(int rundir)
{
	int fd = openat(rundir, NSC_FILE_HOOKS, O_RDONLY | O_NOFOLLOW |
			O_NONBLOCK | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(NSC_HOOKS_MAX);
	ssize_t n = text ? read(fd, text, NSC_HOOKS_MAX) : -1;

	if (fd < 0)
		return;
	close(fd);
	if (n < 0 || !run_all(text, (size_t)n))
		syslog(LOG_DAEMON | LOG_ERR, "nscontainer: hooks.stop: '"
		       NSC_FILE_HOOKS "' cannot be read: not all have run");
	free(text);
	unlinkat(rundir, NSC_FILE_HOOKS, 0);
}
