/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a rootfs that its author may have made as he likes: /etc/hosts, the
 * configuration of ssh, and the login shell.  Binds are faked.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "config/container_config.h"
#include "config/plan.h"
#include "linux/mount.h"
#include "rootfs/hosts.h"
#include "rootfs/resolv.h"
#include "rootfs/root_paths.h"
#include "rootfs/rootfs.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define ROOT_UID 100000
#define ROOTFS "/tmp/rootfs"
#define HOSTS ROOTFS "/etc/hosts"
#define LOCAL "127.0.0.1\tlocalhost\n" \
	      "::1\tlocalhost ip6-localhost ip6-loopback\n"

static struct nsc_error err;
static struct nsc_config config;
static struct nsc_user user;
static struct nsc_plan plan = { .config = &config, .user = &user };
static struct nsc_rootfs rootfs = NSC_ROOTFS_INIT;

/* --- the seam: what is mounted in the rootfs */

static char mounted[4096];	/* text of the mount in place of a file */
static char bound[1024];	/* paths, and what is there */
static int bind_result;
static uint64_t bind_attributes;

int __wrap_nsc_resolv_file(const struct nsc_rootfs *r, const char *name,
			   const char *text, struct nsc_error *error);
int __wrap_nsc_resolv_file(const struct nsc_rootfs *r, const char *name,
			   const char *text, struct nsc_error *error)
{
	(void)error;
	ck_assert_ptr_eq(r, &rootfs);
	ck_assert_str_eq(name, "hosts");
	snprintf(mounted, sizeof(mounted), "%s", text);
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_nsc_mount_attach(int mount, int target, struct nsc_error *error);
int __wrap_nsc_mount_attach(int mount, int target, struct nsc_error *error)
{
	(void)error;
	ck_assert(mount > 2 && target > 2);
	return 0;
}

static void note(const char *text)
{
	strncat(bound, text, sizeof(bound) - strlen(bound) - 1);
}

int __wrap_nsc_rootfs_put_bind(const struct nsc_rootfs *r, int fd,
			       const struct nsc_bind *bind,
			       struct nsc_error *error);
int __wrap_nsc_rootfs_put_bind(const struct nsc_rootfs *r, int fd,
			       const struct nsc_bind *bind,
			       struct nsc_error *error)
{
	struct stat st;

	ck_assert_ptr_eq(r, &rootfs);
	ck_assert_int_eq(fstat(fd, &st), 0);
	note(bind->path);
	note(S_ISDIR(st.st_mode) ? "/\n" : "\n");
	bind_attributes = bind->attributes;
	return bind_result < 0 ? nsc_error_set(error, -bind_result, "bind") : 0;
}

static void make(const char *path, const char *text, mode_t mode)
{
	unit_write("", path + 1, text, mode);
}

static const char *content(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void begin(void)
{
	static char path[] = ROOTFS, name[] = "box";

	own_places();
	ck_assert_int_eq(mkdir(ROOTFS, 0755) | mkdir(ROOTFS "/etc", 0755), 0);
	ck_assert_int_eq(chown(ROOTFS "/etc", ROOT_UID, ROOT_UID), 0);
	ck_assert_int_eq(mkdir("/tmp/scratch", 0755), 0);
	config = (struct nsc_config){
		.rootfs = path, .overlay = NSC_OVERLAY_TMPFS, .hostname = name,
	};
	plan.root_uid = plan.root_gid = ROOT_UID;
	rootfs.plan = &plan;
	rootfs.userns = open("/proc/self/ns/user", O_RDONLY);
	rootfs.root = open(ROOTFS, O_PATH | O_DIRECTORY);
	rootfs.scratch = open("/tmp/scratch", O_RDONLY | O_DIRECTORY);
	mounted[0] = bound[0] = '\0';
	bind_result = 0;
	umask(077);
}

static void finish(void)
{
	nsc_fd_close(&rootfs.userns);
	close(rootfs.root);
	close(rootfs.scratch);
}

/* --- /etc/hosts */

static void own_hosts(const char *text, mode_t mode)
{
	unlink(HOSTS);
	make(HOSTS, text, mode);
	ck_assert_int_eq(chown(HOSTS, ROOT_UID, ROOT_UID), 0);
}

/* The file is written anew with that text. */
static void expect_hosts(const char *text)
{
	struct stat st;

	mounted[0] = '\0';
	ck_assert_msg(nsc_hosts_put(&rootfs, &err) == 0, "%s", err.text);
	ck_assert_str_eq(content(HOSTS), text);
	ck_assert_str_eq(mounted, "");
	ck_assert_int_eq(lstat(HOSTS, &st), 0);
	ck_assert(S_ISREG(st.st_mode) && st.st_uid == ROOT_UID &&
		  st.st_gid == ROOT_UID);
}

START_TEST(hosts)
{
	struct stat before, after;

	begin();
	/* A start that was killed has left it. */
	make(ROOTFS "/etc/hosts.nscontainer", "x", 0600);
	expect_hosts(LOCAL "127.0.1.1\tbox\n");
	ck_assert_int_eq(stat(HOSTS, &before), 0);
	ck_assert_uint_eq(before.st_mode & 0777, 0644);
	ck_assert_int_lt(access(ROOTFS "/etc/hosts.nscontainer", F_OK), 0);
	/* Nothing is missing. */
	expect_hosts(LOCAL "127.0.1.1\tbox\n");
	ck_assert_int_eq(stat(HOSTS, &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	own_hosts("127.0.0.1 localhost", 0640);
	expect_hosts("127.0.0.1 localhost\n127.0.1.1\tbox\n");
	ck_assert_int_eq(stat(HOSTS, &after), 0);
	ck_assert_uint_eq(after.st_mode & 0777, 0640);
	own_hosts("1.2.3.4 a box b\n", 0644);
	expect_hosts("1.2.3.4 a box b\n" LOCAL);
	/* Nothing else is made there. */
	ck_assert_int_eq(unlink(HOSTS), 0);
	ck_assert_int_eq(rmdir(ROOTFS "/etc"), 0);
}
END_TEST

/* Root inside writes it, without the rights of the host's root. */
START_TEST(hosts_where_nobody_may_write)
{
	begin();
	plan.root_uid = plan.root_gid = 0;
	own_hosts("1 localhost\n", 0644);
	ck_assert_int_eq(chown(HOSTS, 0, 0) | chown(ROOTFS "/etc", 0, 0), 0);
	ck_assert_int_eq(chmod(ROOTFS "/etc", 0555), 0);
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
	ck_assert_str_eq(content(HOSTS), "1 localhost\n");
	ck_assert_int_eq(chmod(ROOTFS "/etc", 0755), 0);
	mounted[0] = '\0';
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "");
	ck_assert_str_eq(content(HOSTS), "1 localhost\n127.0.1.1\tbox\n");
}
END_TEST

/* Another start that writes it has the lock. */
START_TEST(hosts_that_another_writes)
{
	int dir;

	begin();
	own_hosts("1 localhost\n", 0644);
	dir = open(ROOTFS "/etc", O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(flock(dir, LOCK_EX), 0);
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
	ck_assert_str_eq(content(HOSTS), "1 localhost\n");
	close(dir);
	expect_hosts("1 localhost\n127.0.1.1\tbox\n");
}
END_TEST

/* Only whole names of a line count, and neither addresses nor comments. */
START_TEST(names_of_hosts)
{
	static const char *const none[] = {
		"1.2.3.4 a # box\n", "# 1.2.3.4 box\n", "box a\n",
		"1.2.3.4 boxes\n", "1.2.3.4 bo\n", "\n", "1.2.3.4\n",
		"1.2.3.4\t#box\n",
	};
	static const char *const has[] = {
		"1.2.3.4 box", "1.2.3.4\tbox\n", "\t1.2.3.4 \t a box#b\n",
		"1.2.3.4 box\r\n", "x y\n1.2.3.4 a box\n",
	};
	char expected[256], text[128];

	begin();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(none); i++) {
		snprintf(text, sizeof(text), "%s1 localhost\n", none[i]);
		own_hosts(text, 0644);
		snprintf(expected, sizeof(expected), "%s127.0.1.1\tbox\n",
			 text);
		expect_hosts(expected);
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(has); i++) {
		snprintf(text, sizeof(text), "1 localhost\n%s", has[i]);
		own_hosts(text, 0644);
		expect_hosts(text);
	}
}
END_TEST

START_TEST(no_name_of_its_own)
{
	static char localhost[] = "localhost", none[] = "";

	begin();
	config.hostname = localhost;
	expect_hosts(LOCAL);
	unlink(HOSTS);
	config.hostname = none;
	expect_hosts(LOCAL);
}
END_TEST

/* What is not a file of its own is covered by a mount, and not touched. */
START_TEST(hosts_of_another_kind)
{
	begin();
	ck_assert_int_eq(symlink("x", HOSTS), 0);
	make(ROOTFS "/etc/x", "1 localhost\n", 0644);
	ck_assert_int_eq(chown(ROOTFS "/etc/x", ROOT_UID, ROOT_UID), 0);
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
	ck_assert_str_eq(content(ROOTFS "/etc/x"), "1 localhost\n");
	/* It has another name elsewhere. */
	ck_assert_int_eq(unlink(HOSTS), 0);
	ck_assert_int_eq(link(ROOTFS "/etc/x", HOSTS), 0);
	mounted[0] = '\0';
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
	ck_assert_int_eq(unlink(ROOTFS "/etc/x"), 0);
	/* It is another group's. */
	ck_assert_int_eq(chown(HOSTS, ROOT_UID, 7), 0);
	mounted[0] = '\0';
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
	/* Not everybody may read it, so its text is not copied. */
	ck_assert_int_eq(chmod(HOSTS, 0640), 0);
	mounted[0] = '\0';
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, LOCAL "127.0.1.1\tbox\n");
	ck_assert_str_eq(content(HOSTS), "1 localhost\n");
}
END_TEST

/* A rootfs that is shared is not written to. */
START_TEST(hosts_of_a_shared_rootfs)
{
	static char host[] = "/", root[] = ROOTFS;

	begin();
	own_hosts("1 localhost\n", 0644);
	for (int i = 0; i < 4; i++) {
		config.overlay = i == 0 ? NSC_OVERLAY_NONE : NSC_OVERLAY_TMPFS;
		config.rootfs = i == 1 ? host : root;
		config.readonly_fs = i == 2;
		if (i == 3)
			nsc_fd_close(&rootfs.userns);
		mounted[0] = '\0';
		ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
		ck_assert_str_eq(mounted, "1 localhost\n127.0.1.1\tbox\n");
		ck_assert_str_eq(content(HOSTS), "1 localhost\n");
	}
	/* A file that has all of it needs no mount. */
	own_hosts("1 localhost box\n", 0644);
	mounted[0] = '\0';
	ck_assert_int_eq(nsc_hosts_put(&rootfs, &err), 0);
	ck_assert_str_eq(mounted, "");
}
END_TEST

/* --- root_paths */

#define COPY "/tmp/scratch/root-path-0/"

START_TEST(copies_of_roots_files)
{
	static char dir[] = "/run/conf", file[] = "/run/file",
		    none[] = "/run/none", secret[] = "/run/secret";
	char *paths[] = { dir, none, secret, file, NULL };
	struct stat st;

	begin();
	ck_assert_int_eq(mkdir(dir, 0755) | mkdir("/run/conf/sub", 0755), 0);
	make("/run/conf/a", "public", 0644);
	make("/run/conf/b", "secret", 0600);
	make("/run/conf/c", "of all", 0666);
	make("/run/conf/e", "of a group", 0664);
	make("/run/conf/d", "of another", 0644);
	make("/run/conf/x", "program", 0755);
	make("/run/conf/large", "", 0644);
	ck_assert_int_eq(truncate("/run/conf/large", NSC_FILE_MAX + 1), 0);
	ck_assert_int_eq(chown("/run/conf/d", 1, 0), 0);
	make(file, "a file", 0644);
	make(secret, "secret", 0600);
	config.root_paths = paths;
	ck_assert_msg(nsc_root_paths_put(&rootfs, &err) == 0, "%s", err.text);
	ck_assert_str_eq(bound, "/run/conf/\n/run/file\n");
	ck_assert_uint_eq(bind_attributes, NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY);
	ck_assert_str_eq(content(COPY "a"), "public");
	ck_assert_str_eq(content(COPY "x"), "program");
	for (const char *p = "bcdes"; *p; p++) {
		char path[64];

		snprintf(path, sizeof(path), COPY "%c%s", *p,
			 *p == 's' ? "ub" : "");
		ck_assert_int_lt(access(path, F_OK), 0);
	}
	ck_assert_int_lt(access(COPY "large", F_OK), 0);
	ck_assert_int_eq(stat(COPY "x", &st), 0);
	ck_assert(st.st_uid == ROOT_UID && st.st_gid == ROOT_UID &&
		  (st.st_mode & 07777) == 0755);
	ck_assert_int_eq(stat(COPY "a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(stat(COPY, &st), 0);
	ck_assert(st.st_uid == ROOT_UID && st.st_gid == ROOT_UID);
	ck_assert_str_eq(content("/tmp/scratch/root-path-3/copy"), "a file");
}
END_TEST

START_TEST(no_copies)
{
	static char secret[] = "/run/secret";
	char *paths[] = { secret, NULL }, *empty[] = { NULL };

	begin();
	make(secret, "x", 0600);
	config.root_paths = paths;
	ck_assert_int_eq(nsc_root_paths_put(&rootfs, &err), 0);
	ck_assert_str_eq(bound, "");
	config.root_paths = empty;
	ck_assert_int_eq(nsc_root_paths_put(&rootfs, &err), 0);
	ck_assert_str_eq(bound, "");
	/* The error names the path. */
	ck_assert_int_eq(chmod(secret, 0644), 0);
	ck_assert_int_eq(unlinkat(rootfs.scratch, "root-path-0",
				  AT_REMOVEDIR), 0);
	config.root_paths = paths;
	bind_result = -EIO;
	ck_assert_int_eq(nsc_root_paths_put(&rootfs, &err), -EIO);
	ck_assert_str_eq(err.text, "root_paths '/run/secret': bind");
	/* Without a user namespace root inside is the owner. */
	bound[0] = '\0';
	nsc_fd_close(&rootfs.userns);
	ck_assert_int_eq(nsc_root_paths_put(&rootfs, &err), 0);
	ck_assert_str_eq(bound, "");
}
END_TEST

/* Half of a copy is not bound. */
START_TEST(copies_that_do_not_fit)
{
	static char dir[] = "/run/conf";
	const struct rlimit small = { 3, 3 };
	char *paths[] = { dir, NULL };

	begin();
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	make("/run/conf/a", "public", 0644);
	config.root_paths = paths;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(nsc_root_paths_put(&rootfs, &err), -EFBIG);
	ck_assert_str_eq(err.text, "root_paths '/run/conf': copy 'a': File too "
			 "large");
	ck_assert_str_eq(bound, "");
}
END_TEST

/* --- links in a rootfs */

/* Root inside may redirect a path, unless it is the user whose home it is. */
START_TEST(links_of_root_inside)
{
	static const struct {
		bool login;
		uid_t user_uid;
		int ret;
	} cases[] = {
		{ true, ROOT_UID, -ELOOP }, { true, 7, 0 },
		{ false, ROOT_UID, 0 }, { false, 7, 0 },
	};

	begin();
	ck_assert_int_eq(symlink("x", ROOTFS "/etc/link"), 0);
	ck_assert_int_eq(mkdir(ROOTFS "/etc/x", 0755), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(cases); i++) {
		int fd;

		plan.login = cases[i].login;
		plan.user_uid = cases[i].user_uid;
		fd = nsc_rootfs_target(&rootfs, "/etc/link", NSC_TARGET_DIR,
				       &err);
		ck_assert_msg((fd < 0 ? fd : 0) == cases[i].ret, "%zu: %s", i,
			      err.text);
		if (fd >= 0)
			close(fd);
	}
	/* Then the directory has to be root's, and no other user's. */
	plan.login = true;
	plan.user_uid = ROOT_UID;
	ck_assert_int_eq(chown(ROOTFS "/etc", 1, 1), 0);
	ck_assert_int_eq(nsc_rootfs_target(&rootfs, "/etc/link",
					   NSC_TARGET_DIR, &err), -ELOOP);
}
END_TEST

/* --- the login shell */

START_TEST(shells)
{
	static char nsshell[] = "/usr/bin/nsshell", bash[] = "/bin/bash",
		    relative[] = "nsshell", like[] = "/bin/xnsshell";

	begin();
	plan.login = true;
	user.shell = bash;
	ck_assert_int_eq(nsc_rootfs_put_shell(&rootfs, &err), 0);
	user.shell = relative;
	ck_assert_int_eq(nsc_rootfs_put_shell(&rootfs, &err), 0);
	user.shell = like;
	ck_assert_int_eq(nsc_rootfs_put_shell(&rootfs, &err), 0);
	user.shell = nsshell;
	plan.login = false;
	ck_assert_int_eq(nsc_rootfs_put_shell(&rootfs, &err), 0);
	ck_assert_str_eq(bound, "");
	plan.login = true;
	ck_assert_int_eq(mount("t", "/usr/lib", "tmpfs", 0, "mode=755") |
			 mount("t", "/usr/libexec", "tmpfs", 0, "mode=755"), 0);
	ck_assert_int_eq(nsc_rootfs_put_shell(&rootfs, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "container-shell"));
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		hosts, names_of_hosts, no_name_of_its_own,
		hosts_where_nobody_may_write,
		hosts_that_another_writes,
		hosts_of_another_kind, hosts_of_a_shared_rootfs,
		copies_of_roots_files, no_copies, copies_that_do_not_fit,
		links_of_root_inside, shells, NULL,
	};
	Suite *suite = suite_create("files");
	TCase *tcase = unit_case("files");

	tcase_add_checked_fixture(tcase, NULL, finish);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
