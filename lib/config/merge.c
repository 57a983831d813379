/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_objects(const json_t *array)
{
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
		if (!json_is_object(element))
			return false;
	return json_array_size(array) > 0;
}

/* The source's array at the current path begins behind n elements. */
static int add_shift(struct nsc_reader *r, struct nsc_json_source *source,
		     size_t n)
{
	struct nsc_json_shift *list =
		nsc_field_grow(r, source->shifts, source->n_shifts,
			       sizeof(*list));

	if (!list)
		return -ENOMEM;
	source->shifts = list;
	list[source->n_shifts].by = n;
	list[source->n_shifts].path = strdup(r->path);
	if (!list[source->n_shifts].path)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	source->n_shifts++;
	return 0;
}

static int merge_object(struct nsc_reader *r, struct nsc_json_source *source,
			json_t *to, json_t *from);

static int merge_value(struct nsc_reader *r, struct nsc_json_source *source,
		       json_t *to, const char *key, json_t *value)
{
	json_t *old = json_object_get(to, key);
	int ret = 0;

	if (json_is_object(old) && json_is_object(value))
		return merge_object(r, source, old, value);
	if (!json_is_array(old) || !json_is_array(value) ||
	    !has_objects(value))
		ret = json_object_set(to, key, value);
	else if (add_shift(r, source, json_array_size(old)) < 0)
		return -ENOMEM;
	else
		ret = json_array_extend(old, value);
	return ret < 0 ? nsc_error_sys(r->err, ENOMEM, "%s", r->file) : 0;
}

static int merge_object(struct nsc_reader *r, struct nsc_json_source *source,
			json_t *to, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value) {
		size_t len = nsc_field_push(r, "%s%s", r->path[0] ? "." : "",
					    key);
		int ret = merge_value(r, source, to, key, value);

		if (ret < 0)
			return ret;
		nsc_field_pop(r, len);
	}
	return 0;
}

/* Merge one file into root; the first one is root. */
static json_t *merge_one(struct nsc_reader *r, struct nsc_json_source *source,
			 json_t *root)
{
	const char *main_file = r->file;
	json_t *object;
	int ret = 0;

	r->file = source->file;
	object = nsc_field_parse(r, source->text);
	if (object && !json_is_object(object))
		ret = nsc_field_wrong(r, object, "an object");
	else if (object && root)
		ret = merge_object(r, source, root, object);
	r->file = main_file;
	if (object && !root && ret == 0)
		return object;
	json_decref(object);
	if (object && ret == 0)
		return root;
	json_decref(root);
	return NULL;
}

json_t *nsc_merge(struct nsc_reader *r, struct nsc_json_source *sources,
		  size_t n)
{
	json_t *root = NULL;

	for (size_t i = 0; i < n; i++) {
		root = merge_one(r, &sources[i], root);
		if (!root)
			return NULL;
	}
	r->path[0] = '\0';
	r->sources = sources;
	r->n_sources = n;
	return root;
}

void nsc_merge_free(struct nsc_json_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < sources[i].n_shifts; j++)
			free(sources[i].shifts[j].path);
		free(sources[i].shifts);
	}
	free(sources);
}
