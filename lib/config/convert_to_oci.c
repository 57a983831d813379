/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To the config.json of the OCI runtime specification.  Runs in: nsinit alone.
 */
#include "config/convert.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "config/field.h"

#define at nsc_convert_at

static void put(json_t *to, const char *path, json_t *value)
{
	char key[64];

	while (strchr(path, '.')) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		to = nsc_convert_object(to, key);
		path += len + 1;
	}
	json_object_set_new(to, path, value);
}

/* Numbers that container.json may write as texts. */
static json_t *as_number(const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	json_int_t bytes;

	if (text && !strcmp(name, "umask"))
		return json_integer(strtoll(text, NULL, 8));
	if (text && !strncmp(name, "cgroups.memory", 14) &&
	    nsc_field_bytes(value, &bytes))
		return json_integer(bytes);
	return json_deep_copy(value);
}

static void to_renamed(struct nsc_convert *c)
{
	const struct nsc_convert_name *n = nsc_convert_names;

	for (; n->path; n++) {
		const json_t *value = at(c->from, n->name);

		if (!value || json_is_null(value) ||
		    !strcmp(n->name, "rlimits"))
			continue;
		put(c->to, n->path, as_number(n->name, value));
		nsc_convert_note(c, n->name, "became %s", n->path);
	}
}

static json_t *as_limit(const json_t *value)
{
	json_int_t number = 0;

	if (json_integer_value(value) >= 0 && nsc_field_bytes(value, &number))
		return json_integer(number);
	return json_integer(INT64_MAX);
}

static void to_rlimits(struct nsc_convert *c)
{
	const json_t *element;
	json_t *array = json_array();
	size_t i;

	json_array_foreach(at(c->from, "rlimits"), i, element)
		json_array_append_new(array, json_pack("{s:O, s:o, s:o}",
			"type", json_object_get(element, "type"), "hard",
			as_limit(at(element, "hard")), "soft",
			as_limit(at(element, "soft"))));
	if (i)
		nsc_convert_note(c, "rlimits", "became process.rlimits");
	put(c->to, "process.rlimits", array);
}

/* Add what a runtime needs and container.json may leave out. */
static void to_process(struct nsc_convert *c)
{
	const char *user = json_string_value(at(c->from, "user"));
	unsigned int uid = 0, gid = 0;
	char end;

	if (user && sscanf(user, "%u:%u%c", &uid, &gid, &end) != 2) {
		uid = gid = 0;
		nsc_convert_note(c, "user", "left out: only ids are possible: "
				 "write process.user");
	}
	put(c->to, "ociVersion", json_string("1.2.1"));
	put(c->to, "process.user.uid", json_integer(uid));
	put(c->to, "process.user.gid", json_integer(gid));
	put(c->to, "process.args", json_pack("[s]", "/bin/sh"));
	nsc_convert_note(c, "process.args", "is /bin/sh: write the command");
	if (!at(c->to, "process.cwd"))
		put(c->to, "process.cwd", json_string("/"));
	if (!at(c->to, "process.env"))
		put(c->to, "process.env", json_pack("[s]", "PATH=/usr/local/"
			"sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	if (!at(c->to, "root.path"))
		put(c->to, "root.path", json_string("."));
}

static void add_capabilities(json_t *names, const json_t *list)
{
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element) {
		char name[64];

		snprintf(name, sizeof(name), "%s", json_string_value(element) ?
			 json_string_value(element) : "");
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		json_array_append_new(names, json_sprintf("%s%s",
			strncmp(name, "CAP_", 4) ? "CAP_" : "", name));
	}
}

static void to_capabilities(struct nsc_convert *c)
{
	static const char *const defaults[] = {
		"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID",
		"SETUID", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT",
		"AUDIT_WRITE", "SETFCAP",
	};
	const json_t *list = at(c->from, "capabilities");
	json_t *names = json_array();

	for (size_t i = 0; !list && i < NSC_ARRAY_SIZE(defaults); i++)
		json_array_append_new(names, json_sprintf("CAP_%s",
							  defaults[i]));
	add_capabilities(names, list);
	put(c->to, "process.capabilities.bounding", json_deep_copy(names));
	put(c->to, "process.capabilities.effective", json_deep_copy(names));
	put(c->to, "process.capabilities.permitted", names);
	nsc_convert_note(c, "capabilities", "became the bounding, effective "
			 "and permitted set");
	list = at(c->from, "ambient");
	if (!json_array_size(list))
		return;
	names = json_array();
	add_capabilities(names, list);
	put(c->to, "process.capabilities.inheritable", json_deep_copy(names));
	put(c->to, "process.capabilities.ambient", names);
	nsc_convert_note(c, "ambient", "became the ambient and inheritable "
			 "set");
}

static const char *netns_of(const struct nsc_convert *c)
{
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, "networks"), i, element)
		if (at(element, "context.nspath"))
			return json_string_value(at(element,
						    "context.nspath"));
	return NULL;
}

