/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder, root of the host. */
#include "container/clone_as.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/capability.h"
#include "linux/namespace.h"

pid_t nsc_clone_as(uid_t owner, unsigned int flags, int group, int *pidfd,
		   struct nsc_error *err)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD |
			 (flags & ~(unsigned int)(CLONE_NEWNS | CLONE_NEWTIME |
						  CLONE_NEWCGROUP)),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
	};
	pid_t pid;

	if (group >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)group;
	}
	if (setresuid((uid_t)-1, owner, (uid_t)-1) < 0)
		return nsc_error_sys(err, errno, "become uid %u", owner);
	if (nsc_capability_raise(err) < 0)
		return -err->code;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		return 0;
	if (pid < 0 && errno == EPERM)
		nsc_error_set(err, EPERM, "make the namespaces: not permitted "
			      "in a chroot, or in a container that forbids it");
	else if (pid < 0 && errno == ENOSPC)
		nsc_error_set(err, ENOSPC, "make the namespaces: a limit is "
			      "reached: see user.max_*_namespaces in "
			      "sysctl(8)");
	else if (pid < 0 && errno == EAGAIN)
		nsc_error_set(err, EAGAIN, "make the namespaces: a limit of "
			      "processes is reached: see cgroups.pids, and "
			      "cgroup_parents");
	else if (pid < 0)
		nsc_error_sys(err, errno, "make the namespaces");
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0) {
		nsc_error_sys(err, errno, "become root again");
		return -err->code;
	}
	return pid < 0 ? -err->code : pid;
}
