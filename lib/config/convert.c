/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of 2014 and 2015.  Runs in: nsinit alone. */
#include "config/convert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>

#include "util/fd.h"
#include "util/text.h"
#include "config/container_config.h"
#include "config/field.h"
#include "linux/rlimit.h"

void nsc_convert_note(struct nsc_convert *c, const char *key, const char *fmt,
		      ...)
{
	char text[384], line[512], escaped[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "%s: %s", key, text);
	json_array_append_new(c->notes, json_string(
				nsc_text_escape(line, escaped,
						sizeof(escaped))));
}

json_t *nsc_convert_object(json_t *object, const char *key)
{
	if (!json_object_get(object, key))
		json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

json_t *nsc_convert_array(json_t *object, const char *key)
{
	if (!json_object_get(object, key))
		json_object_set_new(object, key, json_array());
	return json_object_get(object, key);
}

void nsc_convert_set(json_t *object, const char *key, const json_t *value)
{
	if (value && !json_is_null(value))
		json_object_set_new(object, key, json_deep_copy(value));
}

/* --- devices ----------------------------------------------------------- */

/* An array of devices at to.name; the wildcard of all is -1. */
static void convert_devices(struct nsc_convert *c, const char *key,
			    const json_t *value, json_t *to, const char *name)
{
	json_t *array = nsc_convert_array(to, name);
	const json_t *element;
	size_t i;

	json_array_foreach(value, i, element) {
		json_t *device = nsc_convert_device(element);

		if (device)
			json_array_append_new(array, device);
		else
			nsc_convert_note(c, key, "[%zu]: left out: the device "
					 "is not known: write its numbers", i);
	}
	nsc_convert_note(c, key, "became %s", name);
}

static void device_nodes(struct nsc_convert *c, const char *key,
			 const json_t *value)
{
	convert_devices(c, key, value, c->to, "device_nodes");
}

/* Today's names of vendors stay; earlier forms had the nodes there. */
static void devices(struct nsc_convert *c, const char *key, const json_t *value)
{
	json_t *nodes = json_array(), *element;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)value, i, element) {
		const json_t *name = json_is_string(element) ? element :
				     json_object_get(element, "name");

		if (json_is_string(name) &&
		    strchr(json_string_value(name), '='))
			json_array_append(nsc_convert_array(c->to, key),
					  element);
		else
			json_array_append(nodes, element);
	}
	if (json_array_size(nodes))
		device_nodes(c, key, nodes);
	json_decref(nodes);
}

/* --- what a process may do --------------------------------------------- */

/* Capabilities of a kernel of 2014. */
static const char *const capabilities[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL",
	"SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE",
	"NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL",
	"SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND",
};

/*
 * Is name switched on by {"NAME": true}, or by an element "NAME" or {"key":
 * "NAME", "enabled": true}?  -1: it is not named.
 */
static int is_enabled(const json_t *value, const char *name)
{
	const json_t *element = json_object_get(value, name);
	size_t i;

	if (element)
		return json_is_true(element);
	json_array_foreach(value, i, element) {
		const json_t *key = json_is_string(element) ? element :
				    nsc_convert_either(element, "key", "type");
		const char *text = json_string_value(key ? key :
					json_object_get(element, "name"));

		if (text && !strcasecmp(text, name))
			return !json_is_false(json_object_get(element,
							      "enabled"));
	}
	return -1;
}

/* The mask took away what it switched off, and left what it did not name. */
static void capabilities_mask(struct nsc_convert *c, const char *key,
			      const json_t *value)
{
	json_t *kept = nsc_convert_array(c->to, "capabilities");
	size_t off = 0;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(capabilities); i++) {
		if (is_enabled(value, capabilities[i]) == 0)
			off++;
		else
			json_array_append_new(kept, json_string(
						capabilities[i]));
	}
	nsc_convert_note(c, key, "became capabilities: the %zu that the mask "
			 "does not switch off, also those that it does not "
			 "name: remove what nobody needs",
			 NSC_ARRAY_SIZE(capabilities) - off);
}

static void keep_capabilities(struct nsc_convert *c, const char *key,
			      const json_t *value)
{
	nsc_convert_set(c->to, key, value);
	nsc_convert_note(c, key, is_enabled(value, "SYS_MODULE") == 1 &&
			 is_enabled(value, "CHOWN") < 0 ?
			 "as it is: those that are kept; in a file from before "
			 "May 2014 it lists those that are taken away: then "
			 "write the others" : "as it is");
}

