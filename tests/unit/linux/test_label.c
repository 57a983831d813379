/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/linux/label.c: what is written for AppArmor and SELinux, which this host
 * need not have.  Files of the test are in the place of those of the kernel.
 */
#include "unit.h"

#include <errno.h>
#include <stdarg.h>

#include "linux/label.h"
#include "util/fd.h"

static struct nsc_error err;
static char dir[64];
static bool there;		/* the kernel has the files */
static const char *decision;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	char file[128];
	va_list args;
	mode_t mode = 0;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (strncmp(path, "/proc/self/attr/", 16) != 0 &&
	    strncmp(path, "/sys/fs/selinux/", 16) != 0)
		return __real_open(path, flags, mode);
	ck_assert_int_eq(flags & ~O_ACCMODE, O_CLOEXEC);
	if (!there) {
		errno = ENOENT;
		return -1;
	}
	snprintf(file, sizeof(file), "%s/%s", dir, path + 16);
	return __real_open(file, flags | (flags & O_WRONLY ? O_TRUNC : 0));
}

int __real_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	return at == AT_FDCWD && *path == '/' && !(flags & O_CREAT) ?
		       __wrap_open(path, flags & ~O_NOFOLLOW) :
		       __real_openat(at, path, flags, mode);
}

/* The kernel's answer to what was written to /sys/fs/selinux/access. */
ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t offset)
{
	size_t len = strlen(decision);

	(void)fd;
	ck_assert_int_eq(offset, 0);
	ck_assert_uint_gt(size, len);
	memcpy(buf, decision, len);
	return (ssize_t)len;
}

static void prepare(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/apparmor", unit_make_dir(dir));
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "exec", "", 0600);
	unit_write(path, "current", "", 0600);
	unit_write(dir, "exec", "", 0600);
	unit_write(dir, "current", "a_u:b_r:own_t", 0600);
	/* The names of /sys/fs/selinux; the other directory's are others. */
	snprintf(path, sizeof(path), "%s/class", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/class/process", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "index", "2", 0600);
	snprintf(path, sizeof(path), "%s/class/process/perms", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "transition", "3", 0600);
	unit_write(dir, "access", "", 0600);
	unit_write(dir, "enforce", "1", 0600);
	decision = "4 ffffffff 0 ffffffff 1 0";
	there = true;
}

static void finish(void)
{
	unit_remove_dir(dir);
}

/* With the length, since SELinux wants the NUL and AppArmor does not. */
static size_t content(const char *name, char text[2048])
{
	char path[128];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = __real_open(path, O_RDONLY);
	n = read(fd, text, 2047);
	close(fd);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return (size_t)n;
}

START_TEST(for_the_next_program)
{
	char text[2048];

	/* Neither is configured. */
	there = false;
	ck_assert_int_eq(nsc_label_set_exec(NULL, NULL, &err), 0);
	ck_assert_int_eq(nsc_label_set_exec("", "", &err), 0);
	there = true;
	ck_assert_int_eq(nsc_label_set_exec("box", NULL, &err), 0);
	ck_assert_uint_eq(content("apparmor/exec", text), 8);
	ck_assert_str_eq(text, "exec box");
	ck_assert_uint_eq(content("exec", text), 0);
	ck_assert_int_eq(nsc_label_set_exec(NULL, "a_u:b_r:c_t", &err), 0);
	ck_assert_uint_eq(content("exec", text), 12);
	ck_assert_str_eq(text, "a_u:b_r:c_t");
	ck_assert_int_eq(nsc_label_set_exec("two", "d", &err), 0);
	content("apparmor/exec", text);
	ck_assert_str_eq(text, "exec two");
	content("exec", text);
	ck_assert_str_eq(text, "d");
}
END_TEST

START_TEST(for_the_next_program_is_seen)
{
	ck_assert(!nsc_label_is_set());
	ck_assert_int_eq(nsc_label_set_exec("box", NULL, &err), 0);
	ck_assert(!nsc_label_is_set());
	ck_assert_int_eq(nsc_label_set_exec(NULL, "c", &err), 0);
	ck_assert(nsc_label_is_set());
	there = false;
	ck_assert(!nsc_label_is_set());
}
END_TEST

START_TEST(for_a_program_that_is_not_the_users)
{
	char text[2048];

	ck_assert_int_eq(nsc_label_clear_exec(&err), 0);
	ck_assert_uint_eq(content("exec", text), 0);
	ck_assert_int_eq(nsc_label_set_exec(NULL, "c", &err), 0);
	ck_assert_int_eq(nsc_label_clear_exec(&err), 0);
	ck_assert_uint_eq(content("exec", text), 1);
	ck_assert_str_eq(text, "\n");
	there = false;
	ck_assert_int_eq(nsc_label_clear_exec(&err), 0);
}
END_TEST

/* The bit of 'transition' is the third. */
START_TEST(a_label_that_the_policy_denies)
{
	char text[2048];

	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), 0);
	content("access", text);
	ck_assert_str_eq(text, "a_u:b_r:own_t u:r:t 2");
	decision = "fffffffb ffffffff 0 ffffffff 1 0";
	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), -EACCES);
	ck_assert_str_eq(err.text, "process_label: the policy of SELinux does "
			 "not let 'a_u:b_r:own_t' execute a program as "
			 "'u:r:t': choose another label, or allow the "
			 "transition");
	/* No transition. */
	ck_assert_int_eq(nsc_label_set_exec(NULL, "a_u:b_r:own_t", &err), 0);
	/* The type is permissive, or all is; or there is no answer. */
	decision = "0 ffffffff 0 ffffffff 1 1";
	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), 0);
	decision = "";
	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), 0);
	decision = "0 ffffffff 0 ffffffff 1 0";
	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), -EACCES);
	unit_write(dir, "enforce", "0", 0600);
	ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err), 0);
}
END_TEST

