/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name server of a container with names in networks[].allow: it answers for
 * them alone, and allows the addresses of an answer before the container gets
 * the answer.  Static.  See docs/design/0090-names-are-resolved-outside.md.
 *
 * Starts as root of the host, with the descriptors of util/names.h.  Then there
 * are two processes, in the host's namespaces except the user namespace, both
 * as the user.  The one that reads messages has no capability, and a filter of
 * system calls; the other has CAP_NET_ADMIN over the container's network, its
 * only power, and takes one kind of request: an address, for a set.  Both end
 * with PID 1.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver-asked.h"
#include "resolver-begin.h"
#include "resolver-judge.h"
#include "resolver-stream.h"
#include "linux/capability.h"
#include "linux/descriptors.h"
#include "linux/nft_element.h"
#include "util/names.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/version.h"

#define QUESTIONS 64		/* at a time */

struct question {
	int fd;			/* to the server; -1: none */
	int64_t deadline;
	struct sockaddr_in client;
	struct resolver_question asked;
};

struct resolver {
	int socket;		/* where the container asks */
	struct question questions[QUESTIONS];
	unsigned char message[NSC_DNS_MAX];
	struct resolver_judge judge;
	struct resolver_streams streams;
};

/* --- the process that changes sets */

static bool request_valid(const struct resolver_request *r)
{
	return r->seconds > 0 &&
	       r->seconds <= RESOLVER_TTL_MAX + RESOLVER_GRACE &&
	       (r->address.family == AF_INET || r->address.family == AF_INET6);
}