static void rlimits(struct nsc_convert *c, const char *key,
		    const json_t *value)
{
	json_t *array = nsc_convert_array(c->to, "rlimits");
	const json_t *element;
	size_t i;

	json_array_foreach(value, i, element) {
		json_t *limit = json_deep_copy(element);
		const json_t *type = json_object_get(element, "type");
		const char *name = json_is_integer(type) &&
				   json_integer_value(type) >= 0 &&
				   json_integer_value(type) < 64 ?
			nsc_rlimit_name((unsigned int)
					json_integer_value(type)) : NULL;

		if (name)
			json_object_set_new(limit, "type", json_string(name));
		json_array_append_new(array, limit);
	}
	nsc_convert_note(c, key, "as it is, with the limits by name");
}

/* --- namespaces and networks ------------------------------------------- */

static void add_netns(struct nsc_convert *c, const char *path)
{
	json_array_append_new(nsc_convert_array(c->to, "networks"),
			      json_pack("{s:s, s:{s:s}}", "type", "netns",
					"context", "nspath", path));
}

/* The path of an element {"type": NAME, "path": PATH}, or NULL. */
static const char *path_of(const json_t *value, const char *name)
{
	const json_t *element;
	size_t i;

	json_array_foreach(value, i, element) {
		const char *type = json_string_value(
			nsc_convert_either(element, "type", "name"));
		const char *path = json_string_value(json_object_get(element,
								     "path"));

		if (type && path && *path && !strcasecmp(type, name))
			return path;
	}
	return NULL;
}

static void namespaces(struct nsc_convert *c, const char *key,
		       const json_t *value)
{
	static const char *const names[] = {
		"NEWNS", "NEWPID", "NEWUTS", "NEWIPC", "NEWUSER", "NEWNET",
		"NEWCGROUP", "NEWTIME",
	};
	json_t *object = nsc_convert_object(c->to, "namespaces");

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		const char *path = path_of(value, names[i]);
		int on = is_enabled(value, names[i]);

		if (path && !strcmp(names[i], "NEWNET"))
			add_netns(c, path);
		else if (path)
			nsc_convert_note(c, key, "%s: left out the path '%s': "
					 "the container gets its own",
					 names[i], path);
		if (i < 2 && on != 1)
			nsc_convert_note(c, key, "%s: added: every container "
					 "needs it", names[i]);
		if (on == 1 || i < 2)
			json_object_set_new(object, names[i], json_true());
	}
	nsc_convert_note(c, key, json_is_object(value) ? "as it is" :
			 "became an object of names");
}

/* Does the language of 2015 write this for a member that is not set? */
static bool is_empty(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? !*text : !json_is_true(value) &&
			       !json_integer_value(value);
}

static void set_text(json_t *object, const char *key, const json_t *value)
{
	if (!is_empty(value))
		nsc_convert_set(object, key, value);
}

static void add_text(json_t *object, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && *text)
		json_array_append_new(nsc_convert_array(object, key),
				      json_string(text));
}

static void one_network(struct nsc_convert *c, const char *key,
			const json_t *value)
{
	static const char *const unknown[] = {
		"mac_address", "tx_queuelen", "txqueuelen", "hairpin_mode",
		"name", "host_interface_name",
	};
	json_t *to = json_object();
	const json_t *old = json_object_get(value, "context");
	json_t *context = json_is_object(old) ? json_deep_copy(old) :
						json_object();
	const char *type;

	nsc_convert_set(to, "type", json_object_get(value, "type"));
	if (!json_object_get(to, "type"))
		json_object_set_new(to, "type", json_string("veth"));
	type = json_string_value(json_object_get(to, "type"));
	add_text(to, "address", nsc_convert_either(value, "address", "ip"));
	add_text(to, "address", json_object_get(value, "ipv6_address"));
	add_text(to, "gateway", json_object_get(value, "gateway"));
	add_text(to, "gateway", json_object_get(value, "ipv6_gateway"));
	nsc_convert_set(to, "mtu", json_object_get(value, "mtu"));
	set_text(context, "bridge", json_object_get(value, "bridge"));
	set_text(context, "prefix", json_object_get(value, "veth_prefix"));
	set_text(context, "nspath", json_object_get(value, "ns_path"));
	if (type && !strcmp(type, "veth") && !json_object_get(context,
							      "prefix"))
		json_object_set_new(context, "prefix", json_string("veth"));
	if (json_object_size(context))
		json_object_set(to, "context", context);
	json_decref(context);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(unknown); i++)
		if (!is_empty(json_object_get(value, unknown[i])))
			nsc_convert_note(c, key, "%s: left out: no such key",
					 unknown[i]);
	json_array_append_new(nsc_convert_array(c->to, "networks"), to);
}

static void networks(struct nsc_convert *c, const char *key,
		     const json_t *value)
{
	const json_t *element;
	size_t i;

	if (json_is_object(value))
		one_network(c, key, value);
	json_array_foreach(value, i, element)
		one_network(c, key, element);
	nsc_convert_note(c, key, "became networks, with type and context");
}

