#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/lock.h"
#include "util/text.h"
#include "rundir/drain.h"
#include "container/generation.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "session/change.h"

/* Each session shares the lock; null where that cannot be read. */
static json_t *count_sessions(int rundir)
{
	struct stat st;
	pid_t pid;
	int n;

	if (fstatat(rundir, NSC_FILE_SESSIONS, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return json_null();
	n = nsc_lock_holders(&st, &pid);
	return n < 0 ? json_null() : json_integer(n);
}

/* The container of a directory knows no nscontainer.conf. */
static bool directory_stale(const struct nsc_state *state,
			    const struct nsc_user *user)
{
	_cleanup_free_ char *dir = strdup(state->config);
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	struct nsc_policy policy = { .dir = dir };
	_cleanup_fd_ int fd = -1;
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash || nsc_conf_parse("", "defaults", &conf, NSC_IGNORE) < 0)
		return false;
	*slash = '\0';
	fd = nsc_file_open(state->config, NSC_IGNORE);
	if (fd < 0 || nsc_hash_file(fd, &policy.content) < 0)
		return true;
	policy.conf = conf;
	return nsc_change_is(state, &policy, user);
}

/* What could not be started again is stale as well. */
static bool is_stale(const struct nsc_state *state)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_policy_ struct nsc_policy *policy = NULL;

	if (!*state->conf)
		return nsc_user_load_uid(0, &user, NSC_IGNORE) < 0 ||
		       directory_stale(state, user);
	return nsc_user_load(state->user, &user, NSC_IGNORE) < 0 ||
	       nsc_policy_decide(state->conf, user, NULL, &policy,
				 NSC_IGNORE) < 0 ||
	       !policy->dir || nsc_change_is(state, policy, user);
}

static NSC_API_KEYS(find_keys, NSCONTAINER_KEYS_FIND);

static json_t *state_json(const struct nsc_state *state, int rundir)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:s, "
			 "s:I, s:s, s:b, s:b, s:o}",
			 "user", state->user, "pid", (int)state->pid, "start",
			 (json_int_t)state->start, "since",
			 (json_int_t)state->since,
			 "sessions", count_sessions(rundir),
			 "rootfs", nsc_api_path(state->rootfs), "external",
			 nsc_api_path(state->external),
			 "config", nsc_api_path(state->config),
			 "stop", state->stop,
			 "generation", (json_int_t)state->generation,
			 "digest", state->digest, "stale", is_stale(state),
			 "draining", nsc_drain_is(rundir),
			 "networks", nsc_api_networks(state->networks));
}

static int find(const char *path, struct nscontainer_record **list,
		struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, err);
	_cleanup_fd_ int pidfd = -1;

	if (rundir < 0)
		return rundir == -ENOENT ?
			nsc_error_set(err, ESRCH, "no container is running") :
			rundir;
	pidfd = nsc_join_find(rundir, &state, err);
	if (pidfd < 0)
		return pidfd;
	return nsc_api_add(list, find_keys, state_json(state, rundir), err);
}

/* Those that drain; while a login may be making one, nothing is swept. */
static int find_draining(const char *user, const char *path,
			 struct nscontainer_record **list,
			 struct nsc_error *err)
{
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int rundir = -1;
	char **paths = NULL;
	int ret = nsc_generation_draining(user, &paths, err);

	if (ret < 0)
		return ret;
	if (*paths)
		rundir = nsc_rundir_open_locked(path, (uid_t)-1, 0, &lock,
						NSC_IGNORE);
	if (rundir >= 0)
		nsc_generation_sweep(user, (uid_t)-1);
	for (char **p = paths; ret == 0 && *p; p++) {
		ret = find(*p, list, err);
		if (ret == -ESRCH)
			ret = 0;
	}
	nsc_text_free_vector(paths);
	return ret;
}

/* So that those of all users need not be looked for one by one. */
static bool any_draining(void)
{
	char **paths = NULL;
	bool any;

	if (nsc_generation_draining(NULL, &paths, NSC_IGNORE) < 0)
		return true;
	any = *paths != NULL;
	nsc_text_free_vector(paths);
	return any;
}

static int find_user(const char *user, const char *path,
		     struct nscontainer_record **list, struct nsc_error *err)
{
	int newest = find(path, list, err);
	int ret = newest == -ESRCH ? 0 : newest;

	if (ret == 0)
		ret = find_draining(user, path, list, err);
	return ret == 0 && !*list ? newest : ret;
}

NSC_PUBLIC int nscontainer_find(const struct nscontainer *container,
				struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	struct nsc_error e = NSC_ERROR_INIT;
	int error = container->user ?
			    find_user(container->user, container->rundir,
				      &list, &e) :
			    find(container->rundir, &list, &e);

	if (error == 0)
		*ret = list;
	else
		nscontainer_record_free(list);
	return nsc_api_result(error, &e, err);
}

/* One that does not run is not an error. */
static int add(const char *name, bool any_draining,
	       struct nscontainer_record **list, struct nsc_error *err)
{
	struct nscontainer_record *records = NULL;
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path(name, &path, err);

	if (ret == 0)
		ret = any_draining ? find_user(name, path, &records, err) :
				     find(path, &records, err);
	if (records)
		nsc_api_append(list, records);
	return ret == -ESRCH ? 0 : ret;
}

NSC_PUBLIC int nscontainer_list(struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nsc_error first = NSC_ERROR_INIT;
	struct dirent **names = NULL;
	int n = scandir(NSC_RUNDIR, &names, NULL, alphasort);
	bool draining = any_draining();
	int error = 0;

	*ret = NULL;
	for (int i = 0; i < n; i++) {
		struct nsc_error e = NSC_ERROR_INIT;
		int one = 0;

		if (names[i]->d_name[0] != '.')
			one = add(names[i]->d_name, draining, ret, &e);
		if (one < 0 && error == 0) {
			error = one;
			first = e;
		}
		free(names[i]);
	}
	free(names);
	return nsc_api_result(error, &first, err);
}
