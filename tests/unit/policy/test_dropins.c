/* SPDX-License-Identifier: Apache-2.0 */
/* lib/policy/dropins.c: what is read, by whom it may be written, the digest. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "policy/conf.h"
#include "policy/digest.h"
#include "policy/dropins.h"
#include "policy/policy.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"

static struct nsc_error err;
static char dir[64], conf_path[128];

/* --- what others do meanwhile */

static int looks;		/* at the list of a directory */
static void (*before_look)(void);
static int looks_failing;	/* the number of the one that fails */

DIR *__real_nsc_file_list(int dirfd);
DIR *__wrap_nsc_file_list(int dirfd);
DIR *__wrap_nsc_file_list(int dirfd)
{
	looks++;
	if (before_look)
		before_look();
	if (looks != looks_failing)
		return __real_nsc_file_list(dirfd);
	errno = EIO;
	return NULL;
}

/* --- an administrator's directory */

static gid_t groups[] = { 65501 };
static struct nsc_user user = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/" },
	.shell = (char[]){ "/bin/sh" }, .uid = 1000, .gid = 65501,
	.groups = groups, .n_groups = 1,
};

static void set_up(void)
{
	char path[128];

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/users", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(conf_path, sizeof(conf_path), "%s/nscontainer.conf", dir);
}

static void tear_down(void)
{
	unit_remove_dir(dir);
}

static struct nsc_policy *decide(void)
{
	struct nsc_policy *policy = NULL;

	nsc_policy_decide(conf_path, &user, "sshd", &policy, &err);
	return policy;
}

static void expect(const char *where)
{
	struct nsc_policy *policy = decide();

	ck_assert_msg(policy, "%s", err.text);
	ck_assert_int_eq(policy->contained, where != NULL);
	nsc_policy_free(policy);
}

static const char *digest(void)
{
	static char result[NSC_DIGEST_SIZE];
	struct nsc_policy *policy = decide();
	struct nsc_digest_source source;

	ck_assert_msg(policy, "%s", err.text);
	source = (struct nsc_digest_source){
		policy->dir, policy->content, "default", &user, policy->conf,
	};
	ck_assert_int_eq(nsc_digest_make(&source, result, &err), 0);
	nsc_policy_free(policy);
	return result;
}

/* Write WHERE/NAME; the directory is made if it does not exist. */
static void drop_in(const char *where, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, where);
	if (mkdir(path, 0755) < 0)
		ck_assert_int_eq(errno, EEXIST);
	unit_write(path, name, text, 0644);
}

START_TEST(digest_has_the_drop_ins)
{
	static const char where[] = "users/alice/container.json.d";
	char first[NSC_DIGEST_SIZE], second[NSC_DIGEST_SIZE], path[256];

	drop_in("users/alice", "container.json", "{}");
	strcpy(first, digest());
	drop_in(where, ".hidden.json", "{}");
	drop_in(where, "20.json.bak", "{}");
	ck_assert_str_eq(first, digest());
	drop_in(where, "20.json", "{}");
	strcpy(second, digest());
	ck_assert_str_ne(first, second);
	drop_in(where, "20.json", "{ }");
	ck_assert_str_ne(second, digest());
	/* The order counts, and so does the name. */
	drop_in(where, "20.json", "{}");
	drop_in(where, "10.json", "{ }");
	strcpy(second, digest());
	drop_in(where, "20.json", "{ }");
	drop_in(where, "10.json", "{}");
	ck_assert_str_ne(second, digest());
	snprintf(path, sizeof(path), "%s/%s", dir, where);
	unit_remove_dir(path);
	ck_assert_str_eq(first, digest());
}
END_TEST

/* What is parsed is what was hashed. */
START_TEST(texts_are_kept)
{
	static const char where[] = "users/alice/container.json.d";
	_cleanup_config_files_ struct nsc_config_files files = { .n = 0 };
	_cleanup_config_files_ struct nsc_config_files hashed = { .n = 0 };
	char path[256];

	drop_in("users/alice", "container.json", "{ first");
	drop_in(where, "10.json", "{ second");
	snprintf(path, sizeof(path), "%s/users/alice/container.json", dir);
	ck_assert_int_eq(nsc_config_files_load("x", NSC_CONFIG_TEXTS, &files,
					       &err), -EINVAL);
	ck_assert_int_eq(nsc_config_files_load(path, NSC_CONFIG_TEXTS, &files,
					       &err), 0);
	ck_assert_uint_eq(files.n, 2);
	ck_assert_str_eq(files.list[0].text, "{ first");
	ck_assert_str_eq(files.list[0].path, path);
	ck_assert_str_eq(files.list[1].text, "{ second");
	ck_assert_ptr_nonnull(strstr(files.list[1].path,
				     "/container.json.d/10.json"));
	ck_assert_int_eq(nsc_config_files_load(path, NSC_CONFIG_HASH, &hashed,
					       &err), 0);
	ck_assert_uint_eq(hashed.content, files.content);
}
END_TEST

