/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit purge, reset, adopt and disown: what /var/lib/nscontainer keeps of a
 * user, or of a directory.  Each is one rename(2), after which nobody finds the
 * data any more, or somebody does; removing it may take its time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "container/account.h"
#include "doctor/commands.h"
#include "rundir/rundir.h"
#include "rundir/running.h"
#include "rundir/statedir.h"
#include "rundir/turn.h"
#include "util/command.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define RM "/bin/rm"
#define RM_TIMEOUT 604800	/* seconds; a layer may have many files */

struct kept {
	const struct nscontainer *container;
	char path[PATH_MAX];	/* /var/lib/nscontainer/NAME */
	char config[PATH_MAX];	/* of a directory */
	struct nsc_turn turn;
};

#define KEPT_INIT { .turn = NSC_TURN_INIT }

static void kept_find(struct kept *k, const struct nscontainer *c)
{
	k->container = c;
	if (c->user) {
		nsc_statedir_path(c->user, k->path);
		return;
	}
	snprintf(k->config, sizeof(k->config), "%.4000s/" NSC_CONFIG_FILE,
		 c->dir);
	nsc_statedir_path_of_dir(k->config, k->path);
}

/* No start may begin meanwhile.  Without an account, none can. */
static int kept_lock(struct kept *k, struct nsc_error *err)
{
	const struct nscontainer *c = k->container;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	uid_t uid;
	int ret = 0;

	if (c->user) {
		ret = nsc_user_uid(c->user, &uid);
		if (ret == -ENOENT)
			return 0;
		ret = ret < 0 ? nsc_error_sys(err, -ret, "user '%s'", c->user) :
				nsc_rundir_path(uid, &path, err);
	}
	if (ret < 0)
		return ret;
	rundir = nsc_rundir_make(path ? path : c->rundir, err);
	return rundir < 0 ? rundir : nsc_turn_demand(rundir, &k->turn, err);
}

static int kept_is_used(int instance, unsigned int number, void *arg,
			struct nsc_error *err)
{
	const struct kept *k = arg;
	const char *user = k->container->user;
	_cleanup_state_ struct nsc_state *state = NULL;
	bool ending;
	_cleanup_fd_ int pidfd = nsc_running_find_any(instance, &ending, &state,
						      err);

	(void)number;
	if (pidfd < 0)
		return pidfd;
	if (user ? !*state->conf || strcmp(state->user, user) != 0 :
		   strcmp(state->config, k->config) != 0)
		return -ESRCH;
	return user ? nsc_error_set(err, EBUSY, "'%s' is in use by a container "
				    "(process %d): end it by 'nsinit stop %s'",
				    k->path, state->pid, user) :
		      nsc_error_set(err, EBUSY, "'%s' is in use by a container "
				    "(process %d): end it by 'nsinit stop "
				    "--root %s'", k->path, state->pid,
				    k->container->dir);
}

static int kept_rm(const char *path, struct nsc_error *err)
{
	char *const argv[] = { (char[]){ "rm" }, (char[]){ "-rf" },
			       (char[]){ "--one-file-system" },
			       (char[]){ "--" }, (char *)(uintptr_t)path,
			       NULL };
	char *const env[] = { (char[]){ "PATH=" NSC_PATH }, NULL };
	const struct nsc_command rm = {
		.path = RM, .argv = argv, .envp = env, .timeout = RM_TIMEOUT,
	};
	char text[256];
	int ret = nsc_command_run(&rm, text, sizeof(text));

	if (ret < 0)
		return nsc_error_sys(err, -ret, "run " RM);
	text[strcspn(text, "\n")] = '\0';
	return ret == 0 ? 0 :
	       nsc_error_set(err, EIO, "'%s' is nobody's any more, but not all "
			     "of it can be removed: %s", path, text);
}

/* Rename name in dir, so that it lasts. */
static int kept_rename(int dir, const char *name, const char *to,
		       struct nsc_error *err)
{
	if (renameat(dir, name, dir, to) < 0 || fsync(dir) < 0)
		return -errno == -ENOENT ? -ENOENT :
			nsc_error_sys(err, errno, "rename '%s' to '%s'", name,
				      to);
	return 0;
}

