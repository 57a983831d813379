/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor and nsinit, root of the host.  See
 * docs/design/0057-an-end-waits-for-nobody.md.
 */
#include "rundir/ending.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "rundir/session_file.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define GRACE_MS 1000		/* for login processes to end by themselves */
#define KILL_MS 5000		/* for the kernel to end killed processes */

/*
 * Has the process entered?  A login that has not gets the next container.  One
 * namespace is enough, since a module of PAM inside may have made others.
 */
static bool ending_is_inside(pid_t pid, const struct nsc_state *state)
{
	struct nsc_namespace_id own[NSC_NAMESPACES], ids[NSC_NAMESPACES];

	if (nsc_namespace_ids(0, own) < 0 || nsc_namespace_ids(pid, ids) < 0)
		return false;
	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		if (memcmp(&ids[i], &state->ids[i], sizeof(*ids)) == 0 &&
		    memcmp(&ids[i], &own[i], sizeof(*ids)) != 0)
			return true;
	return false;
}

/* The pidfd is opened first, so that all checks are of its process. */
static int ending_kill_one(int dir, pid_t pid, void *arg)
{
	_cleanup_fd_ int pidfd = nsc_pidfd_open(pid);
	struct session s;

	if (pidfd >= 0 &&
	    nsc_session_file_read(dir, pid, &s, NSC_IGNORE) == 0 &&
	    nsc_session_file_is_alive(&s) && ending_is_inside(pid, arg))
		nsc_pidfd_signal(pidfd, SIGKILL);
	return 0;
}

void nsc_ending_kill(int instance, const struct nsc_state *state)
{
	_cleanup_fd_ int dir = openat(instance, NSC_DIR_SESSION, O_RDONLY |
				      O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir >= 0)
		nsc_session_file_each(dir, ending_kill_one,
				      (void *)(uintptr_t)state);
}

int nsc_ending_wait(int instance, const struct nsc_state *state, int pidfd)
{
	int64_t now = nsc_process_now();

	if (nsc_process_poll(pidfd, now + GRACE_MS) > 0)
		return 1;
	nsc_ending_kill(instance, state);
	return nsc_process_poll(pidfd, now + GRACE_MS + KILL_MS) > 0;
}
