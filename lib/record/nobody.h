/* SPDX-License-Identifier: Apache-2.0 */
/* What reads bytes of a session has no rights. */
#ifndef NSC_RECORD_NOBODY_H
#define NSC_RECORD_NOBODY_H

#include <stdint.h>

/*
 * Become nobody for good, with these capabilities and these n descriptors
 * alone, and where no other process of nobody's can trace or read the caller.
 * Needs root.  Returns 0 or -1, after which the process must end.
 */
int nsc_nobody_become(uint64_t capabilities, const int *keep, unsigned int n);

#endif
