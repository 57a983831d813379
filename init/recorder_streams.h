/* SPDX-License-Identifier: Apache-2.0 */
/* What comes between the streams of a command and its caller. */
#ifndef NSC_INIT_RECORDER_STREAMS_H
#define NSC_INIT_RECORDER_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"
#include "rundir/recorder_socket.h"
#include "session/recorder.h"

struct stream {
	char kind;		/* enum nsc_recorder_message */
	int from, to;		/* -1: it has ended */
	bool own;		/* nobody else has the caller's open file */
	size_t at, end;		/* what is not written yet */
	char data[NSC_RECORDER_DATA];
};

struct streams {
	struct stream *list;
	size_t n;
	int end;		/* see NSC_RECORDER_STREAMS; or -1 */
	bool own;		/* see struct nsc_recorder_request */
	bool ended;		/* the command has */
};

/* Take the n descriptors in fds.  Returns false if there is no memory. */
bool streams_make(struct streams *s, const struct nsc_recorder_request *request,
		  const int *fds, size_t n);

/*
 * Make a pipe for each, whose other ends are for the command: inside gets these
 * ends, of which the user with this uid is the owner.  Returns 0 or a negative
 * errno.
 */
int streams_open(struct streams *s, uid_t owner, int *inside,
		 struct nsc_error *err);

/* Write the descriptors that streams_copy() needs; returns their number. */
#define STREAMS_FDS (2 * NSC_RECORDER_STREAMS_MAX + 1)
unsigned int streams_fds(const struct streams *s, int fds[STREAMS_FDS]);

/* Copy until all streams have ended, or cannot be recorded. */
void streams_copy(struct streams *s, struct nsc_tap *tap);

void streams_close(struct streams *s);

#endif
