/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of control groups, from texts of the kernel. */
#include "unit.h"

#include "cgroup/cgroup_stats.h"
#include "util/fd.h"

START_TEST(stats)
{
	struct nsc_stats *s = calloc(1, sizeof(*s));
	struct nsc_stats_key list[NSC_STATS_KEYS];
	size_t n;

	nsc_stats_parse_flat("nr_periods 5\nnr_throttled 2\nbad\n"
			     "throttled_time 18446744073709551614\n", list,
			     &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(nsc_stats_find(list, n, "nr_throttled"), 2);
	ck_assert_uint_eq(nsc_stats_find(list, n, "nr"), NSC_STATS_NONE);
	nsc_stats_parse_io_v2("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 "
			      "dios=6\n254:16 \n", s);
	ck_assert_uint_eq(s->n_io, 3);
	ck_assert_uint_eq(s->io[1].bytes, 2);
	ck_assert_uint_eq(s->io[2].ops, 6);
	ck_assert_str_eq(s->io[2].op, "discard");
	s->n_io = 0;
	nsc_stats_parse_io_v1("8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3",
			      true, s);
	nsc_stats_parse_io_v1("8:0 Read 10\n8:0 Write 20\n", false, s);
	ck_assert_uint_eq(s->n_io, 2);
	ck_assert_uint_eq(s->io[1].bytes, 2);
	ck_assert_uint_eq(s->io[1].ops, 20);
	ck_assert_str_eq(s->io[0].op, "read");
	nsc_stats_parse_pressure(
		"some avg10=1.50 avg60=0.00 avg300=0.00 total=12345\n"
		"bad\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=678\n",
		s->pressure[0]);
	ck_assert_uint_eq(s->pressure[0][NSC_STATS_SOME].total, 12345);
	ck_assert_double_eq(s->pressure[0][NSC_STATS_SOME].avg10, 1.5);
	ck_assert_uint_eq(s->pressure[0][NSC_STATS_FULL].total, 678);
	free(s);
}
END_TEST

/* Files as version 2 has them, also where the kernel has version 1. */
START_TEST(stats_of_version_2)
{
	static const char *const files[][2] = {
		{ "memory.events", "low 0\nhigh 0\nmax 9\noom 2\n"
				   "oom_kill 3\n" },
		{ "memory.max", "67108864\n" },
		{ "memory.current", "4096\n" },
		{ "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 "
				     "total=7\n" },
		{ "pids.current", "4\n" },
		{ "pids.max", "max\n" },
		{ "cpu.stat", "usage_usec 70\nuser_usec 50\n"
			      "system_usec 20\n" },
	};
	struct nsc_cgroup_tree *tree = calloc(1, sizeof(*tree));
	struct nsc_stats *s = calloc(1, sizeof(*s));
	struct nsc_stats_oom oom;
	struct nsc_usage usage;
	char dir[64];
	uint64_t now, limit;

	unit_make_dir(dir);
	tree->list[tree->n++] = (struct nsc_cgroup_entry){
		's', "v2,cpu,memory,pids", dir,
	};
	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++)
		unit_write(dir, files[i][0], files[i][1], 0644);
	nsc_stats_read_oom(tree, NULL, &oom);
	ck_assert_uint_eq(oom.kills, 3);
	ck_assert_uint_eq(oom.hits, 2);
	ck_assert_uint_eq(oom.limit, 67108864);
	nsc_stats_read(tree, NULL, s);
	ck_assert_uint_eq(s->oom_kills, 3);
	ck_assert_uint_eq(s->cpu_usage, 70);
	ck_assert_uint_eq(s->cpu_user, 50);
	ck_assert_uint_eq(s->cpu_system, 20);
	ck_assert_uint_eq(s->pressure[1][NSC_STATS_SOME].total, 7);
	ck_assert_uint_eq(s->pressure[1][NSC_STATS_FULL].total, NSC_STATS_NONE);
	ck_assert_uint_eq(s->pressure[0][NSC_STATS_SOME].total, NSC_STATS_NONE);
	nsc_stats_usage(tree, NULL, &usage);
	ck_assert_uint_eq(usage.oom_kills, 3);
	ck_assert_uint_eq(usage.cpu_us, 70);
	nsc_stats_read_pids(tree, &now, &limit);
	ck_assert_uint_eq(now, 4);
	ck_assert_uint_eq(limit, NSC_STATS_NONE);
	unit_remove_dir(dir);
	free(s);
	free(tree);
}
END_TEST

/* Its hierarchies count each for itself, and one of them nanoseconds. */
START_TEST(stats_of_version_1)
{
	static const char *const files[][2] = {
		{ "cpu.stat", "nr_periods 5\nnr_throttled 2\n"
			      "throttled_time 3000\n" },
		{ "cpuacct.usage", "70000\n" },
		{ "cpuacct.usage_user", "50000\n" },
		{ "cpuacct.usage_sys", "20000\n" },
		{ "memory.oom_control", "under_oom 0\noom_kill 3\n" },
		{ "memory.limit_in_bytes", "67108864\n" },
		{ "memory.max_usage_in_bytes", "67108864\n" },
	};
	struct nsc_cgroup_tree *tree = calloc(1, sizeof(*tree));
	struct nsc_stats *s = calloc(1, sizeof(*s));
	struct nsc_stats_oom oom;
	char dir[64];

	unit_make_dir(dir);
	tree->list[tree->n++] = (struct nsc_cgroup_entry){ 's', "cpu", dir };
	tree->list[tree->n++] = (struct nsc_cgroup_entry){ 's', "memory", dir };
	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++)
		unit_write(dir, files[i][0], files[i][1], 0644);
	nsc_stats_read(tree, NULL, s);
	ck_assert_uint_eq(s->cpu_usage, NSC_STATS_NONE);
	ck_assert_uint_eq(nsc_stats_cpu(tree, NULL), NSC_STATS_NONE);
	tree->list[tree->n++] = (struct nsc_cgroup_entry){
		's', "cpuacct", dir,
	};
	nsc_stats_read(tree, NULL, s);
	ck_assert_uint_eq(s->cpu_usage, 70);
	ck_assert_uint_eq(s->cpu_user, 50);
	ck_assert_uint_eq(s->cpu_system, 20);
	ck_assert_uint_eq(s->throttled_time, 3);
	ck_assert_uint_eq(nsc_stats_cpu(tree, NULL), 70);
	ck_assert_uint_eq(s->oom_kills, 3);
	ck_assert_uint_eq(s->memory_limit, 67108864);
	nsc_stats_read_oom(tree, NULL, &oom);
	ck_assert_uint_eq(oom.hits, 3);
	unit_remove_dir(dir);
	free(s);
	free(tree);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		stats, stats_of_version_2, stats_of_version_1, NULL,
	};
	Suite *suite = suite_create("stats");
	TCase *tcase = unit_case("stats");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
