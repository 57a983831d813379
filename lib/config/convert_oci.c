/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the config.json of the OCI runtime specification.  Runs in: nsinit
 * alone.
 */
#include "config/convert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"

const json_t *nsc_convert_at(const json_t *value, const char *path)
{
	char key[64];

	while (value && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		value = json_object_get(value, key);
		path += len + (path[len] == '.');
	}
	return value;
}

const struct nsc_convert_name nsc_convert_names[] = {
	{ "hostname", "hostname" }, { "root.path", "rootfs" },
	{ "root.readonly", "readonly_fs" },
	{ "process.cwd", "working_dir" }, { "process.env", "environment" },
	{ "process.terminal", "tty" },
	{ "process.noNewPrivileges", "no_new_privs" },
	{ "process.oomScoreAdj", "oom_score_adj" },
	{ "process.scheduler", "scheduler" },
	{ "process.ioPriority", "io_priority" },
	{ "process.execCPUAffinity.final", "cpu_affinity" },
	{ "linux.personality.domain", "personality" },
	{ "linux.timeOffsets", "time_offsets" },
	{ "process.rlimits", "rlimits" }, { "process.user.umask", "umask" },
	{ "process.apparmorProfile", "context.apparmor_profile" },
	{ "process.selinuxLabel", "context.process_label" },
	{ "linux.mountLabel", "context.mount_label" },
	{ "linux.sysctl", "sysctl" }, { "linux.maskedPaths", "masked_paths" },
	{ "linux.readonlyPaths", "readonly_paths" },
	{ "linux.resources.memory.limit", "cgroups.memory" },
	{ "linux.resources.memory.reservation", "cgroups.memory_reservation" },
	{ "linux.resources.memory.swap", "cgroups.memory_swap" },
	{ "linux.resources.cpu.shares", "cgroups.cpu_shares" },
	{ "linux.resources.cpu.quota", "cgroups.cpu_quota" },
	{ "linux.resources.cpu.period", "cgroups.cpu_period" },
	{ "linux.resources.cpu.idle", "cgroups.cpu_idle" },
	{ "linux.resources.cpu.burst", "cgroups.cpu_burst" },
	{ "linux.resources.memory.swappiness", "cgroups.memory_swappiness" },
	{ "linux.resources.cpu.cpus", "cgroups.cpuset_cpus" },
	{ "linux.resources.cpu.mems", "cgroups.cpuset_mems" },
	{ "linux.resources.pids.limit", "cgroups.pids" },
	{ "linux.resources.unified", "cgroups.unified" },
	{ NULL, NULL },
};

#define at nsc_convert_at

static void put(json_t *to, const char *name, const json_t *value)
{
	const char *dot = strchr(name, '.');
	char key[64];

	if (!dot) {
		nsc_convert_set(to, name, value);
		return;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(dot - name), name);
	nsc_convert_set(nsc_convert_object(to, key), dot + 1, value);
}

static void from_renamed(struct nsc_convert *c)
{
	const struct nsc_convert_name *n = nsc_convert_names;

	for (; n->path; n++) {
		const json_t *value = at(c->from, n->path);

		if (!value || json_is_null(value))
			continue;
		/* The specification's "no limit" is -1, or at most 0. */
		if (strstr(n->path, "pids") &&
		    json_integer_value(value) <= 0)
			continue;
		put(c->to, n->name, value);
		nsc_convert_note(c, n->path, "became %s", n->name);
	}
}

static void from_user(struct nsc_convert *c)
{
	const json_t *user = at(c->from, "process.user");
	char text[48];

	if (!user)
		return;
	snprintf(text, sizeof(text), "%lld:%lld",
		 (long long)json_integer_value(at(user, "uid")),
		 (long long)json_integer_value(at(user, "gid")));
	json_object_set_new(c->to, "user", json_string(text));
	nsc_convert_note(c, "process.user", "became user: for nsinit exec; "
			 "remove it for logins");
	if (at(user, "additionalGids"))
		nsc_convert_note(c, "process.user.additionalGids", "left out: "
				 "the groups are those of the container's "
				 "/etc/group");
	if (at(user, "username"))
		nsc_convert_note(c, "process.user.username", "left out: the "
				 "ids say who it is");
}