/* --- mounts and control groups ----------------------------------------- */

bool nsc_convert_is_mounted(const char *type, const char *destination)
{
	static const struct {
		const char *type, *destination;
	} always[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "tmpfs", "/dev" },
		{ "devtmpfs", "/dev" }, { "devpts", "/dev/pts" },
		{ "tmpfs", "/dev/shm" },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(always); i++)
		if (!strcmp(type, always[i].type) &&
		    !strcmp(destination, always[i].destination))
			return true;
	return false;
}

/* A mount of 2015: device, flags and data instead of type and writable. */
static json_t *mount_of_2015(const json_t *value)
{
	json_int_t flags = json_integer_value(json_object_get(value, "flags"));
	json_t *to = json_object();
	const char *type;

	nsc_convert_set(to, "type", json_object_get(value, "device"));
	nsc_convert_set(to, "source", json_object_get(value, "source"));
	nsc_convert_set(to, "destination", json_object_get(value,
							   "destination"));
	if (!json_object_get(to, "type") || flags & MS_BIND)
		json_object_set_new(to, "type", json_string("bind"));
	type = json_string_value(json_object_get(to, "type"));
	if (!type || strcmp(type, "bind") != 0)
		json_object_del(to, "source");
	else if (!(flags & MS_RDONLY))
		json_object_set_new(to, "writable", json_true());
	return to;
}

static json_t *mount_of_2014(const json_t *value)
{
	static const char *const keys[] = {
		"type", "source", "destination", "writable", "private", "size",
		"mode", "options",
	};
	json_t *to = json_object();

	for (size_t i = 0; i < NSC_ARRAY_SIZE(keys); i++)
		nsc_convert_set(to, keys[i], json_object_get(value, keys[i]));
	if (json_is_true(json_object_get(value, "slave")))
		json_object_set_new(to, "private", json_false());
	return to;
}

static void mounts(struct nsc_convert *c, const char *key,
		   const json_t *value)
{
	json_t *array = nsc_convert_array(c->to, "mounts");
	const json_t *element;
	size_t i;

	json_array_foreach(value, i, element) {
		json_t *to = nsc_convert_either(element, "device", "flags") ?
			     mount_of_2015(element) : mount_of_2014(element);
		const char *type = json_string_value(json_object_get(to,
								     "type"));
		const char *at = json_string_value(json_object_get(to,
						"destination"));

		if (type && at && nsc_convert_is_mounted(type, at)) {
			nsc_convert_note(c, key, "[%zu]: left out: every "
					 "container has %s", i, at);
			json_decref(to);
			continue;
		}
		json_array_append_new(array, to);
	}
	nsc_convert_note(c, key, "became mounts of this format");
}

long long nsc_convert_weight(long long weight)
{
	return weight < 10 ? 0 : 1 + (weight - 10) * 9999 / 990;
}

static bool is_key(const char *key)
{
	char **keys = nsc_config_keys();
	bool found = false;

	for (char **k = keys; k && *k && !found; k++)
		found = !strcmp(*k, key);
	nsc_text_free_vector(keys);
	return found;
}

static void cgroups(struct nsc_convert *c, const char *key,
		    const json_t *value)
{
	json_t *to = nsc_convert_object(c->to, "cgroups");
	json_t *object = (json_t *)(uintptr_t)value, *member;
	const char *name;

	json_object_foreach(object, name, member) {
		char path[128];

		snprintf(path, sizeof(path), "cgroups.%s", name);
		if (!strcmp(name, "allowed_devices"))
			convert_devices(c, path, member, to, name);
		else if (!strcmp(name, "device_access"))
			nsc_convert_set(to, "allow_all_devices", member);
		else if (!strcmp(name, "blkio_weight"))
			json_object_set_new(to, "io_weight", json_integer(
				nsc_convert_weight(
					json_integer_value(member))));
		else if (is_key(path))
			nsc_convert_set(to, name, member);
		else
			nsc_convert_note(c, path, "left out: no such key");
	}
	if (json_is_true(json_object_get(to, "allow_all_devices")))
		json_object_del(to, "allowed_devices");
	nsc_convert_note(c, key, "as it is");
}

/* --- the keys ---------------------------------------------------------- */

static void convert_members(struct nsc_convert *c, const char *prefix,
			    const json_t *object);

static void members(struct nsc_convert *c, const char *key,
		    const json_t *value)
{
	convert_members(c, key, value);
}

