/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, as root of the host.  Changes nothing. */
#include "config/plan.h"

#include <errno.h>
#include <sched.h>

#include "linux/namespace.h"

void nsc_plan_merge(struct nsc_plan *plan, const struct nsc_conf *conf)
{
	nsc_lifecycle_merge(&conf->lifecycle, &plan->config->lifecycle,
			    &plan->lifecycle);
	if (!plan->stop)
		plan->stop = nsc_lifecycle_stop_name(plan->lifecycle.stop);
	plan->recording = plan->config->recording;
	/* The host's key is the least, for everybody. */
	if (plan->recording.mode < conf->record)
		plan->recording.mode = conf->record;
}

gid_t nsc_plan_gid(const struct nsc_plan *plan, gid_t gid)
{
	gid_t host;

	if (!(plan->config->namespaces & CLONE_NEWUSER))
		return gid;
	return nsc_idmap_to_host(plan->gid_map, plan->n_gid_map, gid, &host) <
	       0 ? (gid_t)-1 : host;
}

int nsc_plan_owner(const struct nsc_plan *plan,
		   const struct nsc_device_node *node, uid_t *ret_uid,
		   gid_t *ret_gid, struct nsc_error *err)
{
	bool userns = plan->config->namespaces & CLONE_NEWUSER;
	uid_t uid = node->uid;
	gid_t gid = node->gid;

	/* A user whom the host does not know is root inside. */
	if (uid == NSC_DEVICE_OF_USER)
		uid = plan->login ? plan->user->uid : 0;
	if (gid == NSC_DEVICE_OF_USER)
		gid = plan->login ? plan->user->gid : 0;
	*ret_uid = uid;
	*ret_gid = nsc_plan_gid(plan, gid);
	if (*ret_gid == (gid_t)-1 ||
	    (userns && nsc_idmap_to_host(plan->uid_map, plan->n_uid_map, uid,
					 ret_uid) < 0))
		return nsc_error_set(err, EINVAL, "device '%s': its owner "
				     "%u:%u is no id of the container: see "
				     "uid_mappings and gid_mappings",
				     node->path, uid, gid);
	return 0;
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
