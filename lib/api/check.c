/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "policy/policy.h"
#include "cgroup/cgroup.h"
#include "config/cdi.h"
#include "container/dry_run.h"
#include "container/external.h"
#include "container/hooks.h"
#include "container/missing.h"
#include "network/network.h"
#include "session/helper.h"
#include "container/start_container.h"
#include "container/surroundings.h"
#include "linux/namespace.h"

static NSC_API_KEYS(check_keys, NSCONTAINER_KEYS_CHECK);

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

/* The effective values, of container.json or nscontainer.conf. */
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

/* The facts about another engine's container that need no entering. */
static json_t *external_json(const struct nsc_plan *plan,
			     const struct nsc_external *external)
{
	const struct nsc_config *config = plan->config;

	bool running = external->pidfd >= 0;

	return json_pack("{s:s, s:b, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, "
			 "s:b, s:o, s:o}",
			 "user", plan->user->name, "contained", 1,
			 "config", nsc_api_path(config->file),
			 "external", nsc_api_path(config->pidfile),
			 "running", running,
			 "pid", running ? json_integer(external->pid) :
					  json_null(),
			 "namespaces", namespaces_json(external->namespaces),
			 "capabilities",
			 capabilities_json(config->process.capabilities),
			 "uid_map", map_json(plan->uid_map, plan->n_uid_map),
			 "gid_map", map_json(plan->gid_map, plan->n_gid_map),
			 "no_new_privs", config->process.no_new_privs,
			 "seccomp", nsc_api_path(config->seccomp), "lifecycle",
			 lifecycle_json(&plan->lifecycle));
}

static json_t *plan_json(const struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;
	static const char *const overlay[] = { "none", "tmpfs", "persistent" };
	static const char *const home[] = { "bind", "private", "none" };

	return json_pack("{s:s, s:b, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, "
			 "s:o, s:b, s:o, s:o, s:o}",
			 "user", plan->user->name, "contained", 1,
			 "config", nsc_api_path(config->file),
			 "rootfs", nsc_api_path(config->rootfs),
			 "overlay", overlay[config->overlay],
			 "home", home[config->home],
			 "namespaces", namespaces_json(config->namespaces),
			 "capabilities",
			 capabilities_json(config->process.capabilities),
			 "uid_map", map_json(plan->uid_map, plan->n_uid_map),
			 "gid_map", map_json(plan->gid_map, plan->n_gid_map),
			 "unmapped_groups",
			 json_integer((json_int_t)plan->unmapped_groups),
			 "no_new_privs", config->process.no_new_privs,
			 "seccomp", nsc_api_path(config->seccomp),
			 "networks", networks_json(plan), "lifecycle",
			 lifecycle_json(&plan->lifecycle));
}

static int check_hand_out(json_t *object, struct nscontainer_record **ret,
			  struct nsc_error *err)
{
	struct nscontainer_record *list = NULL;
	int error = nsc_api_add(&list, check_keys, object, err);

	if (error == 0)
		*ret = list;
	return error;
}

static int check_lifecycle(const struct nsc_plan *plan,
			   const struct nsc_external *external,
			   struct nsc_error *err)
{
	int groups = nsc_external_groups(-1, external->pid, err);

	if (groups < 0)
		return nsc_error_context(err, "pid file '%s'",
					 plan->config->pidfile);
	return nsc_lifecycle_check(&plan->lifecycle, groups > 0, err);
}

/* A container that does not run is an error unless engine.start is set. */
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
	if (error == 0)
		error = check_lifecycle(plan, &external, err);
	else if (error == -ESRCH && plan->config->engine_start.path)
		error = nsc_hooks_try(&plan->config->engine_start, err) < 0 ?
			nsc_error_context(err, "%s: engine.start '%s'",
					  plan->config->file,
					  plan->config->engine_start.path) : 0;
	if (error == 0)
		error = check_hand_out(external_json(plan, &external), ret,
				       err);
	nsc_fd_close(&external.pidfd);
	return error;
}

static void object_set_texts(json_t *object, const char *key, char **list)
{
	json_t *array = json_array();

	for (; list && *list; list++)
		json_array_append_new(array, nsc_api_path(*list));
	json_object_set_new(object, key, array);
}

struct check {
	struct nsc_plan *plan;
	pid_t parent;
};

static void check_in_child(const void *arg, void *answer)
{
	const struct check *check = arg;
	struct nsc_error *err = answer;

	nsc_api_begin_child(check->parent, 0);
	if (nsc_surroundings_reset(err) == 0 &&
	    nsc_dry_run(check->plan, err) == 0)
		err->code = 0;
}

