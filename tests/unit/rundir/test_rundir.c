/* SPDX-License-Identifier: Apache-2.0 */
/* rundir, identity; session/environment; options of the module; arguments of
 * nsshell. */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "arguments.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "rootfs/exec_user.h"
#include "rundir/running.h"
#include "util/paths.h"
#include "rootfs/rootfs.h"
#include "linux/mount.h"
#include "linux/pidfd.h"
#include "linux/target.h"
#include "policy/pam_options.h"
#include "session/environment.h"
#include "myself.h"

static struct nsc_error err;
static const char passwd[] =
	"root:x:0:0:root:/root:/bin/bash\n"
	"daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
	"broken\n"
	"evil:x:notanumber:0::/:/bin/sh\n"
	"alice:x:1000:100:Alice:/home/a:/bin/zsh\n"
	"rel:x:5:5::home:sh\n";
static const char group[] = "root:x:0:\nadm:x:4:daemon, alice \nx\n"
			    "staff:x:50:alicex,xalice\n";

static int resolve(const char *spec, struct nsc_exec_user *id)
{
	const struct nsc_exec_user_request request = { .spec = spec };

	return nsc_exec_user_resolve(&request, passwd, group, id, &err);
}

START_TEST(identities)
{
	struct nsc_exec_user id;

	ck_assert_int_eq(resolve("daemon", &id), 0);
	ck_assert(id.uid == 1 && id.gid == 1 && id.n_groups == 2);
	ck_assert_uint_eq(id.groups[1], 4);
	ck_assert_str_eq(id.home, "/usr/sbin");
	ck_assert_int_eq(resolve("alice:adm", &id), 0);
	ck_assert(id.uid == 1000 && id.gid == 4 && id.n_groups == 1);
	ck_assert_int_eq(resolve("7:8", &id), 0);
	ck_assert(id.uid == 7 && id.gid == 8);
	ck_assert_str_eq(id.name, "7");
	ck_assert_str_eq(id.home, "/");
	ck_assert_int_eq(resolve("1000", &id), 0);
	ck_assert_str_eq(id.name, "alice");
	ck_assert_int_eq(resolve(NULL, &id), 0);
	ck_assert_uint_eq(id.uid, 0);
	ck_assert_int_eq(resolve("rel", &id), 0);
	ck_assert_str_eq(id.home, "/");
	ck_assert_str_eq(id.shell, "");
	/* A bad name must never become root. */
	ck_assert_int_eq(resolve("evil", &id), -ENOENT);
	ck_assert_int_eq(resolve("nobodyhere", &id), -ENOENT);
	ck_assert_str_eq(err.text, "user: 'nobodyhere' is not in the "
			 "container's /etc/passwd");
	ck_assert_int_eq(resolve("alice:nogroup", &id), -ENOENT);
	ck_assert_int_eq(resolve("4294967295", &id), -ENOENT);
}
END_TEST

/* No size of ours is smaller than that of a path. */
START_TEST(long_paths)
{
	const struct nsc_exec_user_request request = { .spec = "long" };
	char text[2048], path[600];
	struct nsc_exec_user id;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text), "long:x:5:5::%s:%s\n", path, path);
	ck_assert_int_eq(nsc_exec_user_resolve(&request, text, NULL, &id, &err),
			 0);
	ck_assert_str_eq(id.home, path);
	ck_assert_str_eq(id.shell, path);
}
END_TEST

