/* SPDX-License-Identifier: Apache-2.0 */
/* lib/policy: nscontainer.conf, and which container.json is a user's. */
#include "unit.h"

#include <errno.h>

#include "util/fd.h"
#include "policy/conf.h"
#include "policy/digest.h"
#include "policy/policy.h"

static struct nsc_error err;

START_TEST(conf_defaults)
{
	struct nsc_conf *conf;

	ck_assert_int_eq(nsc_conf_parse("", "F", &conf, &err), 0);
	ck_assert_int_eq(conf->on_error, NSC_ON_ERROR_REFUSE);
	ck_assert_int_eq(conf->mode, NSC_MODE_ENFORCE);
	ck_assert_int_eq(conf->lifecycle.stop, NSC_STOP_EMPTY);
	ck_assert_uint_eq(conf->lifecycle.linger, 0);
	ck_assert_int_eq(conf->on_change, NSC_ON_CHANGE_KEEP);
	ck_assert_uint_eq(conf->start_timeout, 30);
	ck_assert_int_eq(conf->placement, NSC_PLACEMENT_SESSION);
	ck_assert_ptr_null(conf->exempt_users[0]);
	nsc_conf_free(conf);
	ck_assert_int_eq(nsc_conf_parse("#a = 1;\n\n# \"b", "F", &conf,
					&err), 0);
	nsc_conf_free(conf);
}
END_TEST

START_TEST(conf_values)
{
	struct nsc_conf *conf;

	ck_assert_int_eq(nsc_conf_parse(
		"exempt_users = [ \"a\", \"b\" ];\nexempt_services = [];\n"
		"stop = \"logout\"; linger = 5; placement = \"start\";\n"
		"pidfile = \"/run/x/%u.pid\";\n"
		"mode = \"audit\"; on_error = \"host\"; nested = \"refuse\";\n"
		"debug = true;\n"
		"record_max_age = \"30d\"; record_max_size = \"10G\";\n"
		"record_min_free = 4294967296L;\n"
		"on_change = \"recycle\";\n"
		"id_pool_first = 3000000000L; id_pool_count = 65536;", "F",
		&conf, &err), 0);
	ck_assert_str_eq(conf->exempt_users[1], "b");
	ck_assert_int_eq(conf->mode, NSC_MODE_AUDIT);
	ck_assert_int_eq(conf->lifecycle.stop, NSC_STOP_LOGOUT);
	ck_assert_str_eq(nsc_lifecycle_stop_name(conf->lifecycle.stop),
			 "logout");
	ck_assert_uint_eq(conf->lifecycle.linger, 5);
	ck_assert_int_eq(conf->on_change, NSC_ON_CHANGE_RECYCLE);
	ck_assert_uint_eq(conf->id_pool_first, 3000000000);
	ck_assert_str_eq(nsc_conf_file(conf, "id_pool_first"), "F");
	/* What is no key would be in the first file. */
	ck_assert_str_eq(nsc_conf_file(conf, "idpool"), "F");
	ck_assert(conf->debug);
	ck_assert_int_eq(conf->record_max_age, 30 * 86400);
	ck_assert_int_eq(conf->record_max_size, 10737418240);
	ck_assert_int_eq(conf->record_min_free, 4294967296);
	ck_assert_str_eq(conf->pidfile, "/run/x/%u.pid");
	nsc_conf_free(conf);
}
END_TEST

