/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of DNS. */
#include "unit.h"

#include <errno.h>

#include "util/dns.h"

#define QUERY "\0\7\1\0\0\1\0\0\0\0\0\0"
#define ANSWER(n) "\0\7\x81\x80\0\1\0" n "\0\0\0\0"
#define NAME "\1A\7exAmple\3org\0\0\1\0\1"
#define HEAD(type, length) "\xc0\x0c\0" type "\0\1\0\0\1\0\0" length
#define RECORD HEAD("\1", "\4") "\x0a\0\0\1"
#define MESSAGE(text) { (const unsigned char *)(text), sizeof(text) - 1 }

struct message {
	const unsigned char *data;
	size_t size;
};

static bool question(struct message m, bool answer, struct nsc_dns_question *q)
{
	return nsc_dns_question(m.data, m.size, answer, q);
}

START_TEST(questions)
{
	static const struct message good = MESSAGE(QUERY NAME);
	static const struct message bad[] = {
		MESSAGE(ANSWER("\0") NAME),
		MESSAGE(QUERY "\1a\0\0\1\0"),
		MESSAGE(QUERY "\1a\0\0\1\0\3"),
		MESSAGE(QUERY "\xc0\x0c\0\1\0\1"),
		MESSAGE(QUERY "\x40" "a\0\0\1\0\1"),
		MESSAGE("\0\7\1\0\0\2\0\0\0\0\0\0" NAME NAME),
		MESSAGE("\0\7\x28\0\0\1\0\0\0\0\0\0" NAME),
		MESSAGE("\0\7"),
	};
	unsigned char copy[64];
	struct nsc_dns_question q;

	ck_assert(question(good, false, &q));
	ck_assert_str_eq(q.name, "a.example.org");
	ck_assert_uint_eq(q.type, NSC_DNS_A);
	ck_assert_uint_eq(q.end, good.size);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!question(bad[i], false, &q), "%zu", i);
	for (size_t n = 0; n < good.size; n++)
		ck_assert(!nsc_dns_question(good.data, n, false, &q));
	memcpy(copy, good.data, good.size);
	ck_assert(question(good, false, &q));
	ck_assert_uint_eq(nsc_dns_refuse(copy, q.end,
					 NSC_DNS_NXDOMAIN),
			  good.size);
	ck_assert(nsc_dns_question(copy, good.size, true, &q));
	ck_assert_uint_eq(copy[3], 0x83);
	nsc_dns_set_id(copy, 0x1234);
	ck_assert_uint_eq(nsc_dns_id(copy), 0x1234);
}
END_TEST

/* Names that are none of a host: they never look like one. */
START_TEST(other_names)
{
	static const struct {
		struct message message;
		const char *name;
	} list[] = {
		{ MESSAGE(QUERY "\0\0\1\0\1"), "." },
		{ MESSAGE(QUERY "\1.\0\0\1\0\1"), "?" },
		{ MESSAGE(QUERY "\3a.b\1c\0\0\1\0\1"), "a?b.c" },
		{ MESSAGE(QUERY "\3a\0b\1c\0\0\1\0\1"), "a?b.c" },
		{ MESSAGE(QUERY "\3\xc3\xa4*\1c\0\0\1\0\1"), "???.c" },
	};
	unsigned char longest[12 + 255 + 4] = "\0\7\1\0\0\1";
	struct nsc_dns_question q;
	size_t at = 12;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		ck_assert(question(list[i].message, false, &q));
		ck_assert_str_eq(q.name, list[i].name);
	}
	ck_assert(!nsc_dns_pattern_valid("a?b.c"));
	ck_assert(!nsc_dns_matches("a.b.c", "a?b.c"));
	/* 253 characters with dots are the most. */
	for (int i = 0; i < 4; i++) {
		size_t label = i < 3 ? 63 : 61;

		longest[at++] = (unsigned char)label;
		memset(longest + at, 'a', label);
		at += label;
	}
	memcpy(longest + at, "\0\0\1\0\1", 5);
	ck_assert(nsc_dns_question(longest, at + 5, false, &q));
	ck_assert_uint_eq(strlen(q.name), 253);
	longest[12 + 3 * 64] = 62;
	ck_assert(!nsc_dns_question(longest, sizeof(longest), false, &q));
}
END_TEST