START_TEST(a_login_is_who_it_is)
{
	struct nsc_user user = { .name = alice, .home = home, .shell = shell,
				 .uid = 1000, .gid = 1000 };
	struct nsc_exec_user_request request = { .login = &user };
	struct nsc_exec_user id;

	ck_assert_int_eq(
		nsc_exec_user_resolve(&request, passwd, group, &id, &err), 0);
	ck_assert(id.uid == 1000 && id.gid == 1000);
	ck_assert_uint_gt(id.n_groups, 1);
	ck_assert_str_eq(id.home, "/home/alice");
	ck_assert_str_eq(id.shell, "/bin/zsh");
	/* M13: if gids inside are host gids, the file inside gives none. */
	request.host_ids = true;
	ck_assert_int_eq(
		nsc_exec_user_resolve(&request, passwd, group, &id, &err), 0);
	ck_assert_uint_eq(id.n_groups, 1);
	request.host_ids = false;
	ck_assert_int_eq(nsc_exec_user_resolve(&request, NULL, NULL, &id, &err),
			 0);
	request.spec = "alice";
	ck_assert_int_eq(
		nsc_exec_user_resolve(&request, passwd, group, &id, &err), 0);
	/* In another engine's container, which gets no home from us. */
	request.own_home = true;
	user.home = (char[]){ "/of/the/host" };
	ck_assert_int_eq(
		nsc_exec_user_resolve(&request, passwd, group, &id, &err), 0);
	ck_assert_str_eq(id.home, "/home/a");
	user.uid = 77;
	request.spec = NULL;
	ck_assert_int_eq(
		nsc_exec_user_resolve(&request, passwd, group, &id, &err), 0);
	ck_assert_str_eq(id.home, "/of/the/host");
	user.uid = 1000;
	request.spec = "root";
	ck_assert_int_eq(nsc_exec_user_resolve(&request, passwd, group, &id,
					       &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "remove 'user'"));
}
END_TEST

/* What does not fit is left as it is, and nothing beside it changes. */
START_TEST(a_login_with_long_texts)
{
	static struct nsc_exec_user id;
	char long_name[sizeof(id.name) + 1] = "", long_home[PATH_MAX + 1] = "";
	struct nsc_user user = { .name = long_name, .home = long_home,
				 .shell = shell, .uid = 7, .gid = 7 };
	struct nsc_exec_user_request request = { .login = &user };

	for (int more = 0; more < 2; more++) {
		memset(long_name, 'n', sizeof(id.name) - 1 + more);
		memset(long_home, '/', PATH_MAX - 1 + more);
		ck_assert_int_eq(nsc_exec_user_resolve(&request, passwd, group,
						       &id, &err), 0);
		ck_assert_str_eq(id.name, more ? "root" : long_name);
		ck_assert_str_eq(id.home, more ? "/" : long_home);
		ck_assert_str_eq(id.shell, "");
	}
}
END_TEST

/* Nobody gets only some of the groups. */
START_TEST(a_login_with_many_groups)
{
	struct nsc_user user = { .name = alice, .home = home, .shell = shell,
				 .uid = 1000, .gid = 1000 };
	struct nsc_exec_user_request request = { .login = &user };
	struct nsc_exec_user id = { .uid = 77 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < NSC_EXEC_USER_GROUPS; i++)
		fprintf(out, "g%d:x:%d:alice\n", i, 2000 + i);
	fclose(out);
	ck_assert_int_eq(nsc_exec_user_resolve(&request, passwd, text, &id,
					       &err), -E2BIG);
	ck_assert_str_eq(err.text, "user: 'alice' is in more than 4096 groups "
			 "of the container's /etc/group");
	ck_assert_uint_eq(id.uid, 77);
	/* Without the last one they fit. */
	*strstr(text, "g4095:") = '\0';
	ck_assert_int_eq(nsc_exec_user_resolve(&request, passwd, text, &id,
					       &err), 0);
	ck_assert_uint_eq(id.n_groups, NSC_EXEC_USER_GROUPS);
	free(text);
}
END_TEST

