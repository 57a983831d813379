/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input, output and error of commands that are recorded. */
#ifndef NSC_SESSION_RECORDER_STREAMS_H
#define NSC_SESSION_RECORDER_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/recording.h"
#include "rundir/recorder_socket.h"

struct nsc_streams {
	size_t n;
	int fds[NSC_RECORDER_STREAMS_MAX];	/* their descriptors here */
	char kinds[NSC_RECORDER_STREAMS_MAX];	/* enum nsc_recorder_message */
	int pipes[NSC_RECORDER_STREAMS_MAX];	/* that take their place */
	bool same;		/* the errors go where the output goes */
	bool own;		/* see struct nsc_recorder_request */
};

#define NSC_STREAMS_INIT { .n = 0 }

/* Add those of 0, 1 and 2 that are neither terminals nor devices. */
void nsc_streams_of_stdio(struct nsc_streams *s);

/*
 * Add what a program is about to give to the child that it forks: the child's
 * ends of pipes of which the program has both ends, in the order in which it
 * made them; files: and regular files that it writes.
 */
int nsc_streams_of_fork(struct nsc_streams *s, bool files,
			struct nsc_error *err);

/*
 * Ask the recorder to come between them, for the session of pid (0: the process
 * that connected).  theirs is the other end of a socket that is kept for
 * nsc_recorder_drain().  Returns 0 or a negative errno.
 */
int nsc_streams_begin(struct nsc_streams *s, int recorder, pid_t pid,
		      int theirs, struct nsc_error *err);

/*
 * Tell the recorder by *end, the socket that is kept, which process has the
 * streams, and close it.  The calling process is the command, or executes it
 * next, and waits until the recorder watches for that; or it has started it by
 * its own command line, as su does.
 */
enum nsc_streams_process {
	NSC_STREAMS_COMMAND = 'c',
	NSC_STREAMS_PROGRAM = 'p',
};
void nsc_streams_tell(int *end, enum nsc_streams_process process);

/*
 * Do that for nsc_streams_of_stdio(), if the container has everything recorded.
 * *end becomes the socket that is kept, or -1.  Returns 0 or a negative errno.
 */
int nsc_streams_begin_stdio(struct nsc_streams *s,
			    const struct nsc_recording *recording, int recorder,
			    int *end, struct nsc_error *err);

/*
 * Put the pipes in their place, and close them.  Returns 0 or a negative errno.
 */
int nsc_streams_put(struct nsc_streams *s, struct nsc_error *err);

void nsc_streams_close(struct nsc_streams *s);

#endif
