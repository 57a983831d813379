/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/update.h"
#include "util/fd.h"
#include "util/lock.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "policy/dropins.h"
#include "rundir/instance.h"
#include "session/change.h"

/* Each session holds the lock; null if /proc/locks cannot be read. */
static json_t *count_sessions(int instance)
{
	struct stat st;
	pid_t pid;
	int n;

	if (fstatat(instance, NSC_FILE_SESSIONS, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return json_null();
	n = nsc_lock_holders(&st, &pid);
	return n < 0 ? json_null() : json_integer(n);
}

/* The container of a directory does not use nscontainer.conf. */
static bool directory_stale(const struct nsc_state *state,
			    const struct nsc_user *user)
{
	_cleanup_free_ char *dir = strdup(state->config);
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	struct nsc_policy policy = { .dir = dir };
	struct nsc_config_files files = { .n = 0 };
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash || nsc_conf_parse("", "defaults", &conf, NSC_IGNORE) < 0)
		return false;
	*slash = '\0';
	if (nsc_config_files_load(state->config, NSC_CONFIG_HASH, &files,
				  NSC_IGNORE) < 0)
		return true;
	policy.content = files.content;
	policy.conf = conf;
	return nsc_change_is(state, &policy, user);
}

#define WHY 512

/* A container that could not be started again is stale as well. */
static bool is_stale(const struct nsc_state *state)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_policy_ struct nsc_policy *policy = NULL;

	if (state->other_version)
		return true;
	if (!*state->conf)
		return nsc_user_load_uid(0, &user, NSC_IGNORE) < 0 ||
		       directory_stale(state, user);
	return nsc_user_load(state->user, &user, NSC_IGNORE) < 0 ||
	       nsc_policy_decide(state->conf, user, NULL, &policy,
				 NSC_IGNORE) < 0 ||
	       !policy->dir || nsc_change_is(state, policy, user);
}

/* A sentence, or NULL; *updated has the limits of nsinit update. */
static const char *why_stale(const struct nsc_state *state, int instance,
			     char text[WHY])
{
	_cleanup_free_ char *updated = nsc_api_updated(instance);

	if (state->other_version)
		return "programs of another version started it";
	if (!updated)
		return is_stale(state) ? "its configuration, or something else "
			"that a start uses, has changed" : NULL;
	snprintf(text, WHY, "nsinit update has set%s%s", updated,
		 is_stale(state) ? ", and its configuration has changed" : "");
	return text;
}

static NSC_API_KEYS(find_keys, NSCONTAINER_KEYS_FIND);

static json_t *state_json(const struct nsc_state *state, int instance,
			  bool ending)
{
	char text[WHY];
	const char *why = why_stale(state, instance, text);

	return json_pack("{s:s, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:s, "
			 "s:I, s:s, s:b, s:s?, s:b, s:b, s:o}",
			 "user", state->user, "pid", (int)state->pid, "start",
			 (json_int_t)state->start, "since",
			 (json_int_t)state->since,
			 "sessions", count_sessions(instance),
			 "rootfs", nsc_api_path(state->rootfs), "external",
			 nsc_api_path(state->external),
			 "config", nsc_api_path(state->config),
			 "stop", state->stop,
			 "generation", (json_int_t)state->generation,
			 "digest", state->digest, "stale", why != NULL,
			 "why", why,
			 "draining", !nsc_instance_is_current(instance,
						state->generation),
			 "ending", ending,
			 "networks", nsc_api_networks(state->networks));
}

static int list_add(int instance, unsigned int number, void *list,
		    struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	bool ending;
	_cleanup_fd_ int pidfd = nsc_running_find_any(instance, &ending, &state,
						      err);
	struct nscontainer_record *record = NULL;
	int ret;

	(void)number;
	if (pidfd < 0)
		return pidfd;
	ret = nsc_api_add(&record, find_keys,
			  state_json(state, instance, ending), err);
	if (ret == 0)
		nsc_api_insert(list, record);
	return ret;
}

NSC_PUBLIC int nscontainer_find(const struct nscontainer *container,
				struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	const struct nsc_api_act act = { list_add, &list };
	struct nsc_error e = NSC_ERROR_INIT;
	int error = nsc_api_each(container->rundir, &act, &e);

	if (error == 0)
		*ret = list;
	else
		nscontainer_record_free(list);
	return nsc_api_result(error, &e, err);
}

NSC_PUBLIC int nscontainer_list(struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	const struct nsc_api_act act = { list_add, ret };
	struct nsc_error e = NSC_ERROR_INIT;

	*ret = NULL;
	return nsc_api_result(nsc_api_all(false, &act, &e), &e, err);
}
