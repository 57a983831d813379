/* SPDX-License-Identifier: Apache-2.0 */
/* lib/rootfs/home_open.c: whose the home is that passwd names. */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>

#include "policy/home_id.h"
#include "rootfs/home_open.h"
#include "util/fd.h"
#include "util/proc.h"

#define UID 1000
#define GID 100
#define HOME "/var/home"

static struct nsc_error err;
static char name[] = "alice", home[PATH_MAX], path[PATH_MAX];
static struct nsc_user user = {
	.name = name, .home = home, .uid = UID, .gid = GID,
};
static bool fuse;		/* nobody but its owner may look */
static const char *mounts;	/* mountinfo; NULL: the real one */

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	errno = EACCES;
	return fuse ? -1 : __real_fstat(fd, st);
}

/* It answers without a look at the file if asked for nothing. */
int __real_statx(int at, const char *file, int flags, unsigned int mask,
		 struct statx *st);
int __wrap_statx(int at, const char *file, int flags, unsigned int mask,
		 struct statx *st);
int __wrap_statx(int at, const char *file, int flags, unsigned int mask,
		 struct statx *st)
{
	errno = EACCES;
	return fuse && mask ? -1 : __real_statx(at, file, flags, mask, st);
}

int __real_nsc_proc_read(const char *file, char **ret, struct nsc_error *error);
int __wrap_nsc_proc_read(const char *file, char **ret, struct nsc_error *error);
int __wrap_nsc_proc_read(const char *file, char **ret, struct nsc_error *error)
{
	if (!mounts)
		return __real_nsc_proc_read(file, ret, error);
	*ret = strdup(mounts);
	return *ret && *mounts ? 0 : -EIO;
}

/* --- which directory it is */

START_TEST(is_the_same)
{
	static const struct {
		struct nsc_home_id a, b;
		bool same;
	} pairs[] = {
		{ { 1, 2 }, { 1, 2 }, true }, { { 1, 2 }, { 1, 3 }, false },
		{ { 1, 2 }, { 2, 2 }, false }, { { 0, 0 }, { 0, 0 }, true },
		{ { 0, 0 }, { 1, 2 }, false }, { { 1, 2 }, { 0, 0 }, false },
		/* Only the user may look, once or each time. */
		{ { 1, 0 }, { 1, 2 }, true }, { { 1, 2 }, { 1, 0 }, true },
		{ { 1, 0 }, { 2, 0 }, false }, { { 1, 0 }, { 1, 0 }, true },
		{ { 0, 0 }, { 0, 2 }, false },
		{ NSC_HOME_UNKNOWN, { 1, 2 }, true },
		{ { 1, 2 }, NSC_HOME_UNKNOWN, true },
		{ { 0, 0 }, NSC_HOME_UNKNOWN, true },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(pairs); i++)
		ck_assert_msg(nsc_home_is_same(&pairs[i].a, &pairs[i].b) ==
			      pairs[i].same, "%zu", i);
}
END_TEST

START_TEST(identify)
{
	struct nsc_home_id id, again;
	struct stat st;
	char dir[64];

	strcpy(home, unit_make_dir(dir));
	ck_assert_int_eq(stat(home, &st), 0);
	id = nsc_home_identify(&user);
	ck_assert_uint_eq(id.inode, st.st_ino);
	again = nsc_home_identify(&user);
	ck_assert(id.device && id.device == again.device);
	fuse = true;
	again = nsc_home_identify(&user);
	fuse = false;
	ck_assert_uint_eq(id.device, again.device);
	strcat(home, "/none");
	id = nsc_home_identify(&user);
	ck_assert(id.device == 0 && id.inode == 0);
	unit_write(dir, "none", "", 0644);
	id = nsc_home_identify(&user);
	ck_assert(id.device == 0 && id.inode == 0);
	unlink(home);
	ck_assert_int_eq(symlink("none", home), 0);
	id = nsc_home_identify(&user);
	ck_assert(id.device == UINT64_MAX && id.inode == UINT64_MAX);
	unit_remove_dir(dir);
	strcpy(home, "/");
	id = nsc_home_identify(&user);
	strcpy(home, "/proc");
	again = nsc_home_identify(&user);
	ck_assert(id.device != again.device);
}
END_TEST

/* --- whose it is */

static void begin(void)
{
	own_places();
	ck_assert_int_eq(mkdir(HOME, 0755), 0);
	strcpy(home, HOME);
	unit_write("/run", "passwd", "root:x:0:0::/root:/bin/sh\n"
		   "alice:x:1000:100::" HOME "/a:/bin/sh\n", 0644);
	ck_assert_int_eq(mount("/run/passwd", "/etc/passwd", NULL, MS_BIND,
			       NULL), 0);
}

static void belongs(uid_t uid, gid_t gid)
{
	ck_assert_int_eq(chown(HOME, uid, gid), 0);
}

