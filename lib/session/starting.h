/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The turn to start a container: one process at a time has it, and nobody
 * starts or stops the container meanwhile.  Runs in: the login program and
 * nsinit, root of the host.
 */
#ifndef NSC_SESSION_STARTING_H
#define NSC_SESSION_STARTING_H

#include "session/session.h"

struct nsc_starting {
	const char *path;	/* of the run directory */
	uid_t owner;		/* of 'sessions' */
	int64_t deadline;	/* of all waits, nsc_process_now */
	/*
	 * A container runs already, and session is one in it: 0 where that is
	 * joined.
	 */
	int (*running)(struct nsc_starting *s, struct nsc_session *session,
		       struct nsc_error *err);
	/*
	 * Have the newest instance started, or where none is newer than the
	 * current one, that one get a monitor.  replace: the container that
	 * runs is stopped first.
	 */
	int (*start)(struct nsc_starting *s, bool replace,
		     struct nsc_error *err);
	void *arg;

	/* Filled by nsc_starting_run(). */
	int rundir;
	int lock;		/* on 'lock' */
	int current;		/* directory of the current instance, or -1 */
};

/*
 * Wait for the turn, and get a session in the container: in the one that runs
 * as s->running says, else in a new one.  session->uid is set.
 */
int nsc_starting_run(struct nsc_starting *s, struct nsc_session *session,
		     struct nsc_error *err);

/*
 * For s->running: start a new container, with a session counted from its first
 * moment, which takes the place of *session.  Where it does not start,
 * *session is what it was.
 */
int nsc_starting_new(struct nsc_starting *s, bool replace,
		     struct nsc_session *session, struct nsc_error *err);

/* For s->running: a container whose monitor was killed gets a new one. */
int nsc_starting_adopt(struct nsc_starting *s, struct nsc_error *err);

#endif
