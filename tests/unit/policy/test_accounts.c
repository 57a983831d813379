/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/policy/user.c: users and groups, from a name service that fails, grows
 * and forgets; and who is exempt by a group.
 */
#include "unit.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "policy/conf.h"
#include "policy/policy.h"
#include "policy/user.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define LARGE 100000		/* bytes that an entry takes, if it is large */

static struct nsc_error err;

/* --- the seam: the name service */

static int answers[8];		/* errors, in their order; then 0 */
static size_t n_answers, asked;
static bool is_known = true, is_large;
static int has_groups = 2;
static bool is_stubborn;	/* it never says how many groups there are */

static void will(int first, int second)
{
	answers[0] = first;
	answers[1] = second;
	n_answers = 2;
	asked = 0;
}

/* 0, or the error of this look. */
static int look(size_t size)
{
	if (is_large && size < LARGE) {
		asked++;
		return ERANGE;
	}
	return asked++ < n_answers ? answers[asked - 1] : 0;
}

int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **ret);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **ret)
{
	int error = look(size);

	(void)buf;
	*entry = (struct group){ .gr_gid = !strcmp(name, "staff") ? 20 : 30 };
	*ret = error || !is_known ? NULL : entry;
	return error;
}

int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buf, size_t size,
		      struct group **ret);
int __wrap_getgrgid_r(gid_t gid, struct group *entry, char *buf, size_t size,
		      struct group **ret)
{
	int error = look(size);

	snprintf(buf, size, "group%u", gid);
	*entry = (struct group){ .gr_name = buf };
	*ret = error || !is_known ? NULL : entry;
	return error;
}

static int fill(struct passwd *entry, char *buf, size_t size,
		struct passwd **ret)
{
	static char none[] = "";
	int error = look(size);

	snprintf(buf, size, "alice");
	*entry = (struct passwd){
		.pw_name = buf, .pw_uid = 1000, .pw_gid = 10,
		.pw_dir = none, .pw_shell = none,
	};
	*ret = error || !is_known ? NULL : entry;
	return error;
}

int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buf,
		      size_t size, struct passwd **ret);
int __wrap_getpwnam_r(const char *name, struct passwd *entry, char *buf,
		      size_t size, struct passwd **ret)
{
	ck_assert_str_eq(name, "alice");
	return fill(entry, buf, size, ret);
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buf, size_t size,
		      struct passwd **ret);
int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buf, size_t size,
		      struct passwd **ret)
{
	ck_assert_uint_eq(uid, 1000);
	return fill(entry, buf, size, ret);
}

int __wrap_getgrouplist(const char *user, gid_t gid, gid_t *groups, int *n);
int __wrap_getgrouplist(const char *user, gid_t gid, gid_t *groups, int *n)
{
	int room = *n;

	ck_assert_str_eq(user, "alice");
	if (is_stubborn)
		return -1;
	*n = has_groups;
	for (int i = 0; i < room && i < has_groups; i++)
		groups[i] = gid + 10 * (gid_t)i;
	return room < has_groups ? -1 : has_groups;
}

static char login_defs[128];	/* instead of /etc/login.defs */

int __real_nsc_file_open(const char *path, struct nsc_error *e);
int __wrap_nsc_file_open(const char *path, struct nsc_error *e);
int __wrap_nsc_file_open(const char *path, struct nsc_error *e)
{
	return __real_nsc_file_open(login_defs[0] &&
				    !strcmp(path, "/etc/login.defs") ?
					    login_defs : path, e);
}

static bool no_memory;

int __real_nsc_text_copy(char **to, const char *from);
int __wrap_nsc_text_copy(char **to, const char *from);
int __wrap_nsc_text_copy(char **to, const char *from)
{
	if (!no_memory)
		return __real_nsc_text_copy(to, from);
	*to = NULL;
	return -ENOMEM;
}

/* --- groups */

static gid_t list[] = { 10, 20 };
static char name[] = "alice", home[] = "/", shell[] = "/bin/sh";
static struct nsc_user user = {
	.name = name, .home = home, .shell = shell, .uid = 1000, .gid = 10,
	.groups = list, .n_groups = 2,
};

/* Nobody is taken for a member, or for none, because a lookup failed. */
START_TEST(members)
{
	ck_assert_int_eq(nsc_user_has_group(&user, "staff"), 1);
	ck_assert(nsc_user_in_group(&user, "staff"));
	ck_assert_int_eq(nsc_user_has_group(&user, "wheel"), 0);
	ck_assert(!nsc_user_in_group(&user, "wheel"));
	asked = 0;
	ck_assert_int_eq(nsc_user_has_group(&user, ""), 0);
	ck_assert_uint_eq(asked, 0);
	will(EIO, 0);
	ck_assert_int_eq(nsc_user_has_group(&user, "staff"), -EIO);
	will(EIO, 0);
	ck_assert(!nsc_user_in_group(&user, "staff"));
	will(ENOENT, 0);
	ck_assert_int_eq(nsc_user_has_group(&user, "staff"), 0);
	is_known = false;
	will(0, 0);
	ck_assert_int_eq(nsc_user_has_group(&user, "staff"), 0);
	is_known = is_large = true;
	will(0, 0);
	ck_assert_int_eq(nsc_user_has_group(&user, "staff"), 1);
	ck_assert_uint_gt(asked, 3);
}
END_TEST