static void expect(int result, const char *what)
{
	int ret = nsc_home_open(&user, path, &err);

	if (result) {
		ck_assert_msg(ret == result, "%d: %s", ret, err.text);
		ck_assert_msg(!what || strstr(err.text, what), "%s", err.text);
		return;
	}
	ck_assert_msg(ret >= 0, "%s", err.text);
	ck_assert_str_eq(path, what ? what : HOME);
	close(ret);
}

START_TEST(owners)
{
	begin();
	belongs(UID, 0);
	expect(0, NULL);
	belongs(0, GID);
	expect(0, NULL);
	belongs(UID + 1, GID);
	expect(0, NULL);
	belongs(0, 0);
	expect(-EPERM, "home '" HOME "': it belongs to uid 0 and gid 0, so it "
	       "is not in the container: give it to 'alice' or to gid 100");
	belongs(UID + 1, GID + 1);
	expect(-EPERM, "it belongs to uid 1001 and gid 101");
}
END_TEST

/* Root's directory with the user's name is the user's. */
START_TEST(named)
{
	begin();
	ck_assert_int_eq(mkdir("/var/alice", 0755), 0);
	strcpy(home, "/var/alice");
	expect(0, "/var/alice");
	ck_assert_int_eq(chown("/var/alice", UID + 1, 0), 0);
	expect(-EPERM, "it belongs to uid 1001 and gid 0");
}
END_TEST

START_TEST(none)
{
	static const char *const systems[] = { "/", "/etc", "/usr/share",
					       "/dev", "/proc/self" };

	begin();
	strcpy(home, "/var/none");
	expect(-ENOENT, NULL);
	strcpy(home, "/run/passwd");
	expect(-ENOENT, NULL);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(systems); i++) {
		strcpy(home, systems[i]);
		expect(-ENOENT, NULL);
	}
	ck_assert_int_eq(symlink("loop", "/var/loop"), 0);
	strcpy(home, "/var/loop");
	expect(-ELOOP, "home '/var/loop': ");
}
END_TEST

/* Another user could lead it to what the user may not have. */
START_TEST(led_elsewhere)
{
	begin();
	belongs(0, GID);
	ck_assert_int_eq(mkdir("/var/d", 0755), 0);
	ck_assert_int_eq(symlink(HOME, "/var/d/link"), 0);
	strcpy(home, "/var/d/link");
	expect(0, NULL);
	ck_assert_int_eq(chown("/var/d", UID + 1, 0), 0);
	expect(-EPERM, "home '/var/d/link': users other than root can lead its "
	       "path elsewhere, and it belongs to uid 0");
	/* Nor is any other user of the system root. */
	ck_assert_int_eq(chown("/var/d", 1, 0), 0);
	ck_assert_int_eq(lchown("/var/d/link", 1, 0), 0);
	expect(-EPERM, "home '/var/d/link': users other than root");
	ck_assert_int_eq(lchown("/var/d/link", 0, 0), 0);
	ck_assert_int_eq(chown("/var/d", UID + 1, 0), 0);
	/* Their own home they may have by any path. */
	belongs(UID, GID);
	expect(0, NULL);
}
END_TEST

START_TEST(homes_of_others)
{
	begin();
	belongs(0, GID);
	unit_write("/run", "passwd", "alice:x:1000:100::" HOME "/a:/bin/sh\n"
		   "bob:x:1001:100::" HOME "/bob:/bin/sh\n", 0644);
	expect(-EPERM, "it belongs to uid 0, and homes of others are in it");
	belongs(UID, GID);
	expect(0, NULL);
}
END_TEST

#define FUSE(options, type) \
	"30 20 0:40 / " HOME " rw - " type " x rw," options "\n"

/* Who serves a file system is the only one that may look into it. */
START_TEST(served_by_the_user)
{
	begin();
	fuse = true;
	expect(-EACCES, "home '" HOME "': ");
	mounts = FUSE("user_id=1000,group_id=100", "fuse.sshfs");
	expect(0, NULL);
	mounts = FUSE("user_id=1001", "fuse.sshfs");
	expect(-EACCES, NULL);
	mounts = FUSE("user_id=1000", "nfs");
	expect(-EACCES, NULL);
	/* The last one is on top. */
	mounts = FUSE("user_id=1000", "fuse") FUSE("user_id=1001", "fuse");
	expect(-EACCES, NULL);
	mounts = FUSE("user_id=1001", "fuse") FUSE("user_id=1000", "fuse");
	expect(0, NULL);
	mounts = "30 20 0:40 / /var rw - fuse x rw,user_id=1000\n";
	expect(-EACCES, NULL);
	mounts = "";
	expect(-EACCES, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { is_the_same, identify, NULL };
	const TTest *const root[] = {
		owners, named, none, led_elsewhere, homes_of_others,
		served_by_the_user, NULL,
	};
	Suite *suite = suite_create("home");
	TCase *tcase = unit_case("home");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
