/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/rlimit.h"

#include <errno.h>
#include <sys/resource.h>


static const char *const names[NSC_RLIMIT_MAX] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",
	[RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",
	[RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",
	[RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",
	[RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE",
	[RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

const char *nsc_rlimit_name(unsigned int resource)
{
	return resource < NSC_RLIMIT_MAX ? names[resource] : NULL;
}

static int rlimit_apply_one(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit wanted = { soft, hard };
	struct rlimit now;

	if (setrlimit(resource, &wanted) == 0)
		return 0;
	if (errno != EPERM || getrlimit(resource, &now) < 0)
		return -errno;
	if (wanted.rlim_max > now.rlim_max)
		wanted.rlim_max = now.rlim_max;
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	return setrlimit(resource, &wanted) < 0 ? -errno : 0;
}

int nsc_rlimit_apply(const struct nsc_rlimits *limits, struct nsc_error *err)
{
	for (int i = 0; i < NSC_RLIMIT_MAX; i++) {
		int ret = limits->set & UINT64_C(1) << i ?
				  rlimit_apply_one(i, limits->of[i].soft,
						   limits->of[i].hard) :
				  0;

		if (ret < 0)
			return nsc_error_sys(err, -ret, "rlimits: set %s",
					     names[i]);
	}
	return 0;
}

void nsc_rlimit_set(struct nsc_rlimits *limits, unsigned int resource,
		    uint64_t soft, uint64_t hard)
{
	limits->set |= UINT64_C(1) << resource;
	limits->of[resource].soft = soft;
	limits->of[resource].hard = hard;
}

int nsc_rlimit_default(struct nsc_error *err)
{
	struct nsc_rlimits limits = { .set = 0 };

	for (unsigned int i = 0; i < NSC_RLIMIT_MAX; i++) {
		struct rlimit limit;

		if (prlimit(1, i, NULL, &limit) < 0)
			return nsc_error_sys(err, errno, "rlimits: read %s of "
					     "the host's PID 1", names[i]);
		nsc_rlimit_set(&limits, i, limit.rlim_cur, limit.rlim_max);
	}
	return nsc_rlimit_apply(&limits, err);
}
