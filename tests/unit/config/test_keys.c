/* SPDX-License-Identifier: Apache-2.0 */
/* lib/config/mount_keys.c, process.c; lib/rootfs/accounts.c. */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

#include "util/fd.h"
#include "util/text.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "config/engine_keys.h"
#include "rootfs/accounts.h"

static gid_t groups[] = { 1000, 27 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/bash" }, .group = (char[]){ "alice" },
	.uid = 1000, .gid = 1000, .groups = groups, .n_groups = 2,
};

static struct nsc_error err;

static struct nsc_config *parse(const char *text)
{
	struct nsc_config *config = NULL;

	nsc_config_parse(text, "F", "/etc/dir", &alice, &config, &err);
	return config;
}

static struct nsc_config *good(const char *text)
{
	struct nsc_config *config = parse(text);

	ck_assert_msg(config, "%s: %s", text, err.text);
	return config;
}

START_TEST(mounts)
{
	struct nsc_config *c = good("{\"mounts\": ["
		"{\"type\": \"tmpfs\", \"destination\": \"/a\","
		" \"size\": \"64m\", \"mode\": \"1777\"},"
		"{\"type\": \"tmpfs\", \"destination\": \"/b\","
		" \"size\": 4096},"
		"{\"type\": \"bind\", \"source\": \"/srv\","
		" \"destination\": \"/c\", \"private\": false},"
		"{\"type\": \"bind\", \"source\": \"/srv\","
		" \"destination\": \"/d\"},"
		"{\"type\": \"overlay\", \"source\": \"/x:/y/%u\","
		" \"destination\": \"/e\", \"writable\": true}]}");

	ck_assert_str_eq(c->mounts[0].size, "67108864");
	ck_assert_uint_eq(c->mounts[0].mode, 01777);
	ck_assert_str_eq(c->mounts[1].size, "4096");
	ck_assert_uint_eq(c->mounts[1].mode, 0755);
	ck_assert(c->mounts[2].slave);
	ck_assert(!c->mounts[3].slave);
	ck_assert_int_eq(c->mounts[4].type, NSC_MOUNT_OVERLAY);
	ck_assert_str_eq(c->mounts[4].source, "/x:/y/alice");
	nsc_config_free(c);
}
END_TEST

START_TEST(process)
{
	struct nsc_config *c = good("{\"umask\": \"0027\","
		"\"oom_score_adj\": -500, \"init\": \"/sbin/init  --x\","
		"\"sysctl\": {\"net.ipv4.conf.eth0/1.x\": \"1\","
		" \"net/ipv4/conf/eth0.1/y\": \"2\"},"
		"\"masked_paths\": [\"/a\"], \"readonly_paths\": [\"/b\"],"
		"\"no_pivot_root\": true,"
		"\"lifecycle\": {\"on_change\": \"drain\"},"
		"\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 20,"
		" \"soft\": 10}, {\"type\": \"RLIMIT_CORE\", \"hard\": -1,"
		" \"soft\": \"unlimited\"}],"
		"\"hooks\": {\"start\": [{\"path\": \"/bin/a\","
		" \"args\": [\"%u\"], \"timeout\": 3,"
		" \"on_failure\": \"ignore\"}], \"stop\": [{\"path\": \"/b\"}]"
		"}}");

	ck_assert_int_eq(c->process.umask, 027);
	ck_assert_uint_eq(c->on_change, NSC_ON_CHANGE_DRAIN);
	ck_assert_int_eq(c->process.oom_score_adj, -500);
	ck_assert_str_eq(c->init[0], "/sbin/init");
	ck_assert_str_eq(c->init[1], "--x");
	ck_assert_ptr_null(c->init[2]);
	ck_assert_str_eq(c->sysctl[0], "net/ipv4/conf/eth0.1/x=1");
	ck_assert_str_eq(c->sysctl[1], "net/ipv4/conf/eth0.1/y=2");
	ck_assert_uint_eq(c->process.rlimits.set, 1U << RLIMIT_CORE |
			  1U << RLIMIT_NOFILE);
	ck_assert_uint_eq(c->process.rlimits.of[RLIMIT_CORE].soft, UINT64_MAX);
	ck_assert_uint_eq(c->process.rlimits.of[RLIMIT_NOFILE].hard, 20);
	ck_assert_int_eq(c->hooks[0].when, NSC_HOOK_START);
	ck_assert_int_eq(c->hooks[1].when, NSC_HOOK_STOP);
	ck_assert_uint_eq(c->hooks[0].timeout, 3);
	ck_assert_uint_eq(c->hooks[1].timeout, 10);
	ck_assert_uint_eq(c->hooks[0].on_failure, 1);
	ck_assert(c->no_pivot_root);
	nsc_config_free(c);
}
END_TEST

