/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/container/subid.c: which ids of the host a container gets, and whose it
 * never gets.  /etc and /var/lib/nscontainer are a directory of the test, and
 * the name service's module is the test.
 */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>

#include "container/subid.c"

static struct nsc_error err;
static char dir[64];
static const char *unreadable;	/* the file that a failing disk has */

int __real_nsc_file_open(const char *path, struct nsc_error *e);
int __wrap_nsc_file_open(const char *path, struct nsc_error *e);
int __wrap_nsc_file_open(const char *path, struct nsc_error *e)
{
	const char *name = strrchr(path, '/') + 1;
	char other[128];

	ck_assert(!strcmp(name, IDS_FILE) ?
			  !strcmp(path, NSC_STATEDIR "/" IDS_FILE) :
			  !strncmp(path, "/etc/", 5) && name == path + 5);
	if (unreadable && !strcmp(name, unreadable))
		return nsc_error_sys(e, EIO, "%s", path);
	snprintf(other, sizeof(other), "%s/%s", dir, name);
	return __real_nsc_file_open(other, e);
}

int __real_nsc_pool_open(const char *place, const char *name,
			 struct nsc_pool *ret, struct nsc_error *e);
int __wrap_nsc_pool_open(const char *place, const char *name,
			 struct nsc_pool *ret, struct nsc_error *e);
int __wrap_nsc_pool_open(const char *place, const char *name,
			 struct nsc_pool *ret, struct nsc_error *e)
{
	ck_assert_str_eq(place, NSC_STATEDIR);
	return __real_nsc_pool_open(dir, name, ret, e);
}

/* --- the module */

static struct subid_range ranges[2][3];
static int n_ranges[2], answer;		/* or this errno */
static bool is_missing;

static int tell(int kind, const char *name, struct subid_range **ret)
{
	ck_assert_str_eq(name, "alice");
	ck_assert_int_eq(errno, 0);
	if (n_ranges[kind] > 0) {
		*ret = malloc(sizeof(ranges[kind]));
		memcpy(*ret, ranges[kind], sizeof(ranges[kind]));
	}
	errno = answer;
	return n_ranges[kind];
}

static int tell_uids(const char *name, struct subid_range **ret)
{
	return tell(0, name, ret);
}

static int tell_gids(const char *name, struct subid_range **ret)
{
	return tell(1, name, ret);
}

int __wrap_nsc_library_load(struct nsc_library *library, struct nsc_error *e);
int __wrap_nsc_library_load(struct nsc_library *library, struct nsc_error *e)
{
	ck_assert_ptr_eq(library, &subid_library);
	if (is_missing)
		return nsc_error_set(e, ENOENT, "the library is missing");
	subid.subid_get_uid_ranges = tell_uids;
	subid.subid_get_gid_ranges = tell_gids;
	return 0;
}

/* --- the users and their ids */

static char alice_name[NSC_NAME_MAX + 1];
static gid_t groups[] = { 1000, 50, 60 };
static struct nsc_user alice = {
	.name = alice_name, .uid = 1000, .gid = 1000, .groups = groups,
	.n_groups = 3,
};
static struct nsc_conf conf;

static void prepare(void)
{
	unit_make_dir(dir);
	strcpy(alice_name, "alice");
	alice.uid = 1000;
	conf.id_pool_first = 7000000;
	conf.id_pool_count = 3 * NSC_IDMAP_RANGE;
}

static void finish(void)
{
	unit_remove_dir(dir);
}

static void have(const char *name, const char *text)
{
	unit_write(dir, name, text, 0644);
}

/* Both files, with the same lines. */
static void have_ranges(const char *text)
{
	have("subuid", text);
	have("subgid", text);
}

