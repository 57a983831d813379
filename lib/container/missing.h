/* SPDX-License-Identifier: Apache-2.0 */
/* Find what a container lacks on this host, although it starts. */
#ifndef NSC_CONTAINER_MISSING_H
#define NSC_CONTAINER_MISSING_H

#include "config/plan.h"

/*
 * One sentence for each; a NULL-terminated vector, or NULL if nothing is
 * missing.  The caller frees it by nsc_text_free_vector().
 */
char **nsc_missing_find(const struct nsc_plan *plan);

/*
 * See whether a login's home can be inside, and set home_missing.  Returns 0 or
 * a negative errno if it cannot and home_required is set.
 */
int nsc_missing_check(struct nsc_plan *plan, struct nsc_error *err);

/* Write the sentences to syslog. */
void nsc_missing_log(const struct nsc_plan *plan);

#endif