START_TEST(conf_lifecycle)
{
	const struct nsc_lifecycle *l;
	struct nsc_conf *conf;

	ck_assert_int_eq(nsc_conf_parse("on_disconnect = \"kill\";"
		"idle_timeout = 600; max_lifetime = 86400; max_sessions = 3;",
		"F", &conf, &err), 0);
	l = &conf->lifecycle;
	ck_assert_uint_eq(l->on_disconnect, NSC_DISCONNECT_KILL);
	ck_assert_uint_eq(l->idle_timeout, 600);
	ck_assert_uint_eq(l->max_lifetime, 86400);
	ck_assert_uint_eq(l->max_sessions, 3);
	ck_assert_int_eq(nsc_lifecycle_check(l, true, &err), 0);
	ck_assert_int_eq(nsc_lifecycle_check(l, false, &err), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(err.text, "on_disconnect \"kill\": needs "
				     "control groups"));
	conf->lifecycle.on_disconnect = NSC_DISCONNECT_KEEP;
	ck_assert_int_eq(nsc_lifecycle_check(l, false, &err), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(err.text, "idle_timeout: needs"));
	conf->lifecycle.idle_timeout = 0;
	ck_assert_int_eq(nsc_lifecycle_check(l, false, &err), 0);
	nsc_conf_free(conf);
}
END_TEST

static const struct {
	const char *text, *expected;
} wrong[] = {
	{ "a = 1;", "F: line 1: a: unknown key" },
	{ "exempt_user = [];", "exempt_user: unknown key: did you mean "
	  "'exempt_users'?" },
	{ "mode = audit", "F: line 1: syntax error: write KEY = \"text\"" },
	{ "\nstop = \"soon\";", "F: line 2: stop: expected one of \"empty\", "
				"\"logout\", \"never\"" },
	{ "mode = \"permissive\";", "F: line 1: mode: expected one of "
				   "\"enforce\", \"audit\"" },
	{ "stop = 1;", "stop: expected one of" },
	{ "on_change = \"now\";", "on_change: expected one of \"keep\", "
				  "\"drain\", \"recycle\"" },
	{ "on_change = true;", "on_change: expected one of" },
	{ "linger = -1;", "linger: expected a number from 0 to 86400" },
	{ "linger = \"1\";", "linger: expected a number" },
	{ "on_disconnect = \"term\";", "on_disconnect: expected one of "
	  "\"hangup\", \"kill\", \"keep\"" },
	{ "idle_timeout = -1;", "idle_timeout: expected a number from 0 to "
	  "2592000" },
	{ "max_lifetime = 31536001;", "max_lifetime: expected a number from 0 "
	  "to 31536000" },
	{ "max_sessions = \"1\";", "max_sessions: expected a number from 0 "
	  "to 10000" },
	{ "start_timeout = 0;", "start_timeout: expected a number from 1" },
	{ "record_max_age = \"30\";", "record_max_age: expected a time such "
	  "as \"30d\", or a number of seconds" },
	{ "record_max_age = \"d\";", "record_max_age: expected a time" },
	{ "record_max_age = \"3y\";", "record_max_age: expected a time" },
	{ "record_max_age = -1;", "record_max_age: expected a time" },
	{ "record_max_age = \"-1d\";", "record_max_age: expected a time" },
	{ "record_max_size = \"10d\";", "record_max_size: expected a size such "
	  "as \"10G\"" },
	{ "record_min_free = [ 1 ];", "record_min_free: expected a size" },
	{ "record_min_free = 1.5;", "record_min_free: expected a size" },
	{ "debug = 1;", "debug: expected true or false" },
	{ "exempt_users = \"a\";", "exempt_users: expected a list" },
	{ "exempt_users = [ 1 ];", "exempt_users: expected a list" },
	{ "pidfile = 1;", "pidfile: expected an absolute path" },
	{ "pidfile = \"run/%u.pid\";", "pidfile: expected an absolute path" },
	{ "pidfile = \"/\";", "pidfile: expected an absolute path" },
	{ "stop =", "F: line 1" },
	{ "# a\n\n#b = 1;\na = 1;", "F: line 4: a: unknown key" },
	{ "#\n a = 1;", "F: line 2: a: unknown key" },
	{ "#a\n/* b */ a = 1;", "F: line 2: a: unknown key" },
	{ "\n#\n#a = 1;\nb", "F: line 4" },
	{ "#a\r\na = 1;", "F: line 2: a: unknown key" },
	{ "# @include \"a\"", "@include is not allowed" },
	{ "@include \"/etc/passwd\"", "@include is not allowed" },
	{ "id_pool_first = 4294836224L; id_pool_count = 268435456;",
	  "the pool ends beyond" },
};