/* "uid gid", or the error. */
static const char *found(void)
{
	static char text[512];
	uint32_t uid = 1, gid = 2;
	int ret = nsc_subid_find(&alice, &conf, &uid, &gid, &err);

	if (ret < 0) {
		ck_assert_int_eq(err.code, -ret);
		ck_assert(uid == 1 && gid == 2);
		snprintf(text, sizeof(text), "%s", err.text);
	} else {
		ck_assert_int_eq(ret, 0);
		snprintf(text, sizeof(text), "%u %u", uid, gid);
	}
	return text;
}

static void refused(const char *sentence)
{
	const char *text = found();

	ck_assert_msg(strstr(text, sentence) != NULL, "'%s', not '%s'", text,
		      sentence);
}

/* The pool's file. */
static const char *pool(void)
{
	static char text[4096];
	char path[128];

	snprintf(path, sizeof(path), "%s/" IDS_FILE, dir);
	ck_assert_int_ge(nsc_file_read_text(AT_FDCWD, path, text,
					    sizeof(text)), 0);
	return text;
}

/* --- ranges of /etc/subuid and /etc/subgid */

static const struct {
	const char *lines, *expected;
} files[] = {
	{ "alice:300000:65536\n", "300000 300000" },
	{ "bob:1000000:65536\nalice:300000:65536", "300000 300000" },
	{ "1000:300000:65536\n", "300000 300000" },
	/* The first one that is large enough. */
	{ "alice:300000:65535\nalice:500000:70000\nalice:900000:65536\n",
	  "500000 500000" },
	{ "alice:4294901759:65536\n", "4294901759 4294901759" },
	{ "alice:4294901760:65536\nalice:500000:65536\n", "500000 500000" },
	/* What is no such line. */
	{ "alice\nalice:\nalice:300000\nalice:300000:x\nalice:x:65536\n"
	  "alice:-1:65536\n#alice:300000:65536\nalic:400000:65536\n"
	  "alice:4294967296:65536\nalice:500000:65536\n", "500000 500000" },
	/* A user without any gets ids of the pool. */
	{ "", "7000000 7000000" },
	{ "alice:300000:65535\n", "7000000 7000000" },
	{ "#alice:300000:65536\n", "7000000 7000000" },
};

START_TEST(from_the_files)
{
	ck_assert_str_eq(found(), "7000000 7000000");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++) {
		have_ranges(files[i].lines);
		ck_assert_str_eq(found(), files[i].expected);
	}
	have("subuid", "alice:300000:65536\n");
	have("subgid", "alice:600000:65536\n");
	ck_assert_str_eq(found(), "300000 600000");
	/* One of a kind is none. */
	have("subgid", "");
	ck_assert_str_eq(found(), "7000000 7000000");
	have("subgid", "alice:600000:65536\n");
	have("subuid", "");
	ck_assert_str_eq(found(), "7000000 7000000");
}
END_TEST

/* Nobody gets ids of the pool because a file could not be read. */
START_TEST(files_that_fail)
{
	static const char *const names[] = {
		"subuid", "subgid", "passwd", "group", IDS_FILE,
	};

	have_ranges("alice:300000:65536\n");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		unreadable = names[i];
		refused(names[i]);
		ck_assert_int_eq(err.code, EIO);
	}
	unreadable = NULL;
	ck_assert_str_eq(found(), "300000 300000");
	/* Nor by a file that others write. */
	unit_write(dir, "subgid", "alice:300000:65536\n", 0646);
	refused("subgid");
}
END_TEST

/* --- other users' ids */

