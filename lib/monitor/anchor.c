/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_systemd puts a login process into a group of version 2, session-N.scope,
 * and the login moves on into the container's groups.  systemd would forget the
 * empty scope, and 'loginctl terminate-session' would end nothing.  So a child
 * of the monitor, the anchor, stays in the scope until the session ends.  When
 * systemd kills the anchor, the monitor ends the session.
 *
 * Runs in: container-monitor, root of the host.
 */
#include "monitor/anchor.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/process.h"
#include "util/text.h"
#include "cgroup/cgroup_tree.h"
#include "rundir/monitor_start.h"

/* Get the group of a process in v2: "/a/b"; false: it has none. */
static bool group_of(const char *process, char *ret, size_t size)
{
	char path[64], text[8192];
	const char *group;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", process);
	if (nsc_file_read_text(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	group = nsc_proc_cgroup(text, "");
	return group && snprintf(ret, size, "%.*s",
				 (int)strcspn(group, "\n"), group) < (int)size;
}

static bool is_scope(const char *group)
{
	const char *name = strrchr(group, '/');

	return name && !strncmp(name, "/session-", 9) &&
	       nsc_text_ends_with(name, ".scope");
}

/*
 * The record has the path of the monitor's own group, which ends with its name
 * below the mount point of v2.
 */
static int open_group(const char *group)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	char own[PATH_MAX], path[PATH_MAX];

	if (!group_of("self", own, sizeof(own)) ||
	    nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) < 0)
		return -1;
	for (size_t i = 0; i < tree->n; i++) {
		const char *mine = tree->list[i].path;

		if (tree->list[i].kind != 'm' || !nsc_text_ends_with(mine, own))
			continue;
		if (snprintf(path, sizeof(path), "%.*s%s",
			     (int)(strlen(mine) - strlen(own)), mine, group) <
		    (int)sizeof(path))
			return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW |
				    O_CLOEXEC);
	}
	return -1;
}

static void __attribute__((noreturn)) anchor_run(pid_t monitor)
{
	nsc_process_die_with(monitor);
	/* It must not hold a lock that the next start waits for. */
	if (nsc_process_keep_only(NULL, 0) < 0)
		_exit(1);
	nsc_process_default_signals();
	prctl(PR_SET_NAME, "session-anchor");
	for (;;)
		pause();
}

int anchor_open(pid_t login)
{
	pid_t monitor = getpid(), pid;
	_cleanup_fd_ int dir = -1;
	char process[16], group[PATH_MAX];
	int pidfd = -1;

	snprintf(process, sizeof(process), "%d", (int)login);
	if (!group_of(process, group, sizeof(group)) || !is_scope(group))
		return -1;
	dir = open_group(group);
	if (dir < 0)
		return -1;
	pid = nsc_process_fork_in(dir, &pidfd);
	if (pid == 0)
		anchor_run(monitor);
	return pid < 0 ? -1 : pidfd;
}

void anchor_close(int *anchor)
{
	if (*anchor >= 0)
		nsc_process_kill(*anchor);
	nsc_fd_close(anchor);
}
