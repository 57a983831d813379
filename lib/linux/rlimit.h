/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: one table of them; setrlimit(2). */
#ifndef NSC_LINUX_RLIMIT_H
#define NSC_LINUX_RLIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define NSC_RLIMIT_MAX 16	/* kinds, RLIMIT_NLIMITS */

/* All of them are numbers of 64 bits: rundir/state.c keeps them as such. */
struct nsc_rlimits {
	uint64_t set;		/* bit n: RLIMIT_* n is to be set */
	struct {
		uint64_t soft;	/* UINT64_MAX: unlimited */
		uint64_t hard;
	} of[NSC_RLIMIT_MAX];
};

/* "RLIMIT_NOFILE" of RLIMIT_NOFILE; NULL after the last. */
const char *nsc_rlimit_name(unsigned int resource);

/*
 * Set them for the calling process.  Who may not raise a hard limit keeps the
 * lower one that is there, and the soft limit below it.
 */
int nsc_rlimit_apply(const struct nsc_rlimits *limits, struct nsc_error *err);

void nsc_rlimit_set(struct nsc_rlimits *limits, unsigned int resource,
		    uint64_t soft, uint64_t hard);

/* As root: the limits that the host's PID 1 has, by nsc_rlimit_apply(). */
int nsc_rlimit_default(struct nsc_error *err);

#endif
