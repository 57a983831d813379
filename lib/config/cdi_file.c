/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host; the files are root's. */
#include "config/cdi_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cdi_version.h"
#include "config/cdi_yaml.h"
#include "config/field.h"
#include "config/lists.h"
#include "config/mount_keys.h"
#include "config/process_keys.h"
#include "util/fd.h"
#include "util/text.h"

/* Seconds for a hook without a timeout; start_timeout ends a start before. */
#define HOOK_TIMEOUT 3600
#define HOOK_TIMEOUT_STOP 60	/* an end waits for nobody */

/* --- names ------------------------------------------------------------- */

/* A letter, or with digit a digit too, then these and more, no sign last. */
static bool is_name(const char *text, size_t len, bool digit, const char *more)
{
	if (!len || !(digit ? isalnum((unsigned char)*text) :
			      isalpha((unsigned char)*text)) ||
	    !isalnum((unsigned char)text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))
			return false;
	return true;
}

/* A DNS subdomain, '/', and a name of 63 letters at most. */
static bool is_kind(const char *kind, size_t len)
{
	const char *slash = memchr(kind, '/', len);
	size_t vendor = slash ? (size_t)(slash - kind) : 0;

	return slash && vendor <= 253 && len - vendor - 1 <= 63 &&
	       is_name(kind, vendor, false, ".-_") &&
	       is_name(slash + 1, len - vendor - 1, false, ".-_");
}

bool nsc_cdi_name_valid(const char *name)
{
	const char *sign = strchr(name, '=');

	return sign && is_kind(name, (size_t)(sign - name)) &&
	       is_name(sign + 1, strlen(sign + 1), true, ".-_:");
}

/* --- readers ----------------------------------------------------------- */

