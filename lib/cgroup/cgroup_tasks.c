/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor, root of the host, if version 1 is mounted. */
#include "cgroup/cgroup_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup/cgroup_tree.h"

static int open_one(const struct nsc_cgroup_entry *e, pid_t pid,
		    struct nsc_cgroup_tasks *tasks)
{
	char path[PATH_MAX], file[PATH_MAX + 8];
	int fd;

	if (tasks->n == NSC_CGROUP_TASKS)
		return -E2BIG;
	nsc_cgroup_entry_path(e, pid, path);
	snprintf(file, sizeof(file), "%s/tasks", path);
	fd = open(file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	tasks->fds[tasks->n++] = fd;
	return 0;
}

/* Change only the effective user id: opening needs the capabilities of root. */
static int become(uid_t uid, int securebits)
{
	if (prctl(PR_SET_SECUREBITS, securebits | SECBIT_NO_SETUID_FIXUP) < 0 ||
	    setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		return -errno;
	return 0;
}

/* Never continue with the wrong ids if this fails. */
static void cgroup_tasks_become_root(int securebits)
{
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 ||
	    prctl(PR_SET_SECUREBITS, securebits) < 0)
		_exit(1);
}

int nsc_cgroup_tasks_open(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err)
{
	int securebits = prctl(PR_GET_SECUREBITS);
	int ret = tasks->uid ? become(tasks->uid, securebits) : 0;

	for (size_t i = 0; ret == 0 && i < tree->n; i++)
		if (nsc_cgroup_entry_is_v1(&tree->list[i]))
			ret = open_one(&tree->list[i], pid, tasks);
	if (tasks->uid)
		cgroup_tasks_become_root(securebits);
	return ret < 0 ? nsc_error_sys(err, -ret, "open the groups of process "
				       "%d", (int)pid) : 0;
}

void nsc_cgroup_tasks_close(struct nsc_cgroup_tasks *tasks)
{
	while (tasks->n)
		close(tasks->fds[--tasks->n]);
}
