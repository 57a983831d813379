/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: processes that enter a container, as root of the host or as the user
 * (nsshell); the builder, for an init of the rootfs; nsshell is static: plain
 * libc.
 */
#include "linux/attributes.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of sched_setattr(2), which newer C libraries have too. */
struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int attributes_refused(const char *key, int code, struct nsc_error *err)
{
	return code == EPERM ?
		nsc_error_set(err, EPERM, "%s: only root of the host may give "
			      "so much: log in through a service with "
			      "pam_container", key) :
		nsc_error_sys(err, code, "%s", key);
}

int nsc_attributes_schedule(const struct nsc_process *process, pid_t pid,
			    struct nsc_error *err)
{
	const struct schedule attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)process->sched_policy,
		.nice = process->sched_nice,
		.priority = (uint32_t)process->sched_priority,
	};

	if (process->sched_policy >= 0 &&
	    syscall(SYS_sched_setattr, pid, &attr, 0) < 0)
		return attributes_refused("scheduler", errno, err);
	if (process->io_priority >= 0 &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
		    process->io_priority) < 0)
		return attributes_refused("io_priority", errno, err);
	return 0;
}

/* config/attribute_keys.c has checked the list. */
static void parse_list(const char *text, cpu_set_t *set)
{
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < NSC_PROCESSORS; first++)
			CPU_SET_S(first, NSC_PROCESSORS / 8, set);
		if (*end != ',')
			return;
		text = end + 1;
	}
}

int nsc_attributes_affinity(const struct nsc_process *process,
			    struct nsc_error *err)
{
	cpu_set_t wanted[NSC_PROCESSORS / CPU_SETSIZE];
	cpu_set_t got[NSC_PROCESSORS / CPU_SETSIZE];
	int ret;

	if (!process->cpu_affinity)
		return 0;
	memset(wanted, 0, sizeof(wanted));
	parse_list(process->cpu_affinity, wanted);
	ret = sched_setaffinity(0, sizeof(wanted), wanted);
	if (ret < 0 && errno != EINVAL)
		return attributes_refused("cpu_affinity", errno, err);
	/* The kernel drops those that it does not allow without a word. */
	if (ret < 0 || sched_getaffinity(0, sizeof(got), got) < 0 ||
	    memcmp(wanted, got, sizeof(got)) != 0)
		return nsc_error_set(err, EINVAL, "cpu_affinity: this host, or "
				     "cgroups.cpuset_cpus, does not have all "
				     "of '%s'", process->cpu_affinity);
	return 0;
}

int nsc_attributes_apply(const struct nsc_process *process,
			 struct nsc_error *err)
{
	int ret = nsc_attributes_affinity(process, err);

	if (ret == 0)
		ret = nsc_attributes_schedule(process, 0, err);
	if (ret == 0 && process->personality >= 0 &&
	    personality((unsigned long)process->personality) < 0)
		return attributes_refused("personality", errno, err);
	return ret;
}
