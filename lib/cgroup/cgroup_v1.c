/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in the files of cgroup v1: admin-guide/cgroup-v1/. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/fd.h"

#define N(limits, name) ((limits)->number[NSC_CGROUP_N_##name])

static int64_t twice(int64_t value)
{
	return value > INT64_MAX / 2 ? INT64_MAX : 2 * value;
}

/*
 * Memory plus swap may never be less than memory, so raise that sum first: the
 * group of a parent may have older limits.
 */
static int v1_put_memory(const struct nsc_cgroup_limits *l,
			 struct nsc_cgroup_setting *ret)
{
	static const char memsw[] = "memory.memsw.limit_in_bytes";
	bool given = nsc_cgroup_has(l, NSC_CGROUP_N_SWAP);
	int64_t swap = given ? N(l, SWAP) : 0;

	nsc_cgroup_put(&ret[0], memsw, "-1");
	ret[0].optional = true;
	nsc_cgroup_put(&ret[1], "memory.limit_in_bytes", "%" PRId64,
		       N(l, MEMORY));
	if (swap < 0)
		return 2;
	nsc_cgroup_put(&ret[2], memsw, "%" PRId64,
		       swap ? swap : twice(N(l, MEMORY)));
	/* A default may fail if the kernel does not count swap. */
	ret[2].optional = !given;
	return 3;
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
	return value < min ? min : value > max ? max : value;
}

static int v1_number(const struct nsc_cgroup_limits *l,
		     enum nsc_cgroup_number n, struct nsc_cgroup_setting *ret)
{
	static const char *const files[NSC_CGROUP_NUMBERS] = {
		[NSC_CGROUP_N_RESERVATION] = "memory.soft_limit_in_bytes",
		[NSC_CGROUP_N_SHARES] = "cpu.shares",
		[NSC_CGROUP_N_IDLE] = "cpu.idle",
		[NSC_CGROUP_N_PERIOD] = "cpu.cfs_period_us",
		[NSC_CGROUP_N_QUOTA] = "cpu.cfs_quota_us",
		[NSC_CGROUP_N_BURST] = "cpu.cfs_burst_us",
		[NSC_CGROUP_N_PIDS] = "pids.max",
		[NSC_CGROUP_N_SWAPPINESS] = "memory.swappiness",
	};

	switch (n) {
	case NSC_CGROUP_N_MEMORY:
		return v1_put_memory(l, ret);
	case NSC_CGROUP_N_SWAP:
		return 0;
	case NSC_CGROUP_N_HIGH:
		return -EOPNOTSUPP;
	case NSC_CGROUP_N_WEIGHT:
		nsc_cgroup_put(ret, "cpu.shares", "%" PRId64,
			       nsc_cgroup_weight_to_shares(N(l, WEIGHT)));
		return 1;
	case NSC_CGROUP_N_QUOTA:
		if (N(l, QUOTA) == 0)
			return 0;
		break;
	case NSC_CGROUP_N_SWAPPINESS:
		if (N(l, SWAPPINESS) < 0)
			return 0;
		break;
	case NSC_CGROUP_N_IO_WEIGHT:
		/*
		 * blkio: 10 to 1000, default 500; bfq: 1 to 1000, default 100
		 */
		nsc_cgroup_put(&ret[0], "blkio.weight", "%" PRId64,
			       clamp(N(l, IO_WEIGHT) * 5, 10, 1000));
		ret[0].or_next = true;
		nsc_cgroup_put(&ret[1], "blkio.bfq.weight", "%" PRId64,
			       clamp(N(l, IO_WEIGHT), 1, 1000));
		return 2;
	default:
		break;
	}
	nsc_cgroup_put(ret, files[n], "%" PRId64, l->number[n]);
	return 1;
}

static int v1_io_max(const struct nsc_cgroup_io_max *io,
		     struct nsc_cgroup_setting *ret)
{
	static const char *const files[NSC_CGROUP_RATES] = {
		"blkio.throttle.read_bps_device",
		"blkio.throttle.write_bps_device",
		"blkio.throttle.read_iops_device",
		"blkio.throttle.write_iops_device",
	};
	int n = 0;

	for (size_t i = 0; i < NSC_CGROUP_RATES; i++)
		if (io->rate[i])
			nsc_cgroup_put(&ret[n++], files[i], "%u:%u %" PRId64,
				       io->major, io->minor, io->rate[i]);
	return n;
}

static int v1_hugetlb(const struct nsc_cgroup_pair *pair,
		      struct nsc_cgroup_setting *ret)
{
	char file[64];

	snprintf(file, sizeof(file), "hugetlb.%.16s.limit_in_bytes",
		 pair->name);
	nsc_cgroup_put(ret, file, "%s", pair->value);
	return 1;
}

const struct nsc_cgroup_ops nsc_cgroup_v1 = {
	.number = v1_number,
	.io_max = v1_io_max,
	.hugetlb = v1_hugetlb,
};