/* P1: a sysfs with three processors, one of which has no counters. */
START_TEST(processors_are_covered)
{
	static const char *const names[] = {
		"cpu0/thermal_throttle", "cpu17/thermal_throttle",
		"cpu2/topology", "cpufreq/thermal_throttle",
	};
	struct nsc_tree tree = { .owner = 0, .dev = -1 };
	struct nsc_rootfs root = NSC_ROOTFS_INIT;
	char sysfs[64], path[192];
	struct stat st;
	int gone;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	ck_assert_int_eq(mount("t", unit_make_dir(sysfs), "tmpfs", 0, NULL), 0);
	root.root = root.scratch = open(sysfs, O_PATH | O_DIRECTORY);
	tree.root = root.root;
	ck_assert_int_eq(nsc_rootfs_cover_processors(&root, root.root,
						     &err), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/devices/system/cpu/%s/x",
			 names[i]);
		close(nsc_target_open(&tree, path, NSC_TARGET_FILE, &err));
	}
	ck_assert_int_eq(nsc_rootfs_cover_processors(&root, root.root, &err),
			 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/devices/system/cpu/%s/x",
			 sysfs, names[i]);
		ck_assert_int_eq(stat(path, &st), i < 2 ? -1 : 0);
	}
	/* One that cannot be covered is an error, and not passed over. */
	snprintf(path, sizeof(path), "%s/gone", sysfs);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	gone = open(path, O_PATH | O_DIRECTORY);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(nsc_rootfs_cover(&root, gone, &err), -ENOENT);
	close(gone);
	root.scratch = -1;
	ck_assert_int_eq(nsc_rootfs_cover_processors(&root, root.root, &err),
			 -EBADF);
	ck_assert_ptr_nonnull(strstr(err.text, "thermal_throttle'"));
	close(root.root);
	ck_assert_int_eq(umount2(sysfs, MNT_DETACH), 0);
	unit_remove_dir(sysfs);
}
END_TEST

START_TEST(a_hostile_passwd_is_bounded)
{
	struct nsc_exec_user_request request = { .spec = "x" };
	char *huge = malloc(300001);
	struct nsc_exec_user id;

	memset(huge, ':', 300000);
	huge[300000] = '\0';
	ck_assert_int_eq(nsc_exec_user_resolve(&request, huge, huge, &id, &err),
			 -ENOENT);
	memset(huge, '\n', 300000);
	ck_assert_int_eq(nsc_exec_user_resolve(&request, huge, huge, &id, &err),
			 -ENOENT);
	free(huge);
}
END_TEST

/* Neither a long line nor a group beyond some number is passed over. */
START_TEST(a_large_passwd_is_read_whole)
{
	struct nsc_exec_user_request request = { .spec = "x" };
	char *users = NULL, *all = NULL;
	struct nsc_exec_user id;
	size_t size;
	FILE *out = open_memstream(&users, &size);

	fprintf(out, "x:x:7:8:%5000s:/home/x:/bin/sh\n", "gecos");
	fclose(out);
	for (int n = 100; n <= 5000; n += 4900) {
		free(all);
		out = open_memstream(&all, &size);
		for (int i = 0; i < n; i++)
			fprintf(out, "g%d:x:%d:%1500s,x\n", i, 1000 + i, "y");
		fclose(out);
		if (n > NSC_EXEC_USER_GROUPS)
			break;
		ck_assert_int_eq(nsc_exec_user_resolve(&request, users, all,
						       &id, &err), 0);
		ck_assert_uint_eq(id.uid, 7);
		ck_assert_str_eq(id.home, "/home/x");
		ck_assert_uint_eq(id.n_groups, (size_t)n + 1);
		ck_assert_uint_eq(id.groups[n], 1000 + (gid_t)n - 1);
	}
	ck_assert_int_eq(nsc_exec_user_resolve(&request, users, all, &id, &err),
			 -E2BIG);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 4096 groups"));
	free(users);
	free(all);
}
END_TEST

static const char *look_up(char **env, const char *name)
{
	for (; *env; env++)
		if (!strncmp(*env, name, strlen(name)))
			return *env + strlen(name);
	return NULL;
}

static int fits = -1;		/* variables, before the memory ends */

int __real_nsc_text_append(char ***vector, size_t *n, const char *text);
int __wrap_nsc_text_append(char ***vector, size_t *n, const char *text);
int __wrap_nsc_text_append(char ***vector, size_t *n, const char *text)
{
	if (fits == 0)
		return -ENOMEM;
	fits--;
	return __real_nsc_text_append(vector, n, text);
}

