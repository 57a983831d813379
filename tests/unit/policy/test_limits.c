/* SPDX-License-Identifier: Apache-2.0 */
/* lib/policy: who shares limits, how sessions end, and old passwords. */
#include "unit.h"

#include <errno.h>
#include <shadow.h>
#include <time.h>

#include "policy/cgroup_parents.h"
#include "policy/lifecycle.h"
#include "policy/password.h"
#include "policy/user.h"

static struct nsc_error err;

/* --- the seam */

static int member;		/* of any group, or a negative errno */
static char asked[64];

int __wrap_nsc_user_has_group(const struct nsc_user *user, const char *name);
int __wrap_nsc_user_has_group(const struct nsc_user *user, const char *name)
{
	ck_assert_str_eq(user->name, "alice");
	snprintf(asked, sizeof(asked), "%s", name);
	return member;
}

static struct spwd entry;
static int shadow_result;
static bool shadow_found;

int __wrap_getspnam_r(const char *name, struct spwd *ret, char *buffer,
		      size_t size, struct spwd **result);
int __wrap_getspnam_r(const char *name, struct spwd *ret, char *buffer,
		      size_t size, struct spwd **result)
{
	ck_assert_str_eq(name, "alice");
	ck_assert(buffer && size == 4096);
	*ret = entry;
	*result = shadow_found ? ret : NULL;
	return shadow_result;
}

/* --- cgroup_parents */

static char name[] = "alice";

START_TEST(parents)
{
	const struct nsc_user user = { .name = name };
	char *others[] = { (char[]){ "bob" }, NULL };
	char *users[] = { (char[]){ "bob" }, name, NULL };
	char *groups[] = { (char[]){ "staff" }, (char[]){ "users" }, NULL };
	struct nsc_cgroup_parent list[] = {
		{ .users = others }, { .groups = groups }, { .users = users },
	};
	const struct nsc_cgroup_parents all = { list, 3 };
	const struct nsc_cgroup_parents first = { list, 1 };
	const struct nsc_cgroup_parent *found = list;

	ck_assert_int_eq(nsc_parents_find(&first, &user, &found, &err), 0);
	ck_assert_ptr_null(found);
	ck_assert_int_eq(nsc_parents_find(&all, &user, &found, &err), 0);
	ck_assert_ptr_eq(found, &list[2]);
	ck_assert_str_eq(asked, "users");
	/* The first one counts. */
	member = 1;
	ck_assert_int_eq(nsc_parents_find(&all, &user, &found, &err), 0);
	ck_assert_ptr_eq(found, &list[1]);
	ck_assert_str_eq(asked, "staff");
	/* Nobody escapes the limits of a group that is not found. */
	member = -EIO;
	ck_assert_int_eq(nsc_parents_find(&all, &user, &found, &err), -EIO);
	ck_assert_int_eq(strncmp(err.text, "cgroup_parents: group 'staff'", 29),
			 0);
}
END_TEST

/* --- the keys of a life */

START_TEST(lifecycle)
{
	struct nsc_lifecycle l = { 0 };

	l.linger = 11;
	l.max_sessions = 12;
	ck_assert_uint_eq(nsc_lifecycle_get(&l, 0), l.stop);
	ck_assert_uint_eq(nsc_lifecycle_get(&l, 1), 11);
	ck_assert_uint_eq(nsc_lifecycle_get(&l, NSC_LIFECYCLE_KEYS - 1), 12);
	for (size_t i = 0; i < NSC_LIFECYCLE_KEYS; i++)
		if (!strcmp(nsc_lifecycle_keys[i].name, "linger"))
			ck_assert_uint_eq(nsc_lifecycle_get(&l, i), 11);
	/* Who is in a session is known by groups. */
	ck_assert_int_eq(nsc_lifecycle_check(&l, false, &err), 0);
	l.idle_timeout = 1;
	ck_assert_int_eq(nsc_lifecycle_check(&l, true, &err), 0);
	ck_assert_int_eq(nsc_lifecycle_check(&l, false, &err), -EOPNOTSUPP);
	ck_assert_int_eq(strncmp(err.text, "idle_timeout: needs control", 27),
			 0);
	l.idle_timeout = 0;
	l.on_disconnect = NSC_DISCONNECT_KILL;
	ck_assert_int_eq(nsc_lifecycle_check(&l, true, &err), 0);
	ck_assert_int_eq(nsc_lifecycle_check(&l, false, &err), -EOPNOTSUPP);
	ck_assert_int_eq(strncmp(err.text, "on_disconnect \"kill\": needs", 27),
			 0);
}
END_TEST

/* --- passwords */

START_TEST(passwords)
{
	const long today = (long)(time(NULL) / 86400);
	const struct {
		int result;
		bool found;
		long changed, max;
		bool expired;
	} cases[] = {
		{ 0, true, today - 10, 99999, false },
		{ 0, true, today - 11, 10, true },
		/* Midnight may come meanwhile. */
		{ 0, true, today - 9, 10, false },
		{ 0, true, today - 5, 0, true },
		/* It must be changed at the next login. */
		{ 0, true, 0, 99999, true }, { 0, true, 0, -1, true },
		/* It is never old, or nobody knows. */
		{ 0, true, today - 1000, -1, false },
		{ 0, true, -1, 10, false },
		{ 0, false, 0, 10, false }, { EIO, true, 0, 10, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		shadow_result = cases[i].result;
		shadow_found = cases[i].found;
		entry.sp_lstchg = cases[i].changed;
		entry.sp_max = cases[i].max;
		ck_assert_msg(nsc_password_expired("alice") ==
			      cases[i].expired, "case %zu", i);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { parents, lifecycle, passwords, NULL };
	Suite *suite = suite_create("limits");
	TCase *tcase = unit_case("limits");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
