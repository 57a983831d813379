/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, root of the host. */
#include "network/metadata.h"

#include <string.h>

#include "util/fd.h"

static const char *const addresses[] = {
	"169.254.169.254",	/* most clouds */
	"169.254.170.2",	/* Amazon */
	"169.254.170.23",
	"100.100.100.200",	/* Alibaba */
	"192.0.0.192",		/* Oracle */
	"169.254.0.23",		/* Tencent */
	"169.254.42.42",	/* Scaleway */
	"168.63.129.16",	/* Azure, see below */
	"fd00:ec2::254",	/* Amazon */
	"fd00:ec2::23",
	"fd20:ce::254",		/* Google */
	"fd00:42::42",		/* Scaleway */
	"fe80::a9fe:a9fe",	/* OpenStack */
};

/* Azure's is the name server of its machines as well. */
#define SERVES_NAMES "168.63.129.16"

/*
 * IPv4 in IPv6: the bytes of a prefix, and where the address begins, which may
 * have all bits turned.
 */
static const struct form {
	const char *prefix;
	size_t size, at;
	bool turned;
} forms[] = {
	{ "64:ff9b::", 12, 12, false },		/* NAT64, RFC 6052 */
	{ "64:ff9b:1::", 6, 12, false },	/* RFC 8215, of 96 bits */
	{ "64:ff9b:1::", 6, 9, false },		/* of 64 */
	{ "64:ff9b:1::", 6, 7, false },		/* of 56 */
	{ "64:ff9b:1::", 6, 6, false },		/* of 48 */
	{ "::", 12, 12, false },		/* compatible, RFC 4291 */
	{ "::ffff:0.0.0.0", 12, 12, false },	/* mapped */
	{ "::ffff:0:0:0", 12, 12, false },	/* translated, RFC 2765 */
	{ "2002::", 2, 2, false },		/* 6to4, RFC 3056 */
	{ "2001::", 4, 4, false },		/* Teredo's server, RFC 4380 */
	{ "2001::", 4, 12, true },		/* and client */
};

static struct nsc_address parse(const char *text)
{
	struct nsc_address a = { .family = 0 };

	(void)nsc_address_parse(text, false, &a);
	return a;
}

/* The address has a byte of 0 within, RFC 6052, section 2.2. */
static bool is_split(const struct form *form)
{
	return form->at < 8 && form->at + 4 > 8;
}

static size_t length_of(const struct form *form)
{
	return is_split(form) ? 5 : 4;
}

/* This IPv4 address in this form. */
static struct nsc_address embed(const struct form *form,
				const struct nsc_address *v4)
{
	struct nsc_address a = parse(form->prefix);

	for (size_t i = 0, at = form->at; i < 4; i++, at++) {
		at += at == 8 && is_split(form);
		a.bytes[at] = form->turned ? (unsigned char)~v4->bytes[i] :
					     v4->bytes[i];
	}
	a.length = 8 * (unsigned int)(form->at + 4);
	return a;
}

/* Then the rest is anything. */
static bool is_prefix(const struct form *form)
{
	return form->size == form->at && !is_split(form);
}

static bool has_form(const struct form *form, const struct nsc_address *v4,
		     const struct nsc_address *address)
{
	const struct nsc_address a = embed(form, v4);

	return address->family == AF_INET6 &&
	       !memcmp(a.bytes, address->bytes, form->size) &&
	       !memcmp(a.bytes + form->at, address->bytes + form->at,
		       length_of(form));
}

bool nsc_metadata_is(const struct nsc_address *address)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(addresses); i++) {
		const struct nsc_address a = parse(addresses[i]);

		if (nsc_address_equal(&a, address))
			return true;
		for (size_t k = 0; a.family == AF_INET &&
				   k < NSC_ARRAY_SIZE(forms); k++)
			if (has_form(&forms[k], &a, address))
				return true;
	}
	return false;
}

static void print_family(FILE *out, int family)
{
	const char *before = family == AF_INET ? "ip daddr { " : "ip6 daddr { ";
	char text[NSC_ADDRESS_SIZE];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(addresses); i++) {
		const struct nsc_address a = parse(addresses[i]);

		if (a.family != family || !strcmp(addresses[i], SERVES_NAMES))
			continue;
		fprintf(out, "%s%s", before, addresses[i]);
		before = ", ";
	}
	for (size_t k = 0; family == AF_INET6 && k < NSC_ARRAY_SIZE(forms); k++)
		for (size_t i = 0; i < NSC_ARRAY_SIZE(addresses); i++) {
			struct nsc_address a = parse(addresses[i]);

			if (a.family != AF_INET || !is_prefix(&forms[k]))
				continue;
			a = embed(&forms[k], &a);
			fprintf(out, ", %s", nsc_address_print(&a, true, text));
		}
	fputs(" } goto refuse\n", out);
}

/* A form with anything between its prefix and the address, or in two parts. */
static void print_apart(FILE *out, const struct form *form)
{
	const char *before = "{ ";

	fprintf(out, "ip6 daddr %s/%zu @nh,%zu,%zu ", form->prefix,
		8 * form->size, 8 * (24 + form->at), 8 * length_of(form));
	for (size_t i = 0; i < NSC_ARRAY_SIZE(addresses); i++) {
		struct nsc_address a = parse(addresses[i]);

		if (a.family != AF_INET)
			continue;
		a = embed(form, &a);
		fprintf(out, "%s0x", before);
		for (size_t k = 0; k < length_of(form); k++)
			fprintf(out, "%02x", a.bytes[form->at + k]);
		before = ", ";
	}
	fputs(" } goto refuse\n", out);
}

void nsc_metadata_rules(FILE *out)
{
	print_family(out, AF_INET);
	fputs("ip daddr " SERVES_NAMES " meta l4proto != { tcp, udp } "
	      "goto refuse\n"
	      "ip daddr " SERVES_NAMES " th dport != 53 goto refuse\n", out);
	print_family(out, AF_INET6);
	for (size_t k = 0; k < NSC_ARRAY_SIZE(forms); k++)
		if (!is_prefix(&forms[k]))
			print_apart(out, &forms[k]);
}