/*
 * Remove path, a file of a directory that only root can enter.  What a purge
 * that was killed has left goes first, so that there is one at a time.
 */
static int kept_remove(const char *path, struct nsc_error *err)
{
	char old[PATH_MAX + sizeof(NSC_STATEDIR_PURGE)];
	const char *name = strrchr(path, '/') + 1;
	_cleanup_fd_ int dir = nsc_file_open_parent(path, &name, err);
	bool left;
	int ret;

	if (dir < 0)
		return dir;
	snprintf(old, sizeof(old), "%.*s" NSC_STATEDIR_PURGE "%s",
		 (int)(name - path), path, name);
	left = access(old, F_OK) == 0;
	ret = left ? kept_rm(old, err) : 0;
	if (ret == 0)
		ret = kept_rename(dir, name, strrchr(old, '/') + 1, err);
	if (ret == 0)
		ret = kept_rm(old, err);
	return ret == -ENOENT && left ? 0 : ret;
}

static int kept_nothing(const struct kept *k, int ret, struct nsc_error *err)
{
	const struct nscontainer *c = k->container;

	return ret != -ENOENT ? ret :
	       nsc_error_set(err, ENOENT, "nothing is kept of '%s'",
			     c->user ? c->user : c->dir);
}

static int kept_purge(struct kept *k, bool layer, struct nsc_error *err)
{
	const struct nsc_api_act act = { kept_is_used, k };
	int ret = kept_lock(k, err);

	if (ret == 0)
		ret = nsc_api_all(&act, err);
	if (ret < 0)
		return ret;
	nsc_error_clear(err);
	if (layer)
		strncat(k->path, "/overlay",
			sizeof(k->path) - strlen(k->path) - 1);
	return kept_nothing(k, kept_remove(k->path, err), err);
}

int nsc_kept_purge(const struct nscontainer *container, bool layer,
		   struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct kept k = KEPT_INIT;
	int ret;

	kept_find(&k, container);
	ret = kept_purge(&k, layer, &e);
	nsc_turn_end(&k.turn);
	return nsc_api_result(ret, &e, err);
}

static int kept_adopt(struct kept *k, struct nsc_error *err)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	_cleanup_fd_ int dir = nsc_file_open_dir(k->path, err);
	struct nsc_statedir whose = { .root_uid = (uid_t)-1 };
	struct nsc_account account;
	_cleanup_fd_ int again = -1;
	int ret = dir < 0 ? kept_nothing(k, dir, err) :
		  nsc_user_load(k->container->user, &user, err);

	if (ret < 0)
		return ret;
	nsc_account_now(user, &account);
	ret = nsc_account_write(dir, &account, err);
	if (ret == 0)
		ret = kept_rename(dir, NSC_STATEDIR_GONE, NSC_STATEDIR_UID,
				  err);
	if (ret < 0 && ret != -ENOENT)
		return nsc_error_context(err, "%s", k->path);
	/* Its uid may be another one's nevertheless. */
	whose.user = user;
	again = nsc_statedir_open(&whose, err);
	return again < 0 ? again : 0;
}

int nsc_kept_adopt(const struct nscontainer *container,
		   struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct kept k = KEPT_INIT;

	kept_find(&k, container);
	return nsc_api_result(kept_adopt(&k, &e), &e, err);
}

static int kept_disown(const struct kept *k, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(k->path, err);
	int ret = dir < 0 ? dir : kept_rename(dir, NSC_STATEDIR_UID,
					      NSC_STATEDIR_GONE, err);

	return ret == -ENOENT ? nsc_error_clear(err) : ret;
}

int nsc_kept_disown(const struct nscontainer *container,
		    struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct kept k = KEPT_INIT;
	int ret, stopped;

	kept_find(&k, container);
	/* From here on no start gets the data; so a stop is enough. */
	ret = nsc_api_result(kept_disown(&k, &e), &e, err);
	stopped = nscontainer_stop(container, 0, ret < 0 ? NULL : err);
	return ret < 0 || stopped == -ESRCH ? ret : stopped;
}
