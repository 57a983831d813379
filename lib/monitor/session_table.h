/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the container's sessions. */
#ifndef NSC_MONITOR_SESSION_TABLE_H
#define NSC_MONITOR_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "monitor/hangup.h"
#include "rundir/session_info.h"

struct nsc_cgroup_tree;

struct sessions {
	struct session **list;
	size_t n;
	size_t room;		/* of list */
	size_t max;		/* limit by descriptors and memory */
	int epoll;		/* readable when a login process has ended */
	int dir;		/* 'session' in the run directory */
	const char *user;	/* owner of the container */
	uid_t uid;		/* the owner's uid on the host */
	const struct nsc_state *state;
	struct hangups *hangups;
	int64_t later;		/* for deferred work, or INT64_MAX */
	unsigned int opened;	/* number of sessions so far */
};

/*
 * Open the table and adopt the sessions of a monitor that was killed.  The
 * caller has set user, uid, state and hangups.  Returns 0 or a negative errno
 * with err set.
 */
int sessions_open(struct sessions *all, struct nsc_error *err);

/*
 * May a login process become a session?  A process of root needs its file in
 * 'session', a process of the user needs none.  tree is the container's record
 * of groups.  Changes nothing.  Returns 1 with *ret filled, 0 for a process of
 * root without a file, or a negative errno if no more sessions are allowed;
 * with -EUSERS the text is for the user.
 */
int sessions_admit(struct sessions *all, const struct nsc_cgroup_tree *tree,
		   pid_t pid, bool root, struct session *ret,
		   struct nsc_error *err);

/*
 * Add the session, which is in the container's groups already.  pidfd is
 * duplicated.  Returns the entry, which belongs to the table, or NULL with err
 * filled.
 */
struct session *sessions_add(struct sessions *all, const struct session *s,
			     int pidfd, struct nsc_error *err);

/*
 * Give the session its anchor: when that is killed, the session ends.  *anchor
 * is set to -1 if the table has taken it.
 */
void sessions_anchor(struct sessions *all, struct session *s, int *anchor);

/* Keep its connection for the commands of sshd, see sshd_commands.h. */
void sessions_commands(struct sessions *all, struct session *s, int *client);

/*
 * Record the session's opening a moment later, so that the record does not
 * compete with the login for a processor; a session that has ended by then
 * needs one process less.
 */
void sessions_record(struct sessions *all, struct session *s);

/* To be called every few seconds: the records that are not of the opening. */
void sessions_look(struct sessions *all);

/*
 * Remove, a moment later, the groups of ended sessions that have no processes.
 */
void sessions_later(struct sessions *all);

/* Do the deferred work of both functions that is due. */
void sessions_go_on(struct sessions *all);

/* Conclude the sessions that have ended, a number at a time. */
void sessions_reap(struct sessions *all);

/* Conclude all sessions: the container has ended. */
void sessions_close(struct sessions *all);

#endif
