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
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "resolver-asked.h"
#include "resolver-begin.h"
#include "linux/capability.h"
#include "linux/descriptors.h"
#include "linux/nft_element.h"
#include "util/names.h"
#include "util/dns.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/version.h"

#define QUESTIONS 64		/* at a time */
#define WAIT_MS 3000		/* for a server */
#define ADDRESSES 64		/* in an answer */
#define SERVERS 3
#define GRACE 60		/* seconds that an address stays longer */
#define TTL_MAX 86400

/* From the process that reads messages to the one that changes sets. */
struct request {
	uint32_t set;
	uint32_t seconds;
	struct nsc_address address;
};

struct question {
	int fd;			/* to the server; -1: none */
	int64_t deadline;
	uint16_t id;		/* at the server */
	uint16_t client_id;
	struct sockaddr_in client;
	struct nsc_dns_question question;
};

struct resolver {
	int socket;		/* where the container asks */
	int sets;		/* to the other process */
	unsigned int turn;	/* of the servers */
	struct question questions[QUESTIONS];
	char names[NSC_NAMES_MAX + 1];	/* as the file has them now */
	unsigned char message[NSC_DNS_MAX];
	struct resolver_asked asked;
};

/* --- the process that changes sets */

static bool request_valid(const struct request *r)
{
	return r->seconds > 0 && r->seconds <= TTL_MAX + GRACE &&
	       (r->address.family == AF_INET || r->address.family == AF_INET6);
}

/* Returns when the other process or PID 1 has ended. */
static void change_sets(int sock, int netlink)
{
	struct pollfd p[] = {
		{ .fd = sock, .events = POLLIN },
		{ .fd = NSC_NAMES_PID1, .events = POLLIN },
	};
	struct request r;

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

static int64_t now_ms(void)
{
	return nsc_process_now();
}

/* The file may have changed since the last question. */
static void load_names(struct resolver *r)
{
	ssize_t n = pread(NSC_NAMES_FILE, r->names, NSC_NAMES_MAX, 0);

	r->names[n < 0 ? 0 : n] = '\0';
	/* Half of a file has no end. */
	if (!strstr(r->names, NSC_NAMES_END))
		r->names[0] = '\0';
}

/* Call use for each value of the key; stop at its first failure. */
static int each(const char *text, const char *key,
		int (*use)(void *arg, const char *value), void *arg)
{
	size_t len = strlen(key);
	int ret = 0;

	while (ret == 0 && *text) {
		size_t line = strcspn(text, "\n");
		char value[NSC_DNS_NAME_MAX + 16];

		if (line > len && !strncmp(text, key, len) &&
		    line - len < sizeof(value)) {
			memcpy(value, text + len, line - len);
			value[line - len] = '\0';
			ret = use(arg, value);
		}
		text += line + (text[line] == '\n');
	}
	return ret;
}

/* Has the text this line, which is not the first? */
static bool has(const char *text, const char *line)
{
	char whole[16];

	snprintf(whole, sizeof(whole), "\n%s", line);
	return strstr(text, whole);
}

struct found {
	const struct nsc_dns_question *question;
	int sets;
	struct nsc_dns_address *list;
	int n;
	bool any, open;
};

/* "SET NAME": allow the addresses for a name of the list. */
static int allow(void *arg, const char *value)
{
	struct found *f = arg;
	const char *name = strchr(value, ' ');
	int answer = 0;

	if (!name || !nsc_dns_matches(name + 1, f->question->name))
		return 0;
	f->any = true;
	for (int i = 0; answer == 0 && i < f->n; i++) {
		uint32_t ttl = f->list[i].ttl;
		const struct request r = {
			.set = (uint32_t)strtoul(value, NULL, 16),
			.seconds = (ttl < TTL_MAX ? ttl : TTL_MAX) + GRACE,
			.address = f->list[i].address,
		};

		if (send(f->sets, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r) ||
		    recv(f->sets, &answer, sizeof(answer), 0) !=
			    sizeof(answer))
			_exit(0);
	}
	return answer;
}

struct server {
	unsigned int left;
	struct nsc_address address;
};

static int take_server(void *arg, const char *value)
{
	struct server *s = arg;
	struct nsc_address a;

	if (nsc_address_parse(value, false, &a) < 0)
		return 0;
	s->address = a;
	return s->left-- == 0;
}

/* A socket to the server whose turn it is, with a random port. */
static int connect_server(struct resolver *r)
{
	struct server s = { .left = r->turn % SERVERS };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(53) };
	bool six;
	int fd;

	each(r->names, "server ", take_server, &s);
	if (!s.address.family)
		return -1;
	six = s.address.family == AF_INET6;
	memcpy(&v4.sin_addr, s.address.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, s.address.bytes, sizeof(v6.sin6_addr));
	fd = socket(s.address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, six ? (const struct sockaddr *)&v6 :
			      (const struct sockaddr *)&v4,
		    six ? sizeof(v6) : sizeof(v4)) < 0)
		nsc_fd_close(&fd);
	return fd;
}

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

