/* SPDX-License-Identifier: Apache-2.0 */
/* lib/config/container_config.c, lists.c, field.c: container.json. */
#include "unit.h"

#include <errno.h>
#include <sched.h>

#include "util/fd.h"
#include "util/text.h"
#include "config/container_config.h"

static gid_t groups[] = { 1000, 27 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/bash" }, .group = (char[]){ "users" },
	.uid = 1000, .gid = 100, .groups = groups, .n_groups = 2,
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

static void bad(const char *text, const char *expected)
{
	struct nsc_config *config = parse(text);

	ck_assert_msg(!config, "accepted: %s", text);
	ck_assert_msg(strstr(err.text, expected), "%s\nexpected: %s\ngot: %s",
		      text, expected, err.text);
	ck_assert_int_eq(strncmp(err.text, "F: ", 3), 0);
}

START_TEST(defaults)
{
	struct nsc_config *c = good("{}");

	ck_assert_str_eq(c->rootfs, "/etc/dir");
	ck_assert_uint_eq(c->namespaces, CLONE_NEWNS | CLONE_NEWUTS |
			  CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
			  CLONE_NEWNET | CLONE_NEWCGROUP);
	ck_assert_uint_eq(c->process.capabilities, 0xa00405fb);
	ck_assert(c->default_devices && c->automatic_mappings);
	ck_assert(c->login_shell && !c->readonly_fs &&
		  !c->process.no_new_privs);
	ck_assert_str_eq(c->keep_env[0], "TERM");
	ck_assert_str_eq(c->bring[0], "KRB5CCNAME");
	ck_assert_ptr_null(c->bring[1]);
	ck_assert_str_eq(c->seccomp, "default");
	ck_assert_ptr_null(c->process.env[0]);
	nsc_config_free(c);
}
END_TEST

START_TEST(values)
{
	struct nsc_config *c = good(
		"{\"rootfs\": \"img/%u\", \"hostname\": \"%u-%U\","
		"\"user\": \"daemon:%g\", \"working_dir\": \"%h/x/\","
		"\"environment\": [\"A=%u $HOME\", \"B=\"],"
		"\"readonly_fs\": true, \"no_new_privs\": true,"
		"\"overlay\": \"persistent\", \"home\": \"private\","
		"\"capabilities\": [\"CHOWN\", \"cap_kill\"],"
		"\"networks\": [{\"type\": \"loopback\", \"mtu\": 1500,"
		" \"address\": \"127.0.0.1/0\", \"gateway\": \"localhost\"}],"
		"\"session\": {\"shell\": \"/bin/zsh\", \"login\": false,"
		" \"message\": \"100%% %G\", \"keep_env\": []},"
		"\"seccomp\": \"/etc/%u.json\"}");

	ck_assert_str_eq(c->rootfs, "/etc/dir/img/alice");
	ck_assert_str_eq(c->hostname, "alice-1000");
	ck_assert_str_eq(c->user, "daemon:users");
	ck_assert_str_eq(c->process.cwd, "/home/alice/x");
	ck_assert_str_eq(c->process.env[0], "A=%u $HOME");
	ck_assert_str_eq(c->process.env[1], "B=");
	ck_assert(c->readonly_fs && c->process.no_new_privs);
	ck_assert_int_eq(c->overlay, NSC_OVERLAY_PERSISTENT);
	ck_assert_int_eq(c->home, NSC_HOME_PRIVATE);
	ck_assert_uint_eq(c->process.capabilities, 0x21);
	ck_assert_uint_eq(c->n_networks, 1);
	ck_assert_uint_eq(c->networks[0].mtu, 1500);
	ck_assert_str_eq(c->shell, "/bin/zsh");
	ck_assert_str_eq(c->message, "100% 100");
	ck_assert_str_eq(c->seccomp, "/etc/alice.json");
	ck_assert(!c->login_shell);
	ck_assert_ptr_null(c->keep_env[0]);
	nsc_config_free(c);
}
END_TEST

START_TEST(arrays)
{
	struct nsc_config *c = good(
		"{\"mounts\": [{\"type\": \"devtmpfs\"},"
		" {\"type\": \"bind\", \"source\": \"/srv/%u\","
		"  \"destination\": \"/data\", \"writable\": true},"
		" {\"type\": \"tmpfs\", \"destination\": \"/x\"}],"
		"\"device_nodes\": [{\"path\": \"/dev/net/tun\", \"type\": 99,"
		" \"major_number\": 10, \"minor_number\": 200,"
		" \"cgroup_permissions\": \"rwm\", \"file_mode\": 438}],"
		"\"uid_mappings\": [{\"container_id\": 0, \"host_id\": 5,"
		" \"size\": 10}], \"gid_mappings\": [{\"container_id\": 0,"
		" \"host_id\": 5, \"size\": 10}]}");

	ck_assert_uint_eq(c->n_mounts, 2);
	ck_assert_str_eq(c->mounts[0].source, "/srv/alice");
	ck_assert(c->mounts[0].writable && c->mounts[0].type == NSC_MOUNT_BIND);
	ck_assert_int_eq(c->mounts[1].type, NSC_MOUNT_TMPFS);
	ck_assert_uint_eq(c->n_devices, 1);
	ck_assert(!c->default_devices && c->devices[0].type == 'c');
	ck_assert_uint_eq(c->devices[0].mode, 0666);
	ck_assert_uint_eq(c->devices[0].minor, 200);
	ck_assert(!c->automatic_mappings);
	ck_assert_uint_eq(c->uid_mappings[0].host_id, 5);
	nsc_config_free(c);
}
END_TEST

static const struct {
	const char *text, *expected;
} wrong[] = {
	{ "", "line 1" },
	{ "{", "line 1" },
	{ "[]", "expected an object, got []" },
	{ "{\"a\": 1}", "F: a: unknown key" },
	{ "{\"a\": null}", "F: a: unknown key" },
	{ "{\"a\\u001b\": 1}", "F: a\\x1b: unknown key" },
	{ "{\"tty\": true, \"tty\": true}", "duplicate" },
	{ "{\"hostname\": \"\\ud800\"}", "line 1" },
	{ "{\"hostname\": \"a\\u0000b\"}", "line 1" },
	{ "{\"hostname\": 1}", "hostname: expected a string, got 1" },
	{ "{\"hostname\": \"\"}", "hostname: expected 1 to 64" },
	{ "{\"hostname\": \"a b\"}", "hostname: expected 1 to 64" },
	{ "{\"hostname\": \"%x\"}", "hostname: after '%' expected" },
	{ "{\"hostname\": \"x%\"}", "hostname: after '%' expected" },
	{ "{\"user\": \":\"}", "user: expected name, uid" },
	{ "{\"user\": \"a:b:c\"}", "user: expected name, uid" },
	{ "{\"working_dir\": \"x\"}", "expected an absolute path" },
	{ "{\"working_dir\": \"/a/../b\"}", "without '..'" },
	{ "{\"rootfs\": \"../x\"}", "without '..'" },
	{ "{\"rootfs\": \"\"}", "rootfs: expected a directory or an image" },
	{ "{\"readonly_fs\": \"yes\"}",
	  "readonly_fs: expected true or false, got \"yes\"" },
	{ "{\"environment\": [\"A\"]}", "environment[0]: expected KEY=VALUE" },
	{ "{\"environment\": [\"1=2\"]}", "environment[0]: expected KEY" },
	{ "{\"environment\": [\"A=1\", \"A=2\"]}",
	  "environment[1]: expected each KEY once" },
	{ "{\"environment\": [\"A=\\n\"]}", "without control characters" },
	{ "{\"environment\": \"A=1\"}", "expected an array" },
	{ "{\"namespaces\": {\"NEWPID\": true}}", "NEWNS must be true" },
	{ "{\"namespaces\": {\"NEWNS\": true}}", "NEWPID must be true" },
	{ "{\"namespaces\": {\"NEWFOO\": true}}",
	  "namespaces.NEWFOO: unknown key" },
	{ "{\"namespaces\": {\"NEWNS\": 1}}", "namespaces.NEWNS: expected" },
	{ "{\"capabilities\": [\"CHOWN,KILL\"]}", "capabilities[0]: expected" },
	{ "{\"capabilities\": [\"0\"]}", "capabilities[0]: expected" },
	{ "{\"capabilities\": [\"CAP_\"]}", "capabilities[0]: expected" },
	{ "{\"capabilities\": [\"CHOWNCHOWNCHOWNCHOWNCHOWNCHOWNCHOWNCHOWN\"]}",
	  "capabilities[0]: expected" },
	{ "{\"capabilities\": [\"CHOWN\", \"FLY\"]}",
	  "capabilities[1]: expected the name of a capability" },
	{ "{\"networks\": [{\"type\": \"loopback\"}, {\"type\": \"loopback\","
	  " \"mtu\": \"big\"}]}",
	  "F: networks[1].mtu: expected a number from 68 to 65535, got "
	  "\"big\"" },
	{ "{\"networks\": [{\"mtu\": 67}]}", "networks[0].mtu: expected" },
	{ "{\"networks\": [{\"mtu\": 1500}]}", "networks[0].type: is missing" },
	{ "{\"networks\": [{\"type\": \"tap\"}]}", "networks[0].type: expect" },
	{ "{\"mounts\": [{\"type\": \"bind\", \"destination\": \"/x\"}]}",
	  "mounts[0].source: expected an absolute path" },
	{ "{\"mounts\": [{\"type\": \"tmpfs\"}]}",
	  "mounts[0].destination: is missing" },
	{ "{\"mounts\": [{\"type\": \"tmpfs\", \"destination\": \"/\"}]}",
	  "is the rootfs" },
	{ "{\"mounts\": [{\"type\": \"tmpfs\", \"destination\":"
	  " \"/a/../../b\"}]}", "without '..'" },
	{ "{\"device_nodes\": [{\"path\": \"/dev/../etc/x\", \"type\": \"c\","
	  " \"major_number\": 1, \"minor_number\": 3}]}", "below /dev" },
	{ "{\"device_nodes\": [{\"path\": \"/dev/x\", \"type\": 97,"
	  " \"major_number\": 1, \"minor_number\": 3}]}",
	  "device_nodes[0].type: expected 99" },
	{ "{\"device_nodes\": [{\"path\": \"/dev/x\", \"type\": \"c\","
	  " \"major_number\": 1, \"minor_number\": -1}]}", "both numbers" },
	{ "{\"device_nodes\": [{\"file_mode\": \"0999\"}]}", "octal" },
	{ "{\"device_nodes\": [{\"file_mode\": 2541}]}", "permission bits" },
	{ "{\"uid_mappings\": []}", "expected both or none" },
	{ "{\"uid_mappings\": [{\"container_id\": 0, \"host_id\": 1}]}",
	  "expected container_id, host_id and size" },
	{ "{\"uid_mappings\": [{\"container_id\": 1, \"host_id\": 4294967290,"
	  " \"size\": 10}]}", "ends beyond" },
	{ "{\"uid_mappings\": [{\"container_id\": 0, \"host_id\": 1,"
	  " \"size\": 10}, {\"container_id\": 9, \"host_id\": 50, \"size\": 1"
	  "}]}", "uid_mappings[1]: overlaps" },
	{ "{\"hostname\": \"x\", \"namespaces\": {\"NEWNS\": true,"
	  " \"NEWPID\": true}}", "needs namespaces.NEWUTS" },
	{ "{\"overlay\": \"zfs\"}",
	  "overlay: expected one of \"none\", \"tmpfs\", \"persistent\"" },
	{ "{\"session\": {\"shell\": \"bash\"}}", "session.shell: expected" },
	{ "{\"cgroups\": {\"memory\": -1}}", "cgroups.memory: expected" },
	{ "{\"cgroups\": {\"freezer\": \"COLD\"}}", "cgroups.freezer: expect" },
};

START_TEST(wrong_values_are_named)
{
	bad(wrong[_i].text, wrong[_i].expected);
}
END_TEST

START_TEST(neutral_values_are_fine)
{
	nsc_config_free(good("{\"tty\": false, \"no_pivot_root\": false,"
		"\"cgroups\": {\"allow_all_devices\": false},"
		"\"seccomp\": \"unconfined\", \"init\": \"builtin\","
		"\"context\": {\"restrictions\": \"true\","
		" \"apparmor_profile\": \"\", \"process_label\": \"\","
		" \"mount_label\": \"\"}}"));
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	char text[20000];
	size_t at = 0;

	at += (size_t)sprintf(text, "{\"cgroups\": ");
	while (at < sizeof(text) - 1)
		text[at++] = '[';
	text[at] = '\0';
	bad(text, "line 1");
}
END_TEST

static char *read_text(const char *name)
{
	char path[512];
	char *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", SRCDIR, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, file), 0);
	fclose(file);
	return text;
}

START_TEST(sample_of_2014)
{
	char *text = read_text("tests/unit/samples/2014.json");
	struct nsc_config *c = good(text);

	ck_assert_str_eq(c->user, "daemon");
	ck_assert_str_eq(c->hostname, "koye");
	ck_assert_uint_eq(c->n_networks, 2);
	ck_assert_int_eq(c->networks[1].type, NSC_NETWORK_VETH);
	ck_assert(c->process.terminal);
	nsc_config_free(c);
	free(text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		defaults, values, arrays, neutral_values_are_fine,
		deep_nesting_is_refused, sample_of_2014, NULL,
	};
	Suite *suite = suite_create("container.json");
	TCase *tcase = unit_case("container.json");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, wrong_values_are_named, 0,
			    NSC_ARRAY_SIZE(wrong));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
