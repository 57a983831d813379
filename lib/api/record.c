/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

struct pair {
	char *name;
	char *text;
	const json_t *value;
	const struct nsc_api_key *key;
};

struct nscontainer_record {
	struct nscontainer_record *next;
	struct nscontainer_record *last;	/* valid in the list's first */
	const struct nsc_api_key *keys;
	json_t *object;
	char *json;
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
static void record_put_string(FILE *out, const char *string)
{
	_cleanup_free_ char *text = nsc_text_name_valid(string) ?
					    strdup(string) : escape(string);

	if (text)
		fputs(text, out);
}

static void put_text(FILE *out, const json_t *value)
{
	const json_t *element;
	size_t i;

	if (json_is_string(value))
		record_put_string(out, json_string_value(value));
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
	FILE *out;

	/* Most values, and a stream costs more than all else here. */
	if (json_is_integer(value))
		return asprintf(&text, "%" JSON_INTEGER_FORMAT,
				json_integer_value(value)) < 0 ? NULL : text;
	if (json_is_null(value))
		return strdup("-");
	out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_text(out, value);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
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
	struct pair *pairs = reallocarray(record->pairs, record->n + 1,
					  sizeof(*pairs));
	struct pair pair = { strdup(name), make_text(value), value, key };

	if (pairs)
		record->pairs = pairs;
	if (pairs && pair.name && pair.text) {
		record->pairs[record->n++] = pair;
		return 0;
	}
	free(pair.name);
	free(pair.text);
	return -ENOMEM;
}

/* A value without a key must have members or elements with keys. */
static int add_pairs(struct nscontainer_record *record, const char *name,
		     json_t *value, struct nsc_error *err)
{
	const struct nsc_api_key *key = record->keys;
	json_t *member;
	const char *word;
	char path[256];
	int ret = 0;
	size_t i;

	while (key->name && !record_matches(key->name, name))
		key++;
	if (key->name && record_has_type(value, key->type))
		return record_add_pair(record, name, value, key) < 0 ?
			       nsc_error_sys(err, ENOMEM, "record") :
			       0;
	if (key->name || (!json_is_object(value) && !json_is_array(value)))
		return nsc_error_set(err, EPROTO, "record: '%s' is not one of "
				     "its keys, or has another type", name);
	json_object_foreach(value, word, member) {
		snprintf(path, sizeof(path), "%s%s%s", name, *name ? "." : "",
			 word);
		ret = ret < 0 ? ret : add_pairs(record, path, member, err);
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
			.last = record, .keys = keys, .object = object,
			.json = json_dumps(object, JSON_ENSURE_ASCII),
		};
	} else {
		json_decref(object);
	}
	ret = record && record->json ? add_pairs(record, "", object, err) :
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
		if (!strcmp(record->pairs[i].name, name))
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
	return record->json;
}

NSC_PUBLIC void nscontainer_record_free(struct nscontainer_record *record)
{
	while (record) {
		struct nscontainer_record *next = record->next;

		for (size_t i = 0; i < record->n; i++) {
			free(record->pairs[i].name);
			free(record->pairs[i].text);
		}
		free(record->pairs);
		json_decref(record->object);
		free(record->json);
		free(record);
		record = next;
	}
}