/* What a container adds to its question goes nowhere. */
START_TEST(stripped)
{
	static const struct {
		struct message message;
		const char *rest;
		size_t size;
		unsigned int additional;
	} list[] = {
		{ MESSAGE(QUERY NAME), "", 0, 0 },
		{ MESSAGE(QUERY NAME "data"), "", 0, 0 },
		{ MESSAGE(QUERY NAME "\0\0\x10\0\1\0\0\0\0\0\0"), "", 0, 0 },
		{ MESSAGE(QUERY NAME "\0\0\x29\x10\0\0\0\x80\0\0"), "", 0, 0 },
		{ MESSAGE(QUERY NAME "\0\0\x29\x10\0\0\0\x80\0\0\4data"),
		  "\0\0\x29\x10\0\0\0\x80\0\0\0", 11, 1 },
		{ MESSAGE(QUERY NAME "\0\0\x29\4\xd0\x12\x34\x7f\xff\0\0"),
		  "\0\0\x29\4\xd0\0\0\0\0\0\0", 11, 1 },
		{ MESSAGE("\0\7\7\xff\0\1\0\1\0\1\0\5" NAME "data"), "", 0, 0 },
	};
	unsigned char copy[80];
	struct nsc_dns_question q;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		size_t size = list[i].message.size;

		memcpy(copy, list[i].message.data, size);
		ck_assert(nsc_dns_question(copy, size, false, &q));
		ck_assert_uint_eq(nsc_dns_strip(copy, size, &q),
				  q.end + list[i].size);
		ck_assert_mem_eq(copy + q.end, list[i].rest, list[i].size);
		/* The case of letters would carry data as well. */
		ck_assert_mem_eq(copy + 12, "\1a\7example\3org", 14);
		ck_assert_mem_eq(copy, i < 6 ? "\0\7\1\0\0\1\0\0\0\0\0" :
				 "\0\7\1\x30\0\1\0\0\0\0\0", 11);
		ck_assert_uint_eq(copy[11], list[i].additional);
	}
}
END_TEST

START_TEST(malformed)
{
	unsigned char message[] = "\0\7\3\xff\0\2\0\1\0\1\0\1more";

	ck_assert_uint_eq(nsc_dns_malformed(message, 11), 0);
	ck_assert_uint_eq(nsc_dns_malformed(message, sizeof(message)), 12);
	ck_assert_mem_eq(message, "\0\7\x81\x81\0\0\0\0\0\0\0\0", 12);
	/* Nothing answers an answer. */
	ck_assert_uint_eq(nsc_dns_malformed(message, sizeof(message)), 0);
}
END_TEST

/* What is well formed, and nobody here answers. */
START_TEST(other_kinds)
{
	static const struct {
		struct message message;
		unsigned int code;
	} list[] = {
		/* An update, a status, a class of its own. */
		{ MESSAGE("\0\7\x28\0\0\1\0\0\0\0\0\0" NAME),
		  NSC_DNS_NOTIMP },
		{ MESSAGE("\0\7\x10\0\0\0\0\0\0\0\0\0"), NSC_DNS_NOTIMP },
		{ MESSAGE(QUERY "\7version\4bind\0\0\x10\0\3"),
		  NSC_DNS_NOTIMP },
		{ MESSAGE(QUERY "\7version\4bind\0\0\x10\0"),
		  NSC_DNS_FORMERR },
		{ MESSAGE("\0\7\1\0\0\2\0\0\0\0\0\0" NAME NAME),
		  NSC_DNS_FORMERR },
	};
	unsigned char copy[80];

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		memcpy(copy, list[i].message.data, list[i].message.size);
		ck_assert_uint_eq(nsc_dns_malformed(copy,
						    list[i].message.size), 12);
		ck_assert_uint_eq(copy[2] & 0x78,
				  list[i].message.data[2] & 0x78);
		ck_assert_uint_eq(copy[3] & 0xf, list[i].code);
	}
}
END_TEST