static const struct {
	const char *file, *lines;
	const char *sentence;	/* NULL: no obstacle */
} others[] = {
	{ "subuid", "bob:365535:10\n", "/etc/subuid: the range of user 'alice' "
	  "(300000+65536) overlaps that of 'bob': give each its own" },
	{ "subgid", "bob:0:300001\n", "/etc/subgid: the range of user 'alice' "
	  "(300000+65536) overlaps that of 'bob'" },
	{ "subuid", "bob:299999:1\nbob:365536:10\nbob:x:1\nalice:300005:1\n"
	  "1000:300005:5\n#bob:300000:1\n", NULL },
	{ "passwd", "bob:x:300000:9::/:/bin/sh\n", "/etc/passwd: 'bob' has the "
	  "id 300000, which is in the range of user 'alice' (300000+65536): "
	  "give 'alice' another range in /etc/subuid" },
	{ "passwd", "bob:x:365535", "'bob' has the id 365535" },
	/* Not even the user's own id. */
	{ "passwd", "alice:x:300001:", "'alice' has the id 300001" },
	{ "group", "staff:x:300001:\n", "/etc/group: 'staff' has the id "
	  "300001, which is in the range of user 'alice' (300000+65536): give "
	  "'alice' another range in /etc/subgid" },
	{ "passwd", "root:x:0:0::/:/bin/sh\nbob:x:299999:300000::/:\n\nbob\n"
	  "bob:x\nbob:300000:x:300000\nbob:x::300000\ncarol:x:365536:\n"
	  "+@all:x:-300000:\n", NULL },
	/* Of the pool, only the owners count beside a range of /etc. */
	{ IDS_FILE, "bob 300000 5000\nalice 300000 1000\ncarol 7065536\n",
	  NULL },
	{ IDS_FILE, "bob 7000000 300007\n", "/ids: 'bob' has the id 300007, "
	  "which is in the range of user 'alice': give 'alice' another" },
	{ IDS_FILE, "alice 7000000 300007\n", "'alice' has the id 300007" },
	{ IDS_FILE, "bob 7000000 299999\nbob\nbob x\nbob 1 x\nbob x 300007\n"
	  "bob 7000000 365536\n", NULL },
};

START_TEST(ids_of_others)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(others); i++) {
		char text[512];

		have_ranges("alice:300000:65536\n");
		have("passwd", "");
		have("group", "");
		have(IDS_FILE, "");
		snprintf(text, sizeof(text), "%s%s",
			 !strncmp(others[i].file, "sub", 3) ?
			 "alice:300000:65536\n" : "", others[i].lines);
		have(others[i].file, text);
		if (!others[i].sentence) {
			ck_assert_str_eq(found(), "300000 300000");
			continue;
		}
		refused(others[i].sentence);
		ck_assert_int_eq(err.code, EEXIST);
	}
}
END_TEST

/* --- the pool */

/* What NAME with UID gets. */
static const char *found_for(const char *name, uid_t uid)
{
	strcpy(alice_name, name);
	alice.uid = uid;
	return found();
}

START_TEST(pool_gives_for_good)
{
	ck_assert_str_eq(found_for("alice", 1000), "7000000 7000000");
	ck_assert_str_eq(found_for("bob", 1001), "7065536 7065536");
	ck_assert_str_eq(found_for("alice", 1000), "7000000 7000000");
	/* Another account of the same name gets what nobody had. */
	ck_assert_str_eq(found_for("bob", 1002), "7131072 7131072");
	ck_assert_str_eq(found_for("bob", 1001), "7065536 7065536");
	ck_assert_str_eq(pool(), "alice 7000000 1000\nbob 7065536 1001\n"
			 "bob 7131072 1002\n");
	found_for("carol", 1003);
	ck_assert_str_eq(err.text, "3 users have used up the id pool: enlarge "
			 "id_pool_count");
	ck_assert_int_eq(err.code, ENOSPC);
	ck_assert_str_eq(found_for("bob", 1002), "7131072 7131072");
	/* Who has a range keeps it, wherever the pool is now. */
	conf.id_pool_first = 9000000;
	conf.id_pool_count = 4 * NSC_IDMAP_RANGE;
	ck_assert_str_eq(found_for("alice", 1000), "7000000 7000000");
	ck_assert_str_eq(found_for("carol", 1003), "9196608 9196608");
	conf.id_pool_count = 5 * NSC_IDMAP_RANGE - 1;
	refused("9196608");
}
END_TEST

