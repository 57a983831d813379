/*
 * The same filter in fewer instructions, which the kernel converts, checks and
 * compiles anew for each login.  Runs in: nsinit alone.
 */
#ifndef NSC_SECCOMP_COMPACT_H
#define NSC_SECCOMP_COMPACT_H

#include <stddef.h>
#include <stdint.h>

#include "linux/seccomp.h"

/*
 * Replace filter->code by shorter code that decides each system call alike.
 * arches are the AUDIT_ARCH_* that it tells apart.  Leaves the filter as it is
 * where it does what is not understood here, or nothing is gained.  Returns 0
 * or -ENOMEM.
 */
int nsc_seccomp_compact(struct nsc_seccomp *filter, const uint32_t *arches,
			size_t n_arches);

#endif
