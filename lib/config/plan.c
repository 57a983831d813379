/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, as root of the host.  Changes nothing. */
#include "config/plan.h"

#include <sched.h>

#include "linux/namespace.h"

void nsc_plan_lifecycle(struct nsc_plan *plan, const struct nsc_conf *conf)
{
	nsc_lifecycle_merge(&conf->lifecycle, &plan->config->lifecycle,
			    &plan->lifecycle);
	if (!plan->stop)
		plan->stop = nsc_lifecycle_stop_name(plan->lifecycle.stop);
}

struct nsc_cgroup_request nsc_plan_cgroups(const struct nsc_plan *plan)
{
	const struct nsc_cgroup_parent *shared = plan->cgroup_parent;
	const struct nsc_config *config = plan->config;

	return (struct nsc_cgroup_request){
		.own = &config->cgroups,
		.shared_name = shared ? shared->name : NULL,
		.shared = shared ? &shared->limits : NULL,
		.nodes = config->devices, .n_nodes = config->n_devices,
		.userns = config->namespaces & CLONE_NEWUSER ||
			  nsc_namespace_is_nested(),
		.uid = plan->user->uid, .name = plan->name,
		.rundir = plan->rundir,
		.generation = plan->generation, .beside = plan->beside,
		.dry = plan->dry,
	};
}