START_TEST(conf_wrong_values)
{
	struct nsc_conf *conf = NULL;

	ck_assert_int_lt(nsc_conf_parse(wrong[_i].text, "F", &conf, &err), 0);
	ck_assert_msg(strstr(err.text, wrong[_i].expected), "%s: got %s",
		      wrong[_i].text, err.text);
	ck_assert_ptr_null(conf);
}
END_TEST

START_TEST(conf_keys_are_documented)
{
	static const char *const documents[] = {
		SRCDIR "/man/nscontainer.conf.5",
		SRCDIR "/etc/nscontainer/nscontainer.conf",
	};

	for (size_t i = 0; i < 2; i++) {
		char text[32768] = "";
		FILE *file = fopen(documents[i], "r");

		ck_assert_ptr_nonnull(file);
		ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
		fclose(file);
		for (size_t k = 0; nsc_conf_key(k); k++)
			ck_assert_msg(strstr(text, nsc_conf_key(k)), "%s: %s",
				      documents[i], nsc_conf_key(k));
	}
}
END_TEST

/* /tmp/x/etc, with users/, groups/ and default/ as each test needs them. */
static char dir[64], conf_path[128];
static gid_t groups[] = { 65501, 0 };	/* the first has no name */
static struct nsc_user user;
static char alice[] = "alice", root_name[] = "root", home[] = "/",
	    shell[] = "/bin/sh";

static void set_up(void)
{
	char path[128];

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/users", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/groups", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(conf_path, sizeof(conf_path), "%s/nscontainer.conf", dir);
	user = (struct nsc_user){
		.name = alice, .home = home, .shell = shell, .uid = 1000,
		.gid = 65501, .n_groups = 2,
		.groups = unit_fenced_copy(groups, sizeof(groups)),
	};
}

static void tear_down(void)
{
	unit_remove_dir(dir);
}

static void add(const char *where)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, where);
	if (mkdir(path, 0755) < 0)
		ck_assert_int_eq(errno, EEXIST);
	unit_write(path, "container.json", "{ broken", 0644);
}

static struct nsc_policy *decide(const char *service)
{
	struct nsc_policy *policy = NULL;

	nsc_policy_decide(conf_path, &user, service, &policy, &err);
	return policy;
}

static void expect(const char *where)
{
	struct nsc_policy *policy = decide("sshd");

	ck_assert_msg(policy, "%s", err.text);
	ck_assert_int_eq(policy->contained, where != NULL);
	if (where)
		ck_assert_str_eq(policy->dir + strlen(dir) + 1, where);
	nsc_policy_free(policy);
}

START_TEST(order)
{
	expect(NULL);
	add("default");
	expect("default");
	add("groups/root");
	expect("groups/root");
	add("users/alice");
	expect("users/alice");
}
END_TEST

START_TEST(root_is_contained_by_its_own_file_only)
{
	add("default");
	add("groups/root");
	unit_write(dir, "nscontainer.conf", "broken", 0644);
	user.name = root_name;
	user.uid = 0;
	expect(NULL);
	unit_write(dir, "nscontainer.conf", "", 0644);
	add("users/root");
	expect("users/root");
}
END_TEST

START_TEST(root_gets_in_to_mend)
{
	add("default");
	user.uid = 0;
	ck_assert_int_eq(chmod(dir, 0777), 0);
	expect(NULL);
	user.uid = 1000;
	ck_assert_ptr_null(decide("sshd"));
}
END_TEST

/* What cannot be trusted is an error, and not a reason to look further. */
START_TEST(directories_that_others_write)
{
	static const char *const names[] = { "users", "groups", "default" };
	char path[256];

	add("default");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		ck_assert_int_eq(chmod(path, 0777), 0);
		ck_assert_ptr_null(decide("sshd"));
		ck_assert_ptr_nonnull(strstr(err.text, names[i]));
		ck_assert_int_eq(chmod(path, 0755), 0);
		expect("default");
	}
}
END_TEST

