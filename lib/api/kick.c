/* SPDX-License-Identifier: Apache-2.0 */
/*
 * End sessions: send SIGHUP, as the end of a connection does, and SIGKILL to
 * the processes that remain.  The login process is signalled by a pidfd that
 * was compared with the session's file, the others by the session's own
 * control group.
 */
#include "api/api.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "api/sessions.h"
#include "util/fd.h"
#include "util/process.h"
#include "cgroup/cgroup_processes.h"
#include "linux/pidfd.h"

#define DEFAULT_TIMEOUT 10	/* seconds between SIGHUP and SIGKILL */
#define KILL_MS 5000		/* for the end of killed processes */
#define STEP_MS 20

struct kick {
	struct nsc_api_sessions all;
	struct session *list;
	size_t n, room;
};

/* Add a session, unless it has ended. */
static int kick_add(int dir, pid_t pid, void *arg)
{
	/*
	 * Opened before the start time is compared, so that the pidfd cannot
	 * be of a later process with the same pid.
	 */
	_cleanup_fd_ int pidfd = nsc_pidfd_open(pid);
	struct kick *k = arg;
	struct session s;

	if (pidfd < 0 || nsc_session_file_read(dir, pid, &s, NSC_IGNORE) < 0 ||
	    !nsc_session_file_is_alive(&s))
		return 0;
	if (k->n == k->room) {
		size_t room = k->room ? 2 * k->room : 16;
		struct session *grown = reallocarray(k->list, room,
						     sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		k->list = grown;
		k->room = room;
	}
	s.pidfd = NSC_TAKE_FD(pidfd);
	k->list[k->n++] = s;
	return 0;
}

/* True if another login has reused the pid, and with it the group's name. */
static bool number_is_taken(const struct kick *k, const struct session *s)
{
	struct session now;

	return nsc_session_file_read(k->all.dir, s->pid, &now,
				     NSC_IGNORE) == 0 &&
	       now.start != s->start;
}

static void kick_signal_all(const struct kick *k, int signal)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct session *s = &k->list[i];

		if (!number_is_taken(k, s))
			nsc_cgroup_session_signal(k->all.tree, s->pid, signal);
		nsc_pidfd_signal(s->pidfd, signal);
	}
}

static bool kick_ended(const struct kick *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (nsc_pidfd_alive(k->list[i].pidfd) ||
		    (!number_is_taken(k, &k->list[i]) &&
		     nsc_cgroup_session_pids(k->all.tree, k->list[i].pid, NULL,
					     0)))
			return false;
	return true;
}

/* A signal is repeated, so that it reaches processes that are forked later. */
static bool wait_for_end(const struct kick *k, int ms, int signal)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };
	int64_t deadline = nsc_process_now() + ms;

	while (!kick_ended(k)) {
		if (nsc_process_now() >= deadline)
			return false;
		if (signal)
			kick_signal_all(k, signal);
		nanosleep(&step, NULL);
	}
	return true;
}

static int kick_end(const struct kick *k, int timeout, struct nsc_error *err)
{
	if (nsc_cgroup_tree_paused(k->all.tree))
		return nsc_error_set(err, EBUSY, "the container is paused, and "
				     "its processes cannot end: use "
				     "'nsinit resume' first");
	if (timeout > 0)
		kick_signal_all(k, SIGHUP);
	if (wait_for_end(k, timeout * 1000, 0) ||
	    wait_for_end(k, KILL_MS, SIGKILL))
		return 0;
	return nsc_error_set(err, ETIMEDOUT, "some processes of the session "
			     "have not ended after SIGKILL");
}

struct whom {
	int pid;	/* 0: all */
	int timeout;	/* seconds */
	char boot_id[NSC_BOOT_ID_SIZE];
};

static int kick(int instance, unsigned int number, void *arg,
		struct nsc_error *err)
{
	const struct whom *whom = arg;
	struct kick k = { .n = 0 };
	int ret = nsc_api_sessions_open(instance, whom->boot_id, &k.all, err);
	int pid = whom->pid, timeout = whom->timeout;

	(void)number;
	if (ret < 0)
		return ret;
	ret = pid ? kick_add(k.all.dir, pid, &k) :
		    nsc_session_file_each(k.all.dir, kick_add, &k);
	if (ret < 0)
		nsc_error_sys(err, -ret, "sessions");
	else if (!k.n && pid)
		ret = nsc_error_set(err, ESRCH, "no session has the login "
				    "process %d: see 'nsinit ps'", pid);
	else if (!k.n)
		ret = nsc_error_set(err, ESRCH, "there is no session");
	else
		ret = kick_end(&k, timeout < 0 ? DEFAULT_TIMEOUT : timeout,
			       err);
	for (size_t i = 0; i < k.n; i++)
		nsc_fd_close(&k.list[i].pidfd);
	free(k.list);
	nsc_api_sessions_close(&k.all);
	return ret;
}

NSC_PUBLIC int nscontainer_kick(const struct nscontainer *container, int pid,
				int timeout, struct nscontainer_error *err)
{
	struct whom whom = { .pid = pid, .timeout = timeout };
	const struct nsc_api_act act = { kick, &whom };
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = pid < 0 || timeout > INT32_MAX / 1000 ?
		nsc_error_set(&e, EINVAL, "no such process or time") :
		nsc_running_boot(whom.boot_id, &e);

	if (ret == 0)
		ret = nsc_api_each(container->rundir, &act, &e);
	return nsc_api_result_of(container, ret, &e, err);
}
