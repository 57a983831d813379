/* SPDX-License-Identifier: Apache-2.0 */
#include "util/dns.h"

#include <errno.h>
#include <string.h>

#define HEADER 12
#define LABEL_MAX 63
#define CLASS_IN 1
#define POINTER 0xc0
#define FLAG_ANSWER 0x80
#define FLAG_OPCODE 0x78

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

/* In lower case; 0 for a character that no name of a host has. */
static char lower(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' ? (char)c : '\0';
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
		for (; label; label--) {
			name[n] = lower(message[(*at)++]);
			if (!name[n++])
				return false;
		}
	}
	name[n] = '\0';
	return n > 0;
}

bool nsc_dns_question(const unsigned char *message, size_t size, bool answer,
		      struct nsc_dns_question *ret)
{
	size_t at = HEADER;

	if (size < HEADER || size > NSC_DNS_MAX ||
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

/* The address of a record with size bytes of data; false if it has none. */
static bool get_address(unsigned int type, const unsigned char *data,
			size_t size, struct nsc_address *ret)
{
	struct nsc_address a = { .family = AF_INET, .length = 32 };

	if (type == NSC_DNS_AAAA) {
		a.family = AF_INET6;
		a.length = 128;
	}
	if ((type != NSC_DNS_A && type != NSC_DNS_AAAA) ||
	    size != a.length / 8)
		return false;
	memcpy(a.bytes, data, size);
	*ret = a;
	return true;
}

int nsc_dns_addresses(const unsigned char *message, size_t size,
		      const struct nsc_dns_question *question,
		      struct nsc_dns_address *ret, size_t max)
{
	unsigned int records = get16(message + 6);
	size_t at = question->end;
	int n = 0;

	for (; records; records--) {
		struct nsc_dns_address one;
		unsigned int type;
		size_t length;

		if (!skip_name(message, size, &at) || size - at < 10)
			return -EBADMSG;
		type = get16(message + at);
		one.ttl = get32(message + at + 4);
		length = get16(message + at + 8);
		at += 10;
		if (size - at < length)
			return -EBADMSG;
		if (get16(message + at - 8) == CLASS_IN &&
		    get_address(type, message + at, length, &one.address)) {
			if ((size_t)n == max)
				return -EBADMSG;
			ret[n++] = one;
		}
		at += length;
	}
	return n;
}

size_t nsc_dns_refuse(unsigned char *message,
		      const struct nsc_dns_question *question,
		      unsigned int code)
{
	message[2] |= FLAG_ANSWER;
	message[3] = (unsigned char)(0x80 | code);	/* recursion is there */
	memset(message + 6, 0, HEADER - 6);
	return question->end;
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
		if (lower((unsigned char)*p) != *p || ++label > LABEL_MAX)
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
