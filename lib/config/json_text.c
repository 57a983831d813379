/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/json_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/fd.h"
#include "util/text.h"

#define DEPTH_MAX 64	/* of brackets whose places are known */

/* A position in a text. */
struct cursor {
	const char *p;
	struct nsc_json_place at;
};

static void step(struct cursor *c)
{
	if (*c->p == '\n') {
		c->at.line++;
		c->at.column = 1;
	} else if (((unsigned char)c->p[1] & 0xc0) != 0x80) {
		/* The other bytes of a character count with its first one. */
		c->at.column++;
	}
	c->p++;
}

static void steps(struct cursor *c, size_t n)
{
	while (n-- && *c->p)
		step(c);
}

static void skip_space(struct cursor *c)
{
	while (*c->p && strchr(" \t\r\n", *c->p))
		step(c);
}

/* --- where a value stands --------------------------------------------- */

struct search {
	const struct nsc_json_source *source;
	struct cursor c;
	const char *path;	/* that is looked for */
	char here[256];		/* path of the current value */
	struct nsc_json_place *ret;
};

static void skip_string(struct cursor *c)
{
	step(c);
	while (*c->p && *c->p != '"')
		steps(c, *c->p == '\\' ? 2 : 1);
	steps(c, 1);
}

static size_t first_index(const struct search *s)
{
	for (size_t i = 0; i < s->source->n_shifts; i++)
		if (!strcmp(s->source->shifts[i].path, s->here))
			return s->source->shifts[i].by;
	return 0;
}

static bool search_value(struct search *s);

/* Search the value of the member or element whose path is s->here. */
static bool search_below(struct search *s, const struct nsc_json_place *place)
{
	if (strcmp(s->here, s->path) != 0)
		return search_value(s);
	*s->ret = *place;
	return true;
}

static bool search_member(struct search *s)
{
	size_t len = strlen(s->here);
	struct nsc_json_place place = s->c.at;
	const char *name = s->c.p + 1;
	char raw[64], escaped[64];
	bool found;

	skip_string(&s->c);
	snprintf(raw, sizeof(raw), "%.*s", (int)(s->c.p - name - 1), name);
	snprintf(s->here + len, sizeof(s->here) - len, "%s%s", len ? "." : "",
		 nsc_text_escape(raw, escaped, sizeof(escaped)));
	skip_space(&s->c);
	steps(&s->c, *s->c.p == ':');
	skip_space(&s->c);
	found = search_below(s, &place);
	s->here[found ? strlen(s->here) : len] = '\0';
	return found;
}

static bool search_element(struct search *s, size_t i)
{
	size_t len = strlen(s->here);
	struct nsc_json_place place = s->c.at;
	bool found;

	snprintf(s->here + len, sizeof(s->here) - len, "[%zu]", i);
	found = search_below(s, &place);
	s->here[found ? strlen(s->here) : len] = '\0';
	return found;
}

static bool search_value(struct search *s)
{
	bool object = *s->c.p == '{', array = *s->c.p == '[';
	size_t i = array ? first_index(s) : 0;

	if (*s->c.p == '"')
		skip_string(&s->c);
	else if (!object && !array)
		while (*s->c.p && !strchr(",]} \t\r\n", *s->c.p))
			step(&s->c);
	if (!object && !array)
		return false;
	steps(&s->c, 1);
	for (;;) {
		while (*s->c.p && strchr(", \t\r\n", *s->c.p))
			step(&s->c);
		if (!*s->c.p || strchr("]}", *s->c.p))
			break;
		if (object ? search_member(s) : search_element(s, i++))
			return true;
	}
	steps(&s->c, 1);
	return false;
}

bool nsc_json_find(const struct nsc_json_source *source, const char *path,
		   struct nsc_json_place *ret)
{
	struct search s = {
		.source = source, .c = { source->text, { 1, 1 } },
		.path = path, .ret = ret,
	};

	skip_space(&s.c);
	if (!*path) {
		*ret = s.c.at;
		return *s.c.p;
	}
	return search_value(&s);
}

/* --- what is not JSON ------------------------------------------------- */

enum token { TOKEN_OPEN, TOKEN_VALUE, TOKEN_COMMA, TOKEN_COLON };

