/* SPDX-License-Identifier: Apache-2.0 */
/* What name-resolver thinks of questions and answers, by UDP and by TCP. */
#ifndef RESOLVER_JUDGE_H
#define RESOLVER_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver-asked.h"
#include "util/dns.h"
#include "util/names.h"

#define RESOLVER_GRACE 60	/* seconds that an address stays longer */
#define RESOLVER_WAIT_MS 3000	/* for a server, or a client */
#define RESOLVER_TTL_MAX 86400

/* From the process that reads messages to the one that changes sets. */
struct resolver_request {
	uint32_t set;
	uint32_t seconds;
	struct nsc_address address;
};

struct resolver_judge {
	int sets;		/* to the other process */
	unsigned int turn;	/* of the servers */
	char names[NSC_NAMES_MAX + 1];	/* as the file has them now */
	struct resolver_asked asked;
};

struct resolver_question {
	struct nsc_dns_question text;
	/* The name as the container has written it, which it looks for. */
	unsigned char name[NSC_DNS_NAME_MAX + 1];
	uint16_t id;		/* at the server */
	uint16_t client_id;
	unsigned int turn;	/* whose it was */
};

/*
 * Judge the message of size bytes from inside.  True: it is now a question for
 * a server.  False: it is now the answer to the container, of size 0 if there
 * is none.
 */
bool resolver_judge_question(struct resolver_judge *j, unsigned char *message,
			     size_t *size, struct resolver_question *q);

/*
 * Judge the message of size bytes from a server, and allow its addresses.
 * True: it is now the answer to the container.  False: it does not answer q.
 */
bool resolver_judge_answer(struct resolver_judge *j,
			   const struct resolver_question *q,
			   unsigned char *message, size_t *size);

/*
 * A socket of this type that connects to the server whose turn it is, from a
 * random port, and does not block.  -1: there is none.
 */
int resolver_judge_connect(struct resolver_judge *j, int type);

/*
 * The server that was asked gave no answer: it is another one's turn, once for
 * all questions that wait for it.
 */
void resolver_judge_next(struct resolver_judge *j,
			 const struct resolver_question *q);

#endif