static void to_namespaces(struct nsc_convert *c)
{
	const json_t *object = at(c->from, "namespaces");
	const char *path = netns_of(c);
	json_t *list = json_array();

	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		const struct nsc_namespace *n = &nsc_namespaces[i];
		json_t *one;

		if (object ? !json_is_true(at(object, n->key)) :
			     n->flag == CLONE_NEWTIME)
			continue;
		one = json_pack("{s:s}", "type", nsc_convert_namespace(i));
		if (path && n->flag == CLONE_NEWNET)
			json_object_set_new(one, "path", json_string(path));
		json_array_append_new(list, one);
	}
	put(c->to, "linux.namespaces", list);
	nsc_convert_note(c, "namespaces", "became linux.namespaces");
	if (at(c->from, "networks") && !path)
		nsc_convert_note(c, "networks", "left out: a runtime has only "
				 "namespaces: give one with a path");
}

static void to_mappings(struct nsc_convert *c, const char *name,
			const char *path)
{
	const json_t *list = at(c->from, name), *element;
	json_t *to = list ? json_array() : NULL;
	size_t i;

	json_array_foreach(list, i, element)
		json_array_append_new(to, json_pack("{s:I, s:I, s:I}",
			"containerID", json_integer_value(at(element,
				"container_id")), "hostID",
			json_integer_value(at(element, "host_id")), "size",
			json_integer_value(at(element, "size"))));
	if (list)
		put(c->to, path, to);
	if (list)
		nsc_convert_note(c, name, "became %s", path);
}

static json_t *a_mount(const char *type, const char *destination,
		       const char *options)
{
	json_t *to = json_pack("{s:s, s:s, s:s, s:[]}", "destination",
			       destination, "type", type, "source", type,
			       "options");
	json_t *list = json_object_get(to, "options");

	while (*options) {
		size_t len = strcspn(options, ",");

		json_array_append_new(list, json_stringn(options, len));
		options += len + (options[len] == ',');
	}
	return to;
}

