/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nsc_text_name_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-@+$\\";
	size_t len;

	if (!name || name[0] == '-' || name[0] == '.')
		return false;
	len = strnlen(name, NSC_NAME_MAX + 1);
	return len > 0 && len <= NSC_NAME_MAX && strspn(name, allowed) == len;
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
