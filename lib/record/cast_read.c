/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit, without rights. */
#include "record/cast_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "record/vt.h"

/* --- JSON, as far as recordings have it */

static char *cast_skip(char *p)
{
	return p + strspn(p, " \t");
}

static bool cast_hex(const char *p, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return false;
		*ret = *ret << 4 | (uint32_t)digit;
	}
	return true;
}

/* \uXXXX, without surrogates, which our writer does not use. */
static char *cast_escape(char *p, char **to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = *p ? strchr(names, *p) : NULL;
	uint32_t c;

	if (name) {
		*(*to)++ = values[name - names];
		return p + 1;
	}
	if (*p != 'u' || !cast_hex(p + 1, &c) || (c >= 0xd800 && c < 0xe000))
		return NULL;
	*to += nsc_vt_utf8(c, *to);
	return p + 5;
}

/* Decode the string at p in place.  Returns what is behind it, or NULL. */
static char *cast_decode(char *p, char **ret, size_t *ret_len)
{
	char *to;

	if (*p++ != '"')
		return NULL;
	*ret = to = p;
	while (p && *p && *p != '"') {
		if (*p != '\\')
			*to++ = *p++;
		else
			p = cast_escape(p + 1, &to);
	}
	if (!p || *p != '"')
		return NULL;
	*ret_len = (size_t)(to - *ret);
	return p + 1;
}

static char *cast_number(char *p, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(p, &end, 10);
	return end == p || errno ? NULL : end;
}

/* --- the header */

static const struct {
	const char *key;
	size_t at, size;	/* size 0: a number */
} cast_keys[] = {
#define NUMBER(key) { #key, offsetof(struct nsc_cast_info, key), 0 }
#define TEXT(key) { #key, offsetof(struct nsc_cast_info, key), \
		    sizeof(((struct nsc_cast_info *)0)->key) }
	NUMBER(timestamp), NUMBER(ended), NUMBER(gaps), NUMBER(width),
	NUMBER(height), NUMBER(pid), TEXT(user), TEXT(service), TEXT(rhost),
	TEXT(tty), TEXT(ruser), TEXT(previous), TEXT(previous_sha256),
#undef NUMBER
#undef TEXT
};

void nsc_cast_terminate(struct nsc_cast_info *info)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(cast_keys); i++)
		if (cast_keys[i].size)
			((char *)info)[cast_keys[i].at + cast_keys[i].size -
				       1] = '\0';
}

static void cast_assign(struct nsc_cast_info *info, const char *key,
			const char *text, size_t len, int64_t number)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(cast_keys); i++) {
		char *to = (char *)info + cast_keys[i].at;

		if (strcmp(cast_keys[i].key, key) != 0 ||
		    !text != !cast_keys[i].size)
			continue;
		if (!text) {
			*(int64_t *)(void *)to = number;
		} else if (len < cast_keys[i].size) {
			memcpy(to, text, len);
			to[len] = '\0';
		}
	}
}

/* "KEY": VALUE, or "KEY": { where the pairs of another object follow. */
static char *cast_member(char *p, struct nsc_cast_info *info)
{
	char *key, *text = NULL;
	size_t len;
	int64_t number = 0;

	p = cast_decode(p, &key, &len);
	if (!p)
		return NULL;
	key[len] = '\0';
	p = cast_skip(p);
	if (*p++ != ':')
		return NULL;
	p = cast_skip(p);
	if (*p == '{')
		return p + 1;
	p = *p == '"' ? cast_decode(p, &text, &len) : cast_number(p, &number);
	if (p)
		cast_assign(info, key, text, len, number);
	return p;
}

int nsc_cast_parse_header(char *line, struct nsc_cast_info *ret)
{
	char *p = cast_skip(line);

	memset(ret, 0, sizeof(*ret));
	if (*p++ != '{')
		return -EBADMSG;
	while (p && *p) {
		p = cast_skip(p);
		if (*p == ',' || *p == '}')
			p++;
		else if (*p)
			p = cast_member(p, ret);
	}
	return p && ret->timestamp > 0 ? 0 : -EBADMSG;
}

/* --- events */

/* Seconds, with six digits behind the point. */
static char *cast_time(char *p, int64_t *ret)
{
	int64_t part = 0, unit = 100000;

	if (*p < '0' || *p > '9')
		return NULL;
	p = cast_number(p, ret);
	if (!p || *ret > INT32_MAX)
		return NULL;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			part += unit * (*p - '0');
	*ret = 1000000 * *ret + part;
	return p;
}

static char *cast_comma(char *p)
{
	p = cast_skip(p);
	return *p == ',' ? cast_skip(p + 1) : NULL;
}

int nsc_cast_parse_event(char *line, struct nsc_cast_event *ret)
{
	char *p = line, *type = NULL, *text = NULL;
	size_t len = 0;

	if (*p++ != '[')
		return -EBADMSG;
	p = cast_time(cast_skip(p), &ret->us);
	p = p ? cast_comma(p) : NULL;
	p = p ? cast_decode(p, &type, &len) : NULL;
	if (!p || len != 1)
		return -EBADMSG;
	ret->type = *type;
	p = cast_comma(p);
	p = p ? cast_decode(p, &text, &ret->len) : NULL;
	if (!p || *cast_skip(p) != ']')
		return -EBADMSG;
	ret->text = text;
	return 0;
}

/* --- lines */

/* The writer may take back a half line, so that one is read again. */
static int lines_fill(struct nsc_cast_lines *l)
{
	size_t half = l->end - l->begin;
	ssize_t n;

	if (l->again && half && lseek(l->fd, -(off_t)half, SEEK_CUR) < 0)
		return -errno;
	if (!l->again)
		memmove(l->text, l->text + l->begin, half);
	l->begin = 0;
	l->end = l->again ? 0 : half;
	if (l->end == NSC_CAST_LINE_MAX)
		return -EBADMSG;
	do
		n = read(l->fd, l->text + l->end, NSC_CAST_LINE_MAX - l->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->end += (size_t)n;
	return l->again ? (size_t)n > half : n > 0;
}

int nsc_cast_line(struct nsc_cast_lines *l, char **ret)
{
	char *newline;
	int more = 1;

	for (;;) {
		newline = memchr(l->text + l->begin, '\n', l->end - l->begin);
		if (newline || more <= 0)
			break;
		more = lines_fill(l);
	}
	if (!newline)
		return more;
	*newline = '\0';
	*ret = l->text + l->begin;
	l->begin += (size_t)(newline - *ret) + 1;
	return strlen(*ret) == (size_t)(newline - *ret) ? 1 : -EBADMSG;
}
