/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/generation.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>

#include "container/stop_container.h"
#include "linux/pidfd.h"
#include "rundir/ending.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "rundir/running.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define LOCK_MS 5000		/* for a start or stop by the old uid */
#define END_MS 1000		/* for the kernel to end killed processes */

const char *nsc_generation_exclusive(const struct nsc_config *config)
{
	/* Two overlays with one upper directory damage it. */
	if (config->overlay == NSC_OVERLAY_PERSISTENT)
		return NSC_EXCLUSIVE_LAYER;
	/* So does a file system that is mounted twice. */
	if (config->home_size)
		return "home_size";
	if (config->cgroups.name && *config->cgroups.name)
		return "cgroups.name";
	for (size_t i = 0; i < config->n_cdi; i++)
		if (config->cdi[i].exclusive)
			return "devices[].exclusive";
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];

		if (n->address && *n->address && n->type != NSC_NETWORK_PASTA)
			return "networks[].address";
		if (n->n_ports)
			return "networks[].ports";
		if (n->type == NSC_NETWORK_MACVLAN && n->mode &&
		    !strcmp(n->mode, "passthru"))
			return "networks[].context.mode \"passthru\"";
	}
	return NULL;
}

static void hand_over(int rundir, int instance, unsigned int heir)
{
	_cleanup_fd_ int to = nsc_instance_open(rundir, heir, NSC_IGNORE);

	if (to >= 0)
		nsc_instance_hand_over(instance, to);
}

/*
 * Go on with an end whose monitor was killed, or has given up.  False: a
 * process still cannot be killed, and a login must not wait for it.
 */
static bool end_now(int instance, const struct nsc_state *state, int pidfd)
{
	if (!state->external)
		nsc_pidfd_signal(pidfd, SIGKILL);
	nsc_ending_kill(instance, state);
	return nsc_process_poll(pidfd, nsc_process_now() + END_MS) > 0;
}

/* heir: the newest instance, which inherits records of ended sessions. */
static void sweep(int rundir, unsigned int number, unsigned int heir, uid_t uid)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int instance = nsc_instance_open(rundir, number,
						      NSC_IGNORE);
	unsigned int current = nsc_instance_current(rundir);
	_cleanup_fd_ int pidfd = -1;
	bool busy, over, ending;

	if (instance < 0)
		return;
	if (nsc_rundir_is_locked(instance, NSC_FILE_MONITOR, NSC_IGNORE) == 1) {
		/* The process that made it drain may have died before this. */
		if (number != current)
			nsc_instance_wake(uid, number);
		return;
	}
	pidfd = nsc_running_find_any(instance, &ending, &state, NSC_IGNORE);
	if (pidfd >= 0 && ending) {
		if (!end_now(instance, state, pidfd))
			return;
		nsc_fd_close(&pidfd);
	}
	busy = nsc_rundir_is_locked(instance, NSC_FILE_SESSIONS,
				    NSC_IGNORE) == 1;
	/* A newer instance with a locked 'sessions' is about to start. */
	over = pidfd < 0 ? number <= current || !busy :
			   number != current && !busy;
	if (over && number != heir)
		hand_over(rundir, instance, heir);
	if (over && pidfd >= 0)
		nsc_stop(instance, state, pidfd, 0, NSC_IGNORE);
	else if (over)
		nsc_stop_erase(instance, number);
}

void nsc_generation_sweep(int rundir, uid_t uid)
{
	_cleanup_free_ unsigned int *list = NULL;
	int n = nsc_instance_list(rundir, &list, NSC_IGNORE);

	for (int i = 0; i < n; i++)
		sweep(rundir, list[i], list[n - 1], uid);
}

/* The account with the old uid is gone, so do not wait for its sessions. */
static void end_foreign(int instance, const struct nsc_user *user)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_running_find(instance, &state, NSC_IGNORE);
	struct nsc_error err = NSC_ERROR_INIT;

	if (pidfd < 0 || strcmp(state->user, user->name) != 0)
		return;
	nsc_stop(instance, state, pidfd, 0, &err);
	syslog(LOG_AUTHPRIV | LOG_WARNING, "nscontainer: the container of '%s' "
	       "belongs to uid %u, but the account now has uid %u: %s%s",
	       state->user, state->uid, user->uid, err.code ? "it cannot be "
	       "stopped: " : "it was stopped", err.code ? err.text : "");
}

void nsc_generation_end_foreign(const struct nsc_user *user)
{
	_cleanup_free_ unsigned int *list = NULL;
	uid_t uid = nsc_rundir_linked(user->name);
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	_cleanup_fd_ int lock = -1;
	int n;

	if (uid == (uid_t)-1 || uid == user->uid ||
	    nsc_rundir_path(uid, &path, NSC_IGNORE) < 0)
		return;
	rundir = nsc_rundir_open(path, NSC_IGNORE);
	if (rundir < 0)
		return;
	lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
			       nsc_process_now() + LOCK_MS, NSC_IGNORE);
	n = lock < 0 ? lock : nsc_instance_list(rundir, &list, NSC_IGNORE);
	for (int i = 0; i < n; i++) {
		_cleanup_fd_ int instance = nsc_instance_open(rundir, list[i],
							      NSC_IGNORE);

		if (instance >= 0)
			end_foreign(instance, user);
	}
}
