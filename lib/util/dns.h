/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of DNS, RFC 1035: as much as a forwarder needs that looks at the
 * question and at the addresses of the answer.  Every message is hostile.
 */
#ifndef NSC_UTIL_DNS_H
#define NSC_UTIL_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/address.h"

#define NSC_DNS_MAX 65535	/* bytes of a message */
#define NSC_DNS_NAME_MAX 254	/* "a.example", with a NUL */
#define NSC_DNS_HEADER 12	/* bytes before the name of the question */

enum { NSC_DNS_A = 1, NSC_DNS_AAAA = 28, NSC_DNS_SVCB = 64,
       NSC_DNS_HTTPS = 65 };
enum { NSC_DNS_NOERROR = 0, NSC_DNS_FORMERR = 1, NSC_DNS_SERVFAIL = 2,
       NSC_DNS_NXDOMAIN = 3, NSC_DNS_NOTIMP = 4 };

struct nsc_dns_question {
	char name[NSC_DNS_NAME_MAX];	/* in lower case, as below; "." */
	uint16_t type;
	size_t end;		/* of the question in the message */
};

/*
 * Get the question of a query, or with answer that of an answer.  A message
 * with more or less than one question is refused.  The name has '?' for each
 * character but letters, digits, '-' and '_', also for a dot in a label.
 */
bool nsc_dns_question(const unsigned char *message, size_t size, bool answer,
		      struct nsc_dns_question *ret);

/* The identity of a message that has a question. */
uint16_t nsc_dns_id(const unsigned char *message);
void nsc_dns_set_id(unsigned char *message, uint16_t id);

struct nsc_dns_address {
	struct nsc_address address;
	uint32_t ttl;		/* seconds */
};

/*
 * Get the addresses of an answer with this question, at most max of them.
 * Returns their number, or -EBADMSG for a message that is not well formed or
 * has more.
 */
int nsc_dns_addresses(const unsigned char *message, size_t size,
		      const struct nsc_dns_question *question,
		      struct nsc_dns_address *ret, size_t max);

/*
 * Give each record of an answer the lowest lifetime that one of them has, or
 * this one.  A cache then forgets an alias together with its address.
 */
void nsc_dns_limit_ttl(unsigned char *message, size_t size,
		       const struct nsc_dns_question *question, uint32_t ttl);

/*
 * Reduce a query to its question, in lower case, and to what RFC 6891 says of
 * its answer's size and signatures: no options, cookies, records or unused bits
 * stay.  Returns its new size, at most size.
 */
size_t nsc_dns_strip(unsigned char *message, size_t size,
		     const struct nsc_dns_question *question);

/*
 * Turn a message whose question ends at end into an answer without records.
 * Returns its size, end.
 */
size_t nsc_dns_refuse(unsigned char *message, size_t end, unsigned int code);

/*
 * The answer to a query of which nsc_dns_question() gets none: it is broken, or
 * of a kind that nobody here answers.  0: none.
 */
size_t nsc_dns_malformed(unsigned char *message, size_t size);

/* "a.example", or "*.example" for all names below it. */
bool nsc_dns_pattern_valid(const char *pattern);
bool nsc_dns_matches(const char *pattern, const char *name);

#endif
