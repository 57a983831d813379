/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/field.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

size_t nsc_field_push(struct nsc_reader *r, const char *fmt, ...)
{
	size_t len = strlen(r->path);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->path + len, sizeof(r->path) - len, fmt, ap);
	va_end(ap);
	return len;
}

void nsc_field_pop(struct nsc_reader *r, size_t len)
{
	r->path[len] = '\0';
}

int nsc_field_object(struct nsc_reader *r, const json_t *object,
		     const struct nsc_field *table, void *to)
{
	/* json_object_foreach() takes no const object. */
	json_t *members = (json_t *)(uintptr_t)object;
	const char *key;
	json_t *value;
	void *next;

	if (!json_is_object(object))
		return nsc_field_wrong(r, object, "an object");
	json_object_foreach_safe(members, next, key, value) {
		const struct nsc_field *f = table;
		char escaped[64];
		size_t len;
		int ret;

		while (f->name && strcmp(f->name, key) != 0)
			f++;
		nsc_text_escape(key, escaped, sizeof(escaped));
		len = nsc_field_push(r, "%s%s", r->path[0] ? "." : "", escaped);
		ret = !f->name ? nsc_field_unknown(r, key, table) :
		      json_is_null(value) ? 0 :
		      f->read(r, value, f, to ? (char *)to + f->at : NULL);
		if (ret < 0)
			return ret;
		nsc_field_pop(r, len);
		if (json_is_null(value))
			json_object_del(members, key);
	}
	return 0;
}

int nsc_field_array(struct nsc_reader *r, const json_t *array,
		    nsc_element_read *read, void *to)
{
	if (!json_is_array(array))
		return nsc_field_wrong(r, array, "an array");
	for (size_t i = 0; i < json_array_size(array); i++) {
		size_t len = nsc_field_push(r, "[%zu]", i);
		int ret = read(r, json_array_get(array, i), to);

		if (ret < 0)
			return ret;
		nsc_field_pop(r, len);
	}
	return 0;
}

bool nsc_field_has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

void *nsc_field_grow(struct nsc_reader *r, void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n + 1, size);

	if (!grown) {
		nsc_error_sys(r->err, ENOMEM, "%s", r->file);
		return NULL;
	}
	memset((char *)grown + n * size, 0, size);
	return grown;
}

int nsc_field_add(struct nsc_reader *r, void *list, size_t *n, const void *one,
		  size_t size)
{
	void *at;

	memcpy(&at, list, sizeof(at));
	at = nsc_field_grow(r, at, *n, size);
	if (!at)
		return -ENOMEM;
	memcpy((char *)at + (*n)++ * size, one, size);
	memcpy(list, &at, sizeof(at));
	return 0;
}

const char *nsc_field_text(struct nsc_reader *r, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text) {
		nsc_field_wrong(r, value, "a string");
		return NULL;
	}
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p >= 0x20 && *p != 0x7f)
			continue;
		nsc_field_wrong(r, value, "a string without control "
				"characters");
		return NULL;
	}
	return text;
}

bool nsc_field_bytes(const json_t *value, json_int_t *ret)
{
	const char *text = json_string_value(value);
	long long bytes = json_integer_value(value);

	if (text ? !text[strspn(text, "0123456789")] ||
		   nsc_text_bytes(text, &bytes) < 0 : !json_is_integer(value))
		return false;
	*ret = bytes;
	return bytes >= 0;
}

static const char *template_value(const struct nsc_reader *r, char letter,
				  char number[16])
{
	const struct nsc_user *user = r->user;

	switch (letter) {
	case '%':
		return "%";
	case 'u':
		return user->name;
	case 'h':
		return user->home;
	case 'g':
		if (user->group)
			return user->group;
		__attribute__((fallthrough));
	case 'G':
		snprintf(number, 16, "%u", user->gid);
		return number;
	case 'U':
		snprintf(number, 16, "%u", user->uid);
		return number;
	default:
		return NULL;
	}
}

/*
 * Expand %u %U %g %G %h and %% into new memory.  Returns 0 or a negative errno
 * with r->err set.
 */