/* A "no" must come twice, and an error once. */
START_TEST(names)
{
	int error = 77;
	char *found;

	found = nsc_user_group_name(20, &error);
	ck_assert_str_eq(found, "group20");
	ck_assert_int_eq(error, 0);
	free(found);
	will(ENOENT, 0);
	found = nsc_user_group_name(20, &error);
	ck_assert_str_eq(found, "group20");
	ck_assert_uint_eq(asked, 2);
	free(found);
	will(ENOENT, ENOENT);
	ck_assert_ptr_null(nsc_user_group_name(20, &error));
	ck_assert_uint_eq(asked, 2);
	will(EIO, 0);
	ck_assert_ptr_null(nsc_user_group_name(20, &error));
	ck_assert_int_eq(error, EIO);
	ck_assert_uint_eq(asked, 1);
	is_large = true;
	will(0, 0);
	found = nsc_user_group_name(20, &error);
	ck_assert_str_eq(found, "group20");
	free(found);
}
END_TEST

/* --- users */

START_TEST(users)
{
	struct nsc_user *u = NULL;
	uid_t uid = 77;

	ck_assert_msg(nsc_user_load("alice", &u, &err) == 0, "%s", err.text);
	ck_assert_str_eq(u->name, "alice");
	ck_assert_str_eq(u->home, "/");
	ck_assert_str_eq(u->shell, "/bin/sh");
	ck_assert_str_eq(u->group, "group10");
	ck_assert(u->uid == 1000 && u->gid == 10);
	ck_assert(u->n_groups == 2 && u->groups[0] == 10 &&
		  u->groups[1] == 20);
	nsc_user_free(u);
	/* By its uid, only with its own group. */
	ck_assert_int_eq(nsc_user_load_uid(1000, &u, &err), 0);
	ck_assert(u->n_groups == 1 && u->groups[0] == 10);
	nsc_user_free(u);
	/* More groups than were expected. */
	has_groups = 5000;
	is_large = true;
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), 0);
	ck_assert_int_eq(u->n_groups, 5000);
	ck_assert_uint_eq(u->groups[4999], 10 + 49990);
	nsc_user_free(u);
	/* As many as the kernel takes. */
	has_groups = 65536;
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), 0);
	ck_assert_int_eq(u->n_groups, 65536);
	nsc_user_free(u);
	ck_assert_int_eq(nsc_user_uid("alice", &uid), 0);
	ck_assert_uint_eq(uid, 1000);
}
END_TEST

START_TEST(no_users)
{
	struct nsc_user *u = NULL;
	uid_t uid = 77;

	ck_assert_int_eq(nsc_user_load("", &u, &err), -EINVAL);
	ck_assert_str_eq(err.text, "user '': has no name");
	will(EIO, 0);
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), -EIO);
	ck_assert_str_eq(err.text, "user 'alice': Input/output error");
	will(EIO, 0);
	ck_assert_int_eq(nsc_user_load_uid(1000, &u, &err), -EIO);
	ck_assert_str_eq(err.text, "uid 1000: Input/output error");
	/* Without memory for the name of the group. */
	is_large = false;
	will(0, ENOMEM);
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), -ENOMEM);
	is_large = true;
	has_groups = 65537;
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), -E2BIG);
	ck_assert_str_eq(err.text, "user 'alice': Argument list too long");
	is_stubborn = true;
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), -E2BIG);
	is_known = false;
	ck_assert_int_eq(nsc_user_load("alice", &u, &err), -ENOENT);
	ck_assert_str_eq(err.text, "user 'alice': is not known to the system");
	ck_assert_int_eq(nsc_user_load_uid(1000, &u, &err), -ENOENT);
	ck_assert_str_eq(err.text, "uid 1000: is not known to the system");
	ck_assert_int_eq(nsc_user_uid("alice", &uid), -ENOENT);
	ck_assert_uint_eq(uid, 77);
	ck_assert_ptr_null(u);
}
END_TEST

/* --- exempt groups, and what holds without a word */

static char dir[64];

static const char *reason(const char *conf)
{
	static char text[128];
	struct nsc_policy *policy = NULL;
	char path[96];

	unit_write(dir, "nscontainer.conf", conf, 0644);
	snprintf(path, sizeof(path), "%s/nscontainer.conf", dir);
	ck_assert_msg(nsc_policy_decide(path, &user, "sshd", &policy,
					&err) == 0, "%s", err.text);
	ck_assert_int_eq(policy->contained, !policy->reason);
	snprintf(text, sizeof(text), "%s",
		 policy->reason ? policy->reason : "contained");
	nsc_policy_free(policy);
	return text;
}