/* Each permission has a bit; of another number, the kernel says nothing. */
START_TEST(each_bit_of_an_answer)
{
	static const struct {
		const char *bit, *decision;
		int result;
	} answers[] = {
		{ "1", "1 0 0 0 1 0", 0 },
		{ "1", "fffffffe 0 0 0 1 0", -EACCES },
		{ "2", "2 0 0 0 1 0", 0 },
		{ "2", "fffffffd 0 0 0 1 0", -EACCES },
		{ "32", "80000000 0 0 0 1 0", 0 },
		{ "32", "7fffffff 0 0 0 1 0", -EACCES },
		{ "0", "0 0 0 0 1 0", 0 }, { "33", "0 0 0 0 1 0", 0 },
	};
	char path[128];
	/* With the test's own, and spaces and a class: the 1024 bytes asked. */
	char label[1024 - sizeof("a_u:b_r:own_t  2") + 2];

	snprintf(path, sizeof(path), "%s/class/process/perms", dir);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(answers); i++) {
		unit_write(path, "transition", answers[i].bit, 0600);
		decision = answers[i].decision;
		ck_assert_int_eq(nsc_label_set_exec(NULL, "u:r:t", &err),
				 answers[i].result);
	}
	/* It is not asked about half a label. */
	unit_write(path, "transition", "3", 0600);
	decision = "0 0 0 0 1 0";
	memset(label, 't', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	ck_assert_int_eq(nsc_label_set_exec(NULL, label, &err), 0);
	ck_assert_int_eq(nsc_label_set_exec(NULL, label + 1, &err), -EACCES);
}
END_TEST

START_TEST(who_may_have_refused)
{
	static const char hint[] = ": if SELinux denied it";
	struct nsc_error e;

	nsc_error_set(&e, EACCES, "no");
	nsc_label_explain(&e);
	ck_assert_int_eq(strncmp(e.text, "no", 2), 0);
	ck_assert_int_eq(strncmp(e.text + 2, hint, strlen(hint)), 0);
	nsc_error_set(&e, EPERM, "no");
	nsc_label_explain(&e);
	ck_assert_ptr_nonnull(strstr(e.text, hint));
	nsc_error_set(&e, ENOENT, "no");
	nsc_label_explain(&e);
	ck_assert_str_eq(e.text, "no");
	nsc_error_set(&e, EACCES, "SELinux says no");
	nsc_label_explain(&e);
	ck_assert_str_eq(e.text, "SELinux says no");
	unit_write(dir, "enforce", "0", 0600);
	nsc_error_set(&e, EACCES, "no");
	nsc_label_explain(&e);
	ck_assert_str_eq(e.text, "no");
}
END_TEST

START_TEST(for_this_process)
{
	char text[2048];
	int fd = nsc_label_open(&err);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(nsc_label_change(fd, "box//&a", &err), 0);
	ck_assert_uint_eq(content("apparmor/current", text), 21);
	ck_assert_str_eq(text, "changeprofile box//&a");
	close(fd);
}
END_TEST

/* Nobody goes on without what is configured. */
START_TEST(errors)
{
	char name[1024];
	int fd;

	there = false;
	ck_assert_int_eq(nsc_label_set_exec("box", NULL, &err), -ENOENT);
	ck_assert_int_eq(strncmp(err.text, "apparmor_profile: open "
				 "/proc/self/attr/apparmor/exec", 51), 0);
	ck_assert_int_eq(nsc_label_set_exec(NULL, "c", &err), -ENOENT);
	ck_assert_int_eq(strncmp(err.text, "process_label: write 'c' to "
				 "/proc/self/attr/exec", 48), 0);
	ck_assert_int_eq(nsc_label_open(&err), -ENOENT);
	ck_assert_int_eq(strncmp(err.text, "apparmor_profile: open "
				 "/proc/self/attr/apparmor/current", 54), 0);
	/* The kernel does not know it. */
	ck_assert_int_eq(nsc_label_change(-1, "box", &err), -EBADF);
	ck_assert_int_eq(strncmp(err.text, "apparmor_profile: change to "
				 "'box'", 33), 0);
	there = true;
	fd = nsc_label_open(&err);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(nsc_label_change(fd, name, &err), -ENAMETOOLONG);
	ck_assert_str_eq(err.text, "apparmor_profile: the name is too long");
	/* The longest one. */
	name[1023 - strlen("changeprofile ")] = '\0';
	ck_assert_int_eq(nsc_label_change(fd, name, &err), 0);
	close(fd);
	/* SELinux is not asked after AppArmor has refused. */
	name[1023 - strlen("exec ")] = 'x';
	memset(name, 'x', sizeof(name) - 1);
	ck_assert_int_eq(nsc_label_set_exec(name, "c", &err), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		for_the_next_program, for_the_next_program_is_seen,
		for_a_program_that_is_not_the_users,
		a_label_that_the_policy_denies,
		each_bit_of_an_answer, who_may_have_refused,
		for_this_process, errors, NULL,
	};
	Suite *suite = suite_create("label");
	TCase *tcase = unit_case("label");

	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
