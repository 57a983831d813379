/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/pam.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define FILE_MAX ((size_t)256 * 1024)
#define LINES_MAX 1024
#define DEPTH_MAX 16
#define ARGUMENTS_MAX 32

static const char *const dirs[] = { NSC_PAM_DIR, "/usr/lib/pam.d" };

struct reader {
	struct nsc_pam_stack *stack;
	const char *type;
	const char *file;
	unsigned int number;
	unsigned int level;
	int depth;
	struct nsc_error *err;
};

static int read_service(struct reader *r, const char *service);

/* Take one word, or a text in brackets; NULL at the end. */
static char *take_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	char *end;

	if (!*word)
		return NULL;
	end = *word == '[' ? word + strcspn(word, "]") :
			     word + strcspn(word, " \t");
	if (*word == '[' && *end)
		end++;
	*at = end;
	if (*end) {
		*end = '\0';
		*at = end + 1;
	}
	return word;
}

static int pam_add(struct reader *r, const char *control, const char *module,
		   char *arguments)
{
	struct nsc_pam_stack *stack = r->stack;
	struct nsc_pam_line line = { .number = r->number, .level = r->level };
	struct nsc_pam_line *lines;
	const char *slash = strrchr(module, '/');
	size_t n = 0;
	char *word;

	if (stack->n >= LINES_MAX)
		return nsc_error_set(r->err, EFBIG, "%s: more than %d lines "
				     "with all included files", stack->path,
				     LINES_MAX);
	lines = reallocarray(stack->lines, stack->n + 1, sizeof(*lines));
	if (!lines)
		return nsc_error_sys(r->err, ENOMEM, "%s", stack->path);
	stack->lines = lines;
	line.file = strdup(r->file);
	line.control = strdup(control);
	line.module = strdup(slash ? slash + 1 : module);
	stack->lines[stack->n++] = line;
	while ((word = take_word(&arguments)))
		if (nsc_text_append(&stack->lines[stack->n - 1].arguments, &n,
				    word) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s",
					     stack->path);
	return line.file && line.control && line.module ? 0 :
	       nsc_error_sys(r->err, ENOMEM, "%s", stack->path);
}

/*
 * Read another service: lines of "include" take the place of this line, those
 * of "substack" count as one module.
 */
static int include(const struct reader *from, const char *service,
		   bool substack)
{
	struct reader r = *from;
	int ret = 0;

	if (++r.depth > DEPTH_MAX)
		return nsc_error_set(r.err, ELOOP, "%s:%u: includes itself",
				     r.file, r.number);
	if (substack) {
		ret = pam_add(&r, "substack", "", (char[]){ "" });
		r.level++;
	}
	return ret < 0 ? ret : read_service(&r, service);
}

static int read_line(struct reader *r, char *line)
{
	char *type = take_word(&line), *control, *module;

	if (!type)
		return 0;
	if (!strcmp(type, "@include")) {
		module = take_word(&line);
		return module ? include(r, module, false) : 0;
	}
	if (strcasecmp(type + (*type == '-'), r->type) != 0)
		return 0;
	control = take_word(&line);
	module = control ? take_word(&line) : NULL;
	if (!module)
		return 0;
	if (!strcasecmp(control, "include") || !strcasecmp(control, "substack"))
		return include(r, module, !strcasecmp(control, "substack"));
	return pam_add(r, control, module, line);
}

static int read_lines(struct reader *r, char *text)
{
	char *next;
	int ret = 0;

	for (char *line = text; ret == 0 && line && *line; line = next) {
		unsigned int skipped = 1;

		next = strchr(line, '\n');
		/* A backslash at the end joins the next line. */
		while (next && next > line && next[-1] == '\\') {
			next[-1] = next[0] = ' ';
			next = strchr(next, '\n');
			skipped++;
		}
		if (next)
			*next++ = '\0';
		line[strcspn(line, "#\r")] = '\0';
		r->number++;
		ret = read_line(r, line);
		r->number += skipped - 1;
	}
	return ret;
}

