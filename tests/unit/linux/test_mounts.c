/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/linux/mount.c and target.c: mounts as they are made, and the limits of
 * the walk to a mount point, in a mount namespace of the test's.
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "linux/mount.h"
#include "linux/namespace.h"
#include "linux/target.h"
#include "util/fd.h"

#define FIRST 100000		/* the id on the host of root inside */

static struct nsc_error err;
static char dir[64];
static struct nsc_tree tree = { .root = -1, .dev = -1 };

/* A file system of the test's, which is the current directory. */
static void prepare(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	unit_make_dir(dir);
	ck_assert_int_eq(mount("t", dir, "tmpfs", 0, "mode=755"), 0);
	ck_assert_int_eq(chdir(dir), 0);
	umask(0);
	tree.root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree.owner = 0;
}

static void finish(void)
{
	nsc_fd_close(&tree.root);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	unit_remove_dir(dir);
}

/* --- mounts */

static unsigned long flags_of(const char *path)
{
	struct statvfs st;

	ck_assert_int_eq(statvfs(path, &st), 0);
	return st.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC |
			    ST_NOATIME | ST_RELATIME);
}

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* A restriction takes nothing back that held before. */
START_TEST(restricted)
{
	int fd;

	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(mount("t", "a", "tmpfs", MS_NOATIME, NULL), 0);
	ck_assert_int_eq(mkdir("a/b", 0755), 0);
	ck_assert_int_eq(mount("t", "a/b", "tmpfs", MS_NOATIME, NULL), 0);
	fd = open_path("a");
	ck_assert_int_eq(nsc_mount_restrict(fd, MOUNT_ATTR_RDONLY, false,
					    &err), 0);
	ck_assert_uint_eq(flags_of("a"), ST_RDONLY | ST_NOATIME);
	ck_assert_uint_eq(flags_of("a/b"), ST_NOATIME);
	ck_assert_int_eq(nsc_mount_restrict(fd, MOUNT_ATTR_NOSUID, true,
					    &err), 0);
	ck_assert_uint_eq(flags_of("a"), ST_RDONLY | ST_NOSUID | ST_NOATIME);
	ck_assert_uint_eq(flags_of("a/b"), ST_NOSUID | ST_NOATIME);
	/* The times only where it says so. */
	ck_assert_int_eq(nsc_mount_restrict(fd, NSC_MOUNT_ATIME, false, &err),
			 0);
	ck_assert_uint_eq(flags_of("a"), ST_RDONLY | ST_NOSUID | ST_RELATIME);
	close(fd);
	ck_assert_int_eq(nsc_mount_restrict(-1, 0, false, &err), -EBADF);
	ck_assert_str_eq(err.text, "restrict the mount: Bad file descriptor");
}
END_TEST

/* What mountinfo says of the mount at that path, after its options. */
static const char *propagation(const char *path)
{
	static char line[1024];
	char whole[160];
	FILE *file = fopen("/proc/self/mountinfo", "re");
	const char *found = NULL;

	snprintf(whole, sizeof(whole), " %s/%s ", dir, path);
	while (!found && fgets(line, sizeof(line), file))
		if (strstr(line, whole))
			found = strstr(line, whole);
	fclose(file);
	ck_assert_ptr_nonnull(found);
	return found;
}

