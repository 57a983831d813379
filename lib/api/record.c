#include "api/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"

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

static void put_text(FILE *out, json_t *value, char between)
{
	const char *key, *space = "";
	json_t *element;
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
	json_array_foreach(value, i, element) {
		if (i)
			fputc(between, out);
		put_text(out, element, ',');
	}
	/* Of an array of objects, and as few as possible. */
	json_object_foreach(value, key, element) {
		fprintf(out, "%s%s=", space, key);
		put_text(out, element, ',');
		space = " ";
	}
}

static char *make_text(json_t *value)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_text(out, value, ' ');
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

struct nscontainer_record *nsc_api_record(json_t *object)
{
	struct nscontainer_record *record;
	size_t n = json_object_size(object);
	const char *key;
	json_t *value;
	bool good;

	record = calloc(1, sizeof(*record) + n * sizeof(record->pairs[0]));
	if (record)
		record->json = json_dumps(object, JSON_INDENT(2) |
					  JSON_ENSURE_ASCII);
	good = record && record->json && n;
	json_object_foreach(object, key, value) {
		struct pair *pair = good ? &record->pairs[record->n++] : NULL;

		if (!pair)
			break;
		pair->key = strdup(key);
		pair->text = make_text(value);
		good = pair->key && pair->text;
	}
	json_decref(object);
	if (good)
		return record;
	nscontainer_record_free(record);
	return NULL;
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