/* The file systems of every container, in the order in which they are made. */
static json_t *usual_mounts(void)
{
	static const struct {
		const char *type, *destination, *options;
	} usual[] = {
		{ "proc", "/proc", "nosuid,noexec,nodev" },
		{ "tmpfs", "/dev", "nosuid,strictatime,mode=755" },
		{ "devpts", "/dev/pts", "nosuid,noexec,newinstance,"
		  "ptmxmode=0666,mode=0620,gid=5" },
		{ "tmpfs", "/dev/shm", "nosuid,noexec,nodev,mode=1777,"
		  "size=65536k" },
		{ "sysfs", "/sys", "nosuid,noexec,nodev,ro" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < NSC_ARRAY_SIZE(usual); i++)
		json_array_append_new(list, a_mount(usual[i].type,
						    usual[i].destination,
						    usual[i].options));
	return list;
}

static json_t *to_mount(const json_t *value)
{
	const char *type = json_string_value(at(value, "type"));
	const char *destination = json_string_value(at(value, "destination"));
	bool bind = type && !strcmp(type, "bind");
	const json_t *option;
	json_t *to, *list;
	size_t i;

	if (!type || !destination || !strcmp(type, "overlay"))
		return NULL;
	to = a_mount(type, destination, bind ? "rbind,nosuid,nodev" :
					       "nosuid,nodev");
	list = json_object_get(to, "options");
	if (bind)
		nsc_convert_set(to, "source", at(value, "source"));
	/* A plain ro leaves what is mounted below the source writable. */
	if (bind && !json_is_true(at(value, "writable")))
		json_array_append_new(list, json_string("rro"));
	if (bind && json_is_false(at(value, "private")))
		json_array_append_new(list, json_string("rslave"));
	if (json_is_string(at(value, "size")) ||
	    json_is_integer(at(value, "size")))
		json_array_append_new(list, json_is_string(at(value, "size")) ?
			json_sprintf("size=%s", json_string_value(
					     at(value, "size"))) :
			json_sprintf("size=%lld", (long long)
				     json_integer_value(at(value, "size"))));
	if (json_is_string(at(value, "mode")))
		json_array_append_new(list, json_sprintf("mode=%s",
			json_string_value(at(value, "mode"))));
	json_array_foreach(at(value, "options"), i, option)
		if (json_is_string(option))
			json_array_append_new(list, json_sprintf("%s%s",
				bind ? "r" : "", json_string_value(option)));
	return to;
}

static void to_mounts(struct nsc_convert *c)
{
	json_t *list = usual_mounts();
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, "mounts"), i, element) {
		json_t *to = to_mount(element);

		if (to)
			json_array_append_new(list, to);
		else
			nsc_convert_note(c, "mounts", "[%zu]: left out: a "
					 "runtime has no such mount", i);
	}
	put(c->to, "mounts", list);
	nsc_convert_note(c, "mounts", "became mounts, behind those of every "
			 "container");
}

static void to_devices(struct nsc_convert *c)
{
	const json_t *nodes = at(c->from, "device_nodes"), *element;
	size_t i;

	json_array_foreach(nodes, i, element) {
		const json_t *type = at(element, "type");
		const char *mode = json_string_value(at(element, "file_mode"));
		json_int_t bits = mode ? strtoll(mode, NULL, 8) :
			json_integer_value(at(element, "file_mode"));
		json_t *to = json_pack("{s:s, s:I, s:I, s:I}", "type",
			json_integer_value(type) == 98 ||
			(json_is_string(type) &&
			 !strcmp(json_string_value(type), "b")) ? "b" : "c",
			"major", json_integer_value(at(element,
						       "major_number")),
			"minor", json_integer_value(at(element,
						       "minor_number")),
			"fileMode", bits ? bits & 0777 : (json_int_t)0666);

		nsc_convert_set(to, "path", at(element, "path"));
		json_array_append_new(nsc_convert_array(
			nsc_convert_object(c->to, "linux"), "devices"), to);
	}
	if (nodes)
		nsc_convert_note(c, "device_nodes", "became linux.devices: a "
				 "runtime makes the default ones as well");
	put(c->to, "linux.resources.devices",
	    json_pack("[{s:b, s:s}]", "allow", 0, "access", "rwm"));
}

static void to_cgroups(struct nsc_convert *c)
{
	const char *name = json_string_value(at(c->from, "cgroups.name"));
	const char *parent = json_string_value(at(c->from, "cgroups.parent"));
	json_t *sizes = (json_t *)(uintptr_t)at(c->from, "cgroups.hugetlb");
	json_t *limit, *list = json_array();
	const char *size;

	if (name)
		put(c->to, "linux.cgroupsPath", json_sprintf("/%s%s%s",
			parent ? parent : "", parent ? "/" : "", name));
	json_object_foreach(sizes, size, limit) {
		json_int_t bytes = 0;

		nsc_field_bytes(limit, &bytes);
		json_array_append_new(list, json_pack("{s:s, s:I}", "pageSize",
						      size, "limit", bytes));
	}
	if (json_array_size(list))
		put(c->to, "linux.resources.hugepageLimits",
		    json_deep_copy(list));
	json_decref(list);
}

