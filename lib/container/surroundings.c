/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit that starts a container, root of the host. */
#include "container/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/capability.h"
#include "cgroup/cgroup.h"
#include "linux/keyring.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "linux/rlimit.h"

#define HOST 1			/* PID 1 */
#define TIMER_SLACK_NS 50000	/* the kernel's value for PID 1 */

/* Missing in the oldest headers that are supported. */
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#ifndef PR_SPEC_L1D_FLUSH
#define PR_SPEC_L1D_FLUSH 2
#endif

/* For sched_setattr(2): <linux/sched/types.h> conflicts with <sched.h>. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;	/* UINT32_MAX: reset */
};

#define UTIL_CLAMP 0x60		/* SCHED_FLAG_UTIL_CLAMP */

/*
 * The attributes of prctl(2) that fork(2) and execve(2) pass on.  Errors are
 * ignored: an attribute that this kernel, machine or process does not have
 * cannot have been inherited either.
 */
static const struct {
	int option;
	unsigned long arg[4];
} settings[] = {
	{ PR_SET_TIMERSLACK, { TIMER_SLACK_NS } },
	{ PR_SET_THP_DISABLE, { 0 } },
	{ PR_SET_IO_FLUSHER, { 0 } },
	{ PR_SET_MEMORY_MERGE, { 0 } },
	{ PR_MCE_KILL, { PR_MCE_KILL_CLEAR } },
	{ PR_SET_TSC, { PR_TSC_ENABLE } },
	{ PR_SET_SPECULATION_CTRL, { PR_SPEC_STORE_BYPASS, PR_SPEC_ENABLE } },
	{ PR_SET_SPECULATION_CTRL, { PR_SPEC_INDIRECT_BRANCH,
				     PR_SPEC_ENABLE } },
	{ PR_SET_SPECULATION_CTRL, { PR_SPEC_L1D_FLUSH, PR_SPEC_DISABLE } },
	{ PR_SCHED_CORE, { PR_SCHED_CORE_SHARE_FROM, HOST,
			   PR_SCHED_CORE_SCOPE_THREAD } },
};

static void set_all(void)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(settings); i++)
		(void)!prctl(settings[i].option, settings[i].arg[0],
			     settings[i].arg[1], settings[i].arg[2],
			     settings[i].arg[3]);
}

/* A kernel without utilization clamps refuses the flag. */
static void schedule_normally(void)
{
	struct attributes a = {
		.size = sizeof(a), .policy = SCHED_OTHER, .flags = UTIL_CLAMP,
		.util_min = UINT32_MAX, .util_max = UINT32_MAX,
	};

	if (syscall(SYS_sched_setattr, 0, &a, 0) == 0)
		return;
	a.flags = 0;
	(void)!syscall(SYS_sched_setattr, 0, &a, 0);
}

/* If the host's mask does not fit into the set, allow all processors. */
static void use_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(HOST, sizeof(set), &set) < 0)
		memset(&set, 0xff, sizeof(set));
	(void)!sched_setaffinity(0, sizeof(set), &set);
}

/* Reset the choice of memory for core files, see core(5). */
static void dump_as_host(void)
{
	_cleanup_fd_ int from = open("/proc/1/coredump_filter", O_RDONLY |
				     O_CLOEXEC);
	_cleanup_fd_ int to = open("/proc/self/coredump_filter", O_WRONLY |
				   O_CLOEXEC);
	char text[24] = "0x";
	ssize_t n = from < 0 ? -1 : read(from, text + 2, sizeof(text) - 2);

	if (n > 0 && to >= 0)
		(void)!write(to, text, (size_t)n + 2);
}

static int leave_personality(struct nsc_error *err)
{
	if (personality(PER_LINUX) < 0 ||
	    personality(UINT32_MAX) != PER_LINUX)
		return nsc_error_set(err, EPERM, "leave the caller's "
				     "personality: it did not take effect");
	return 0;
}

/* Locked bits would stay, and change the effect of setuid, capabilities(7). */
static int clear_securebits(struct nsc_error *err)
{
	if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != 0 &&
	    prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0)
		return nsc_error_sys(err, errno, "clear the caller's "
				     "securebits");
	return 0;
}

/*
 * Join the namespaces of the host's PID 1, except two: in a user namespace of
 * the caller we would not be root of the host, and the PID 1 that we see is
 * that of our pid namespace anyway.  If the namespaces of PID 1 cannot be read,
 * there are no others.
 */
static int join_host(struct nsc_error *err)
{
	struct nsc_namespace_id host[NSC_NAMESPACES];
	_cleanup_fd_ int pidfd = -1;
	unsigned int flags;
	int error;

	if (nsc_namespace_ids(HOST, host) < 0)
		return 0;
	flags = nsc_namespace_differ(host, &error);
	flags &= ~(unsigned int)(CLONE_NEWPID | CLONE_NEWUSER);
	if (error < 0)
		return nsc_error_sys(err, -error, "look at the namespaces");
	if (!flags)
		return 0;
	pidfd = nsc_pidfd_open(HOST);
	if (pidfd < 0 || setns(pidfd, (int)flags) < 0)
		return nsc_error_sys(err, errno, "join the namespaces of the "
				     "host's PID 1");
	return 0;
}

int nsc_surroundings_reset(struct nsc_error *err)
{
	int ret;

	setsid();
	nsc_cgroup_leave();
	ret = join_host(err);
	if (ret == 0)
		ret = leave_personality(err);
	if (ret == 0)
		ret = clear_securebits(err);
	if (ret == 0)
		ret = nsc_capability_keep(UINT64_MAX, err);
	if (ret == 0)
		ret = nsc_keyring_new_session(err);
	if (ret == 0)
		ret = nsc_rlimit_default(err);
	if (ret < 0)
		return ret;
	/*
	 * Scheduling comes first, because a real-time process has no timer
	 * slack to set.
	 */
	schedule_normally();
	use_processors();
	set_all();
	(void)!syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		       IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
	(void)!syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	(void)!nsc_process_oom_score_adj(0, 0);
	dump_as_host();
	return 0;
}
