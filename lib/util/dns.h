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

#define NSC_DNS_MAX 4096	/* bytes of a message, as EDNS recommends */
#define NSC_DNS_NAME_MAX 254	/* "a.example", with a NUL */

enum { NSC_DNS_A = 1, NSC_DNS_AAAA = 28, NSC_DNS_SVCB = 64,
       NSC_DNS_HTTPS = 65 };
enum { NSC_DNS_NOERROR = 0, NSC_DNS_SERVFAIL = 2, NSC_DNS_NXDOMAIN = 3 };

struct nsc_dns_question {
	char name[NSC_DNS_NAME_MAX];	/* in lower case, without a last dot */
	uint16_t type;
	size_t end;		/* of the question in the message */
};

/*
 * Get the question of a query, or with answer that of an answer.  A message
 * with more or less than one question, or a name with other characters than
 * letters, digits, '-' and '_', is refused.
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
 * Turn a query into an answer without records.  Returns its size, which is not
 * above that of the query.
 */
size_t nsc_dns_refuse(unsigned char *message,
		      const struct nsc_dns_question *question,
		      unsigned int code);

/* "a.example", or "*.example" for all names below it. */
bool nsc_dns_pattern_valid(const char *pattern);
bool nsc_dns_matches(const char *pattern, const char *name);

#endif
