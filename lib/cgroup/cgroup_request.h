/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups that a container requests. */
#ifndef NSC_CGROUP_CGROUP_REQUEST_H
#define NSC_CGROUP_CGROUP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cgroup/cgroup_devices.h"
#include "linux/cgroup_limits.h"
#include "linux/device.h"

struct nsc_config_devices {
	bool given;			/* otherwise the default rules apply */
	struct nsc_device_rule *rules;
	size_t n;
};

enum nsc_freezer { NSC_FREEZER_NONE, NSC_FREEZER_FROZEN, NSC_FREEZER_THAWED };

#define NSC_CGROUP_PARENTS_MAX 8
/* "cgroups" of container.json. */
struct nsc_config_cgroups {
	char *name;			/* NULL or "": the user's */
	char *parent;			/* "a/b", below nscontainer */
	char *slice;
	char **stay_below;		/* groups of others, for sessions */
	bool allow_all_devices;
	struct nsc_config_devices devices;
	enum nsc_freezer freezer;
	struct nsc_cgroup_limits limits;
};

struct nsc_cgroup_request {
	const struct nsc_config_cgroups *own;
	const char *shared_name;	/* in cgroup_parents; NULL: none */
	const struct nsc_cgroup_limits *shared;	/* its limits */
	const struct nsc_device_node *nodes;	/* besides the defaults */
	size_t n_nodes;
	bool userns;			/* its root is not the kernel's */
	uid_t uid;			/* of the user */
	const char *name;		/* of the group, without own->name */
	int rundir;			/* instance of the container */
	unsigned int generation;
	bool beside;			/* an earlier container still drains */
	bool dry;			/* a check, beside any other */
};

#endif
