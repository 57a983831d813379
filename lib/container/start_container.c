/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host. */
#include "container/start_container.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "cgroup/cgroups.h"
#include "container/account.h"
#include "container/answers.h"
#include "config/engine_keys.h"
#include "container/devices.h"
#include "container/exposed.h"
#include "container/external.h"
#include "container/generation.h"
#include "container/hooks.h"
#include "container/image.h"
#include "rundir/running.h"
#include "container/labels.h"
#include "container/missing.h"
#include "container/nested.h"
#include "container/others.h"
#include "container/sized.h"
#include "container/start_monitor.h"
#include "network/network.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "seccomp/filter.h"
#include "container/stop_container.h"
#include "container/subid.h"

#define TTY_GID 5		/* the tty group, in every distribution */
#define GRACE_MAX 5		/* seconds, for a replaced container */

int nsc_start_load(const char *dir, const struct nsc_user *user,
		   const struct nsc_conf *conf, struct nsc_config **ret,
		   struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config = NULL;
	_cleanup_config_files_ struct nsc_config_files files = { .n = 0 };
	_cleanup_free_ char *file = NULL;
	int error;

	if (asprintf(&file, "%s/%s", dir, NSC_CONFIG_FILE) < 0) {
		file = NULL;
		return nsc_error_sys(err, ENOMEM, "%s", dir);
	}
	error = nsc_config_files_load(file, NSC_CONFIG_TEXTS, &files, err);
	if (error == 0)
		error = nsc_config_parse_files(&files, file, dir, user,
					       &config, err);
	if (error == 0)
		error = nsc_external_finish(config, conf->pidfile, user, err);
	if (error < 0)
		return error;
	*ret = NSC_TAKE_PTR(config);
	return error;
}

/* Put id into own, which is in ascending order; false where it is there. */
static bool insert_id(uint32_t *own, size_t *n, uint32_t id)
{
	size_t at = *n;

	while (at > 0 && own[at - 1] > id)
		at--;
	if (at > 0 && own[at - 1] == id)
		return false;
	memmove(own + at + 1, own + at, (*n - at) * sizeof(*own));
	own[at] = id;
	(*n)++;
	return true;
}

static void remove_id(uint32_t *own, size_t *n, uint32_t id)
{
	size_t at = 0;

	while (own[at] != id)
		at++;
	(*n)--;
	memmove(own + at, own + at + 1, (*n - at) * sizeof(*own));
}

/*
 * Map the user's groups to themselves, so that inside they allow and deny the
 * same as on the host: as many as the kernel takes, the primary group first.
 * Group 0 is excluded: inside it belongs to the container's root.
 */
static int map_groups(struct nsc_plan *plan, uint32_t first,
		      struct nsc_error *err)
{
	const struct nsc_user *user = plan->user;
	_cleanup_free_ uint32_t *own = calloc((size_t)user->n_groups + 1,
					      sizeof(*own));
	size_t n = 0;

	if (!own)
		return nsc_error_sys(err, ENOMEM, "groups");
	plan->unmapped_groups = 0;
	insert_id(own, &n, user->gid);
	for (int i = 0; i < user->n_groups; i++) {
		uint32_t id = user->groups[i];

		if (id == 0 || !insert_id(own, &n, id) || n <= NSC_IDMAP_OWN ||
		    nsc_idmap_automatic(own, n, first, plan->gid_map))
			continue;
		remove_id(own, &n, id);
		plan->unmapped_groups++;
	}
	/* Never map root to itself: root inside is nobody on the host. */
	plan->n_gid_map = nsc_idmap_automatic(own, user->uid ? n : 0, first,
					      plan->gid_map);
	return 0;
}

static int map_automatically(struct nsc_plan *plan,
			     const struct nsc_conf *conf,
			     struct nsc_error *err)
{
	const struct nsc_user *user = plan->user;
	uint32_t uid, gid;
	int ret = nsc_subid_find(user, conf, &uid, &gid, err);

