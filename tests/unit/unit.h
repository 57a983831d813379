/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the unit tests: main(), tests that need root, and files. */
#ifndef NSC_TESTS_UNIT_H
#define NSC_TESTS_UNIT_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

#define UNIT_DESCRIPTORS 512

/* True for each descriptor that was open when the test began. */
static bool unit_open[UNIT_DESCRIPTORS];

static inline void unit_note_descriptors(void)
{
	for (int fd = 0; fd < UNIT_DESCRIPTORS; fd++)
		unit_open[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* The first one that is opened or closed since then, or -1. */
static inline int unit_other_descriptor(void)
{
	for (int fd = 0; fd < UNIT_DESCRIPTORS; fd++)
		if (unit_open[fd] != (fcntl(fd, F_GETFD) >= 0))
			return fd;
	return -1;
}

/* Memory that a process has together with its children. */
static inline void *unit_shared(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		abort();
	return shared;
}

static inline void unit_check_descriptors(void)
{
	char path[32], what[256];
	int fd = unit_other_descriptor();
	ssize_t n;

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, what, sizeof(what) - 1);
	what[n < 0 ? 0 : n] = '\0';
	ck_abort_msg("descriptor %d is %s: %s", fd, unit_open[fd] ? "closed" :
		     "left open", what);
}

/* How many tests have begun, and have come to their end. */
static struct unit_counts {
	int begun, ended;
} *unit_counts;

static inline void unit_begin(void)
{
	unit_counts->begun++;
	unit_note_descriptors();
}

static inline void unit_end(void)
{
	unit_check_descriptors();
	unit_counts->ended++;
}

/*
 * A test case whose tests must leave the descriptors as they have found them,
 * and so must what they call.  Nor may that end the test, or return from it
 * twice: libcheck would take the exit status 0 of any process for a success.
 */
static inline TCase *unit_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	if (!unit_counts)
		unit_counts = unit_shared(sizeof(*unit_counts));
	tcase_add_checked_fixture(tcase, unit_begin, unit_end);
	return tcase;
}

/* Add the tests of a NULL-terminated table. */
static inline void unit_add(TCase *tcase, const TTest *const *tests)
{
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
}

/* Run the suite; returns the exit status of main. */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (!failed && unit_counts &&
	    unit_counts->begun != unit_counts->ended) {
		printf("%d tests have begun, and %d have ended\n",
		       unit_counts->begun, unit_counts->ended);
		failed = 1;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Add tests that only root can run.  Without root, a message names them
 * instead, or, if NSC_TEST_REQUIRE contains "root", they run and fail.
 */
static inline void unit_add_root(TCase *tcase, const TTest *const *tests)
{
	const char *require = getenv("NSC_TEST_REQUIRE");

	if (geteuid() == 0 || (require && strstr(require, "root")))
		unit_add(tcase, tests);
	else
		for (; *tests; tests++)
			printf("%s: not run: needs root\n", (*tests)->name);
}

/* The process of a pidfd, or -1. */
static inline int unit_pid_of(int pidfd)
{
	char path[64], line[64];
	int pid = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "re");
	while (file && pid < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "Pid: %d", &pid);
	if (file)
		fclose(file);
	return pid;
}

/* Memory of this size, behind which nothing can be read. */
static inline void *unit_fenced(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (size + page - 1) / page * page;
	char *place = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(place, MAP_FAILED);
	ck_assert_int_eq(mprotect(place + whole, page, PROT_NONE), 0);
	return place + whole - size;
}

/* A copy of a list, of which nobody can read one too many. */
static inline void *unit_fenced_copy(const void *list, size_t size)
{
	return memcpy(unit_fenced(size), list, size);
}

/*
 * For children, in which libcheck's assertions do not work: the test has the
 * line in its struct shared.
 */
#define NEED(condition) do { \
	if (!(condition)) { \
		shared->line = __LINE__; \
		_exit(99); \
	} \
} while (0)

static inline int unit_remove_one(const char *path, const struct stat *st,
				  int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Make a directory below /tmp, and remove it. */
static inline const char *unit_make_dir(char path[64])
{
	strcpy(path, "/tmp/nsc-unit.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static inline void unit_remove_dir(const char *path)
{
	nftw(path, unit_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Write DIR/NAME with the text and mode. */
static inline void unit_write(const char *dir, const char *name,
			      const char *text, mode_t mode)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

#endif