/* Returns when the other process or PID 1 has ended. */
static void change_sets(int sock, int netlink)
{
	struct pollfd p[] = {
		{ .fd = sock, .events = POLLIN },
		{ .fd = NSC_NAMES_PID1, .events = POLLIN },
	};
	struct resolver_request r;

	for (;;) {
		char name[32];
		int answer = -EINVAL;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents || p[0].revents & POLLERR ||
		    (p[0].revents & POLLIN &&
		     recv(sock, &r, sizeof(r), 0) != sizeof(r)))
			return;
		if (!(p[0].revents & POLLIN))
			continue;
		snprintf(name, sizeof(name), NSC_NAMES_SET,
			 r.address.family == AF_INET ? '4' : '6', r.set);
		if (request_valid(&r))
			answer = nsc_nft_element_add(netlink,
						     NSC_NAMES_TABLE, name,
						     &r.address, r.seconds);
		if (send(sock, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* --- the process that reads messages */

static void answer(const struct resolver *r, const struct sockaddr_in *client,
		   size_t size)
{
	(void)!sendto(r->socket, r->message, size, MSG_DONTWAIT,
		      (const struct sockaddr *)client, sizeof(*client));
}

static struct question *free_question(struct resolver *r)
{
	struct question *q = r->questions;

	for (size_t i = 0; i < QUESTIONS; i++) {
		if (r->questions[i].fd < 0)
			return &r->questions[i];
		if (r->questions[i].deadline < q->deadline)
			q = &r->questions[i];
	}
	nsc_fd_close(&q->fd);
	return q;
}

/* The server does not answer. */
static void give_up(struct resolver *r, struct question *q)
{
	nsc_fd_close(&q->fd);
	resolver_judge_next(&r->judge, &q->asked);
}

/* Ask the server; the container asks again if it gets no answer. */
static void ask(struct resolver *r, const struct question *asked, size_t size)
{
	struct question *q = free_question(r);

	*q = *asked;
	q->fd = resolver_judge_connect(&r->judge, SOCK_DGRAM);
	if (q->fd >= 0 && send(q->fd, r->message, size, MSG_NOSIGNAL) < 0)
		give_up(r, q);
}

static void take_question(struct resolver *r)
{
	struct question q = {
		.deadline = nsc_process_now() + RESOLVER_WAIT_MS,
	};
	socklen_t len = sizeof(q.client);
	ssize_t n = recvfrom(r->socket, r->message, sizeof(r->message),
			     MSG_DONTWAIT, (struct sockaddr *)&q.client, &len);
	size_t size = (size_t)n;

	if (n <= 0 || len != sizeof(q.client))
		return;
	if (resolver_judge_question(&r->judge, r->message, &size, &q.asked))
		ask(r, &q, size);
	else if (size)
		answer(r, &q.client, size);
}

static void take_answer(struct resolver *r, struct question *q)
{
	ssize_t n = recv(q->fd, r->message, sizeof(r->message), 0);
	size_t size = (size_t)n;

	if (n < 0 && errno != EAGAIN)
		give_up(r, q);
	/* Somebody else's answer: the right one may still come. */
	if (n <= 0 || !resolver_judge_answer(&r->judge, &q->asked, r->message,
					     &size))
		return;
	nsc_fd_close(&q->fd);
	answer(r, &q->client, size);
}

/*
 * Drop the questions that no server answers; returns the milliseconds until the
 * next such time, for poll(2).
 */
static int drop_late(struct resolver *r)
{
	int64_t left = -1, now = nsc_process_now();

	for (size_t i = 0; i < QUESTIONS; i++) {
		struct question *q = &r->questions[i];

		if (q->fd < 0)
			continue;
		if (q->deadline <= now)
			give_up(r, q);
		else if (left < 0 || q->deadline - now < left)
			left = q->deadline - now;
	}
	return (int)left;
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void __attribute__((noreturn)) resolve(struct resolver *r)
{
	for (;;) {
		struct pollfd p[QUESTIONS + 2 + RESOLVER_STREAM_POLLS];
		struct pollfd *streams = p + QUESTIONS + 2;
		int left = drop_late(r);

		for (size_t i = 0; i < QUESTIONS; i++)
			p[i] = (struct pollfd){ r->questions[i].fd, POLLIN, 0 };
		p[QUESTIONS] = (struct pollfd){ r->socket, POLLIN, 0 };
		p[QUESTIONS + 1] = (struct pollfd){ r->judge.sets, 0, 0 };
		left = sooner(left, resolver_streams_poll(&r->streams,
							  &r->judge, streams));
		if (poll(p, NSC_ARRAY_SIZE(p), left) < 0)
			continue;
		if (p[QUESTIONS + 1].revents)
			_exit(0);
		for (size_t i = 0; i < QUESTIONS; i++)
			if (p[i].revents)
				take_answer(r, &r->questions[i]);
		if (p[QUESTIONS].revents)
			take_question(r);
		resolver_streams_step(&r->streams, &r->judge, streams);
	}
}

static void __attribute__((noreturn))
read_messages(const struct resolver_sockets *sockets, int sets, pid_t parent)
{
	static struct resolver r;
	const int keep[] = { NSC_NAMES_FILE, sockets->question,
			     sockets->listener, sets, NSC_NAMES_ASKED,
			     NSC_NAMES_WAKE };

	r.socket = sockets->question;
	r.judge.sets = sets;
	resolver_streams_begin(&r.streams, sockets->listener);
	for (size_t i = 0; i < QUESTIONS; i++)
		r.questions[i].fd = -1;
	nsc_process_die_with(parent);
	resolver_asked_begin(&r.judge.asked);
	if (nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep)) < 0 ||
	    nsc_capability_keep(0, NSC_IGNORE) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 || resolver_confine() < 0)
		_exit(1);
	resolve(&r);
}

int main(int argc, char **argv)
{
	struct resolver_sockets sockets = { -1, -1, -1 };
	struct nsc_error err = NSC_ERROR_INIT;
	int sets[2] = { -1, -1 };
	pid_t self = getpid(), pid;

	if (nsc_version_print(argc, argv, "name-resolver"))
		return 0;
	/* The monitor does not wait for the report. */
	signal(SIGPIPE, SIG_IGN);
	if (resolver_begin(&sockets, &err) == 0 &&
	    nsc_descriptors_pair(&sets[0], &sets[1]) < 0)
		nsc_error_sys(&err, errno, "socketpair");
	nsc_error_send(NSC_NAMES_REPORT, &err);
	close(NSC_NAMES_REPORT);
	if (err.code)
		return 1;
	pid = nsc_process_fork_unwatched();
	if (pid == 0)
		read_messages(&sockets, sets[0], self);
	if (pid < 0)
		return 1;
	close(sets[0]);
	close(sockets.question);
	close(sockets.listener);
	close(NSC_NAMES_ASKED);
	close(NSC_NAMES_WAKE);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		change_sets(sets[1], sockets.netlink);
	return 0;
}
