/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/mount_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "config/container_config.h"
#include "linux/mount.h"
#include "util/fd.h"

/* In the order of enum nsc_mount_type; devtmpfs is always mounted. */
const char *const nsc_mount_types[] = {
	"bind", "tmpfs", "proc", "sysfs", "mqueue", "cgroup", "overlay",
	"devpts", "devtmpfs", NULL,
};
#define DEVTMPFS 8

/* An element as the file has it. */
struct element {
	unsigned int type;
	bool writable;
	bool private;
	bool idmap;
	uint64_t attributes;
	bool masked;
	char *source;
	char *destination;
	char *size;
	mode_t mode;
};

/* A number of bytes such as "64M", or a part of the memory: "10%". */
static int read_size(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	long long bytes = json_integer_value(value);
	char *size = NULL;

	(void)f;
	if (digits && digits < 16 && text[0] != '0' && text[digits] == '%' &&
	    !text[digits + 1]) {
		size = strdup(text);
	} else if ((json_is_integer(value) ||
		    (text && nsc_text_bytes(text, &bytes) == 0)) && bytes > 0) {
		if (asprintf(&size, "%lld", bytes) < 0)
			size = NULL;
	} else {
		return nsc_field_wrong(r, value, "a number of bytes, or a "
				       "string such as \"64m\" or \"10%\"");
	}
	if (!size)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	*(char **)to = size;
	return 0;
}

/* nosuid and nodev are always set.  A remedy refuses the name. */
static const struct option {
	const char *name;
	uint64_t attributes;
	const char *remedy;
} options[] = {
	{ "noexec", MOUNT_ATTR_NOEXEC, NULL },
	{ "nosuid", 0, NULL },
	{ "nodev", 0, NULL },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, NULL },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, NULL },
	{ "noatime", NSC_MOUNT_ATIME | MOUNT_ATTR_NOATIME, NULL },
	{ "relatime", NSC_MOUNT_ATIME, NULL },
	{ "strictatime", NSC_MOUNT_ATIME | MOUNT_ATTR_STRICTATIME, NULL },
	{ "ro", 0, "is written \"writable\": false" },
	{ "rw", 0, "is written \"writable\": true" },
	{ "suid", 0, "is not possible: all mounts are nosuid" },
	{ "dev", 0, "is not possible: all mounts are nodev; see device_nodes" },
	{ "exec", 0, "is what a mount without noexec has" },
	{ "bind", 0, "is written \"type\": \"bind\"" },
	{ "rbind", 0, "is written \"type\": \"bind\"" },
	{ "private", 0, "is written \"private\": true" },
	{ "rprivate", 0, "is written \"private\": true" },
	{ "slave", 0, "is written \"private\": false" },
	{ "rslave", 0, "is written \"private\": false" },
	{ "shared", 0, "is not possible: what is mounted inside never appears "
	  "on the host; see private" },
	{ "rshared", 0, "is not possible: what is mounted inside never appears "
	  "on the host; see private" },
	{ "unbindable", 0, "is not possible: see private" },
	{ "runbindable", 0, "is not possible: see private" },
	{ "idmap", 0, "is written \"idmap\": true" },
	{ "ridmap", 0, "is not possible: idmap is for the source alone" },
	{ "tmpcopyup", 0, "is not possible: an overlay of the directory keeps "
	  "what is in it, and is writable" },
	{ "defaults", 0, "is what a mount without options has" },
	{ "sync", 0, "is not possible: it is an option of the file system, "
	  "which the host mounted" },
};

/*
 * The remedy for options of the specification that hold for a bind and for
 * everything below it.
 */
static const struct option recursive = {
	"", 0, "is written without the first r: options hold for all that is "
	"mounted below the source, too",
};

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(options); i++)
		if (!strcmp(name, options[i].name))
			return &options[i];
	return NULL;
}

static int read_option(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = json_string_value(element);
	const struct option *o = text ? find_option(text) : NULL;
	uint64_t *attributes = to;

	if (!o && text && *text == 'r') {
		o = find_option(text + 1);
		if (o && !o->remedy)
			o = &recursive;
	}
	if (!o)
		return nsc_field_wrong(r, element, "one of noexec, nosuid, "
				       "nodev, nosymfollow, noatime, relatime, "
				       "strictatime, nodiratime");
	if (o->remedy)
		return nsc_field_refuse(r, o->remedy);
	if (o->attributes & *attributes & NSC_MOUNT_ATIME)
		return nsc_field_refuse(r, "expected one of noatime, relatime, "
					"strictatime");
	*attributes |= o->attributes;
	return 0;
}

bool nsc_mount_option(const char *name, uint64_t *attributes)
{
	const struct option *o = find_option(name);

	if (!o || o->remedy)
		return false;
	if (o->attributes & NSC_MOUNT_ATIME)
		*attributes &= ~(NSC_MOUNT_ATIME | MOUNT_ATTR__ATIME);
	*attributes |= o->attributes;
	return true;
}

void nsc_config_mount_free(struct nsc_config_mount *mount)
{
	free(mount->source);
	free(mount->destination);
	free(mount->size);
}