/* Nobody goes on with a part of the variables. */
START_TEST(environment_without_memory)
{
	struct nsc_state state = of_myself();
	char *const from[] = { (char[]){ "TERM=xterm" }, NULL };
	char **env = NULL;
	int n = 0;

	ck_assert_int_eq(nsc_environment_make(&state, from, &env, &err), 0);
	while (env[n])
		n++;
	nsc_text_free_vector(env);
	for (int i = 0; i < n; i++) {
		fits = i;
		ck_assert_int_eq(nsc_environment_make(&state, from, &env,
						      &err), -ENOMEM);
	}
	fits = -1;
}
END_TEST

START_TEST(environments)
{
	struct nsc_state state = of_myself();
	char *const from[] = {
		(char[]){ "TERM=xterm" }, (char[]){ "LC_ALL=C" },
		(char[]){ "LD_PRELOAD=/evil" }, (char[]){ "TERMCAP=x" },
		(char[]){ "nonsense" }, (char[]){ "=x" },
		(char[]){ "LC_" }, (char[]){ "HOME=/evil" }, NULL,
	};
	char **env = NULL;

	ck_assert_int_eq(nsc_environment_make(&state, from, &env, &err), 0);
	ck_assert_str_eq(look_up(env, "TERM="), "xterm");
	ck_assert_str_eq(look_up(env, "LC_ALL="), "C");
	ck_assert_str_eq(look_up(env, "HOME="), "/home/alice");
	ck_assert_str_eq(look_up(env, "USER="), state.name);
	ck_assert_str_eq(look_up(env, "LOGNAME="), state.name);
	ck_assert_str_eq(look_up(env, "PATH="), "/x");
	ck_assert_str_eq(look_up(env, "SHELL="), "/bin/sh");
	ck_assert_ptr_null(look_up(env, "LD_PRELOAD="));
	ck_assert_ptr_null(look_up(env, "TERMCAP="));
	ck_assert_ptr_null(look_up(env, "nonsense"));
	nsc_text_free_vector(env);
	ck_assert_int_eq(nsc_environment_make(&state, NULL, &env, &err), 0);
	nsc_text_free_vector(env);
	/* Only root has the directories of root in its path. */
	state.process.env = NULL;
	for (uid_t uid = 0; uid < 2; uid++) {
		state.run_uid = uid;
		ck_assert_int_eq(nsc_environment_make(&state, NULL, &env, &err),
				 0);
		ck_assert_int_eq(strstr(look_up(env, "PATH="), "/sbin") != NULL,
				 uid == 0);
		nsc_text_free_vector(env);
	}
}
END_TEST

/* Without a runtime directory, the caller's variable is not passed on. */
START_TEST(runtime_dir)
{
	struct nsc_state state = of_myself();
	char *const own[] = { (char[]){ "XDG_RUNTIME_DIR=/own" }, NULL };
	char *const all[] = { (char[]){ "XDG_*" }, NULL };
	char *const from[] = {
		(char[]){ "XDG_A=1" }, (char[]){ "XDG_RUNTIME_DIR=/evil" },
		(char[]){ "XDG_RUNTIME_DIRS=2" }, NULL,
	};
	char **env = NULL;

	state.run_uid = 4000000000U;
	state.keep_env = (char **)(uintptr_t)all;
	ck_assert_int_eq(nsc_environment_make(&state, from, &env, &err), 0);
	ck_assert_int_eq(nsc_environment_set_runtime_dir(&state, &env, &err),
			 0);
	ck_assert_ptr_null(look_up(env, "XDG_RUNTIME_DIR="));
	ck_assert_str_eq(look_up(env, "XDG_A="), "1");
	ck_assert_str_eq(look_up(env, "XDG_RUNTIME_DIRS="), "2");
	nsc_text_free_vector(env);
	state.process.env = (char **)(uintptr_t)own;
	ck_assert_int_eq(nsc_environment_make(&state, from, &env, &err), 0);
	ck_assert_int_eq(nsc_environment_set_runtime_dir(&state, &env, &err),
			 0);
	ck_assert_str_eq(look_up(env, "XDG_RUNTIME_DIR="), "/own");
	nsc_text_free_vector(env);
}
END_TEST

