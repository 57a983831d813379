/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder, root of the host, after the exec of PID 1. */
#include "container/save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "container/generation.h"
#include "container/made.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "rundir/state.h"
#include "linux/pidfd.h"

#define RECORDED "This session is recorded."

/* The message of the administrator, and that a session is recorded. */
static int save_message(const struct nsc_plan *plan, char **ret,
			struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const char *recorded = plan->recording.mode == NSC_RECORD_NONE ? "" :
			       config->record_message ?
			       config->record_message : RECORDED;
	const char *own = config->message ? config->message : "";
	bool both = *own && *recorded;

	if (!config->message && !*recorded)
		return 0;
	if (asprintf(ret, "%s%s%s", own, both ? "\n" : "", recorded) >= 0)
		return 0;
	*ret = NULL;
	return nsc_error_sys(err, ENOMEM, "message");
}

static int save_fill(const struct nsc_save *save, struct nsc_state *state,
		     struct nsc_error *err)
{
	const struct nsc_config *config = save->plan->config;
	int ret = nsc_pidfd_boot_id(state->boot_id);

	if (ret == 0)
		ret = nsc_pidfd_start_time(save->pid, &state->start);
	if (ret == 0)
		ret = nsc_namespace_ids(save->pid, state->ids);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "identify PID 1");
	/* If PID 1 is alive, the lookups by pid above were about PID 1. */
	if (!nsc_pidfd_alive(save->pidfd))
		return nsc_error_set(err, ECHILD, "PID 1 has ended");
	state->pid = save->pid;
	state->since = (int64_t)time(NULL);
	state->namespaces = save->namespaces;
	state->process = config->process;
	state->process.capabilities &= ~save->withheld;
	state->process.ambient &= ~save->withheld;
	state->process.no_new_privs |= save->no_new_privs;
	state->own_init = config->init != NULL;
	state->seccomp = config->seccomp;
	state->filter = save->plan->filters.session;
	state->has_groups = save->has_groups;
	state->login_shell = config->login_shell;
	state->keep_env = config->keep_env;
	state->bring = config->bring;
	state->recording = save->plan->recording;
	state->rootfs = config->rootfs;
	state->external = config->pidfile;
	state->config = config->file;
	/* Only its engine may replace another engine's container. */
	state->on_change = config->pidfile ? NSC_ON_CHANGE_KEEP :
					     config->on_change;
	return 0;
}

static int save_filter(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_seccomp *filter = &plan->filters.session;

	if (!filter->len)
		return 0;
	return nsc_file_write_for(plan->rundir, NSC_FILE_SECCOMP,
				  filter->code,
				  filter->len * sizeof(*filter->code),
				  plan->user->uid, err);
}

/* Another engine makes its devices. */
static int save_made(const struct nsc_plan *plan, struct nsc_error *err)
{
	_cleanup_made_ struct nsc_made made = { .nodes = NULL };
	int ret;

	if (plan->config->pidfile)
		return 0;
	ret = nsc_made_fill(plan, &made, err);
	return ret < 0 ? ret : nsc_made_save(plan->rundir, &made, err);
}

int nsc_save(const struct nsc_save *save, struct nsc_error *err)
{
	const struct nsc_plan *plan = save->plan;
	struct nsc_exec_user *id = save->exec_user;
	_cleanup_free_ char *stop = strdup(plan->stop);
	struct nsc_state state = {
		.user = plan->user->name, .uid = plan->user->uid,
		.host_uid = plan->user_uid, .owner = plan->user->uid,
		.stop = stop, .lifecycle = plan->lifecycle,
		.generation = plan->generation,
		.conf = (char *)(uintptr_t)plan->conf_path,
		.digest = (char *)(uintptr_t)plan->digest,
		.files = (char *)(uintptr_t)plan->files,
		.exclusive = (char *)(uintptr_t)
			     nsc_generation_exclusive(plan->config),
		.run_uid = id->uid, .run_gid = id->gid,
		.groups = { id->groups, id->n_groups },
		.name = id->name,
		.home = id->home, .home_id = save->home_id,
		.home_missing = plan->home_missing, .shell = id->shell,
		/* NULL with another engine, which makes its own networks. */
		.helper = save->network ?
			  (unsigned int)save->network->helper : 0,
		.networks = save->network ?
			    nsc_network_describe(plan, save->network) :
			    calloc(1, sizeof(char *)),
	};
	_cleanup_free_ gid_t *more = calloc(plan->config->n_gids + 1,
					    sizeof(*more));
	int ret;

	state.more_groups = (struct nsc_gids){ more, plan->config->n_gids };
	for (size_t i = 0; more && i < plan->config->n_gids; i++)
		more[i] = nsc_plan_gid(plan, plan->config->gids[i]);
	ret = stop && more && state.networks ? save_filter(plan, err) :
				       nsc_error_sys(err, ENOMEM, "state");
	if (ret == 0)
		ret = nsc_lifecycle_check(&plan->lifecycle, save->has_groups,
					  err);
	if (ret == 0)
		ret = save_message(plan, &state.message, err);
	if (ret == 0)
		ret = save_fill(save, &state, err);
	if (ret == 0)
		ret = save_made(plan, err);
	if (ret == 0 && plan->login && !plan->dry)
		ret = nsc_rundir_link(plan->user->name, plan->user->uid, err);
	if (ret == 0)
		ret = nsc_state_save(plan->rundir, &state, err);
	nsc_text_free_vector(state.networks);
	free(state.message);
	return ret;
}
