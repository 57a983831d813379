/* Runs in: nsinit, root of the host. */
#include "cgroup/cgroup_session.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "linux/pidfd.h"

struct walk {
	void (*act)(struct walk *walk, const char *dir, pid_t pid);
	pid_t *list;
	size_t n, max;
	int signal;
};

static bool list_file(const char *dir, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/cgroup.procs", dir) < PATH_MAX;
}

static void each_process(const char *dir, void *arg)
{
	struct walk *walk = arg;
	_cleanup_file_ FILE *file = NULL;
	char path[PATH_MAX];
	int pid;

	if (!list_file(dir, path))
		return;
	file = fopen(path, "re");
	while (file && fscanf(file, "%d", &pid) == 1)
		if (pid > 0)
			walk->act(walk, dir, pid);
}

/* Each hierarchy has the same processes; those of the first are enough. */
static void walk_session(const struct nsc_cgroup_tree *tree, pid_t session,
			 struct walk *walk)
{
	for (size_t i = 0; i < tree->n; i++) {
		char path[PATH_MAX];

		if (tree->list[i].kind != 's')
			continue;
		if (snprintf(path, sizeof(path), "%s/" NSC_CGROUP_SESSION "%d",
			     tree->list[i].path, (int)session) <
		    (int)sizeof(path))
			nsc_cgroup_each(path, NSC_CGROUP_DEPTH, each_process,
					walk);
		return;
	}
}

static void put(struct walk *walk, const char *dir, pid_t pid)
{
	(void)dir;
	if (walk->n < walk->max)
		walk->list[walk->n] = pid;
	walk->n++;
}

size_t nsc_cgroup_session_pids(const struct nsc_cgroup_tree *tree,
			       pid_t session, pid_t *list, size_t max)
{
	struct walk walk = { .act = put, .list = list, .max = max };

	walk_session(tree, session, &walk);
	return walk.n;
}

static bool listed(const char *dir, pid_t pid)
{
	_cleanup_file_ FILE *file = NULL;
	char path[PATH_MAX];
	int one;

	if (!list_file(dir, path))
		return false;
	file = fopen(path, "re");
	while (file && fscanf(file, "%d", &one) == 1)
		if (one == pid)
			return true;
	return false;
}

/* Through a pidfd: what is listed after that opened is what it leads to. */
static void send(struct walk *walk, const char *dir, pid_t pid)
{
	_cleanup_fd_ int pidfd = nsc_pidfd_open(pid);

	if (pidfd >= 0 && pid != getpid() && listed(dir, pid))
		nsc_pidfd_signal(pidfd, walk->signal);
}

void nsc_cgroup_session_signal(const struct nsc_cgroup_tree *tree,
			       pid_t session, int signal)
{
	struct walk walk = { .act = send, .signal = signal };

	walk_session(tree, session, &walk);
}
