/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor moves logins into the container's groups: an unprivileged nsshell
 * could not write to the groups, and all kinds of logins use this one place.
 */
#include "monitor/session_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "cgroup/cgroup_tree.h"
#include "linux/pidfd.h"
#include "rundir/monitor_start.h"

#define TRIES 5
#define GRACE_MS 1000		/* for login processes to end by themselves */

static bool keeps_some(const struct nsc_cgroup_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		if (tree->list[i].kind == 'k')
			return true;
	return false;
}

/* Where "stay_below" of container.json says so, a process is not moved. */
static int let_stay(struct nsc_cgroup_tree *tree, pid_t pid,
		    struct nsc_error *err)
{
	char path[64], groups[8192];
	int n;

	if (!keeps_some(tree))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	n = nsc_file_read_text(AT_FDCWD, path, groups, sizeof(groups));
	if (n < 0)
		return nsc_error_sys(err, -n, "read '%s'", path);
	nsc_cgroup_tree_stay(tree, groups);
	return 0;
}

/*
 * Move to a separate group, so that the monitor outlives the login that started
 * it.
 */
static int move_self(const struct nsc_cgroup_tree *tree, struct nsc_error *err)
{
	for (size_t i = 0; i < tree->n; i++) {
		const char *path = tree->list[i].path;
		_cleanup_fd_ int fd = -1;
		char file[4096];

		if (tree->list[i].kind != 'm')
			continue;
		snprintf(file, sizeof(file), "%.4000s/cgroup.procs", path);
		fd = open(file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			return nsc_error_sys(err, errno, "move the monitor "
					     "into group '%s'", path);
	}
	return 0;
}

int session_cgroups_read(struct nsc_cgroup_tree **ret, struct nsc_error *err)
{
	int error = nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, ret);

	if (error < 0 && error != -ENOENT)
		return nsc_error_sys(err, -error,
				     "read '" NSC_FILE_CGROUP "'");
	return 0;
}

int session_cgroups_open(struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	int ret = session_cgroups_read(&tree, err);

	return ret < 0 ? ret : move_self(tree, err);
}

int session_cgroups_enter(struct nsc_cgroup_tree *tree, pid_t pid, int pidfd,
			  struct nsc_cgroup_tasks *tasks, struct nsc_error *err)
{
	int ret;

	if (!tree->n)
		return 0;
	if (nsc_cgroup_tree_paused(tree))
		return nsc_error_set(err, EBUSY, "the container is paused: an "
				     "administrator can let it go on with "
				     "'nsinit resume'");
	/* The process is alive, so the number still is its number. */
	if (!nsc_pidfd_alive(pidfd))
		return nsc_error_set(err, ESRCH, "the process has ended");
	ret = let_stay(tree, pid, err);
	if (ret == 0)
		ret = nsc_cgroup_tree_enter(tree, pid, tasks, err);
	/* The group's path may have been looked up by the number of PID 1. */
	if (ret == 0 && !nsc_pidfd_alive(NSC_MONITOR_PID1))
		return nsc_error_set(err, ENOTRECOVERABLE, "the container has "
				     "ended");
	/* If the process has ended, another one may have been moved. */
	if (ret == 0 && !nsc_pidfd_alive(pidfd))
		return nsc_error_set(err, ESRCH, "the process has ended");
	return ret;
}

void session_cgroups_tidy(void)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	if (nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) == 0)
		nsc_cgroup_tree_remove_dead(tree);
}

struct nsc_cgroup_tree *session_cgroups_tree(void)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	return nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) < 0 ?
		       NULL : NSC_TAKE_PTR(tree);
}

struct nsc_usage session_cgroups_usage(pid_t pid)
{
	struct nsc_usage usage = {
		NSC_STATS_NONE, NSC_STATS_NONE, NSC_STATS_NONE,
	};
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	char name[32];

	snprintf(name, sizeof(name), NSC_CGROUP_SESSION "%d", (int)pid);
	if (nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) == 0)
		nsc_stats_usage(tree, name, &usage);
	return usage;
}

int session_cgroups_leave(pid_t pid)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	if (nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) < 0)
		return 0;
	return nsc_cgroup_tree_leave(tree, pid);
}

void session_cgroups_thaw(void)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	if (nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree) == 0)
		nsc_cgroup_tree_freeze(tree, false);
}

void session_cgroups_end(void)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	int ret = nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree);

	/*
	 * Memory or descriptors may be short only for a moment, and nobody else
	 * would end the groups soon.
	 */
	for (int i = 0; i < TRIES && ret < 0 && ret != -ENOENT; i++) {
		nanosleep(&moment, NULL);
		free(tree);
		ret = nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, &tree);
	}
	/* Remaining groups stay in the record, for the next start. */
	if (ret == 0 && nsc_cgroup_tree_end(tree, GRACE_MS) == 0)
		unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_CGROUP, 0);
}
