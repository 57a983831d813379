/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor and nsinit, root of the host. */
#include "cgroup/cgroup_processes.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "util/fd.h"
#include "linux/pidfd.h"

struct walk {
	void (*act)(const char *group, pid_t pid, void *arg);
	void *arg;
};

static FILE *open_list(const char *group)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/cgroup.procs", group) <
	       (int)sizeof(path) ? fopen(path, "re") : NULL;
}

static void each_of_group(const char *group, void *arg)
{
	const struct walk *walk = arg;
	_cleanup_file_ FILE *file = open_list(group);
	int pid;

	/* 0 stands for each process in another pid namespace. */
	while (file && fscanf(file, "%d", &pid) == 1)
		if (pid > 0)
			walk->act(group, pid, walk->arg);
}

void nsc_cgroup_each_process(const char *dir,
			     void (*act)(const char *group, pid_t pid,
					 void *arg),
			     void *arg)
{
	struct walk walk = { act, arg };

	nsc_cgroup_each(dir, NSC_CGROUP_DEPTH, each_of_group, &walk);
}

static bool cgroup_processes_listed(const char *group, pid_t pid)
{
	_cleanup_file_ FILE *file = open_list(group);
	int one;

	while (file && fscanf(file, "%d", &one) == 1)
		if (one == pid)
			return true;
	return false;
}

/* Check the list after the pidfd is open: then both mean the same process. */
void nsc_cgroup_signal(const char *group, pid_t pid, int signal)
{
	_cleanup_fd_ int pidfd = nsc_pidfd_open(pid);

	if (pidfd >= 0 && pid != getpid() &&
	    cgroup_processes_listed(group, pid))
		nsc_pidfd_signal(pidfd, signal);
}

struct list {
	pid_t *pids;
	size_t n, max;
};

static void cgroup_processes_put(const char *group, pid_t pid, void *arg)
{
	struct list *list = arg;

	(void)group;
	if (list->n < list->max)
		list->pids[list->n] = pid;
	list->n++;
}

size_t nsc_cgroup_session_pids(const struct nsc_cgroup_tree *tree,
			       pid_t session, pid_t *list, size_t max)
{
	struct list all = { .pids = list, .max = max };
	char path[PATH_MAX];

	if (nsc_cgroup_tree_session(tree, session, path, sizeof(path)) == 0)
		nsc_cgroup_each_process(path, cgroup_processes_put, &all);
	return all.n;
}

static void send(const char *group, pid_t pid, void *signal)
{
	nsc_cgroup_signal(group, pid, *(int *)signal);
}

void nsc_cgroup_session_signal(const struct nsc_cgroup_tree *tree,
			       pid_t session, int signal)
{
	char path[PATH_MAX];

	if (nsc_cgroup_tree_session(tree, session, path, sizeof(path)) == 0)
		nsc_cgroup_each_process(path, send, &signal);
}