/* Lines of earlier versions have no uid, and get it. */
START_TEST(pool_without_uids)
{
	have(IDS_FILE, "alic 7000000\nalice 7065536\nalicea 7131072\n");
	ck_assert_str_eq(found(), "7065536 7065536");
	ck_assert_str_eq(pool(), "alic 7000000\nalice 7065536 1000\n"
			 "alicea 7131072\n");
	/* The uid's line is the user's, before or after one without. */
	have(IDS_FILE, "alice 7000000\nalice 7065536 1000\n");
	ck_assert_str_eq(found(), "7065536 7065536");
	have(IDS_FILE, "alice 7065536 1000\nalice 7000000\n");
	ck_assert_str_eq(found(), "7065536 7065536");
	ck_assert_str_eq(pool(), "alice 7065536 1000\nalice 7000000\n");
	have(IDS_FILE, "alice 7000000 999\n");
	ck_assert_str_eq(found(), "7065536 7065536");
	/* What is no such line takes a place, and is nobody's. */
	have(IDS_FILE, "alice\nalice x 1000\n");
	ck_assert_str_eq(found(), "7131072 7131072");
	have(IDS_FILE, "alice 7000000 1000x9\n");
	ck_assert_str_eq(found(), "7000000 7000000");
}
END_TEST

/* A name is one word, whatever is in it. */
START_TEST(pool_and_names)
{
	char name[NSC_NAME_MAX + 1], line[SUBID_NAME + 32];
	size_t at = 0;

	ck_assert_str_eq(found_for("a b", 1000), "7000000 7000000");
	ck_assert_str_eq(found_for("a b", 1000), "7000000 7000000");
	ck_assert_str_eq(found_for("a", 1001), "7065536 7065536");
	ck_assert_str_eq(pool(), "a\\x20b 7000000 1000\na 7065536 1001\n");
	memset(name, ' ', NSC_NAME_MAX);
	name[NSC_NAME_MAX] = '\0';
	have(IDS_FILE, "");
	ck_assert_str_eq(found_for(name, 1000), "7000000 7000000");
	ck_assert_str_eq(found_for(name, 1000), "7000000 7000000");
	for (int i = 0; i < NSC_NAME_MAX; i++)
		at += (size_t)sprintf(line + at, "\\x20");
	sprintf(line + at, " 7000000 1000\n");
	ck_assert_str_eq(pool(), line);
}
END_TEST

/* A full disk refuses only who has no range yet. */
START_TEST(pool_on_a_full_disk)
{
	const struct rlimit none = { 0, 0 };

	have(IDS_FILE, "alice 7000000\n");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_str_eq(found_for("alice", 1000), "7000000 7000000");
	ck_assert_str_eq(pool(), "alice 7000000\n");
	found_for("bob", 1001);
	ck_assert_int_eq(err.code, EFBIG);
}
END_TEST

/* Ranges that overlap after id_pool_first was changed: the later one loses. */
START_TEST(pool_moved)
{
	ck_assert_str_eq(found(), "7000000 7000000");
	conf.id_pool_first = 7000000 - NSC_IDMAP_RANGE - 1;
	found_for("bob", 1001);
	ck_assert_ptr_nonnull(strstr(err.text, "/ids: ids of user 'bob' are in "
				     "the range of 'alice' (7000000+65536): "
				     "give 'bob' others"));
	ck_assert_str_eq(found_for("alice", 1000), "7000000 7000000");
	/* Root may have one, too. */
	have(IDS_FILE, "root 7000000 0\n");
	found_for("bob", 1001);
	ck_assert_ptr_nonnull(strstr(err.text, "are in the range of 'root'"));
	/* A range of /etc is not given way to. */
	have(IDS_FILE, "alice 7000000 1000\n");
	have("subuid", "carol:7000001:1\n");
	found_for("alice", 1000);
	ck_assert_ptr_nonnull(strstr(err.text, "overlaps that of 'carol'"));
}
END_TEST

/* --- a module */

