/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit alone. */
#include "config/mount_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/container_config.h"

/* In the order of enum nsc_mount_type; devtmpfs is always mounted. */
static const char *const types[] = {
	"bind", "tmpfs", "proc", "sysfs", "mqueue", "cgroup", "overlay",
	"devpts", "devtmpfs", NULL,
};
#define DEVTMPFS 8

/* An element as the file has it. */
struct element {
	unsigned int type;
	bool writable;
	bool private;
	char *source;
	char *destination;
	char *size;
	mode_t mode;
};

/* A number of bytes, or a size in the form of tmpfs(5): "64m", "10%". */
static int read_size(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	char *size = NULL;

	(void)f;
	if (json_is_integer(value) && json_integer_value(value) > 0) {
		if (asprintf(&size, "%lld",
			     (long long)json_integer_value(value)) < 0)
			size = NULL;
	} else if (digits && digits < 16 && text[0] != '0' &&
		   (!text[digits] || (strchr("kmgKMG%", text[digits]) &&
				      !text[digits + 1]))) {
		size = strdup(text);
	} else {
		return nsc_field_wrong(r, value, "a number of bytes, or a "
				       "string such as \"64m\" or \"10%\"");
	}
	if (!size)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	*(char **)to = size;
	return 0;
}

#define AT(member) offsetof(struct element, member)
const struct nsc_field nsc_mount_fields[] = {
	{ .name = "type", .read = nsc_read_choice, .at = AT(type),
	  .choices = types },
	{ .name = "source", .read = nsc_read_template, .at = AT(source) },
	{ .name = "destination", .read = nsc_read_path,
	  .at = AT(destination) },
	{ .name = "writable", .read = nsc_read_bool, .at = AT(writable) },
	{ .name = "private", .read = nsc_read_bool, .at = AT(private) },
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
	return check_source(r, e);
}

static int store_element(struct nsc_reader *r, const json_t *element,
			 struct element *e, struct nsc_config *config)
{
	struct nsc_config_mount *list =
		nsc_field_grow(r, config->mounts, config->n_mounts,
			       sizeof(*list));

	if (!list)
		return -ENOMEM;
	config->mounts = list;
	list[config->n_mounts++] = (struct nsc_config_mount){
		.type = e->type, .writable = e->writable,
		.slave = !e->private && nsc_field_has(element, "private"),
		.mode = e->mode, .source = e->source,
		.destination = e->destination, .size = e->size,
	};
	e->source = e->destination = e->size = NULL;
	return 0;
}

int nsc_read_mount(struct nsc_reader *r, const json_t *element, void *to)
{
	struct element e = { .mode = 0755 };
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
