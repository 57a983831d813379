/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

#define ROOM 32			/* for this many more pairs at a time */

/* Most names and texts are there already: in a table, or in the object. */
struct pair {
	const char *name;
	const char *text;
	char *own_name, *own_text;	/* or NULL */
	const json_t *value;
	const struct nsc_api_key *key;
};

struct nscontainer_record {
	struct nscontainer_record *next;
	struct nscontainer_record *last;	/* valid in the list's first */
	const struct nsc_api_key *keys;
	const struct nsc_api_key *next_key;	/* the next value may have it */
	json_t *object;
	char *json;		/* NULL: nobody has asked for it */
	size_t n;
	struct pair *pairs;
};

static char *escape(const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *ret = malloc(size);

	if (ret)
		nsc_text_escape(text, ret, size);
	return ret;
}

json_t *nsc_api_path(const char *path)
{
	_cleanup_free_ char *text = NULL;
	json_t *ret;

	if (!path)
		return json_null();
	ret = json_string(path);
	if (ret)
		return ret;
	text = escape(path);
	return json_string(text);
}

char *nsc_api_directory_of(const struct nsc_state *state)
{
	const char *slash = strrchr(state->config, '/');

	return strndup(state->config, slash ? (size_t)(slash - state->config) :
					      0);
}

/* Only the container of a user has a nscontainer.conf. */
json_t *nsc_api_directory(const struct nsc_state *state)
{
	_cleanup_free_ char *dir = NULL;

	if (*state->conf)
		return json_null();
	dir = nsc_api_directory_of(state);
	return nsc_api_path(dir);
}

/* Whatever may be a user's name can do nothing to a terminal. */
static bool is_harmless(const char *string)
{
	const char *p = string;

	while (*p >= 0x20 && *p < 0x7f)
		p++;
	return !*p || nsc_text_name_valid(string);
}

/* The text of a value that needs memory; NULL: there is none. */
static char *make_text(const json_t *value)
{
	char text[512];	/* of any real number */

	if (json_is_string(value))
		return escape(json_string_value(value));
	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
	else
		snprintf(text, sizeof(text), "%.1f", json_real_value(value));
	return strdup(text);
}

/* *own: new memory that has the text, or NULL. */
static const char *text_of(const json_t *value, char **own)
{
	switch (json_typeof(value)) {
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_NULL:
		return "-";
	case JSON_STRING:
		if (is_harmless(json_string_value(value)))
			return json_string_value(value);
		break;
	default:
		break;
	}
	return *own = make_text(value);
}

/* The texts of the elements, with a space between them. */
static char *join_texts(const json_t *array)
{
	char *text = strdup("");
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element) {
		_cleanup_free_ char *before = text;
		_cleanup_free_ char *own = NULL;
		const char *word = text_of(element, &own);

		if (!before || !word ||
		    asprintf(&text, "%s%s%s", before, i ? " " : "", word) < 0)
			return NULL;
	}
	return text;
}

/* "sessions[].pid" matches "sessions[12].pid", "stat.*" matches "stat.file". */
static bool record_matches(const char *key, const char *name)
{
	for (; *key && *key != '*' && *key == *name; key++, name++)
		if (*key == '[')
			name += strspn(name + 1, "0123456789");
	return *key == '*' ? *name : *key == *name;
}

static bool record_has_type(const json_t *value, enum nsc_api_type type)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		return true;
	case JSON_STRING:
		return type == NSC_API_TEXT;
	case JSON_INTEGER:
		return type == NSC_API_INT || type == NSC_API_REAL;
	case JSON_REAL:
		return type == NSC_API_REAL;
	case JSON_ARRAY:
		return type == NSC_API_TEXTS;
	case JSON_OBJECT:
		return false;
	default:
		return type == NSC_API_BOOL;
	}
}