START_TEST(exempt_groups)
{
	char path[96];

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/users", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	strcat(path, "/alice");
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "container.json", "{}", 0644);
	ck_assert_str_eq(reason(""), "contained");
	ck_assert_str_eq(reason("exempt_groups = [ \"group30\" ];"),
			 "contained");
	ck_assert_str_ne(reason("exempt_groups = [ \"group20\" ];"),
			 "contained");
	ck_assert_str_ne(reason("exempt_groups = [ \"x\", \"group10\" ];"),
			 "contained");
	ck_assert_str_eq(reason("exempt_users = [ \"bob\" ];"), "contained");
	ck_assert_str_ne(reason("exempt_users = [ \"alice\" ];"),
			 "contained");
	ck_assert_str_ne(reason("exempt_services = [ \"sshd\" ];"),
			 "contained");
	ck_assert_str_eq(reason("exempt_services = [ \"su\" ];"), "contained");
	unit_remove_dir(dir);
}
END_TEST

/* The id 4294967295 is nobody's. */
START_TEST(the_last_ids)
{
	struct nsc_conf *conf = NULL;

	ck_assert_int_eq(nsc_conf_parse("id_pool_first = 4294836224L;"
					"id_pool_count = 131071;", "F", &conf,
					&err), 0);
	nsc_conf_free(conf);
	ck_assert_int_eq(nsc_conf_parse("id_pool_first = 4294836224L;"
					"id_pool_count = 131072;", "F", &conf,
					&err), -ERANGE);
}
END_TEST

START_TEST(defaults)
{
	struct nsc_conf *conf = NULL;

	ck_assert_int_eq(nsc_conf_parse("", "F", &conf, &err), 0);
	ck_assert_uint_eq(conf->start_timeout, 30);
	ck_assert_uint_eq(conf->id_pool_first, 1879048192);
	ck_assert_uint_eq(conf->id_pool_count, 134217728);
	ck_assert_uint_eq(conf->first_uid, NSC_FIRST_UID_HOST);
	ck_assert_int_eq(conf->mode, NSC_MODE_ENFORCE);
	ck_assert_int_eq(conf->on_error, NSC_ON_ERROR_REFUSE);
	nsc_conf_free(conf);
	/* One that is not read whole is not read. */
	conf = NULL;
	no_memory = true;
	ck_assert_int_eq(nsc_conf_parse("pidfile = \"/x\";", "F", &conf,
					&err), -ENOMEM);
	ck_assert_str_eq(err.text, "F: Cannot allocate memory");
	ck_assert_ptr_null(conf);
	no_memory = false;
}
END_TEST

static const struct {
	const char *text;	/* of login.defs; NULL: there is none */
	mode_t mode;
	uid_t first;		/* of people, or a later one */
	bool all;		/* are people */
} people[] = {
	{ NULL, 0644, 1000, false },
	{ "", 0644, 1000, false },
	{ "UID_MIN 500\n", 0644, 500, false },
	{ "# UID_MIN 5\nUID_MIN\t\t 600\nUID_MIN 700\n", 0644, 600, false },
	{ "PASS_MAX_DAYS 9\nUID_MIN 400", 0644, 400, false },
	{ "SYS_UID_MIN 100\n", 0644, 1000, false },
	/* Then the one that all systems have counts. */
	{ "UID_MIN 5000\n", 0644, 1000, false },
	/* Nobody knows. */
	{ "UID_MIN 500\n", 0666, 1, true },
};

/* Without first_uid, login.defs says which accounts are the system's. */
START_TEST(who_is_of_the_system)
{
	unit_make_dir(dir);
	snprintf(login_defs, sizeof(login_defs), "%s/login.defs", dir);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(people); i++) {
		if (people[i].text)
			unit_write(dir, "login.defs", people[i].text,
				   people[i].mode);
		ck_assert_msg(nsc_policy_is_system(NSC_FIRST_UID_HOST,
						   people[i].first - 1) ==
			      !people[i].all, "%zu", i);
		ck_assert_msg(!nsc_policy_is_system(NSC_FIRST_UID_HOST,
						    people[i].first), "%zu", i);
		ck_assert(nsc_policy_is_system(33, 32));
		ck_assert(!nsc_policy_is_system(33, 33));
	}
	unit_remove_dir(dir);
}
END_TEST

/* No name leads out of the directory of the users. */
START_TEST(names_of_directories)
{
	char *const odd[] = {
		(char[]){ "." }, (char[]){ ".." }, (char[]){ "" },
		(char[]){ "users/alice" }, (char[]){ "../users/alice" },
	};
	char path[96];

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/users", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	/* Where each of these names would lead. */
	unit_write(path, "container.json", "{}", 0644);
	unit_write(dir, "container.json", "{}", 0644);
	strcat(path, "/users");
	ck_assert_int_eq(mkdir(path, 0755), 0);
	strcat(path, "/alice");
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "container.json", "{}", 0644);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(odd); i++) {
		user.name = odd[i];
		ck_assert_str_ne(reason(""), "contained");
	}
	user.name = name;
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		members, names, users, no_users, exempt_groups, defaults,
		the_last_ids, names_of_directories, who_is_of_the_system, NULL,
	};
	Suite *suite = suite_create("accounts");
	TCase *tcase = unit_case("accounts");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
