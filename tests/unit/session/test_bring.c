/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/bring.c: the files that a login takes from one /tmp to another.
 * The test has /tmps of its own, and a user who tries to get more than is its.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/fsuid.h>

#include "session/bring.h"
#include "util/fd.h"

#define UID 4711
#define GID 4712
#define MIB (1 << 20)

static struct nsc_error err;
static char home[] = "/home/alice";
static struct nsc_user user = { .home = home, .uid = UID, .gid = GID };
static struct nsc_bring bring;

static void new_tmp(void)
{
	ck_assert_int_eq(mount("t", "/tmp", "tmpfs", 0, "mode=1777"), 0);
}

static void begin(void)
{
	own_places();
	bring = (struct nsc_bring){ .user = &user };
}

static void make(const char *path, const char *text, uid_t uid)
{
	unit_write("", path + 1, text, 0600);
	ck_assert_int_eq(chown(path, uid, uid), 0);
}

static void expect_file(const char *path, const char *text)
{
	char got[64] = "";
	struct stat st;
	int fd = open(path, O_RDONLY);

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	ck_assert_str_eq(got, text);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(st.st_uid == UID && st.st_gid == GID);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	close(fd);
}

static void finish(void)
{
	nsc_bring_free(&bring);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The caller has its own rights again. */
static void expect_root(void)
{
	ck_assert_int_eq(setfsuid((uid_t)-1), 0);
	ck_assert_int_eq(setfsgid((gid_t)-1), 0);
}

START_TEST(files_move)
{
	begin();
	make("/tmp/krb5cc", "ticket", UID);
	make("/tmp/other", "", UID);
	ck_assert_int_eq(nsc_bring_add(&bring, "FILE:/tmp/krb5cc", &err), 0);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/other", &err), 0);
	ck_assert_uint_eq(bring.n, 2);
	expect_root();
	nsc_bring_take(&bring);
	expect_root();
	ck_assert(!is_there("/tmp/krb5cc") && !is_there("/tmp/other"));
	new_tmp();
	umask(077);
	nsc_bring_put(&bring);
	expect_root();
	ck_assert_int_eq(bring.err.code, 0);
	expect_file("/tmp/krb5cc", "ticket");
	expect_file("/tmp/other", "");
	nsc_bring_free(&bring);
	ck_assert_uint_eq(bring.n, 0);
	ck_assert_int_eq(bring.files[0].fd, -1);
	/* Without files, nothing is touched. */
	nsc_bring_take(&bring);
	nsc_bring_put(&bring);
	expect_file("/tmp/krb5cc", "ticket");
}
END_TEST

/* What is as good inside adds nothing. */
START_TEST(what_need_not_move)
{
	static const char *const values[] = {
		"KCM:", "KCM:4711", "/home/alice/cc", "FILE:/home/alice/a/cc",
	};

	begin();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(values); i++)
		ck_assert_int_eq(nsc_bring_add(&bring, values[i], &err), 0);
	ck_assert_uint_eq(bring.n, 0);
}
END_TEST

START_TEST(no_file_of_tmp)
{
	static const char *const values[] = {
		"", "/", "/tmp", "/tmp/", "/tmp/a/b", "/tmp/../etc/passwd",
		"/tmpx", "/tmpx/a", "tmp/a", "/etc/shadow", "DIR:/tmp/a",
		"/home/alice", "/home/alicex/cc", "kcm:",
	};
	char dots[] = "/tmp/..", at[] = "/tmp/.", root[] = "/";

	begin();
	make("/tmp/a", "", UID);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(values); i++) {
		ck_assert_msg(nsc_bring_add(&bring, values[i], &err) ==
			      -EINVAL, "%s", values[i]);
		ck_assert_ptr_nonnull(strstr(err.text, "is not a file in"));
	}
	ck_assert_int_lt(nsc_bring_add(&bring, dots, &err), 0);
	ck_assert_int_lt(nsc_bring_add(&bring, at, &err), 0);
	/* A home that is everything is none. */
	user.home = root;
	ck_assert_int_eq(nsc_bring_add(&bring, "/etc/shadow", &err), -EINVAL);
	ck_assert_int_eq(nsc_bring_add(&bring, "//tmp/a", &err), -EINVAL);
	ck_assert_uint_eq(bring.n, 0);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/a", &err), 0);
	ck_assert_uint_eq(bring.n, 1);
}
END_TEST

START_TEST(long_names)
{
	char path[5 + NAME_MAX + 2] = "/tmp/";

	begin();
	memset(path + 5, 'x', NAME_MAX);
	make(path, "", UID);
	ck_assert_int_eq(nsc_bring_add(&bring, path, &err), 0);
	ck_assert_str_eq(bring.files[0].name, path + 5);
	path[5 + NAME_MAX] = 'x';
	ck_assert_int_eq(nsc_bring_add(&bring, path, &err), -EINVAL);
}
END_TEST

static void refuse(const char *path, int code)
{
	ck_assert_msg(nsc_bring_add(&bring, path, &err) == -code, "%s: %d",
		      path, err.code);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_uint_eq(bring.n, 0);
	expect_root();
}

