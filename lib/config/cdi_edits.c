/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host; the files are root's. */
#include "config/cdi_edits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/array_keys.h"
#include "config/cdi_version.h"
#include "config/mount_keys.h"
#include "config/process_keys.h"
#include "util/fd.h"
#include "util/text.h"

/* nsc_read_integer() takes any number, and check_number() judges it. */
#define ANY .min = INT64_MIN, .max = INT64_MAX

#define ID_MAX 4294967294

/* Seconds for a hook without a timeout; start_timeout ends a start sooner. */
#define HOOK_TIMEOUT 3600
#define HOOK_TIMEOUT_STOP 60	/* an end waits for nobody */

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

/* The same for a member of the current object. */
static int cannot_member(struct nsc_reader *r, struct nsc_cdi_edits *e,
			 const char *member, const char *what)
{
	size_t len = nsc_field_push(r, ".%s", member);
	int ret = cannot(r, e, what);

	nsc_field_pop(r, len);
	return ret;
}

/* Other engines take any path. */
static int check_path(struct nsc_reader *r, struct nsc_cdi_edits *e,
		      const char *member, const char *path)
{
	return nsc_field_is_path(path) ? 0 :
	       cannot_member(r, e, member, "only an absolute path without "
					   "'..' is supported");
}

/*
 * Other engines also take any number: it is stored at to if it is between min
 * and max.
 */
struct number {
	const char *member;	/* NULL: the current value itself */
	int64_t value, min, max;
	uint32_t *to;
};

static int check_number(struct nsc_reader *r, struct nsc_cdi_edits *e,
			const struct number *n)
{
	char text[96];

	if (n->value >= n->min && n->value <= n->max) {
		*n->to = (uint32_t)n->value;
		return 0;
	}
	snprintf(text, sizeof(text), "only a number from %lld to %lld is "
		 "supported", (long long)n->min, (long long)n->max);
	return n->member ? cannot_member(r, e, n->member, text) :
			   cannot(r, e, text);
}

/* "" is no text. */
static int read_filled(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	return text && !*text ? 0 : nsc_read_text(r, value, f, to);
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

struct node {
	struct nsc_cdi_node node;
	int64_t major, minor, uid, gid;
};

#define AT(member) offsetof(struct node, member)
static const struct nsc_field node_fields[] = {
	{ .name = "path", .read = read_filled, .at = AT(node.path) },
	{ .name = "hostPath", .read = read_filled, .at = AT(node.host_path) },
	{ .name = "type", .read = read_type, .at = AT(node.type) },
	{ .name = "major", .read = nsc_read_integer, .at = AT(major), ANY },
	{ .name = "minor", .read = nsc_read_integer, .at = AT(minor), ANY },
	/* Go has bits above those of the kernel. */
	{ .name = "fileMode", .read = nsc_read_mode, .at = AT(node.mode),
	  .max = UINT32_MAX },
	{ .name = "permissions", .read = read_permissions,
	  .at = AT(node.access) },
	{ .name = "uid", .read = nsc_read_integer, .at = AT(uid), ANY },
	{ .name = "gid", .read = nsc_read_integer, .at = AT(gid), ANY },
	{ .name = NULL },
};
#undef AT

static int check_node(struct nsc_reader *r, struct nsc_cdi_edits *e,
		      const struct node *from, struct nsc_cdi_node *n)
{
	const struct number numbers[] = {
		{ "major", from->major, 0, 4095, &n->major },
		{ "minor", from->minor, 0, 1048575, &n->minor },
		{ "uid", from->uid, 0, ID_MAX, &n->uid },
		{ "gid", from->gid, 0, ID_MAX, &n->gid },
	};
	int ret = n->host_path ? check_path(r, e, "hostPath", n->host_path) : 0;

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(numbers); i++)
		ret = check_number(r, e, &numbers[i]);
	if (ret < 0)
		return ret;
	if (n->type == 'p')
		return cannot(r, e, "a FIFO is not supported");
	return nsc_device_path_valid(n->path) ? 0 :
	       cannot(r, e, "a device whose path is not below /dev is not "
			    "supported");
}

static int read_node(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_cdi_edits *e = to;
	struct node from = { .node = { .access = NSC_DEVICE_ALL } };
	struct nsc_cdi_node *n = &from.node;
	int ret = nsc_field_object(r, element, node_fields, &from);

	if (ret == 0 && !n->path)
		ret = nsc_field_refuse_member(r, "path", "is missing");
	n->has_mode = nsc_field_has(element, "fileMode");
	n->mode &= 0777;
	n->has_uid = nsc_field_has(element, "uid");
	n->has_gid = nsc_field_has(element, "gid");
	if (ret == 0)
		ret = check_node(r, e, &from, n);
	if (ret == 0)
		ret = nsc_field_add(r, &e->nodes, &e->n_nodes, n, sizeof(*n));
	if (ret == 0)
		return 0;
	free(n->path);
	free(n->host_path);
	return ret;
}

/* --- mounts ------------------------------------------------------------ */

struct mount {
	char *source, *destination, *type;
	char **options;
};

#define AT(member) offsetof(struct mount, member)
static const struct nsc_field mount_fields[] = {
	{ .name = "hostPath", .read = read_filled, .at = AT(source) },
	{ .name = "containerPath", .read = read_filled, .at = AT(destination) },
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
	int ret;

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
	ret = check_path(r, e, "containerPath", m->destination);
	if (ret == 0 && bind)
		ret = check_path(r, e, "hostPath", m->source);
	return ret < 0 ? ret : mount_options(r, from, e, m);
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
	bool has_timeout;
	int64_t timeout;
};

#define AT(member) offsetof(struct hook, member)
static const struct nsc_field hook_fields[] = {
	{ .name = "hookName", .read = nsc_read_text, .at = AT(name) },
	{ .name = "path", .read = read_filled, .at = AT(path) },
	{ .name = "args", .read = nsc_read_texts, .at = AT(args) },
	{ .name = "env", .read = read_env, .at = AT(env) },
	{ .name = "timeout", .read = nsc_read_integer, .at = AT(timeout), ANY },
	{ .name = NULL },
};
#undef AT

static int add_hook(struct nsc_reader *r, struct hook *from,
		    struct nsc_cdi_edits *e)
{
	struct nsc_config_hook h = { .path = NULL };
	const struct number timeout = {
		"timeout", from->timeout, 1, HOOK_TIMEOUT, &h.timeout,
	};
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
		.timeout = stages[i].when == NSC_HOOK_STOP ?
				   HOOK_TIMEOUT_STOP : HOOK_TIMEOUT,
	};
	ret = check_path(r, e, "path", h.path);
	if (ret == 0 && from->has_timeout)
		ret = check_number(r, e, &timeout);
	if (ret == 0)
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
	from.has_timeout = nsc_field_has(element, "timeout");
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
	static const struct nsc_field any = { ANY };
	struct nsc_cdi_edits *e = to;
	uint32_t gid = 0;
	struct number number = { .max = ID_MAX, .to = &gid };
	int ret = nsc_read_integer(r, element, &any, &number.value);

	if (ret == 0)
		ret = check_number(r, e, &number);
	if (ret < 0 || !gid)
		return ret;
	return nsc_field_add(r, &e->gids, &e->n_gids, &gid, sizeof(gid));
}

static int read_unsupported(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_cdi_is_empty(value) ? 0 :
					 cannot(r, to, "is not supported");
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

int nsc_cdi_read_edits(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_field_object(r, value, edits_fields, to);
}

void nsc_cdi_edits_free(struct nsc_cdi_edits *e)
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
