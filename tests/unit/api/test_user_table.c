/* SPDX-License-Identifier: Apache-2.0 */
/* lib/api/user_table.c: the table says what the name service says. */
#include "unit.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "api/user_table.h"
#include "util/fd.h"

static int by_number(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

static void sort(const struct nsc_user *user)
{
	qsort(user->groups, (size_t)user->n_groups, sizeof(*user->groups),
	      by_number);
}

static void is_equal(const struct nsc_user *ours, const struct nsc_user *user)
{
	ck_assert_str_eq(ours->home, user->home);
	ck_assert_str_eq(ours->shell, user->shell);
	ck_assert_pstr_eq(ours->group, user->group);
	ck_assert_uint_eq(ours->uid, user->uid);
	ck_assert_uint_eq(ours->gid, user->gid);
	sort(ours);
	sort(user);
	ck_assert_int_eq(ours->n_groups, user->n_groups);
	ck_assert_mem_eq(ours->groups, user->groups, sizeof(*user->groups) *
			 (size_t)user->n_groups);
}

/* Does a line of nsswitch.conf name another module than these two? */
#define OTHERS "grep -Es '^[[:space:]]*(passwd|group|initgroups):' " \
	"/etc/nsswitch.conf | " \
	"grep -Evq ':([[:space:]]+(files|systemd))*[[:space:]]*(#.*)?$'"

START_TEST(each_user_is_the_name_services)
{
	struct nsc_user_table table;
	struct nsc_error err;

	nsc_user_table_load(&table);
	/* An empty table would say nothing. */
	if (system(OTHERS) != 0)
		ck_assert_uint_gt(table.n, 0);
	for (size_t i = 0; i < table.n; i++) {
		_cleanup_user_ struct nsc_user *user = NULL;
		const struct nsc_user *ours = &table.list[i];

		ck_assert_ptr_eq(nsc_user_table_find(&table, ours->name),
				 ours);
		ck_assert_int_eq(nsc_user_load(ours->name, &user, &err), 0);
		is_equal(ours, user);
	}
	ck_assert_ptr_null(nsc_user_table_find(&table, "no-such-user"));
	nsc_user_table_free(&table);
	ck_assert_ptr_null(nsc_user_table_find(&table, "root"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("user_table");
	TCase *c = unit_case("user_table");

	tcase_add_test(c, each_user_is_the_name_services);
	suite_add_tcase(s, c);
	return unit_run(s);
}
