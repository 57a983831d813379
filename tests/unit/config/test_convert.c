/* SPDX-License-Identifier: Apache-2.0 */
/* lib/config/convert*.c: earlier and later forms, and the OCI's. */
#include "unit.h"

#include <sched.h>

#include "util/fd.h"
#include "config/container_config.h"
#include "config/convert.h"
#include "linux/mount.h"

static gid_t groups[] = { 1000 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/sh" }, .uid = 1000, .gid = 1000,
	.groups = groups, .n_groups = 1,
};

static struct nsc_error err;
static char notes[16384];

static char *read_sample(const char *name)
{
	char path[512];
	char *text = calloc(1, 1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), SRCDIR "/tests/unit/samples/%s.json",
		 name);
	file = fopen(path, "re");
	ck_assert_msg(file && fread(text, 1, (1 << 16) - 1, file) > 0, "%s",
		      path);
	fclose(file);
	return text;
}

/* The converted text; its notes are in notes. */
static char *converted(const char *text, bool to_oci)
{
	json_t *list = json_array(), *note;
	json_t *result = nsc_convert(text, "F", to_oci, list, &err);
	char *json = result ? json_dumps(result, 0) : NULL;
	size_t i;

	notes[0] = '\0';
	json_array_foreach(list, i, note) {
		strcat(notes, json_string_value(note));
		strcat(notes, "\n");
	}
	json_decref(result);
	json_decref(list);
	return json;
}

/* What a start makes of a sample after its conversion. */
static struct nsc_config *loaded(const char *name)
{
	char *text = read_sample(name), *json = converted(text, false);
	struct nsc_config *config = NULL;

	ck_assert_msg(json, "%s: %s", name, err.text);
	nsc_config_parse(json, "F", "/d", &alice, &config, &err);
	ck_assert_msg(config, "%s: %s\n%s", name, err.text, json);
	free(json);
	free(text);
	return config;
}

static void noted(const char *text)
{
	ck_assert_msg(strstr(notes, text), "no note '%s' in:\n%s", text,
		      notes);
}

START_TEST(form_of_april_2014)
{
	struct nsc_config *c = loaded("2014-april");

	ck_assert_str_eq(c->hostname, "build7");
	ck_assert_uint_eq(c->namespaces, CLONE_NEWNS | CLONE_NEWUTS |
			  CLONE_NEWPID | CLONE_NEWNET);
	/* SYS_MODULE is 16, MKNOD 27, CHOWN 0. */
	ck_assert(!(c->process.capabilities & 1 << 16));
	ck_assert(c->process.capabilities & 1 << 27);
	ck_assert(c->process.capabilities & 1);
	ck_assert_uint_eq(c->n_networks, 1);
	ck_assert_int_eq(c->networks[0].type, NSC_NETWORK_VETH);
	ck_assert_str_eq(c->networks[0].bridge, "br0");
	ck_assert_str_eq(c->networks[0].address[0], "10.9.0.7/24");
	ck_assert_uint_eq(c->n_devices, 4);
	ck_assert_str_eq(c->devices[3].path, "/dev/fuse");
	noted("capabilities_mask: became capabilities: the 34 that");
	noted("network: became networks");
	noted("required_device_nodes: became device_nodes");
	nsc_config_free(c);
}
END_TEST

START_TEST(form_of_january_2015)
{
	struct nsc_config *c = loaded("2015-january");

	ck_assert_str_eq(c->rootfs, "/srv/images/build");
	ck_assert(c->readonly_fs);
	ck_assert_uint_eq(c->n_mounts, 2);
	ck_assert(c->mounts[1].writable && c->mounts[1].slave);
	ck_assert_uint_eq(c->n_devices, 2);
	ck_assert_uint_eq(c->devices[1].major, 4);
	ck_assert_uint_eq(c->devices[1].minor, 0);
	ck_assert_uint_eq(c->n_networks, 2);
	ck_assert_str_eq(c->networks[1].prefix, "veth");
	ck_assert_str_eq(c->networks[1].address[1], "fd09::8/64");
	ck_assert_uint_eq(c->n_routes, 1);
	ck_assert_int_eq(c->routes[0].source.family, 0);
	noted("restrict_sys: left out: its restrictions hold");
	noted("networks: mac_address: left out");
	noted("cgroups.scope_prefix: left out: no such key");
	nsc_config_free(c);
}
END_TEST

