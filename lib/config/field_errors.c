/* SPDX-License-Identifier: Apache-2.0 */
/* The messages about values.  Runs in: nsinit and login-start. */
#include "config/field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/nearest.h"

/* Replace the path by that of the value around it; false: there is none. */
static bool go_up(char *path)
{
	char *dot = strrchr(path, '.'), *bracket = strrchr(path, '[');
	char *last = bracket > dot ? bracket : dot;

	if (!*path)
		return false;
	*(last ? last : path) = '\0';
	return true;
}

/*
 * Find path, or the nearest value around it, in the file that has it; of
 * several files, the last one counts.
 */
static const struct nsc_json_source *locate(const struct nsc_reader *r,
					    const char *path,
					    struct nsc_json_place *ret)
{
	char around[sizeof(r->path)];

	snprintf(around, sizeof(around), "%s", path);
	do {
		for (size_t i = r->n_sources; i > 0; i--)
			if (nsc_json_find(&r->sources[i - 1], around, ret))
				return &r->sources[i - 1];
	} while (go_up(around));
	return NULL;
}

const char *nsc_field_file(const struct nsc_reader *r, const char *path)
{
	const struct nsc_json_source *source;
	struct nsc_json_place place;

	source = locate(r, path, &place);
	return source ? source->file : r->file;
}

int nsc_field_refuse(struct nsc_reader *r, const char *text)
{
	const struct nsc_json_source *source;
	struct nsc_json_place place;
	char path[sizeof(r->path)];

	/* Without a path, the text begins with that of a key. */
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(text, ": "), text);
	source = locate(r, r->path[0] ? r->path : path, &place);
	if (!source)
		return nsc_error_set(r->err, EINVAL, "%s: %s%s%s", r->file,
				     r->path, r->path[0] ? ": " : "", text);
	return nsc_error_set(r->err, EINVAL, "%s: %s%s%s (line %u, column %u)",
			     source->file, r->path, r->path[0] ? ": " : "",
			     text, place.line, place.column);
}

int nsc_field_refuse_member(struct nsc_reader *r, const char *member,
			    const char *text)
{
	nsc_field_push(r, "%s%s", r->path[0] ? "." : "", member);
	return nsc_field_refuse(r, text);
}

int nsc_field_refuse_at(struct nsc_reader *r, const char *list, size_t i,
			const char *member, const char *text)
{
	char where[64];

	snprintf(where, sizeof(where), "%s[%zu].%s", list, i, member);
	return nsc_field_refuse_member(r, where, text);
}

/* Users other than root can read logs, so no message quotes these values. */
static bool is_secret(const char *path)
{
	return !strncmp(path, "environment", 11) ||
	       !strncmp(path, "session.message", 15) ||
	       strstr(path, ".args");
}

/* Is it a text, although its content is what was expected? */
static bool is_quoted(const json_t *value, const char *expected)
{
	const char *text = json_string_value(value);
	json_t *content = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	bool quoted = json_is_boolean(content) ?
		!strcmp(expected, "true or false") :
		json_is_integer(content) && strstr(expected, "a number");

	json_decref(content);
	return quoted;
}

/* A value that needs only other signs around it. */
static const char *remedy(const json_t *value, const char *expected,
			  bool secret)
{
	if (is_quoted(value, expected))
		return ": remove the quotes";
	if (!strncmp(expected, "an array", 8) &&
	    (json_is_string(value) || (json_is_object(value) && !secret)))
		return ": write [ and ] around it";
	return "";
}

int nsc_field_wrong(struct nsc_reader *r, const json_t *value,
		    const char *expected)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "something else", [JSON_INTEGER] = "a number",
		[JSON_REAL] = "a number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false", [JSON_NULL] = "null",
	};
	bool secret = is_secret(r->path);
	char *dump = secret ? NULL :
		     json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
				JSON_ENSURE_ASCII);
	char got[64], text[384];

	snprintf(got, sizeof(got), "%s", dump ? dump :
		 types[json_typeof(value)]);
	if (dump && strlen(dump) >= sizeof(got))
		strcpy(got + sizeof(got) - 4, "...");
	free(dump);
	snprintf(text, sizeof(text), "expected %s, got %s%s", expected, got,
		 remedy(value, expected, secret));
	return nsc_field_refuse(r, text);
}

/* A key that the whole format has elsewhere. */
struct elsewhere {
	const char *key;
	char list[160];		/* "cgroups", "hooks and engine" */
	unsigned int n;
	struct nsc_nearest *nearest;	/* NULL: exactly the key */
	char *path;		/* of the nearest */
	size_t size;
};

static void look_elsewhere(struct elsewhere *e, const struct nsc_field *table,
			   const char *where)
{
	for (const struct nsc_field *f = table; f && f->name; f++) {
		char path[64];
		size_t len = strlen(e->list);

		snprintf(path, sizeof(path), "%s%s%s", where, *where ? "." : "",
			 f->name);
		if (e->nearest) {
			unsigned int old = e->nearest->distance;
			bool none = !e->nearest->name[0];

			nsc_nearest_offer(e->nearest, f->name);
			if (e->nearest->name[0] &&
			    (none || e->nearest->distance != old))
				snprintf(e->path, e->size, "%s", path);
		} else if (!strcasecmp(f->name, e->key)) {
			snprintf(e->list + len, sizeof(e->list) - len,
				 "%s'%s'", e->n++ ? " or " : "", path);
		}
		look_elsewhere(e, f->members, path);
	}
}

int nsc_field_unknown(struct nsc_reader *r, const char *key,
		      const struct nsc_field *table)
{
	struct nsc_nearest nearest = NSC_NEAREST_INIT(key);
	struct elsewhere e = { .key = key };
	char text[320], did[96], path[64];

	for (const struct nsc_field *f = table; f->name; f++)
		nsc_nearest_offer(&nearest, f->name);
	if (!nearest.name[0] || nearest.distance)
		look_elsewhere(&e, r->root, "");
	if (e.n) {
		snprintf(text, sizeof(text), "unknown key here: did you mean "
			 "%s?", e.list);
		return nsc_field_refuse(r, text);
	}
	snprintf(text, sizeof(text), "unknown key%s",
		 nsc_nearest_text(&nearest, did, sizeof(did)));
	if (!nearest.name[0]) {
		e.nearest = &nearest;
		e.path = path;
		e.size = sizeof(path);
		look_elsewhere(&e, r->root, "");
	}
	if (e.nearest && nearest.name[0])
		snprintf(text, sizeof(text), "unknown key: did you mean '%s'?",
			 path);
	return nsc_field_refuse(r, text);
}

json_t *nsc_field_parse(struct nsc_reader *r, const char *text)
{
	struct nsc_json_place place;
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	bool twice = !root && json_error_code(&error) ==
			      json_error_duplicate_key;
	char *near = root ? NULL : strstr(error.text, " near '");
	const char *mistake = root || twice ? NULL :
			      nsc_json_mistake(text, &place);

	/* The text there may be a secret, unless it is a key. */
	if (near && !twice)
		*near = '\0';
	if (mistake)
		nsc_error_set(r->err, EINVAL, "%s: line %u, column %u: %s",
			      r->file, place.line, place.column, mistake);
	else if (!root)
		nsc_error_set(r->err, EINVAL, "%s: line %d, column %d: %s",
			      r->file, error.line, error.column, error.text);
	r->one = (struct nsc_json_source){ .file = r->file, .text = text };
	r->sources = &r->one;
	r->n_sources = 1;
	return root;
}