	if (ret < 0)
		return ret;
	plan->n_uid_map = nsc_idmap_automatic(&user->uid, user->uid != 0, uid,
					      plan->uid_map);
	return map_groups(plan, gid, err);
}

static int map_as_configured(struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;

	memcpy(plan->uid_map, config->uid_mappings,
	       config->n_uid_mappings * sizeof(*plan->uid_map));
	memcpy(plan->gid_map, config->gid_mappings,
	       config->n_gid_mappings * sizeof(*plan->gid_map));
	plan->n_uid_map = config->n_uid_mappings;
	plan->n_gid_map = config->n_gid_mappings;
	return 0;
}

/* Check that the map has the ids that a container needs. */
static int check_map(struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const char *file = config->file;
	/* With another engine, the user cannot fix them in container.json. */
	const char *uids = config->pidfile ? "uid_map of the container" :
					     "uid_mappings";
	const char *gids = config->pidfile ? "gid_map of the container" :
					     "gid_mappings";

	if (nsc_idmap_to_host(plan->uid_map, plan->n_uid_map, 0,
			      &plan->root_uid) < 0 ||
	    nsc_idmap_to_host(plan->gid_map, plan->n_gid_map, 0,
			      &plan->root_gid) < 0)
		return nsc_error_set(err, EINVAL, "%s: %s and %s: must map 0, "
				     "the container's root", file, uids, gids);
	if (nsc_idmap_to_host(plan->gid_map, plan->n_gid_map, TTY_GID,
			      &plan->tty_gid) < 0)
		return nsc_error_set(err, EINVAL, "%s: %s: must map %d, the "
				     "tty group, or no terminal would work",
				     file, gids, TTY_GID);
	if (!plan->login)
		return 0;
	if (nsc_idmap_to_host(plan->uid_map, plan->n_uid_map, plan->user->uid,
			      &plan->user_uid) < 0)
		return nsc_error_set(err, EINVAL, "%s: %s: must map %u, the "
				     "uid of '%s'", file, uids,
				     plan->user->uid, plan->user->name);
	if (nsc_idmap_to_host(plan->gid_map, plan->n_gid_map, plan->user->gid,
			      &plan->user_gid) < 0)
		return nsc_error_set(err, EINVAL, "%s: %s: must map %u, the "
				     "gid of '%s'", file, gids,
				     plan->user->gid, plan->user->name);
	return 0;
}

int nsc_start_map_ids(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err)
{
	int ret;

	plan->user_uid = plan->user->uid;
	plan->user_gid = plan->user->gid;
	if (plan->config->pidfile)
		return check_map(plan, err);
	if (!(plan->config->namespaces & CLONE_NEWUSER)) {
		plan->tty_gid = TTY_GID;
		return 0;
	}
	ret = plan->config->automatic_mappings ?
		      map_automatically(plan, conf, err) :
		      map_as_configured(plan);
	if (ret < 0)
		return ret;
	/* A login of root needs host ids 0, which are never mapped. */
	if (plan->login && plan->user->uid == 0)
		return nsc_error_set(err, EINVAL, "%s: root's own container "
				     "needs namespaces.NEWUSER to be false",
				     plan->config->file);
	return check_map(plan, err);
}

/* The names must be looked up before the name service is the container's. */
static int ask_name_service(struct nsc_plan *plan, struct nsc_error *err)
{
	size_t n = (size_t)plan->user->n_groups;

	if (!plan->login)
		return 0;
	plan->group_names = calloc(n + 1, sizeof(*plan->group_names));
	if (!plan->group_names)
		return nsc_error_sys(err, ENOMEM, "groups");
	for (size_t i = 0; i < n; i++) {
		int error;

		plan->group_names[i] =
			nsc_user_group_name(plan->user->groups[i], &error);
	}
	return 0;
}

void nsc_start_release(struct nsc_plan *plan)
{
	for (int i = 0; plan->group_names && i < plan->user->n_groups; i++)
		free(plan->group_names[i]);
	free(plan->group_names);
	nsc_text_free_vector(plan->accepted);
	free(plan->home_missing);
	nsc_filters_free(&plan->filters);
}

