/* SPDX-License-Identifier: Apache-2.0 */
/* lib/api/device_users.c, on this process itself. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "api/device_users.h"
#include "util/fd.h"

#define MODE_3 3		/* neither to read nor to write, open(2) */

/* A console or a serial line would be found. */
static void close_terminals(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		ck_assert_int_eq(dup2(null, fd), fd);
}

static size_t found(unsigned int *left)
{
	const pid_t self = getpid();
	json_t *list = nsc_api_device_users(&self, 1, left);
	size_t n = json_array_size(list);

	json_decref(list);
	return n;
}

/* A device that not every container has, or -1. */
static int open_device(int flags)
{
	static const char *const paths[] = {
		"/dev/fuse", "/dev/net/tun", "/dev/kvm", "/dev/ppp",
	};
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < NSC_ARRAY_SIZE(paths); i++)
		fd = open(paths[i], flags | O_CLOEXEC);
	return fd;
}

/* What one process takes, the next one has not. */
START_TEST(what_is_left)
{
	unsigned int left = NSC_API_DESCRIPTORS, used;

	ck_assert_uint_eq(found(&left), 0);
	used = NSC_API_DESCRIPTORS - left;
	/* '.', '..' and the thread, and its '.', '..' and descriptors. */
	ck_assert_uint_ge(used, 3 + 2 + 3);
	left = used + 5;
	found(&left);
	ck_assert_uint_eq(left, 5);
	found(&left);
	ck_assert_uint_eq(left, 0);
	found(&left);
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(ways_to_open)
{
	unsigned int left = NSC_API_DESCRIPTORS;
	int fd = open_device(O_RDWR);

	/* Not each host has one for each user. */
	if (fd < 0)
		return;
	ck_assert_uint_eq(found(&left), 1);
	close(fd);
	fd = open_device(O_PATH);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(found(&left), 0);
	close(fd);
	fd = open_device(MODE_3);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(found(&left), 1);
	close(fd);
	left = 1;
	fd = open_device(O_RDWR);
	ck_assert_uint_eq(found(&left), 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("device users");
	TCase *c = tcase_create("device users");

	tcase_add_checked_fixture(c, close_terminals, NULL);
	tcase_add_test(c, what_is_left);
	tcase_add_test(c, ways_to_open);
	suite_add_tcase(s, c);
	return unit_run(s);
}
