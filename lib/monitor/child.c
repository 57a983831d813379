/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor, root of the host. */
#include "monitor/child.h"

#include <unistd.h>

#include "util/process.h"

#define MOST_S 2

pid_t monitor_child(int keep)
{
	pid_t pid = nsc_process_fork_unwatched();

	if (pid != 0)
		return pid;
	/* It must not hold a lock that the next start waits for. */
	if (nsc_process_keep_only(&keep, 1) < 0)
		_exit(1);
	alarm(MOST_S);
	return 0;
}