START_TEST(propagated)
{
	int fd;

	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(mount("t", "a", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mount(NULL, "a", NULL, MS_SHARED, NULL), 0);
	fd = open_path("a");
	ck_assert_ptr_nonnull(strstr(propagation("a"), " shared:"));
	ck_assert_int_eq(nsc_mount_restrict(fd, 0, true, &err), 0);
	ck_assert_ptr_null(strstr(propagation("a"), " shared:"));
	close(fd);
	/* The host's mounts appear in a copy, and not the other way. */
	ck_assert_int_eq(mount(NULL, "a", NULL, MS_SHARED, NULL), 0);
	ck_assert_int_eq(mkdir("copy", 0755), 0);
	ck_assert_int_eq(mount("a", "copy", NULL, MS_BIND, NULL), 0);
	fd = open_path("copy");
	ck_assert_int_eq(nsc_mount_restrict_slave(fd, MOUNT_ATTR_NODEV, &err),
			 0);
	ck_assert_ptr_nonnull(strstr(propagation("copy"), " master:"));
	ck_assert(flags_of("copy") & ST_NODEV);
	close(fd);
}
END_TEST

START_TEST(made)
{
	const struct nsc_tmpfs tmpfs = {
		.uid = 7, .gid = 8, .mode = 01750, .size = "64k",
		.attributes = MOUNT_ATTR_NOEXEC,
	};
	const struct nsc_mount_option wrong[] = {
		{ "no_such_option", "1" }, { NULL, NULL },
	};
	struct statvfs fs;
	struct stat st;
	int fd, at;

	ck_assert_int_eq(mkdir("a", 0755), 0);
	fd = nsc_mount_tmpfs(&tmpfs, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	at = open_path("a");
	ck_assert_int_eq(nsc_mount_attach(fd, at, &err), 0);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert(st.st_uid == 7 && st.st_gid == 8);
	ck_assert_uint_eq(st.st_mode & 07777, 01750);
	ck_assert_int_eq(statvfs("a", &fs), 0);
	ck_assert_uint_eq(fs.f_blocks * fs.f_frsize, 65536);
	ck_assert_uint_eq(flags_of("a") & ~(unsigned long)ST_RELATIME,
			  ST_NOSUID | ST_NODEV | ST_NOEXEC);
	ck_assert_int_eq(nsc_mount_is_directory(fd, &err), 1);
	close(fd);
	close(at);
	fd = open_path("/proc/self/exe");
	ck_assert_int_eq(nsc_mount_is_directory(fd, &err), 0);
	ck_assert_int_lt(nsc_mount_attach(fd, tree.root, &err), 0);
	ck_assert_int_eq(strncmp(err.text, "attach the mount: ", 18), 0);
	close(fd);
	ck_assert_int_eq(nsc_mount_is_directory(-1, &err), -EBADF);
	ck_assert_int_eq(nsc_mount_new("no_such_type", NULL, 0, &err),
			 -ENODEV);
	ck_assert_str_eq(err.text, "file system 'no_such_type': No such "
			 "device");
	/* The kernel's own words, without its level. */
	ck_assert_int_eq(nsc_mount_new("tmpfs", wrong, 0, &err), -EINVAL);
	ck_assert_int_eq(strncmp(err.text, "file system 'tmpfs': tmpfs: ", 28),
			 0);
	ck_assert_ptr_nonnull(strstr(err.text, "no_such_option"));
	ck_assert_ptr_nonnull(strstr(err.text, ": Invalid argument"));
	ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

START_TEST(cloned)
{
	int at, fd;

	ck_assert_int_eq(mkdir("a", 0755) | mkdir("b", 0755), 0);
	ck_assert_int_eq(mount("t", "a", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir("a/sub", 0755), 0);
	ck_assert_int_eq(mount("t", "a/sub", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir("a/sub/below", 0755), 0);
	for (int recursive = 0; recursive < 2; recursive++) {
		at = open_path("a");
		fd = nsc_mount_clone(at, recursive, &err);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(at);
		at = open_path("b");
		ck_assert_int_eq(nsc_mount_attach(fd, at, &err), 0);
		ck_assert_int_eq(access("b/sub/below", F_OK) == 0, recursive);
		ck_assert_int_eq(umount2("b", MNT_DETACH), 0);
		close(fd);
		close(at);
	}
	ck_assert_int_eq(nsc_mount_clone(-1, false, &err), -EBADF);
	ck_assert_str_eq(err.text, "clone the mount: Bad file descriptor");
}
END_TEST

START_TEST(sources)
{
	char path[96];
	struct stat a, b;
	int fd;

	ck_assert_int_eq(mkdir("a", 0755), 0);
	snprintf(path, sizeof(path), "%s/a", dir);
	fd = nsc_mount_open_source(path, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert(fcntl(fd, F_GETFL) & O_PATH);
	ck_assert(fstat(fd, &a) == 0 && stat("a", &b) == 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	close(fd);
	ck_assert_int_eq(nsc_mount_open_source("/proc/self/root/etc", &err),
			 -ELOOP);
	ck_assert_int_eq(symlink("a", "link") | mkdir("a/b", 0755), 0);
	snprintf(path, sizeof(path), "%s/link/b", dir);
	ck_assert_int_eq(nsc_mount_open_source(path, &err), -ELOOP);
	ck_assert_ptr_nonnull(strstr(err.text, "write the path that it leads"));
	ck_assert_int_eq(nsc_mount_open_source("/no/such", &err), -ENOENT);
	ck_assert_str_eq(err.text, "source '/no/such': No such file or "
			 "directory");
}
END_TEST

/* --- maps of ids */

static void map(pid_t pid, const char *file)
{
	char path[64], text[64];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	n = snprintf(text, sizeof(text), "0 %d 65536\n", FIRST);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(write(fd, text, (size_t)n), n);
	close(fd);
}

/* A user namespace in which root is FIRST of the host. */
static int user_namespace(void)
{
	int ready[2], fd;
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(ready[1], unshare(CLONE_NEWUSER) ? "n" : "y", 1);
		for (;;)
			pause();
	}
	ck_assert(read(ready[0], &c, 1) == 1 && c == 'y');
	close(ready[0]);
	close(ready[1]);
	map(pid, "uid_map");
	map(pid, "gid_map");
	fd = nsc_namespace_open(pid, CLONE_NEWUSER);
	ck_assert_int_ge(fd, 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return fd;
}

/* What the host's root, which has no id there, makes is the owner's. */
START_TEST(mount_points_on_mapped_mounts)
{
	const struct nsc_tmpfs tmpfs = { .mode = 0755, .size = "64k" };
	int userns = user_namespace(), at, fd;
	struct stat st;

	ck_assert_int_eq(mkdir("a", 0755), 0);
	fd = nsc_mount_tmpfs(&tmpfs, &err);
	ck_assert_int_ge(fd, 0);
	if (nsc_mount_idmap(fd, userns, &err) == 0) {
		at = open_path("a");
		ck_assert_int_eq(nsc_mount_attach(fd, at, &err), 0);
		close(at);
		tree.owner = FIRST;
		for (unsigned int how = NSC_TARGET_DIR; how <= NSC_TARGET_FILE;
		     how++) {
			at = nsc_target_open(&tree, how == NSC_TARGET_DIR ?
					     "/a/b/c" : "/a/b/file", how, &err);
			ck_assert_msg(at >= 0, "%s", err.text);
			ck_assert_int_eq(fstat(at, &st), 0);
			ck_assert(st.st_uid == FIRST && st.st_gid == FIRST);
			close(at);
		}
		ck_assert_int_eq(setfsuid((uid_t)-1), 0);
		ck_assert_int_eq(setfsgid((gid_t)-1), 0);
	} else {
		/* A kernel before 6.3. */
		ck_assert_ptr_nonnull(strstr(err.text, "map its ids: "));
	}
	close(fd);
	at = open_path("/proc");
	fd = nsc_mount_clone(at, false, &err);
	ck_assert_int_eq(nsc_mount_idmap(fd, userns, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot be id-mapped"));
	close(at);
	close(fd);
	close(userns);
}
END_TEST

/* --- the walk to a mount point */

static int target(const char *path, unsigned int how)
{
	int fd = nsc_target_open(&tree, path, how, &err);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* Everybody may look at what is made, and only root may change it. */
START_TEST(what_is_made)
{
	struct stat st;

	ck_assert_int_eq(target("/a/b", NSC_TARGET_DIR), 0);
	ck_assert_int_eq(target("/a/f", NSC_TARGET_FILE), 0);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat("a/b", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat("a/f", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	/* It is there already. */
	ck_assert_int_eq(target("//a//b//", NSC_TARGET_DIR), 0);
	ck_assert_int_eq(target("a/./f", NSC_TARGET_FILE), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(target("/fifo", NSC_TARGET_FILE), 0);
	ck_assert_int_eq(target("/fifo", NSC_TARGET_DIR), -ENOTDIR);
	ck_assert_str_eq(err.text, "mount point '/fifo': expected a "
			 "directory");
	tree.what = "device";
	ck_assert_int_eq(target("/a", NSC_TARGET_FILE), -EISDIR);
	ck_assert_str_eq(err.text, "device '/a': expected a file");
	tree.what = NULL;
	ck_assert_int_eq(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND |
			       MS_RDONLY, NULL), 0);
	ck_assert_int_eq(target("/new", NSC_TARGET_DIR), -EROFS);
	ck_assert_int_eq(target("/new", NSC_TARGET_FILE), -EROFS);
}
END_TEST

START_TEST(long_names)
{
	char path[PATH_MAX + 2] = "/";

	memset(path + 1, 'n', NAME_MAX);
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), 0);
	ck_assert_int_eq(access(path + 1, F_OK), 0);
	path[NAME_MAX + 1] = 'n';
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), -ENAMETOOLONG);
	/* As long as a path can be. */
	memset(path, '/', PATH_MAX - 1);
	path[PATH_MAX - 2] = 'x';
	path[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), 0);
	ck_assert_int_eq(access("x", F_OK), 0);
	path[PATH_MAX - 1] = 'x';
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), -ENAMETOOLONG);
	for (int i = 0; i < PATH_MAX - 1; i++)
		path[i] = i % 2 ? 'x' : '/';
	path[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), 0);
	/* The same without a slash at its begin: it is one longer. */
	for (int i = 0; i < PATH_MAX - 1; i++)
		path[i] = i % 2 ? '/' : 'x';
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), -ENAMETOOLONG);
}
END_TEST

/* Links that lead from one to the next, and many ".." on the way. */
START_TEST(many_turns)
{
	char path[PATH_MAX] = "";

	ck_assert_int_eq(mkdir("end", 0755), 0);
	for (int i = 0; i < 300; i++) {
		char from[16], to[16];

		snprintf(from, sizeof(from), "%d", i);
		snprintf(to, sizeof(to), "%d", i - 1);
		ck_assert_int_eq(symlink(i ? to : "end", from), 0);
	}
	ck_assert_int_eq(target("/255", NSC_TARGET_DIR), 0);
	ck_assert_int_eq(target("/256", NSC_TARGET_DIR), -ELOOP);
	ck_assert_str_eq(err.text, "mount point '/256': Too many levels of "
			 "symbolic links");
	for (int i = 0; i < 257; i++) {
		if (i == 256)
			ck_assert_int_eq(target(path, NSC_TARGET_DIR), 0);
		strcpy(path + strlen(path), i ? "/../end" : "/end");
	}
	strcat(path, "/../end");
	ck_assert_int_eq(target(path, NSC_TARGET_DIR), -ELOOP);
	ck_assert_int_lt(access("end/end", F_OK), 0);
}
END_TEST

/* It does not go on from where it was when a link has been followed. */
START_TEST(no_descriptor_for_a_turn)
{
	struct rlimit before, few;
	int next;

	ck_assert_int_eq(mkdir("a", 0755) | mkdir("a/x", 0755), 0);
	ck_assert_int_eq(mkdir("x", 0755) | symlink("/x", "a/link"), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(0);
	close(next);
	for (rlim_t n = 1; n <= 3; n++) {
		int ret;

		few = before;
		few.rlim_cur = (rlim_t)next + n;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		ret = target("/a/link", NSC_TARGET_DIR);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		ck_assert_int_eq(ret, n < 3 ? -EMFILE : 0);
	}
}
END_TEST

/* No link leads into any of the kernel's file systems. */
START_TEST(each_of_the_kernels)
{
	static const char *const types[] = {
		"bpf", "cgroup2", "debugfs", "devpts", "mqueue", "proc",
		"securityfs", "sysfs", "tracefs",
	};
	int seen = 0;

	ck_assert_int_eq(mkdir("k", 0755) | symlink("k", "link"), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(types); i++) {
		/* This kernel may lack it. */
		if (mount("t", "k", types[i], 0, NULL) < 0)
			continue;
		ck_assert_int_eq(target("/k", NSC_TARGET_DIR), 0);
		ck_assert_msg(target("/link", NSC_TARGET_DIR) == -EXDEV, "%s",
			      types[i]);
		ck_assert_int_eq(umount2("k", MNT_DETACH), 0);
		seen++;
	}
	ck_assert_int_ge(seen, 3);
	ck_assert_int_eq(target("/link", NSC_TARGET_DIR), 0);
}
END_TEST

START_TEST(mounted)
{
	const struct nsc_tmpfs tmpfs = { .mode = 0711, .size = "64k" };
	int fd = nsc_mount_tmpfs(&tmpfs, &err);
	struct stat st;

	ck_assert_int_eq(nsc_target_mount(&tree, fd, "/a/b", NSC_TARGET_DIR,
					  &err), 0);
	ck_assert_int_eq(stat("a/b", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	close(fd);
	ck_assert_int_eq(nsc_target_mount(&tree, tree.root, "/none",
					  NSC_TARGET_ANY, &err), -ENOENT);
	/* It is no detached mount. */
	fd = open_path("/proc/self/exe");
	ck_assert_int_lt(nsc_target_mount(&tree, fd, "/a", NSC_TARGET_DIR,
					  &err), 0);
	ck_assert_int_eq(strncmp(err.text, "mount point '/a': attach the "
				 "mount: ", 35), 0);
	close(fd);
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		restricted, propagated, made, cloned, sources,
		mount_points_on_mapped_mounts, what_is_made, long_names,
		many_turns, no_descriptor_for_a_turn, each_of_the_kernels,
		mounted, NULL,
	};
	Suite *suite = suite_create("mounts");
	TCase *tcase = unit_case("mounts");

	tcase_set_timeout(tcase, 60);
	if (geteuid() == 0)
		tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
