/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/enable_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"

#define ACCOUNT "account required " NSC_PAM_MODULE "  " NSC_PAM_MARK
#define SESSION "session required " NSC_PAM_MODULE
#define COPIED "# Copied from "
#define OUT "# nsinit disable: "

/* A line of PAM: several lines of the file, if a backslash joins them. */
struct line {
	const char *text;
	size_t len;		/* with its newlines */
	bool comment;		/* or blank */
};

static bool next_line(const char **at, struct line *ret)
{
	const char *p = *at, *end;

	if (!*p)
		return false;
	ret->text = p;
	p += strspn(p, " \t");
	ret->comment = *p == '#' || *p == '\n' || !*p;
	do {
		end = strchrnul(p, '\n');
		p = *end ? end + 1 : end;
	} while (*end && nsc_pam_joins(ret->text, end));
	ret->len = (size_t)(p - ret->text);
	*at = p;
	return true;
}

static bool is_marked(const struct line *line)
{
	size_t len = line->len;

	while (len && strchr(" \t\n", line->text[len - 1]))
		len--;
	return len >= strlen(NSC_PAM_MARK) &&
	       !memcmp(line->text + len - strlen(NSC_PAM_MARK), NSC_PAM_MARK,
		       strlen(NSC_PAM_MARK)) &&
	       (memmem(line->text, len, NSC_PAM_MODULE,
		       strlen(NSC_PAM_MODULE)) ||
		!strncmp(line->text, COPIED, strlen(COPIED)));
}

static bool names_module(const struct line *line)
{
	const char *hash = memchr(line->text, '#', line->len);
	size_t len = hash ? (size_t)(hash - line->text) : line->len;

	return memmem(line->text, len, NSC_PAM_MODULE, strlen(NSC_PAM_MODULE));
}

bool nsc_enable_names_module(const char *text)
{
	struct line line;

	while (next_line(&text, &line))
		if (!line.comment && names_module(&line))
			return true;
	return false;
}

/* Each of its lines becomes a comment, so that nothing is lost. */
static void comment_out(FILE *out, const struct line *line)
{
	const char *end = line->text + line->len, *p = line->text;

	while (p < end) {
		const char *next = memchr(p, '\n', (size_t)(end - p));

		next = next ? next + 1 : end;
		fprintf(out, OUT "%.*s", (int)(next - p), p);
		p = next;
	}
}

int nsc_enable_strip(const char *text, bool by_hand, char **ret)
{
	struct line line;
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return -ENOMEM;
	while (next_line(&text, &line)) {
		if (!is_marked(&line) && by_hand && !line.comment &&
		    names_module(&line)) {
			comment_out(out, &line);
		} else if (!is_marked(&line)) {
			fwrite(line.text, 1, line.len, out);
		} else if (!*text && line.text[line.len - 1] != '\n') {
			/* The newline before it is ours as well. */
			fflush(out);
			if (size && (*ret)[size - 1] == '\n')
				fseek(out, (long)size - 1, SEEK_SET);
		}
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/*
 * The session line that the action writes, without the newline; NULL for
 * NSC_DISABLE.
 */
static const char *enable_line(enum nsc_enable_action action)
{
	static const char *const lines[] = {
		[NSC_ENABLE] = SESSION "  " NSC_PAM_MARK,
		[NSC_ENABLE_AUDIT] = SESSION " mode=audit  " NSC_PAM_MARK,
		[NSC_DISABLE] = NULL,
	};

	return lines[action];
}

int nsc_enable_insert(const char *text, enum nsc_enable_action action,
		      bool account, char **ret, struct nsc_error *err)
{
	size_t len = strlen(text), head;
	const char *at = text, *first = text;
	struct line line, last = { .len = 0 };
	int n;

	while (next_line(&at, &line) && line.comment)
		first = at;
	head = (size_t)(first - text);
	while (next_line(&at, &line))
		last = line;
	if (last.len && nsc_pam_joins(last.text, text + len -
				      (text[len - 1] == '\n')))
		return nsc_error_set(err, EINVAL, "the last line ends with a "
				     "backslash, which would join the new one "
				     "to it: remove it");
	if (!account)
		head = 0;
	n = asprintf(ret, "%.*s%s%s%s%s%s", (int)head, text,
		     account ? ACCOUNT "\n" : "", text + head,
		     len && text[len - 1] != '\n' ? "\n" : "",
		     enable_line(action),
		     len && text[len - 1] != '\n' ? "" : "\n");
	if (n < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "text");
	}
	return 0;
}

int nsc_enable_copy(const char *text, const char *from, char **ret)
{
	if (asprintf(ret, COPIED "%s  " NSC_PAM_MARK "\n%s", from, text) >= 0)
		return 0;
	*ret = NULL;
	return -ENOMEM;
}

bool nsc_enable_was_copy(const char *text)
{
	struct line line;

	return next_line(&text, &line) && line.comment && is_marked(&line);
}

bool nsc_enable_is_copy(const char *text, const char *original)
{
	_cleanup_free_ char *plain = NULL;

	return nsc_enable_was_copy(text) &&
	       nsc_enable_strip(text, false, &plain) == 0 &&
	       !strcmp(plain, original);
}
