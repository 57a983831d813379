/* SPDX-License-Identifier: Apache-2.0 */
#include "util/dns.h"

#include <errno.h>
#include <string.h>

#define LABEL_MAX 63
#define CLASS_IN 1
#define POINTER 0xc0
#define FLAG_ANSWER 0x80
#define FLAG_OPCODE 0x78
#define FLAG_RECURSE 0x01
#define FLAGS_SECURE 0x30	/* AD and CD, RFC 4035 */
#define OPT 41			/* RFC 6891 */
#define OPT_SIZE 11		/* without options */
#define OPT_SECURE 0x80		/* DO, the first bit that is not the version */

static unsigned int get16(const unsigned char *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(unsigned char *p, unsigned int value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* In lower case; '?' for a character that no name of a host has. */
static char lower(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' ? (char)c : '?';
}

/* A name without pointers, which a question has no use for. */
static bool read_name(const unsigned char *message, size_t size, size_t *at,
		      char name[NSC_DNS_NAME_MAX])
{
	size_t n = 0;

	for (;;) {
		size_t label;

		if (*at >= size)
			return false;
		label = message[(*at)++];
		if (!label)
			break;
		if (label > LABEL_MAX || *at + label > size ||
		    n + label + 2 > NSC_DNS_NAME_MAX)
			return false;
		if (n)
			name[n++] = '.';
		for (; label; label--)
			name[n++] = lower(message[(*at)++]);
	}
	strcpy(name + n, n ? "" : ".");
	return true;
}

bool nsc_dns_question(const unsigned char *message, size_t size, bool answer,
		      struct nsc_dns_question *ret)
{
	size_t at = NSC_DNS_HEADER;

	if (size < NSC_DNS_HEADER || size > NSC_DNS_MAX ||
	    !(message[2] & FLAG_ANSWER) == answer || message[2] & FLAG_OPCODE ||
	    get16(message + 4) != 1 ||
	    !read_name(message, size, &at, ret->name) || at + 4 > size ||
	    get16(message + at + 2) != CLASS_IN)
		return false;
	ret->type = (uint16_t)get16(message + at);
	ret->end = at + 4;
	return true;
}

uint16_t nsc_dns_id(const unsigned char *message)
{
	return (uint16_t)get16(message);
}

void nsc_dns_set_id(unsigned char *message, uint16_t id)
{
	put16(message, id);
}

/* Go beyond the name of a record, which may end with a pointer. */
static bool skip_name(const unsigned char *message, size_t size, size_t *at)
{
	while (*at < size) {
		size_t label = message[(*at)++];

		if (!label)
			return true;
		if ((label & POINTER) == POINTER) {
			(*at)++;
			return *at <= size;
		}
		if (label > LABEL_MAX)
			return false;
		*at += label;
	}
	return false;
}

struct record {
	unsigned int type, class;
	size_t ttl;		/* where these are in the message */
	size_t data;
	size_t length;
};

static bool next_record(const unsigned char *message, size_t size, size_t *at,
			struct record *ret)
{
	if (!skip_name(message, size, at) || size - *at < 10)
		return false;
	ret->type = get16(message + *at);
	ret->class = get16(message + *at + 2);
	ret->ttl = *at + 4;
	ret->length = get16(message + *at + 8);
	ret->data = *at + 10;
	if (size - ret->data < ret->length)
		return false;
	*at = ret->data + ret->length;
	return true;
}

/* The address of a record; false if it has none. */
static bool get_address(const unsigned char *message, const struct record *r,
			struct nsc_address *ret)
{
	struct nsc_address a = { .family = AF_INET, .length = 32 };

	if (r->type == NSC_DNS_AAAA) {
		a.family = AF_INET6;
		a.length = 128;
	}
	if ((r->type != NSC_DNS_A && r->type != NSC_DNS_AAAA) ||
	    r->class != CLASS_IN || r->length != a.length / 8)
		return false;
	memcpy(a.bytes, message + r->data, r->length);
	*ret = a;
	return true;
}

int nsc_dns_addresses(const unsigned char *message, size_t size,
		      const struct nsc_dns_question *question,
		      struct nsc_dns_address *ret, size_t max)
{
	size_t at = question->end;
	int n = 0;

	for (unsigned int left = get16(message + 6); left; left--) {
		struct nsc_dns_address one;
		struct record r;

		if (!next_record(message, size, &at, &r))
			return -EBADMSG;
		if (!get_address(message, &r, &one.address))
			continue;
		if ((size_t)n == max)
			return -EBADMSG;
		one.ttl = get32(message + r.ttl);
		ret[n++] = one;
	}
	return n;
}

void nsc_dns_limit_ttl(unsigned char *message, size_t size,
		       const struct nsc_dns_question *question, uint32_t ttl)
{
	for (int pass = 0; pass < 2; pass++) {
		size_t at = question->end;
		struct record r;

		for (unsigned int left = get16(message + 6); left; left--) {
			if (!next_record(message, size, &at, &r))
				return;
			if (pass) {
				put16(message + r.ttl, ttl >> 16);
				put16(message + r.ttl + 2, ttl);
			} else if (get32(message + r.ttl) < ttl) {
				ttl = get32(message + r.ttl);
			}
		}
	}
}

/* The name of a question, which has no pointers. */
static void lower_name(unsigned char *message)
{
	for (size_t at = NSC_DNS_HEADER, label; (label = message[at++]);)
		for (; label; label--, at++)
			if (message[at] >= 'A' && message[at] <= 'Z')
				message[at] += 'a' - 'A';
}

size_t nsc_dns_strip(unsigned char *message, size_t size,
		     const struct nsc_dns_question *question)
{
	size_t end = question->end;
	bool opt = size - end >= OPT_SIZE && !message[end] &&
		   get16(message + end + 1) == OPT;

	message[2] &= FLAG_RECURSE;
	message[3] &= FLAGS_SECURE;
	memset(message + 6, 0, NSC_DNS_HEADER - 6);
	lower_name(message);
	if (!opt)
		return end;
	put16(message + 10, 1);
	put16(message + end + 5, 0);
	put16(message + end + 7, message[end + 7] & OPT_SECURE ?
				 OPT_SECURE << 8 : 0);
	put16(message + end + OPT_SIZE - 2, 0);
	return end + OPT_SIZE;
}

size_t nsc_dns_refuse(unsigned char *message, size_t end, unsigned int code)
{
	message[2] = FLAG_ANSWER |
		     (message[2] & (FLAG_OPCODE | FLAG_RECURSE));
	message[3] = (unsigned char)(0x80 | code);	/* recursion is there */
	put16(message + 4, end > NSC_DNS_HEADER);
	memset(message + 6, 0, NSC_DNS_HEADER - 6);
	return end;
}

/* One question, and nothing is wrong but its class. */
static bool has_other_class(const unsigned char *message, size_t size)
{
	char name[NSC_DNS_NAME_MAX];
	size_t at = NSC_DNS_HEADER;

	return get16(message + 4) == 1 && read_name(message, size, &at, name) &&
	       at + 4 <= size && get16(message + at + 2) != CLASS_IN;
}

size_t nsc_dns_malformed(unsigned char *message, size_t size)
{
	bool other;

	if (size < NSC_DNS_HEADER || message[2] & FLAG_ANSWER)
		return 0;
	other = message[2] & FLAG_OPCODE || has_other_class(message, size);
	return nsc_dns_refuse(message, NSC_DNS_HEADER, other ? NSC_DNS_NOTIMP :
							NSC_DNS_FORMERR);
}

bool nsc_dns_pattern_valid(const char *pattern)
{
	const char *p = strncmp(pattern, "*.", 2) ? pattern : pattern + 2;
	bool dot = p != pattern, letter = false;
	size_t label = 0;

	if (strlen(p) >= NSC_DNS_NAME_MAX)
		return false;
	for (; *p; p++) {
		if (*p == '.') {
			if (!label)
				return false;
			dot = true;
			letter = false;
			label = 0;
			continue;
		}
		/* A last label of digits would be an address. */
		letter |= *p < '0' || *p > '9';
		if (*p == '?' || lower((unsigned char)*p) != *p ||
		    ++label > LABEL_MAX)
			return false;
	}
	return dot && label && letter;
}

bool nsc_dns_matches(const char *pattern, const char *name)
{
	size_t n = strlen(name), m;

	if (strncmp(pattern, "*.", 2) != 0)
		return !strcmp(pattern, name);
	m = strlen(pattern + 1);
	return n > m && !strcmp(name + n - m, pattern + 1);
}
