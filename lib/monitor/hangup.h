/* What becomes of the processes of a session that has ended, or is to end. */
#ifndef NSC_MONITOR_HANGUP_H
#define NSC_MONITOR_HANGUP_H

#include <stddef.h>
#include <stdint.h>

#include "rundir/state.h"
#include "rundir/session_info.h"

/* A session of which something is left. */
struct ending {
	pid_t login;
	bool kill;		/* else it is looked at once more */
	bool whole;		/* the group with all in it */
	int64_t next;		/* when something is to be done, now_ms() */
	int64_t last;		/* when it is given up */
};

struct endings {
	struct ending *list;
	size_t n;
	size_t room;
	const struct nsc_state *state;
	int pidns;		/* see processes.h */
};

int64_t now_ms(void);		/* CLOCK_MONOTONIC */

/* As on_disconnect says. */
void endings_of(struct endings *all, const struct session *s);

/* SIGHUP, and SIGKILL two seconds later; the login goes on by itself. */
void endings_kill(struct endings *all, const struct session *s, bool whole);

/* Another process has that number now. */
void endings_forget(struct endings *all, pid_t login);

/* When there is something to do, INT64_MAX: nothing; and do it. */
int64_t endings_due(const struct endings *all);
void endings_go_on(struct endings *all);

#endif
