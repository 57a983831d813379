/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, root of the host.  Until another one answers, no
 * name resolves in the container, and nothing more is reachable.
 */
#include "monitor/resolver_restart.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "monitor/session_log.h"
#include "monitor/session_log_text.h"
#include "monitor/session_table.h"
#include "rundir/monitor_start.h"
#include "util/fd.h"
#include "util/names.h"
#include "util/process.h"

#define DELAY_MS 200		/* before the first new start */
#define DELAY_MAX_MS 60000

/* The number may be another process's by now: the lock says whose it is. */
static int find(void)
{
	pid_t pid = nsc_names_holder(NSC_MONITOR_RUNDIR);
	_cleanup_fd_ int pidfd = pid > 0 ? nsc_pidfd_open(pid) : -1;

	return pidfd >= 0 && nsc_names_holder(NSC_MONITOR_RUNDIR) == pid ?
		NSC_TAKE_FD(pidfd) : -1;
}

void resolver_restart_open(struct resolver_restart *r)
{
	/* The file is there if one was started. */
	bool has = faccessat(NSC_MONITOR_RUNDIR, NSC_FILE_ASKED, F_OK,
			     AT_SYMLINK_NOFOLLOW) == 0;

	r->pidfd = has ? find() : -1;
	r->began = nsc_process_now();
	r->delay = DELAY_MS;
	r->again = has && r->pidfd < 0 ? nsc_process_now() : INT64_MAX;
}

static void tell(const struct nsc_state *state)
{
	char text[RECORD_MAX];
	size_t n = session_log_text_begin("names", state->user, text);

	snprintf(text + n, sizeof(text) - n, " generation=%u error=\"name-"
		 "resolver has ended: it is started again\"",
		 state->generation);
	session_log_event(state->pid, text);
}

void resolver_restart_ended(struct resolver_restart *r)
{
	int64_t now = nsc_process_now();

	/* Reap it, in case it ended before this monitor ignored SIGCHLD. */
	waitid(P_PIDFD, (id_t)r->pidfd, NULL, WEXITED | WNOHANG);
	nsc_fd_close(&r->pidfd);
	if (now - r->began > DELAY_MAX_MS)
		r->delay = DELAY_MS;
	r->again = now + r->delay;
	r->delay = r->delay * 2 < DELAY_MAX_MS ? r->delay * 2 : DELAY_MAX_MS;
}

void resolver_restart_go_on(struct resolver_restart *r,
			    const struct nsc_state *state)
{
	_cleanup_fd_ int net = -1;
	pid_t pid = -1;

	if (r->again > nsc_process_now())
		return;
	r->began = nsc_process_now();
	net = nsc_namespace_open(state->pid, CLONE_NEWNET);
	/* The number is PID 1's as long as PID 1 has not been reaped. */
	if (net >= 0 && nsc_pidfd_alive(NSC_MONITOR_PID1))
		pid = nsc_names_start(NSC_MONITOR_RUNDIR, net,
				      NSC_MONITOR_PID1, NULL);
	r->pidfd = pid > 0 ? nsc_pidfd_open(pid) : -1;
	if (r->pidfd >= 0)
		tell(state);
	r->again = r->pidfd < 0 ? r->began + DELAY_MAX_MS : INT64_MAX;
}
