/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and nsinit, root of the host. */
#include "cgroup/cgroup_device_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>

#include "cgroup/cgroup.h"
#include "util/fd.h"

int nsc_device_policy_make(const struct nsc_cgroup_request *request,
			   struct nsc_device_policy *ret,
			   struct nsc_error *err)
{
	const struct nsc_config_devices *given = &request->own->devices;
	const struct nsc_device_rule *base = given->given ? given->rules :
							    nsc_device_rules;
	size_t n = given->given ? given->n : NSC_DEVICE_RULES;
	size_t always = NSC_DEVICE_RULES - NSC_DEVICE_TERMINALS;
	struct nsc_device_rule *rules =
		calloc(n + request->n_nodes + NSC_DEVICE_TERMINALS,
		       sizeof(*rules));
	size_t at = 0;

	if (!rules)
		return nsc_error_sys(err, ENOMEM, "device rules");
	for (size_t i = 0; i < n; i++)
		rules[at++] = base[i];
	for (; given->given && always < NSC_DEVICE_RULES; always++)
		rules[at++] = nsc_device_rules[always];
	for (size_t i = 0; i < request->n_nodes; i++)
		rules[at++] = (struct nsc_device_rule){
			request->nodes[i].type, (int)request->nodes[i].major,
			(int)request->nodes[i].minor,
			request->nodes[i].access,
		};
	*ret = (struct nsc_device_policy){ rules, at };
	return 0;
}

void nsc_device_policy_free(struct nsc_device_policy *policy)
{
	free((void *)(uintptr_t)policy->rules);
	*policy = (struct nsc_device_policy){ NULL, 0 };
}

struct policy_update {
	const struct nsc_device_policy *policy;
	struct nsc_error *err;
};

/* The group of a session may have been removed meanwhile. */
static void update_v1(const char *path, void *arg)
{
	_cleanup_fd_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct policy_update *u = arg;
	struct nsc_error why = NSC_ERROR_INIT;

	if (dir < 0 || u->err->code)
		return;
	if (nsc_device_update_v1(u->policy, dir, &why) < 0 &&
	    why.code != ENOENT && why.code != ENODEV)
		nsc_error_set(u->err, why.code, "group '%s': %s", path,
			      why.text);
}

static int update_entry(const struct nsc_device_policy *policy,
			const struct nsc_cgroup_entry *e,
			struct nsc_error *err)
{
	struct policy_update update = { policy, err };
	_cleanup_fd_ int dir = -1;

	if (nsc_cgroup_entry_is_v1(e)) {
		/* A group allows no more than the one above it. */
		update_v1(e->path, &update);
		nsc_cgroup_each(e->path, NSC_CGROUP_DEPTH, update_v1, &update);
		return -err->code;
	}
	dir = open(e->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? nsc_error_sys(err, errno, "group '%s'", e->path) :
			 nsc_device_update_v2(policy, dir, err);
}

static bool policy_governs(const struct nsc_cgroup_entry *e)
{
	return nsc_cgroup_entry_is_own(e) &&
	       (!nsc_cgroup_entry_is_v1(e) ||
		nsc_cgroup_controllers(e->controllers, ",") &
			NSC_CGROUP_BIT(NSC_CGROUP_DEVICES));
}

int nsc_device_policy_update(const struct nsc_device_policy *policy,
			     const struct nsc_cgroup_tree *tree,
			     struct nsc_error *err)
{
	bool found = false;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < tree->n; i++) {
		if (!policy_governs(&tree->list[i]))
			continue;
		found = true;
		ret = update_entry(policy, &tree->list[i], err);
	}
	return ret < 0 || found ? ret :
	       nsc_error_set(err, EOPNOTSUPP, "the container has no control "
			     "group for the rules of devices");
}