START_TEST(process_defaults)
{
	struct nsc_config *c = good("{}");

	ck_assert_int_eq(c->process.umask, -1);
	ck_assert_uint_eq(c->on_change, NSC_ON_CHANGE_HOST);
	ck_assert_int_eq(c->process.oom_score_adj, NSC_OOM_LEAVE);
	ck_assert_int_eq(c->process.sched_policy, -1);
	ck_assert_int_eq(c->process.io_priority, -1);
	ck_assert_int_eq(c->process.personality, -1);
	ck_assert_ptr_null(c->process.cpu_affinity);
	ck_assert_uint_eq(c->max_terminals, 256);
	ck_assert_uint_eq(c->cgroups.limits.set, 0);
	ck_assert_uint_eq(c->cgroups.limits.wished, 1U << NSC_CGROUP_N_PIDS);
	ck_assert_int_eq(c->cgroups.limits.number[NSC_CGROUP_N_PIDS], 2048);
	ck_assert_uint_eq(c->process.rlimits.set, 1U << RLIMIT_CORE);
	ck_assert_uint_eq(c->process.rlimits.of[RLIMIT_CORE].hard, 0);
	ck_assert_ptr_null(c->init);
	nsc_config_free(c);
}
END_TEST

#define MOUNT(rest) "{\"mounts\": [{\"destination\": \"/x\", " rest "}]}"
#define RLIMIT(type, hard, soft) "{\"type\": \"" type "\", \"hard\": " hard \
	", \"soft\": " soft "}"

