/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, nsshell and container-monitor (static); nsinit.
 */
#include "util/kv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define VERSION "version "

/* --- printing */

static void kv_put_string(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s ", key);
	for (; *value; value++) {
		if (*value == '\n' || *value == '\\')
			putc('\\', out);
		putc(*value == '\n' ? 'n' : *value, out);
	}
	putc('\n', out);
}

static void put_numbers(FILE *out, const struct nsc_kv_field *f, const void *p)
{
	const struct nsc_gids *ids = p;
	size_t n = f->limit ? f->limit : 1;

	fputs(f->key, out);
	if (f->kind == NSC_KV_U64)
		for (size_t i = 0; i < n; i++)
			fprintf(out, " %llu", (unsigned long long)
				((const uint64_t *)p)[i]);
	else
		for (size_t i = 0; i < ids->n; i++)
			fprintf(out, " %u", ids->list[i]);
	putc('\n', out);
}

/* False if the field has no value that could be read again. */
static bool put_field(FILE *out, const struct nsc_kv_field *f, const void *p)
{
	const char *string = NULL;

	switch (f->kind) {
	case NSC_KV_STRING:
	case NSC_KV_OPTIONAL:
		string = *(char *const *)p;
		if (string)
			kv_put_string(out, f->key, string);
		return string || f->kind == NSC_KV_OPTIONAL;
	case NSC_KV_TEXT:
		kv_put_string(out, f->key, p);
		break;
	case NSC_KV_UINT:
		fprintf(out, "%s %u\n", f->key, *(const unsigned int *)p);
		break;
	case NSC_KV_INT:
		fprintf(out, "%s %d\n", f->key, *(const int *)p);
		break;
	case NSC_KV_BOOL:
		fprintf(out, "%s %d\n", f->key, *(const bool *)p);
		break;
	case NSC_KV_U64:
	case NSC_KV_IDS:
		put_numbers(out, f, p);
		break;
	case NSC_KV_VECTOR:
		for (char **v = *(char **const *)p; v && *v; v++)
			kv_put_string(out, f->key, *v);
		break;
	}
	return true;
}

struct printing {
	FILE *out;
	const char *largest;	/* the key with the longest value */
	long size;
};

static int print_record(const struct nsc_kv *kv, const char *record,
			struct printing *p, struct nsc_error *err)
{
	for (size_t i = 0; i < kv->n; i++) {
		const struct nsc_kv_field *f = &kv->fields[i];
		long before = ftell(p->out);

		if (!put_field(p->out, f, record + f->at))
			return nsc_error_set(err, EINVAL, "%s: %s: is missing",
					     kv->name, f->key);
		if (ftell(p->out) - before > p->size) {
			p->size = ftell(p->out) - before;
			p->largest = f->key;
		}
	}
	return 0;
}

int nsc_kv_print(const struct nsc_kv *kv, const void *records, size_t n,
		 char **ret, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	struct printing p = { .out = open_memstream(&text, &len) };
	int error = 0;

	if (p.out && kv->version)
		fprintf(p.out, VERSION "%u\n", kv->version);
	for (size_t i = 0; p.out && error == 0 && i < n; i++)
		error = print_record(kv, (const char *)records + i * kv->size,
				     &p, err);
	if (!p.out || fclose(p.out) != 0)
		return nsc_error_sys(err, ENOMEM, "%s", kv->name);
	if (error == 0 && len > kv->max)
		return nsc_error_set(err, E2BIG, "%s: needs %zu bytes, but the "
				     "limit is %zu: %s takes %ld of them",
				     kv->name, len, kv->max, p.largest, p.size);
	if (error == 0)
		*ret = NSC_TAKE_PTR(text);
	return error;
}

/* --- parsing */

/* Unescape in place. */
static char *kv_unescape(char *text)
{
	char *from = strchr(text, '\\'), *to = from;

	if (!from)
		return text;
	for (; *from; from++) {
		if (*from == '\\' && from[1])
			*to++ = *++from == 'n' ? '\n' : *from;
		else
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

/* The next number of a list in which one space separates numbers. */
static int next_number(char **list, uint64_t max, uint64_t *ret)
{
	char *p = *list;

	*ret = 0;
	do {
		unsigned int digit = (unsigned char)*p - (unsigned int)'0';

		if (digit > 9 || __builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, digit, ret))
			return -EINVAL;
	} while (*++p && *p != ' ');
	*list = p + (*p == ' ');
	return *ret > max ? -EINVAL : 0;
}

static int get_u64s(char *text, uint64_t *to, size_t n)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = next_number(&text, UINT64_MAX, &to[i]);
	return ret == 0 && *text ? -EINVAL : ret;
}

static int get_ids(char *text, struct nsc_gids *ids)
{
	/* Each number takes at least two bytes, counting its separator. */
	size_t most = strlen(text) / 2 + 1;
	uint64_t value = 0;
	int ret = 0;

	ids->list = calloc(most, sizeof(*ids->list));
	if (!ids->list)
		return -ENOMEM;
	while (ret == 0 && *text) {
		ret = next_number(&text, UINT32_MAX, &value);
		if (ret == 0)
			ids->list[ids->n++] = (gid_t)value;
	}
	return ret;
}

/* Accept exactly one number. */
static int get_uint(char *text, uint64_t max, unsigned int *to)
{
	uint64_t value = 0;
	int ret = next_number(&text, max, &value);

	*to = (unsigned int)value;
	return ret == 0 && *text ? -EINVAL : ret;
}

