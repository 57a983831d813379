/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit that makes a dry run, root of the host. */
#include "cgroup/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cgroup_layout.h"
#include "cgroup/cgroup_tree.h"
#include "util/fd.h"

/* Is it a group of a dry run whose builder, which named it, was killed? */
static bool is_left(const char *name)
{
	const char *check = strstr(name, NSC_CGROUP_CHECK);
	int pid = check ? atoi(check + sizeof(NSC_CGROUP_CHECK) - 1) : 0;

	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* Only empty groups are removed. */
static void remove_beside(const char *own)
{
	const char *slash = strrchr(own, '/');
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir;

	snprintf(path, sizeof(path), "%.*s", (int)(slash - own), own);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!is_left(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - own), own,
			 entry->d_name);
		(void)!nsc_cgroup_tree_remove(path);
	}
	if (dir)
		closedir(dir);
}

void nsc_cgroups_clean_checks(int rundir)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	if (nsc_cgroup_tree_load(rundir, &tree) == 0)
		for (size_t i = 0; i < tree->n; i++)
			if (strstr(tree->list[i].path, NSC_CGROUP_CHECK))
				remove_beside(tree->list[i].path);
	nsc_cgroups_clean(rundir);
}