static const struct {
	const char *text, *expected;
} wrong[] = {
	{ "{\"lifecycle\": {\"on_change\": \"now\"}}",
	  "lifecycle.on_change: expected one of \"keep\", \"drain\", "
	  "\"recycle\"" },
	{ "{\"lifecycle\": {\"on_change\": 1}}",
	  "lifecycle.on_change: expected one of" },
	{ "{\"lifecycle\": {\"x\": 1}}", "lifecycle.x: unknown key" },
	{ "{\"max_terminals\": -1}", "max_terminals: expected a number from "
	  "0 to 1048576" },
	{ "{\"pidfile\": \"run/x\"}", "pidfile: expected an absolute path" },
	{ "{\"pidfile\": \"/run/../x\"}", "pidfile: expected an absolute" },
	{ "{\"pidfile\": \"/run/%x\"}", "pidfile: after '%'" },
	{ "{\"engine\": []}", "engine: expected an object" },
	{ "{\"engine\": {\"start\": {}}}", "engine.start.path: is missing" },
	{ "{\"engine\": {\"start\": {\"path\": \"/x\", "
	  "\"args\": [\"%q\"]}}}", "engine.start.args[0]: after '%'" },
	{ "{\"engine\": {\"stop\": {\"path\": \"/x\", "
	  "\"on_failure\": \"ignore\"}}}",
	  "engine.stop.on_failure: unknown key" },
	{ MOUNT("\"source\": \"/a\""), "mounts[0].type: is missing" },
	{ MOUNT("\"type\": \"ext4\""), "mounts[0].type: expected one of" },
	{ MOUNT("\"type\": \"devtmpfs\""), "/dev is managed" },
	{ MOUNT("\"type\": \"tmpfs\", \"size\": \"big\""),
	  "mounts[0].size: expected a number of bytes" },
	{ MOUNT("\"type\": \"tmpfs\", \"size\": \"64m,mode=0\""),
	  "mounts[0].size: expected" },
	{ MOUNT("\"type\": \"tmpfs\", \"size\": 0"), "size: expected" },
	{ MOUNT("\"type\": \"tmpfs\", \"mode\": \"7777\""), "mode: expected" },
	{ MOUNT("\"type\": \"proc\", \"size\": 1"), "size: is for the type" },
	{ MOUNT("\"type\": \"proc\", \"mode\": 1"), "mode: is for the type" },
	{ MOUNT("\"type\": \"overlay\""), "source: expected absolute paths" },
	{ MOUNT("\"type\": \"overlay\", \"source\": \"/a:b\""),
	  "source: expected absolute paths" },
	{ MOUNT("\"type\": \"overlay\", \"source\": \"/a:\""),
	  "source: expected absolute paths" },
	{ "{\"rlimits\": [" RLIMIT("NOFILE", "1", "1") "]}",
	  "rlimits[0].type: expected the name of a limit" },
	{ "{\"rlimits\": [" RLIMIT("RLIMIT_NOFILE", "1", "2") "]}",
	  "rlimits[0].soft: is above hard" },
	{ "{\"rlimits\": [" RLIMIT("RLIMIT_NOFILE", "-2", "1") "]}",
	  "rlimits[0].hard: expected" },
	{ "{\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\"}]}",
	  "rlimits[0]: expected type, hard and soft" },
	{ "{\"rlimits\": [" RLIMIT("RLIMIT_AS", "1", "1") ", "
	  RLIMIT("RLIMIT_AS", "2", "2") "]}", "each type once" },
	{ "{\"sysctl\": {\"kernel.core_pattern\": \"|/x\"}}",
	  "kernel/core_pattern applies to the whole host" },
	{ "{\"sysctl\": {\"net.ipv4.ip_forward\": 1}}", "strings as values" },
	{ "{\"sysctl\": {\"net/../kernel/x\": \"1\"}}", "sysctl: expected" },
	{ "{\"sysctl\": {\"/net/x\": \"1\"}}", "sysctl: expected" },
	{ "{\"sysctl\": {\"net.x\": \"1\"}, \"namespaces\": {\"NEWNS\": true,"
	  " \"NEWPID\": true}}", "net/x needs namespaces.NEWNET" },
	{ "{\"umask\": 512}", "umask: expected permission bits" },
	{ "{\"umask\": \"0o22\"}", "umask: expected" },
	{ "{\"oom_score_adj\": -1001}", "oom_score_adj: expected a number" },
	{ "{\"init\": \"sbin/init\"}", "init: expected \"builtin\", or" },
	{ "{\"init\": \" \"}", "init: expected" },
	{ "{\"init\": []}", "init: expected" },
	{ "{\"init\": [1]}", "init[0]: expected a string" },
	{ "{\"masked_paths\": [\"a\"]}", "masked_paths[0]: expected" },
	{ "{\"readonly_paths\": [\"/a/..\"]}", "readonly_paths[0]: expected" },
	{ "{\"hooks\": {\"start\": [{}]}}", "hooks.start[0].path: is missing" },
	{ "{\"hooks\": {\"start\": [{\"path\": \"a\"}]}}",
	  "hooks.start[0].path: expected an absolute path" },
	{ "{\"hooks\": {\"stop\": [{\"path\": \"/a\", \"timeout\": 0}]}}",
	  "hooks.stop[0].timeout: expected a number from 1" },
	{ "{\"hooks\": {\"stop\": [{\"path\": \"/a\","
	  " \"on_failure\": \"refuse\"}]}}",
	  "hooks.stop[0].on_failure: is for hooks at start" },
	{ "{\"hooks\": {\"never\": []}}", "hooks.never: unknown key" },
	{ "{\"lifecycle\": 1}", "lifecycle: expected an object" },
	{ "{\"lifecycle\": {\"end\": 1}}", "lifecycle.end: unknown key" },
	{ "{\"lifecycle\": {\"stop\": \"soon\"}}",
	  "lifecycle.stop: expected one of \"empty\", \"logout\"" },
	{ "{\"lifecycle\": {\"linger\": 86401}}",
	  "lifecycle.linger: expected a number from 0 to 86400" },
	{ "{\"lifecycle\": {\"on_disconnect\": true}}",
	  "lifecycle.on_disconnect: expected one of \"hangup\"" },
	{ "{\"lifecycle\": {\"idle_timeout\": \"1\"}}",
	  "lifecycle.idle_timeout: expected a number" },
	{ "{\"lifecycle\": {\"max_lifetime\": -1}}",
	  "lifecycle.max_lifetime: expected a number" },
	{ "{\"lifecycle\": {\"max_sessions\": 10001}}",
	  "lifecycle.max_sessions: expected a number from 0 to 10000" },
};

