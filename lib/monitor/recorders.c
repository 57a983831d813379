/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, root of the host.  Nothing is read from a client;
 * its recorder, which has the connection, judges it.
 */
#include "monitor/recorders.h"

#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "linux/pidfd.h"
#include "monitor/socket.h"
#include "rundir/monitor_start.h"

#define PROGRAM NSC_LIBEXEC "/container-recorder"

int recorders_open(struct recorders *r, const struct nsc_state *state,
		   struct nsc_error *err)
{
	int fd;

	r->socket = -1;
	if (state->recording.mode == NSC_RECORD_NONE)
		return 0;
	fd = socket_open(NSC_FILE_RECORD, state->uid, err);
	if (fd < 0)
		return fd;
	r->socket = fd;
	return 0;
}

/* Forget the recorders that have ended. */
static void recorders_tidy(struct recorders *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (nsc_pidfd_alive(r->of_user[i]))
			r->of_user[n++] = r->of_user[i];
		else
			close(r->of_user[i]);
	r->n = n;
}

static void __attribute__((noreturn)) recorders_exec(int client)
{
	char name[] = "container-recorder";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };
	const int keep[] = { NSC_MONITOR_RUNDIR, client };

	if (nsc_process_clean(keep, NSC_ARRAY_SIZE(keep)) == 0)
		execve(PROGRAM, argv, envp);
	_exit(1);
}

/*
 * A user's own process can connect without a session, as often as it likes: its
 * recorders are counted.
 */
void recorders_serve(struct recorders *r)
{
	_cleanup_fd_ int client = accept4(r->socket, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { 0, 0, 0 };
	socklen_t len = sizeof(peer);
	pid_t pid;

	if (client < 0 ||
	    getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	recorders_tidy(r);
	if (peer.uid != 0 && r->n == RECORDERS_OF_USER)
		return;
	pid = nsc_process_fork_unwatched();
	if (pid == 0)
		recorders_exec(client);
	if (pid > 0 && peer.uid != 0)
		r->of_user[r->n] = nsc_pidfd_open(pid);
	if (pid > 0 && peer.uid != 0 && r->of_user[r->n] >= 0)
		r->n++;
}
