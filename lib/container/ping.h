/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the worker, in the container's network namespace. */
#ifndef NSC_CONTAINER_PING_H
#define NSC_CONTAINER_PING_H

#include "config/plan.h"

/*
 * Set net.ipv4.ping_group_range: as sysctl of container.json says, else for all
 * groups, since ping(8) has no rights of its own in a container.  The kernel
 * takes the numbers of the host, and compares those, so the range there is from
 * the lowest to the highest gid that the container's range maps to.
 */
int nsc_ping_allow(const struct nsc_plan *plan, struct nsc_error *err);

#endif