static int oom(struct nsc_reader *r)
{
	return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

/* Keep the first reason why these edits cannot be made. */
static int cannot(struct nsc_reader *r, struct nsc_cdi_edits *e,
		  const char *what)
{
	if (!e->unsupported &&
	    asprintf(&e->unsupported, "%s: %s: %s", r->file, r->path, what) < 0)
		e->unsupported = NULL;
	return e->unsupported ? 0 : oom(r);
}

/* A number is as good as a text, since YAML needs no quotes. */
static int read_name(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	if (!json_is_integer(value))
		return nsc_read_text(r, value, f, to);
	free(*(char **)to);
	*(char **)to = NULL;
	return asprintf((char **)to, "%" JSON_INTEGER_FORMAT,
			json_integer_value(value)) < 0 ? oom(r) : 0;
}

/* As the paths of container.json, without templates. */
static int read_path(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	if (!text)
		return -EINVAL;
	if (!nsc_field_is_path(text))
		return nsc_field_wrong(r, value, "an absolute path without "
				       "'..'");
	return nsc_read_text(r, value, f, to);
}

static int check_variable(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = nsc_field_text(r, element);

	(void)to;
	return !text ? -EINVAL :
	       *text != '=' && strchr(text, '=') ? 0 :
	       nsc_field_wrong(r, element, "NAME=VALUE");
}

static int read_env(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	int ret = nsc_field_array(r, value, check_variable, NULL);

	return ret < 0 ? ret : nsc_read_texts(r, value, f, to);
}

/* Notes for others; each value is a text. */
static int read_annotations(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	json_t *object = (json_t *)(uintptr_t)value, *text;
	const char *key;

	(void)f;
	(void)to;
	if (!json_is_object(value))
		return nsc_field_wrong(r, value, "an object");
	json_object_foreach(object, key, text)
		if (!json_is_string(text))
			return nsc_field_wrong(r, text, "a string for each "
					       "name");
	return 0;
}

/* --- device nodes ------------------------------------------------------ */

static int read_type(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	if (!text || strlen(text) > 1 || !strchr("bcup", *text))
		return nsc_field_wrong(r, value, "\"b\", \"c\", \"u\" or "
				       "\"p\"");
	*(char *)to = *text == 'u' ? 'c' : *text;
	return 0;
}

static int read_permissions(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	if (text && !strcmp(text, "none"))
		*(unsigned int *)to = 0;
	else if (!text || *text)
		return nsc_read_permissions(r, value, f, to);
	return 0;
}

#define AT(member) offsetof(struct nsc_cdi_node, member)
static const struct nsc_field node_fields[] = {
	{ .name = "path", .read = read_path, .at = AT(path) },
	{ .name = "hostPath", .read = read_path, .at = AT(host_path) },
	{ .name = "type", .read = read_type, .at = AT(type) },
	{ .name = "major", .read = nsc_read_number, .at = AT(major),
	  .max = 4095 },
	{ .name = "minor", .read = nsc_read_number, .at = AT(minor),
	  .max = 1048575 },
	{ .name = "fileMode", .read = nsc_read_mode, .at = AT(mode),
	  .max = 07777 },
	{ .name = "permissions", .read = read_permissions, .at = AT(access) },
	{ .name = "uid", .read = nsc_read_number, .at = AT(uid),
	  .max = 4294967294 },
	{ .name = "gid", .read = nsc_read_number, .at = AT(gid),
	  .max = 4294967294 },
	{ .name = NULL },
};
#undef AT

static int read_node(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_cdi_edits *e = to;
	struct nsc_cdi_node *n = nsc_field_grow(r, e->nodes, e->n_nodes,
						sizeof(*n));
	int ret;

	if (!n)
		return -ENOMEM;
	e->nodes = n;
	n += e->n_nodes++;
	n->access = NSC_DEVICE_ALL;
	ret = nsc_field_object(r, element, node_fields, n);
	if (ret == 0 && !n->path)
		ret = nsc_field_refuse_member(r, "path", "is missing");
	if (ret < 0)
		return ret;
	n->has_mode = nsc_field_has(element, "fileMode");
	n->mode &= 0777;
	n->has_uid = nsc_field_has(element, "uid");
	n->has_gid = nsc_field_has(element, "gid");
	if (n->type == 'p')
		return cannot(r, e, "a FIFO is not supported");
	return nsc_device_path_valid(n->path) ? 0 :
	       cannot(r, e, "a device whose path is not below /dev is not "
			    "supported");
}

/* --- mounts ------------------------------------------------------------ */

struct mount {
	char *source, *destination, *type;
	char **options;
};

#define AT(member) offsetof(struct mount, member)
static const struct nsc_field mount_fields[] = {
	{ .name = "hostPath", .read = nsc_read_text, .at = AT(source) },
	{ .name = "containerPath", .read = read_path, .at = AT(destination) },
	{ .name = "type", .read = nsc_read_text, .at = AT(type) },
	{ .name = "options", .read = nsc_read_texts, .at = AT(options) },
	{ .name = NULL },
};
#undef AT

static bool mount_size(const char *text, struct nsc_config_mount *m)
{
	long long bytes;

	if (nsc_text_bytes(text, &bytes) < 0 || bytes <= 0 ||
	    asprintf(&m->size, "%lld", bytes) < 0)
		m->size = NULL;
	return m->size;
}

/* All mounts are nosuid and nodev, as the files of vendors want them. */
static bool mount_option(const char *option, struct nsc_config_mount *m)
{
	static const char *const idle[] = { "bind", "rbind", "rw", "exec",
					    "private", "rprivate", NULL };
	bool tmpfs = m->type == NSC_MOUNT_TMPFS;
	char *end;

	for (const char *const *o = idle; *o; o++)
		if (!strcmp(option, *o))
			return true;
	if (!strcmp(option, "ro"))
		m->writable = false;
	else if (!strcmp(option, "slave") || !strcmp(option, "rslave"))
		m->slave = true;
	else if (tmpfs && !m->size && !strncmp(option, "size=", 5))
		return mount_size(option + 5, m);
	else if (tmpfs && !strncmp(option, "mode=", 5)) {
		m->mode = (mode_t)strtoul(option + 5, &end, 8) & 01777;
		return option[5] && !*end;
	} else {
		return nsc_mount_option(option, &m->attributes);
	}
	return true;
}

static int mount_options(struct nsc_reader *r, const struct mount *from,
			 struct nsc_cdi_edits *e, struct nsc_config_mount *m)
{
	char text[128], escaped[64];

	for (char **o = from->options; o && *o; o++) {
		if (mount_option(*o, m))
			continue;
		snprintf(text, sizeof(text), "the option \"%s\" is not "
			 "supported", nsc_text_escape(*o, escaped,
						      sizeof(escaped)));
		return cannot(r, e, text);
	}
	return 0;
}

static int add_mount(struct nsc_reader *r, struct mount *from,
		     struct nsc_cdi_edits *e)
{
	struct nsc_config_mount *m = nsc_field_grow(r, e->mounts, e->n_mounts,
						    sizeof(*m));
	const char *type = from->type ? from->type : "";
	bool bind = !*type || !strcmp(type, "bind");

	if (!m)
		return -ENOMEM;
	for (char **o = from->options; o && *o; o++)
		bind |= !strcmp(*o, "bind") || !strcmp(*o, "rbind");
	e->mounts = m;
	m += e->n_mounts++;
	*m = (struct nsc_config_mount){
		.type = bind ? NSC_MOUNT_BIND : NSC_MOUNT_TMPFS,
		.writable = true, .mode = 01777, .source = from->source,
		.destination = from->destination,
	};
	from->source = from->destination = NULL;
	if (!bind && strcmp(type, "tmpfs") != 0)
		return cannot(r, e, "of the types of mounts, only \"bind\" and "
				    "\"tmpfs\" are supported");
	if (bind && (!m->source || m->source[0] != '/'))
		return nsc_field_refuse_member(r, "hostPath", "expected an "
					       "absolute path");
	return mount_options(r, from, e, m);
}

static int read_mount(struct nsc_reader *r, const json_t *element, void *to)
{
	struct mount from = { .source = NULL };
	int ret = nsc_field_object(r, element, mount_fields, &from);

	if (ret == 0 && (!from.source || !from.destination))
		ret = nsc_field_refuse(r, "expected hostPath and "
				       "containerPath");
	if (ret == 0)
		ret = add_mount(r, &from, to);
	free(from.source);
	free(from.destination);
	free(from.type);
	nsc_text_free_vector(from.options);
	return ret;
}

/* --- hooks, groups, the rest ------------------------------------------- */

/* The stages of the OCI runtime specification. */
static const struct {
	const char *name;
	enum nsc_hook_when when;
} stages[] = {
	{ "prestart", NSC_HOOK_START },
	{ "createRuntime", NSC_HOOK_START },
	{ "createContainer", NSC_HOOK_CREATE_CONTAINER },
	{ "startContainer", NSC_HOOK_START_CONTAINER },
	{ "poststart", NSC_HOOK_POSTSTART },
	{ "poststop", NSC_HOOK_STOP },
};

struct hook {
	char *name, *path;
	char **args, **env;
	uint32_t timeout;
};

#define AT(member) offsetof(struct hook, member)
static const struct nsc_field hook_fields[] = {
	{ .name = "hookName", .read = nsc_read_text, .at = AT(name) },
	{ .name = "path", .read = read_path, .at = AT(path) },
	{ .name = "args", .read = nsc_read_texts, .at = AT(args) },
	{ .name = "env", .read = read_env, .at = AT(env) },
	{ .name = "timeout", .read = nsc_read_number, .at = AT(timeout),
	  .min = 1, .max = HOOK_TIMEOUT },
	{ .name = NULL },
};
#undef AT

static int add_hook(struct nsc_reader *r, struct hook *from,
		    struct nsc_cdi_edits *e)
{
	struct nsc_config_hook h;
	size_t i = 0;
	int ret;

	while (i < NSC_ARRAY_SIZE(stages) &&
	       strcmp(stages[i].name, from->name) != 0)
		i++;
	if (i == NSC_ARRAY_SIZE(stages))
		return nsc_field_refuse_member(r, "hookName", "is no name of "
			"the OCI runtime specification");
	/* A program is called by its path. */
	if (from->args && from->args[0]) {
		char **args = from->args;

		free(args[0]);
		do
			args[0] = args[1];
		while (*args++);
	}
	h = (struct nsc_config_hook){
		.when = stages[i].when, .path = from->path,
		.args = from->args, .env = from->env,
		.timeout = from->timeout ? from->timeout :
			   stages[i].when == NSC_HOOK_STOP ?
				   HOOK_TIMEOUT_STOP : HOOK_TIMEOUT,
	};
	ret = nsc_field_add(r, &e->hooks, &e->n_hooks, &h, sizeof(h));
	if (ret < 0)
		return ret;
	from->path = NULL;
	from->args = from->env = NULL;
	return 0;
}

static int read_hook(struct nsc_reader *r, const json_t *element, void *to)
{
	struct hook from = { .name = NULL };
	int ret = nsc_field_object(r, element, hook_fields, &from);

	if (ret == 0 && (!from.name || !from.path))
		ret = nsc_field_refuse(r, "expected hookName and path");
	if (ret == 0)
		ret = add_hook(r, &from, to);
	free(from.name);
	free(from.path);
	nsc_text_free_vector(from.args);
	nsc_text_free_vector(from.env);
	return ret;
}

static int read_gid(struct nsc_reader *r, const json_t *element, void *to)
{
	static const struct nsc_field number = { .max = 4294967294 };
	struct nsc_cdi_edits *e = to;
	uint32_t gid = 0;
	int ret = nsc_read_number(r, element, &number, &gid);

	if (ret < 0 || !gid)
		return ret;
	return nsc_field_add(r, &e->gids, &e->n_gids, &gid, sizeof(gid));
}

static int read_unsupported(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	(void)value;
	(void)f;
	return cannot(r, to, "is not supported");
}

#define AT(member) offsetof(struct nsc_cdi_edits, member)
static const struct nsc_field edits_fields[] = {
	{ .name = "env", .read = read_env, .at = AT(env) },
	{ .name = "deviceNodes", .read = nsc_read_array,
	  .element = read_node },
	{ .name = "mounts", .read = nsc_read_array, .element = read_mount },
	{ .name = "hooks", .read = nsc_read_array, .element = read_hook },
	{ .name = "additionalGids", .read = nsc_read_array,
	  .element = read_gid },
	{ .name = "additionalGIDs", .read = nsc_read_array,
	  .element = read_gid },
	{ .name = "intelRdt", .read = read_unsupported },
	{ .name = "netDevices", .read = read_unsupported },
	{ .name = NULL },
};
#undef AT

static int read_edits(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_field_object(r, value, edits_fields, to);
}

/* --- the file ---------------------------------------------------------- */

static int read_kind(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	if (!text)
		return -EINVAL;
	if (!is_kind(text, strlen(text)))
		return nsc_field_wrong(r, value, "a name such as "
				       "\"vendor.com/class\"");
	return nsc_read_text(r, value, f, to);
}

#define AT(member) offsetof(struct nsc_cdi_device, member)
static const struct nsc_field device_fields[] = {
	{ .name = "name", .read = read_name, .at = AT(name) },
	{ .name = "annotations", .read = read_annotations },
	{ .name = "containerEdits", .read = read_edits, .at = AT(edits) },
	{ .name = NULL },
};
#undef AT

static int read_device(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_cdi_file *file = to;
	struct nsc_cdi_device *d = nsc_field_grow(r, file->devices,
						  file->n_devices, sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	file->devices = d;
	d += file->n_devices++;
	ret = nsc_field_object(r, element, device_fields, d);
	if (ret < 0)
		return ret;
	if (!d->name || !is_name(d->name, strlen(d->name), true, ".-_:"))
		return nsc_field_refuse_member(r, "name", "expected letters, "
			"digits, '.', '-', '_' and ':', and a letter or digit "
			"at both ends");
	for (struct nsc_cdi_device *other = file->devices; other < d; other++)
		if (!strcmp(other->name, d->name))
			return nsc_field_refuse_member(r, "name", "is there "
						       "twice");
	return 0;
}

#define AT(member) offsetof(struct nsc_cdi_file, member)
static const struct nsc_field file_fields[] = {
	{ .name = "cdiVersion", .read = nsc_read_text, .at = AT(version) },
	{ .name = "kind", .read = read_kind, .at = AT(kind) },
	{ .name = "annotations", .read = read_annotations },
	{ .name = "devices", .read = nsc_read_array, .element = read_device },
	{ .name = "containerEdits", .read = read_edits, .at = AT(edits) },
	{ .name = NULL },
};
#undef AT

static int read_file(struct nsc_reader *r, const json_t *root,
		     struct nsc_cdi_file *file)
{
	int ret = nsc_field_object(r, root, file_fields, file);

	if (ret < 0)
		return ret;
	if (!file->version || !file->kind || !file->n_devices)
		return nsc_field_refuse(r, "expected cdiVersion, kind and "
					"devices");
	return nsc_cdi_version_check(r->file, root, r->err);
}

int nsc_cdi_file_parse(const char *path, const char *text,
		       struct nsc_cdi_file *ret, struct nsc_error *err)
{
	struct nsc_reader reader = {
		.file = path, .dir = "/", .root = file_fields, .err = err,
	};
	json_t *root = nsc_text_ends_with(path, ".yaml") ?
			       nsc_cdi_yaml(path, text, err) :
			       nsc_field_parse(&reader, text);
	int error;

	*ret = (struct nsc_cdi_file){ .path = strdup(path) };
	if (!root)
		return -err->code;
	error = ret->path ? read_file(&reader, root, ret) : oom(&reader);
	json_decref(root);
	return error;
}

static void free_edits(struct nsc_cdi_edits *e)
{
	nsc_text_free_vector(e->env);
	for (size_t i = 0; i < e->n_nodes; i++) {
		free(e->nodes[i].path);
		free(e->nodes[i].host_path);
	}
	free(e->nodes);
	nsc_config_mounts_free(e->mounts, e->n_mounts);
	nsc_config_hooks_free(e->hooks, e->n_hooks);
	free(e->gids);
	free(e->unsupported);
}

void nsc_cdi_file_free(struct nsc_cdi_file *file)
{
	for (size_t i = 0; i < file->n_devices; i++) {
		free(file->devices[i].name);
		free_edits(&file->devices[i].edits);
	}
	free(file->devices);
	free_edits(&file->edits);
	free(file->path);
	free(file->version);
	free(file->kind);
}
