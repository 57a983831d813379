/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dry run is a start that ends before anybody can see its container, see
 * docs/design/0059-a-dry-run-is-a-start.md.
 */
#ifndef NSC_CONTAINER_DRY_RUN_H
#define NSC_CONTAINER_DRY_RUN_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Build the container of a prepared plan, with a deadline, until its PID 1
 * runs, and remove it.  Runs in a child that has called
 * nsc_surroundings_reset().  Returns 0, or the error that a start would have.
 */
int nsc_dry_run(struct nsc_plan *plan, struct nsc_error *err);

#endif
