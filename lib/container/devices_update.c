/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/devices_update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cgroup_device_policy.h"
#include "container/dev_change.h"
#include "container/devices.h"
#include "container/made.h"
#include "util/fd.h"
#include "util/text.h"

static int update_rules(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(plan);
	_cleanup_device_policy_ struct nsc_device_policy policy = { NULL, 0 };
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	int ret = nsc_device_policy_make(&request, &policy, err);

	if (ret < 0)
		return ret;
	ret = nsc_cgroup_tree_load(plan->rundir, &tree);
	if (!tree || (ret < 0 && ret != -ENOENT))
		return nsc_error_sys(err, -ret, "control groups");
	ret = nsc_device_policy_update(&policy, tree, err);
	/*
	 * As in a start: a user namespace protects devices without rules.  Old
	 * rules would deny what is new, and allow what has gone.
	 */
	if (ret == -EOPNOTSUPP && request.userns &&
	    !request.own->devices.given)
		return nsc_error_clear(err);
	return ret < 0 ? nsc_error_context(err, "%s.allowed_devices",
					   request.own->limits.origin) : 0;
}

static bool same_nodes(const struct nsc_made *a, const struct nsc_made *b)
{
	for (char **v = a->nodes; v && *v; v++)
		if (!nsc_made_has(b, *v))
			return false;
	for (char **v = b->nodes; v && *v; v++)
		if (!nsc_made_has(a, *v))
			return false;
	return true;
}

/*
 * Written before the first change, so that an update after one that was killed
 * knows all nodes that there may be, and all that must be made again.
 */
static int update_begin(const struct nsc_plan *plan,
			const struct nsc_made *old, const struct nsc_made *new,
			struct nsc_error *err)
{
	_cleanup_made_ struct nsc_made both = *old;
	size_t n = 0;
	int ret = 0;

	both.rules = 0;
	both.nodes = NULL;
	for (char **v = old->nodes; ret == 0 && v && *v; v++)
		ret = nsc_text_append(&both.nodes, &n, *v);
	for (char **v = new->nodes; ret == 0 && v && *v; v++)
		if (!nsc_made_has(old, *v))
			ret = nsc_text_append(&both.nodes, &n, *v);
	return ret < 0 ? nsc_error_sys(err, -ret, "devices") :
			 nsc_made_save(plan->rundir, &both, err);
}

int nsc_devices_update(const struct nsc_plan *plan, int pidfd, bool *settled,
		       struct nsc_error *err)
{
	_cleanup_made_ struct nsc_made old = { .nodes = NULL };
	_cleanup_made_ struct nsc_made new = { .nodes = NULL };
	const struct nsc_dev_change change = { plan, pidfd, &old, &new };
	int ret = nsc_made_load(plan->rundir, &old, err);

	*settled = false;
	if (ret == -ENOENT)
		return nsc_error_clear(err);
	if (ret == 0)
		ret = nsc_made_fill(plan, &new, err);
	if (ret == 0)
		ret = nsc_devices_reclaim(plan, true, err);
	if (ret == 0 && (new.rules != old.rules || !same_nodes(&old, &new))) {
		ret = update_begin(plan, &old, &new, err);
		if (ret == 0 && !plan->config->cgroups.allow_all_devices)
			ret = update_rules(plan, err);
		if (ret == 0)
			ret = nsc_dev_change(&change, err);
	}
	if (ret == 0)
		ret = nsc_devices_reclaim(plan, false, err);
	if (ret < 0)
		return nsc_error_context(err, "devices");
	*settled = new.rest == old.rest && new.cdi_rest == old.cdi_rest &&
		   !(old.limits & ~new.limits);
	new.rest = old.rest;
	new.cdi_rest = old.cdi_rest;
	new.limits |= old.limits;
	return nsc_made_save(plan->rundir, &new, err);
}

const char *nsc_devices_differ(const struct nsc_config *config,
			       const struct nsc_made *made)
{
	bool nodes = config->cdi_nodes != made->cdi_nodes;
	bool rest = config->cdi_rest != made->cdi_rest;

	return nodes && rest ? "nodes, mounts, variables, hooks or groups of "
			       "devices" :
	       nodes ? "nodes of devices" :
	       rest ? "mounts, variables, hooks or groups of devices" : NULL;
}
