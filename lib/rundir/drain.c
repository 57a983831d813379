/* Runs in: container-monitor, the login program, nsinit; root of the host. */
#include "rundir/drain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/file.h"
#include "util/paths.h"

/* Its path now, where that is one of a container that drains. */
static bool path_of(int rundir, char path[PATH_MAX])
{
	static const char prefix[] = NSC_RUNDIR "/" NSC_DRAIN_PREFIX;
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", rundir);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return !strncmp(path, prefix, sizeof(prefix) - 1) &&
	       !strchr(path + sizeof(prefix) - 1, '/');
}

bool nsc_drain_is(int rundir)
{
	char path[PATH_MAX];

	return path_of(rundir, path);
}

void nsc_drain_remove(int rundir)
{
	char path[PATH_MAX];

	if (!path_of(rundir, path))
		return;
	nsc_file_empty(rundir, 1);
	rmdir(path);
}
