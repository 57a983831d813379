#include "api/api.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/text.h"
#include "policy/policy.h"
#include "container/external.h"
#include "container/hooks.h"
#include "seccomp/filter.h"
#include "cgroup/cgroups.h"
#include "container/labels.h"
#include "network/network.h"
#include "container/start_container.h"
#include "linux/namespace.h"

static json_t *namespaces_json(unsigned int flags)
{
	json_t *array = json_array();

	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		if (flags & nsc_namespaces[i].flag)
			json_array_append_new(array, json_string(
						nsc_namespaces[i].link));
	return array;
}

static json_t *capabilities_json(uint64_t mask)
{
	json_t *array = json_array();

	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name = mask & (UINT64_C(1) << cap) ? cap_to_name(cap) :
							   NULL;

		if (name)
			json_array_append_new(array, json_string(name));
		cap_free(name);
	}
	return array;
}

static json_t *map_json(const struct nsc_id_mapping *map, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		char text[48];

		snprintf(text, sizeof(text), "%u:%u:%u", map[i].container_id,
			 map[i].host_id, map[i].size);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *networks_json(const struct nsc_plan *plan)
{
	char **networks = nsc_network_describe(plan, NULL);
	json_t *array = nsc_api_networks(networks);

	nsc_text_free_vector(networks);
	return array;
}

/* What of another engine's container can be told without entering it. */
static json_t *external_json(const struct nsc_plan *plan,
			     const struct nsc_external *external)
{
	const struct nsc_config *config = plan->config;

	return json_pack("{s:s, s:b, s:s, s:s, s:b, s:i, s:o, s:o, s:o, s:o, "
			 "s:b, s:s}",
			 "user", plan->user->name, "contained", 1,
			 "config", config->file, "external", config->pidfile,
			 "running", external->pidfd >= 0,
			 "pid", (int)external->pid, "namespaces",
			 namespaces_json(external->namespaces),
			 "capabilities",
			 capabilities_json(config->capabilities),
			 "uid_map", map_json(plan->uid_map, plan->n_uid_map),
			 "gid_map", map_json(plan->gid_map, plan->n_gid_map),
			 "no_new_privs", config->no_new_privs,
			 "seccomp", config->seccomp);
}

static json_t *plan_json(const struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;
	static const char *const overlay[] = { "none", "tmpfs", "persistent" };
	static const char *const home[] = { "bind", "private", "none" };

	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, "
			 "s:b, s:s, s:o}",
			 "user", plan->user->name, "contained", 1,
			 "config", config->file, "rootfs", config->rootfs,
			 "overlay", overlay[config->overlay],
			 "home", home[config->home],
			 "namespaces", namespaces_json(config->namespaces),
			 "capabilities",
			 capabilities_json(config->capabilities),
			 "uid_map", map_json(plan->uid_map, plan->n_uid_map),
			 "gid_map", map_json(plan->gid_map, plan->n_gid_map),
			 "no_new_privs", config->no_new_privs,
			 "seccomp", config->seccomp,
			 "networks", networks_json(plan));
}

/* The effective values, whichever file they are from. */
static json_t *lifecycle_json(const struct nsc_lifecycle *lifecycle)
{
	json_t *object = json_object();

	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++) {
		const struct nsc_lifecycle_key *key = &nsc_lifecycle_keys[i];
		unsigned int value = nsc_lifecycle_get(lifecycle, i);

		json_object_set_new(object, key->name, key->choices ?
				    json_string(key->choices[value]) :
				    json_integer(value));
	}
	return object;
}

/* Where container.json is, and what nscontainer.conf says. */
struct place {
	const char *dir;
	const struct nsc_conf *conf;
};

static int check_rootfs(const struct nsc_config *config, struct nsc_error *err)
{
	struct stat st;

	if (stat(config->rootfs, &st) < 0)
		return nsc_error_sys(err, errno, "%s: rootfs: '%s'",
				     config->file, config->rootfs);
	if (!S_ISDIR(st.st_mode))
		return nsc_error_set(err, ENOTDIR, "%s: rootfs: '%s' is not a "
				     "directory", config->file,
				     config->rootfs);
	return 0;
}

static int hand_out(json_t *object, struct nscontainer_record **ret,
		    struct nsc_error *err)
{
	struct nscontainer_record *record = nsc_api_record(object);

	if (!record)
		return nsc_error_sys(err, ENOMEM, "check");
	*ret = record;
	return 0;
}