/* Forms that some files of the first year have. */
START_TEST(odd_forms)
{
	/* Of December 2014, and of February 2015 with all that is not set. */
	char *json = converted("{\"namespaces\": [{\"name\": \"NEWNET\"},"
		" {\"name\": \"NEWUTS\"}], \"hostname\": \"h\","
		" \"networks\": [{\"type\": \"loopback\", \"name\": \"\","
		" \"bridge\": \"\", \"mac_address\": \"\", \"mtu\": 0,"
		" \"txqueuelen\": 1000, \"hairpin_mode\": true}]}", false);
	struct nsc_config *c = NULL;

	ck_assert_msg(json, "%s", err.text);
	nsc_config_parse(json, "F", "/d", &alice, &c, &err);
	ck_assert_msg(c, "%s", err.text);
	ck_assert_uint_eq(c->namespaces, CLONE_NEWNS | CLONE_NEWUTS |
			  CLONE_NEWPID | CLONE_NEWNET);
	ck_assert(!c->networks[0].bridge);
	noted("networks: hairpin_mode: left out");
	noted("networks: txqueuelen: left out");
	ck_assert_ptr_null(strstr(notes, "mac_address"));
	nsc_config_free(c);
	free(json);
	/* Of June 2014: the default route twice, once without destination. */
	c = NULL;
	nsc_config_parse("{\"networks\": [{\"type\": \"veth\", \"address\":"
		" \"10.0.0.2/24\", \"gateway\": \"10.0.0.1\", \"context\":"
		" {\"bridge\": \"b\", \"prefix\": \"v\"}}], \"routes\": ["
		"{\"gateway\": \"10.0.0.1\", \"interface_name\": \"eth0\"},"
		"{\"destination\": \"10.9.0.0/16\", \"interface_name\":"
		" \"eth0\"}, {\"gateway\": \"10.0.0.9\", \"interface_name\":"
		" \"eth0\"}]}", "F", "/d", &alice, &c, &err);
	ck_assert_msg(c, "%s", err.text);
	ck_assert_uint_eq(c->n_routes, 2);
	ck_assert_uint_eq(c->routes[0].destination.length, 16);
	ck_assert_int_eq(c->routes[1].destination.family, AF_INET);
	ck_assert_uint_eq(c->routes[1].destination.length, 0);
	nsc_config_free(c);
}
END_TEST

/* The files that need no conversion mean the same after it. */
START_TEST(form_of_today)
{
	struct nsc_config *c = loaded("2014");

	ck_assert_str_eq(c->user, "daemon");
	ck_assert_uint_eq(c->n_networks, 2);
	ck_assert_str_eq(c->networks[1].gateway[0], "172.17.42.1");
	ck_assert_uint_eq(c->cgroups.devices.n, 2);
	noted("hostname: as it is");
	nsc_config_free(c);
}
END_TEST

/* An option must not disappear: a mount would be more than its file says. */
START_TEST(mounts_of_the_oci)
{
	struct nsc_config *c = loaded("oci");
	const struct nsc_config_mount *all = &c->mounts[3],
				      *work = &c->mounts[4],
				      *scratch = &c->mounts[5];

	ck_assert_uint_eq(c->n_mounts, 6);
	ck_assert(!all->writable && all->slave && !all->idmap);
	ck_assert_uint_eq(all->attributes,
			  MOUNT_ATTR_NOEXEC | NSC_MOUNT_ATIME);
	ck_assert(work->writable && !work->slave);
	ck_assert_uint_eq(scratch->mode, 01777);
	ck_assert_uint_eq(scratch->attributes,
			  MOUNT_ATTR_NOATIME | NSC_MOUNT_ATIME);
	noted("[7].options: left out: tmpcopyup: no such option");
	noted("[7].options: left out: ro: no such option");
	noted("[7].options: left out: uid=7: no such option");
	noted("[5].options: left out: ridmap: no such option");
	noted("[5].options: left out: rsuid: no such option");
	noted("[5]: left out: uidMappings and gidMappings");
	noted("[6]: has what is mounted below the source, too");
	nsc_config_free(c);
}
END_TEST

