/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is no character possible, after the first two bytes of more? */
static bool text_wrong(size_t len, uint32_t c)
{
	/* A longer form than the shortest, a surrogate, or beyond 10ffff. */
	return (len == 3 && (c < 0x20 || c >> 5 == 0x1b)) ||
	       (len == 4 && (c < 0x10 || c > 0x10f));
}

int nsc_text_decode(const unsigned char *p, size_t n, uint32_t *ret)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		     p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	*ret = len < 2 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (i == n)
			return -1;
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*ret = *ret << 6 | (p[i] & 0x3f);
		if (i == 1 && text_wrong(len, *ret))
			return 0;
	}
	return (int)len;
}

/* Does it move the cursor, end the line, or turn the direction of a text? */
static bool text_controls(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xad ||
	       c == 0xfeff;
}

bool nsc_text_name_valid(const char *name)
{
	size_t len = name ? strnlen(name, NSC_NAME_MAX + 1) : 0;
	uint32_t c;

	if (!len || len > NSC_NAME_MAX || strchr("-. ", name[0]) ||
	    name[len - 1] == ' ' || name[strcspn(name, "/:,\"")])
		return false;
	for (int n; *name; name += n) {
		n = nsc_text_decode((const unsigned char *)name, len, &c);
		if (n <= 0 || text_controls(c))
			return false;
	}
	return true;
}

bool nsc_text_word_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-@+$\\";
	size_t len;

	if (!name || name[0] == '-' || name[0] == '.')
		return false;
	len = strnlen(name, NSC_WORD_MAX + 1);
	return len > 0 && len <= NSC_WORD_MAX && strspn(name, allowed) == len;
}

int nsc_text_number(const char *text, long long min, long long max,
		    long long *ret)
{
	long long value;
	char *end;

	if (!text || (!(*text >= '0' && *text <= '9') && *text != '-'))
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || end == text)
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int nsc_text_bytes(const char *text, long long *ret)
{
	static const char units[] = "KkMmGgTt";
	size_t digits = text ? strspn(text, "0123456789") : 0;
	const char *unit = digits && text[digits] ?
			   strchr(units, text[digits]) : NULL;
	int shift = unit ? 10 * (1 + (int)(unit - units) / 2) : 0;
	char number[24];
	int ret_number;

	if (!digits || digits >= sizeof(number) ||
	    (text[digits] && (!unit || text[digits + 1])))
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	ret_number = nsc_text_number(number, 0, LLONG_MAX >> shift, ret);
	if (ret_number == 0)
		*ret <<= shift;
	return ret_number;
}

const char *nsc_text_escape(const char *text, char *buf, size_t size)
{
	const unsigned char *p = (const unsigned char *)(text ? text : "");
	size_t at = 0;

	for (; *p && at + 1 < size; p++) {
		if (*p >= 0x20 && *p < 0x7f) {
			buf[at++] = (char)*p;
			continue;
		}
		if (at + 5 > size)
			break;
		snprintf(buf + at, size - at, "\\x%02x", *p);
		at += 4;
	}
	if (size)
		buf[at] = '\0';
	return buf;
}

/* The byte that \xHH stands for; 0: none, or ASCII. */
static unsigned char text_hex(const char *text)
{
	unsigned int byte = 0;

	return text[0] == '\\' && text[1] == 'x' && text[2] && text[3] &&
			       sscanf(text + 2, "%2x", &byte) == 1 &&
			       byte >= 0x80 ?
		       (unsigned char)byte : 0;
}

void nsc_text_unescape(char *text)
{
	char *to = text;

	while (*text) {
		unsigned char bytes[5] = "";
		size_t n = 0;
		uint32_t c;
		int len;

		while (n < 4 && (bytes[n] = text_hex(text + 4 * n)))
			n++;
		len = n ? nsc_text_decode(bytes, n, &c) : 0;
		if (len > 0) {
			to = mempcpy(to, bytes, (size_t)len);
			text += 4 * (size_t)len;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

int nsc_text_copy(char **to, const char *text)
{
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

void nsc_text_free_vector(char **vector)
{
	if (!vector)
		return;
	for (char **p = vector; *p; p++)
		free(*p);
	free(vector);
}

int nsc_text_append(char ***vector, size_t *n, const char *text)
{
	char *copy = strdup(text);
	char **grown;

	if (!copy)
		return -ENOMEM;
	grown = realloc(*vector, (*n + 2) * sizeof(**vector));
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	grown[(*n)++] = copy;
	grown[*n] = NULL;
	*vector = grown;
	return 0;
}

int nsc_text_pair(const char *name, const char *value, char **ret)
{
	if (asprintf(ret, "%s=%s", name, value) >= 0)
		return 0;
	*ret = NULL;
	return -ENOMEM;
}

bool nsc_text_ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

bool nsc_text_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1)
		return path[0] == '/';
	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}
