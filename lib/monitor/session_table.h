/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of the container: who is there, and who is no more. */
#ifndef NSC_MONITOR_SESSION_TABLE_H
#define NSC_MONITOR_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "monitor/hangup.h"
#include "rundir/session_info.h"

struct sessions {
	struct session **list;
	size_t n;
	size_t room;		/* in list */
	size_t max;		/* descriptors and memory have an end */
	int epoll;		/* readable when a login process has ended */
	int dir;		/* 'session' in the run directory */
	const char *user;	/* whose container it is */
	uid_t uid;		/* the same, on the host */
	const struct nsc_state *state;
	struct hangups *hangups;
	int64_t later;		/* what can wait is due, now_ms(); INT64_MAX */
	unsigned int opened;	/* how many came */
};

/*
 * Take over those that a killed monitor has left.  user, uid, state and
 * hangups are set.
 */
int sessions_open(struct sessions *all, struct nsc_error *err);

/*
 * A login process, which pidfd leads to, wants to be one: root's by its file
 * in 'session', the user's by itself.  Makes no change.  Returns 1 with *ret
 * filled, 0 for a process of root's that has no file, or a negative errno
 * when there may be no more; with -EUSERS the text is for the user.
 */
int sessions_admit(struct sessions *all, pid_t pid, bool root,
		   struct session *ret, struct nsc_error *err);

/*
 * It is one from now on, and in the container's groups.  pidfd is duplicated.
 * NULL on failure, with err filled; else it belongs to the table.
 */
struct session *sessions_add(struct sessions *all, const struct session *s,
			     int pidfd, struct nsc_error *err);

/*
 * Have its opening recorded, a moment later: the login does not compete for a
 * processor with that, and one that is over by then takes one process less.
 */
void sessions_record(struct sessions *all, struct session *s);

/*
 * Have the groups removed, a moment later, of who has gone and left nobody in
 * them.
 */
void sessions_later(struct sessions *all);

/* What of both is due. */
void sessions_go_on(struct sessions *all);

/* Those that have ended, some at a time. */
void sessions_reap(struct sessions *all);

/* The container has ended: all have. */
void sessions_close(struct sessions *all);

#endif
