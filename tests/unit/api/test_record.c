/* SPDX-License-Identifier: Apache-2.0 */
/* lib/api/record.c. */
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "util/fd.h"

#define KEYS_TEST(KEY) \
	KEY("name", TEXT, "") KEY("words", TEXTS, "") KEY("size", INT, "") \
	KEY("limit", INT, "") KEY("share", REAL, "") KEY("open", BOOL, "") \
	KEY("peak", INT, "") KEY("io.queued", INT, "") KEY("stat.*", INT, "") \
	KEY("list[].pid", INT, "") KEY("list[].who", TEXT, "")

static NSC_API_KEYS(keys, KEYS_TEST);
static struct nscontainer_record *record;
static struct nsc_error err;

static int add(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(object);
	return nsc_api_add(&record, keys, object, &err);
}

static void setup(void)
{
	record = NULL;
	ck_assert_int_eq(add("{\"name\": \"a\\u00e4\", \"words\": [\"x\", "
			     "\"y\"], \"size\": 9000000000, \"limit\": null, "
			     "\"share\": 2.25, \"open\": true, \"io\": "
			     "{\"queued\": -1}, \"stat\": {\"file\": 7}, "
			     "\"list\": [{\"pid\": 1}, {\"pid\": 2, \"who\": "
			     "\"b\"}]}"), 0);
}

static void teardown(void)
{
	nscontainer_record_free(record);
}

static const struct {
	const char *key, *text;
} texts[] = {
	{ "name", "a\xc3\xa4" }, { "words", "x y" },
	{ "size", "9000000000" }, { "limit", "-" }, { "share", "2.2" },
	{ "open", "yes" }, { "io.queued", "-1" }, { "stat.file", "7" },
	{ "list[0].pid", "1" }, { "list[1].pid", "2" }, { "list[1].who", "b" },
};

START_TEST(a_value_is_a_text)
{
	const char *key = nscontainer_record_key(record, (unsigned int)_i);

	ck_assert_str_eq(key, texts[_i].key);
	ck_assert_str_eq(nscontainer_record_text(record, key), texts[_i].text);
}
END_TEST

/* What a terminal would obey is escaped; JSON is made once, in ASCII. */
START_TEST(texts_are_harmless)
{
	const struct nscontainer_record *r;
	const char *json;

	ck_assert_int_eq(add("{\"open\": false, \"name\": \"/\\u001b\u00e4\", "
			     "\"words\": [\"a\\n\", \"b c\", \"\"]}"), 0);
	r = nscontainer_record_next(record);
	ck_assert_str_eq(nscontainer_record_text(r, "open"), "no");
	ck_assert_str_eq(nscontainer_record_text(r, "name"),
			 "/\\x1b\\xc3\\xa4");
	ck_assert_str_eq(nscontainer_record_text(r, "words"), "a\\x0a b c ");
	json = nscontainer_record_json(r);
	ck_assert_str_eq(json, "{\"open\": false, \"name\": "
			 "\"/\\u001B\\u00E4\", \"words\": [\"a\\n\", "
			 "\"b c\", \"\"]}");
	ck_assert_ptr_eq(json, nscontainer_record_json(r));
}
END_TEST

START_TEST(a_key_may_be_absent_or_unknown)
{
	ck_assert_ptr_null(nscontainer_record_key(record, 11));
	ck_assert_str_eq(nscontainer_record_text(record, "peak"), "-");
	ck_assert_ptr_null(nscontainer_record_text(record, "size2"));
	ck_assert_ptr_null(nscontainer_record_text(record, "list"));
	ck_assert_ptr_null(nscontainer_record_text(record, "list[2].pid"));
}
END_TEST

static const struct {
	const char *key;
	int integer, real, boolean;	/* the results */
} types[] = {
	{ "size", 0, 0, -EINVAL },
	{ "share", -EINVAL, 0, -EINVAL },
	{ "open", -EINVAL, -EINVAL, 0 },
	{ "name", -EINVAL, -EINVAL, -EINVAL },
	{ "words", -EINVAL, -EINVAL, -EINVAL },
	{ "list[0].pid", 0, 0, -EINVAL },
	{ "stat.file", 0, 0, -EINVAL },
	{ "limit", -ENODATA, -ENODATA, -EINVAL },
	{ "peak", -ENODATA, -ENODATA, -EINVAL },
	{ "list[2].pid", -ENOENT, -ENOENT, -ENOENT },
	{ "siz", -ENOENT, -ENOENT, -ENOENT },
	{ "sizes", -ENOENT, -ENOENT, -ENOENT },
	{ "", -ENOENT, -ENOENT, -ENOENT },
};

START_TEST(a_getter_says_what_is_wrong)
{
	const char *key = types[_i].key;
	int64_t integer = -7;
	double real = -7;
	bool boolean = false;

	ck_assert_int_eq(nscontainer_record_int64(record, key, &integer),
			 types[_i].integer);
	ck_assert_int_eq(nscontainer_record_double(record, key, &real),
			 types[_i].real);
	ck_assert_int_eq(nscontainer_record_bool(record, key, &boolean),
			 types[_i].boolean);
	/* Outputs are unchanged after an error. */
	ck_assert(types[_i].integer == 0 || integer == -7);
	ck_assert(types[_i].real == 0 || real == -7);
	ck_assert(types[_i].boolean == 0 || !boolean);
}
END_TEST

