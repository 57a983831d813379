/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the processes of a session that has ended, or is to end. */
#ifndef NSC_MONITOR_HANGUP_H
#define NSC_MONITOR_HANGUP_H

#include <stddef.h>
#include <stdint.h>

#include "rundir/state.h"
#include "rundir/session_info.h"

/* A session that still has processes. */
struct hangup {
	pid_t login;
	bool kill;		/* else the session is only checked once more */
	bool whole;		/* the control group with all its processes */
	int64_t next;		/* when a step is due, nsc_process_now() */
	int64_t last;		/* when to give up */
};

struct hangups {
	struct hangup *list;
	size_t n;
	size_t room;
	const struct nsc_state *state;
	int pidns;		/* see processes.h */
	int looker;		/* see outputs.h */
};

/* Treat the remaining processes as on_disconnect says. */
void hangup_session(struct hangups *all, const struct session *s);

/*
 * Send SIGHUP now, and SIGKILL two seconds later. hangup_go_on() finishes this
 * after the login process has ended, too.
 */
void hangup_kill(struct hangups *all, const struct session *s, bool whole);

/* Drop the entry: another process has that number now. */
void hangup_forget(struct hangups *all, pid_t login);

/*
 * When the next step is due, nsc_process_now(), or INT64_MAX: never; and do all
 * steps that are due.
 */
int64_t hangup_due(const struct hangups *all);
void hangup_go_on(struct hangups *all);

#endif