START_TEST(form_of_the_oci)
{
	struct nsc_config *c = loaded("oci");

	ck_assert_str_eq(c->rootfs, "/d/rootfs");
	ck_assert_str_eq(c->user, "1000:100");
	ck_assert_int_eq(c->process.umask, 022);
	ck_assert(c->process.no_new_privs && c->process.terminal);
	ck_assert_uint_eq(c->process.capabilities, 1 << 5 | 1 << 10);
	ck_assert_uint_eq(c->process.ambient, 1 << 5);
	ck_assert_uint_eq(c->n_mounts, 6);
	ck_assert(!c->mounts[2].writable);
	ck_assert_str_eq(c->networks[0].nspath, "/run/netns/lab");
	ck_assert_uint_eq(c->uid_mappings[0].size, 65536);
	ck_assert_uint_eq(c->n_devices, 7);
	ck_assert_str_eq(c->cgroups.parent, "lab");
	ck_assert_int_eq(c->cgroups.limits.number[NSC_CGROUP_N_MEMORY],
			 536870912);
	ck_assert_str_eq(c->hooks[0].args[0], "/run/x");
	noted("process.args: left out");
	ck_assert_int_eq(c->process.personality, 8);
	ck_assert_str_eq(c->process.cpu_affinity, "0-1");
	ck_assert_int_eq(c->time_offsets[1].secs, -7);
	noted("process.execCPUAffinity.initial: left out");
	noted("linux.seccomp: left out");
	noted("linux.memoryPolicy: left out: container.json has no such key");
	noted("linux.resources.blockIO.leafWeight: left out: container.json");
	ck_assert_uint_eq(c->n_hooks, 4);
	ck_assert_int_eq(c->hooks[3].when, NSC_HOOK_POSTSTART);
	nsc_config_free(c);
}
END_TEST

static const json_t *at(const json_t *value, const char *path)
{
	return nsc_convert_at(value, path);
}

/* There and back: what both forms can say stays. */
START_TEST(to_the_oci_and_back)
{
	char *text = read_sample("oci"), *ours = converted(text, false);
	char *theirs = converted(ours, true), *again;
	static const char *const paths[] = {
		"hostname", "root", "process.cwd", "process.env",
		"process.terminal", "process.user", "process.rlimits",
		"process.noNewPrivileges", "process.oomScoreAdj",
		"process.capabilities.bounding", "linux.namespaces",
		"process.capabilities.ambient",
		"process.capabilities.inheritable",
		"process.scheduler", "process.ioPriority",
		"process.execCPUAffinity.final", "linux.personality",
		"linux.timeOffsets", "hooks", "linux.uidMappings",
		"linux.sysctl",
		"linux.cgroupsPath",
		"linux.resources.memory", "linux.resources.cpu",
		"linux.resources.pids", "linux.resources.rdma",
		"linux.resources.hugepageLimits",
	};
	json_t *a, *b;

	ck_assert_msg(theirs, "%s", err.text);
	a = json_loads(text, 0, NULL);
	b = json_loads(theirs, 0, NULL);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(paths); i++)
		ck_assert_msg(json_equal(at(a, paths[i]), at(b, paths[i])),
			      "%s differs: %s", paths[i], theirs);
	noted("process.args: is /bin/sh");
	/* Ours are so with all that is below them. */
	ck_assert_msg(strstr(theirs, "\"rbind\", \"nosuid\", \"nodev\", "
			     "\"rro\", \"rslave\", \"rnoexec\", "
			     "\"rrelatime\""), "%s", theirs);
	again = converted(theirs, false);
	ck_assert_msg(again, "%s", err.text);
	ck_assert_ptr_null(converted(theirs, true));
	ck_assert(strstr(err.text, "is an OCI config.json already"));
	json_decref(a);
	json_decref(b);
	free(text);
	free(ours);
	free(theirs);
	free(again);
}
END_TEST

/* Nothing is lost without a word, whatever the key. */
START_TEST(each_key_is_told)
{
	static const char *const left[] = {
		"rootfs_verity", "overlay_size", "home_size", "devices",
		"cgroups.stay_below", "cgroups.memory_high",
		"context.restrictions", "a_new_key",
	};
	char text[1024] = "{\"rootfs\": \"/\", \"cgroups\": {\"stay_below\":"
		" [], \"memory_high\": 5}, \"context\": {\"restrictions\":"
		" \"x\"}", *json;

	for (size_t i = 0; i < 4; i++)
		sprintf(text + strlen(text), ", \"%s\": [\"v.com/c=x\"]",
			left[i]);
	strcat(text, ", \"a_new_key\": 1}");
	json = converted(text, true);
	ck_assert_msg(json, "%s", err.text);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(left); i++) {
		sprintf(text, "%s: left out", left[i]);
		noted(text);
	}
	ck_assert_ptr_null(strstr(notes, "rootfs: left out"));
	free(json);
}
END_TEST

START_TEST(wrong_files)
{
	ck_assert_ptr_null(converted("[]", false));
	ck_assert(strstr(err.text, "F: expected an object"));
	err = (struct nsc_error)NSC_ERROR_INIT;
	ck_assert_ptr_null(converted("{,}", false));
	ck_assert(strstr(err.text, "a comma too many"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		form_of_april_2014, form_of_january_2015, odd_forms,
		form_of_today, each_key_is_told,
		form_of_the_oci, mounts_of_the_oci,
		to_the_oci_and_back, wrong_files, NULL,
	};
	Suite *suite = suite_create("convert");
	TCase *tcase = unit_case("convert");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
