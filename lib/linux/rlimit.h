/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and their table; setrlimit(2). */
#ifndef NSC_LINUX_RLIMIT_H
#define NSC_LINUX_RLIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define NSC_RLIMIT_MAX 16	/* number of kinds, RLIMIT_NLIMITS */

/* All fields are 64-bit numbers: rundir/state.c stores them as such. */
struct nsc_rlimits {
	uint64_t set;		/* bit n: set RLIMIT_* n */
	struct {
		uint64_t soft;	/* UINT64_MAX: unlimited */
		uint64_t hard;
	} of[NSC_RLIMIT_MAX];
};

/* "RLIMIT_NOFILE" for RLIMIT_NOFILE; NULL after the last. */
const char *nsc_rlimit_name(unsigned int resource);

/*
 * Set the limits for the calling process.  If it may not raise a hard limit, it
 * keeps its lower one, with the soft limit below it.  Returns 0 or a negative
 * errno.
 */
int nsc_rlimit_apply(const struct nsc_rlimits *limits, struct nsc_error *err);

void nsc_rlimit_set(struct nsc_rlimits *limits, unsigned int resource,
		    uint64_t soft, uint64_t hard);

/*
 * As root: apply the limits of the host's PID 1, with nsc_rlimit_apply().
 * Returns 0 or a negative errno.
 */
int nsc_rlimit_default(struct nsc_error *err);

#endif
