/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver-asked.h"

#include <fcntl.h>

#include "unit.h"

static struct resolver_asked asked;
static int64_t now = 1000;
static int reader;

int64_t __wrap_nsc_process_now(void);

int64_t __wrap_nsc_process_now(void)
{
	return now;
}

static void setup(void)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	int wake[2];

	asked.n = 1;
	ck_assert_int_eq(pipe2(wake, O_NONBLOCK), 0);
	reader = fcntl(wake[0], F_DUPFD, 20);
	wake[1] = fcntl(wake[1], F_DUPFD, 20);
	ck_assert_int_ge(dup2(file, NSC_NAMES_ASKED), 0);
	ck_assert_int_ge(dup2(wake[1], NSC_NAMES_WAKE), 0);
}

/* Is the monitor told of the name at this second? */
static bool told(int second, const char *name, bool refused, bool wake)
{
	char bytes[16];

	now = 1000 * (second + 1);
	resolver_asked_note(&asked, name, refused, wake);
	return read(reader, bytes, sizeof(bytes)) == 1;
}

START_TEST(test_once_a_minute)
{
	ck_assert(told(0, "a.example.org", true, true));
	ck_assert(!told(30, "a.example.org", true, true));
	/* A minute since the last time, and not since the last question. */
	ck_assert(told(60, "a.example.org", true, true));
	ck_assert(!told(61, "a.example.org", true, true));
	ck_assert(told(61, "b.example.org", true, true));
	ck_assert(told(120, "a.example.org", true, true));
	ck_assert_uint_eq(asked.list[1].refused, 5);
}
END_TEST

START_TEST(test_only_what_was_refused)
{
	ck_assert(!told(0, "a.example.org", false, true));
	ck_assert(!told(1, "a.example.org", true, false));
	ck_assert(told(2, "a.example.org", true, true));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolver-asked");
	TCase *tcase = tcase_create("asked");
	const TTest *const tests[] = {
		test_once_a_minute, test_only_what_was_refused, NULL,
	};

	tcase_add_checked_fixture(tcase, setup, NULL);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
