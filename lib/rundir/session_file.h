/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host knows of a session: a file in the run directory, session/PID,
 * of the keys in session_file.c.  PID is the login process, as the host sees
 * it.  The login writes it, or for one without privileges the monitor, which
 * removes it when the process has ended.  See kv.h for the format.
 */
#ifndef NSC_RUNDIR_SESSION_FILE_H
#define NSC_RUNDIR_SESSION_FILE_H

#include <stdbool.h>

#include "rundir/session_info.h"
#include "util/error.h"

/*
 * Begin with what the kernel says of the login process pid: start, opened,
 * loginuid, audit_session.  The rest is empty, pidfd -1.  A negative errno
 * when it is no more.
 */
int nsc_session_file_look(pid_t pid, struct session *ret);

/* In dir, the run directory's 'session'. */
int nsc_session_file_write(int dir, const struct session *s,
			   struct nsc_error *err);
int nsc_session_file_read(int dir, pid_t pid, struct session *ret,
			  struct nsc_error *err);
void nsc_session_file_remove(int dir, pid_t pid);

/* Is the process of that number the one that the file is about? */
bool nsc_session_file_is_alive(const struct session *s);

/*
 * Call act for each file there is, until it returns other than 0, which is
 * returned.
 */
int nsc_session_file_each(int dir, int (*act)(int dir, pid_t pid, void *arg),
			  void *arg);

#endif
