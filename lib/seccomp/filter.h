/* SPDX-License-Identifier: Apache-2.0 */
/* The system-call filters of a container, compiled at its start. */
#ifndef NSC_SECCOMP_FILTER_H
#define NSC_SECCOMP_FILTER_H

#include "util/error.h"
#include "config/container_config.h"
#include "config/plan.h"
#include "linux/seccomp.h"

/*
 * Read and compile the profile of config; both filters are empty for
 * "unconfined".  A child then tries under the filter the system calls that
 * every login needs, and a profile that denies one of them is refused.  Returns
 * 0 or a negative errno with err set; free *ret with nsc_filters_free().
 */
int nsc_filters_make(const struct nsc_config *config, struct nsc_filters *ret,
		     struct nsc_error *err);

void nsc_filters_free(struct nsc_filters *filters);
#define _cleanup_filters_ __attribute__((cleanup(nsc_filters_free)))

#endif
