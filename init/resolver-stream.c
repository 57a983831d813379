/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: name-resolver, the process without rights. */
#include "resolver-stream.h"

#include <errno.h>
#include <sys/socket.h>

#include "util/fd.h"
#include "util/process.h"

#define AGAIN_MS 100	/* when there was no room for a connection */

void resolver_streams_begin(struct resolver_streams *all, int listener)
{
	all->listener = listener;
	for (size_t i = 0; i < RESOLVER_STREAMS; i++)
		all->list[i].client = all->list[i].server = -1;
}

/*
 * A connection that is dissolved leaves no port of the host waiting, of which a
 * container that asks without an end would use up all.
 */
static void drop_server(struct resolver_stream *s)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (s->server >= 0)
		(void)connect(s->server, &none, sizeof(none));
	nsc_fd_close(&s->server);
}

static void end_stream(struct resolver_stream *s)
{
	nsc_fd_close(&s->client);
	drop_server(s);
}

/* The server may be the one that does not answer. */
static void fail_stream(struct resolver_stream *s, struct resolver_judge *judge)
{
	if (s->server >= 0)
		resolver_judge_next(judge, &s->question);
	end_stream(s);
}

static void begin_phase(struct resolver_stream *s, enum resolver_phase phase)
{
	s->phase = phase;
	s->at = 0;
	if (phase == RESOLVER_READ_QUESTION)
		s->deadline = nsc_process_now() + RESOLVER_WAIT_MS;
}

static bool is_reading(const struct resolver_stream *s)
{
	return s->phase == RESOLVER_READ_QUESTION ||
	       s->phase == RESOLVER_READ_ANSWER;
}

static int peer(const struct resolver_stream *s)
{
	return s->phase == RESOLVER_READ_QUESTION ||
	       s->phase == RESOLVER_WRITE_ANSWER ? s->client : s->server;
}

static size_t get_size(const struct resolver_stream *s)
{
	return (size_t)s->data[0] << 8 | s->data[1];
}

static void set_size(struct resolver_stream *s, size_t size)
{
	s->data[0] = (unsigned char)(size >> 8);
	s->data[1] = (unsigned char)size;
}

/* Read or write the rest: 1, 0 if there is more to come, or -1 at the end. */
static int transfer(struct resolver_stream *s)
{
	bool reading = is_reading(s);

	for (;;) {
		size_t end = reading && s->at < 2 ? 2 : 2 + get_size(s);
		ssize_t n;

		if (s->at >= 2 && s->at == end)
			return 1;
		n = reading ? recv(peer(s), s->data + s->at, end - s->at,
				   MSG_DONTWAIT) :
			      send(peer(s), s->data + s->at, end - s->at,
				   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		s->at += (size_t)n;
	}
}

/* The question is read: ask it, or answer it. */
static bool take_question(struct resolver_stream *s,
			  struct resolver_judge *judge)
{
	size_t size = get_size(s);
	bool forward = resolver_judge_question(judge, s->data + 2, &size,
					       &s->question);

	set_size(s, size);
	begin_phase(s, forward ? RESOLVER_WRITE_QUESTION :
				 RESOLVER_WRITE_ANSWER);
	if (forward)
		s->server = resolver_judge_connect(judge, SOCK_STREAM);
	return forward ? s->server >= 0 : size > 0;
}

static bool take_answer(struct resolver_stream *s,
			struct resolver_judge *judge)
{
	size_t size = get_size(s);

	if (!resolver_judge_answer(judge, &s->question, s->data + 2, &size))
		return false;
	drop_server(s);
	set_size(s, size);
	begin_phase(s, RESOLVER_WRITE_ANSWER);
	return true;
}

static void step(struct resolver_stream *s, struct resolver_judge *judge)
{
	int done = transfer(s);
	bool on = true;

	if (done < 0)
		fail_stream(s, judge);
	if (done <= 0)
		return;
	if (s->phase == RESOLVER_READ_QUESTION)
		on = take_question(s, judge);
	else if (s->phase == RESOLVER_WRITE_QUESTION)
		begin_phase(s, RESOLVER_READ_ANSWER);
	else if (s->phase == RESOLVER_READ_ANSWER)
		on = take_answer(s, judge);
	else
		begin_phase(s, RESOLVER_READ_QUESTION);
	if (!on)
		fail_stream(s, judge);
}

/* Into the place of the oldest one if there is no other. */
static void take_connection(struct resolver_streams *all)
{
	struct resolver_stream *s = all->list;
	int fd = accept4(all->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* It stays readable as long as there is no room. */
		all->again = nsc_process_now() + AGAIN_MS;
		return;
	}
	for (size_t i = 0; i < RESOLVER_STREAMS && s->client >= 0; i++)
		if (all->list[i].client < 0 ||
		    all->list[i].deadline < s->deadline)
			s = &all->list[i];
	end_stream(s);
	s->client = fd;
	begin_phase(s, RESOLVER_READ_QUESTION);
}

int resolver_streams_poll(struct resolver_streams *all,
			  struct resolver_judge *judge,
			  struct pollfd p[RESOLVER_STREAM_POLLS])
{
	int64_t left = -1, now = nsc_process_now();

	for (size_t i = 0; i < RESOLVER_STREAMS; i++) {
		struct resolver_stream *s = &all->list[i];

		if (s->client >= 0 && s->deadline <= now)
			fail_stream(s, judge);
		if (s->client >= 0 && (left < 0 || s->deadline - now < left))
			left = s->deadline - now;
		p[i] = (struct pollfd){
			s->client < 0 ? -1 : peer(s),
			is_reading(s) ? POLLIN : POLLOUT, 0,
		};
	}
	p[RESOLVER_STREAMS] = (struct pollfd){ all->listener, POLLIN, 0 };
	if (all->again > now) {
		p[RESOLVER_STREAMS].fd = -1;
		left = left < 0 || all->again - now < left ? all->again - now :
							     left;
	}
	return (int)left;
}

void resolver_streams_step(struct resolver_streams *all,
			   struct resolver_judge *judge,
			   const struct pollfd p[RESOLVER_STREAM_POLLS])
{
	for (size_t i = 0; i < RESOLVER_STREAMS; i++)
		if (p[i].revents)
			step(&all->list[i], judge);
	if (p[RESOLVER_STREAMS].revents)
		take_connection(all);
}
