/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of a process in the container, modelled on "process" in the
 * OCI runtime specification: container.json sets them, and 'state' passes them
 * to processes that enter.
 */
#ifndef NSC_LINUX_CONFINE_H
#define NSC_LINUX_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "linux/rlimit.h"
#include "linux/seccomp.h"

#define NSC_OOM_LEAVE 1001

struct nsc_process {
	bool terminal;		/* for nsinit exec; logins ignore it */
	char *cwd;		/* NULL: the home */
	char **env;		/* "KEY=VALUE"; empty may be NULL */
	uint64_t capabilities;	/* bit n: capability n; the bounding set */
	uint64_t ambient;	/* of these: what the user's programs have */
	bool no_new_privs;
	struct nsc_rlimits rlimits;
	int umask;		/* -1: unchanged */
	int oom_score_adj;	/* NSC_OOM_LEAVE: unchanged */
	int sched_policy;	/* SCHED_*; -1: unchanged */
	int sched_nice;		/* -20 to 19 */
	int sched_priority;	/* 1 to 99 for SCHED_FIFO and SCHED_RR */
	int io_priority;	/* of ioprio_set(2); -1: unchanged */
	int personality;	/* PER_*; -1: unchanged */
	char *cpu_affinity;	/* "0-3"; NULL: unchanged */
	char *apparmor_profile;	/* NULL or "": none */
	char *selinux_label;	/* NULL or "": none */
};

/*
 * Set the oom_score_adj of pid (0: the caller) through the caller's /proc.
 * Returns 0 or a negative errno.
 */
int nsc_confine_oom(const struct nsc_process *process, pid_t pid,
		    struct nsc_error *err);

/*
 * The last step before a program is run or continued: limit the bounding set,
 * reduce permitted and effective to keep, set no_new_privs, and load the filter
 * as late as possible.  The caller already has its final ids, or stays root of
 * its user namespace.  Returns 0 or a negative errno.
 */
int nsc_confine(const struct nsc_process *process,
		const struct nsc_seccomp *filter, uint64_t keep,
		struct nsc_error *err);

/*
 * Parts of nsc_confine(), for a process that changes its ids in between:
 * "early" loads the filter without no_new_privs, while CAP_SYS_ADMIN is
 * present; "late" loads it with no_new_privs.  They return 0 or a negative
 * errno.
 */
int nsc_confine_early(const struct nsc_process *process,
		      const struct nsc_seccomp *filter, struct nsc_error *err);
int nsc_confine_capabilities(const struct nsc_process *process, uint64_t keep,
			     struct nsc_error *err);
int nsc_confine_late(const struct nsc_process *process,
		     const struct nsc_seccomp *filter, struct nsc_error *err);

#endif
