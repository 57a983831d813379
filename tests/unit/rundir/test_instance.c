/* SPDX-License-Identifier: Apache-2.0 */
/* The run directory, its instances and their locks. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

static struct nsc_error err;
static char dir[64];

static int open_rundir(void)
{
	int fd = nsc_rundir_make(unit_make_dir(dir), &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	return fd;
}

/* Make an instance in a new run directory. */
static int open_dir(void)
{
	int rundir = open_rundir(), fd;
	unsigned int number;

	fd = nsc_instance_make(rundir, 1234, &number, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_uint_eq(number, 1);
	close(rundir);
	return fd;
}

START_TEST(rundir_locks)
{
	int fd = open_dir(), a, b;
	int64_t begin = nsc_process_now();
	struct stat st;

	ck_assert_int_eq(fstatat(fd, "sessions", &st, 0), 0);
	ck_assert_uint_eq(st.st_uid, geteuid());
	/* The mode shows the rights of the access list as the group's. */
	ck_assert_uint_eq(st.st_mode & 0737, 0600);
	ck_assert_int_eq(fstatat(fd, "../lock", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	a = nsc_rundir_lock(fd, "sessions", LOCK_SH, 0, &err);
	b = nsc_rundir_lock(fd, "sessions", LOCK_SH, 0, &err);
	ck_assert(a >= 0 && b >= 0);
	ck_assert_int_eq(nsc_rundir_lock(fd, "sessions", LOCK_EX, begin + 60,
					 &err), -EWOULDBLOCK);
	ck_assert_int_ge(nsc_process_now(), begin + 60);
	close(a);
	close(b);
	a = nsc_rundir_lock(fd, "sessions", LOCK_EX, 0, &err);
	ck_assert_int_ge(a, 0);
	close(a);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(rundir_names)
{
	static const char *const bad[] = { "", "..", "../x", "a/b", "-a" };
	char *path = NULL;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad); i++) {
		ck_assert_int_eq(nsc_rundir_path_of_user(bad[i], 1000, &path,
							 &err), -EINVAL);
		ck_assert_uint_eq(nsc_rundir_linked(bad[i]), (uid_t)-1);
	}
	ck_assert_int_eq(nsc_rundir_path(1000, &path, &err), 0);
	ck_assert_str_eq(path, NSC_RUNDIR "/1000");
	free(path);
}
END_TEST

/* Numbers are not reused, and only 'current' decides which ones drain. */
START_TEST(instances)
{
	int rundir = open_rundir(), fd[3];
	unsigned int n[3], before, *list = NULL;
	struct stat st;

	ck_assert_uint_eq(nsc_instance_current(rundir), 0);
	ck_assert_int_eq(nsc_instance_open(rundir, 0, &err), -ENOENT);
	for (int i = 0; i < 2; i++) {
		fd[i] = nsc_instance_make(rundir, 1234, &n[i], &err);
		ck_assert_msg(fd[i] >= 0, "%s", err.text);
	}
	ck_assert_int_eq(nsc_instance_list(rundir, &list, &err), 2);
	ck_assert(list[0] == n[0] && list[1] == n[1] && n[0] < n[1]);
	ck_assert_int_eq(nsc_instance_make_current(fd[0], n[0], &before, &err),
			 0);
	ck_assert_uint_eq(before, 0);
	ck_assert(nsc_instance_is_current(fd[0], n[0]));
	/* A process that was killed has left it. */
	ck_assert_int_eq(symlinkat("x", rundir, ".current"), 0);
	ck_assert_int_eq(nsc_instance_make_current(fd[1], n[1], &before, &err),
			 0);
	ck_assert_uint_eq(before, n[0]);
	ck_assert_int_lt(fstatat(rundir, ".current", &st, AT_SYMLINK_NOFOLLOW),
			 0);
	ck_assert(!nsc_instance_is_current(fd[0], n[0]));
	/* An instance stays while anything is left of its container. */
	ck_assert_int_eq(mkdirat(fd[1], "cgroup", 0700), 0);
	nsc_instance_remove(fd[1], n[1]);
	ck_assert_int_eq(fstatat(fd[1], "sessions", &st, 0), 0);
	ck_assert_int_eq(unlinkat(fd[1], "cgroup", AT_REMOVEDIR), 0);
	/* Nor is a directory removed with what is in it. */
	ck_assert_int_eq(mkdirat(fd[1], "x", 0700), 0);
	close(openat(fd[1], "x/y", O_WRONLY | O_CREAT, 0600));
	nsc_instance_remove(fd[1], n[1]);
	ck_assert_int_eq(unlinkat(fd[1], "x/y", 0), 0);
	ck_assert_int_eq(unlinkat(fd[1], "x", AT_REMOVEDIR), 0);
	nsc_instance_remove(fd[1], n[1]);
	ck_assert_int_eq(nsc_instance_open(rundir, n[1], &err), -ENOENT);
	ck_assert_uint_eq(nsc_instance_current(rundir), n[1]);
	fd[2] = nsc_instance_make(rundir, 1234, &n[2], &err);
	ck_assert_uint_gt(n[2], n[1]);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(rundir);
	free(list);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		rundir_locks, rundir_names, instances, NULL,
	};
	Suite *suite = suite_create("rundir");
	TCase *tcase = unit_case("rundir");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