static int record_add_pair(struct nscontainer_record *record, const char *name,
			   const json_t *value, const struct nsc_api_key *key)
{
	struct pair *pair, *grown;

	if (record->n % ROOM == 0) {
		grown = reallocarray(record->pairs, record->n + ROOM,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		record->pairs = grown;
	}
	pair = &record->pairs[record->n++];
	*pair = (struct pair){ .name = key->name, .value = value, .key = key };
	if (strcmp(key->name, name) != 0)
		pair->name = pair->own_name = strdup(name);
	if (json_is_array(value))
		pair->text = pair->own_text = join_texts(value);
	else
		pair->text = text_of(value, &pair->own_text);
	return pair->name && pair->text ? 0 : -ENOMEM;
}

/* They come in the order of the table, as far as they are not repeated. */
static const struct nsc_api_key *find_key(struct nscontainer_record *record,
					  const char *name)
{
	const struct nsc_api_key *key = record->next_key;

	if (!key->name || !record_matches(key->name, name))
		for (key = record->keys; key->name; key++)
			if (record_matches(key->name, name))
				break;
	if (!key->name)
		return NULL;
	record->next_key = key + 1;
	return key;
}

/* A value without a key must have members or elements with keys. */
static int add_pairs(struct nscontainer_record *record, const char *name,
		     json_t *value, struct nsc_error *err)
{
	bool object = json_is_object(value);
	const struct nsc_api_key *key = object ? NULL : find_key(record, name);
	json_t *member;
	const char *word;
	char path[256];
	int ret = 0;
	size_t i;

	if (key && record_has_type(value, key->type))
		return record_add_pair(record, name, value, key) < 0 ?
			       nsc_error_sys(err, ENOMEM, "record") :
			       0;
	if (key || (!object && !json_is_array(value)))
		return nsc_error_set(err, EPROTO, "record: '%s' is not one of "
				     "its keys, or has another type", name);
	json_object_foreach(value, word, member) {
		if (*name)
			snprintf(path, sizeof(path), "%s.%s", name, word);
		ret = ret < 0 ? ret : add_pairs(record, *name ? path : word,
						member, err);
	}
	json_array_foreach(value, i, member) {
		snprintf(path, sizeof(path), "%s[%zu]", name, i);
		ret = ret < 0 ? ret : add_pairs(record, path, member, err);
	}
	return ret;
}

int nsc_api_add(struct nscontainer_record **list,
		const struct nsc_api_key *keys, json_t *object,
		struct nsc_error *err)
{
	struct nscontainer_record *record = calloc(1, sizeof(*record));
	int ret = 0;

	if (record) {
		*record = (struct nscontainer_record){
			.last = record, .keys = keys, .next_key = keys,
			.object = object,
		};
	} else {
		json_decref(object);
	}
	ret = record && object ? add_pairs(record, "", object, err) :
				 nsc_error_sys(err, ENOMEM, "record");
	if (ret < 0)
		nscontainer_record_free(record);
	else
		nsc_api_append(list, record);
	return ret;
}

static const char *user_of(const struct nscontainer_record *record)
{
	const char *user = nscontainer_record_text(record, "user");

	return user ? user : "";
}

/* Merge two sorted lists, which end with NULL. */
static struct nscontainer_record *
record_merge(struct nscontainer_record *a, struct nscontainer_record *b)
{
	struct nscontainer_record *first = NULL, **end = &first;

	while (a && b) {
		struct nscontainer_record **less =
			strcmp(user_of(a), user_of(b)) <= 0 ? &a : &b;

		*end = *less;
		end = &(*end)->next;
		*less = (*less)->next;
	}
	*end = a ? a : b;
	return first;
}

/* Sort n records, of which *list is the first; it moves behind them. */
static struct nscontainer_record *
record_sort(struct nscontainer_record **list, size_t n)
{
	struct nscontainer_record *a = *list, *b;

	if (n == 1) {
		*list = a->next;
		a->next = NULL;
		return a;
	}
	a = record_sort(list, n / 2);
	b = record_sort(list, n - n / 2);
	return record_merge(a, b);
}

void nsc_api_sort(struct nscontainer_record **list)
{
	struct nscontainer_record *last = NULL, *rest = *list;
	size_t n = 0;

	for (const struct nscontainer_record *r = *list; r; r = r->next)
		n++;
	if (!n)
		return;
	*list = record_sort(&rest, n);
	for (last = *list; last->next; last = last->next)
		;
	(*list)->last = last;
}

void nsc_api_append(struct nscontainer_record **list,
		    struct nscontainer_record *more)
{
	struct nscontainer_record *last = more->last;

	if (*list)
		(*list)->last->next = more;
	else
		*list = more;
	(*list)->last = last;
}

NSC_PUBLIC const struct nscontainer_record *
nscontainer_record_next(const struct nscontainer_record *record)
{
	return record->next;
}

NSC_PUBLIC const char *
nscontainer_record_key(const struct nscontainer_record *record, unsigned int i)
{
	return i < record->n ? record->pairs[i].name : NULL;
}

static const struct pair *record_find(const struct nscontainer_record *record,
				      const char *name)
{
	for (size_t i = 0; i < record->n; i++)
		if (*record->pairs[i].name == *name &&
		    !strcmp(record->pairs[i].name, name))
			return &record->pairs[i];
	return NULL;
}

/* Find a key that the kind of record has, but this record does not. */
static const struct nsc_api_key *
find_absent(const struct nscontainer_record *record, const char *name)
{
	for (const struct nsc_api_key *key = record->keys; key->name; key++)
		if (!strcmp(key->name, name))
			return key;
	return NULL;
}

NSC_PUBLIC const char *
nscontainer_record_text(const struct nscontainer_record *record,
			const char *key)
{
	const struct pair *pair = record_find(record, key);

	return pair ? pair->text : find_absent(record, key) ? "-" : NULL;
}

static int get(const struct nscontainer_record *record, const char *name,
	       enum nsc_api_type type, const json_t **ret)
{
	const struct pair *pair = record_find(record, name);
	const struct nsc_api_key *key = pair ? pair->key :
					       find_absent(record, name);

	if (!key)
		return -ENOENT;
	if (key->type != type &&
	    (key->type != NSC_API_INT || type != NSC_API_REAL))
		return -EINVAL;
	if (!pair || json_is_null(pair->value))
		return -ENODATA;
	*ret = pair->value;
	return 0;
}

NSC_PUBLIC int
nscontainer_record_int64(const struct nscontainer_record *record,
			 const char *key, int64_t *ret)
{
	const json_t *value;
	int error = get(record, key, NSC_API_INT, &value);

	if (error == 0)
		*ret = json_integer_value(value);
	return error;
}

NSC_PUBLIC int
nscontainer_record_double(const struct nscontainer_record *record,
			  const char *key, double *ret)
{
	const json_t *value;
	int error = get(record, key, NSC_API_REAL, &value);

	if (error == 0)
		*ret = json_number_value(value);
	return error;
}

NSC_PUBLIC int nscontainer_record_bool(const struct nscontainer_record *record,
				       const char *key, bool *ret)
{
	const json_t *value;
	int error = get(record, key, NSC_API_BOOL, &value);

	if (error == 0)
		*ret = json_is_true(value);
	return error;
}

NSC_PUBLIC const char *
nscontainer_record_json(const struct nscontainer_record *record)
{
	/* What is remembered changes nothing that the caller can see. */
	struct nscontainer_record *r =
		(struct nscontainer_record *)(uintptr_t)record;

	if (!r->json)
		r->json = json_dumps(r->object, JSON_ENSURE_ASCII);
	return r->json;
}

NSC_PUBLIC void nscontainer_record_free(struct nscontainer_record *record)
{
	while (record) {
		struct nscontainer_record *next = record->next;

		for (size_t i = 0; i < record->n; i++) {
			free(record->pairs[i].own_name);
			free(record->pairs[i].own_text);
		}
		free(record->pairs);
		json_decref(record->object);
		free(record->json);
		free(record);
		record = next;
	}
}
