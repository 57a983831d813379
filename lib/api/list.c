/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/update.h"
#include "api/user_table.h"
#include "config/cdi.h"
#include "container/devices.h"
#include "container/devices_update.h"
#include "container/start_container.h"
#include "util/fd.h"
#include "util/lock_table.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "policy/dropins.h"
#include "rundir/instance.h"
#include "session/change.h"

struct listing {
	struct nscontainer_record *list;
	char boot_id[NSC_BOOT_ID_SIZE];
	struct nsc_lock_table locks;
	bool counted;		/* false: /proc/locks cannot be read */
	struct nsc_user_table users;
	struct nsc_policy_base base;	/* of the conf below */
	char *conf;
};

/* Each session holds the lock; null if that is not known. */
static json_t *count_sessions(const struct listing *l, int instance)
{
	struct stat st;

	if (!l->counted || fstatat(instance, NSC_FILE_SESSIONS, &st,
				   AT_SYMLINK_NOFOLLOW) < 0)
		return json_null();
	return json_integer(nsc_lock_table_shared(&l->locks, &st));
}

/* The policy of a directory, which has no nscontainer.conf. */
static int directory_policy(const struct nsc_state *state,
			    struct nsc_policy **ret)
{
	_cleanup_policy_ struct nsc_policy *policy = calloc(1, sizeof(*policy));
	struct nsc_config_files files = { .n = 0 };

	if (!policy)
		return -ENOMEM;
	policy->dir = nsc_api_directory_of(state);
	if (!policy->dir ||
	    nsc_conf_parse("", "defaults", &policy->conf, NSC_IGNORE) < 0)
		return -ENOMEM;
	if (nsc_config_files_load(state->config, NSC_CONFIG_HASH, &files,
				  NSC_IGNORE) < 0)
		return -ENOENT;
	policy->content = files.content;
	*ret = NSC_TAKE_PTR(policy);
	return 0;
}

static json_t *compare(const struct nsc_state *state,
		       const struct nsc_policy *policy,
		       const struct nsc_user *user)
{
	static const char *const names[NSC_DIGEST_PARTS] = {
		[NSC_DIGEST_DIR] = "path of container.json",
		[NSC_DIGEST_FILES] = "container.json or its seccomp profile",
		[NSC_DIGEST_ACCOUNT] = "account of the user",
		[NSC_DIGEST_GROUPS] = "groups of the user",
		[NSC_DIGEST_CONF] = "nscontainer.conf",
	};
	char digest[NSC_DIGEST_SIZE], text[256] = "";
	size_t len = 0;

	/* A fact that cannot be found out counts as no change. */
	if (nsc_change_digest(state, policy, user, digest) < 0)
		return json_null();
	if (strlen(state->digest) != strlen(digest))
		return json_string("version of nscontainer");
	for (size_t i = 0; i < NSC_DIGEST_PARTS; i++)
		if (strncmp(digest + i * NSC_DIGEST_PART,
			    state->digest + i * NSC_DIGEST_PART,
			    NSC_DIGEST_PART - 1) != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s%s", len ? ", " : "",
						names[i]);
	return len ? json_string(text) : json_null();
}

static int open_base(struct listing *l, const char *conf)
{
	if (l->conf && !strcmp(l->conf, conf))
		return l->base.fd < 0 ? -ENOENT : 0;
	nsc_policy_close(&l->base);
	free(l->conf);
	l->base = (struct nsc_policy_base)NSC_POLICY_BASE_INIT;
	l->conf = strdup(conf);
	return l->conf ? nsc_policy_open(l->conf, &l->base, NSC_IGNORE) :
			 -ENOMEM;
}

/*
 * A listing reads the policy once for all users, since it can only confirm that
 * nothing has changed.
 */
static bool is_unchanged(struct listing *l, const struct nsc_state *state)
{
	_cleanup_policy_ struct nsc_policy *policy = NULL;
	const struct nsc_user *user = nsc_user_table_find(&l->users,
							  state->user);
	char digest[NSC_DIGEST_SIZE];

	return user && *state->conf && !state->other_version &&
	       open_base(l, state->conf) == 0 &&
	       nsc_policy_decide_in(&l->base, user, NULL, &policy,
				    NSC_IGNORE) == 0 && policy->dir &&
	       nsc_change_digest(state, policy, user, digest) == 0 &&
	       !strcmp(digest, state->digest);
}

/* The files of vendors, which no login reads. */
static json_t *with_devices(json_t *why, const struct nsc_state *state,
			    const struct nsc_made *made,
			    const struct nsc_policy *policy,
			    const struct nsc_user *user)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	const char *changed = NULL;
	json_t *both;

	if (state->external || !nsc_devices_by_files(made))
		return why;
	if (nsc_start_load(policy->dir, user, policy->conf, &config,
			   NSC_IGNORE) == 0)
		changed = nsc_cdi_apply(config, NSC_IGNORE) < 0 ?
				  "devices that no file has" :
				  nsc_devices_differ(config, made);
	if (!changed)
		return why;
	both = json_is_null(why) ? json_string(changed) :
	       json_sprintf("%s, %s", json_string_value(why), changed);
	json_decref(why);
	return both;
}