static void expect_arguments(int argc, char **argv, const char *expected)
{
	char **args = nsc_shell_arguments(argc, argv, "/bin/bash", true);
	char joined[256] = "";

	for (char **a = args; *a; a++) {
		strcat(joined, *a);
		strcat(joined, "|");
	}
	ck_assert_str_eq(joined, expected);
	free(args[0]);
	free(args);
}

START_TEST(arguments)
{
	char nsshell[] = "nsshell", dash[] = "-nsshell", c[] = "-c",
	     l[] = "-l", cmd[] = "echo 'a b'\n$x";

	expect_arguments(0, (char *[]){ NULL }, "bash|");
	expect_arguments(1, (char *[]){ nsshell, NULL }, "bash|");
	expect_arguments(1, (char *[]){ dash, NULL }, "-bash|");
	expect_arguments(2, (char *[]){ nsshell, l, NULL }, "-bash|");
	expect_arguments(3, (char *[]){ nsshell, c, cmd, NULL },
			 "bash|-c|echo 'a b'\n$x|");
	expect_arguments(4, (char *[]){ nsshell, l, c, cmd, NULL },
			 "-bash|-c|echo 'a b'\n$x|");
}
END_TEST

static const char *const bad_options[] = { "debug=1", "conf=x", "conf",
	"placement=here", "placement", "nonsense", "", "\033[1m" };

START_TEST(options)
{
	struct nsc_pam_options o;
	const char *good[] = { "debug", "conf=/x/y", "placement=start" };

	ck_assert_int_eq(nsc_pam_options_parse(0, NULL, &o, &err), 0);
	ck_assert_str_eq(o.conf, NSC_CONF_PATH);
	ck_assert(!o.debug && !o.has_placement);
	ck_assert_int_eq(nsc_pam_options_parse(3, good, &o, &err), 0);
	ck_assert_str_eq(o.conf, "/x/y");
	ck_assert(o.debug && o.has_placement);
	ck_assert_int_eq(o.placement, NSC_PLACEMENT_START);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bad_options); i++) {
		good[1] = bad_options[i];
		ck_assert_int_eq(nsc_pam_options_parse(3, good, &o, &err),
				 -EINVAL);
		ck_assert_ptr_null(strchr(err.text, '\033'));
	}
}
END_TEST

/* It is the user's own, and nobody else's. */
START_TEST(runtime_dir_of_the_user)
{
	struct nsc_state state = of_myself();
	char **env = NULL;

	own_places();
	ck_assert_int_eq(mkdir("/run/user", 0755), 0);
	ck_assert_int_eq(mkdir("/run/user/4711", 0700), 0);
	state.run_uid = 4711;
	for (uid_t owner = 4710; owner <= 4711; owner++) {
		ck_assert_int_eq(chown("/run/user/4711", owner, 0), 0);
		ck_assert_int_eq(nsc_environment_make(&state, NULL, &env, &err),
				 0);
		ck_assert_int_eq(nsc_environment_set_runtime_dir(&state, &env,
								 &err), 0);
		if (owner == 4711)
			ck_assert_str_eq(look_up(env, "XDG_RUNTIME_DIR="),
					 "/run/user/4711");
		else
			ck_assert_ptr_null(look_up(env, "XDG_RUNTIME_DIR="));
		nsc_text_free_vector(env);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		identities, long_paths, a_login_is_who_it_is,
		a_login_with_long_texts, a_login_with_many_groups,
		a_hostile_passwd_is_bounded,
		a_large_passwd_is_read_whole,
		environments, environment_without_memory, runtime_dir,
		arguments, options, NULL,
	};
	const TTest *const root[] = {
		processors_are_covered, runtime_dir_of_the_user, NULL,
	};
	Suite *suite = suite_create("container");
	TCase *tcase = unit_case("container");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