/* Accounts of the system are contained only by a file of their own. */
START_TEST(accounts_of_the_system)
{
	add("default");
	add("groups/root");
	user.uid = 33;
	expect(NULL);
	unit_write(dir, "nscontainer.conf", "first_uid = 33;", 0644);
	expect("groups/root");
	unit_write(dir, "nscontainer.conf", "first_uid = 70000;", 0644);
	user.uid = 65534;
	expect(NULL);
	user.uid = 70000;
	expect("groups/root");
	unit_write(dir, "nscontainer.conf", "", 0644);
	user.uid = 33;
	add("users/alice");
	expect("users/alice");
}
END_TEST

START_TEST(exemptions)
{
	static const char *const texts[] = {
		"exempt_users = [ \"alice\" ];",
		"exempt_groups = [ \"root\" ];",
		"exempt_services = [ \"sshd\" ];",
	};

	add("default");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(texts); i++) {
		unit_write(dir, "nscontainer.conf", texts[i], 0644);
		expect(NULL);
	}
	unit_write(dir, "nscontainer.conf",
		   "exempt_users = [ \"alic\" ]; exempt_services = [ \"su\" ];",
		   0644);
	expect("default");
}
END_TEST

START_TEST(only_a_confirmed_absence_means_the_host)
{
	char path[256];

	add("users/alice");
	snprintf(path, sizeof(path), "%s/users/alice/container.json", dir);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_ptr_null(decide("sshd"));
	ck_assert_ptr_nonnull(strstr(err.text, "is writable by others"));
	ck_assert_int_eq(remove(path), 0);
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ck_assert_ptr_null(decide("sshd"));
	ck_assert_int_eq(remove(path), 0);
	snprintf(path, sizeof(path), "%s/users/alice", dir);
	ck_assert_int_eq(chown(path, 1000, 0), 0);
	ck_assert_ptr_null(decide("sshd"));
	ck_assert_ptr_nonnull(strstr(err.text, "users/alice: is owned by uid "
				     "1000"));
}
END_TEST

START_TEST(broken_conf_refuses_the_contained_only)
{
	unit_write(dir, "nscontainer.conf", "broken", 0644);
	expect(NULL);
	add("users/alice");
	ck_assert_ptr_null(decide("sshd"));
}
END_TEST

/* The names of a directory service have spaces; no rule may be lost. */
START_TEST(names_with_spaces_are_looked_up)
{
	static char spaced[] = "al ice";

	add("groups/root");
	add("users/al ice");
	expect("groups/root");
	user.name = spaced;
	expect("users/al ice");
}
END_TEST

START_TEST(strange_names)
{
	static char strange[] = "../alice";

	add("users/alice");
	user.name = strange;
	expect(NULL);
	add("default");
	ck_assert_ptr_null(decide("sshd"));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot be that of a "
				     "container"));
}
END_TEST

START_TEST(no_directory_at_all)
{
	strcpy(conf_path, "/nonexistent-dir/nscontainer.conf");
	expect(NULL);
	strcpy(conf_path, "nscontainer.conf");
	ck_assert_ptr_null(decide(NULL));
}
END_TEST

/*
 * For many users, nscontainer.conf and default/ are read once, and each group
 * is asked for once; the user's own is known.
 */