START_TEST(drop_ins_are_trusted_as_their_file)
{
	static const char where[] = "users/alice/container.json.d";
	char path[256];

	/* Without container.json, they contain the user all the same. */
	drop_in("users/alice", "other", "");
	expect(NULL);
	drop_in(where, "x.json.new", "{}");
	expect(NULL);
	drop_in(where, "x.json", "{}");
	expect("users/alice");
	snprintf(path, sizeof(path), "%s/%s", dir, where);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_ptr_null(decide());
	ck_assert(strstr(err.text, "container.json.d: is writable by"));
	ck_assert_int_eq(chmod(path, 0755), 0);
	unit_write(path, "x.json", "{}", 0666);
	ck_assert_ptr_null(decide());
	ck_assert(strstr(err.text, "container.json.d/x.json: is writable"));
	unit_write(path, "x.json", "{}", 0644);
	snprintf(path, sizeof(path), "%s/%s/y.json", dir, where);
	ck_assert_int_eq(symlink("x.json", path), 0);
	ck_assert_ptr_null(decide());
	ck_assert(strstr(err.text, "y.json: is a symbolic link"));
}
END_TEST

/* A file that is renamed while it is read has always one of its names. */
START_TEST(renamed_while_read)
{
	char from[256], to[256];
	int pidfd, refused = 0;
	pid_t pid;

	drop_in("users/alice", "nothing", "");
	drop_in("users/alice/container.json.d", "10-a.json", "{}");
	snprintf(from, sizeof(from), "%s/users/alice/container.json.d/"
		 "10-a.json", dir);
	snprintf(to, sizeof(to), "%s/users/alice/container.json.d/20-b.json",
		 dir);
	pid = nsc_process_fork(&pidfd);
	/* Without the pause, it depends on the processors how many get in. */
	while (pid == 0)
		if (rename(from, to) < 0 || rename(to, from) < 0 ||
		    usleep(100) < 0)
			_exit(1);
	for (int i = 0; i < 3000; i++) {
		struct nsc_policy *policy = decide();

		refused += !policy;
		ck_assert_msg(policy || strstr(err.text, "while it was read"),
			      "%s", err.text);
		ck_assert(!policy || policy->contained);
		nsc_policy_free(policy);
	}
	nsc_process_kill(pidfd);
	close(pidfd);
	waitpid(pid, NULL, 0);
	ck_assert_int_lt(refused, 1500);
}
END_TEST

/* --- changed while it is read */

static int load_config(void)
{
	_cleanup_config_files_ struct nsc_config_files files = { .n = 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/users/alice/container.json", dir);
	return nsc_config_files_load(path, NSC_CONFIG_HASH, &files, &err);
}

static int load_conf(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nsc_conf *conf = NULL;
	int ret = nsc_conf_load(fd, dir, "nscontainer.conf", &conf, &err);

	nsc_conf_free(conf);
	close(fd);
	return ret;
}

static const struct reader {
	const char *drop_ins, *suffix;
	int (*load)(void);
} readers[] = {
	{ "users/alice/container.json.d", ".json", load_config },
	{ "nscontainer.conf.d", ".conf", load_conf },
};

static const struct reader *reader;
static bool vanishes;		/* the first drop-in, and comes back */

static const char *drop_in_path(int n)
{
	static char paths[2][160];
	static int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s/%d%s", dir, reader->drop_ins,
		 n, reader->suffix);
	return path;
}

static void put(int n)
{
	drop_in(reader->drop_ins, strrchr(drop_in_path(n), '/') + 1, "");
}

int __real_nsc_file_open_at(int dirfd, const char *dirname, const char *name,
			    struct nsc_error *e);
int __wrap_nsc_file_open_at(int dirfd, const char *dirname, const char *name,
			    struct nsc_error *e);
int __wrap_nsc_file_open_at(int dirfd, const char *dirname, const char *name,
			    struct nsc_error *e)
{
	bool is_first = vanishes && !strncmp(name, "10.", 3);
	int fd;

	if (is_first)
		ck_assert_int_eq(unlink(drop_in_path(10)), 0);
	fd = __real_nsc_file_open_at(dirfd, dirname, name, e);
	if (is_first)
		put(10);
	return fd;
}

/* An administrator is at work: between the two looks of each reading. */
static void add_one(void)
{
	if (looks % 2 == 0)
		put(10 + looks);
}

static void add_one_once(void)
{
	if (looks == 2)
		put(12);
}

static void rename_one(void)
{
	if (looks % 2 == 0)
		ck_assert_int_eq(rename(drop_in_path(8 + looks),
					drop_in_path(10 + looks)), 0);
}

static int read_while(void (*meanwhile)(void), int failing)
{
	char path[128];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", dir, reader->drop_ins);
	unit_remove_dir(path);
	put(10);
	looks = 0;
	looks_failing = failing;
	before_look = meanwhile;
	ret = reader->load();
	before_look = NULL;
	looks_failing = 0;
	return ret;
}

static void expect_error(const char *name, const char *text)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "%s/%s%s: %s", dir,
		 reader->drop_ins, name, text);
	ck_assert_str_eq(err.text, expected);
}

#define CHANGED "was changed while it was read: try again"