static int digest(struct nsc_plan *plan, const struct nsc_conf *conf,
		  struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	_cleanup_free_ char *dir = strdup(config->file);
	const struct nsc_digest_source source = {
		.dir = dir, .content = config->content, .user = plan->user,
		.conf = conf, .seccomp = config->seccomp,
	};

	if (!dir)
		return nsc_error_sys(err, ENOMEM, "digest");
	*strrchr(dir, '/') = '\0';
	nsc_digest_files(config->content, config->seccomp, plan->files);
	return nsc_digest_make(&source, plan->digest, err);
}

static int check_rootfs(struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	struct stat st;

	if (stat(config->rootfs, &st) < 0)
		return nsc_error_sys(err, errno, "%s: rootfs '%s'",
				     config->file, config->rootfs);
	plan->image = !S_ISDIR(st.st_mode);
	if (plan->image)
		return nsc_image_check(plan, err);
	return !config->rootfs_verity ? 0 :
	       nsc_error_set(err, EINVAL, "%s: rootfs_verity: '%s' is a "
			     "directory: only an image has a hash",
			     config->file, config->rootfs);
}

/* Keep the text of an error that 'accept' of container.json allows. */
static int let_pass(struct nsc_plan *plan, enum nsc_accept hole, int ret,
		    struct nsc_error *err)
{
	int code = hole == NSC_ACCEPT_FOREIGN_IDS ? -EEXIST : -EPERM;

	if (ret != code || !(plan->config->accept & hole))
		return ret;
	if (nsc_text_append(&plan->accepted, &plan->n_accepted, err->text) < 0)
		return nsc_error_sys(err, ENOMEM, "accept");
	return nsc_error_clear(err);
}

/* The steps that another engine does for its own containers. */
static int prepare_own(struct nsc_plan *plan, const struct nsc_conf *conf,
		       struct nsc_error *err)
{
	int ret = nsc_answers_check(plan, (conf->start_timeout + 1) / 2, err);

	if (ret == 0)
		ret = check_rootfs(plan, err);
	if (ret == 0)
		ret = nsc_missing_check(plan, err);
	/* A service manager always has other processes. */
	if (plan->config->init && !strcmp(plan->stop, "empty"))
		plan->stop = "logout";
	if (ret == 0)
		ret = nsc_parents_find(&conf->cgroup_parents, plan->user,
				       &plan->cgroup_parent, err);
	if (ret == 0)
		ret = nsc_start_map_ids(plan, conf, err);
	if (ret == 0)
		ret = nsc_nested_check(plan, err);
	if (ret == 0)
		ret = let_pass(plan, NSC_ACCEPT_FOREIGN_IDS,
			       nsc_subid_check(plan, conf, err), err);
	if (ret == 0)
		ret = let_pass(plan, NSC_ACCEPT_FOREIGN_IDS,
			       nsc_others_check_ids(plan, err), err);
	if (ret == 0)
		ret = nsc_others_check_layer(plan, err);
	if (ret == 0)
		ret = nsc_devices_check(plan, err);
	if (ret == 0)
		ret = nsc_account_check(plan, false, err);
	if (ret == 0)
		ret = nsc_sized_check(plan, err);
	if (ret == 0)
		ret = let_pass(plan, NSC_ACCEPT_EXPOSED_FILES,
			       nsc_exposed_check(plan, err), err);
	if (ret == 0)
		ret = nsc_hooks_check(plan, err);
	if (ret == 0)
		ret = ask_name_service(plan, err);
	if (ret == 0)
		ret = nsc_network_check(plan->config, err);
	return ret < 0 ? ret : nsc_network_plan(plan, conf, err);
}

