/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process of the container is and may do, after "process" of the OCI
 * runtime specification: as container.json says it, and as 'state' hands it to
 * those who enter.
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
	bool terminal;		/* for nsinit exec; a login has what it has */
	char *cwd;		/* NULL: the home */
	char **env;		/* "KEY=VALUE"; empty may be NULL */
	uint64_t capabilities;	/* bit n: capability n; the bounding set */
	bool no_new_privs;
	struct nsc_rlimits rlimits;
	int umask;		/* -1: leave it */
	int oom_score_adj;	/* NSC_OOM_LEAVE: leave it */
	char *apparmor_profile;	/* NULL or "": none */
	char *selinux_label;	/* NULL or "": none */
};

/* Set the oom_score_adj of pid (0: of the caller), in the caller's /proc. */
int nsc_confine_oom(const struct nsc_process *process, pid_t pid,
		    struct nsc_error *err);

/*
 * The last step before a program is run or gone on with: the bounding set,
 * permitted and effective reduced to keep, no_new_privs, and the filter as
 * late as can be.  The caller is who it is to be, or root of its user
 * namespace that stays that.
 */
int nsc_confine(const struct nsc_process *process,
		const struct nsc_seccomp *filter, uint64_t keep,
		struct nsc_error *err);

/*
 * Parts of it, for who changes its ids in between: "early" has an effect
 * without no_new_privs, while there is CAP_SYS_ADMIN; "late" with it.
 */
int nsc_confine_early(const struct nsc_process *process,
		      const struct nsc_seccomp *filter, struct nsc_error *err);
int nsc_confine_capabilities(const struct nsc_process *process, uint64_t keep,
			     struct nsc_error *err);
int nsc_confine_late(const struct nsc_process *process,
		     const struct nsc_seccomp *filter, struct nsc_error *err);

#endif
