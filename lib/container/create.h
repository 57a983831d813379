/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build a container: the steps of the parent.
 * docs/design/0008-the-builder-makes-the-mounts.md describes the processes.
 */
#ifndef NSC_CONTAINER_CREATE_H
#define NSC_CONTAINER_CREATE_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Build and start the container.  When this returns 0, the container runs, its
 * pid file is written and its monitor watches.  After a failure, none of our
 * processes is left; nsc_stop_erase() removes the rest.  Runs on the host as
 * root; the caller holds the lock of the run directory.
 *
 * With plan->dry the container ends before anybody can see it: 0 means that it
 * could run.
 */
int nsc_create(const struct nsc_plan *plan, struct nsc_error *err);

#endif
