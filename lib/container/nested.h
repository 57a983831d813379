/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that is itself an unprivileged container, such as LXC, Incus and
 * rootless podman make: its root is root of a user namespace,
 * user_namespaces(7).
 */
#ifndef NSC_CONTAINER_NESTED_H
#define NSC_CONTAINER_NESTED_H

#include <stddef.h>

#include "util/error.h"
#include "config/plan.h"

/*
 * Refuse, with a remedy, what the kernel would refuse on such a host in the
 * midst of a start.
 */
int nsc_nested_check(const struct nsc_plan *plan, struct nsc_error *err);

/* Append to list a sentence for each setting that has less effect there. */
void nsc_nested_missing(const struct nsc_plan *plan, char ***list, size_t *n);

#endif
