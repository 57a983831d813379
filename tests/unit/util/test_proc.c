/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of /proc with names that users choose, and descriptors of processes:
 * lib/util/proc.c, lock.c, process.c and what reads files in few calls.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/lock_table.h"
#include "util/proc.h"
#include "util/process.h"

/* Field 31 of proc_pid_stat(5) has the signals that are to come. */
START_TEST(a_process_that_was_killed)
{
	char killed[] = "7 (a) S 5 6 7 0 -1 4194304 0 0 0 0 1 1 0 0 20 0 1 0 9 "
			"8192 2 18446744073709551615 1 2 3 4 5 256 0 0 0";
	char told[] = "7 (a) S 5 6 7 0 -1 4194304 0 0 0 0 1 1 0 0 20 0 1 0 9 "
		      "8192 2 18446744073709551615 1 2 3 4 5 16384 256 0 0";
	struct nsc_proc_stat s;

	ck_assert_int_eq(nsc_proc_stat_parse(killed, &s), 0);
	ck_assert(s.ending);
	ck_assert_int_eq(nsc_proc_stat_parse(told, &s), 0);
	ck_assert(!s.ending);
}
END_TEST

START_TEST(processes_have_any_name)
{
	char text[] = "7 (a) R 1 (2) 3 4) S 5 6 -1 34817 8 0 1 2 3 4 10 20 30 "
		      "40 20 0 1 0 12345 6 7", value[64];
	struct nsc_proc_stat s;
	siginfo_t info;
	pid_t child;

	ck_assert_int_eq(nsc_proc_stat_parse(text, &s), 0);
	ck_assert_int_eq(s.pid, 7);
	ck_assert_str_eq(s.name, "a) R 1 (2) 3 4");
	ck_assert_int_eq(s.parent, 5);
	ck_assert_int_eq(s.group, 6);
	ck_assert_int_eq(s.session, -1);
	ck_assert_uint_eq(s.tty, 34817);
	ck_assert_int_eq(s.foreground, 8);
	ck_assert_uint_eq(s.ticks, 100);
	ck_assert_uint_eq(s.start, 12345);
	ck_assert(!s.ending);
	ck_assert_int_eq(nsc_proc_stat_parse(strcpy(text, ")("), &s), -EINVAL);
	ck_assert_int_eq(nsc_proc_stat_parse(strcpy(text, ""), &s), -EINVAL);
	ck_assert_int_eq(nsc_proc_stat_parse(strcpy(text, "(a) S 5 6"), &s),
			 -EINVAL);
	ck_assert_int_eq(nsc_proc_stat_parse(strcpy(text, "7 (a) S 5"), &s),
			 -EINVAL);
	/* The name is read as the kernel has it, and adds no lines. */
	ck_assert_int_eq(prctl(PR_SET_NAME, ") S 1 1\nPid:\t1"), 0);
	ck_assert_int_eq(nsc_proc_stat(getpid(), &s), 0);
	ck_assert_str_eq(s.name, ") S 1 1\nPid:\t1");
	ck_assert_int_eq(s.parent, getppid());
	ck_assert_int_eq(s.group, getpgrp());
	ck_assert_int_eq(s.session, getsid(0));
	ck_assert(nsc_proc_status(getpid(), "Pid", value, sizeof(value)));
	ck_assert_int_eq(atoi(value), getpid());
	ck_assert(!nsc_proc_status(getpid(), "Pi", value, sizeof(value)));
	ck_assert(!s.ending);
	child = fork();
	if (child == 0)
		_exit(0);
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	ck_assert_int_eq(nsc_proc_stat(child, &s), 0);
	ck_assert(s.ending);
	ck_assert(s.forked);
	waitpid(child, NULL, 0);
	ck_assert_int_eq(nsc_proc_stat(INT_MAX, &s), -ESRCH);
	ck_assert(!nsc_proc_status(INT_MAX, "Pid", value, sizeof(value)));
}
END_TEST

