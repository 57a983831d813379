/* SPDX-License-Identifier: Apache-2.0 */
/* The device rules that a container requests. */
#ifndef NSC_CGROUP_CGROUP_DEVICE_POLICY_H
#define NSC_CGROUP_CGROUP_DEVICE_POLICY_H

#include "cgroup/cgroup_devices.h"
#include "cgroup/cgroup_request.h"
#include "cgroup/cgroup_tree.h"
#include "util/error.h"

/*
 * The rules of allowed_devices, or the default ones, with those that always
 * apply and those of the nodes.  Returns 0 or a negative errno.
 */
int nsc_device_policy_make(const struct nsc_cgroup_request *request,
			   struct nsc_device_policy *ret,
			   struct nsc_error *err);

void nsc_device_policy_free(struct nsc_device_policy *policy);
#define _cleanup_device_policy_ __attribute__((cleanup(nsc_device_policy_free)))

/*
 * Change the rules of the groups of a container that runs, and of those of its
 * sessions.  Returns 0 or a negative errno; -EOPNOTSUPP if no group has rules.
 */
int nsc_device_policy_update(const struct nsc_device_policy *policy,
			     const struct nsc_cgroup_tree *tree,
			     struct nsc_error *err);

#endif