static int check_dry_run(struct nsc_plan *plan, struct nsc_error *err)
{
	const struct check check = { plan, getpid() };
	const struct nsc_process_question question = {
		check_in_child, &check, -1,
	};
	_cleanup_fd_ int group = nsc_cgroup_root();
	struct nsc_error answer = NSC_ERROR_INIT;
	int ret = nsc_process_ask_in(&group, &question, &answer,
				     sizeof(answer));

	if (ret < 0)
		return nsc_error_sys(err, -ret, "check");
	ret = nsc_error_take(&answer, err);
	if (ret < 0 && strncmp(err->text, plan->config->file,
			       strlen(plan->config->file)) != 0)
		return nsc_error_context(err, "%s", plan->config->file);
	return ret;
}

/* dir: NULL for a login. */
static int check_own(struct nsc_plan *plan, const char *dir,
		     struct nscontainer_record **ret, struct nsc_error *err)
{
	char **groups = NULL, **missing;
	int error = nsc_start_check_groups(plan, &groups, err);
	json_t *object;

	if (error == 0)
		error = check_dry_run(plan, err);
	if (error < 0) {
		nsc_text_free_vector(groups);
		return error;
	}
	missing = nsc_missing_find(plan);
	object = plan_json(plan);
	if (dir)
		json_object_set_new(object, "directory", nsc_api_path(dir));
	object_set_texts(object, "cgroups", groups);
	object_set_texts(object, "missing", missing);
	nsc_text_free_vector(groups);
	nsc_text_free_vector(missing);
	if (plan->accepted)
		object_set_texts(object, "accepted", plan->accepted);
	return check_hand_out(object, ret, err);
}

/* dir: the directory of container.json. */
static int check_config(struct nsc_plan *plan, const char *dir,
			const struct nsc_conf *conf,
			struct nscontainer_record **ret, struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	int64_t all = nsc_process_now() + (int64_t)conf->start_timeout * 1000;
	int error = nsc_start_load(dir, plan->user, conf, &config, err);

	if (error == 0)
		error = nsc_cdi_apply(config, err);
	if (error < 0)
		return error;
	plan->config = config;
	plan->refuse_nested = conf->nested == NSC_NESTED_REFUSE;
	if (!plan->deadline || all < plan->deadline)
		plan->deadline = all;
	nsc_plan_merge(plan, conf);
	error = nsc_start_prepare(plan, conf, err);
	if (error == 0)
		error = config->pidfile ?
				check_external(plan, conf, ret, err) :
				check_own(plan, plan->login ? NULL : dir, ret,
					  err);
	nsc_start_release(plan);
	return error;
}

static int check_user(const struct nscontainer *c, struct nsc_plan *plan,
		      struct nscontainer_record **ret, struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	int error = nsc_policy_decide(c->conf, plan->user, NULL, &policy, err);

	if (error < 0)
		return error;
	if (!policy->contained)
		return check_hand_out(json_pack("{s:s, s:b, s:s}", "user",
						plan->user->name, "contained",
						0, "reason", policy->reason),
				      ret, err);
	plan->login = true;
	return check_config(plan, policy->dir, policy->conf, ret, err);
}

/* limit: in seconds, 0: start_timeout alone */
static int check(const struct nscontainer *c, unsigned int limit,
		 struct nscontainer_record **ret, struct nsc_error *err)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	_cleanup_free_ struct nsc_plan *plan = NULL;
	int error = nsc_api_may_fork(err);

	if (error < 0)
		return error;
	error = nsc_api_user(c, &user, err);
	if (error < 0)
		return error;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return nsc_error_sys(err, ENOMEM, "check");
	plan->user = user;
	plan->conf_path = c->user ? c->conf : "";
	if (limit)
		plan->deadline = nsc_process_now() + (int64_t)limit * 1000;
	plan->name = nsc_api_group_name(c);
	if (c->user)
		return check_user(c, plan, ret, err);
	error = nsc_conf_parse("", "defaults", &conf, err);
	return error < 0 ? error : check_config(plan, c->dir, conf, ret, err);
}

NSC_PUBLIC int nscontainer_check(const struct nscontainer *container,
				 struct nscontainer_record **ret,
				 struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(check(container, 0, ret, &e), &e, err);
}

int nsc_api_check_for_login(const struct nscontainer *container,
			    struct nsc_error *err)
{
	struct nscontainer_record *record = NULL;
	int ret = check(container, NSC_HELPER_CHECK_S, &record, err);

	nscontainer_record_free(record);
	return ret;
}