/*
 * The kernel takes these members only for SCHED_DEADLINE, or from processes
 * that do not fork.
 */
static void from_scheduler(struct nsc_convert *c)
{
	static const char *const others[] = { "flags", "runtime", "deadline",
					      "period" };
	const json_t *from = at(c->from, "process.scheduler");
	json_t *copy = from ? json_deep_copy(from) : NULL;

	for (size_t i = 0; copy && i < NSC_ARRAY_SIZE(others); i++)
		if (json_object_del(copy, others[i]) == 0)
			nsc_convert_note(c, "process.scheduler", "left out "
					 "%s: they are of SCHED_DEADLINE, "
					 "whose processes cannot fork",
					 others[i]);
	if (copy)
		json_object_set_new(c->to, "scheduler", copy);
}

static void from_capabilities(struct nsc_convert *c)
{
	const json_t *all = at(c->from, "process.capabilities");
	const json_t *bounding = json_is_array(all) ? all :
						      at(all, "bounding");

	if (!at(c->from, "process"))
		return;
	json_object_set_new(c->to, "capabilities", bounding ?
			    json_deep_copy(bounding) : json_array());
	nsc_convert_note(c, "process.capabilities", "the bounding set became "
			 "capabilities");
	if (!json_array_size(at(all, "ambient")))
		return;
	nsc_convert_set(c->to, "ambient", at(all, "ambient"));
	nsc_convert_note(c, "process.capabilities.ambient", "became ambient");
}

const char *nsc_convert_namespace(size_t i)
{
	const char *link = nsc_namespaces[i].link;

	return !strcmp(link, "mnt") ? "mount" :
	       !strcmp(link, "net") ? "network" : link;
}

static void from_namespaces(struct nsc_convert *c)
{
	json_t *to = nsc_convert_object(c->to, "namespaces");
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, "linux.namespaces"), i, element) {
		const char *type = json_string_value(at(element, "type"));
		const char *path = json_string_value(at(element, "path"));

		for (size_t k = 0; type && k < NSC_NAMESPACES; k++)
			if (!strcmp(type, nsc_convert_namespace(k)))
				json_object_set_new(to, nsc_namespaces[k].key,
						    json_true());
		if (type && path && !strcmp(type, "network"))
			json_array_append_new(
				nsc_convert_array(c->to, "networks"),
				json_pack("{s:s, s:{s:s}}", "type", "netns",
					  "context", "nspath", path));
		else if (type && path)
			nsc_convert_note(c, "linux.namespaces", "%s: left out "
					 "the path '%s': the container gets "
					 "its own", type, path);
	}
	for (i = 0; i < NSC_NAMESPACES; i++) {
		const struct nsc_namespace *n = &nsc_namespaces[i];

		if (!(n->flag & (CLONE_NEWNS | CLONE_NEWPID)) ||
		    json_object_get(to, n->key))
			continue;
		json_object_set_new(to, n->key, json_true());
		nsc_convert_note(c, "linux.namespaces", "%s: added: every "
				 "container needs it", n->key);
	}
	nsc_convert_note(c, "linux.namespaces", "became namespaces");
}

static void from_mappings(struct nsc_convert *c, const char *path,
			  const char *name)
{
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, path), i, element) {
		json_t *to = json_object();

		nsc_convert_set(to, "container_id",
				at(element, "containerID"));
		nsc_convert_set(to, "host_id", at(element, "hostID"));
		nsc_convert_set(to, "size", at(element, "size"));
		json_array_append_new(nsc_convert_array(c->to, name), to);
	}
	if (json_object_get(c->to, name))
		nsc_convert_note(c, path, "became %s", name);
}

static void from_devices(struct nsc_convert *c)
{
	const json_t *nodes = at(c->from, "linux.devices"), *element;
	size_t i;

	json_array_foreach(nodes, i, element) {
		if (!json_object_get(c->to, "device_nodes"))
			json_object_set_new(c->to, "device_nodes",
					    nsc_convert_default_devices());
		json_array_append_new(json_object_get(c->to, "device_nodes"),
				      nsc_convert_device(element));
		if (at(element, "uid") || at(element, "gid"))
			nsc_convert_note(c, "linux.devices", "[%zu]: left out: "
					 "uid and gid: nodes belong to root "
					 "inside", i);
	}
	if (json_array_size(nodes))
		nsc_convert_note(c, "linux.devices", "became device_nodes, "
				 "with the default ones");
	if (at(c->from, "linux.resources.devices"))
		nsc_convert_note(c, "linux.resources.devices", "left out: "
				 "cgroups.allowed_devices has a default; the "
				 "device_nodes are allowed");
}

