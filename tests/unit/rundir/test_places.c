/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host keeps at fixed places: the links of names, the log of sessions,
 * the data of containers, and the directories of instances.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "myself.h"
#include "rundir/dev_id.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "rundir/session_history.h"
#include "rundir/state.h"
#include "rundir/statedir.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define DATA NSC_STATEDIR "/alice"

static struct nsc_error err;

static void begin(void)
{
	own_places();
	ck_assert_int_eq(mkdir(NSC_RUNDIR, 0755), 0);
}

static const char *content(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void dirs(const char *path)
{
	char part[PATH_MAX];

	for (const char *p = path + 1; *p; p++)
		if (*p == '/') {
			snprintf(part, sizeof(part), "%.*s", (int)(p - path),
				 path);
			mkdir(part, 0755);
		}
	mkdir(path, 0755);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* --- names */

START_TEST(links)
{
	begin();
	ck_assert_uint_eq(nsc_rundir_linked("alice"), (uid_t)-1);
	ck_assert_int_eq(nsc_rundir_link("alice", 1000, &err), 0);
	ck_assert_uint_eq(nsc_rundir_linked("alice"), 1000);
	/* An account of the same name that was made again. */
	ck_assert_int_eq(nsc_rundir_link("alice", 1001, &err), 0);
	ck_assert_uint_eq(nsc_rundir_linked("alice"), 1001);
	ck_assert_int_eq(nsc_rundir_link("alice", 1001, &err), 0);
	ck_assert_int_eq(nsc_rundir_link("bob", 0, &err), 0);
	ck_assert_uint_eq(nsc_rundir_linked("bob"), 0);
	/* What a killed process has left is not in the way. */
	ck_assert_int_eq(symlink("x", NSC_RUNDIR "/.link-7"), 0);
	ck_assert_int_eq(nsc_rundir_link("carol", 7, &err), 0);
	ck_assert_uint_eq(nsc_rundir_linked("carol"), 7);
	ck_assert(!is_there(NSC_RUNDIR "/.link-7"));
	/* These links lead to no uid. */
	ck_assert_int_eq(symlink("7x", NSC_RUNDIR "/d"), 0);
	ck_assert_int_eq(symlink("4294967295", NSC_RUNDIR "/e"), 0);
	ck_assert_int_eq(symlink("4294967294", NSC_RUNDIR "/f"), 0);
	ck_assert_uint_eq(nsc_rundir_linked("d"), (uid_t)-1);
	ck_assert_uint_eq(nsc_rundir_linked("e"), (uid_t)-1);
	ck_assert_uint_eq(nsc_rundir_linked("f"), 4294967294);
}
END_TEST

/* The directory of another user, or one that is no link, is not replaced. */
START_TEST(names_that_are_taken)
{
	begin();
	ck_assert_int_eq(mkdir(NSC_RUNDIR "/1001", 0755), 0);
	ck_assert_int_eq(nsc_rundir_link("1001", 1000, &err), 0);
	ck_assert_int_eq(nsc_rundir_link("1002", 1000, &err), 0);
	ck_assert(!is_there(NSC_RUNDIR "/1002"));
	ck_assert_int_eq(mkdir(NSC_RUNDIR "/x", 0755), 0);
	ck_assert_int_eq(nsc_rundir_link("x", 1000, &err), 0);
	ck_assert_uint_eq(nsc_rundir_linked("x"), (uid_t)-1);
	ck_assert_int_eq(mkdir(NSC_RUNDIR "/.link-8", 0755), 0);
	ck_assert_int_eq(nsc_rundir_link("eve", 8, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "make " NSC_RUNDIR "/eve"));
	ck_assert_int_eq(rmdir(NSC_RUNDIR "/.link-8"), 0);
	ck_assert_int_eq(rmdir(NSC_RUNDIR "/x"), 0);
	ck_assert_int_eq(rmdir(NSC_RUNDIR "/1001"), 0);
	ck_assert_int_eq(rmdir(NSC_RUNDIR), 0);
	ck_assert_int_eq(nsc_rundir_link("eve", 8, &err), -ENOENT);
}
END_TEST

/* An instance that was made for NAME, in the directory of UID. */
static void container_of(uid_t uid, char *name)
{
	struct nsc_state state = of_myself();
	_cleanup_free_ char *path = NULL;
	unsigned int number;
	int rundir, instance;

	ck_assert_int_eq(nsc_rundir_path(uid, &path, &err), 0);
	rundir = nsc_rundir_make(path, &err);
	instance = nsc_instance_make(rundir, uid, &number, &err);
	ck_assert_msg(instance >= 0, "%s", err.text);
	if (name) {
		state.user = name;
		ck_assert_int_eq(nsc_state_save(instance, &state, &err), 0);
	}
	close(instance);
	close(rundir);
}

static void expect_path(const char *name, uid_t uid, const char *expected)
{
	char *path = NULL;

	ck_assert_int_eq(nsc_rundir_path_of_user(name, uid, &path, &err), 0);
	ck_assert_str_eq(path, expected);
	free(path);
}

/* Whose uid has changed still finds the container of before. */
START_TEST(an_account_with_another_uid)
{
	char bob[] = "bob";

	begin();
	expect_path("alice", 1000, NSC_RUNDIR "/1000");
	ck_assert_int_eq(nsc_rundir_link("alice", 1000, &err), 0);
	expect_path("alice", 1000, NSC_RUNDIR "/1000");
	/* Nothing runs there. */
	expect_path("alice", 2000, NSC_RUNDIR "/2000");
	container_of(1000, NULL);
	expect_path("alice", 2000, NSC_RUNDIR "/2000");
	container_of(1000, bob);
	expect_path("alice", 2000, NSC_RUNDIR "/2000");
	container_of(1000, alice);
	expect_path("alice", 2000, NSC_RUNDIR "/1000");
	/* Nothing has run in this one yet. */
	dirs(NSC_RUNDIR "/2000");
	expect_path("alice", 2000, NSC_RUNDIR "/1000");
	/* The container of the new uid comes first. */
	container_of(2000, bob);
	expect_path("alice", 2000, NSC_RUNDIR "/2000");
}
END_TEST

START_TEST(directories)
{
	char *one = NULL, *other = NULL;

	begin();
	ck_assert_int_eq(mkdir("/tmp/a", 0755), 0);
	ck_assert_int_eq(mkdir("/tmp/b", 0755), 0);
	ck_assert_int_eq(nsc_rundir_path_of_dir("/tmp/a", &one, &err), 0);
	ck_assert_int_eq(nsc_rundir_path_of_dir("/tmp/b", &other, &err), 0);
	ck_assert_str_ne(one, other);
	ck_assert_int_eq(strncmp(one, NSC_RUNDIR "/.exec-",
				 sizeof(NSC_RUNDIR "/.exec-") - 1), 0);
	free(other);
	/* It is the same one by another name. */
	ck_assert_int_eq(rename("/tmp/a", "/tmp/c"), 0);
	ck_assert_int_eq(nsc_rundir_path_of_dir("/tmp/c", &other, &err), 0);
	ck_assert_str_eq(one, other);
	ck_assert_int_eq(nsc_rundir_path_of_dir("/tmp/a", &other, &err),
			 -ENOENT);
	free(one);
	free(other);
}
END_TEST

/* --- the log of sessions */

START_TEST(history)
{
	begin();
	ck_assert_int_eq(nsc_session_history_add("a", 1), -ENOENT);
	ck_assert_int_eq(mkdir("/var/log", 0755), 0);
	ck_assert_int_eq(nsc_session_history_add("first", 5), 0);
	ck_assert_int_eq(nsc_session_history_add("second line", 6), 0);
	ck_assert_str_eq(content(NSC_HISTORY), "first\nsecond\n");
	ck_assert_uint_eq(mode_of(NSC_HISTORY), 0600);
	ck_assert_uint_eq(mode_of(NSC_LOGDIR), 0755);
	ck_assert_int_eq(chown(NSC_HISTORY, 1, 0), 0);
	ck_assert_int_eq(nsc_session_history_add("x", 1), -EPERM);
	ck_assert_int_eq(unlink(NSC_HISTORY), 0);
	/* The directory is there, and the file is made again. */
	ck_assert_int_eq(nsc_session_history_add("third", 5), 0);
	ck_assert_int_eq(unlink(NSC_HISTORY), 0);
	ck_assert_int_eq(symlink("/tmp/x", NSC_HISTORY), 0);
	ck_assert_int_eq(nsc_session_history_add("x", 1), -ELOOP);
	ck_assert_int_eq(unlink(NSC_HISTORY), 0);
	ck_assert_int_eq(mknod(NSC_HISTORY, S_IFCHR | 0600, 0x103), 0);
	ck_assert_int_eq(nsc_session_history_add("x", 1), -EPERM);
}
END_TEST

START_TEST(history_on_a_full_disk)
{
	char line[8192];

	begin();
	dirs(NSC_LOGDIR);
	ck_assert_int_eq(mount("t", NSC_LOGDIR, "tmpfs", 0, "size=4k"), 0);
	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(nsc_session_history_add(line, sizeof(line)), -ENOSPC);
}
END_TEST

/* --- the data of containers */

static char name[] = "alice";
static const struct nsc_user user = { .name = name, .uid = 1000 };
static struct nsc_statedir data = { .user = &user, .root_uid = 70000 };

static int data_open(void)
{
	int fd = nsc_statedir_open(&data, &err);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

START_TEST(data_is_made_once)
{
	begin();
	dirs(NSC_STATEDIR);
	ck_assert_msg(data_open() == 0, "%s", err.text);
	ck_assert_uint_eq(mode_of(DATA), 0700);
	ck_assert_str_eq(content(DATA "/uid"), "1000\n");
	ck_assert_uint_eq(mode_of(DATA "/uid"), 0600);
	ck_assert(!is_there(DATA "/path"));
	ck_assert_int_eq(data_open(), 0);
}
END_TEST

/* Another account of the name gets nothing of the old one's. */
START_TEST(data_of_another)
{
	static const char *const bad[] = { "", "x\n", "-1\n", "4294967296\n",
					   "1000 \n" };

	begin();
	dirs(DATA);
	unit_write(DATA, "uid", "1001\n", 0600);
	ck_assert_int_eq(data_open(), -EOWNERDEAD);
	ck_assert_ptr_nonnull(strstr(err.text, DATA ": was made for uid 1001, "
				     "and 'alice' is uid 1000: 'nsinit purge "
				     "alice' removes it"));
	unit_write(DATA, "uid", "1000", 0600);
	ck_assert_int_eq(data_open(), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad); i++) {
		unit_write(DATA, "uid", bad[i], 0600);
		ck_assert_int_eq(data_open(), -EINVAL);
		ck_assert_str_eq(err.text, DATA "/uid: expected a uid");
	}
	ck_assert_int_eq(unlink(DATA "/uid"), 0);
	ck_assert_int_eq(symlink("x", DATA "/uid"), 0);
	ck_assert_int_lt(data_open(), 0);
	ck_assert_int_eq(unlink(DATA "/uid"), 0);
	ck_assert_int_eq(mkdir(DATA "/uid", 0755), 0);
	ck_assert_int_lt(data_open(), 0);
}
END_TEST

START_TEST(data_of_a_deleted_account)
{
	begin();
	dirs(DATA);
	unit_write(DATA, "gone", "1000\n", 0600);
	ck_assert_int_eq(data_open(), -EOWNERDEAD);
	ck_assert_ptr_nonnull(strstr(err.text, "'nsinit adopt alice' keeps "
				     "it"));
	ck_assert(!is_there(DATA "/uid"));
	unit_write(DATA, "uid", "1000\n", 0600);
	ck_assert_int_eq(data_open(), 0);
}
END_TEST

/* An earlier version wrote no uid: the owners of the content decide. */
START_TEST(data_of_an_earlier_version)
{
	static const struct {
		const char *what;
		uid_t uid;
		int ret;
	} owners[] = {
		{ DATA "/home", 1000, 0 }, { DATA "/home", 1001, -EOWNERDEAD },
		{ DATA "/home", 0, -EOWNERDEAD },
		{ DATA "/overlay/upper", 0, 0 },
		{ DATA "/overlay/upper", 70000, 0 },
		{ DATA "/overlay/upper", 1000, -EOWNERDEAD },
	};

	begin();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(owners); i++) {
		dirs(owners[i].what);
		ck_assert_int_eq(chown(owners[i].what, owners[i].uid, 0), 0);
		ck_assert_msg(data_open() == owners[i].ret, "%zu: %s", i,
			      err.text);
		ck_assert(is_there(DATA "/uid") == !owners[i].ret);
		unit_remove_dir(DATA);
	}
}
END_TEST

/* On a full disk, a new directory is refused, and one with content is not. */
START_TEST(data_on_a_full_disk)
{
	begin();
	dirs(DATA);
	ck_assert_int_eq(mount("t", DATA, "tmpfs", 0,
			       "mode=700,nr_inodes=2"), 0);
	ck_assert_int_eq(mkdir(DATA "/a", 0755), 0);
	ck_assert_int_eq(data_open(), -ENOSPC);
	ck_assert_int_eq(strncmp(err.text, DATA ": ", sizeof(DATA ": ") - 1),
			 0);
	ck_assert_int_eq(rename(DATA "/a", DATA "/home"), 0);
	ck_assert_int_eq(chown(DATA "/home", 1000, 0), 0);
	ck_assert_int_eq(data_open(), 0);
}
END_TEST

/* The container of a directory has data of its own, which names it. */
START_TEST(data_of_a_directory)
{
	const struct nsc_statedir of_dir = {
		.user = &user, .config = "/srv/a/container.json",
	};
	char path[PATH_MAX], other[PATH_MAX], file[PATH_MAX + 8];
	int fd;

	begin();
	nsc_statedir_path("bob", path);
	ck_assert_str_eq(path, NSC_STATEDIR "/bob");
	nsc_statedir_path("ids", path);
	ck_assert_str_eq(path, NSC_STATEDIR "/.ids");
	nsc_statedir_path("addresses", path);
	ck_assert_str_eq(path, NSC_STATEDIR "/.addresses");
	nsc_statedir_path_of(&data, path);
	ck_assert_str_eq(path, DATA);
	nsc_statedir_path_of(&of_dir, path);
	nsc_statedir_path_of_dir("/srv/b/container.json", other);
	ck_assert_str_ne(path, other);
	ck_assert_int_eq(strncmp(path, NSC_STATEDIR "/.dir-",
				 sizeof(NSC_STATEDIR "/.dir-") - 1), 0);
	dirs(NSC_STATEDIR);
	fd = nsc_statedir_open(&of_dir, &err);
	ck_assert_msg(fd >= 0, "%s", err.text);
	close(fd);
	snprintf(file, sizeof(file), "%s/path", path);
	ck_assert_str_eq(content(file), "/srv/a/container.json");
	ck_assert_uint_eq(mode_of(file), 0600);
	snprintf(file, sizeof(file), "%s/uid", path);
	ck_assert_str_eq(content(file), "1000\n");
}
END_TEST

/* --- instances */

/* A monitor's socket in the instance 1 of uid 1000. */
static int monitor(void)
{
	struct sockaddr_un at = {
		.sun_family = AF_UNIX,
		.sun_path = NSC_RUNDIR "/1000/1/" NSC_FILE_WAKE,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

START_TEST(a_monitor_is_woken)
{
	char c[4];
	int fd;

	begin();
	dirs(NSC_RUNDIR "/1000/1");
	ck_assert(!nsc_instance_is_watched(NSC_RUNDIR "/1000/1"));
	nsc_instance_wake(1000, 1);
	fd = monitor();
	ck_assert(nsc_instance_is_watched(NSC_RUNDIR "/1000/1"));
	ck_assert_int_lt(recv(fd, c, sizeof(c), 0), 0);
	nsc_instance_wake(1000, 1);
	ck_assert_int_eq(recv(fd, c, sizeof(c), 0), 1);
	nsc_instance_wake(1000, 2);
	ck_assert_int_lt(recv(fd, c, sizeof(c), 0), 0);
	/* Its socket is there, and it has ended. */
	close(fd);
	ck_assert(!nsc_instance_is_watched(NSC_RUNDIR "/1000/1"));
}
END_TEST

START_TEST(sessions_are_handed_over)
{
	int rundir, from, to;
	unsigned int number;

	begin();
	rundir = nsc_rundir_make(NSC_RUNDIR "/1000", &err);
	from = nsc_instance_make(rundir, 1000, &number, &err);
	to = nsc_instance_make(rundir, 1000, &number, &err);
	ck_assert(from >= 0 && to >= 0);
	unit_write(NSC_RUNDIR "/1000/1/session", "77", "x", 0644);
	unit_write(NSC_RUNDIR "/1000/1/session", "78", "y", 0644);
	unit_write(NSC_RUNDIR "/1000/1/session", ".new", "z", 0644);
	nsc_instance_hand_over(from, to);
	ck_assert_str_eq(content(NSC_RUNDIR "/1000/2/session/77"), "x");
	ck_assert_str_eq(content(NSC_RUNDIR "/1000/2/session/78"), "y");
	ck_assert(!is_there(NSC_RUNDIR "/1000/2/session/.new"));
	ck_assert(!is_there(NSC_RUNDIR "/1000/1/session/77"));
	/* Nothing happens where there is none. */
	ck_assert_int_eq(renameat(to, "session", to, "s"), 0);
	nsc_instance_hand_over(from, to);
	nsc_instance_hand_over(to, from);
	ck_assert(is_there(NSC_RUNDIR "/1000/1/session/.new"));
	close(from);
	close(to);
	close(rundir);
}
END_TEST

/* Modes do not depend on the umask of who logs in. */
START_TEST(modes)
{
	unsigned int number;
	int rundir, instance, again;

	begin();
	umask(077);
	rundir = nsc_rundir_make(NSC_RUNDIR "/1000", &err);
	ck_assert_int_ge(rundir, 0);
	instance = nsc_instance_make(rundir, 1000, &number, &err);
	ck_assert_int_ge(instance, 0);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000"), 0755);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/1"), 0755);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/1/session"), 0755);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/1/monitor") & 077, 0);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/lock"), 0600);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/admin"), 0600);
	/* Made again, they stay as they are. */
	ck_assert_int_eq(chmod(NSC_RUNDIR "/1000/lock", 0400), 0);
	again = nsc_rundir_make(NSC_RUNDIR "/1000", &err);
	ck_assert_int_ge(again, 0);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/1000/lock"), 0400);
	close(again);
	close(instance);
	close(rundir);
}
END_TEST

