/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change limits, lifecycle and devices of a running container.  container.json
 * stays the truth: what it does not have is noted in the instance, so that the
 * container is stale, and is gone with it.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/update.h"
#include "cgroup/cgroup.h"
#include "cgroup/cgroup_tree.h"
#include "config/cdi.h"
#include "container/devices_update.h"
#include "container/generation.h"
#include "container/start_container.h"
#include "network/lists.h"
#include "network/network.h"
#include "network/resolver.h"
#include "policy/policy.h"
#include "rundir/instance.h"
#include "rundir/running.h"
#include "rundir/rundir.h"
#include "rundir/turn.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define FILE_UPDATED "updated"

/* A key of lifecycle, or -ENOENT. */
static int update_lifecycle(struct nsc_lifecycle *l, const char *key,
			    size_t length, const char *value,
			    struct nsc_error *err)
{
	const struct nsc_lifecycle_key *k = nsc_lifecycle_keys;
	const struct nsc_lifecycle_key *end = k + NSC_LIFECYCLE_KEYS;
	long long number = 0;

	while (k < end && (strlen(k->name) != length ||
			   strncmp(k->name, key, length) != 0))
		k++;
	if (k == end)
		return -ENOENT;
	if (k->choices)
		while (k->choices[number] &&
		       strcmp(k->choices[number], value) != 0)
			number++;
	if (k->choices ? !k->choices[number] :
			 nsc_text_number(value, 0, k->max, &number) < 0)
		return k->choices ?
			nsc_error_set(err, EINVAL, "%s: '%s': expected %s, %s "
				      "or %s", k->name, value, k->choices[0],
				      k->choices[1], k->choices[2]) :
			nsc_error_set(err, EINVAL, "%s: '%s': expected a "
				      "number from 0 to %u", k->name, value,
				      k->max);
	*(unsigned int *)(void *)((char *)l + k->at) = (unsigned int)number;
	return 0;
}

static int update_set(struct nsc_cgroup_limits *l,
		      struct nsc_lifecycle *lifecycle, const char *setting,
		      struct nsc_error *err)
{
	size_t length = strcspn(setting, "=");
	const char *value = setting + length + (setting[length] == '=');
	unsigned int n = 0;
	long long number;
	int ret = update_lifecycle(lifecycle, setting, length, value, err);

	if (ret != -ENOENT)
		return ret;

	while (n < NSC_CGROUP_NUMBERS &&
	       (strlen(nsc_cgroup_keys[n].name) != length ||
		strncmp(nsc_cgroup_keys[n].name, setting, length) != 0))
		n++;
	if (n == NSC_CGROUP_NUMBERS)
		return nsc_error_set(err, EINVAL, "'%s': expected KEY=VALUE, "
				     "with a key of lifecycle, or one of "
				     "cgroups that is a number", setting);
	if ((nsc_cgroup_is_bytes(n) ? nsc_text_bytes(value, &number) :
	     nsc_text_number(value, INT64_MIN, INT64_MAX, &number)) < 0 ||
	    !nsc_cgroup_number_valid(n, number) ||
	    number == nsc_cgroup_keys[n].none)
		return nsc_error_set(err, EINVAL, "%s: '%s': expected a number "
				     "from %lld to %lld%s",
				     nsc_cgroup_keys[n].name, value,
				     (long long)nsc_cgroup_keys[n].min,
				     (long long)nsc_cgroup_keys[n].max,
				     nsc_cgroup_is_bytes(n) ?
				     ", or bytes such as \"2G\"" : "");
	l->number[n] = number;
	l->set |= 1U << n;
	return 0;
}

/* The account and the files of an update, and the values that it was given. */
struct update {
	struct nsc_user *user;
	struct nsc_policy *policy;
	struct nsc_config *config;	/* NULL: the user has no container */
	struct nsc_lifecycle file;	/* of container.json and the host */
	struct nsc_lifecycle given;	/* on the command line */
	bool settled;	/* the container is as the file says */
};

static void update_free(struct update *u)
{
	nsc_config_cleanup(&u->config);
	nsc_policy_cleanup(&u->policy);
	nsc_user_cleanup(&u->user);
}