/* Missing keys take the host's values. */
START_TEST(lifecycle)
{
	const struct nsc_lifecycle host = {
		.stop = NSC_STOP_LOGOUT, .linger = 5, .max_sessions = 7,
		.on_disconnect = NSC_DISCONNECT_KILL, .idle_timeout = 60,
	};
	struct nsc_config *c = good("{\"lifecycle\": {\"stop\": \"empty\","
		"\"max_sessions\": 2, \"on_disconnect\": \"keep\","
		"\"max_lifetime\": 100, \"idle_timeout\": 0}}");
	struct nsc_config *none = good("{}");
	struct nsc_lifecycle l;

	nsc_lifecycle_merge(&host, &c->lifecycle, &l);
	ck_assert_uint_eq(l.stop, NSC_STOP_EMPTY);
	ck_assert_uint_eq(l.linger, 5);
	ck_assert_uint_eq(l.max_sessions, 2);
	ck_assert_uint_eq(l.on_disconnect, NSC_DISCONNECT_KEEP);
	ck_assert_uint_eq(l.max_lifetime, 100);
	ck_assert_uint_eq(l.idle_timeout, 0);
	nsc_lifecycle_merge(&host, &none->lifecycle, &l);
	ck_assert_mem_eq(&l, &host, sizeof(l));
	nsc_config_free(c);
	nsc_config_free(none);
}
END_TEST

START_TEST(wrong_values_are_named)
{
	ck_assert_ptr_null(parse(wrong[_i].text));
	ck_assert_msg(strstr(err.text, wrong[_i].expected), "%s: got %s",
		      wrong[_i].text, err.text);
}
END_TEST

static bool exact;
static char *group_names[] = { (char[]){ "alice" }, (char[]){ "sudo" } };

