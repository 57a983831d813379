/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the processes of a session that has ended, or is to end. */
#ifndef NSC_MONITOR_HANGUP_H
#define NSC_MONITOR_HANGUP_H

#include <stddef.h>
#include <stdint.h>

#include "rundir/state.h"
#include "rundir/session_info.h"

/* A session of which something is left. */
struct hangup {
	pid_t login;
	bool kill;		/* else it is looked at once more */
	bool whole;		/* the group with all in it */
	int64_t next;		/* when something is to be done, now_ms() */
	int64_t last;		/* when it is given up */
};

struct hangups {
	struct hangup *list;
	size_t n;
	size_t room;
	const struct nsc_state *state;
	int pidns;		/* see processes.h */
};

int64_t now_ms(void);		/* CLOCK_MONOTONIC */

/* As on_disconnect says. */
void hangup_session(struct hangups *all, const struct session *s);

/* SIGHUP, and SIGKILL two seconds later; the login goes on by itself. */
void hangup_kill(struct hangups *all, const struct session *s, bool whole);

/* Another process has that number now. */
void hangup_forget(struct hangups *all, pid_t login);

/* When there is something to do, INT64_MAX: nothing; and do it. */
int64_t hangup_due(const struct hangups *all);
void hangup_go_on(struct hangups *all);

#endif