/* A key with a function, a new name ("context.x"), or a reason to leave it. */
static const struct rule {
	const char *key;
	void (*convert)(struct nsc_convert *c, const char *key,
			const json_t *value);
	const char *name, *reason;
} rules[] = {
	{ "capabilities_mask", capabilities_mask, NULL, NULL },
	{ "capabilities", keep_capabilities, NULL, NULL },
	{ "rlimits", rlimits, NULL, NULL },
	{ "namespaces", namespaces, NULL, NULL },
	{ "network", networks, NULL, NULL },
	{ "networks", networks, NULL, NULL },
	{ "mounts", mounts, NULL, NULL },
	{ "cgroups", cgroups, NULL, NULL },
	{ "required_device_nodes", device_nodes, NULL, NULL },
	{ "optional_device_nodes", device_nodes, NULL, NULL },
	{ "device_nodes", device_nodes, NULL, NULL },
	{ "devices", devices, NULL, NULL },
	{ "mount_config", members, NULL, NULL },
	{ "root_fs", NULL, "rootfs", NULL },
	{ "readonlyfs", NULL, "readonly_fs", NULL },
	{ "env", NULL, "environment", NULL },
	{ "mask_paths", NULL, "masked_paths", NULL },
	{ "system_properties", NULL, "sysctl", NULL },
	{ "apparmor_profile", NULL, "context.apparmor_profile", NULL },
	{ "process_label", NULL, "context.process_label", NULL },
	{ "mount_label", NULL, "context.mount_label", NULL },
	{ "restrict_sys", NULL, NULL, "its restrictions hold in every "
	  "container" },
	{ "additional_groups", NULL, NULL, "the groups are those of the user" },
	{ "parent_death_signal", NULL, NULL, "a container ends as lifecycle "
	  "says" },
	{ "pivot_dir", NULL, NULL, "no directory is needed" },
	{ "version", NULL, NULL, "it says nothing about the container" },
	{ "id", NULL, NULL, "a container has the name of its user" },
	{ "command", NULL, NULL, "name the command on nsinit exec's line" },
	{ "labels", NULL, NULL, "nobody reads them here" },
};

static void rename_key(struct nsc_convert *c, const char *key,
		       const char *name, const json_t *value)
{
	const char *dot = strchr(name, '.');

	if (dot)
		nsc_convert_set(nsc_convert_object(c->to, "context"), dot + 1,
				value);
	else
		nsc_convert_set(c->to, name, value);
	nsc_convert_note(c, key, "became %s", name);
}

static void convert_one(struct nsc_convert *c, const char *path,
			const char *key, const json_t *value)
{
	const struct rule *rule = rules;

	while (rule < rules + NSC_ARRAY_SIZE(rules) &&
	       strcmp(rule->key, key) != 0)
		rule++;
	if (json_is_null(value)) {
		nsc_convert_note(c, path, "left out: it is null");
	} else if (rule == rules + NSC_ARRAY_SIZE(rules)) {
		bool known = is_key(key);

		if (known)
			nsc_convert_set(c->to, key, value);
		nsc_convert_note(c, path, known ? "as it is" :
						  "left out: no such key");
	} else if (rule->convert) {
		rule->convert(c, path, value);
	} else if (rule->name) {
		rename_key(c, path, rule->name, value);
	} else {
		nsc_convert_note(c, path, "left out: %s", rule->reason);
	}
}

static void convert_members(struct nsc_convert *c, const char *prefix,
			    const json_t *object)
{
	json_t *members_of = (json_t *)(uintptr_t)object, *value;
	const char *key;

	json_object_foreach(members_of, key, value) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", prefix,
			 *prefix ? "." : "", key);
		convert_one(c, path, key, value);
	}
}

static int convert(struct nsc_convert *c, struct nsc_reader *r, bool to_oci)
{
	bool oci = json_object_get(c->from, "ociVersion");

	if (!c->from)
		return -r->err->code;
	if (!json_is_object(c->from))
		return nsc_field_wrong(r, c->from, "an object");
	if (oci && to_oci)
		return nsc_error_set(r->err, EINVAL, "%s: is an OCI "
				     "config.json already", r->file);
	if (oci)
		nsc_convert_from_oci(c);
	else
		convert_members(c, "", c->from);
	return 0;
}

json_t *nsc_convert(const char *text, const char *file, bool to_oci,
		    json_t *notes, struct nsc_error *err)
{
	struct nsc_reader reader = { .file = file, .err = err };
	json_t *from = nsc_field_parse(&reader, text);
	struct nsc_convert c = {
		.from = from, .to = json_object(), .notes = notes,
	};
	int ret = convert(&c, &reader, to_oci);

	json_decref(from);
	if (ret == 0 && to_oci) {
		json_t *ours = c.to;

		c.from = ours;
		c.to = json_object();
		nsc_convert_to_oci(&c);
		json_decref(ours);
	}
	if (ret == 0)
		return c.to;
	json_decref(c.to);
	return NULL;
}
