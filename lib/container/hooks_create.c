/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the worker, root of the host, in the container's pid namespace.  A
 * process that a hook leaves there would stay root of the host among the
 * processes of users, so it is killed.
 */
#include "container/hooks_create.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "container/bundle.h"
#include "container/hooks.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define ROUNDS 3		/* for children that are made meanwhile */

/* Is it the procfs of this process's own pid namespace? */
static bool is_own_proc(int proc)
{
	char text[16] = "";
	long long pid;

	return readlinkat(proc, "self", text, sizeof(text) - 1) > 0 &&
	       nsc_text_number(text, 1, INT_MAX, &pid) == 0 && pid == getpid();
}

static int kill_others(const struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	_cleanup_fd_ int proc = openat(rootfs->root, "proc", O_RDONLY |
				       O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	int error = 0;
	DIR *dir;

	if (proc < 0 || !is_own_proc(proc))
		return nsc_error_set(err, ENOENT, "hooks.create_container: the "
				     "container's /proc is covered");
	dir = nsc_file_list(proc);
	if (!dir)
		return nsc_error_sys(err, errno, "/proc");
	while ((entry = nsc_file_next(dir, &error))) {
		long long pid;

		if (nsc_text_number(entry->d_name, 2, INT_MAX, &pid) == 0 &&
		    pid != getpid() && pid != rootfs->helper)
			kill((pid_t)pid, SIGKILL);
	}
	closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, "/proc") : 0;
}

int nsc_hooks_before_pivot(const struct nsc_rootfs *rootfs,
			   struct nsc_error *err)
{
	const struct nsc_config *config = rootfs->plan->config;
	char link[48], path[PATH_MAX] = "";
	const struct nsc_hooks hooks = {
		.plan = rootfs->plan, .when = NSC_HOOK_CREATE_CONTAINER,
		.pid = rootfs->pid, .rootfs = path,
	};
	bool has = false;
	int ret;

	for (size_t i = 0; i < config->n_hooks; i++)
		has |= config->hooks[i].when == NSC_HOOK_CREATE_CONTAINER;
	if (!has || rootfs->plan->dry)
		return 0;
	/* The tree is below a tmpfs that only this mount namespace has. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", rootfs->root);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return nsc_error_sys(err, errno, "the new root directory");
	ret = nsc_bundle_write(rootfs->plan, rootfs->scratch, path, err);
	if (ret == 0)
		ret = nsc_hooks_run(&hooks, err);
	for (int i = 0; ret == 0 && i < ROUNDS; i++)
		ret = kill_others(rootfs, err);
	unlinkat(rootfs->scratch, NSC_FILE_BUNDLE, 0);
	return ret;
}
