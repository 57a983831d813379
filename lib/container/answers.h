/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a file system whose server does not answer, before a start needs it. */
#ifndef NSC_CONTAINER_ANSWERS_H
#define NSC_CONTAINER_ANSWERS_H

#include "util/error.h"
#include "config/plan.h"

/*
 * Look, in a child, at each path of the host that this container's own
 * configuration and user name: the rootfs, the home, sources of mounts.
 * -ETIMEDOUT, with the path, if one does not answer within some seconds; other
 * errors are left to the start.
 */
int nsc_answers_check(const struct nsc_plan *plan, unsigned int seconds,
		      struct nsc_error *err);

#endif
