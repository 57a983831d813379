/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: name-resolver, the process without rights. */
#include "resolver-judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"

#define ADDRESSES 512		/* in an answer */

/* The file may have changed since the last question. */
static void load_names(struct resolver_judge *j)
{
	ssize_t n = pread(NSC_NAMES_FILE, j->names, NSC_NAMES_MAX, 0);

	j->names[n < 0 ? 0 : n] = '\0';
	/* Half of a file has no end. */
	if (!strstr(j->names, NSC_NAMES_END))
		j->names[0] = '\0';
}

/* Bytes of the name in a message. */
static size_t name_size(const struct nsc_dns_question *q)
{
	return q->end - NSC_DNS_HEADER - 4;
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

struct found {
	const struct nsc_dns_question *question;
	int sets;
	struct nsc_dns_address *list;
	int n;
	bool any;
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
		const struct resolver_request r = {
			.set = (uint32_t)strtoul(value, NULL, 16),
			.seconds = (ttl < RESOLVER_TTL_MAX ? ttl :
				   RESOLVER_TTL_MAX) + RESOLVER_GRACE,
			.address = f->list[i].address,
		};

		if (send(f->sets, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r) ||
		    recv(f->sets, &answer, sizeof(answer), 0) !=
			    sizeof(answer))
			_exit(0);
	}
	return answer;
}

struct servers {
	unsigned int n, wanted;
	struct nsc_address address;	/* of the one that is wanted */
};

static int take_server(void *arg, const char *value)
{
	struct servers *s = arg;
	struct nsc_address a;

	if (nsc_address_parse(value, false, &a) == 0 && s->n++ == s->wanted)
		s->address = a;
	return 0;
}

int resolver_judge_connect(struct resolver_judge *j, int type)
{
	struct servers s = { .n = 0 };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(53) };
	bool six;
	int fd;

	each(j->names, "server ", take_server, &s);
	if (!s.n)
		return -1;
	s = (struct servers){ .wanted = j->turn % s.n };
	each(j->names, "server ", take_server, &s);
	six = s.address.family == AF_INET6;
	memcpy(&v4.sin_addr, s.address.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, s.address.bytes, sizeof(v6.sin6_addr));
	fd = socket(s.address.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    connect(fd, six ? (const struct sockaddr *)&v6 :
			      (const struct sockaddr *)&v4,
		    six ? sizeof(v6) : sizeof(v4)) < 0 &&
	    errno != EINPROGRESS) {
		nsc_fd_close(&fd);
		j->turn++;
	}
	return fd;
}

void resolver_judge_next(struct resolver_judge *j,
			 const struct resolver_question *q)
{
	if (j->turn == q->turn)
		j->turn++;
}

bool resolver_judge_question(struct resolver_judge *j, unsigned char *message,
			     size_t *size, struct resolver_question *q)
{
	struct found found = { .question = &q->text };
	bool open;

	if (!nsc_dns_question(message, *size, false, &q->text)) {
		*size = nsc_dns_malformed(message, *size);
		return false;
	}
	load_names(j);
	each(j->names, "name ", allow, &found);
	resolver_asked_note(&j->asked, q->text.name, !found.any,
			    nsc_names_line(j->names, NSC_NAMES_LOG));
	open = nsc_names_line(j->names, NSC_NAMES_OPEN);
	/* Their hints are addresses that nobody would allow. */
	if (!open && (!found.any || q->text.type == NSC_DNS_HTTPS ||
		      q->text.type == NSC_DNS_SVCB)) {
		*size = nsc_dns_refuse(message, q->text.end, found.any ?
				       NSC_DNS_NOERROR : NSC_DNS_NXDOMAIN);
		return false;
	}
	memcpy(q->name, message + NSC_DNS_HEADER, name_size(&q->text));
	*size = nsc_dns_strip(message, *size, &q->text);
	q->turn = j->turn;
	q->client_id = nsc_dns_id(message);
	if (syscall(SYS_getrandom, &q->id, sizeof(q->id), 0) !=
	    sizeof(q->id))
		_exit(1);
	nsc_dns_set_id(message, q->id);
	return true;
}

bool resolver_judge_answer(struct resolver_judge *j,
			   const struct resolver_question *q,
			   unsigned char *message, size_t *size)
{
	struct nsc_dns_address list[ADDRESSES];
	struct nsc_dns_question question;
	struct found found = {
		.question = &q->text, .sets = j->sets, .list = list,
	};

	if (!nsc_dns_question(message, *size, true, &question) ||
	    nsc_dns_id(message) != q->id || question.type != q->text.type ||
	    question.end != q->text.end ||
	    strcmp(question.name, q->text.name) != 0)
		return false;
	found.n = nsc_dns_addresses(message, *size, &question, list,
				    ADDRESSES);
	load_names(j);
	if (found.n < 0 || each(j->names, "name ", allow, &found) != 0 ||
	    !(found.any || nsc_names_line(j->names, NSC_NAMES_OPEN)))
		*size = nsc_dns_refuse(message, question.end,
				       NSC_DNS_SERVFAIL);
	else
		nsc_dns_limit_ttl(message, *size, &question,
				  RESOLVER_TTL_MAX);
	memcpy(message + NSC_DNS_HEADER, q->name, name_size(&q->text));
	nsc_dns_set_id(message, q->client_id);
	return true;
}
