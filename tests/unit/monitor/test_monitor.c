/* SPDX-License-Identifier: Apache-2.0 */
/* lib/monitor/processes.c with any content of a session's control group. */
#include "unit.h"

#include "monitor/processes.c"

/* More processes than are examined: the same pid in each line. */
START_TEST(no_end_of_processes)
{
	struct processes all = { .n = 0 };
	struct load load = { .all = &all };
	int ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	char dir[64], path[128];
	FILE *file;

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < MOST + 1000; i++)
		fprintf(file, "%d\n", (int)getpid());
	fclose(file);
	load.pidns = ns;
	nsc_cgroup_each_process(dir, processes_add, &load);
	ck_assert_uint_eq(all.n, MOST);
	/* A second call, as for a second group, must not change the list. */
	nsc_cgroup_each_process(dir, processes_add, &load);
	ck_assert_uint_eq(all.n, MOST);
	for (size_t i = 0; i < all.n; i++)
		ck_assert_int_eq(all.list[i].pid, getpid());
	processes_free(&all);
	close(ns);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { no_end_of_processes, NULL };
	Suite *suite = suite_create("monitor");
	TCase *tcase = unit_case("monitor");

	tcase_set_timeout(tcase, 60);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