/* No part of an instance stays that could not be made. */
START_TEST(an_instance_on_a_full_disk)
{
	unsigned int number = 77;
	char options[64];
	int rundir, instance = -1;

	begin();
	for (int room = 7; room < 11; room++) {
		snprintf(options, sizeof(options), "mode=755,nr_inodes=%d",
			 room);
		ck_assert_int_eq(mount("t", NSC_RUNDIR, "tmpfs", 0, options),
				 0);
		rundir = nsc_rundir_make(NSC_RUNDIR "/1000", &err);
		ck_assert_msg(rundir >= 0, "%s", err.text);
		instance = nsc_instance_make(rundir, 1, &number, &err);
		close(rundir);
		if (room == 10)
			break;
		ck_assert_int_eq(instance, -ENOSPC);
		ck_assert_uint_eq(number, 77);
		ck_assert(!is_there(NSC_RUNDIR "/1000/1"));
	}
	ck_assert_int_ge(instance, 0);
	close(instance);
}
END_TEST

/* A program of the user's cannot put a file system over /dev. */
START_TEST(dev_is_the_one_that_was_made)
{
	int instance, dev, other;

	begin();
	instance = open(NSC_RUNDIR, O_RDONLY | O_DIRECTORY);
	dev = open("/tmp", O_RDONLY | O_DIRECTORY);
	other = open("/var", O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(nsc_dev_id_check(instance, dev, &err), -ENOENT);
	ck_assert_int_eq(nsc_dev_id_save(instance, dev, &err), 0);
	ck_assert_int_eq(nsc_dev_id_check(instance, dev, &err), 0);
	ck_assert_int_eq(nsc_dev_id_check(instance, other, &err), -EXDEV);
	ck_assert_ptr_nonnull(strstr(err.text, "covers /dev: unmount it"));
	ck_assert_int_eq(nsc_dev_id_check(instance, -1, &err), -EBADF);
	ck_assert_int_eq(nsc_dev_id_save(instance, -1, &err), -EBADF);
	ck_assert_uint_eq(mode_of(NSC_RUNDIR "/" NSC_FILE_DEV), 0600);
	close(instance);
	close(dev);
	close(other);
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		links, names_that_are_taken, an_account_with_another_uid,
		directories, history, history_on_a_full_disk,
		data_is_made_once, data_of_another, data_of_a_deleted_account,
		data_of_an_earlier_version, data_on_a_full_disk,
		data_of_a_directory, a_monitor_is_woken,
		sessions_are_handed_over, modes, an_instance_on_a_full_disk,
		dev_is_the_one_that_was_made, NULL,
	};
	Suite *suite = suite_create("places");
	TCase *tcase = unit_case("places");

	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