START_TEST(a_getter_gives_the_value)
{
	int64_t integer;
	double real;
	bool boolean;

	ck_assert_int_eq(nscontainer_record_int64(record, "size", &integer),
			 0);
	ck_assert(integer == INT64_C(9000000000));
	ck_assert_int_eq(nscontainer_record_double(record, "size", &real), 0);
	ck_assert(real == 9e9);
	ck_assert_int_eq(nscontainer_record_double(record, "share", &real), 0);
	ck_assert(real == 2.25);
	ck_assert_int_eq(nscontainer_record_bool(record, "open", &boolean), 0);
	ck_assert(boolean);
}
END_TEST

/* A record refuses keys and types that are not documented. */
static const char *const wrong[] = {
	"{\"other\": 1}", "{\"name\": 1}", "{\"words\": \"x\"}",
	"{\"size\": 1.5}", "{\"size\": \"1\"}", "{\"open\": 1}",
	"{\"io\": {\"queue\": 1}}", "{\"list\": [{\"pids\": 1}]}",
	"{\"list\": [1]}", "{\"stat\": {\"file\": \"7\"}}",
};

START_TEST(what_no_table_has_is_refused)
{
	ck_assert_int_eq(add(wrong[_i]), -EPROTO);
	ck_assert_ptr_nonnull(strstr(err.text, "is not one of its keys"));
	ck_assert_ptr_null(nscontainer_record_next(record));
}
END_TEST

START_TEST(records_are_a_list)
{
	const struct nscontainer_record *r;
	struct nscontainer_record *more = record;

	ck_assert_int_eq(add("{\"size\": 2}"), 0);
	record = NULL;
	ck_assert_int_eq(add("{\"size\": 0}"), 0);
	nsc_api_append(&record, more);
	ck_assert_int_eq(add("{\"size\": 3, \"list\": [], \"stat\": {}}"), 0);
	r = nscontainer_record_next(record);
	ck_assert_ptr_eq(r, more);
	r = nscontainer_record_next(r);
	ck_assert_str_eq(nscontainer_record_text(r, "size"), "2");
	r = nscontainer_record_next(r);
	ck_assert_str_eq(nscontainer_record_text(r, "size"), "3");
	ck_assert_ptr_null(nscontainer_record_key(r, 1));
	ck_assert_ptr_null(nscontainer_record_next(r));
}
END_TEST

START_TEST(long_texts_are_whole)
{
	char text[6000] = "{\"name\": \"";
	size_t begin = strlen(text);

	memset(text + begin, 'x', 5000);
	strcpy(text + begin + 5000, "\"}");
	ck_assert_int_eq(add(text), 0);
	ck_assert_uint_eq(strlen(nscontainer_record_text(
			nscontainer_record_next(record), "name")), 5000);
}
END_TEST

#define KEYS_USER(KEY) KEY("user", TEXT, "") KEY("pid", INT, "")
static NSC_API_KEYS(user_keys, KEYS_USER);

static const struct {
	const char *users, *sorted;
} orders[] = {
	{ "", "" }, { "a", "a0" }, { "ba", "a1 b0" },
	{ "bab", "a1 b0 b2" }, { "ccabbca", "a2 a6 b3 b4 c0 c1 c5" },
	{ "abcdefghi", "a0 b1 c2 d3 e4 f5 g6 h7 i8" },
	{ "ihgfedcba", "a8 b7 c6 d5 e4 f3 g2 h1 i0" },
};

START_TEST(equals_keep_their_order)
{
	struct nscontainer_record *list = NULL, *last = NULL;
	char name[2] = "", text[64] = "";

	for (const char *u = orders[_i].users; *u; u++) {
		name[0] = *u;
		ck_assert_int_eq(nsc_api_add(&list, user_keys, json_pack(
			"{s:s, s:i}", "user", name, "pid",
			(int)(u - orders[_i].users)), &err), 0);
	}
	nsc_api_sort(&list);
	for (const struct nscontainer_record *r = list; r;
	     r = nscontainer_record_next(r))
		sprintf(text + strlen(text), "%s%s%s", *text ? " " : "",
			nscontainer_record_text(r, "user"),
			nscontainer_record_text(r, "pid"));
	ck_assert_str_eq(text, orders[_i].sorted);
	/* What comes later is behind all of them. */
	ck_assert_int_eq(nsc_api_add(&last, user_keys, json_pack(
		"{s:s, s:i}", "user", "z", "pid", 1), &err), 0);
	nsc_api_append(&list, last);
	for (last = list; nscontainer_record_next(last);
	     last = (void *)(uintptr_t)nscontainer_record_next(last))
		;
	ck_assert_str_eq(nscontainer_record_text(last, "user"), "z");
	nscontainer_record_free(list);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("record");
	TCase *c = unit_case("record");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, a_value_is_a_text, 0,
			    NSC_ARRAY_SIZE(texts));
	tcase_add_test(c, texts_are_harmless);
	tcase_add_test(c, a_key_may_be_absent_or_unknown);
	tcase_add_loop_test(c, a_getter_says_what_is_wrong, 0,
			    NSC_ARRAY_SIZE(types));
	tcase_add_test(c, a_getter_gives_the_value);
	tcase_add_loop_test(c, what_no_table_has_is_refused, 0,
			    NSC_ARRAY_SIZE(wrong));
	tcase_add_test(c, records_are_a_list);
	tcase_add_loop_test(c, equals_keep_their_order, 0,
			    NSC_ARRAY_SIZE(orders));
	tcase_add_test(c, long_texts_are_whole);
	suite_add_tcase(s, c);
	return unit_run(s);
}
