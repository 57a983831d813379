/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundle that the state of a container names, for hooks that read its
 * config.json: of the OCI runtime specification, as far as it says what a
 * container of ours is.  The instance is its directory, and for
 * create_container, which does not see that, the directory of all instances.
 */
#ifndef NSC_CONTAINER_BUNDLE_H
#define NSC_CONTAINER_BUNDLE_H

#include "config/plan.h"
#include "util/error.h"

#define NSC_FILE_BUNDLE "config.json"

/*
 * Write config.json into dir; rootfs: where a hook finds it.  There is none if
 * a text is not UTF-8.  Returns 0 or a negative errno.
 */
int nsc_bundle_write(const struct nsc_plan *plan, int dir, const char *rootfs,
		     struct nsc_error *err);

#endif
