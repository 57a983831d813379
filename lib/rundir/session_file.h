/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session file holds the host's information about a session: session/PID in
 * the run directory, with the keys in session_file.c.  PID is the login
 * process, as the host sees it.  The login writes the file; for a login without
 * privileges, the monitor does.  The monitor removes it when the process has
 * ended.  See kv.h for the format.
 */
#ifndef NSC_RUNDIR_SESSION_FILE_H
#define NSC_RUNDIR_SESSION_FILE_H

#include <stdbool.h>

#include "rundir/session_info.h"
#include "util/error.h"

/*
 * Fill in the kernel's data about the login process pid: start, opened,
 * loginuid, audit_session.  The rest is empty, and pidfd is -1.  Returns 0, or
 * a negative errno if the process has ended.
 */
int nsc_session_file_look(pid_t pid, struct session *ret);

/*
 * dir is the 'session' directory of the run directory.  Errors are a negative
 * errno.
 */
int nsc_session_file_write(int dir, const struct session *s,
			   struct nsc_error *err);
int nsc_session_file_read(int dir, pid_t pid, struct session *ret,
			  struct nsc_error *err);
void nsc_session_file_remove(int dir, pid_t pid);

/* Is the process with this pid still the one that the file describes? */
bool nsc_session_file_is_alive(const struct session *s);

/*
 * Call act for each file until it returns a value other than 0; returns that
 * value, or why the directory cannot be listed.
 */
int nsc_session_file_each(int dir, int (*act)(int dir, pid_t pid, void *arg),
			  void *arg);

#endif