/* A container that could not be started again is stale as well. */
static json_t *changed_why(const struct nsc_state *state,
			   const struct nsc_made *made)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_policy_ struct nsc_policy *policy = NULL;

	if (state->other_version)
		return json_string("version of nscontainer");
	if (!*state->conf) {
		if (nsc_user_load_uid(0, &user, NSC_IGNORE) < 0)
			return json_string("root has no account");
		if (directory_policy(state, &policy) < 0)
			return json_string("container.json cannot be read");
	} else if (nsc_user_load(state->user, &user, NSC_IGNORE) < 0) {
		return json_string("the user has no account");
	} else if (nsc_policy_decide(state->conf, user, NULL, &policy,
				     NSC_IGNORE) < 0) {
		return json_string("nscontainer.conf or container.json cannot "
				   "be read");
	} else if (!policy->dir) {
		return json_string("the user has no container");
	}
	return with_devices(compare(state, policy, user), state, made, policy,
			    user);
}

/*
 * Say why the container is stale, and which limits 'nsinit update' has set.
 * Only a container with devices can have one by the file of a vendor, and it
 * has none without the file "made".
 */
static json_t *stale_why(struct listing *l, const struct nsc_state *state,
			 int instance, bool devices)
{
	_cleanup_free_ char *updated = nsc_api_updated(instance);
	_cleanup_made_ struct nsc_made made = { .nodes = NULL };
	json_t *changed, *both;

	if (devices)
		(void)nsc_made_load(instance, &made, NSC_IGNORE);
	changed = !nsc_devices_by_files(&made) && is_unchanged(l, state) ?
			  json_null() : changed_why(state, &made);
	if (!updated)
		return changed;
	both = json_is_null(changed) ?
		       json_sprintf("nsinit update has set%s", updated) :
		       json_sprintf("nsinit update has set%s, %s", updated,
				    json_string_value(changed));
	json_decref(changed);
	return both;
}

static NSC_API_KEYS(find_keys, NSCONTAINER_KEYS_FIND);

struct device_lists {
	json_t *all, *exclusive, *nodes;
};

static void add_device(const char *name, bool exclusive, void *arg)
{
	const struct device_lists *lists = arg;

	json_array_append_new(*name == '/' ? lists->nodes : lists->all,
			      json_string(name));
	if (exclusive)
		json_array_append_new(lists->exclusive, json_string(name));
}

static json_t *state_json(struct listing *l, const struct nsc_state *state,
			  int instance, bool ending)
{
	struct device_lists devices = { json_array(), json_array(),
					json_array() };
	bool any = nsc_devices_each(instance, add_device, &devices);
	json_t *reasons = stale_why(l, state, instance, any);

	return json_pack("{s:s, s:o, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:s, "
			 "s:I, s:s, s:b, s:o, s:b, s:b, s:o, s:o, s:o, s:o}",
			 "user", state->user, "directory",
			 nsc_api_directory(state), "pid", (int)state->pid,
			 "start",
			 (json_int_t)state->start, "since",
			 (json_int_t)state->since,
			 "sessions", count_sessions(l, instance),
			 "rootfs", nsc_api_path(state->rootfs), "external",
			 nsc_api_path(state->external),
			 "config", nsc_api_path(state->config),
			 "stop", state->stop,
			 "generation", (json_int_t)state->generation,
			 "digest", state->digest, "stale",
			 !json_is_null(reasons), "why", reasons,
			 "draining", !nsc_instance_is_current(instance,
						state->generation),
			 "ending", ending,
			 "devices", devices.all,
			 "exclusive_devices", devices.exclusive,
			 "device_nodes", devices.nodes,
			 "networks", nsc_api_networks(state->networks));
}

static int list_add(int instance, unsigned int number, void *arg,
		    struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	struct listing *l = arg;
	bool ending;
	int ret = nsc_running_see(instance, l->boot_id, &ending, &state, err);

	(void)number;
	return ret < 0 ? ret :
	       nsc_api_add(&l->list, find_keys,
			   state_json(l, state, instance, ending), err);
}

/* path: of one run directory; NULL: all. */
static int list(const char *path, struct nscontainer_record **ret,
		struct nsc_error *err)
{
	struct listing l = { .base = NSC_POLICY_BASE_INIT };
	const struct nsc_api_act act = { list_add, &l };
	int error = nsc_running_boot(l.boot_id, err);

	if (error < 0)
		return error;
	l.counted = nsc_lock_table_read(&l.locks) == 0;
	if (!path)
		nsc_user_table_load(&l.users);
	error = path ? nsc_api_each(path, &act, err) : nsc_api_all(&act, err);
	free(l.locks.list);
	nsc_user_table_free(&l.users);
	nsc_policy_close(&l.base);
	free(l.conf);
	nsc_api_sort(&l.list);
	*ret = l.list;
	return error;
}

NSC_PUBLIC int nscontainer_find(const struct nscontainer *container,
				struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nscontainer_record *found = NULL;
	struct nsc_error e = NSC_ERROR_INIT;
	int error = list(container->rundir, &found, &e);

	if (error == 0)
		*ret = found;
	else
		nscontainer_record_free(found);
	return nsc_api_result_of(container, error, &e, err);
}

NSC_PUBLIC int nscontainer_list(struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(list(NULL, ret, &e), &e, err);
}