struct scan {
	struct cursor c;
	enum token last;
	struct nsc_json_place last_at;
	char open[DEPTH_MAX];		/* brackets */
	bool key[DEPTH_MAX];		/* the next string is a member's name */
	unsigned int depth;
	const char *wrong;
	struct nsc_json_place at;	/* of that */
};

static void wrong(struct scan *s, const struct nsc_json_place *at,
		  const char *text)
{
	s->wrong = text;
	s->at = *at;
}

/* Characters that look like others, and signs of other languages. */
static const struct {
	const char *begin, *text;
} signs[] = {
	{ "\xef\xbb\xbf", "a byte order mark: save the file as UTF-8 without "
	  "it" },
	{ "//", "a comment: JSON has none: remove it" },
	{ "/*", "a comment: JSON has none: remove it" },
	{ "#", "a comment: JSON has none: remove it" },
	{ "'", "a single quote: write \" around a text" },
	{ "`", "a backquote: write \" around a text" },
	{ "\xe2\x80\x98", "a typographic quote: write \"" },
	{ "\xe2\x80\x99", "a typographic quote: write \"" },
	{ "\xe2\x80\x9c", "a typographic quote: write \"" },
	{ "\xe2\x80\x9d", "a typographic quote: write \"" },
	{ "\xe2\x80\x9e", "a typographic quote: write \"" },
	{ "\xc2\xa0", "a no-break space: write an ordinary one" },
	{ "=", "write : between a key and its value" },
	{ ";", "write , between members" },
	{ "(", "write [ and ] around an array" },
	{ ")", "write [ and ] around an array" },
};

static const struct {
	const char *word, *text;
} words[] = {
	{ "true", "write true in small letters" },
	{ "false", "write false in small letters" },
	{ "null", "write null in small letters" },
	{ "yes", "write true" }, { "on", "write true" },
	{ "no", "write false" }, { "off", "write false" },
	{ "none", "write null, or leave the key out" },
};

static void scan_value(struct scan *s, struct nsc_json_place at)
{
	unsigned int d = s->depth;

	if (s->last != TOKEN_VALUE && !d && !strchr("{[", *s->c.p))
		wrong(s, &at, "write { before the first key, and } at the end "
		      "of the file");
	else if (s->last == TOKEN_VALUE && !d)
		wrong(s, &at, "the object has ended before this: remove "
		      "it, or a bracket too many before it");
	else if (s->last == TOKEN_VALUE)
		wrong(s, &at, s->open[d - 1] == '{' && s->key[d - 1] ?
		      "write : between a key and its value" :
		      "write , between this and what is before it");
	s->last = TOKEN_VALUE;
}

static void scan_string(struct scan *s)
{
	struct nsc_json_place begin = s->c.at;

	scan_value(s, begin);
	step(&s->c);
	while (!s->wrong && *s->c.p && *s->c.p != '"') {
		if (*s->c.p == '\n')
			wrong(s, &begin, "this text does not end on its line: "
			      "write \" at its end");
		else if (*s->c.p == '\t')
			wrong(s, &s->c.at, "write a tab in a text as \\t");
		else if (*s->c.p == '\\' &&
			 (!s->c.p[1] || !strchr("\"\\/bfnrtu", s->c.p[1])))
			wrong(s, &s->c.at, "write a backslash in a text as "
			      "\\\\");
		steps(&s->c, *s->c.p == '\\' ? 2 : 1);
	}
	if (!s->wrong && !*s->c.p)
		wrong(s, &begin, "this text does not end: write \" at its end");
	steps(&s->c, 1);
}

static void scan_word(struct scan *s)
{
	struct nsc_json_place begin = s->c.at;
	const char *word = s->c.p;
	int len;

	while (isalnum((unsigned char)*s->c.p) || *s->c.p == '_')
		step(&s->c);
	len = (int)(s->c.p - word);
	for (size_t i = 0; !s->wrong && i < NSC_ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != (size_t)len ||
		    strncasecmp(word, words[i].word, (size_t)len) != 0)
			continue;
		if (i > 2 || strncmp(word, words[i].word, (size_t)len) != 0)
			wrong(s, &begin, words[i].text);
		else
			scan_value(s, begin);
		return;
	}
	wrong(s, &begin, "write \" around a text");
}

