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
		MESSAGE(QUERY "\0\0\1\0\1"),
		MESSAGE(QUERY "\1.\0\0\1\0\1"),
		MESSAGE(QUERY "\3a b\0\0\1\0\1"),
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
	ck_assert_uint_eq(nsc_dns_refuse(copy, &q, NSC_DNS_NXDOMAIN),
			  good.size);
	ck_assert(nsc_dns_question(copy, good.size, true, &q));
	ck_assert_uint_eq(copy[3], 0x83);
	nsc_dns_set_id(copy, 0x1234);
	ck_assert_uint_eq(nsc_dns_id(copy), 0x1234);
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
	const TTest *const tests[] = { questions, answers, patterns, NULL };
	Suite *suite = suite_create("dns");
	TCase *tcase = tcase_create("dns");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
