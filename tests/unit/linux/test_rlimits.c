/* SPDX-License-Identifier: Apache-2.0 */
/* lib/linux/rlimit.c: how much a process may have.  Each is one of its own. */
#include "unit.h"

#include <errno.h>
#include <sys/resource.h>

#include "linux/rlimit.h"
#include "util/fd.h"

static struct nsc_error err;

static bool no_limits;		/* something forbids to set any */

int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	errno = EPERM;
	return no_limits ? -1 : __real_setrlimit(resource, limit);
}

START_TEST(limits)
{
	struct nsc_rlimits l = { .set = 0 };
	struct rlimit before, now;

	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &before), 0);
	nsc_rlimit_set(&l, RLIMIT_NOFILE, 100, 200);
	nsc_rlimit_set(&l, RLIMIT_RTTIME, 5, RLIM_INFINITY);
	ck_assert_int_eq(nsc_rlimit_apply(&l, &err), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert(now.rlim_cur == 100 && now.rlim_max == 200);
	ck_assert_int_eq(getrlimit(RLIMIT_RTTIME, &now), 0);
	ck_assert(now.rlim_cur == 5 && now.rlim_max == RLIM_INFINITY);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	ck_assert(now.rlim_cur == before.rlim_cur);
	nsc_rlimit_set(&l, RLIMIT_CPU, 2, 1);
	ck_assert_int_eq(nsc_rlimit_apply(&l, &err), -EINVAL);
	ck_assert_str_eq(err.text, "rlimits: set RLIMIT_CPU: Invalid "
			 "argument");
	ck_assert_str_eq(nsc_rlimit_name(RLIMIT_CPU), "RLIMIT_CPU");
	ck_assert_str_eq(nsc_rlimit_name(15), "RLIMIT_RTTIME");
	ck_assert_ptr_null(nsc_rlimit_name(16));
}
END_TEST

/* A user gets as much as there is. */
START_TEST(limits_of_a_user)
{
	static const struct {
		uint64_t soft, hard, got_soft, got_hard;
	} wanted[] = {
		{ 50, 300, 50, 200 }, { 300, 400, 200, 200 },
		{ 200, 200, 200, 200 }, { 20, 100, 20, 100 },
	};
	struct rlimit now = { 100, 200 };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_int_eq(setuid(4711), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(wanted); i++) {
		struct nsc_rlimits l = { .set = 0 };

		nsc_rlimit_set(&l, RLIMIT_NOFILE, wanted[i].soft,
			       wanted[i].hard);
		ck_assert_int_eq(nsc_rlimit_apply(&l, &err), 0);
		ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
		ck_assert_uint_eq(now.rlim_cur, wanted[i].got_soft);
		ck_assert_uint_eq(now.rlim_max, wanted[i].got_hard);
	}
}
END_TEST

START_TEST(limits_that_are_refused)
{
	struct nsc_rlimits l = { .set = 0 };

	nsc_rlimit_set(&l, RLIMIT_NOFILE, 20, 20);
	no_limits = true;
	ck_assert_int_eq(nsc_rlimit_apply(&l, &err), -EPERM);
	ck_assert_str_eq(err.text, "rlimits: set RLIMIT_NOFILE: Operation not "
			 "permitted");
	no_limits = false;
}
END_TEST

/* Those of the host's PID 1, whatever the caller has. */
START_TEST(default_limits)
{
	struct rlimit first, now;

	ck_assert_int_eq(prlimit(1, RLIMIT_CORE, NULL, &first), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	now.rlim_cur = first.rlim_cur == 3 ? 4 : 3;
	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &now), 0);
	ck_assert_msg(nsc_rlimit_default(&err) == 0, "%s", err.text);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	ck_assert_uint_eq(now.rlim_cur, first.rlim_cur);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { limits, limits_that_are_refused, NULL };
	const TTest *const root[] = { limits_of_a_user, default_limits, NULL };
	Suite *suite = suite_create("rlimits");
	TCase *tcase = unit_case("rlimits");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
