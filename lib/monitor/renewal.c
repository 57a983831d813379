/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, as root of the host.  The user may ask at any
 * rate: one child runs at a time, and one in a second.  A FIFO takes no
 * descriptors, which the monitor would have to close.
 */
#include "monitor/renewal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/pidfd.h"
#include "monitor/session_table.h"
#include "rundir/monitor_start.h"
#include "util/acl.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define PAUSE_MS 1000

int renewal_open(struct renewal *r, uid_t uid, struct nsc_error *err)
{
	int ret = mkfifoat(NSC_MONITOR_RUNDIR, NSC_FILE_RENEW, 0600);

	r->pidfd = r->fifo = -1;
	/* A monitor that was killed has made it. */
	if (ret == 0 || errno == EEXIST)
		r->fifo = openat(NSC_MONITOR_RUNDIR, NSC_FILE_RENEW, O_RDWR |
				 O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	ret = r->fifo < 0 ? -errno :
			    nsc_acl_grant(r->fifo, uid, NSC_ACL_WRITE);
	return ret < 0 ? nsc_error_sys(err, -ret, "make '" NSC_FILE_RENEW "'") :
			 0;
}

static void __attribute__((noreturn)) renewal_run(const struct nsc_state *state)
{
	char *const argv[] = {
		(char[]){ "login-start" }, (char[]){ "renew" }, state->conf,
		state->user, NULL,
	};
	char *const envp[] = { (char[]){ "PATH=" NSC_PATH }, NULL };
	/* /dev/null takes the place of a login's socket. */
	const int null = STDIN_FILENO;

	setsid();
	if (nsc_process_clean(&null, 1) == 0)
		execve(NSC_RENEW, argv, envp);
	_exit(127);
}

void renewal_serve(struct renewal *r, const struct nsc_state *state, bool begin)
{
	char bytes[512];
	int64_t now = nsc_process_now();
	pid_t pid;

	(void)!read(r->fifo, bytes, sizeof(bytes));
	/* The container of a directory has no nscontainer.conf. */
	if (!begin || !*state->conf || now < r->next ||
	    (r->pidfd >= 0 && nsc_pidfd_alive(r->pidfd)))
		return;
	nsc_fd_close(&r->pidfd);
	r->next = now + PAUSE_MS;
	pid = nsc_process_fork_unwatched();
	if (pid == 0)
		renewal_run(state);
	if (pid > 0)
		r->pidfd = nsc_pidfd_open(pid);
}
