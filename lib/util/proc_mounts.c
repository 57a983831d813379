/* SPDX-License-Identifier: Apache-2.0 */
#include "util/proc.h"

#include <string.h>

static bool is_octal(const char *text)
{
	return strspn(text, "01234567") >= 3;
}

/* Unescape "\040" and the like in place. */
static void proc_unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (*text != '\\' || !is_octal(text + 1)) {
			*to++ = *text++;
			continue;
		}
		*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
			       (text[3] - '0'));
		text += 4;
	}
	*to = '\0';
}

static bool parse_mount(char *line, struct nsc_proc_mount *ret)
{
	const char *field = "";

	for (int i = 0; i < 4; i++)
		strsep(&line, " ");
	ret->point = strsep(&line, " ");
	ret->options = strsep(&line, " ");
	for (ret->shared = false; field && strcmp(field, "-") != 0;
	     field = strsep(&line, " "))
		ret->shared = ret->shared || !strncmp(field, "shared:", 7);
	ret->type = strsep(&line, " ");
	/* Skip the mount source, which may be empty. */
	strsep(&line, " ");
	ret->super = strsep(&line, " ");
	if (!ret->super)
		return false;
	proc_unescape(ret->point);
	return true;
}

bool nsc_proc_mount_next(char **text, struct nsc_proc_mount *ret)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (parse_mount(line, ret))
			return true;
	return false;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, word, len) &&
		    (list[len] == ',' || !list[len]))
			return true;
	}
	return false;
}

bool nsc_proc_mount_has(const struct nsc_proc_mount *mount, const char *option)
{
	return has_word(mount->options, option) ||
	       has_word(mount->super, option);
}

const char *nsc_proc_cgroup(const char *text, const char *controllers)
{
	size_t len = strlen(controllers);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *names;

		line += *line == '\n';
		names = line + strcspn(line, ":\n");
		if (*names == ':' && !strncmp(names + 1, controllers, len) &&
		    names[1 + len] == ':')
			return names + len + 2;
	}
	return NULL;
}
