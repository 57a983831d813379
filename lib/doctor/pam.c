/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/pam.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
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

struct reader {
	struct nsc_pam_stack *stack;
	const char *type;
	const char *service;	/* in pam.conf, whose lines name theirs */
	const char *file;
	unsigned int number;
	unsigned int level;
	bool marked;
	int depth;
	struct nsc_error *err;
};

static int read_service(struct reader *r, const char *service);

/* Take one word, or a text in brackets; NULL at the end. */
static char *take_word(char **at)
{
	char *word = *at ? *at + strspn(*at, " \t") : NULL;
	char *end;

	if (!word || !*word)
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

/* libpam calls a module that it cannot load, and gets "module_unknown". */
static bool is_missing(const char *module)
{
	char path[PATH_MAX];
	const char *isa = strstr(module, "$ISA");
	int n = snprintf(path, sizeof(path), "%s%.*s%s",
			 *module == '/' ? "" : NSC_PAM_MODULE_DIR "/",
			 isa ? (int)(isa - module) : (int)strlen(module),
			 module, isa ? isa + strlen("$ISA/") : "");

	return n >= (int)sizeof(path) || access(path, F_OK) < 0;
}

static int pam_add(struct reader *r, const char *control, const char *module,
		   char *arguments)
{
	struct nsc_pam_stack *stack = r->stack;
	struct nsc_pam_line line = {
		.number = r->number, .level = r->level, .marked = r->marked,
	};
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
	if (*module && is_missing(module))
		line.wrong = "does not exist";
	stack->lines[stack->n++] = line;
	while ((word = take_word(&arguments)))
		if (nsc_text_append(&stack->lines[stack->n - 1].arguments, &n,
				    word) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s",
					     stack->path);
	return line.file && line.control && line.module ? 0 :
	       nsc_error_sys(r->err, ENOMEM, "%s", stack->path);
}

/* What libpam cannot read is a line that always fails. */
static int add_wrong(struct reader *r, const char *control, const char *name,
		     const char *wrong)
{
	int ret = pam_add(r, control, name, NULL);

	if (ret == 0)
		r->stack->lines[r->stack->n - 1].wrong = wrong;
	return ret;
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
	if (ret == 0 && nsc_text_append(&r.stack->included,
					&r.stack->n_included, service) < 0)
		ret = nsc_error_sys(r.err, ENOMEM, "%s", service);
	if (ret == 0)
		ret = read_service(&r, service);
	return ret == -ENOENT ?
		add_wrong(&r, "include", service, "does not exist") : ret;
}

/* For libpam, a line of an unknown type is an auth line that always fails. */
static bool is_type(const char *word)
{
	static const char *const types[] = {
		"auth", "account", "session", "password",
	};

	word += *word == '-';
	for (size_t i = 0; i < NSC_ARRAY_SIZE(types); i++)
		if (!strcasecmp(word, types[i]))
			return true;
	return false;
}

static int read_line(struct reader *r, char *line)
{
	char *type = take_word(&line), *control, *module;

	if (type && r->service) {
		if (strcasecmp(type, r->service) != 0)
			return 0;
		type = take_word(&line);
	}
	if (!type)
		return 0;
	if (!strcmp(type, "@include")) {
		module = take_word(&line);
		return module ? include(r, module, false) : 0;
	}
	if (strcasecmp(type + (*type == '-'), r->type) != 0)
		return is_type(type) || strcmp(r->type, "auth") != 0 ? 0 :
			add_wrong(r, "line", type, "is none of auth, account, "
				  "password and session");
	control = take_word(&line);
	module = control ? take_word(&line) : NULL;
	if (!module)
		return add_wrong(r, "line", control ? control : type,
				 "names no module");
	if (!strcasecmp(control, "include") || !strcasecmp(control, "substack"))
		return include(r, module, !strcasecmp(control, "substack"));
	return pam_add(r, control, module, line);
}

char *nsc_pam_joins(const char *line, const char *end)
{
	const char *last = end;

	while (last > line && strchr(" \t\r", last[-1]))
		last--;
	return last > line && last[-1] == '\\' &&
	       !memchr(line, '#', (size_t)(last - line)) ?
		       (char *)(uintptr_t)(last - 1) : NULL;
}

static int read_lines(struct reader *r, char *text)
{
	char *next, *join;
	int ret = 0;

	for (char *line = text; ret == 0 && line && *line; line = next) {
		unsigned int skipped = 1;

		next = strchr(line, '\n');
		while (next && (join = nsc_pam_joins(line, next))) {
			*join = *next = ' ';
			next = strchr(next, '\n');
			skipped++;
		}
		if (next)
			*next++ = '\0';
		r->marked = strstr(line, NSC_PAM_MARK) != NULL;
		line[strcspn(line, "#\r")] = '\0';
		r->number++;
		ret = read_line(r, line);
		r->number += skipped - 1;
	}
	return ret;
}

static int open_service(const char *service, char **ret_path)
{
	const char *dirs[NSC_PAM_DIRS_MAX];
	size_t n = nsc_pam_dirs(dirs);
	int fd = -1;

	errno = ENOENT;
	if (*service == '/') {
		*ret_path = strdup(service);
		return open(service, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC);
	}
	for (size_t i = 0; fd < 0 && i < n; i++) {
		nsc_free(ret_path);
		if (asprintf(ret_path, "%s/%s", dirs[i], service) < 0) {
			*ret_path = NULL;
			return -1;
		}
		fd = open(*ret_path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			  O_CLOEXEC);
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
	if (!r->stack->path[0] || r->depth == 0)
		snprintf(r->stack->path, sizeof(r->stack->path), "%s", path);
	r->file = path;
	r->number = 0;
	return read_lines(r, text);
}

int nsc_pam_load(const char *service, const char *type,
		 struct nsc_pam_stack *ret, struct nsc_error *err)
{
	struct reader r = { .stack = ret, .type = type, .err = err };
	const char *dirs[NSC_PAM_DIRS_MAX], *file = service;
	int error;

	if (!*service || strchr(service, '/'))
		return nsc_error_set(err, EINVAL, "PAM service '%s': expected "
				     "the name of a file in " NSC_PAM_DIR,
				     service);
	ret->type = type;
	if (nsc_pam_dirs(dirs) == 0) {
		r.service = service;
		file = NSC_PAM_CONF;
	}
	error = read_service(&r, file);
	if (error < 0 || ret->n || !strcasecmp(service, NSC_PAM_OTHER))
		return error;
	/* A service without a line of this type has those of "other". */
	r.service = r.service ? NSC_PAM_OTHER : NULL;
	error = read_service(&r, r.service ? NSC_PAM_CONF : NSC_PAM_OTHER);
	return error == -ENOENT ? 0 : error;
}

const struct nsc_pam_line *nsc_pam_find(const struct nsc_pam_stack *stack,
					const char *module)
{
	for (size_t i = 0; i < stack->n; i++)
		if (!strcmp(stack->lines[i].module, module))
			return &stack->lines[i];
	return NULL;
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
	nsc_text_free_vector(stack->included);
	*stack = (struct nsc_pam_stack)NSC_PAM_STACK_INIT;
}