static void to_rdma(struct nsc_convert *c)
{
	/* json_object_foreach() takes no const object. */
	json_t *all = (json_t *)(uintptr_t)at(c->from, "cgroups.rdma");
	const char *name;
	json_t *device;

	json_object_foreach(all, name, device) {
		json_t *to = json_object();

		nsc_convert_set(to, "hcaHandles", at(device, "hca_handles"));
		nsc_convert_set(to, "hcaObjects", at(device, "hca_objects"));
		if (!at(c->to, "linux.resources.rdma"))
			put(c->to, "linux.resources.rdma", json_object());
		json_object_set_new((json_t *)(uintptr_t)
				    at(c->to, "linux.resources.rdma"), name,
				    to);
	}
	if (json_object_size(all))
		nsc_convert_note(c, "cgroups.rdma", "became "
				 "linux.resources.rdma");
}

static void to_hooks(struct nsc_convert *c, const char *name, const char *path)
{
	const json_t *element, *arg;
	json_t *list = NULL;
	size_t i, k;

	json_array_foreach(at(c->from, name), i, element) {
		json_t *hook = json_object(), *args;

		nsc_convert_set(hook, "path", at(element, "path"));
		nsc_convert_set(hook, "timeout", at(element, "timeout"));
		args = nsc_convert_array(hook, "args");
		json_array_append_new(args, json_deep_copy(at(element,
							      "path")));
		json_array_foreach(at(element, "args"), k, arg)
			json_array_append_new(args, json_deep_copy(arg));
		list = nsc_convert_array(nsc_convert_object(c->to, "hooks"),
					 path);
		json_array_append_new(list, hook);
		if (at(element, "on_failure"))
			nsc_convert_note(c, name, "[%zu].on_failure: left out: "
					 "a runtime stops at what fails", i);
	}
	if (list)
		nsc_convert_note(c, name, "became hooks.%s", path);
}

/* Does a function or table above tell of the key? */
static bool is_told(const char *path)
{
	static const char *const told[] = {
		"user", "rlimits", "capabilities", "ambient", "namespaces",
		"networks", "uid_mappings", "gid_mappings", "mounts",
		"device_nodes", "cgroups.name", "cgroups.parent",
		"cgroups.hugetlb", "cgroups.rdma", "hooks",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(told); i++)
		if (!strcmp(told[i], path))
			return true;
	for (size_t i = 0; nsc_convert_names[i].path; i++)
		if (!strcmp(nsc_convert_names[i].name, path))
			return true;
	return false;
}

/* Tell of the keys that a runtime does not have; prefix ends with '.'. */
static void to_left_out(struct nsc_convert *c, const json_t *object,
			const char *prefix)
{
	/* json_object_foreach() takes no const object. */
	json_t *all = (json_t *)(uintptr_t)object, *value;
	const char *key;
	char path[160];

	json_object_foreach(all, key, value) {
		snprintf(path, sizeof(path), "%s%.60s", prefix, key);
		if (!strcmp(path, "cgroups") || !strcmp(path, "context"))
			to_left_out(c, value, path[1] == 'g' ? "cgroups." :
							       "context.");
		else if (!is_told(path))
			nsc_convert_note(c, path, "left out: an OCI "
					 "config.json cannot say it, or says "
					 "it otherwise");
	}
}

void nsc_convert_to_oci(struct nsc_convert *c)
{
	to_renamed(c);
	to_process(c);
	to_rlimits(c);
	to_capabilities(c);
	to_namespaces(c);
	to_mappings(c, "uid_mappings", "linux.uidMappings");
	to_mappings(c, "gid_mappings", "linux.gidMappings");
	to_mounts(c);
	to_devices(c);
	to_cgroups(c);
	to_rdma(c);
	to_hooks(c, "hooks.start", "createRuntime");
	to_hooks(c, "hooks.create_container", "createContainer");
	to_hooks(c, "hooks.start_container", "startContainer");
	to_hooks(c, "hooks.poststart", "poststart");
	to_hooks(c, "hooks.stop", "poststop");
	to_left_out(c, c->from, "");
}
