/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/stdio.c: what a session may have open as 0, 1 and 2. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "linux/pidfd.h"
#include "session/stdio.h"
#include "util/fd.h"

static struct nsc_error err;

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_NOCTTY);

	ck_assert_msg(fd > 2, "%s", path);
	return fd;
}

/* A terminal, and its master. */
static int terminal_new(int *master)
{
	*master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert(*master >= 0 && unlockpt(*master) == 0);
	return ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

/* Put the descriptor in the place of each of the three in turn. */
static void expect(int fd, int terminal, const char *what)
{
	char text[128];

	for (int at = 0; at < 3; at++) {
		int ret, before = dup(at);

		ck_assert_int_eq(dup2(fd, at), at);
		unit_note_descriptors();
		ret = nsc_stdio_check(terminal, &err);
		unit_check_descriptors();
		dup2(before, at);
		close(before);
		if (!what) {
			ck_assert_msg(ret == 0, "%s", err.text);
			continue;
		}
		ck_assert_int_eq(ret, -NSC_STDIO_REFUSED);
		snprintf(text, sizeof(text), "descriptor %d is %s, which is "
			 "not allowed inside: redirect it to a file or a pipe",
			 at, what);
		ck_assert_str_eq(err.text, text);
	}
}

/* Whatever the test itself was given is not in the way. */
static void begin(void)
{
	int null = opened("/dev/null", O_RDWR);

	for (int at = 0; at < 3; at++)
		ck_assert_int_eq(dup2(null, at), at);
	close(null);
}

START_TEST(harmless_ones)
{
	static const char *const devices[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/proc/self/exe",
	};
	int pair[2];

	begin();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(devices); i++)
		expect(opened(devices[i], O_RDONLY), -1, NULL);
	ck_assert_int_eq(pipe(pair), 0);
	expect(pair[0], -1, NULL);
	expect(pair[1], -1, NULL);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	expect(pair[0], -1, NULL);
}
END_TEST

START_TEST(closed_ones)
{
	begin();
	for (int at = 0; at < 3; at++)
		close(at);
	ck_assert_int_eq(nsc_stdio_check(-1, &err), 0);
}
END_TEST

START_TEST(ways_out)
{
	int master;

	begin();
	expect(opened("/", O_RDONLY | O_DIRECTORY), -1,
	       "a directory of the host");
	expect(opened("/", O_PATH), -1,
	       "a path of the host, opened with O_PATH");
	expect(opened("/dev/null", O_PATH), -1,
	       "a path of the host, opened with O_PATH");
	expect(opened("/proc/self/ns/mnt", O_RDONLY), -1,
	       "an object of the kernel");
	expect(nsc_pidfd_open(getpid()), -1, "an object of the kernel");
	expect(epoll_create1(0), -1, "an object of the kernel");
	terminal_new(&master);
	expect(master, -1, "the other end of a terminal");
	expect(master, master, "the other end of a terminal");
}
END_TEST

/* Only its own terminal goes with a session. */
START_TEST(terminals)
{
	int master[2], own, other;

	begin();
	own = terminal_new(&master[0]);
	other = terminal_new(&master[1]);
	ck_assert(!nsc_stdio_has_terminal());
	expect(own, own, NULL);
	expect(own, -1, "a terminal that is not this session's");
	expect(other, own, "a terminal that is not this session's");
	for (int at = 0; at < 3; at++) {
		begin();
		ck_assert_int_eq(dup2(own, at), at);
		ck_assert(nsc_stdio_has_terminal());
	}
}
END_TEST

/* A terminal of which the other end is closed becomes /dev/null. */
START_TEST(a_terminal_that_is_gone)
{
	struct stat st;
	int master, fd;

	begin();
	fd = terminal_new(&master);
	close(master);
	ck_assert_int_eq(dup2(fd, 1), 1);
	unit_note_descriptors();
	ck_assert_int_eq(nsc_stdio_check(-1, &err), 0);
	unit_check_descriptors();
	ck_assert_int_eq(fstat(1, &st), 0);
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}
END_TEST

/* /dev/kmsg has the same major number as the harmless ones. */
START_TEST(devices)
{
	char dir[64], path[80];

	begin();
	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/kmsg", dir);
	ck_assert_int_eq(mknod(path, S_IFCHR | 0600, makedev(1, 11)), 0);
	expect(opened(path, O_WRONLY | O_NONBLOCK), -1,
	       "a device of the host");
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		harmless_ones, closed_ones, ways_out, terminals,
		a_terminal_that_is_gone, NULL,
	};
	const TTest *const root[] = { devices, NULL };
	Suite *suite = suite_create("stdio");
	TCase *tcase = tcase_create("stdio");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