static int open_service(const char *service, char **ret_path)
{
	int fd = -1;

	if (strchr(service, '/')) {
		*ret_path = strdup(service);
		return open(service, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC);
	}
	for (size_t i = 0; fd < 0 && i < NSC_ARRAY_SIZE(dirs); i++) {
		nsc_free(ret_path);
		if (asprintf(ret_path, "%s/%s", dirs[i], service) < 0) {
			*ret_path = NULL;
			return -1;
		}
		fd = open(*ret_path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			  O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd;
}

static int read_service(struct reader *r, const char *service)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = open_service(service, &path);
	struct stat st;
	int ret;

	if (fd < 0)
		return nsc_error_sys(r->err, errno, "PAM service '%s'",
				     service);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return nsc_error_set(r->err, EINVAL, "%s: expected a regular "
				     "file", path);
	ret = nsc_file_read(fd, path, FILE_MAX, &text, NULL, r->err);
	if (ret < 0)
		return ret;
	if (!r->stack->path[0])
		snprintf(r->stack->path, sizeof(r->stack->path), "%s", path);
	r->file = path;
	r->number = 0;
	return read_lines(r, text);
}

int nsc_pam_load(const char *service, const char *type,
		 struct nsc_pam_stack *ret, struct nsc_error *err)
{
	struct reader r = { .stack = ret, .type = type, .err = err };

	if (!*service || strchr(service, '/'))
		return nsc_error_set(err, EINVAL, "PAM service '%s': expected "
				     "the name of a file in " NSC_PAM_DIR,
				     service);
	return read_service(&r, service);
}

const struct nsc_pam_line *nsc_pam_find(const struct nsc_pam_stack *stack,
					const char *module)
{
	for (size_t i = 0; i < stack->n; i++)
		if (!strcmp(stack->lines[i].module, module))
			return &stack->lines[i];
	return NULL;
}

struct outcome {
	enum nsc_pam_action action;
	unsigned int jump;
};

static struct outcome outcome_of(const char *word, size_t len)
{
	static const struct {
		const char *name;
		enum nsc_pam_action action;
	} names[] = {
		{ "ok", NSC_PAM_OK }, { "done", NSC_PAM_DONE },
		{ "bad", NSC_PAM_BAD }, { "die", NSC_PAM_DIE },
		{ "ignore", NSC_PAM_IGNORE }, { "reset", NSC_PAM_IGNORE },
	};

	if (len && isdigit((unsigned char)*word)) {
		unsigned long n = strtoul(word, NULL, 10);

		return (struct outcome){ n ? NSC_PAM_JUMP : NSC_PAM_IGNORE,
					 n > LINES_MAX ? LINES_MAX :
							 (unsigned int)n };
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len &&
		    !strncasecmp(names[i].name, word, len))
			return (struct outcome){ names[i].action, 0 };
	return (struct outcome){ NSC_PAM_BAD, 0 };
}

static const struct {
	const char *name;
	const char *long_form;
} words[] = {
	{ "required", "[success=ok default=bad]" },
	{ "requisite", "[success=ok default=die]" },
	{ "sufficient", "[success=done default=ignore]" },
	{ "optional", "[success=ok default=ignore]" },
};

static const char *long_form(const char *control)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(words); i++)
		if (!strcasecmp(words[i].name, control))
			return words[i].long_form;
	return control;
}

/* The next "name=action" of a control in brackets; false at the end. */
static bool next_outcome(const char **at, const char **ret_name,
			 size_t *ret_len, struct outcome *ret)
{
	const char *p = *at + strspn(*at, "[ \t");
	size_t len = strcspn(p, "= \t]"), action;

	if (p[len] != '=')
		return false;
	*ret_name = p;
	*ret_len = len;
	p += len + 1;
	action = strcspn(p, " \t]");
	*ret = outcome_of(p, action);
	*at = p + action;
	return true;
}

enum nsc_pam_action nsc_pam_action(const char *control, const char *result)
{
	const char *at = long_form(control), *name;
	/* A result that control does not name counts as "bad". */
	struct outcome outcome, found = { NSC_PAM_BAD, 0 };
	size_t len;

	while (next_outcome(&at, &name, &len, &outcome)) {
		if (len == strlen(result) && !strncasecmp(name, result, len))
			return outcome.action;
		if (len == strlen("default") &&
		    !strncasecmp(name, "default", len))
			found = outcome;
	}
	return found.action;
}

/* The first line after the substack that line i is in. */
static size_t end_of(const struct nsc_pam_stack *stack, size_t i)
{
	size_t k = i + 1;

	while (k < stack->n && stack->lines[k].level >= stack->lines[i].level)
		k++;
	return k;
}

/* The line at which PAM continues after this outcome of line i. */
static size_t next_after(const struct nsc_pam_stack *stack, size_t i,
			 struct outcome outcome)
{
	unsigned int level = stack->lines[i].level;
	size_t end = end_of(stack, i), to = i + 1;

	if (outcome.action == NSC_PAM_DONE)
		return end;
	while (outcome.action == NSC_PAM_JUMP && to < end && outcome.jump) {
		outcome.jump -= stack->lines[to++].level == level;
		while (to < end && stack->lines[to].level > level)
			to++;
	}
	return to;
}

bool nsc_pam_passes_over(const struct nsc_pam_stack *stack, size_t i, size_t k)
{
	const char *at = long_form(stack->lines[i].control), *name;
	struct outcome outcome;
	size_t len;

	while (next_outcome(&at, &name, &len, &outcome))
		if (next_after(stack, i, outcome) > k)
			return true;
	return false;
}

int nsc_pam_options(const struct nsc_pam_line *line,
		    struct nsc_pam_options *ret, struct nsc_error *err)
{
	const char *arguments[ARGUMENTS_MAX];
	int n = 0;

	for (; line->arguments && line->arguments[n] && n < ARGUMENTS_MAX; n++)
		arguments[n] = line->arguments[n];
	return nsc_pam_options_parse(n, arguments, ret, err);
}

void nsc_pam_free(struct nsc_pam_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		free(stack->lines[i].file);
		free(stack->lines[i].control);
		free(stack->lines[i].module);
		nsc_text_free_vector(stack->lines[i].arguments);
	}
	free(stack->lines);
	stack->lines = NULL;
	stack->n = 0;
}
