/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The turn to start a container: only one process has it at a time, and nobody
 * else starts or stops the container meanwhile.  Runs in: the helper of a login
 * and nsinit, root of the host.
 */
#ifndef NSC_API_STARTING_H
#define NSC_API_STARTING_H

#include "session/session.h"

struct nsc_starting {
	const char *path;	/* of the run directory */
	uid_t owner;		/* of 'sessions' */
	int64_t deadline;	/* for all waits, nsc_process_now */
	bool demands;		/* as an administrator's command, see turn.h */
	/*
	 * Called if a container already runs; session is a session in it, or
	 * holds only its state and lock if another version started it, so that
	 * nobody here can join.  Returns 0 to join it.
	 */
	int (*running)(struct nsc_starting *s, struct nsc_session *session,
		       struct nsc_error *err);
	/*
	 * Start the newest instance or, if none is newer than the current one,
	 * start a monitor for the current one.  replace: stop the running
	 * container first.
	 */
	int (*start)(struct nsc_starting *s, bool replace,
		     struct nsc_error *err);
	const void *arg;

	/* nsc_starting_run() fills these. */
	int rundir;
	int current;		/* directory of the current instance, or -1 */
};

/*
 * Wait for the turn, and get a session: in the running container if s->running
 * decides so, otherwise in a new one.  The caller sets session->uid.  Returns 0
 * or a negative errno.
 */
int nsc_starting_run(struct nsc_starting *s, struct nsc_session *session,
		     struct nsc_error *err);

/*
 * For s->running: start a new container and replace *session with a session
 * that counts from its first moment.  If the start fails, *session is
 * unchanged.  Returns 0 or a negative errno.
 */
int nsc_starting_new(struct nsc_starting *s, bool replace,
		     struct nsc_session *session, struct nsc_error *err);

/*
 * For s->running, if the container ends meanwhile: wait until it is cleaned up,
 * and start a new one.  Returns 0 or a negative errno.
 */
int nsc_starting_next(struct nsc_starting *s, struct nsc_session *session,
		      struct nsc_error *err);

/*
 * For s->running: start a new monitor if the container's was killed.  Returns 0
 * or a negative errno.
 */
int nsc_starting_adopt(struct nsc_starting *s, struct nsc_error *err);

/*
 * Start a user's container with its container.json, for s->start.  stop
 * overrides "stop" of container.json, unless it is NULL.  Returns 0 or a
 * negative errno.
 */
int nsc_api_start(const struct nsc_session_request *asked, const char *stop,
		  const struct nsc_starting *s, bool replace,
		  struct nsc_error *err);

/*
 * In login-start: start, join or replace the container as nscontainer.conf
 * says, and send a session in it to NSC_HELPER_SOCKET; renew: instead, hold
 * that session for a moment, see NSC_API_RENEW.  Returns 0 or a negative
 * errno; then nothing was sent.
 */
int nsc_api_open_for_login(const struct nsc_session_request *request,
			   bool renew, struct nsc_error *err);

#endif
