/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in the files of cgroup v2: admin-guide/cgroup-v2.rst. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"

#define N(limits, name) ((limits)->number[NSC_CGROUP_N_##name])
#define PERIOD 100000		/* microseconds, the kernel's default */

/* v1 limits the sum of memory and swap, v2 only swap. */
static int v2_put_memory(const struct nsc_cgroup_limits *l,
			 struct nsc_cgroup_setting *ret)
{
	bool given = nsc_cgroup_has(l, NSC_CGROUP_N_SWAP);
	int64_t memory = N(l, MEMORY);
	int64_t swap = given ? N(l, SWAP) : 0;

	nsc_cgroup_put(&ret[0], "memory.max", "%" PRId64, memory);
	if (swap < 0)
		return 1;
	nsc_cgroup_put(&ret[1], "memory.swap.max", "%" PRId64,
		       swap ? swap - memory : memory);
	ret[1].optional = !given;
	return 2;
}

static int put_cpu_max(const struct nsc_cgroup_limits *l,
		       struct nsc_cgroup_setting *ret)
{
	bool given = nsc_cgroup_has(l, NSC_CGROUP_N_QUOTA);
	int64_t quota = given ? N(l, QUOTA) : 0;
	int64_t period = nsc_cgroup_has(l, NSC_CGROUP_N_PERIOD) ?
				 N(l, PERIOD) : PERIOD;

	if (quota > 0)
		nsc_cgroup_put(ret, "cpu.max", "%" PRId64 " %" PRId64, quota,
			       period);
	else
		nsc_cgroup_put(ret, "cpu.max", "max %" PRId64, period);
	return 1;
}

static int v2_number(const struct nsc_cgroup_limits *l,
		     enum nsc_cgroup_number n, struct nsc_cgroup_setting *ret)
{
	static const char *const files[NSC_CGROUP_NUMBERS] = {
		[NSC_CGROUP_N_RESERVATION] = "memory.low",
		[NSC_CGROUP_N_HIGH] = "memory.high",
		[NSC_CGROUP_N_WEIGHT] = "cpu.weight",
		[NSC_CGROUP_N_IDLE] = "cpu.idle",
		[NSC_CGROUP_N_BURST] = "cpu.max.burst",
		[NSC_CGROUP_N_PIDS] = "pids.max",
	};

	switch (n) {
	case NSC_CGROUP_N_MEMORY:
		return v2_put_memory(l, ret);
	case NSC_CGROUP_N_SWAP:
		return 0;
	case NSC_CGROUP_N_SHARES:
		nsc_cgroup_put(ret, "cpu.weight", "%" PRId64,
			       nsc_cgroup_shares_to_weight(N(l, SHARES)));
		return 1;
	case NSC_CGROUP_N_PERIOD:
		/* Both share one file, which the quota writes if it is set. */
		return nsc_cgroup_has(l, NSC_CGROUP_N_QUOTA) ?
			       0 : put_cpu_max(l, ret);
	case NSC_CGROUP_N_QUOTA:
		return put_cpu_max(l, ret);
	case NSC_CGROUP_N_SWAPPINESS:
		return N(l, SWAPPINESS) < 0 ? 0 : -EOPNOTSUPP;
	case NSC_CGROUP_N_IO_WEIGHT:
		nsc_cgroup_put(&ret[0], "io.weight", "default %" PRId64,
			       N(l, IO_WEIGHT));
		ret[0].or_next = true;
		nsc_cgroup_put(&ret[1], "io.bfq.weight", "%" PRId64,
			       N(l, IO_WEIGHT) > 1000 ? 1000 :
							N(l, IO_WEIGHT));
		return 2;
	default:
		nsc_cgroup_put(ret, files[n], "%" PRId64, l->number[n]);
		return 1;
	}
}

static int v2_io_max(const struct nsc_cgroup_io_max *io,
		     struct nsc_cgroup_setting *ret)
{
	static const char *const names[NSC_CGROUP_RATES] = {
		"rbps", "wbps", "riops", "wiops",
	};
	char text[160];
	int at = 0;

	for (size_t i = 0; i < NSC_CGROUP_RATES; i++)
		if (io->rate[i])
			at += snprintf(text + at, sizeof(text) - (size_t)at,
				       " %s=%" PRId64, names[i], io->rate[i]);
	if (!at)
		return 0;
	nsc_cgroup_put(ret, "io.max", "%u:%u%s", io->major, io->minor, text);
	return 1;
}

static int v2_hugetlb(const struct nsc_cgroup_pair *pair,
		      struct nsc_cgroup_setting *ret)
{
	char file[64];

	snprintf(file, sizeof(file), "hugetlb.%.16s.max", pair->name);
	nsc_cgroup_put(ret, file, "%s", pair->value);
	return 1;
}

const struct nsc_cgroup_ops nsc_cgroup_v2 = {
	.number = v2_number,
	.io_max = v2_io_max,
	.hugetlb = v2_hugetlb,
};

int nsc_cgroup_v2_enable(int dir, unsigned int wanted, unsigned int needed)
{
	unsigned int there;
	char text[256];
	int ret = nsc_file_read_text(dir, "cgroup.controllers", text,
				  sizeof(text));

	if (ret < 0)
		return ret;
	there = nsc_cgroup_controllers(text, " \n");
	if (needed & ~there)
		return -ENODEV;
	/* One at a time, so that a refused one does not affect the others. */
	for (int i = 0; i < NSC_CGROUP_CONTROLLERS; i++) {
		if (!((wanted | needed) & there & NSC_CGROUP_BIT(i)))
			continue;
		snprintf(text, sizeof(text), "+%s",
			 nsc_cgroup_controller_name(i, true));
		ret = nsc_cgroup_write(dir, "cgroup.subtree_control", text);
		if (ret < 0 && needed & NSC_CGROUP_BIT(i))
			return ret;
	}
	return 0;
}
