/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Place the next child that the program forks, and not the program itself; or
 * tell the monitor of the commands that a placed sshd forks.
 *
 * Until a child that is to be placed is inside, the calling process is in a
 * copy of the host's mount namespace in which no file can be executed: a child
 * that is made in another way, or by a PAM module that comes later, runs
 * nothing.
 */
#ifndef NSC_PAM_AT_FORK_H
#define NSC_PAM_AT_FORK_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "util/error.h"

/*
 * Does the program of this service fork for a job?  After the job, it mails its
 * output and removes it from a spool, which are the host's.  Other programs are
 * placed themselves.
 */
bool nsc_at_fork_is_job(const char *service);

/*
 * place runs in the child, as root, and does not return if it fails.  The child
 * goes on as a process of the container's pid namespace; a process between it
 * and its parent waits for it, ends as it does, and holds keep.  Returns 0 or a
 * negative errno.
 */
int nsc_at_fork_arm(const pam_handle_t *pamh, void (*place)(void *arg),
		    void *arg, int keep, struct nsc_error *err);

/*
 * The calling process is a placed sshd, and commands its connection to the
 * monitor: the children of its children, which become the user's commands, send
 * a message there.  recorder is a connection that takes each terminal that the
 * process has made when it forks, see nsc_recorder_take_masters(); a child
 * whose terminal cannot be recorded ends.  Both may be -1.  streams: it takes
 * what a command gets that has no terminal, too, see nsc_streams_of_fork().
 */
enum nsc_at_fork_streams {
	NSC_AT_FORK_NONE,
	NSC_AT_FORK_PIPES,	/* of sshd */
	NSC_AT_FORK_JOB,	/* of cron: also files */
};

void nsc_at_fork_report(int commands, int recorder,
			enum nsc_at_fork_streams streams);

/* The session ends: go back to the host's mounts. */
void nsc_at_fork_disarm(void);

#endif