/* The file, also for the numbers that are not changed. */
static int update_load(const struct nscontainer *c, struct update *u,
		       bool devices, struct nsc_error *err)
{
	int ret = nsc_api_user(c, &u->user, err);

	if (ret == 0)
		ret = nsc_policy_decide(c->conf, u->user, NULL, &u->policy,
					err);
	if (ret < 0 || !u->policy)
		return ret;
	if (!u->policy->dir)
		return nsc_error_set(err, ENOENT, "user '%s' has no "
				     "container.json", u->user->name);
	ret = nsc_start_load(u->policy->dir, u->user, u->policy->conf,
			     &u->config, err);
	if (ret == 0 && devices)
		ret = nsc_cdi_apply(u->config, err);
	if (ret == 0)
		nsc_lifecycle_merge(&u->policy->conf->lifecycle,
				    &u->config->lifecycle, &u->file);
	return ret;
}

/*
 * Give the state the digest of the file: only what was just changed differed
 * from it.
 */
static void update_digest(const struct update *u, struct nsc_state *state,
			  char digest[NSC_DIGEST_SIZE],
			  char files[NSC_DIGEST_PART])
{
	if (strlen(state->digest) != NSC_DIGEST_SIZE - 1)
		return;
	nsc_digest_files(u->config->content, u->config->seccomp, files);
	strcpy(digest, state->digest);
	memcpy(digest + (size_t)NSC_DIGEST_FILES * NSC_DIGEST_PART, files,
	       NSC_DIGEST_PART - 1);
	state->digest = digest;
	state->files = files;
}

/*
 * The monitor reads the state again when it is woken, and each login reads it.
 * A container that an administrator has started stays until it is stopped.
 */
static int update_state(int instance, struct nsc_state *state,
			const struct update *u,
			const struct nsc_lifecycle *lifecycle,
			struct nsc_error *err)
{
	char digest[NSC_DIGEST_SIZE], files[NSC_DIGEST_PART];
	const char *exclusive = nsc_generation_exclusive(u->config);
	char **networks = state->networks, **changed = NULL;
	struct nsc_lifecycle none;
	int ret;

	nsc_lifecycle_unset(&none);
	if (!memcmp(lifecycle, &none, sizeof(none)))
		return 0;
	/* Only the frozen part of its state is known here. */
	if (state->other_version)
		return nsc_error_set(err, EPROTO, "another version of "
				     "nscontainer has started the container: "
				     "the lifecycle takes effect in a new one");
	nsc_lifecycle_merge(&state->lifecycle, lifecycle, &state->lifecycle);
	if (lifecycle->stop != NSC_LIFECYCLE_UNSET &&
	    (!strcmp(state->stop, "empty") || !strcmp(state->stop, "logout") ||
	     !strcmp(state->stop, "never")))
		state->stop = (char *)(uintptr_t)
			nsc_lifecycle_stop_name(lifecycle->stop);
	if (state->own_init && !strcmp(state->stop, "empty"))
		state->stop = (char *)(uintptr_t)
			nsc_lifecycle_stop_name(NSC_STOP_LOGOUT);
	if (u->settled)
		update_digest(u, state, digest, files);
	/*
	 * Note an exclusive device that is new, or, if the container is as
	 * after a start, the key that a start would note.
	 */
	if (lifecycle == &u->file && (u->settled || !state->exclusive))
		state->exclusive = (char *)(uintptr_t)exclusive;
	ret = nsc_lifecycle_check(&state->lifecycle, state->has_groups, err);
	if (ret == 0 && lifecycle == &u->file) {
		changed = nsc_network_describe_lists(u->config, networks);
		ret = changed ? 0 : nsc_error_sys(err, ENOMEM, "state");
	}
	if (changed)
		state->networks = changed;
	if (ret == 0)
		ret = nsc_state_replace(instance, state, err);
	state->networks = networks;
	nsc_text_free_vector(changed);
	if (ret == 0)
		nsc_instance_wake(state->uid, state->generation);
	return ret;
}

/*
 * Only what is changed is written.  A pair, such as cpu_quota and cpu_period,
 * is checked together with the file's.
 */
