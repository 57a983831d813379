/*
 * Reads what the run directory says of each session, which
 * session/session_file_write.h writes.  container-monitor, which is static,
 * links it as well.
 */
#ifndef NSC_RUNDIR_SESSION_FILE_H
#define NSC_RUNDIR_SESSION_FILE_H

#include <stdbool.h>

#include "rundir/session_info.h"

/*
 * The file of the login process pid in dir, the run directory's 'session'.
 * pidfd is -1.  A negative errno, -ENOENT where there is none.
 */
int nsc_session_file_read(int dir, pid_t pid, struct session *ret);

/* Is the process of that number the one that the file is about? */
bool nsc_session_file_is_alive(const struct session *s);

/*
 * Call act for each file there is, until it returns other than 0, which is
 * returned.
 */
int nsc_session_file_each(int dir, int (*act)(int dir, pid_t pid, void *arg),
			  void *arg);

#endif