START_TEST(mounts_have_any_name)
{
	char text[] = "1 0 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/x "
		      "rw\n"
		      "no mount at all\n"
		      "2 1 0:9 / /a\\040-\\040b\\134040\\012c\\9 ro - ext4  x\n"
		      "3 1 0:9 / /none rw - tmpfs  ro,size=1\n"
		      "4 1 0:9 / /short rw - tmpfs\n"
		      "5 1 0:9 / /last rw - cgroup2 - rw", *rest = text;
	struct nsc_proc_mount m;

	ck_assert(nsc_proc_mount_next(&rest, &m));
	ck_assert_str_eq(m.point, "/");
	ck_assert_str_eq(m.options, "rw,relatime");
	ck_assert_str_eq(m.type, "ext4");
	ck_assert_str_eq(m.super, "rw");
	ck_assert(nsc_proc_mount_next(&rest, &m));
	ck_assert_str_eq(m.point, "/a - b\\040\nc\\9");
	ck_assert_str_eq(m.type, "ext4");
	/* Without a name, the options are not taken for one. */
	ck_assert_str_eq(m.super, "x");
	ck_assert(nsc_proc_mount_next(&rest, &m));
	ck_assert_str_eq(m.point, "/none");
	ck_assert_str_eq(m.super, "ro,size=1");
	ck_assert(nsc_proc_mount_next(&rest, &m));
	ck_assert_str_eq(m.point, "/last");
	ck_assert_str_eq(m.type, "cgroup2");
	ck_assert(!nsc_proc_mount_next(&rest, &m));
}
END_TEST

START_TEST(groups_have_any_name)
{
	static const char text[] =
		"12:cpuset:/a\n11:cpu,cpuacct:/b:c\n10:name=x:y:/d\n"
		"1:name=systemd:/0::/e\n0::/f g\n";

	ck_assert_ptr_eq(nsc_proc_cgroup(text, "cpu"), NULL);
	ck_assert_ptr_eq(nsc_proc_cgroup("", ""), NULL);
	ck_assert_ptr_eq(nsc_proc_cgroup("0", ""), NULL);
	ck_assert_ptr_eq(nsc_proc_cgroup("0:\n", ""), NULL);
	ck_assert_str_eq(nsc_proc_cgroup(text, ""), "/f g\n");
	ck_assert_int_eq(strncmp(nsc_proc_cgroup(text, "cpu,cpuacct"),
				 "/b:c\n", 5), 0);
	ck_assert_int_eq(strncmp(nsc_proc_cgroup(text, "name=systemd"),
				 "/0::/e\n", 7), 0);
}
END_TEST

START_TEST(holders_of_a_lock)
{
	char path[] = "/tmp/nsc-lock-XXXXXX";
	_cleanup_fd_ int one = mkstemp(path);
	_cleanup_fd_ int two = open(path, O_RDONLY | O_CLOEXEC);
	struct nsc_error err = NSC_ERROR_INIT;
	char sentence[128];
	struct stat st;
	pid_t pid;

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(fstat(one, &st), 0);
	if (nsc_lock_holders(&st, &pid) < 0)
		return;
	ck_assert_int_eq(nsc_lock_holders(&st, &pid), 0);
	ck_assert_int_eq(pid, 0);
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_SH, 0, &err), 0);
	ck_assert_int_eq(nsc_lock(two, "x", LOCK_SH, 0, &err), 0);
	ck_assert_int_eq(nsc_lock_holders(&st, &pid), 2);
	ck_assert_int_eq(pid, getpid());
	/* Without a wait, the holder is not looked up. */
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_EX, 0, &err), -EWOULDBLOCK);
	ck_assert_str_eq(err.text, "lock 'x': another process holds it");
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_EX, 1, &err), -EWOULDBLOCK);
	snprintf(sentence, sizeof(sentence), "lock 'x': another process holds "
		 "it: process %d took it", (int)getpid());
	ck_assert_str_eq(err.text, sentence);
	nsc_fd_close(&two);
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_EX, 0, &err), 0);
	ck_assert_int_eq(nsc_lock_holders(&st, &pid), 0);
	ck_assert_int_eq(pid, getpid());
}
END_TEST