START_TEST(many_users)
{
	struct nsc_policy_base base = NSC_POLICY_BASE_INIT;
	struct nsc_policy *policy;
	uint64_t content;

	ck_assert_int_eq(nsc_policy_open("/x.conf", &base, &err), -EINVAL);
	ck_assert_int_eq(nsc_policy_open("x.conf", &base, &err), -EINVAL);
	ck_assert_str_eq(err.text, "x.conf: expected a file in a directory of "
			 "its own");
	add("default");
	ck_assert_int_eq(nsc_policy_open(conf_path, &base, &err), 0);
	add("users/alice");
	ck_assert_int_eq(nsc_policy_decide_in(&base, &user, NULL, &policy,
					      &err), 0);
	ck_assert(policy->contained && policy->conf == base.loaded);
	ck_assert_str_eq(policy->dir + strlen(dir), "/users/alice");
	ck_assert(!base.fallback && base.n_names == 0);
	nsc_policy_free(policy);
	user.name = root_name;
	user.group = alice;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(nsc_policy_decide_in(&base, &user, NULL,
						      &policy, &err), 0);
		ck_assert(policy->contained);
		ck_assert_str_eq(policy->dir, base.fallback);
		ck_assert_str_eq(policy->dir + strlen(dir), "/default");
		ck_assert_uint_eq(policy->content, base.content);
		content = i ? content : policy->content;
		ck_assert_uint_eq(policy->content, content);
		nsc_policy_free(policy);
		ck_assert(base.n_names == 1 && base.names[0].gid == 0);
		ck_assert_str_eq(base.names[0].name, "root");
		/* A change is seen by the next question about many. */
		unit_write(dir, "default/container.json", "{ other", 0644);
	}
	add("groups/alice");
	ck_assert_int_eq(nsc_policy_decide_in(&base, &user, NULL, &policy,
					      &err), 0);
	ck_assert_str_eq(policy->dir + strlen(dir), "/groups/alice");
	nsc_policy_free(policy);
	/* Only a login asks a second time for the groups of each user. */
	add("groups/root");
	user.n_groups = 0;
	user.gid = 0;
	ck_assert_int_eq(nsc_policy_decide_in(&base, &user, NULL, &policy,
					      &err), 0);
	ck_assert_str_eq(policy->dir + strlen(dir), "/default");
	nsc_policy_free(policy);
	expect("groups/root");
	nsc_policy_close(&base);
}
END_TEST

START_TEST(users_are_looked_up)
{
	struct nsc_user *root = NULL;

	ck_assert_int_eq(nsc_user_load("root", &root, &err), 0);
	ck_assert_uint_eq(root->uid, 0);
	ck_assert_str_eq(root->home, "/root");
	ck_assert_uint_eq(root->groups[0], root->gid);
	nsc_user_free(root);
	ck_assert_int_eq(nsc_user_load_uid(0, &root, &err), 0);
	ck_assert_str_eq(root->name, "root");
	nsc_user_free(root);
	ck_assert_int_eq(nsc_user_load("no\033body", &root, &err), -ENOENT);
	ck_assert_str_eq(err.text,
			 "user 'no\\x1bbody': is not known to the system");
	ck_assert_int_eq(nsc_user_load("0", &root, &err), -ENOENT);
	ck_assert_int_eq(nsc_user_load("", &root, &err), -EINVAL);
}
END_TEST

/* The digest of a container for alice; text is nscontainer.conf. */
static const char *digest(const char *text, const char *seccomp)
{
	static char result[NSC_DIGEST_SIZE];
	struct nsc_digest_source source;
	struct nsc_policy *policy;

	unit_write(dir, "nscontainer.conf", text, 0644);
	policy = decide("sshd");
	ck_assert_msg(policy, "%s", err.text);
	source = (struct nsc_digest_source){
		policy->dir, policy->content, seccomp, &user, policy->conf,
	};
	ck_assert_int_eq(nsc_digest_make(&source, result, &err), 0);
	nsc_policy_free(policy);
	return result;
}