static char *make(bool (*write)(const struct nsc_account *account,
				const char *text, FILE *out),
		  const char *from, bool changed)
{
	const struct nsc_account account = {
		&alice, "/bin/sh", groups, group_names, 2, exact,
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(write(&account, from, out), changed);
	fclose(out);
	return text;
}

static void expect_passwd(const char *from, const char *to)
{
	char *text = make(nsc_accounts_passwd, from, to != NULL);

	if (to)
		ck_assert_str_eq(text, to);
	free(text);
}

static void expect_group(const char *from, bool changed, const char *to)
{
	char *text = make(nsc_accounts_group, from, changed);

	if (changed)
		ck_assert_str_eq(text, to);
	free(text);
}

#define LINE "alice:*:1000:1000::/home/alice:/bin/sh\n"

START_TEST(passwd_has_the_user)
{
	expect_passwd("root:x:0:0::/:/bin/sh\n" LINE, NULL);
	expect_passwd(NULL, LINE);
	expect_passwd("root:x:0:0::/:/bin/sh\n", LINE
		      "root:x:0:0::/:/bin/sh\n");
	/* The user's line comes before lines with the same name or uid. */
	expect_passwd("alice:x:1001:1::/:/x\n", LINE "alice:x:1001:1::/:/x\n");
	expect_passwd("bob:x:1000:1::/:/x\n", LINE "bob:x:1000:1::/:/x\n");
	expect_passwd("alice:x:1:1::/:/x\n" LINE, LINE "alice:x:1:1::/:/x\n"
		      LINE);
	expect_passwd("alice\n:::\nalicex:x:1000:1:::", LINE
		      "alice\n:::\nalicex:x:1000:1:::");
}
END_TEST

START_TEST(group_has_the_user)
{
	expect_group("alice:x:1000:\nsudo:x:27:alice\n", false, NULL);
	expect_group("alice:x:1000:\nsudo:x:27:bob,alice\n", false, NULL);
	/* Between two commas there may be nobody. */
	expect_group("alice:x:1000:\nsudo:x:27:,alice\n", false, NULL);
	expect_group("alice:x:1000:\nsudo:x:27:bob, ,alice,\n", false, NULL);
	expect_group("alice:x:1000:\nsudo:x:27:\n", true,
		     "alice:x:1000:\nsudo:x:27:alice\n");
	expect_group("a:x:1000:\nwheel:x:27:alicex,bob", true,
		     "a:x:1000:\nwheel:x:27:alicex,bob,alice\n");
	expect_group(NULL, true, "alice:*:1000:\nsudo:*:27:alice\n");
	expect_group("broken:27\nsudo:x:27\n", true,
		     "broken:27\nsudo:x:27\nalice:*:1000:\n");
}
END_TEST

/* M13: if ids inside are host ids, the rootfs's files give no group. */
START_TEST(no_group_but_the_hosts)
{
	exact = true;
	expect_passwd(LINE, NULL);
	expect_passwd("alice:x:1000:42::/:/x\n", LINE
		      "alice:x:1000:42::/:/x\n");
	expect_group("alice:x:1000:\nsudo:x:27:alice\n", false, NULL);
	expect_group("alice:x:1000:\nsudo:x:27:alice\n"
		     "shadow:x:42:alice\ndisk:x:6:bob, alice,carol\n"
		     "tty:x:05:\talice\n  adm:x:4:alice ,alice\n", true,
		     "alice:x:1000:\nsudo:x:27:alice\n"
		     "shadow:x:42:\ndisk:x:6:bob,carol\n"
		     "tty:x:05:\n  adm:x:4:\n");
	/* Another spelling of the same gid gives her no group either. */
	expect_group("alice:x:1000:\nsudo:x:27:alice\nx:x:0027:alice\n", true,
		     "alice:x:1000:\nsudo:x:27:alice\nx:x:0027:\n");
	exact = false;
}
END_TEST

START_TEST(external)
{
	struct nsc_config *c = good("{\"pidfile\": \"/run/x/%u.pid\","
		"\"engine\": {\"start\": {\"path\": \"/usr/bin/crun\","
		" \"args\": [\"start\", \"c-%u\"]},"
		" \"stop\": {\"path\": \"/bin/x\", \"timeout\": 3}},"
		"\"context\": {\"apparmor_profile\": \"p\"},"
		"\"umask\": 18, \"session\": {\"login\": false}}");

	ck_assert_int_eq(nsc_external_finish(c, "/other", &alice, &err), 0);
	ck_assert_str_eq(c->pidfile, "/run/x/alice.pid");
	ck_assert_ptr_null(c->rootfs);
	ck_assert_str_eq(c->engine_start.path, "/usr/bin/crun");
	ck_assert_str_eq(c->engine_start.args[1], "c-alice");
	ck_assert_uint_eq(c->engine_start.timeout, 10);
	ck_assert_uint_eq(c->engine_stop.timeout, 3);
	nsc_config_free(c);
}
END_TEST

START_TEST(external_by_default)
{
	struct nsc_config *c = good("{}");

	ck_assert_int_eq(nsc_external_finish(c, NULL, &alice, &err), 0);
	ck_assert_ptr_null(c->pidfile);
	ck_assert_str_eq(c->rootfs, "/etc/dir");
	ck_assert_int_eq(nsc_external_finish(c, "/run/%U", &alice, &err), 0);
	ck_assert_str_eq(c->pidfile, "/run/1000");
	ck_assert_ptr_null(c->rootfs);
	nsc_config_free(c);
	c = good("{\"rootfs\": \"/\", \"hostname\": \"x\"}");
	ck_assert_int_eq(nsc_external_finish(c, "/run/%U", &alice, &err), 0);
	ck_assert_ptr_null(c->pidfile);
	ck_assert_str_eq(c->rootfs, "/");
	nsc_config_free(c);
	c = good("{}");
	ck_assert_int_lt(nsc_external_finish(c, "/run/%x", &alice, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "nscontainer.conf: pidfile: "
				     "after '%'"));
	nsc_config_free(c);
}
END_TEST

/* Keys for values that the engine decides. */
static const char *const taken[] = {
	"\"rootfs\": \"/\"", "\"overlay\": \"tmpfs\"",
	"\"readonly_fs\": true", "\"no_pivot_root\": false",
	"\"hostname\": \"x\"", "\"namespaces\": {\"NEWNS\": true, "
	"\"NEWPID\": true}", "\"networks\": []", "\"cgroups\": {}",
	"\"mounts\": []", "\"device_nodes\": []", "\"home\": \"none\"",
	"\"home_required\": true", "\"home_size\": 0",
	"\"overlay_size\": 0",
	"\"init\": \"/sbin/init\"", "\"sysctl\": {}",
	"\"masked_paths\": []", "\"readonly_paths\": []", "\"hooks\": {}",
	"\"root_paths\": []",
	"\"uid_mappings\": [{\"container_id\": 0, \"host_id\": 1, "
	"\"size\": 9}], \"gid_mappings\": [{\"container_id\": 0, "
	"\"host_id\": 1, \"size\": 9}]",
	"\"context\": {\"mount_label\": \"x\"}",
	"\"context\": {\"restrictions\": \"x\"}",
};

START_TEST(external_refuses)
{
	char text[512];
	struct nsc_config *c;

	snprintf(text, sizeof(text), "{\"pidfile\": \"/run/x\", %s}",
		 taken[_i]);
	c = good(text);
	ck_assert_int_lt(nsc_external_finish(c, NULL, &alice, &err), 0);
	ck_assert_msg(strstr(err.text,
			     ": cannot be combined with pidfile '/run/x': "),
		      "%s: %s", text, err.text);
	nsc_config_free(c);
}
END_TEST

START_TEST(engine_needs_pidfile)
{
	struct nsc_config *c = good("{\"engine\": {\"stop\": "
				    "{\"path\": \"/x\"}}}");

	ck_assert_int_lt(nsc_external_finish(c, NULL, &alice, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "F: engine: needs pidfile"));
	ck_assert_int_eq(nsc_external_finish(c, "/run/x", &alice, &err), 0);
	nsc_config_free(c);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		mounts, process, process_defaults, passwd_has_the_user,
		group_has_the_user, no_group_but_the_hosts, external,
		external_by_default, engine_needs_pidfile, lifecycle, NULL,
	};
	Suite *suite = suite_create("keys");
	TCase *tcase = unit_case("keys");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, wrong_values_are_named, 0,
			    NSC_ARRAY_SIZE(wrong));
	tcase_add_loop_test(tcase, external_refuses, 0,
			    NSC_ARRAY_SIZE(taken));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
