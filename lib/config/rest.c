/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/rest.h"

#include <stdlib.h>

#include "linux/cgroup_limits.h"
#include "policy/lifecycle.h"
#include "util/fd.h"
#include "util/hash.h"

/* An empty object says the same as an absent one. */
static void rest_drop_empty(json_t *root, const char *key)
{
	json_t *object = json_object_get(root, key);

	if (json_is_object(object) && !json_object_size(object))
		json_object_del(root, key);
}

/* A text that is new or gone takes effect in a new container. */
static void rest_blank(json_t *object, const char *key)
{
	if (json_object_get(object, key))
		json_object_set_new(object, key, json_null());
}

/* The file "made" says whether a container has lists at all: see made.c. */
static void rest_lists(json_t *networks)
{
	static const char *const keys[] = {
		"allow", "deny", "log", "enforce", "rate",
	};
	json_t *network;
	size_t i;

	json_array_foreach(networks, i, network)
		for (size_t k = 0; k < NSC_ARRAY_SIZE(keys); k++)
			json_object_del(network, keys[k]);
}

uint64_t nsc_config_rest(const json_t *root)
{
	json_t *copy = json_deep_copy(root);
	json_t *cgroups = json_object_get(copy, "cgroups");
	json_t *lifecycle = json_object_get(copy, "lifecycle");
	_cleanup_free_ char *text = NULL;

	json_object_del(copy, "device_nodes");
	json_object_del(copy, "devices");
	json_object_del(cgroups, "allowed_devices");
	for (size_t i = 0; i < NSC_CGROUP_NUMBERS; i++)
		json_object_del(cgroups, nsc_cgroup_keys[i].name);
	rest_blank(cgroups, "cpuset_cpus");
	rest_blank(cgroups, "cpuset_mems");
	rest_drop_empty(copy, "cgroups");
	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++)
		json_object_del(lifecycle, nsc_lifecycle_keys[i].name);
	rest_drop_empty(copy, "lifecycle");
	rest_lists(json_object_get(copy, "networks"));
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(copy);
	return text ? nsc_hash_add_text(NSC_HASH_INIT, text) : 0;
}
