/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and container-monitor, root of the host. */
#include "cgroup/cgroup_death.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "util/fd.h"

/* A number of bytes as an administrator wrote it: 512 MiB, not 0.5 GiB. */
static void death_put_size(uint64_t bytes, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	size_t i = 0;

	for (; i < 3 && bytes && bytes % 1024 == 0; i++)
		bytes /= 1024;
	snprintf(text, 32, "%" PRIu64 " %s", bytes, units[i]);
}

void nsc_death_reason(bool own, uint64_t limit, char text[NSC_DEATH_REASON])
{
	char size[32];

	death_put_size(limit, size);
	if (own && limit != NSC_STATS_NONE)
		snprintf(text, NSC_DEATH_REASON, "this container's memory "
			 "limit of %s", size);
	else
		snprintf(text, NSC_DEATH_REASON, "the memory of the host, or "
			 "of a group of containers, ran out");
}

static bool death_by_memory(int rundir, char reason[NSC_DEATH_REASON])
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	struct nsc_stats_oom oom;

	if (nsc_cgroup_tree_load(rundir, &tree) < 0)
		return false;
	nsc_stats_read_oom(tree, NULL, &oom);
	nsc_death_reason(oom.hits && oom.hits != NSC_STATS_NONE, oom.limit,
			 reason);
	return oom.kills && oom.kills != NSC_STATS_NONE;
}

/* The limits for which the kernel kills a process, if they are set. */
static void put_limits(const struct nsc_rlimits *limits, char *text,
		       size_t size)
{
	static const unsigned int deadly[] = {
		RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CPU, RLIMIT_FSIZE,
	};
	size_t len = 0;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(deadly); i++)
		if (limits->set & UINT64_C(1) << deadly[i])
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						len ? ", " : "",
						nsc_rlimit_name(deadly[i]));
	if (len)
		snprintf(text + len, size - len, " in rlimits may be too "
			 "small");
}

int nsc_death_explain(int rundir, const struct nsc_rlimits *limits, int status,
		      struct nsc_error *err)
{
	char reason[NSC_DEATH_REASON], text[160] = "nothing tells why";

	if (status <= 128)
		return -err->code;
	if (death_by_memory(rundir, reason))
		return nsc_error_set(err, ENOMEM, "PID 1 was killed: %s is too "
				     "small for a start: see cgroups.memory",
				     reason);
	put_limits(limits, text, sizeof(text));
	return nsc_error_set(err, ECHILD, "PID 1 was killed by signal %d: %s",
			     status - 128, text);
}