int nsc_start_prepare(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	int ret = config->pidfile && !plan->login ?
		  nsc_error_set(err, EINVAL, "pidfile: is for logins: 'nsinit "
				"exec' makes the container of a directory") : 0;

	if (ret == 0)
		ret = nsc_labels_check(config, err);
	/*
	 * The digest is made before the profile is compiled: if the profile
	 * changes in between, the container is recognized as stale.
	 */
	if (ret == 0)
		ret = digest(plan, conf, err);
	if (ret == 0)
		ret = nsc_filters_make(config, &plan->filters, err);
	return ret < 0 || config->pidfile ? ret : prepare_own(plan, conf, err);
}

int nsc_start_check_groups(const struct nsc_plan *plan, char ***ret,
			   struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(plan);
	char **groups = NULL;
	int error = nsc_cgroups_explain(&request, &groups, err);

	if (error == 0)
		error = nsc_lifecycle_check(&plan->lifecycle,
					    groups && *groups, err);
	if (error == 0 && ret)
		*ret = groups;
	else
		nsc_text_free_vector(groups);
	return error;
}

/* Seconds that a replaced container gets to stop. */
static int grace(const struct nsc_conf *conf)
{
	unsigned int half = conf->start_timeout / 2;

	return half < GRACE_MAX ? (int)half : GRACE_MAX;
}

/* The current container. */
struct running {
	struct nsc_state *state;	/* NULL: none runs */
	int instance;
	int pidfd;
	bool replace;			/* stop it before the new one starts */
};

static int stop_replaced(const struct running *r, const struct nsc_conf *conf,
			 struct nsc_error *err)
{
	return !r->replace ? 0 : nsc_stop(r->instance, r->state, r->pidfd,
					  grace(conf), err);
}

static int create(struct nsc_plan *plan, const struct nsc_conf *conf,
		  const struct running *r, struct nsc_error *err)
{
	_cleanup_fd_ int claim = -1;
	int ret;

	/* Started to run until it is stopped, also after a replacement. */
	if (r->state && !strcmp(r->state->stop, "start"))
		plan->stop = "start";
	ret = nsc_start_prepare(plan, conf, err);
	if (ret == 0 && r->replace)
		ret = nsc_start_check_groups(plan, NULL, err);
	if (ret == 0)
		ret = stop_replaced(r, conf, err);
	if (ret == 0)
		ret = nsc_account_check(plan, true, err);
	if (ret == 0)
		ret = nsc_devices_claim(plan, &claim, err);
	return ret < 0 ? ret : nsc_create(plan, err);
}

/* Join another engine's container, which engine.start may start first. */
static int start_join(struct nsc_plan *plan, const struct nsc_conf *conf,
		      const struct running *r, struct nsc_error *err)
{
	struct nsc_external external = NSC_EXTERNAL_INIT;
	int ret;

	ret = nsc_start_prepare(plan, conf, err);
	if (ret == 0)
		ret = stop_replaced(r, conf, err);
	if (ret == 0)
		ret = nsc_external_get(plan, &external, err);
	if (ret == 0)
		ret = nsc_external_maps(&external, plan, err);
	if (ret == 0)
		ret = nsc_start_map_ids(plan, conf, err);
	if (ret == 0)
		ret = nsc_external_record(&external, plan, err);
	nsc_fd_close(&external.pidfd);
	return ret;
}

/*
 * Find the newest instance if it is newer than the current one: the holder of
 * the lock has made it.  Returns 1 if there is one, 0 if not.
 */
static int find_new(struct nsc_plan *plan, int rundir,
		    const struct running *r, struct nsc_error *err)
{
	unsigned int current = nsc_instance_current(rundir);
	_cleanup_free_ unsigned int *list = NULL;
	int n = nsc_instance_list(rundir, &list, err);

	if (n <= 0 || list[n - 1] <= current)
		return n < 0 ? n : 0;
	plan->generation = list[n - 1];
	/* Earlier instances may drain; their groups hold the plain name. */
	plan->beside = n > (r->replace ? 2 : 1);
	plan->rundir = nsc_instance_open(rundir, plan->generation, err);
	return plan->rundir < 0 ? plan->rundir : 1;
}

/* The path is found here, because the hooks inside do not see the directory. */
static void name_bundle(struct nsc_plan *plan)
{
	char link[48];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", plan->rundir);
	(void)!readlink(link, plan->bundle, sizeof(plan->bundle) - 1);
}