static int field_expand(struct nsc_reader *r, const char *text, char **ret)
{
	char buf[PATH_MAX];
	size_t at = 0;

	for (const char *p = text; *p; p++) {
		char number[16], one[2] = { *p, '\0' };
		const char *value = one;

		if (*p == '%')
			value = template_value(r, *++p, number);
		if (!value)
			return nsc_field_refuse(r, "after '%' expected one of "
						"u, U, g, G, h, %");
		if (at + strlen(value) >= sizeof(buf))
			return nsc_field_refuse(r, "is too long");
		at = (size_t)(stpcpy(buf + at, value) - buf);
	}
	buf[at] = '\0';
	*ret = strdup(buf);
	return *ret ? 0 : nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

/* Replace the string at to by text; without to, free text. */
static int store(char *text, void *to)
{
	if (!to) {
		free(text);
		return 0;
	}
	free(*(char **)to);
	*(char **)to = text;
	return 0;
}

int nsc_read_bool(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	(void)f;
	if (!json_is_boolean(value))
		return nsc_field_wrong(r, value, "true or false");
	if (to)
		*(bool *)to = json_is_true(value);
	return 0;
}

int nsc_read_integer(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
		 f->min, f->max);
	if (!json_is_integer(value) || json_integer_value(value) < f->min ||
	    json_integer_value(value) > f->max)
		return nsc_field_wrong(r, value, expected);
	if (to)
		*(int64_t *)to = json_integer_value(value);
	return 0;
}

int nsc_read_number(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	int ret = nsc_read_integer(r, value, f, NULL);

	if (ret == 0 && to)
		*(uint32_t *)to = (uint32_t)json_integer_value(value);
	return ret;
}

int nsc_read_choice(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	char expected[160] = "one of";

	for (unsigned int i = 0; f->choices[i]; i++) {
		size_t len = strlen(expected);

		if (text && !strcmp(text, f->choices[i])) {
			if (to)
				*(unsigned int *)to = i;
			return 0;
		}
		snprintf(expected + len, sizeof(expected) - len, "%s \"%s\"",
			 i ? "," : "", f->choices[i]);
	}
	return nsc_field_wrong(r, value, expected);
}

int nsc_read_text(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);
	char *copy;

	(void)f;
	if (!text)
		return -EINVAL;
	copy = strdup(text);
	return copy ? store(copy, to) :
		      nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

int nsc_read_template(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);
	char *expanded = NULL;
	int ret;

	(void)f;
	if (!text)
		return -EINVAL;
	ret = field_expand(r, text, &expanded);
	return ret < 0 ? ret : store(expanded, to);
}

static bool has_dotdot(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (!strncmp(p, "..", 2) && (!p[2] || p[2] == '/'))
			return true;
	}
	return false;
}

bool nsc_field_is_path(const char *text)
{
	return text[0] == '/' && !has_dotdot(text);
}

int nsc_read_path(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	_cleanup_free_ char *path = NULL;
	int ret = nsc_read_template(r, value, f, &path);
	size_t len;

	if (ret < 0 || !path)
		return ret;
	if (!nsc_field_is_path(path))
		return nsc_field_wrong(r, value, "an absolute path without "
				       "'..'");
	for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	return store(NSC_TAKE_PTR(path), to);
}

int nsc_field_append(struct nsc_reader *r, char ***vector, const char *text)
{
	size_t n = 0;

	while (*vector && (*vector)[n])
		n++;
	return nsc_text_append(vector, &n, text) < 0 ?
		       nsc_error_sys(r->err, ENOMEM, "%s", r->file) : 0;
}

static int append_text(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = nsc_field_text(r, element);

	return text ? nsc_field_append(r, to, text) : -EINVAL;
}

int nsc_read_texts(struct nsc_reader *r, const json_t *value,
		   const struct nsc_field *f, void *to)
{
	char **vector = calloc(1, sizeof(*vector));
	int ret = vector ? nsc_field_array(r, value, append_text, &vector) :
			   nsc_error_sys(r->err, ENOMEM, "%s", r->file);

	(void)f;
	if (ret < 0 || !to) {
		nsc_text_free_vector(vector);
		return ret;
	}
	nsc_text_free_vector(*(char ***)to);
	*(char ***)to = vector;
	return 0;
}

int nsc_read_members(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	/* Offsets in members count from the struct that holds this field. */
	return nsc_field_object(r, value, f->members,
				to ? (char *)to - f->at : NULL);
}

int nsc_read_array(struct nsc_reader *r, const json_t *value,
		   const struct nsc_field *f, void *to)
{
	return nsc_field_array(r, value, f->element, to);
}

int nsc_read_mode(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	json_int_t mode = json_integer_value(value);
	char *end = NULL;

	if (text)
		mode = strtoll(text, &end, 8);
	/* The code of 2014 also wrote the file type into the mode. */
	if ((!text && !json_is_integer(value)) ||
	    (text && (text[0] < '0' || text[0] > '7' || *end)) || mode < 0 ||
	    (mode & ~(json_int_t)0170000) > f->max)
		return nsc_field_wrong(r, value, "permission bits: a number, "
				       "or an octal string such as \"0666\"");
	*(mode_t *)to = (mode_t)(mode & f->max);
	return 0;
}
