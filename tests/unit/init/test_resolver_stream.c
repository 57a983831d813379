/* SPDX-License-Identifier: Apache-2.0 */
/* name-resolver's connections: servers that do not answer, and no room. */
#include "resolver-stream.h"

#include <errno.h>
#include <sys/socket.h>

#include "unit.h"

#define QUESTION "\0\5hello"

static struct resolver_streams streams;
static struct resolver_judge judge;
static struct pollfd polls[RESOLVER_STREAM_POLLS];
static int64_t now = 1000;
static int accepted = -1;	/* the next connection; -1: no room */
static int server;		/* the other end */
static unsigned int accepts;

int64_t __wrap_nsc_process_now(void);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);

int64_t __wrap_nsc_process_now(void)
{
	return now;
}

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	int one = accepted;

	(void)fd;
	(void)from;
	(void)len;
	(void)flags;
	accepts++;
	accepted = -1;
	errno = EMFILE;
	return one;
}

bool resolver_judge_question(struct resolver_judge *j, unsigned char *message,
			     size_t *size, struct resolver_question *q)
{
	(void)message;
	(void)size;
	q->turn = j->turn;
	return true;
}

bool resolver_judge_answer(struct resolver_judge *j,
			   const struct resolver_question *q,
			   unsigned char *message, size_t *size)
{
	(void)j;
	(void)q;
	return *size != sizeof("nonsense") - 1 ||
	       memcmp(message, "nonsense", *size) != 0;
}

int resolver_judge_connect(struct resolver_judge *j, int type)
{
	int pair[2];

	(void)j;
	ck_assert_int_eq(type, SOCK_STREAM);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	server = pair[1];
	return pair[0];
}

void resolver_judge_next(struct resolver_judge *j,
			 const struct resolver_question *q)
{
	j->turn += j->turn == q->turn;
}

/* Wait so many milliseconds, and go on. */
static int after(int ms)
{
	int left;

	now += ms;
	left = resolver_streams_poll(&streams, &judge, polls);
	ck_assert_int_ge(poll(polls, RESOLVER_STREAM_POLLS, 0), 0);
	resolver_streams_step(&streams, &judge, polls);
	return left;
}

/* Another connection; the other end of it. */
static int connect_to(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	accepted = pair[0];
	polls[RESOLVER_STREAMS].revents = POLLIN;
	for (int i = 0; i < RESOLVER_STREAMS; i++)
		polls[i].revents = 0;
	resolver_streams_step(&streams, &judge, polls);
	return pair[1];
}

static void send_question(int fd)
{
	ck_assert_int_eq(send(fd, QUESTION, sizeof(QUESTION) - 1, 0),
			 sizeof(QUESTION) - 1);
	after(1);	/* read, */
	after(1);	/* and asked */
}

static void setup(void)
{
	resolver_streams_begin(&streams, -1);
}

START_TEST(servers)
{
	int one = connect_to(), other = connect_to();
	char text[16];

	send_question(one);
	send_question(other);
	ck_assert_int_eq(read(server, text, sizeof(text)),
			 sizeof(QUESTION) - 1);
	after(RESOLVER_WAIT_MS);
	ck_assert_int_eq(read(one, text, 1), 0);
	ck_assert_int_eq(read(other, text, 1), 0);
	ck_assert_uint_eq(judge.turn, 1);
	/* Who asks nothing says nothing of the server. */
	one = connect_to();
	after(RESOLVER_WAIT_MS);
	ck_assert_int_eq(read(one, text, 1), 0);
	ck_assert_uint_eq(judge.turn, 1);
	/* A server that ends the connection. */
	one = connect_to();
	send_question(one);
	close(server);
	after(1);
	ck_assert_int_eq(read(one, text, 1), 0);
	ck_assert_uint_eq(judge.turn, 2);
	/* And one that answers. */
	one = connect_to();
	send_question(one);
	ck_assert_int_eq(send(server, "\0\3yes", 5, 0), 5);
	after(1);
	after(1);
	ck_assert_int_eq(read(one, text, sizeof(text)), 5);
	after(RESOLVER_WAIT_MS);
	ck_assert_uint_eq(judge.turn, 2);
	/* Nonsense is no answer. */
	one = connect_to();
	send_question(one);
	ck_assert_int_eq(send(server, "\0\10nonsense", 10, 0), 10);
	after(1);
	ck_assert_int_eq(read(one, text, 1), 0);
	ck_assert_uint_eq(judge.turn, 3);
}
END_TEST

/* Without descriptors, the listener is readable all the time. */
START_TEST(no_room)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(send(pair[1], "x", 1, 0), 1);
	streams.listener = pair[0];
	accepts = 0;
	ck_assert_int_eq(after(1), -1);
	ck_assert_uint_eq(accepts, 1);
	ck_assert_int_eq(after(0), 100);
	ck_assert_int_eq(after(99), 1);
	ck_assert_uint_eq(accepts, 1);
	after(1);
	ck_assert_uint_eq(accepts, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver-stream");
	TCase *tcase = tcase_create("stream");
	const TTest *const tests[] = { servers, no_room, NULL };

	tcase_add_checked_fixture(tcase, setup, NULL);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