static int start(struct nsc_plan *plan, const struct nsc_start_request *request,
		 const struct running *r, struct nsc_error *err)
{
	int found, ret;

	nsc_generation_sweep(request->rundir, request->user->uid);
	if (request->login)
		nsc_generation_end_foreign(request->user);
	found = find_new(plan, request->rundir, r, err);
	if (found < 0)
		return found;
	if (!found && r->state) {
		int has = nsc_rundir_is_locked(r->instance, NSC_FILE_MONITOR,
					       err);

		/* The login that made a new instance was killed meanwhile. */
		if (has != 0)
			return has < 0 ? has :
			       nsc_error_set(err, ESRCH, "the login that asked "
					     "for a new container has ended");
		plan->rundir = r->instance;
		plan->generation = r->state->generation;
		return nsc_monitor_adopt(plan, r->state, r->pidfd, err);
	}
	if (!found)
		return nsc_error_set(err, ESRCH, "the container has ended");
	name_bundle(plan);
	ret = (request->config->pidfile ? start_join :
					  create)(plan, request->conf, r, err);
	if (ret < 0)
		nsc_stop_erase(plan->rundir, plan->generation);
	close(plan->rundir);
	return ret;
}

static int find_running(const struct nsc_start_request *request,
			struct running *r, struct nsc_error *err)
{
	unsigned int current = nsc_instance_current(request->rundir);

	r->instance = nsc_instance_open(request->rundir, current, err);
	if (r->instance == -ENOENT)
		return 0;
	if (r->instance < 0)
		return r->instance;
	r->pidfd = nsc_running_find(r->instance, &r->state, err);
	r->replace = r->pidfd >= 0 && request->replace;
	return r->pidfd < 0 && r->pidfd != -ESRCH ? r->pidfd : 0;
}

/* A directory's container is not the user's; the file is named once. */
static int say_which(const struct nsc_start_request *request,
		     struct nsc_error *err)
{
	const char *file = request->config->file;
	bool named = !strncmp(err->text, file, strlen(file));

	if (!request->login)
		return named ? -err->code :
			       nsc_error_context(err, "start the container of "
						 "%s", file);
	return named ? nsc_error_context(err, "start container '%s'",
					 request->user->name) :
		       nsc_error_context(err, "start container '%s' (%s)",
					 request->user->name, file);
}

int nsc_start(const struct nsc_start_request *request, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_plan *plan = calloc(1, sizeof(*plan));
	struct running running = { .instance = -1, .pidfd = -1 };
	int ret;

	if (!plan)
		return nsc_error_sys(err, ENOMEM, "start");
	*plan = (struct nsc_plan){
		.config = request->config, .user = request->user,
		.login = request->login, .stop = request->stop,
		.name = request->name,
		.leader = request->leader, .dir = request->dir,
		.console = request->console, .conf_path = request->conf_path,
		.refuse_nested = request->conf->nested == NSC_NESTED_REFUSE,
		.deadline = nsc_process_now() +
			    (int64_t)request->conf->start_timeout * 1000,
	};
	nsc_plan_merge(plan, request->conf);
	ret = find_running(request, &running, err);
	if (ret == 0)
		ret = start(plan, request, &running, err);
	if (ret == 0 && plan->unmapped_groups)
		syslog(LOG_AUTHPRIV | LOG_WARNING, "nscontainer: user '%s': "
		       "%zu of %d groups have no id inside, since the kernel "
		       "takes no larger map: what they allow or deny on the "
		       "host does not hold there", plan->user->name,
		       plan->unmapped_groups, plan->user->n_groups);
	if (ret == 0 && !plan->config->pidfile)
		nsc_missing_log(plan);
	nsc_start_release(plan);
	nsc_state_cleanup(&running.state);
	nsc_fd_close(&running.instance);
	nsc_fd_close(&running.pidfd);
	return ret < 0 ? say_which(request, err) : 0;
}