/* Neither what the user cannot read, nor what it has not written. */
START_TEST(what_is_not_the_users)
{
	begin();
	refuse("/tmp/none", ENOENT);
	make("/tmp/roots", "secret", 0);
	refuse("/tmp/roots", EACCES);
	ck_assert_int_eq(chmod("/tmp/roots", 0644), 0);
	refuse("/tmp/roots", EPERM);
	make("/tmp/mine", "x", UID);
	ck_assert_int_eq(link("/tmp/mine", "/tmp/again"), 0);
	refuse("/tmp/mine", EPERM);
	ck_assert_int_eq(symlink("mine", "/tmp/link"), 0);
	refuse("/tmp/link", ELOOP);
	ck_assert_int_eq(mkdir("/tmp/dir", 0755), 0);
	ck_assert_int_eq(chown("/tmp/dir", UID, GID), 0);
	refuse("/tmp/dir", EPERM);
	ck_assert_int_eq(mkfifo("/tmp/fifo", 0600), 0);
	ck_assert_int_eq(chown("/tmp/fifo", UID, GID), 0);
	refuse("/tmp/fifo", EPERM);
	make("/tmp/mounted", "x", UID);
	ck_assert_int_eq(mount("/tmp/mounted", "/tmp/mounted", NULL, MS_BIND,
			       NULL), 0);
	refuse("/tmp/mounted", EXDEV);
}
END_TEST

START_TEST(sizes)
{
	begin();
	make("/tmp/large", "", UID);
	ck_assert_int_eq(truncate("/tmp/large", MIB + 1), 0);
	refuse("/tmp/large", EPERM);
	ck_assert_int_eq(truncate("/tmp/large", MIB), 0);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/large", &err), 0);
	nsc_bring_take(&bring);
	nsc_bring_put(&bring);
	ck_assert_int_eq(bring.err.code, 0);
	ck_assert_int_eq(truncate("/tmp/large", MIB), 0);
}
END_TEST

START_TEST(many)
{
	char path[32];

	begin();
	for (int i = 0; i <= NSC_BRING_FILES; i++) {
		snprintf(path, sizeof(path), "/tmp/%d", i);
		make(path, path, UID);
		ck_assert_int_eq(nsc_bring_add(&bring, path, &err),
				 i < NSC_BRING_FILES ? 0 : -E2BIG);
	}
	ck_assert_ptr_nonnull(strstr(err.text, "more than 8 files"));
	nsc_bring_take(&bring);
	ck_assert(!is_there("/tmp/0") && !is_there("/tmp/7"));
	ck_assert(is_there("/tmp/8"));
	nsc_bring_put(&bring);
	expect_file("/tmp/7", "/tmp/7");
}
END_TEST

/* Another file has its name by now: it stays. */
START_TEST(a_name_that_was_given_away)
{
	begin();
	make("/tmp/a", "first", UID);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/a", &err), 0);
	ck_assert_int_eq(rename("/tmp/a", "/tmp/b"), 0);
	make("/tmp/a", "second", UID);
	nsc_bring_take(&bring);
	ck_assert(is_there("/tmp/a") && is_there("/tmp/b"));
}
END_TEST

/* Inside, a file of an earlier session is replaced, and nothing else. */
START_TEST(what_is_there_already)
{
	begin();
	make("/tmp/a", "new", UID);
	make("/tmp/b", "new", UID);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/a", &err), 0);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/b", &err), 0);
	new_tmp();
	make("/tmp/a", "old", 0);
	make("/tmp/b", "of an earlier one", UID);
	nsc_bring_put(&bring);
	expect_root();
	ck_assert_int_eq(bring.err.code, EEXIST);
	ck_assert_ptr_nonnull(strstr(bring.err.text, "/tmp/a inside"));
	expect_file("/tmp/b", "new");
	/* The first error is the one that is told; a link leads nowhere. */
	ck_assert_int_eq(unlink("/tmp/a"), 0);
	ck_assert_int_eq(unlink("/tmp/b"), 0);
	ck_assert_int_eq(symlink("/tmp/c", "/tmp/b"), 0);
	ck_assert_int_eq(lchown("/tmp/b", UID, GID), 0);
	nsc_bring_put(&bring);
	ck_assert_ptr_nonnull(strstr(bring.err.text, "/tmp/a inside"));
	expect_file("/tmp/a", "new");
	ck_assert(!is_there("/tmp/c"));
}
END_TEST

/* No half of a file stays when there is no room for it. */
START_TEST(a_full_disk)
{
	begin();
	make("/tmp/a", "", UID);
	ck_assert_int_eq(truncate("/tmp/a", MIB), 0);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/a", &err), 0);
	ck_assert_int_eq(mount("t", "/tmp", "tmpfs", 0, "mode=1777,size=64k"),
			 0);
	nsc_bring_put(&bring);
	ck_assert_int_eq(bring.err.code, ENOSPC);
	ck_assert(!is_there("/tmp/a"));
	/* Nor does it fail where there is no /tmp. */
	bring.err.code = 0;
	ck_assert_int_eq(umount2("/tmp", MNT_DETACH), 0);
	ck_assert_int_eq(mount("t", "/tmp", "tmpfs", 0, "mode=700"), 0);
	nsc_bring_put(&bring);
	ck_assert_int_eq(bring.err.code, EACCES);
}
END_TEST

/* The file shrinks meanwhile: what is left is what it has. */
START_TEST(a_file_that_shrinks)
{
	begin();
	make("/tmp/a", "twelve bytes", UID);
	ck_assert_int_eq(nsc_bring_add(&bring, "/tmp/a", &err), 0);
	ck_assert_int_eq(truncate("/tmp/a", 6), 0);
	nsc_bring_take(&bring);
	nsc_bring_put(&bring);
	ck_assert_int_eq(bring.err.code, 0);
	expect_file("/tmp/a", "twelve");
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		files_move, what_need_not_move, no_file_of_tmp, long_names,
		what_is_not_the_users, sizes, many, a_name_that_was_given_away,
		what_is_there_already, a_full_disk, a_file_that_shrinks, NULL,
	};
	Suite *suite = suite_create("bring");
	TCase *tcase = unit_case("bring");

	tcase_add_checked_fixture(tcase, NULL, finish);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