static void from_rdma(struct nsc_convert *c, json_t *cgroups)
{
	/* json_object_foreach() takes no const object. */
	json_t *all = (json_t *)(uintptr_t)at(c->from, "linux.resources.rdma");
	const char *name;
	json_t *device;

	json_object_foreach(all, name, device) {
		json_t *to = nsc_convert_object(nsc_convert_object(cgroups,
								   "rdma"),
						name);

		nsc_convert_set(to, "hca_handles", at(device, "hcaHandles"));
		nsc_convert_set(to, "hca_objects", at(device, "hcaObjects"));
	}
	if (json_object_size(all))
		nsc_convert_note(c, "linux.resources.rdma", "became "
				 "cgroups.rdma");
}

static void from_hugepages(struct nsc_convert *c, json_t *cgroups)
{
	static const char path[] = "linux.resources.hugepageLimits";
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, path), i, element) {
		const char *size = json_string_value(at(element, "pageSize"));

		if (size)
			nsc_convert_set(nsc_convert_object(cgroups, "hugetlb"),
					size, at(element, "limit"));
	}
	if (json_object_get(cgroups, "hugetlb"))
		nsc_convert_note(c, path, "became cgroups.hugetlb");
}

static void from_cgroups(struct nsc_convert *c)
{
	const char *path = json_string_value(at(c->from, "linux.cgroupsPath"));
	const char *slash = path ? strrchr(path, '/') : NULL;
	json_t *cgroups = nsc_convert_object(c->to, "cgroups");
	const json_t *weight = at(c->from, "linux.resources.blockIO.weight");

	if (slash && slash[1]) {
		json_object_set_new(cgroups, "name", json_string(slash + 1));
		path += *path == '/';
		if (path < slash)
			json_object_set_new(cgroups, "parent",
					    json_stringn(path, (size_t)
							 (slash - path)));
		nsc_convert_note(c, "linux.cgroupsPath", "became cgroups.name "
				 "and parent");
	} else if (path) {
		nsc_convert_note(c, "linux.cgroupsPath", "left out: write "
				 "cgroups.slice and name");
	}
	if (weight) {
		json_object_set_new(cgroups, "io_weight", json_integer(
			nsc_convert_weight(json_integer_value(weight))));
		nsc_convert_note(c, "linux.resources.blockIO.weight", "became "
				 "cgroups.io_weight, from 1 to 10000");
	}
	from_hugepages(c, cgroups);
	from_rdma(c, cgroups);
	if (!json_object_size(cgroups))
		json_object_del(c->to, "cgroups");
}

static void from_hooks(struct nsc_convert *c, const char *path,
		       const char *name)
{
	json_t *list = NULL;
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, path), i, element) {
		const json_t *args = at(element, "args");
		json_t *hook = json_object();

		nsc_convert_set(hook, "path", at(element, "path"));
		nsc_convert_set(hook, "timeout", at(element, "timeout"));
		/* The first one is the program's own name. */
		for (size_t k = 1; k < json_array_size(args); k++)
			json_array_append(nsc_convert_array(hook, "args"),
					  json_array_get(args, k));
		list = nsc_convert_array(nsc_convert_object(c->to, "hooks"),
					 name);
		json_array_append_new(list, hook);
		if (at(element, "env"))
			nsc_convert_note(c, path, "[%zu].env: left out: a hook "
					 "has a fixed environment", i);
	}
	if (list)
		nsc_convert_note(c, path, "became hooks.%s", name);
}

#define TO_IO_MAX "write the limits into cgroups.io_max"