void nsc_config_mounts_free(struct nsc_config_mount *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nsc_config_mount_free(&list[i]);
	free(list);
}

static int read_options(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_field_array(r, value, read_option, to);
}

#define AT(member) offsetof(struct element, member)
const struct nsc_field nsc_mount_fields[] = {
	{ .name = "type", .read = nsc_read_choice, .at = AT(type),
	  .choices = nsc_mount_types },
	{ .name = "source", .read = nsc_read_template, .at = AT(source) },
	{ .name = "destination", .read = nsc_read_path,
	  .at = AT(destination) },
	{ .name = "writable", .read = nsc_read_bool, .at = AT(writable) },
	{ .name = "private", .read = nsc_read_bool, .at = AT(private) },
	{ .name = "options", .read = read_options, .at = AT(attributes) },
	{ .name = "idmap", .read = nsc_read_bool, .at = AT(idmap) },
	{ .name = "masked", .read = nsc_read_bool, .at = AT(masked) },
	{ .name = "size", .read = read_size, .at = AT(size) },
	{ .name = "mode", .read = nsc_read_mode, .at = AT(mode),
	  .max = 01777 },
	{ .name = NULL },
};
#undef AT

static bool sources_are_absolute(const char *source)
{
	while (*source == '/') {
		source += strcspn(source, ":");
		if (!*source)
			return true;
		source++;
	}
	return false;
}

static int check_source(struct nsc_reader *r, const struct element *e)
{
	if (e->type == NSC_MOUNT_BIND &&
	    (!e->source || e->source[0] != '/'))
		return nsc_field_refuse_member(r, "source", "expected an "
					       "absolute path of the host");
	if (e->type == NSC_MOUNT_OVERLAY &&
	    (!e->source || !sources_are_absolute(e->source)))
		return nsc_field_refuse_member(r, "source", "expected "
					       "absolute paths of the host, "
					       "with ':' between them");
	return 0;
}

static int check_element(struct nsc_reader *r, const json_t *element,
			 const struct element *e)
{
	if (!nsc_field_has(element, "type"))
		return nsc_field_refuse_member(r, "type", "is missing");
	if (e->type == DEVTMPFS && e->destination)
		return nsc_field_refuse_member(r, "destination", "/dev is "
					       "managed: remove it");
	if (e->type != DEVTMPFS && !e->destination)
		return nsc_field_refuse_member(r, "destination", "is missing");
	if (e->destination && !strcmp(e->destination, "/"))
		return nsc_field_refuse_member(r, "destination",
					       "\"/\" is the rootfs");
	if (e->type != NSC_MOUNT_TMPFS && nsc_field_has(element, "size"))
		return nsc_field_refuse_member(r, "size", "is for the type "
					       "\"tmpfs\"");
	if (e->type != NSC_MOUNT_TMPFS && nsc_field_has(element, "mode"))
		return nsc_field_refuse_member(r, "mode", "is for the type "
					       "\"tmpfs\"");
	if (e->type > NSC_MOUNT_TMPFS && e->type != NSC_MOUNT_OVERLAY &&
	    nsc_field_has(element, "options"))
		return nsc_field_refuse_member(r, "options", "is for the types "
					       "\"bind\", \"tmpfs\" and "
					       "\"overlay\"");
	if (e->type != NSC_MOUNT_BIND && e->type != NSC_MOUNT_OVERLAY &&
	    nsc_field_has(element, "idmap"))
		return nsc_field_refuse_member(r, "idmap", "is for the types "
					       "\"bind\" and \"overlay\"");
	/* Such a mount would have no id map. */
	if (e->idmap && !e->private && nsc_field_has(element, "private"))
		return nsc_field_refuse_member(r, "private", "false is not "
					       "possible with idmap");
	if (e->type != NSC_MOUNT_PROC && e->type != NSC_MOUNT_SYSFS &&
	    nsc_field_has(element, "masked"))
		return nsc_field_refuse_member(r, "masked", "is for the types "
					       "\"proc\" and \"sysfs\"");
	return check_source(r, e);
}

static int store_element(struct nsc_reader *r, const json_t *element,
			 struct element *e, struct nsc_config *config)
{
	const struct nsc_config_mount mount = {
		.type = e->type, .writable = e->writable || !e->masked,
		.masked = e->masked,
		.slave = !e->private && nsc_field_has(element, "private"),
		.idmap = e->idmap, .attributes = e->attributes,
		.mode = e->mode, .source = e->source,
		.destination = e->destination, .size = e->size,
	};
	int ret = nsc_field_add(r, &config->mounts, &config->n_mounts, &mount,
				sizeof(mount));

	if (ret == 0)
		e->source = e->destination = e->size = NULL;
	return ret;
}

int nsc_read_mount(struct nsc_reader *r, const json_t *element, void *to)
{
	struct element e = { .mode = 0755, .masked = true };
	int ret = nsc_field_object(r, element, nsc_mount_fields, &e);

	if (ret == 0)
		ret = check_element(r, element, &e);
	if (ret == 0 && e.type != DEVTMPFS)
		ret = store_element(r, element, &e, to);
	free(e.source);
	free(e.destination);
	free(e.size);
	return ret;
}