/* Lines of one file are not beside each other. */
START_TEST(locks_are_counted_at_once)
{
	char paths[2][24] = { "/tmp/nsc-lock-XXXXXX", "/tmp/nsc-lock-XXXXXX" };
	struct nsc_lock_table table = { NULL, 0 };
	struct nsc_error err = NSC_ERROR_INIT;
	int fds[2][3];
	struct stat st[2];

	for (int i = 0; i < 2; i++) {
		fds[i][0] = mkstemp(paths[i]);
		fds[i][1] = open(paths[i], O_RDONLY | O_CLOEXEC);
		fds[i][2] = open(paths[i], O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(unlink(paths[i]), 0);
		ck_assert_int_eq(fstat(fds[i][0], &st[i]), 0);
	}
	if (nsc_lock_table_read(&table) < 0)
		return;
	ck_assert_int_eq(nsc_lock_table_shared(&table, &st[0]), 0);
	free(table.list);
	for (int j = 0; j < 3; j++)
		ck_assert_int_eq(nsc_lock(fds[0][j], "x", LOCK_SH, 0, &err), 0);
	ck_assert_int_eq(nsc_lock(fds[1][0], "x", LOCK_EX, 0, &err), 0);
	ck_assert_int_eq(nsc_lock_table_read(&table), 0);
	ck_assert_int_eq(nsc_lock_table_shared(&table, &st[0]), 3);
	ck_assert_int_eq(nsc_lock_table_shared(&table, &st[1]), 0);
	free(table.list);
	ck_assert_int_eq(nsc_lock(fds[1][0], "x", LOCK_SH, 0, &err), 0);
	ck_assert_int_eq(nsc_lock(fds[0][1], "x", LOCK_UN, 0, &err), 0);
	ck_assert_int_eq(nsc_lock(fds[1][1], "x", LOCK_SH, 0, &err), 0);
	ck_assert_int_eq(nsc_lock_table_read(&table), 0);
	ck_assert_int_eq(nsc_lock_table_shared(&table, &st[0]), 2);
	ck_assert_int_eq(nsc_lock_table_shared(&table, &st[1]), 2);
	free(table.list);
	for (int i = 0; i < 6; i++)
		close(fds[i / 3][i % 3]);
}
END_TEST

/* Another process that has the file open does not hold its lock. */
START_TEST(holders_are_verified)
{
	char path[] = "/tmp/nsc-lock-XXXXXX";
	_cleanup_fd_ int one = mkstemp(path);
	int two = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int status;
	pid_t pid;

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(fstat(one, &st), 0);
	ck_assert(!nsc_lock_is_held_by(&st, getpid()));
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_SH, 0, NSC_IGNORE), 0);
	if (nsc_lock_holders(&st, &pid) < 1)
		return;
	ck_assert(!nsc_lock_is_held_by(&st, getpid()));
	ck_assert_int_eq(nsc_lock(one, "x", LOCK_EX, 0, NSC_IGNORE), 0);
	ck_assert(nsc_lock_is_held_by(&st, getpid()));
	ck_assert(!nsc_lock_is_held_by(&st, getppid()));
	pid = fork();
	if (pid == 0) {
		close(one);
		_exit(nsc_lock_is_held_by(&st, getpid()));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(two);
}
END_TEST

static void ends_well(int pidfd)
{
	int status = -1;

	nsc_process_wait(pidfd, -1, &status);
	close(pidfd);
	ck_assert_int_eq(status, 0);
}

START_TEST(clean_chooses_descriptors)
{
	int keep[2], pidfd, extra = open("/etc/passwd", O_RDONLY), other;
	struct stat a, b;

	/* The worst case: each descriptor has the number for the other. */
	other = open("/etc/group", O_RDONLY);
	if (nsc_process_fork(&pidfd) == 0) {
		bool good = (keep[1] = dup2(extra, 3)) == 3 &&
			    (keep[0] = dup2(other, 4)) == 4 &&
			    nsc_process_clean(keep, 2) == 0 &&
			    fstat(3, &a) == 0 &&
			    stat("/etc/group", &b) == 0 &&
			    a.st_ino == b.st_ino && fstat(4, &a) == 0 &&
			    stat("/etc/passwd", &b) == 0 &&
			    a.st_ino == b.st_ino && fcntl(5, F_GETFD) < 0;

		_exit(good ? 0 : 1);
	}
	ends_well(pidfd);
	close(extra);
	close(other);
}
END_TEST

