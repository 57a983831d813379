/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit or of the helper, root of the host. */
#include "container/dry_run.h"

#include <errno.h>
#include <fcntl.h>

#include "cgroup/cgroups.h"
#include "container/create.h"
#include "linux/mount.h"
#include "util/fd.h"

/* A run directory that only this process and its children can see. */
static int dry_run_directory(struct nsc_error *err)
{
	static const struct nsc_tmpfs tmpfs = { .mode = 0700, .size = "1m" };
	_cleanup_fd_ int mount = nsc_mount_tmpfs(&tmpfs, err);
	int dir;

	if (mount < 0)
		return mount;
	dir = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? nsc_error_sys(err, errno, "run directory") : dir;
}

int nsc_dry_run(struct nsc_plan *plan, struct nsc_error *err)
{
	_cleanup_fd_ int rundir = dry_run_directory(err);
	int ret;

	if (rundir < 0)
		return rundir;
	plan->dry = true;
	plan->rundir = rundir;
	plan->leader = plan->dir = plan->console = -1;
	ret = nsc_create(plan, err);
	nsc_cgroups_clean_checks(rundir);
	return ret;
}