/* Ask the server; the container asks again if it gets no answer. */
static void ask(struct resolver *r, const struct question *asked, size_t size)
{
	struct question *q = free_question(r);

	*q = *asked;
	q->client_id = nsc_dns_id(r->message);
	q->fd = connect_server(r);
	if (q->fd < 0 ||
	    syscall(SYS_getrandom, &q->id, sizeof(q->id), 0) !=
		    sizeof(q->id)) {
		nsc_fd_close(&q->fd);
		return;
	}
	nsc_dns_set_id(r->message, q->id);
	if (send(q->fd, r->message, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		nsc_fd_close(&q->fd);
		r->turn++;
	}
}

static void take_question(struct resolver *r)
{
	struct question q = { .deadline = now_ms() + WAIT_MS };
	struct found found = { .question = &q.question };
	socklen_t len = sizeof(q.client);
	ssize_t n = recvfrom(r->socket, r->message, sizeof(r->message),
			     MSG_DONTWAIT | MSG_TRUNC,
			     (struct sockaddr *)&q.client, &len);
	unsigned int code = NSC_DNS_NOERROR;

	if (n <= 0 || (size_t)n > sizeof(r->message) ||
	    len != sizeof(q.client) ||
	    !nsc_dns_question(r->message, (size_t)n, false, &q.question))
		return;
	load_names(r);
	each(r->names, "name ", allow, &found);
	resolver_asked_note(&r->asked, q.question.name, !found.any,
			    has(r->names, NSC_NAMES_LOG));
	if (has(r->names, NSC_NAMES_OPEN))
		found.open = true;
	else if (!found.any)
		code = NSC_DNS_NXDOMAIN;
	/* Their hints are addresses that nobody would allow. */
	if (!found.open && (!found.any || q.question.type == NSC_DNS_HTTPS ||
			    q.question.type == NSC_DNS_SVCB))
		answer(r, &q.client, nsc_dns_refuse(r->message, &q.question,
						    code));
	else
		ask(r, &q, (size_t)n);
}

static void take_answer(struct resolver *r, struct question *q)
{
	struct nsc_dns_address list[ADDRESSES];
	struct nsc_dns_question question;
	struct found found = {
		.question = &q->question, .sets = r->sets, .list = list,
	};
	ssize_t n = recv(q->fd, r->message, sizeof(r->message),
			 MSG_DONTWAIT | MSG_TRUNC);
	size_t size = (size_t)n;

	if (n < 0)
		r->turn++;
	/* Somebody else's answer: the right one may still come. */
	if (n <= 0 || size > sizeof(r->message) ||
	    !nsc_dns_question(r->message, size, true, &question) ||
	    nsc_dns_id(r->message) != q->id ||
	    question.type != q->question.type ||
	    strcmp(question.name, q->question.name) != 0)
		return;
	nsc_fd_close(&q->fd);
	found.n = nsc_dns_addresses(r->message, size, &question, list,
				    ADDRESSES);
	load_names(r);
	if (found.n < 0 || each(r->names, "name ", allow, &found) != 0 ||
	    !(found.any || has(r->names, NSC_NAMES_OPEN)))
		size = nsc_dns_refuse(r->message, &question, NSC_DNS_SERVFAIL);
	nsc_dns_set_id(r->message, q->client_id);
	answer(r, &q->client, size);
}

/*
 * Drop the questions that no server answers; returns the milliseconds until the
 * next such time, for poll(2).
 */
static int drop_late(struct resolver *r)
{
	int64_t left = -1, now = now_ms();

	for (size_t i = 0; i < QUESTIONS; i++) {
		struct question *q = &r->questions[i];

		if (q->fd < 0)
			continue;
		if (q->deadline <= now) {
			nsc_fd_close(&q->fd);
			r->turn++;
		} else if (left < 0 || q->deadline - now < left) {
			left = q->deadline - now;
		}
	}
	return (int)left;
}

static void __attribute__((noreturn)) resolve(struct resolver *r)
{
	for (;;) {
		struct pollfd p[QUESTIONS + 2];
		int left = drop_late(r);

		for (size_t i = 0; i < QUESTIONS; i++)
			p[i] = (struct pollfd){ r->questions[i].fd, POLLIN, 0 };
		p[QUESTIONS] = (struct pollfd){ r->socket, POLLIN, 0 };
		p[QUESTIONS + 1] = (struct pollfd){ r->sets, 0, 0 };
		if (poll(p, QUESTIONS + 2, left) < 0)
			continue;
		if (p[QUESTIONS + 1].revents)
			_exit(0);
		for (size_t i = 0; i < QUESTIONS; i++)
			if (p[i].revents)
				take_answer(r, &r->questions[i]);
		if (p[QUESTIONS].revents)
			take_question(r);
	}
}

static void __attribute__((noreturn))
read_messages(const struct resolver_sockets *sockets, int sets, pid_t parent)
{
	static struct resolver r;
	const int keep[] = { NSC_NAMES_FILE, sockets->question, sets,
			     NSC_NAMES_ASKED, NSC_NAMES_WAKE };

	r.socket = sockets->question;
	r.sets = sets;
	for (size_t i = 0; i < QUESTIONS; i++)
		r.questions[i].fd = -1;
	nsc_process_die_with(parent);
	resolver_asked_begin(&r.asked);
	if (nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep)) < 0 ||
	    nsc_capability_keep(0, NSC_IGNORE) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 || resolver_confine() < 0)
		_exit(1);
	resolve(&r);
}

int main(int argc, char **argv)
{
	struct resolver_sockets sockets = { -1, -1 };
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
	close(NSC_NAMES_ASKED);
	close(NSC_NAMES_WAKE);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		change_sets(sets[1], sockets.netlink);
	return 0;
}