START_TEST(only_some_stay)
{
	int keep[] = { 9, -1, 5, 7, 6 }, pidfd;

	if (nsc_process_fork(&pidfd) == 0) {
		for (int fd = 3; fd < 12; fd++)
			if (dup2(0, fd) != fd)
				_exit(2);
		if (nsc_process_keep_only(keep, 5) < 0)
			_exit(3);
		for (int fd = 0; fd < 12; fd++)
			if ((fcntl(fd, F_GETFD) >= 0) !=
			    (fd < 3 || (fd >= 5 && fd != 8 && fd < 10)))
				_exit(4);
		_exit(nsc_process_keep_only(NULL, 0) == 0 &&
		      fcntl(5, F_GETFD) < 0 ? 0 : 5);
	}
	ends_well(pidfd);
}
END_TEST

/* What is not root's is refused; a text has no NUL. */
START_TEST(files_are_loaded)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char dir[64], *text = NULL;
	int dirfd = nsc_file_open_dir(unit_make_dir(dir), &err);

	unit_write(dir, "good", "text", 0644);
	unit_write(dir, "empty", "", 0644);
	unit_write(dir, "open", "text", 0646);
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "good", 4, &text, &err),
			 0);
	ck_assert_str_eq(text, "text");
	free(text);
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "empty", 4, &text, &err),
			 0);
	ck_assert_str_eq(text, "");
	free(text);
	text = NULL;
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "good", 3, &text, &err),
			 -EFBIG);
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "open", 4, &text, &err),
			 -EPERM);
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "none", 4, &text, &err),
			 -ENOENT);
	ck_assert_int_eq(nsc_file_write_at(dirfd, "nul", "a\0b", 3, 0644,
					   &err), 0);
	ck_assert_int_eq(nsc_file_load_at(dirfd, dir, "nul", 4, &text, &err),
			 -EINVAL);
	ck_assert_ptr_null(text);
	close(dirfd);
	unit_remove_dir(dir);
}
END_TEST

/* Each user may read them. */
START_TEST(files_of_proc_are_loaded)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int proc = nsc_file_open_dir("/proc/sys/kernel", &err);
	char buf[8], *text = NULL;

	ck_assert_int_eq(nsc_file_load_at(proc, "/proc/sys/kernel", "ostype",
					  64, &text, &err), 0);
	ck_assert_str_eq(text, "Linux\n");
	free(text);
	ck_assert_int_eq(nsc_file_read_once(proc, "ostype", buf, sizeof(buf)),
			 6);
	ck_assert_str_eq(buf, "Linux\n");
	ck_assert_int_eq(nsc_file_read_once(proc, "ostype", buf, 4), 3);
	ck_assert_str_eq(buf, "Lin");
	ck_assert_int_eq(nsc_file_read_once(proc, "none", buf, 4), -ENOENT);
	close(proc);
}
END_TEST

static int collect(const char *name, void *arg)
{
	unsigned int *seen = arg;

	ck_assert_int_eq(*seen & 1U << atoi(name), 0);
	*seen |= 1U << atoi(name);
	return atoi(name) == 31 ? 7 : 0;
}

START_TEST(directories_are_listed)
{
	unsigned int seen = 0;
	char dir[64], name[300];
	int dirfd = open(unit_make_dir(dir), O_PATH | O_DIRECTORY);

	ck_assert_int_eq(nsc_file_each(dirfd, collect, &seen), 0);
	ck_assert_uint_eq(seen, 0);
	/* More names than one call of the kernel returns. */
	for (int i = 1; i < 31; i++) {
		snprintf(name, sizeof(name), "%d%0200d", i, 0);
		name[i < 10 ? 1 : 2] = 'x';
		unit_write(dir, name, "", 0600);
	}
	ck_assert_int_eq(nsc_file_each(dirfd, collect, &seen), 0);
	ck_assert_uint_eq(seen, 0x7ffffffe);
	unit_write(dir, "31", "", 0600);
	seen = 0;
	ck_assert_int_eq(nsc_file_each(dirfd, collect, &seen), 7);
	close(dirfd);
	ck_assert_int_eq(nsc_file_each(dirfd, collect, &seen), -EBADF);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		processes_have_any_name, a_process_that_was_killed,
		mounts_have_any_name,
		groups_have_any_name, holders_of_a_lock,
		locks_are_counted_at_once, holders_are_verified,
		clean_chooses_descriptors, only_some_stay,
		files_of_proc_are_loaded, directories_are_listed, NULL,
	};
	const TTest *const root[] = { files_are_loaded, NULL };
	Suite *suite = suite_create("proc");
	TCase *tcase = unit_case("proc");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
