/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host; the files are root's. */
#include "config/cdi_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cdi_edits.h"
#include "config/cdi_version.h"
#include "config/cdi_yaml.h"
#include "config/field.h"
#include "util/fd.h"
#include "util/text.h"

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
	{ .name = "containerEdits", .read = nsc_cdi_read_edits,
	  .at = AT(edits) },
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
	{ .name = "containerEdits", .read = nsc_cdi_read_edits,
	  .at = AT(edits) },
	{ .name = NULL },
};
#undef AT

/* A device without edits is a mistake, for other engines too. */
static int check_edits(struct nsc_reader *r, const json_t *root)
{
	const json_t *devices = json_object_get(root, "devices");

	for (size_t i = 0; i < json_array_size(devices); i++) {
		json_t *edits = json_object_get(json_array_get(devices, i),
						"containerEdits"), *value;
		const char *key;
		bool found = false;

		json_object_foreach(edits, key, value)
			found |= !nsc_cdi_is_empty(value);
		if (!found)
			return nsc_field_refuse_at(r, "devices", i,
						   "containerEdits",
						   "is missing or empty");
	}
	return 0;
}

static int read_file(struct nsc_reader *r, const json_t *root,
		     struct nsc_cdi_file *file)
{
	int ret = nsc_field_object(r, root, file_fields, file);

	if (ret < 0)
		return ret;
	if (!file->version || !file->kind || !file->n_devices)
		return nsc_field_refuse(r, "expected cdiVersion, kind and "
					"devices");
	ret = nsc_cdi_version_check(r->file, root, r->err);
	return ret < 0 ? ret : check_edits(r, root);
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

void nsc_cdi_file_free(struct nsc_cdi_file *file)
{
	for (size_t i = 0; i < file->n_devices; i++) {
		free(file->devices[i].name);
		nsc_cdi_edits_free(&file->devices[i].edits);
	}
	free(file->devices);
	nsc_cdi_edits_free(&file->edits);
	free(file->path);
	free(file->version);
	free(file->kind);
}