static const struct {
	const char *text;
	bool is_module;
} switches[] = {
	{ "subid: sss\n", true },
	{ "passwd: files\n \tSubID: \tsss files\n", true },
	{ "subid:sss", true },
	{ "subid: filesx\n", true },
	{ "subid:\n", true },
	{ "subid: files\nsubid: sss\n", true },
	{ "subid: files\n", false },
	{ "subid:files sss\n", false },
	{ "subid: files\t\n", false },
	{ "#subid: sss\nsubids: sss\npasswd: sss\n", false },
	{ "", false },
};

START_TEST(modules)
{
	have_ranges("alice:300000:65536\n");
	n_ranges[0] = n_ranges[1] = 3;
	ranges[0][0] = (struct subid_range){ 100000, 65535 };
	ranges[0][1] = (struct subid_range){ 400000, 65536 };
	ranges[0][2] = (struct subid_range){ 800000, 65536 };
	ranges[1][0] = (struct subid_range){ 500000, 65536 };
	ranges[1][1] = (struct subid_range){ 900000, 65536 };
	for (size_t i = 0; i < NSC_ARRAY_SIZE(switches); i++) {
		have("nsswitch.conf", switches[i].text);
		ck_assert_str_eq(found(), switches[i].is_module ?
				 "400000 500000" : "300000 300000");
	}
	/* In doubt, the module decides. */
	unreadable = "nsswitch.conf";
	ck_assert_str_eq(found(), "400000 500000");
}
END_TEST

START_TEST(modules_that_fail)
{
	static const int errors[] = { EMFILE, ENFILE, ENOMEM, EIO, EINTR };

	have("nsswitch.conf", "subid: sss\n");
	ranges[0][0] = ranges[1][0] = (struct subid_range){ 400000, 65536 };
	n_ranges[0] = 1;
	n_ranges[1] = -1;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(errors); i++) {
		answer = errors[i];
		refused("read /etc/subgid");
		ck_assert_int_eq(err.code, answer);
		n_ranges[1] = 0;
	}
	/* A file that is missing is no failure, nor is one beside an answer. */
	answer = ENOENT;
	ck_assert_str_eq(found(), "7000000 7000000");
	answer = EIO;
	n_ranges[1] = 1;
	ck_assert_str_eq(found(), "400000 400000");
	/* Only as many as it says. */
	ranges[1][1] = (struct subid_range){ 400000, 65536 };
	ranges[1][0].count = 1;
	ck_assert_str_eq(found(), "7000000 7000000");
	answer = 0;
	is_missing = true;
	refused("the library is missing");
}
END_TEST

/* --- maps of container.json, and the ids of the account */

static struct nsc_id_mapping uids[2], gids[2];
static char config_file[] = "F";
static struct nsc_config config = {
	.file = config_file, .uid_mappings = uids, .gid_mappings = gids,
};
static struct nsc_plan plan = { .config = &config, .user = &alice };

static void checked(const char *sentence, int code)
{
	int ret = nsc_subid_check(&plan, &conf, &err);

	ck_assert_int_eq(ret, -code);
	if (code)
		ck_assert_msg(strstr(err.text, sentence) != NULL,
			      "'%s', not '%s'", err.text, sentence);
}

static void begin_maps(void)
{
	config.n_uid_mappings = config.n_gid_mappings = 2;
	uids[0] = gids[0] = (struct nsc_id_mapping){ 0, 300000, 1000 };
	uids[1] = (struct nsc_id_mapping){ 1000, 1000, 1 };
	gids[1] = (struct nsc_id_mapping){ 1000, 60, 1 };
	have("passwd", "root:x:0:0:::\nalice:x:1000:1000:::\nbob:x:1001:9::\n");
	have("group", "root:x:0:\nalice:x:1000:\nx:x:50:\nz:x:60:\n");
	have_ranges("alice:300000:65536\nbob:400000:65536\n");
	have(IDS_FILE, "alice 7000000 1000\nbob 7065536 1001\n");
}

