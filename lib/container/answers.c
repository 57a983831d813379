/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host.
 *
 * A process that waits for a silent server may not even be killed.  So a child
 * that holds no lock looks first, and the start, which holds some, is refused
 * with the name of the path.
 */
#include "container/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"

static void __attribute__((noreturn)) answers_look(const char *path)
{
	struct stat st;
	int fd;

	nsc_process_clean(NULL, 0);
	/* As a login does: an automounter mounts the directory. */
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_PATH | O_CLOEXEC);
	_exit(fd < 0 || fstat(fd, &st) < 0);
}

static int answers_ask(const char *key, const char *path, unsigned int seconds,
		       struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + (int64_t)seconds * 1000;
	_cleanup_fd_ int pidfd = -1;
	pid_t pid = nsc_process_fork(&pidfd);

	if (pid < 0)
		return nsc_error_sys(err, -pid, "look at %s", key);
	if (pid == 0)
		answers_look(path);
	if (nsc_process_wait(pidfd, deadline, NULL) != -ETIMEDOUT)
		return 0;
	nsc_process_kill(pidfd);
	return nsc_error_set(err, ETIMEDOUT, "%s '%s': its file system has not "
			     "answered for %u s: is its server running?", key,
			     path, seconds);
}

/* The source of an overlay is a list. */
static int answers_ask_source(const struct nsc_config_mount *m,
			      unsigned int seconds, struct nsc_error *err)
{
	_cleanup_free_ char *copy = strdup(m->source);
	char *save = NULL;
	int ret = 0;

	if (!copy)
		return nsc_error_sys(err, ENOMEM, "mounts");
	if (m->type == NSC_MOUNT_BIND)
		return answers_ask("source of a mount", copy, seconds, err);
	for (char *path = strtok_r(copy, ":", &save); ret == 0 && path;
	     path = strtok_r(NULL, ":", &save))
		ret = answers_ask("source of a mount", path, seconds, err);
	return ret;
}

int nsc_answers_check(const struct nsc_plan *plan, unsigned int seconds,
		      struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	int ret = answers_ask("rootfs", config->rootfs, seconds, err);

	if (ret == 0 && plan->login)
		ret = answers_ask("home", plan->user->home, seconds, err);
	for (size_t i = 0; ret == 0 && i < config->n_mounts; i++)
		if (config->mounts[i].type == NSC_MOUNT_BIND ||
		    config->mounts[i].type == NSC_MOUNT_OVERLAY)
			ret = answers_ask_source(&config->mounts[i], seconds,
						 err);
	return ret;
}