/* It is read again, but not for ever. */
START_TEST(changed_while_read)
{
	char name[16];

	reader = &readers[_i];
	drop_in("users/alice", "container.json", "{}");
	unit_write(dir, "nscontainer.conf", "", 0644);
	ck_assert_int_eq(read_while(NULL, 0), 0);
	ck_assert_int_eq(looks, 2);
	ck_assert_int_eq(read_while(add_one_once, 0), 0);
	ck_assert_int_eq(looks, 4);
	ck_assert_int_eq(err.code, 0);
	ck_assert_int_eq(read_while(add_one, 0), -EAGAIN);
	ck_assert_int_eq(looks, 2 * NSC_DROPINS_TRIES);
	expect_error("", CHANGED);
	ck_assert_int_eq(read_while(rename_one, 0), -EAGAIN);
	ck_assert_int_eq(looks, 2 * NSC_DROPINS_TRIES);
	expect_error("", CHANGED);
	vanishes = true;
	ck_assert_int_eq(read_while(NULL, 0), -EAGAIN);
	snprintf(name, sizeof(name), "/10%s", reader->suffix);
	expect_error(name, CHANGED);
	vanishes = false;
	/* The list cannot be read, at first or again. */
	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(read_while(NULL, i), -EIO);
		ck_assert_int_eq(looks, i);
		expect_error("", "Input/output error");
	}
}
END_TEST

START_TEST(too_many)
{
	reader = &readers[_i];
	drop_in("users/alice", "container.json", "{}");
	for (int i = 10; i < 10 + NSC_DROPINS_MAX; i++)
		put(i);
	ck_assert_msg(reader->load() == 0, "%s", err.text);
	put(9);
	ck_assert_int_eq(reader->load(), -E2BIG);
	expect_error("", "has more than 256 files");
}
END_TEST

/* Load nscontainer.conf and its drop-ins. */
static struct nsc_conf *load(void)
{
	struct nsc_conf *conf = NULL;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	nsc_conf_load(fd, dir, "nscontainer.conf", &conf, &err);
	close(fd);
	return conf;
}

START_TEST(conf_drop_ins)
{
	static const char where[] = "nscontainer.conf.d";
	struct nsc_conf *conf;

	unit_write(dir, "nscontainer.conf", "linger = 5; exempt_users = [ "
		   "\"a\", \"b\" ]; cgroup_parents = ( { name = \"x\"; } "
		   "); pidfile = \"/a\";", 0644);
	drop_in(where, "20-b.conf", "linger = 7; exempt_users = [ \"c\" ]; "
		"cgroup_parents = ( { name = \"y\"; } );");
	drop_in(where, "10-a.conf", "linger = 6; debug = true; pidfile = "
		"\"/b\";");
	drop_in(where, "30.conf~", "broken");
	drop_in(where, ".conf", "broken");
	conf = load();
	ck_assert_msg(conf, "%s", err.text);
	ck_assert_uint_eq(conf->lifecycle.linger, 7);
	ck_assert(conf->debug);
	ck_assert_str_eq(conf->pidfile, "/b");
	ck_assert_str_eq(conf->exempt_users[0], "c");
	ck_assert_ptr_null(conf->exempt_users[1]);
	ck_assert_uint_eq(conf->cgroup_parents.n, 2);
	ck_assert(strstr(nsc_conf_file(conf, "linger"), "20-b.conf"));
	ck_assert(strstr(nsc_conf_file(conf, "debug"), "10-a.conf"));
	ck_assert_str_eq(nsc_conf_file(conf, "mode"), conf_path);
	nsc_conf_free(conf);
	drop_in(where, "20-b.conf", "linger = 7;\ncolour = 1;");
	ck_assert_ptr_null(load());
	ck_assert(strstr(err.text, "nscontainer.conf.d/20-b.conf: line 2: "
			 "colour: unknown key"));
	drop_in(where, "20-b.conf", "address_gateway = \"10.0.0.1\";");
	ck_assert_ptr_null(load());
	ck_assert(strstr(err.text, "20-b.conf: address_gateway: is not in"));
	drop_in(where, "20-b.conf",
		"cgroup_parents = ( { name = \"x\"; } );");
	ck_assert_ptr_null(load());
	ck_assert(strstr(err.text, "20-b.conf: line 1: cgroup_parents: "
			 "expected each name once"));
	drop_in(where, "20-b.conf", "cgroup_parents = ( );");
	conf = load();
	ck_assert_msg(conf, "%s", err.text);
	ck_assert_uint_eq(conf->cgroup_parents.n, 0);
	nsc_conf_free(conf);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		texts_are_kept, digest_has_the_drop_ins,
		drop_ins_are_trusted_as_their_file,
		renamed_while_read, conf_drop_ins, NULL,
	};
	Suite *suite = suite_create("drop-ins");
	TCase *tcase = unit_case("drop-ins");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, changed_while_read, 0,
			    NSC_ARRAY_SIZE(readers));
	tcase_add_loop_test(tcase, too_many, 0, NSC_ARRAY_SIZE(readers));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