static int update_limits(struct nsc_config *config, char *const *settings,
			 struct nsc_lifecycle *lifecycle, struct nsc_error *err)
{
	struct nsc_cgroup_limits *l = &config->cgroups.limits;
	struct nsc_cgroup_limits given = { .set = 0 };
	bool settings_given = settings;
	const char *problem;
	int ret = 0;

	for (; ret == 0 && settings && *settings; settings++)
		ret = update_set(&given, lifecycle, *settings, err);
	for (unsigned int n = 0; n < NSC_CGROUP_NUMBERS; n++)
		if (nsc_cgroup_has(&given, n)) {
			l->number[n] = given.number[n];
			l->set |= 1U << n;
			l->wished &= ~(1U << n);
		}
	problem = ret == 0 ? nsc_cgroup_limits_check(l) : NULL;
	if (problem)
		return nsc_error_set(err, EINVAL, "cgroups.%s", problem);
	if (settings_given) {
		l->set = given.set;
		l->wished = 0;
		free(l->cpus);
		free(l->mems);
		l->cpus = l->mems = NULL;
		l->n_io_max = l->n_hugetlb = l->n_rdma = 0;
		l->n_unified = 0;
	}
	return ret;
}

static int update_group(const struct nsc_cgroup_limits *l,
			const struct nsc_cgroup_entry *e, unsigned int *had,
			struct nsc_error *err)
{
	_cleanup_fd_ int dir = open(e->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct nsc_cgroup_hierarchy h = {
		.v2 = !nsc_cgroup_entry_is_v1(e),
		.controllers = nsc_cgroup_controllers(e->controllers, ","),
	};
	struct nsc_cgroup_limits first = *l;
	int ret;

	if (dir < 0)
		return nsc_error_sys(err, errno, "group '%s'", e->path);
	*had |= h.controllers;
	ret = nsc_cgroup_apply(l, &h, dir, err);
	if (ret == 0 || h.v2 || !nsc_cgroup_has(l, NSC_CGROUP_N_MEMORY))
		return ret;
	/* v1: memory and swap together are never below memory alone. */
	first.set = l->set & 1U << NSC_CGROUP_N_SWAP;
	nsc_cgroup_apply(&first, &h, dir, NSC_IGNORE);
	nsc_error_clear(err);
	return nsc_cgroup_apply(l, &h, dir, err);
}

static int update_groups(int instance, const struct nsc_cgroup_limits *l,
			 struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	unsigned int had = 0, lacks;
	int ret = nsc_cgroup_tree_load(instance, &tree);

	if (ret < 0)
		return nsc_error_set(err, -ret, "the container has no control "
				     "groups, which limits need");
	for (size_t i = 0; ret == 0 && i < tree->n; i++)
		if (nsc_cgroup_entry_is_own(&tree->list[i]))
			ret = update_group(l, &tree->list[i], &had, err);
	lacks = nsc_cgroup_needs(l) & ~had &
		~NSC_CGROUP_BIT(NSC_CGROUP_UNIFIED);
	for (unsigned int n = 0; ret == 0 && n < NSC_CGROUP_CONTROLLERS; n++)
		if (lacks & NSC_CGROUP_BIT(n))
			return nsc_error_set(err, EOPNOTSUPP, "the container "
					     "has no group of the %s "
					     "controller: a limit takes effect "
					     "in a new container",
					     nsc_cgroup_controller_name(n,
									false));
	return ret;
}

/* Note the limits before the first one changes. */
static int update_note(int instance, char *const *settings,
		       struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (!settings)
		return 0;
	fd = openat(instance, FILE_UPDATED, O_WRONLY | O_CREAT | O_APPEND |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	for (; fd >= 0 && *settings; settings++)
		if (dprintf(fd, " %s", *settings) < 0)
			nsc_fd_close(&fd);
	return fd < 0 ? nsc_error_sys(err, errno, "note the change") : 0;
}

char *nsc_api_updated(int instance)
{
	_cleanup_fd_ int fd = openat(instance, FILE_UPDATED, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	char *text = NULL;

	if (fd >= 0)
		nsc_file_read(fd, FILE_UPDATED, 65536, &text, NULL, NSC_IGNORE);
	return text;
}

/* A network that is the host's or a joined one has no lists. */
static int update_lists(const struct nsc_config *config, int instance,
			const struct nsc_state *state, struct nsc_error *err)
{
	int ret;

	if (!(state->namespaces & CLONE_NEWNET) ||
	    (nsc_network_joins(config) && !nsc_lists_wanted(config)))
		return 0;
	ret = nsc_lists_update(config, state->pid, err);
	if (ret == 0)
		ret = nsc_resolver_update(config, instance, err);
	return ret < 0 ? nsc_error_context(err, "networks: allow, deny "
					  "and rate") :
			 0;
}

/* The ids of the container are those that it runs with. */
static int update_devices(struct update *u, int instance, int pidfd,
			  const struct nsc_state *state, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_plan *plan = calloc(1, sizeof(*plan));
	int uids, gids;

	if (!plan)
		return nsc_error_sys(err, ENOMEM, "devices");
	*plan = (struct nsc_plan){
		.config = u->config, .user = u->user, .login = true,
		.name = u->user->name, .rundir = instance,
		.generation = state->generation,
	};
	/* A start makes other ids, which is seen in the rest of the file. */
	if (((u->config->namespaces ^ state->namespaces) & CLONE_NEWUSER) ||
	    state->other_version)
		return 0;
	uids = nsc_idmap_read(state->pid, "uid_map", plan->uid_map);
	gids = nsc_idmap_read(state->pid, "gid_map", plan->gid_map);
	if (uids < 0 || gids < 0)
		return nsc_error_sys(err, uids < 0 ? -uids : -gids,
				     "read the container's ids");
	plan->n_uid_map = (size_t)uids;
	plan->n_gid_map = (size_t)gids;
	return nsc_devices_update(plan, pidfd, &u->settled, err);
}

/* Put the keys of the file into force, besides limits and lifecycle. */
static int update_from_file(struct update *u, int instance, int pidfd,
			    const struct nsc_state *state,
			    struct nsc_error *err)
{
	int ret = update_lists(u->config, instance, state, err);

	return ret < 0 ? ret : update_devices(u, instance, pidfd, state, err);
}

static int update_running(struct update *u, int rundir,
			  const struct nscontainer *c, char *const *settings,
			  struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_turn_ struct nsc_turn turn = NSC_TURN_INIT;
	_cleanup_fd_ int instance = -1;
	_cleanup_fd_ int pidfd = -1;
	/* Others must not start or stop it meanwhile. */
	int ret = rundir < 0 ? 0 : nsc_turn_demand(rundir, &turn, err);

	if (ret < 0)
		return ret;
	instance = nsc_api_current(c->rundir, err);
	pidfd = instance < 0 ? instance : nsc_running_find(instance, &state,
							   err);
	if (pidfd < 0)
		return pidfd;
	if (state->external)
		return nsc_error_set(err, EPERM, "another engine made the "
				     "container: change it with that engine");
	ret = update_note(instance, settings, err);
	if (ret == 0 && !settings)
		ret = update_from_file(u, instance, pidfd, state, err);
	if (ret == 0 && (!settings || u->config->cgroups.limits.set))
		ret = update_groups(instance, &u->config->cgroups.limits, err);
	if (ret == 0)
		ret = update_state(instance, state, u, settings ? &u->given :
								  &u->file,
				   err);
	if (ret == 0 && !settings)
		unlinkat(instance, FILE_UPDATED, 0);
	return ret;
}

static int update(const struct nscontainer *c, char *const *settings,
		  struct nsc_error *err)
{
	struct update u = { .user = NULL };
	_cleanup_fd_ int rundir = -1;
	int ret;

	if (c->dir)
		return nsc_error_set(err, EINVAL, "update: '%s' is a directory",
				     c->dir);
	nsc_lifecycle_unset(&u.given);
	ret = update_load(c, &u, !settings, err);
	if (ret == 0 && u.config)
		ret = update_limits(u.config, settings, &u.given, err);
	if (ret == 0 && u.config) {
		rundir = nsc_rundir_open(c->rundir, err);
		ret = update_running(&u, rundir, c, settings, err);
	}
	update_free(&u);
	return ret;
}

NSC_PUBLIC int nscontainer_update(const struct nscontainer *container,
				  char *const *settings,
				  struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = update(container, settings, &e);

	return nsc_api_result_of(container, ret, &e, err);
}