START_TEST(digest_has_what_a_start_uses)
{
	static const char parents[] = "cgroup_parents = ( { name = \"p\"; "
		"users = [ \"%s\" ]; pids = %d; } );";
	gid_t sorted[] = { 0, 65501 };
	char first[NSC_DIGEST_SIZE], text[256], path[128];

	add("users/alice");
	strcpy(first, digest("", "default"));
	ck_assert_uint_eq(strlen(first), NSC_DIGEST_SIZE - 1);
	ck_assert_str_eq(first, digest("stop = \"empty\";", "default"));
	ck_assert_str_eq(first, digest("debug = true; on_change = \"drain\"; "
				       "start_timeout = 3;", "default"));
	ck_assert_str_ne(first, digest("stop = \"logout\";", "default"));
	ck_assert_str_ne(first, digest("address_pool = \"10.0.0.0/24\";",
				       "default"));
	snprintf(text, sizeof(text), parents, "bob", 5);
	ck_assert_str_eq(first, digest(text, "default"));
	snprintf(text, sizeof(text), parents, "alice", 5);
	ck_assert_str_ne(first, digest(text, "default"));
	user.groups = sorted;
	ck_assert_str_eq(first, digest("", "default"));
	/* Without groups, none is looked at. */
	user.n_groups = 0;
	strcpy(text, digest("", "default"));
	user.groups = sorted + 1;
	ck_assert_str_eq(text, digest("", "default"));
	user.groups = sorted;
	user.n_groups = 1;
	ck_assert_str_ne(first, digest("", "default"));
	user.groups = groups;
	user.n_groups = 2;
	user.shell = home;
	ck_assert_str_ne(first, digest("", "default"));
	user.shell = shell;
	ck_assert_str_eq(first, digest("", "default"));
	snprintf(path, sizeof(path), "%s/users/alice", dir);
	unit_write(path, "container.json", "{ brokem", 0644);
	ck_assert_str_ne(first, digest("", "default"));
	unit_write(path, "container.json", "{ broken", 0644);
	ck_assert_str_eq(first, digest("", "default"));
	/* The same text in another directory. */
	add("default");
	unit_remove_dir(path);
	ck_assert_str_ne(first, digest("", "default"));
}
END_TEST

START_TEST(digest_has_the_profile)
{
	char first[NSC_DIGEST_SIZE], path[128];

	add("default");
	snprintf(path, sizeof(path), "%s/profile", dir);
	strcpy(first, digest("", path));
	unit_write(dir, "profile", "{}", 0644);
	ck_assert_str_ne(first, digest("", path));
	strcpy(first, digest("", path));
	unit_write(dir, "profile", "{ }", 0644);
	ck_assert_str_ne(first, digest("", path));
	unit_write(dir, "profile", "{}", 0666);
	ck_assert_str_ne(first, digest("", path));
	unit_write(dir, "profile", "{}", 0644);
	ck_assert_str_eq(first, digest("", path));
}
END_TEST

START_TEST(groups_have_members)
{
	ck_assert(nsc_user_in_group(&user, "root"));
	ck_assert(!nsc_user_in_group(&user, "daemon"));
	ck_assert(!nsc_user_in_group(&user, "no-such-group"));
	ck_assert(!nsc_user_in_group(&user, ""));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		digest_has_what_a_start_uses, digest_has_the_profile, order,
		root_is_contained_by_its_own_file_only, root_gets_in_to_mend,
		directories_that_others_write, exemptions, strange_names,
		accounts_of_the_system, many_users, no_directory_at_all,
		broken_conf_refuses_the_contained_only, groups_have_members,
		names_with_spaces_are_looked_up, NULL,
	};
	const TTest *const of_conf[] = {
		conf_defaults, conf_values, conf_lifecycle,
		conf_keys_are_documented, users_are_looked_up, NULL,
	};
	const TTest *const root[] = { only_a_confirmed_absence_means_the_host,
				      NULL };
	Suite *suite = suite_create("policy");
	TCase *conf = unit_case("conf"), *policy = unit_case("policy");

	unit_add(conf, of_conf);
	tcase_add_loop_test(conf, conf_wrong_values, 0, NSC_ARRAY_SIZE(wrong));
	tcase_add_checked_fixture(policy, set_up, tear_down);
	unit_add(policy, tests);
	unit_add_root(policy, root);
	suite_add_tcase(suite, conf);
	suite_add_tcase(suite, policy);
	return unit_run(suite);
}
