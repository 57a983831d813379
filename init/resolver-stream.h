/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions by TCP, RFC 7766, which come when an answer is too long for UDP.  A
 * connection has one question at a time, which is asked by TCP as well.
 */
#ifndef RESOLVER_STREAM_H
#define RESOLVER_STREAM_H

#include <poll.h>

#include "resolver-judge.h"

#define RESOLVER_STREAMS 16
#define RESOLVER_STREAM_POLLS (RESOLVER_STREAMS + 1)

enum resolver_phase {
	RESOLVER_READ_QUESTION, RESOLVER_WRITE_QUESTION,
	RESOLVER_READ_ANSWER, RESOLVER_WRITE_ANSWER,
};

struct resolver_stream {
	int client;		/* -1: none */
	int server;
	enum resolver_phase phase;
	int64_t deadline;	/* of the whole question */
	size_t at;		/* bytes of the message that are done */
	struct resolver_question question;
	unsigned char data[2 + NSC_DNS_MAX];	/* its length, and it */
};

struct resolver_streams {
	int listener;
	int64_t again;		/* when to accept connections */
	struct resolver_stream list[RESOLVER_STREAMS];
};

void resolver_streams_begin(struct resolver_streams *all, int listener);

/*
 * End those that are too late, and say what to poll for.  Returns the
 * milliseconds until there is something to do, for poll(2).
 */
int resolver_streams_poll(struct resolver_streams *all,
			  struct resolver_judge *judge,
			  struct pollfd p[RESOLVER_STREAM_POLLS]);

/* Go on with what poll(2) found. */
void resolver_streams_step(struct resolver_streams *all,
			   struct resolver_judge *judge,
			   const struct pollfd p[RESOLVER_STREAM_POLLS]);

#endif