/* Keys that container.json has in another form, or not at all. */
static const struct {
	const char *path, *reason;
} left_out[] = {
	{ "process.args", "name the command on nsinit exec's line" },
	{ "process.consoleSize", "the terminal has the size of the caller's" },
	{ "linux.seccomp", "put the object into a file of its own, and write "
	  "its path as seccomp" },
	{ "linux.rootfsPropagation", "mounts are private" },
	{ "linux.intelRdt", "not supported" },
	{ "linux.personality.flags", "the specification knows none" },
	{ "process.execCPUAffinity.initial", "no process of ours works for the "
	  "container before it is in its groups" },
	{ "linux.resources.network", "not supported" },
	{ "annotations", "nobody reads them here" },
	{ "domainname", "write it into sysctl, as kernel.domainname" },
	{ "linux.resources.blockIO.throttleReadBpsDevice", TO_IO_MAX },
	{ "linux.resources.blockIO.throttleWriteBpsDevice", TO_IO_MAX },
	{ "linux.resources.blockIO.throttleReadIOPSDevice", TO_IO_MAX },
	{ "linux.resources.blockIO.throttleWriteIOPSDevice", TO_IO_MAX },
};

/* Keys that the functions above tell about, with all below them. */
static const char *const told[] = {
	"ociVersion", "process.user", "process.capabilities",
	"process.scheduler", "linux.namespaces", "linux.uidMappings",
	"linux.gidMappings", "mounts", "linux.devices",
	"linux.resources.devices", "linux.cgroupsPath",
	"linux.resources.blockIO.weight", "linux.resources.hugepageLimits",
	"linux.resources.rdma", "hooks.prestart", "hooks.createRuntime",
	"hooks.createContainer", "hooks.startContainer", "hooks.poststart",
	"hooks.poststop",
};

/* The i-th path that a function or table above knows; NULL after the last. */
static const char *known_path(size_t i)
{
	const size_t renamed = NSC_ARRAY_SIZE(nsc_convert_names) - 1;

	if (i < NSC_ARRAY_SIZE(told))
		return told[i];
	i -= NSC_ARRAY_SIZE(told);
	if (i < NSC_ARRAY_SIZE(left_out))
		return left_out[i].path;
	i -= NSC_ARRAY_SIZE(left_out);
	return i < renamed ? nsc_convert_names[i].path : NULL;
}

/* Is path known, or (below) a key below it? */
static bool is_known(const char *path, bool *below)
{
	size_t len = strlen(path);
	const char *known;

	*below = false;
	for (size_t i = 0; (known = known_path(i)); i++) {
		if (!strcmp(known, path))
			return true;
		*below |= !strncmp(known, path, len) && known[len] == '.';
	}
	return false;
}

/* Tell of the keys that are unknown; parent ends with '.', or is "". */
static void from_others(struct nsc_convert *c, const json_t *object,
			const char *parent)
{
	/* json_object_foreach() takes no const object. */
	json_t *all = (json_t *)(uintptr_t)object, *value;
	const char *name;
	char path[160], inner[162];
	bool below;

	json_object_foreach(all, name, value) {
		snprintf(path, sizeof(path), "%s%.60s", parent, name);
		if (is_known(path, &below))
			continue;
		snprintf(inner, sizeof(inner), "%s.", path);
		if (below && json_is_object(value))
			from_others(c, value, inner);
		else if (!json_is_null(value))
			nsc_convert_note(c, path, "left out: container.json "
					 "has no such key");
	}
}

void nsc_convert_from_oci(struct nsc_convert *c)
{
	from_renamed(c);
	from_scheduler(c);
	from_user(c);
	from_capabilities(c);
	from_namespaces(c);
	from_mappings(c, "linux.uidMappings", "uid_mappings");
	from_mappings(c, "linux.gidMappings", "gid_mappings");
	nsc_convert_mounts(c);
	from_devices(c);
	from_cgroups(c);
	from_hooks(c, "hooks.prestart", "start");
	from_hooks(c, "hooks.createRuntime", "start");
	from_hooks(c, "hooks.createContainer", "create_container");
	from_hooks(c, "hooks.startContainer", "start_container");
	from_hooks(c, "hooks.poststart", "poststart");
	from_hooks(c, "hooks.poststop", "stop");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(left_out); i++)
		if (at(c->from, left_out[i].path))
			nsc_convert_note(c, left_out[i].path, "left out: %s",
					 left_out[i].reason);
	from_others(c, c->from, "");
}