static void scan_number(struct scan *s)
{
	struct nsc_json_place begin = s->c.at;
	const char *number = s->c.p;

	scan_value(s, begin);
	while (isdigit((unsigned char)*s->c.p) ||
	       (*s->c.p && strchr("+-.eE", *s->c.p)))
		step(&s->c);
	number += *number == '-';
	if (s->wrong)
		return;
	if (*s->c.p == '_' || (number[0] == '0' && strchr("xXoObB", *s->c.p) &&
			       *s->c.p))
		wrong(s, &begin, "write a number in decimal digits alone");
	else if (isalpha((unsigned char)*s->c.p) || *s->c.p == '%')
		wrong(s, &begin, "write \" around a number with a unit, such "
		      "as \"1G\"");
	else if (number[0] == '0' && isdigit((unsigned char)number[1]))
		wrong(s, &begin, "a number does not begin with 0: write \" "
		      "around an octal one, such as \"0755\"");
	else if (*number == '.' || *number == '+')
		wrong(s, &begin, "a number begins with a digit or -");
}

static void scan_bracket(struct scan *s)
{
	char c = *s->c.p;
	char opening = c == '}' ? '{' : '[';

	if (c == '{' || c == '[') {
		scan_value(s, s->c.at);
		s->key[s->depth] = c == '{';
		s->open[s->depth++] = c;
		s->last = TOKEN_OPEN;
	} else if (s->last == TOKEN_COMMA) {
		wrong(s, &s->last_at, "a comma too many: nothing follows it");
	} else if (!s->depth) {
		wrong(s, &s->c.at, "a bracket too many");
	} else if (s->open[s->depth - 1] != opening) {
		wrong(s, &s->c.at, opening == '{' ?
		      "write ] to end an array before this" :
		      "write } to end an object before this");
	} else {
		s->depth--;
		s->last = TOKEN_VALUE;
	}
	step(&s->c);
}

static void scan_separator(struct scan *s)
{
	bool comma = *s->c.p == ',';

	if (comma && (s->last == TOKEN_COMMA || s->last == TOKEN_OPEN))
		wrong(s, &s->c.at, "a comma too many: nothing is before it");
	s->last = comma ? TOKEN_COMMA : TOKEN_COLON;
	s->last_at = s->c.at;
	if (s->depth)
		s->key[s->depth - 1] = comma && s->open[s->depth - 1] == '{';
	step(&s->c);
}

static bool scan_sign(struct scan *s)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(signs); i++) {
		if (strncmp(s->c.p, signs[i].begin,
			    strlen(signs[i].begin)) != 0)
			continue;
		wrong(s, &s->c.at, signs[i].text);
		return true;
	}
	return false;
}

const char *nsc_json_mistake(const char *text, struct nsc_json_place *ret)
{
	struct scan s = {
		.c = { text, { 1, 1 } }, .last = TOKEN_OPEN,
	};

	for (skip_space(&s.c); !s.wrong && *s.c.p && s.depth < DEPTH_MAX;
	     skip_space(&s.c)) {
		if (*s.c.p == '"')
			scan_string(&s);
		else if (isalpha((unsigned char)*s.c.p) || *s.c.p == '_')
			scan_word(&s);
		else if (isdigit((unsigned char)*s.c.p) ||
			 strchr("+-.", *s.c.p))
			scan_number(&s);
		else if (strchr("{}[]", *s.c.p))
			scan_bracket(&s);
		else if (strchr(",:", *s.c.p))
			scan_separator(&s);
		else if (!scan_sign(&s))
			break;
	}
	if (!s.wrong && !*s.c.p && !s.depth && s.last == TOKEN_OPEN)
		wrong(&s, &s.c.at, "the file is empty: write at least {}");
	else if (!s.wrong && !*s.c.p && s.depth)
		wrong(&s, &s.c.at, s.open[s.depth - 1] == '{' ?
		      "the file ends inside an object: write } at its end" :
		      "the file ends inside an array: write ] at its end");
	*ret = s.at;
	return s.wrong;
}
