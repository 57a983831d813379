/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that read recordings.  What a recording has was chosen by
 * whoever was recorded, so that it is read by a child without rights, which has
 * two pipes and a few system calls, and dies of any other.
 */
#ifndef NSC_RECORD_PLAYER_H
#define NSC_RECORD_PLAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "record/cast_read.h"
#include "record/shelf.h"

struct nsc_player {
	int in;			/* the recording's text */
	int out;		/* a pipe */
	bool header;		/* only write its struct nsc_cast_info */
	bool live;		/* it goes on: wait for more alone */
	int stop;		/* closed when it has ended; -1: not live */
	double speed;		/* 0: without pauses */
	int64_t idle_us;	/* the longest pause; 0: any */
	const char *search;	/* lines and notes with this text; NULL: play */
	const char *id;		/* with a time, before each; or "" */
};

/*
 * Start a child that reads p->in, for p->out; both stay the caller's.  It
 * exits with 0, or a positive errno; SIGXCPU ends a search that takes more
 * than a minute of processor time.  Returns its pid or a negative errno.
 */
pid_t nsc_player_start(const struct nsc_player *p, struct nsc_error *err);

/*
 * The first line of a recording; zeros after an error.  Returns 0 or a negative
 * errno; -EBADMSG: it is none.
 */
int nsc_player_info(const struct nsc_shelf_file *file,
		    struct nsc_cast_info *ret, struct nsc_error *err);

#endif
