/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: processes that enter a container, and its PID 1.
 *
 * The system-call filter is loaded as late as possible, so that it need not
 * allow calls that only the entry uses.  With no_new_privs, this is the very
 * last step.  Without it, loading needs CAP_SYS_ADMIN in the container's user
 * namespace: so it comes before the capabilities are dropped (and, if a user's
 * program follows, before the change of ids, which drops them as well), and the
 * filter must allow capset(), prctl() and, in that case, setting the ids.
 */
#include "linux/confine.h"

#include <errno.h>
#include <sys/prctl.h>

#include "util/process.h"
#include "linux/capability.h"

int nsc_confine_oom(const struct nsc_process *process, pid_t pid,
		    struct nsc_error *err)
{
	int score = process->oom_score_adj, ret;

	if (score == NSC_OOM_LEAVE)
		return 0;
	ret = nsc_process_oom_score_adj(pid, score);
	/* On a host that is itself a container: 'nsinit check' says it. */
	if (ret == -EACCES)
		return 0;
	return ret < 0 ? nsc_error_sys(err, -ret, "set oom_score_adj to %d",
				       score) : 0;
}

int nsc_confine_early(const struct nsc_process *process,
		      const struct nsc_seccomp *filter, struct nsc_error *err)
{
	return process->no_new_privs ? 0 : nsc_seccomp_load(filter, err);
}

int nsc_confine_capabilities(const struct nsc_process *process, uint64_t keep,
			     struct nsc_error *err)
{
	int ret = nsc_capability_keep(keep, err);

	if (ret == 0 && process->no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return nsc_error_sys(err, errno, "set no_new_privs");
	return ret;
}

int nsc_confine_late(const struct nsc_process *process,
		     const struct nsc_seccomp *filter, struct nsc_error *err)
{
	return process->no_new_privs ? nsc_seccomp_load(filter, err) : 0;
}

int nsc_confine(const struct nsc_process *process,
		const struct nsc_seccomp *filter, uint64_t keep,
		struct nsc_error *err)
{
	/* Before the permitted set is reduced: dropping needs CAP_SETPCAP. */
	int ret = nsc_capability_bound(process->capabilities, err);

	if (ret == 0)
		ret = nsc_confine_early(process, filter, err);
	if (ret == 0)
		ret = nsc_confine_capabilities(process, keep, err);
	return ret == 0 ? nsc_confine_late(process, filter, err) : ret;
}