/* Where its groups go, and whether this host enforces its limits. */
static int explain_groups(const struct nsc_plan *plan, json_t **ret,
			  struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(plan);
	char **groups = NULL;
	int error = nsc_groups_explain(&request, &groups, err);

	if (error < 0)
		return error;
	*ret = json_array();
	for (char **group = groups; group && *group; group++)
		json_array_append_new(*ret, json_string(*group));
	nsc_text_free_vector(groups);
	return 0;
}

/* On failure groups are no more. */
static int check_lifecycle(const struct nsc_plan *plan, json_t *groups,
			   struct nsc_error *err)
{
	int error = nsc_lifecycle_check(&plan->lifecycle,
					json_array_size(groups) > 0, err);

	if (error < 0)
		json_decref(groups);
	return error;
}

/* One that does not run is an error where no command starts it. */
static int check_external(struct nsc_plan *plan, const struct nsc_conf *conf,
			  struct nscontainer_record **ret,
			  struct nsc_error *err)
{
	struct nsc_external external = NSC_EXTERNAL_INIT;
	int error = nsc_external_find(plan->config, plan->user, &external, err);

	if (error == 0)
		error = nsc_external_maps(&external, plan, err);
	if (error == 0)
		error = nsc_start_map_ids(plan, conf, err);
	else if (error == -ESRCH && plan->config->engine_start.path)
		error = 0;
	if (error == 0)
		error = hand_out(external_json(plan, &external), ret, err);
	nsc_fd_close(&external.pidfd);
	return error;
}

static int check_own(struct nsc_plan *plan, const struct nsc_conf *conf,
		     struct nscontainer_record **ret, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	json_t *groups = NULL, *object;
	int error = check_rootfs(config, err);

	if (error < 0)
		return error;
	nsc_lifecycle_merge(&conf->lifecycle, &config->lifecycle,
			    &plan->lifecycle);
	error = nsc_parents_find(&conf->cgroup_parents, plan->user,
				 &plan->cgroup_parent, err);
	if (error == 0)
		error = nsc_start_map_ids(plan, conf, err);
	if (error == 0)
		error = nsc_hooks_check(plan, err);
	if (error == 0)
		error = nsc_network_check(config, err);
	if (error == 0)
		error = nsc_network_plan(plan, conf, err);
	if (error == 0)
		error = explain_groups(plan, &groups, err);
	if (error == 0)
		error = check_lifecycle(plan, groups, err);
	if (error < 0)
		return error;
	object = plan_json(plan);
	json_object_set_new(object, "cgroups", groups);
	json_object_set_new(object, "lifecycle",
			    lifecycle_json(&plan->lifecycle));
	return hand_out(object, ret, err);
}

static int check_config(struct nsc_plan *plan, const struct place *place,
			struct nscontainer_record **ret,
			struct nsc_error *err)
{
	_cleanup_filters_ struct nsc_filters filters = { .session.len = 0 };
	_cleanup_config_ struct nsc_config *config = NULL;
	int error = nsc_start_load(place->dir, plan->user, place->conf,
				   &config, err);

	if (error == 0)
		error = nsc_filters_make(config, &filters, err);
	if (error == 0)
		error = nsc_labels_check(config, err);
	if (error < 0)
		return error;
	plan->config = config;
	return config->pidfile ?
		       check_external(plan, place->conf, ret, err) :
		       check_own(plan, place->conf, ret, err);
}

static int check_user(const struct nscontainer *c, struct nsc_plan *plan,
		      struct nscontainer_record **ret, struct nsc_error *err)
{
	struct place place;
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	int error = nsc_policy_decide(c->conf, plan->user, NULL, &policy, err);

	if (error < 0)
		return error;
	if (!policy->contained)
		return hand_out(json_pack("{s:s, s:b, s:s}", "user",
					  plan->user->name, "contained", 0,
					  "reason", policy->reason), ret, err);
	plan->login = true;
	place = (struct place){ policy->dir, policy->conf };
	return check_config(plan, &place, ret, err);
}

static int check(const struct nscontainer *c, struct nscontainer_record **ret,
		 struct nsc_error *err)
{
	struct place place;
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	_cleanup_free_ struct nsc_plan *plan = NULL;
	int error = nsc_api_user(c, &user, err);

	if (error < 0)
		return error;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return nsc_error_sys(err, ENOMEM, "check");
	plan->user = user;
	plan->name = nsc_api_group_name(c);
	if (c->user)
		return check_user(c, plan, ret, err);
	error = nsc_conf_parse("", "defaults", &conf, err);
	place = (struct place){ c->dir, conf };
	return error < 0 ? error : check_config(plan, &place, ret, err);
}

NSC_PUBLIC int nscontainer_check(const struct nscontainer *container,
				 struct nscontainer_record **ret,
				 struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(check(container, ret, &e), &e, err);
}
