/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build a container: the parent's timeline.  The processes are in
 * docs/design/0008-the-builder-makes-the-mounts.md.
 */
#ifndef NSC_CONTAINER_CREATE_H
#define NSC_CONTAINER_CREATE_H

#include "config/plan.h"
#include "util/error.h"

/*
 * Build and start the container.  When this returns 0 it runs, its pid file
 * is written and its monitor watches.  After a failure no process of ours is
 * left; for the rest see nsc_stop_erase().  Runs on the host as root, with the
 * run directory's lock held.
 */
int nsc_create(const struct nsc_plan *plan, struct nsc_error *err);

#endif
