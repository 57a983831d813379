/* SPDX-License-Identifier: Apache-2.0 */
/* Run a program inside, wait for it, and end as it ended. */
#ifndef NSC_SESSION_RUN_H
#define NSC_SESSION_RUN_H

#include <signal.h>
#include <stdbool.h>

#include "util/error.h"
#include "session/session.h"

struct nsc_run {
	const struct nsc_session *session;
	const struct nsc_session_origin *origin;	/* or NULL: the user */
	const char *program;
	char **argv;
	char **env;
	bool search;	/* search a program without '/' in PATH inside */
	pid_t parent;	/* 0, or our parent: die with it */
	bool keep_ids;	/* keep the ids, see nsc_enter_as_user */
	const char *cwd;	/* must exist; NULL: the container's, or / */
	/* NULL, or called when the program runs, without a terminal. */
	void (*running)(void *arg);
	void *arg;
};

/*
 * Enter the container, run the program there as a child in a session of its own
 * without a terminal, and forward signals: to the child, or, for signals that
 * the caller's terminal sends to our job, to its process group.  *ret_status is
 * a waitpid(2) status.  The calling process ends up without privileges.
 * Returns 0 or a negative errno.  An error means that the program did not run;
 * -ENOENT and -EACCES are the program's own.
 */
int nsc_run(const struct nsc_run *run, int *ret_status,
	    struct nsc_error *err);

/*
 * Wait for a child and forward signals to it, as above.  All signals are
 * blocked; all is their set.  Returns its waitpid(2) status.
 */
int nsc_run_wait_for(pid_t child, const sigset_t *all);

/*
 * In the child, inside the namespaces: become the user, and exec with this
 * signal mask.  On failure, write an nsc_error to report, a close-on-exec
 * descriptor; and one without an error as soon as it is the user.  The parent
 * waits for that with nsc_run_until_user before it forwards signals: until then
 * it may not signal the child, and they would be lost.  It reads what follows
 * with nsc_run_report.  Both return 0 if there is no error.
 */
void nsc_run_child(const struct nsc_run *run, const sigset_t *mask, int report)
	__attribute__((noreturn));
int nsc_run_until_user(int in, struct nsc_error *err);
int nsc_run_report(int in, struct nsc_error *err);

#endif
