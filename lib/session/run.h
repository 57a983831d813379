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
	const struct nsc_session_info *info; /* see nsc_monitor_client_enter */
	const char *program;
	char **argv;
	char **env;
	bool search;	/* program without '/' is looked for in PATH inside */
	pid_t parent;	/* 0, or our parent: we die with it */
	bool keep_ids;	/* stay who we are, see nsc_enter_as_user */
};

/*
 * Enter the container, run the program there as a child, in a session of its
 * own without a terminal, and pass signals on: to it, and to its group what
 * the caller's terminal sends to our job.  *ret_status is as waitpid(2) has
 * it.  The calling process ends up without privileges.
 * An error says that the program did not run; -ENOENT and -EACCES with that
 * meaning are its own.
 */
int nsc_run(const struct nsc_run *run, int *ret_status,
	    struct nsc_error *err);

/*
 * In its child, in the namespaces: become the user, and exec with the signal
 * mask.  Where that fails an nsc_error goes to report, close-on-exec; the
 * parent reads it with nsc_run_report: 0 where there is none.
 */
void nsc_run_child(const struct nsc_run *run, const sigset_t *mask, int report)
	__attribute__((noreturn));
int nsc_run_report(int in, struct nsc_error *err);

#endif
