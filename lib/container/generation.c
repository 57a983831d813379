/* Runs in: nsinit, root of the host. */
#include "container/generation.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>

#include "util/fd.h"
#include "util/text.h"
#include "rundir/drain.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "container/stop_container.h"

const char *nsc_generation_exclusive(const struct nsc_config *config)
{
	/* The kernel refuses an upper directory that is in use. */
	if (config->overlay == NSC_OVERLAY_PERSISTENT)
		return "overlay \"persistent\"";
	if (config->cgroups.name && *config->cgroups.name)
		return "cgroups.name";
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];

		if (n->address && *n->address && n->type != NSC_NETWORK_PASTA)
			return "networks[].address";
		if (n->type == NSC_NETWORK_MACVLAN && n->mode &&
		    !strcmp(n->mode, "passthru"))
			return "networks[].context.mode \"passthru\"";
	}
	return NULL;
}

/* Is name that of a generation of user's?  The number has no '-'. */
static bool is_of(const char *name, const char *user)
{
	static const char prefix[] = NSC_DRAIN_PREFIX;
	const char *dash = strrchr(name, '-');
	size_t len;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	name += sizeof(prefix) - 1;
	len = dash < name ? 0 : (size_t)(dash - name);
	return len && (!user || (strlen(user) == len &&
				 !strncmp(name, user, len)));
}

int nsc_generation_draining(const char *user, char ***ret,
			    struct nsc_error *err)
{
	struct dirent **names = NULL;
	int count = scandir(NSC_RUNDIR, &names, NULL, versionsort);
	char **list = calloc(1, sizeof(*list));
	int error = list ? 0 : -ENOMEM;
	size_t n = 0;

	for (int i = 0; i < count; i++) {
		char path[sizeof(NSC_RUNDIR) + NAME_MAX + 2];

		snprintf(path, sizeof(path), "%s/%s", NSC_RUNDIR,
			 names[i]->d_name);
		if (error == 0 && is_of(names[i]->d_name, user))
			error = nsc_text_append(&list, &n, path);
		free(names[i]);
	}
	free(names);
	if (error == 0) {
		*ret = list;
		return 0;
	}
	nsc_text_free_vector(list);
	return nsc_error_sys(err, -error, "list the containers");
}

/* Whose account it was has gone, so no session of it is waited for. */
static void end_foreign(int rundir, const struct nsc_state *state, int pidfd,
			uid_t uid)
{
	struct nsc_error err = NSC_ERROR_INIT;

	if (nsc_stop(rundir, state, pidfd, 0, &err) == 0)
		nsc_drain_remove(rundir);
	syslog(LOG_AUTHPRIV | LOG_WARNING, "nscontainer: the container of '%s' "
	       "was of uid %u, and the account is uid %u now: %s%s",
	       state->user, state->uid, uid, err.code ? "it cannot be "
	       "stopped: " : "it was stopped", err.code ? err.text : "");
}

static void sweep(const char *path, uid_t uid)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, NSC_IGNORE);
	_cleanup_fd_ int sessions = -1;
	_cleanup_fd_ int monitor = -1;
	_cleanup_fd_ int pidfd = -1;

	if (rundir < 0)
		return;
	pidfd = nsc_join_find(rundir, &state, NSC_IGNORE);
	/* Its own version knows how it ends. */
	if (pidfd == -EPROTO)
		return;
	if (pidfd >= 0 && uid != (uid_t)-1 && state->uid != uid) {
		end_foreign(rundir, state, pidfd, uid);
		return;
	}
	monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR, LOCK_EX, 0,
				  NSC_IGNORE);
	if (monitor == -EWOULDBLOCK)
		return;
	nsc_fd_close(&monitor);
	sessions = nsc_rundir_lock(rundir, NSC_FILE_SESSIONS, LOCK_EX, 0,
				   NSC_IGNORE);
	/* Another's may hold it for ever. */
	if (sessions == -EWOULDBLOCK &&
	    (pidfd >= 0 || uid == (uid_t)-1 || nsc_rundir_is_of(rundir, uid)))
		return;
	if (pidfd >= 0)
		nsc_stop(rundir, state, pidfd, 0, NSC_IGNORE);
	else
		nsc_stop_clean(rundir, NSC_IGNORE);
	/* Where not even the lock files were made. */
	nsc_drain_remove(rundir);
}

void nsc_generation_sweep(const char *user, uid_t uid)
{
	char **list = NULL;

	if (nsc_generation_draining(user, &list, NSC_IGNORE) < 0)
		return;
	for (char **path = list; path && *path; path++)
		sweep(*path, uid);
	nsc_text_free_vector(list);
}

bool nsc_generation_was_started(const char *user, unsigned int number)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;

	if (nsc_rundir_path_draining(user, number, &path, NSC_IGNORE) < 0)
		return false;
	rundir = nsc_rundir_open(path, false, 0, NSC_IGNORE);
	return rundir >= 0 && nsc_state_load(rundir, &state, NSC_IGNORE) == 0 &&
	       !strcmp(state->stop, "start");
}
