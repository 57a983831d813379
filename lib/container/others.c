/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/others.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/generation.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "rundir/running.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

static int compare_instances(int rundir, const struct nsc_plan *plan,
			     nsc_others_compare *compare, struct nsc_error *err)
{
	_cleanup_free_ unsigned int *list = NULL;
	int n = nsc_instance_list(rundir, &list, NSC_IGNORE);
	int ret = 0;

	for (int i = 0; ret == 0 && i < n; i++) {
		_cleanup_fd_ int instance = nsc_instance_open(rundir, list[i],
							      NSC_IGNORE);

		if (instance >= 0)
			ret = compare(plan, instance, err);
	}
	return ret;
}

int nsc_others_each(const struct nsc_plan *plan, nsc_others_compare *compare,
		    struct nsc_error *err)
{
	DIR *dir = opendir(NSC_RUNDIR);
	const struct dirent *entry;
	int ret = 0, error = dir || errno == ENOENT ? 0 : -errno;

	while (dir && ret == 0 && (entry = nsc_file_next(dir, &error))) {
		char path[sizeof(NSC_RUNDIR) + NAME_MAX + 1];
		_cleanup_fd_ int rundir = -1;

		snprintf(path, sizeof(path), NSC_RUNDIR "/%s", entry->d_name);
		/* The links with the names of users are not followed. */
		rundir = nsc_rundir_open(path, NSC_IGNORE);
		if (rundir >= 0)
			ret = compare_instances(rundir, plan, compare, err);
	}
	if (dir)
		closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, NSC_RUNDIR) : ret;
}

static const struct nsc_id_mapping *
find_overlap(const struct nsc_config *config, const struct nsc_id_mapping *with)
{
	for (size_t i = 0; i < config->n_uid_mappings; i++)
		if (nsc_idmap_overlap(&config->uid_mappings[i], with))
			return &config->uid_mappings[i];
	return NULL;
}

static int compare_ids(const struct nsc_plan *plan, int instance,
		       struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_running_find(instance, &state, NSC_IGNORE);
	struct nsc_id_mapping theirs[NSC_MAPPINGS_MAX];
	int n;

	if (pidfd < 0 || state->uid == plan->user->uid ||
	    !(state->namespaces & CLONE_NEWUSER))
		return 0;
	n = nsc_idmap_read(state->pid, "uid_map", theirs);
	for (int i = 0; i < n; i++) {
		const struct nsc_id_mapping *m = find_overlap(config,
							      &theirs[i]);

		if (m)
			return nsc_error_set(err, EEXIST, "%s: uid_mappings: "
					     "%u+%u is also in the running "
					     "container of '%s' (%s): take "
					     "other ids", config->file,
					     m->host_id, m->size, state->user,
					     state->config);
	}
	return 0;
}

int nsc_others_check_ids(const struct nsc_plan *plan, struct nsc_error *err)
{
	return plan->config->automatic_mappings ? 0 :
	       nsc_others_each(plan, compare_ids, err);
}

/* A directory that was moved away while its container runs has the layer. */
static int compare_layers(const struct nsc_plan *plan, int instance,
			  struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_running_find(instance, &state, NSC_IGNORE);

	if (pidfd < 0 || *state->conf || !state->exclusive ||
	    strcmp(state->exclusive, NSC_EXCLUSIVE_LAYER) != 0 ||
	    strcmp(state->config, plan->config->file) != 0)
		return 0;
	return nsc_error_set(err, EBUSY, "%s: overlay: the layer is in use by "
			     "the container (process %d) of a directory that "
			     "was here before: end that one first, or set "
			     "overlay to \"tmpfs\"", plan->config->file,
			     state->pid);
}

/* Is this path in /var/lib/nscontainer/NAME/overlay, or a home's image? */
static bool is_layer(const char *path)
{
	const char *name = NSC_STATEDIR "/";
	char real[PATH_MAX];
	const char *dir;

	if (!realpath(path, real) || strncmp(real, name, strlen(name)) != 0)
		return false;
	dir = strchr(real + strlen(name), '/');
	return dir && (!strcmp(dir, "/home.image") ||
		       (!strncmp(dir, "/overlay", 8) && (!dir[8] ||
							 dir[8] == '/')));
}

/* A layer below another overlay, or changed beside its own, gets damaged. */
static int check_sources(const struct nsc_config *config,
			 struct nsc_error *err)
{
	const char *bad = is_layer(config->rootfs) ? config->rootfs : NULL;

	for (size_t i = 0; !bad && i < config->n_mounts; i++)
		if (config->mounts[i].type == NSC_MOUNT_BIND &&
		    config->mounts[i].writable &&
		    is_layer(config->mounts[i].source))
			bad = config->mounts[i].source;
	return !bad ? 0 :
	       nsc_error_set(err, EBUSY, "%s: '%s' is kept for a container, "
			     "and only that one may write to it: copy it",
			     config->file, bad);
}

int nsc_others_check_layer(const struct nsc_plan *plan, struct nsc_error *err)
{
	int ret = check_sources(plan->config, err);

	return ret < 0 || plan->login ||
			       plan->config->overlay != NSC_OVERLAY_PERSISTENT ?
		       ret : nsc_others_each(plan, compare_layers, err);
}
