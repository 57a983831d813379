/*
 * nsinit check: read everything that a login would read, and say what would
 * be done.  Changes nothing but that a user without a range of ids, or without
 * the address that the file asks for, gets one.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"
#include "config/policy.h"
#include "container/network.h"
#include "container/start.h"
#include "kernel/namespace.h"
#include "nsinit.h"

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
	json_t *array = nsinit_networks_json(networks);

	nsc_text_free_vector(networks);
	return array;
}

static json_t *plan_json(const struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;
	static const char *const overlay[] = { "none", "tmpfs", "persistent" };
	static const char *const home[] = { "bind", "private", "none" };

	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, "
			 "s:b, s:o}",
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
			 "networks", networks_json(plan));
}

/* " type=veth addresses=10.0.0.2/24", and a comma where one more follows. */
static void print_object(json_t *object, bool more)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i;
		json_t *element;

		printf(" %s=", key);
		if (json_is_string(value))
			printf("%s", json_string_value(value));
		else if (json_is_integer(value))
			printf("%lld", (long long)json_integer_value(value));
		json_array_foreach(value, i, element)
			printf("%s%s", i ? "," : "",
			       json_string_value(element));
	}
	if (more)
		putchar(',');
}

/* Text is the same data, a line for each key. */
static void print_text(json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i;
		json_t *element;

		printf("%s:", key);
		if (json_is_string(value))
			printf(" %s", json_string_value(value));
		else if (json_is_boolean(value))
			printf(" %s", json_is_true(value) ? "yes" : "no");
		json_array_foreach(value, i, element)
			if (json_is_object(element))
				print_object(element,
					     i + 1 < json_array_size(value));
			else
				printf(" %s", json_string_value(element));
		putchar('\n');
	}
}

static int print(json_t *object, const struct nsinit_options *options)
{
	if (!object)
		return -ENOMEM;
	if (options->json) {
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_text(object);
	}
	json_decref(object);
	return 0;
}

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

static int check_config(const char *dir, const struct nsc_user *user,
			const struct nsc_conf *conf,
			const struct nsinit_options *options,
			struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	_cleanup_free_ struct nsc_plan *plan = NULL;
	int ret = nsc_start_load(dir, user, &config, err);

	if (ret < 0)
		return ret;
	ret = check_rootfs(config, err);
	if (ret < 0)
		return ret;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return nsc_error_sys(err, ENOMEM, "check");
	plan->config = config;
	plan->user = user;
	plan->login = !options->root;
	ret = nsc_start_map_ids(plan, conf, err);
	if (ret == 0)
		ret = nsc_network_check(config, err);
	if (ret == 0)
		ret = nsc_network_plan(plan, conf, err);
	return ret < 0 ? ret : print(plan_json(plan), options);
}

static int check_user(const struct nsinit_options *options,
		      struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	_cleanup_user_ struct nsc_user *user = NULL;
	int ret = options->n_arguments ?
			  nsc_user_load(options->arguments[0], &user, err) :
			  nsc_user_load_uid(0, &user, err);

	if (ret < 0)
		return ret;
	ret = nsc_policy_decide(options->conf, user, NULL, &policy, err);
	if (ret < 0)
		return ret;
	if (!policy->contained)
		return print(json_pack("{s:s, s:b, s:s}", "user", user->name,
				       "contained", 0, "reason",
				       policy->reason), options);
	return check_config(policy->dir, user, policy->conf, options, err);
}

static int check_root(const struct nsinit_options *options,
		      struct nsc_error *err)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	_cleanup_free_ char *dir = realpath(options->root, NULL);
	int ret = dir ? nsc_user_load_uid(0, &user, err) :
			nsc_error_sys(err, errno, "%s", options->root);

	if (ret == 0)
		ret = nsc_conf_parse("", "defaults", &conf, err);
	return ret < 0 ? ret : check_config(dir, user, conf, options, err);
}

int nsinit_check(const struct nsinit_options *options)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int ret = options->root ? check_root(options, &err) :
				  check_user(options, &err);

	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
