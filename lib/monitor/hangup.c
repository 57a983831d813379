/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a terminal, the kernel hangs up the processes when it closes; without
 * one, nobody does.  "hangup" must end a command whose connection was lost, but
 * nothing that a user left running on purpose.  The connection was lost for
 *
 *   - a process that the login program itself had started, if the login
 *   program was killed: the process's parent is now outside of the container,
 *   while the parent of a process that a user's program started is inside, or
 *   PID 1;
 *   - the leader of a kernel session without a terminal whose stdout or
 *   stderr is a pipe or a socket without a reader: a command of sshd without
 *   a pty, whose parent in the container has gone with the connection;
 *
 * and for the processes of its kernel session.  After an ordinary logout, a job
 * in the background has lost its leader.  The output of a daemon goes
 * elsewhere.
 */
#include "monitor/hangup.h"

#include <signal.h>
#include <stdlib.h>

#include "monitor/outputs.h"
#include "monitor/processes.h"
#include "monitor/session_cgroups.h"
#include "util/process.h"

#define GRACE_MS 2000		/* between SIGHUP and SIGKILL */
#define AGAIN_MS 500		/* for processes to end after SIGHUP */
#define STEP_MS 50		/* between rounds of SIGKILL */
#define KILL_MS 5000		/* for the kernel to end killed processes */

static bool is_left_behind(const struct process *p, int pidns)
{
	return !processes_inside(p->parent, pidns);
}

/* Choose also the other processes of each kernel session. */
static void hangup_choose_sessions(struct processes *found)
{
	for (size_t i = 0; i < found->n; i++)
		for (size_t j = 0; found->list[i].chosen && j < found->n; j++)
			if (found->list[j].leader == found->list[i].leader)
				found->list[j].chosen = true;
}

/* Returns true if processes of the login program are only ending now. */
static bool hangup_hang_up(struct hangups *all, pid_t login, bool again)
{
	struct processes found;
	bool left = false;

	processes_load(&found, login, all->pidns);
	outputs_choose_unread(&found, &all->looker);
	for (size_t i = 0; i < found.n; i++) {
		struct process *p = &found.list[i];
		bool behind = !again && is_left_behind(p, all->pidns);

		left = left || behind;
		p->chosen = p->chosen || behind;
	}
	hangup_choose_sessions(&found);
	processes_signal(&found, all->pidns, true, SIGHUP);
	processes_signal(&found, all->pidns, true, SIGCONT);
	processes_free(&found);
	return left;
}

static void hangup_signal_all(const struct hangups *all, pid_t login,
			      int signal)
{
	struct processes found;

	processes_load(&found, login, all->pidns);
	processes_signal(&found, all->pidns, false, signal);
	processes_free(&found);
}

static void hangup_add(struct hangups *all, const struct hangup *ending)
{
	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 16;
		struct hangup *grown =
			realloc(all->list, room * sizeof(*grown));

		if (!grown)
			return;
		all->list = grown;
		all->room = room;
	}
	all->list[all->n++] = *ending;
}

void hangup_kill(struct hangups *all, const struct session *s, bool whole)
{
	int64_t now = nsc_process_now();
	const struct hangup ending = {
		.login = s->pid,
		.kill = true,
		.whole = whole && !s->by_user,
		.next = now + GRACE_MS,
		.last = now + GRACE_MS + KILL_MS,
	};

	hangup_signal_all(all, s->pid, SIGHUP);
	hangup_signal_all(all, s->pid, SIGCONT);
	hangup_add(all, &ending);
}

void hangup_session(struct hangups *all, const struct session *s)
{
	unsigned int policy = all->state->lifecycle.on_disconnect;
	const struct hangup again = {
		.login = s->pid,
		.next = nsc_process_now() + AGAIN_MS,
	};

	/* No processes are left. */
	if (session_cgroups_leave(s->pid) == 0)
		return;
	if (policy == NSC_DISCONNECT_KILL)
		hangup_kill(all, s, true);
	/* The other half of sshd has commands of its own. */
	if (policy == NSC_DISCONNECT_HANGUP &&
	    hangup_hang_up(all, s->pid, false))
		hangup_add(all, &again);
}

void hangup_forget(struct hangups *all, pid_t login)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].login == login)
			all->list[i--] = all->list[--all->n];
}

int64_t hangup_due(const struct hangups *all)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].next < due)
			due = all->list[i].next;
	return due;
}

/*
 * Repeat the signals in rounds, since a process that forks may be ahead of one.
 * The kernel kills the whole group at once, if it can, but not the group of a
 * user's own process: that group may have programs of the host that the user
 * could not kill.
 */
static bool hangup_step(struct hangups *all, struct hangup *e,
			int64_t now)
{
	if (session_cgroups_leave(e->login) == 0)
		return false;
	if (!e->kill)
		hangup_hang_up(all, e->login, true);
	if (now >= e->last)
		return false;
	if (!e->whole || !processes_kill_group(e->login))
		hangup_signal_all(all, e->login, SIGKILL);
	e->next = now + STEP_MS;
	return true;
}

void hangup_go_on(struct hangups *all)
{
	int64_t now = nsc_process_now();

	for (size_t i = 0; i < all->n;)
		if (all->list[i].next > now ||
		    hangup_step(all, &all->list[i], now))
			i++;
		else
			all->list[i] = all->list[--all->n];
}
