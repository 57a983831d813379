/* SPDX-License-Identifier: Apache-2.0 */
/* The process that writes a recording: it has no rights, and three files. */
#ifndef NSC_RECORD_WRITER_H
#define NSC_RECORD_WRITER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A time in which nothing was recorded, in seconds since the epoch; or from
 * NSC_RECORD_FULL: the disk is full, and the writer waits for an answer of any
 * byte.
 */
#define NSC_RECORD_FULL INT64_MIN
struct nsc_record_gap {
	int64_t from, to;
	int code;		/* errno */
};

struct nsc_writer {
	int messages;		/* see rundir/recorder_socket.h */
	int file;		/* behind its header */
	int gaps;		/* a socket, takes each struct nsc_record_gap */
	bool go_on;		/* when the file cannot be written */
	bool streams;		/* they are of a command without a terminal */
	bool input;		/* its input is recorded, too */
};

/*
 * Write until nobody sends messages any more.  Returns 0, or a negative errno
 * if the file cannot be written and go_on is false.
 */
int nsc_writer_run(const struct nsc_writer *w);

#endif
