#include "api/api.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

struct pair {
	char *key;
	char *text;
};

struct nscontainer_record {
	struct nscontainer_record *next;
	char *json;
	size_t n;
	struct pair pairs[];
};

static void put_text(FILE *out, const json_t *value)
{
	const json_t *element;
	char text[512];
	size_t i;

	if (json_is_string(value))
		fputs(nsc_text_escape(json_string_value(value), text,
				      sizeof(text)), out);
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", out);
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT,
			json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%.1f", json_real_value(value));
	else if (json_is_null(value))
		fputc('-', out);
	json_array_foreach(value, i, element) {
		if (i)
			fputc(' ', out);
		put_text(out, element);
	}
}

static char *make_text(const json_t *value)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_text(out, value);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool holds_objects(const json_t *value)
{
	return json_is_object(value) ||
	       json_is_object(json_array_get(value, 0));
}

/*
 * The leaves of value, those of objects and of arrays of objects as
 * "key.member" and "key[0].member".  With a NULL record they are counted.
 */
static bool add_pairs(struct nscontainer_record *record, size_t *n,
		      const char *name, const json_t *value)
{
	json_t *members = (json_t *)(uintptr_t)value;
	struct pair *pair;
	json_t *member;
	const char *key;
	char path[256];
	size_t i;

	json_object_foreach(members, key, member) {
		snprintf(path, sizeof(path), "%s%s%s", name, *name ? "." : "",
			 key);
		if (!add_pairs(record, n, path, member))
			return false;
	}
	if (json_is_array(value) && holds_objects(value)) {
		json_array_foreach(value, i, member) {
			snprintf(path, sizeof(path), "%s[%zu]", name, i);
			if (!add_pairs(record, n, path, member))
				return false;
		}
	}
	if (holds_objects(value))
		return true;
	pair = record ? &record->pairs[record->n++] : NULL;
	(*n)++;
	if (!pair)
		return true;
	pair->key = strdup(name);
	pair->text = make_text(value);
	return pair->key && pair->text;
}

struct nscontainer_record *nsc_api_record(json_t *object)
{
	struct nscontainer_record *record;
	size_t n = 0, added = 0;

	add_pairs(NULL, &n, "", object);
	record = calloc(1, sizeof(*record) + n * sizeof(record->pairs[0]));
	if (record)
		record->json = json_dumps(object, JSON_INDENT(2) |
					  JSON_ENSURE_ASCII);
	if (record && (!record->json || !json_object_size(object) ||
		       !add_pairs(record, &added, "", object))) {
		nscontainer_record_free(record);
		record = NULL;
	}
	json_decref(object);
	return record;
}

void nsc_api_insert(struct nscontainer_record **list,
		    struct nscontainer_record *record)
{
	const char *user = nscontainer_record_text(record, "user");

	while (*list && strcmp(nscontainer_record_text(*list, "user"),
			       user) <= 0)
		list = &(*list)->next;
	record->next = *list;
	*list = record;
}

void nsc_api_append(struct nscontainer_record **list,
		    struct nscontainer_record *record)
{
	while (*list)
		list = &(*list)->next;
	*list = record;
}

NSC_PUBLIC const struct nscontainer_record *
nscontainer_record_next(const struct nscontainer_record *record)
{
	return record->next;
}

NSC_PUBLIC const char *
nscontainer_record_key(const struct nscontainer_record *record, unsigned int i)
{
	return i < record->n ? record->pairs[i].key : NULL;
}

NSC_PUBLIC const char *
nscontainer_record_text(const struct nscontainer_record *record,
			const char *key)
{
	for (size_t i = 0; i < record->n; i++)
		if (!strcmp(record->pairs[i].key, key))
			return record->pairs[i].text;
	return NULL;
}

NSC_PUBLIC const char *
nscontainer_record_json(const struct nscontainer_record *record)
{
	return record->json;
}

NSC_PUBLIC void nscontainer_record_free(struct nscontainer_record *record)
{
	while (record) {
		struct nscontainer_record *next = record->next;

		for (size_t i = 0; i < record->n; i++) {
			free(record->pairs[i].key);
			free(record->pairs[i].text);
		}
		free(record->json);
		free(record);
		record = next;
	}
}
