/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of limits.  Runs in: the login program and nsinit. */
#include "linux/cgroup_limits.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define BYTES INT64_MAX

const struct nsc_cgroup_key nsc_cgroup_keys[NSC_CGROUP_NUMBERS] = {
#define KEY(n, name, controller, none, min, max) \
	[NSC_CGROUP_N_##n] = { name, NSC_CGROUP_##controller, none, min, max }
	KEY(MEMORY, "memory", MEMORY, 0, 4096, BYTES),
	KEY(RESERVATION, "memory_reservation", MEMORY, 0, 4096, BYTES),
	KEY(SWAP, "memory_swap", MEMORY, -1, 0, BYTES),
	KEY(HIGH, "memory_high", MEMORY, 0, 4096, BYTES),
	KEY(SHARES, "cpu_shares", CPU, 0, 2, 262144),
	KEY(WEIGHT, "cpu_weight", CPU, 0, 1, 10000),
	KEY(PERIOD, "cpu_period", CPU, 0, 1000, 1000000),
	KEY(QUOTA, "cpu_quota", CPU, -1, 0, INT64_C(1000000000)),
	KEY(PIDS, "pids", PIDS, 0, 1, 4194304),
	KEY(IO_WEIGHT, "io_weight", IO, 0, 1, 10000),
	KEY(IDLE, "cpu_idle", CPU, 0, 1, 1),
	KEY(BURST, "cpu_burst", CPU, 0, 1, INT64_C(1000000000)),
	KEY(SWAPPINESS, "memory_swappiness", MEMORY, -1, 0, 200),
#undef KEY
};

bool nsc_cgroup_name_valid(const char *name)
{
	return nsc_text_word_valid(name) && strncmp(name, "cgroup.", 7) != 0 &&
	       !strchr(name, '\\');
}

bool nsc_cgroup_number_valid(enum nsc_cgroup_number n, int64_t value)
{
	const struct nsc_cgroup_key *key = &nsc_cgroup_keys[n];

	return value == key->none || (value >= key->min && value <= key->max);
}

const char *nsc_cgroup_limits_check(const struct nsc_cgroup_limits *l)
{
	int64_t swap = nsc_cgroup_has(l, NSC_CGROUP_N_SWAP) ?
			       l->number[NSC_CGROUP_N_SWAP] : 0;
	int64_t memory = nsc_cgroup_has(l, NSC_CGROUP_N_MEMORY) ?
				 l->number[NSC_CGROUP_N_MEMORY] : 0;
	int64_t quota = nsc_cgroup_has(l, NSC_CGROUP_N_QUOTA) ?
				l->number[NSC_CGROUP_N_QUOTA] : 0;

	if (swap > 0 && !memory)
		return "memory_swap: needs memory: it is the sum of memory "
		       "and swap";
	if (swap > 0 && swap < memory)
		return "memory_swap: is memory and swap together: must not "
		       "be less than memory";
	if (nsc_cgroup_has(l, NSC_CGROUP_N_SHARES) &&
	    nsc_cgroup_has(l, NSC_CGROUP_N_WEIGHT))
		return "cpu_weight: is the same as cpu_shares in other units: "
		       "expected one of them";
	if (quota > 0 && quota < 1000)
		return "cpu_quota: expected -1, 0 or at least 1000 "
		       "microseconds";
	if (nsc_cgroup_has(l, NSC_CGROUP_N_IDLE) &&
	    (nsc_cgroup_has(l, NSC_CGROUP_N_SHARES) ||
	     nsc_cgroup_has(l, NSC_CGROUP_N_WEIGHT)))
		return "cpu_idle: is the least weight of all: expected no "
		       "cpu_shares or cpu_weight beside it";
	if (nsc_cgroup_has(l, NSC_CGROUP_N_BURST) &&
	    l->number[NSC_CGROUP_N_BURST] > quota)
		return "cpu_burst: is unused time of earlier periods: needs a "
		       "cpu_quota that is not less";
	return NULL;
}

static void free_pairs(struct nsc_cgroup_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
	free(pairs);
}

void nsc_cgroup_limits_free(struct nsc_cgroup_limits *l)
{
	free(l->origin);
	free(l->cpus);
	free(l->mems);
	free(l->io_max);
	free_pairs(l->hugetlb, l->n_hugetlb);
	free_pairs(l->rdma, l->n_rdma);
	free_pairs(l->unified, l->n_unified);
	*l = (struct nsc_cgroup_limits){ .origin = NULL };
}