static int get_int(const char *text, int *to)
{
	long long value = 0;
	int ret = nsc_text_number(text, INT32_MIN, INT32_MAX, &value);

	*to = (int)value;
	return ret;
}

static int get_text(char *text, char *to, size_t size)
{
	size_t len = strlen(kv_unescape(text));

	if (len >= size)
		return -EINVAL;
	memcpy(to, text, len + 1);
	return 0;
}

static int kv_append(char *text, char ***vector)
{
	size_t n = 0;
	char **grown;

	while (*vector && (*vector)[n])
		n++;
	grown = reallocarray(*vector, n + 2, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[n] = kv_unescape(text);
	grown[n + 1] = NULL;
	*vector = grown;
	return 0;
}

static int get_field(const struct nsc_kv_field *f, char *text, void *p)
{
	unsigned int on = 0;
	int ret;

	switch (f->kind) {
	case NSC_KV_STRING:
	case NSC_KV_OPTIONAL:
		*(char **)p = kv_unescape(text);
		return 0;
	case NSC_KV_TEXT:
		return get_text(text, p, f->limit);
	case NSC_KV_UINT:
		return get_uint(text, UINT32_MAX, p);
	case NSC_KV_INT:
		return get_int(text, p);
	case NSC_KV_BOOL:
		ret = get_uint(text, 1, &on);
		*(bool *)p = on;
		return ret;
	case NSC_KV_U64:
		return get_u64s(text, p, f->limit ? f->limit : 1);
	case NSC_KV_IDS:
		return get_ids(text, p);
	case NSC_KV_VECTOR:
		return kv_append(text, p);
	}
	return -EINVAL;
}

/* The value of the line at the start of *text, if the line has this key. */
static char *next_value(char **text, const char *key)
{
	size_t len = strlen(key);
	char *value = *text + len, *end;

	if (strncmp(*text, key, len) != 0 ||
	    (*value != ' ' && *value != '\n'))
		return NULL;
	end = strchr(value, '\n');
	/* A number without a newline may have been cut off. */
	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value + (value < end);
}

static int kv_take(const struct nsc_kv_field *f, char **text, void *p)
{
	char *value = next_value(text, f->key);
	bool optional = f->kind == NSC_KV_OPTIONAL ||
			f->kind == NSC_KV_VECTOR;
	int ret = 0;

	if (!value && !optional)
		return -EINVAL;
	while (ret == 0 && value) {
		ret = get_field(f, value, p);
		value = f->kind == NSC_KV_VECTOR ? next_value(text, f->key) :
						   NULL;
	}
	return ret;
}

/*
 * A file without a version line was written before versions and has version 0.
 */
static int check_version(const struct nsc_kv *kv, char **text,
			 struct nsc_error *err)
{
	size_t len = strlen(kv->fields[0].key);
	unsigned int version = 0;
	char *value = next_value(text, "version");

	if (value ? get_uint(value, UINT32_MAX, &version) < 0 :
		    strncmp(*text, kv->fields[0].key, len) != 0)
		return nsc_error_set(err, EINVAL, "%s: version: missing or "
				     "wrong", kv->name);
	if (version == kv->version)
		return 0;
	return nsc_error_set(err, EPROTO, "%s: has version %u, but this "
			     "program reads version %u", kv->name, version,
			     kv->version);
}

int nsc_kv_parse(const struct nsc_kv *kv, char **text, void *record,
		 struct nsc_error *err)
{
	int ret = kv->version ? check_version(kv, text, err) : 0;

	for (size_t i = 0; ret == 0 && i < kv->n; i++) {
		const struct nsc_kv_field *f = &kv->fields[i];

		ret = kv_take(f, text, (char *)record + f->at);
		if (ret < 0)
			nsc_error_set(err, -ret, "%s: %s: missing or wrong",
				      kv->name, f->key);
	}
	return ret;
}

/* The field whose line is at the start of *text, with its value. */
static const struct nsc_kv_field *next_field(const struct nsc_kv *kv,
					     char **text, char **ret_value)
{
	for (size_t i = 0; i < kv->n; i++) {
		*ret_value = next_value(text, kv->fields[i].key);
		if (*ret_value)
			return &kv->fields[i];
	}
	return NULL;
}

void nsc_kv_scan(const struct nsc_kv *kv, char *text, void *record)
{
	while (*text) {
		char *value;
		const struct nsc_kv_field *f = next_field(kv, &text, &value);

		if (f)
			get_field(f, value, (char *)record + f->at);
		else
			text += strcspn(text, "\n");
		text += !f && *text;
	}
}

int nsc_kv_read(const struct nsc_kv *kv, int dirfd, const char *name,
		char **ret, struct nsc_error *err)
{
	return nsc_file_load_at(dirfd, "run directory", name, kv->max, ret,
				err);
}

void nsc_kv_free(const struct nsc_kv *kv, void *record)
{
	for (size_t i = 0; i < kv->n; i++) {
		void *p = (char *)record + kv->fields[i].at;

		if (kv->fields[i].kind == NSC_KV_VECTOR)
			nsc_free((char ***)p);
		else if (kv->fields[i].kind == NSC_KV_IDS)
			nsc_free(&((struct nsc_gids *)p)->list);
	}
}