START_TEST(configured_maps)
{
	begin_maps();
	checked("", 0);
	/* The groups of the user, and the first one. */
	gids[1].host_id = 50;
	checked("", 0);
	gids[1].host_id = 1000;
	checked("", 0);
	gids[1].host_id = 0;
	checked("F: gid_mappings: 0 is root of the host", EPERM);
	gids[1].host_id = 1;
	checked("", 0);
	uids[1].host_id = 0;
	checked("F: uid_mappings: 0 is root of the host", EPERM);
	uids[1].host_id = 1001;
	checked("F: uid_mappings: /etc/passwd: 'bob' has the id 1001, which is "
		"in the range of user 'alice' (1001+1): give 'alice' another "
		"range", EEXIST);
	ck_assert_ptr_null(strstr(err.text, "subuid"));
	uids[1].host_id = 1000;
	have("group", "adm:x:4:\n");
	gids[1].host_id = 4;
	checked("F: gid_mappings: /etc/group: 'adm' has the id 4", EEXIST);
	/* A uid is no gid. */
	begin_maps();
	have("group", "x:x:300001:\n");
	checked("F: gid_mappings: /etc/group: 'x'", EEXIST);
	begin_maps();
	have("passwd", "x:x:60:1::\n");
	checked("", 0);
	uids[0].host_id = 465535;
	checked("F: uid_mappings: /etc/subuid: the range of user 'alice' "
		"(465535+1000) overlaps that of 'bob'", EEXIST);
	uids[0].host_id = 465536;
	checked("", 0);
	/* Ids of the pool, given and not. */
	uids[0].host_id = 7131071;
	checked("F: uid_mappings: " NSC_STATEDIR "/ids: ids of user "
		"'alice' are in the range of 'bob' (7065536+65536): give "
		"'alice' others", EEXIST);
	uids[0].host_id = 7131072;
	checked("F: uid_mappings: 7131072+1000 is in the pool of "
		"nscontainer.conf (7000000+196608), which gives ids to each "
		"user: take others", EEXIST);
	uids[0].host_id = 7196608;
	checked("", 0);
	uids[0].host_id = 7196607;
	checked("is in the pool", EEXIST);
}
END_TEST

/* A login runs as the user, whose ids another user's container may have. */
START_TEST(own_ids)
{
	begin_maps();
	config.n_uid_mappings = config.n_gid_mappings = 0;
	plan.login = true;
	checked("", 0);
	have("subuid", "bob:1000:1\n");
	checked("/etc/subuid: the range of user 'alice' (1000+1) overlaps that "
		"of 'bob'", EEXIST);
	plan.login = false;
	checked("", 0);
	plan.login = true;
	alice.uid = 0;
	checked("", 0);
	alice.uid = 1000;
	have("subuid", "bob:999:1\nbob:1001:5\n");
	checked("", 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(groups); i++) {
		char text[64];

		snprintf(text, sizeof(text), "bob:%u:1\n", groups[i]);
		have("subgid", text);
		checked("/etc/subgid: the range of user 'alice'", EEXIST);
	}
	have("subgid", "");
	have(IDS_FILE, "bob 7000000 1001\ncarol 980 990\n");
	checked("/ids: ids of user 'alice' are in the range of 'carol' "
		"(980+65536)", EEXIST);
	have(IDS_FILE, "alice 900 1000\nbob 7000000 1001\n");
	checked("", 0);
	have(IDS_FILE, "alice 900\nbob 7000000 1000\n");
	checked("", 0);
	have(IDS_FILE, "alice 900 1001\n");
	checked("in the range of 'alice'", EEXIST);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		from_the_files, files_that_fail, ids_of_others,
		pool_gives_for_good, pool_without_uids, pool_and_names,
		pool_on_a_full_disk, pool_moved, modules, modules_that_fail,
		configured_maps, own_ids, NULL,
	};
	Suite *suite = suite_create("subid");
	TCase *tcase = unit_case("subid");

	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