#define TTL(hours) "\xc0\x0c\0\1\0\1\0\0" hours "\0\0\4\x0a\0\0\1"

START_TEST(lifetimes)
{
	unsigned char message[] = ANSWER("\2") NAME TTL("\x20") TTL("\x10")
		TTL("\1");
	const size_t size = sizeof(message) - 1;
	struct nsc_dns_address list[2];
	struct nsc_dns_question q;

	ck_assert(nsc_dns_question(message, size, true, &q));
	/* What comes after the answer does not count. */
	for (uint32_t limit = 86400; limit; limit = limit == 86400 ? 1 : 0) {
		nsc_dns_limit_ttl(message, size, &q, limit);
		ck_assert_int_eq(nsc_dns_addresses(message, size, &q, list, 2),
				 2);
		for (int i = 0; i < 2; i++)
			ck_assert_uint_eq(list[i].ttl,
					  limit == 1 ? 1 : 0x1000);
	}
	ck_assert_mem_eq(message + size - 16, TTL("\1"), 16);
	/* Half of a message is not written to. */
	nsc_dns_limit_ttl(message, size - 20, &q, 0);
	ck_assert_int_eq(nsc_dns_addresses(message, size, &q, list, 2), 2);
	ck_assert_uint_eq(list[0].ttl, 1);
}
END_TEST

START_TEST(answers)
{
	static const struct message good =
		MESSAGE(ANSWER("\2") NAME HEAD("\5", "\2") "\xc0\x0c" RECORD);
	static const struct message bad[] = {
		MESSAGE(ANSWER("\2") NAME RECORD),
		MESSAGE(ANSWER("\1") NAME HEAD("\1", "\5") "\x0a\0\0\1"),
		MESSAGE(ANSWER("\1") NAME "\x80"),
		MESSAGE(ANSWER("\1") NAME "\xc0"),
		MESSAGE(ANSWER("\3") NAME RECORD RECORD RECORD),
	};
	struct nsc_dns_address list[2];
	struct nsc_dns_question q;
	char buf[NSC_ADDRESS_SIZE];

	ck_assert(question(good, true, &q));
	ck_assert_int_eq(nsc_dns_addresses(good.data, good.size, &q, list, 2),
			 1);
	ck_assert_str_eq(nsc_address_print(&list[0].address, false, buf),
			 "10.0.0.1");
	ck_assert_uint_eq(list[0].ttl, 256);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert(question(bad[i], true, &q));
		ck_assert_msg(nsc_dns_addresses(bad[i].data, bad[i].size, &q,
						list, 2) == -EBADMSG, "%zu", i);
	}
}
END_TEST

START_TEST(patterns)
{
	static const char *const good[] = {
		"a.example", "*.example", "*.a.example", "a-b.c_d.e1",
		"1.example",
	};
	static const char *const bad[] = {
		"", "a", "*", "*.", "a.", ".a", "a..b", "A.example", "a b.c",
		"10.0.0.1", "10.0", "a.*.b", "*a.example", "a.example:1",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(nsc_dns_pattern_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!nsc_dns_pattern_valid(bad[i]), "%s", bad[i]);
	ck_assert(nsc_dns_matches("a.example", "a.example"));
	ck_assert(!nsc_dns_matches("a.example", "b.a.example"));
	ck_assert(nsc_dns_matches("*.a.example", "b.a.example"));
	ck_assert(nsc_dns_matches("*.a.example", "c.b.a.example"));
	ck_assert(!nsc_dns_matches("*.a.example", "a.example"));
	ck_assert(!nsc_dns_matches("*.a.example", "xa.example"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		questions, other_names, stripped, malformed, other_kinds,
		answers,
		lifetimes, patterns, NULL,
	};
	Suite *suite = suite_create("dns");
	TCase *tcase = unit_case("dns");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
