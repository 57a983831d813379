/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of a PAM service, pam.conf(5). */
#ifndef NSC_DOCTOR_PAM_H
#define NSC_DOCTOR_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "policy/pam_options.h"

#define NSC_PAM_DIR "/etc/pam.d"
#define NSC_PAM_CONF "/etc/pam.conf"
#define NSC_PAM_OTHER "other"
#define NSC_PAM_MODULE "pam_container.so"
/* The end of each line that "nsinit enable" writes. */
#define NSC_PAM_MARK "# nsinit enable"

/* One module of the stack. */
struct nsc_pam_line {
	char *file;
	unsigned int number;	/* line of file */
	char *control;		/* "required", "[success=1 default=ignore]" */
	char *module;		/* without directory; "" begins a substack */
	char **arguments;	/* NULL-terminated, or NULL */
	unsigned int level;	/* number of substacks around it */
	bool marked;		/* with NSC_PAM_MARK */
	const char *wrong;	/* why the line always fails, or NULL */
};

struct nsc_pam_stack {
	char path[512];		/* the service's file, or that of "other" */
	const char *type;	/* "session", "auth", "account" */
	struct nsc_pam_line *lines;	/* in the order of the calls */
	size_t n;
	char **included;	/* names of the included files, or NULL */
	size_t n_included;
};

#define NSC_PAM_STACK_INIT { .path = "", .type = "" }

/*
 * The directories in which libpam looks for a service's file, in its order:
 * those that exist.  Returns their number; if it is 0, libpam reads
 * NSC_PAM_CONF.
 */
#define NSC_PAM_DIRS_MAX 3
size_t nsc_pam_dirs(const char *ret[NSC_PAM_DIRS_MAX]);

/*
 * Read the lines of one type ("session", "auth", "account") of a service, with
 * all included files; the caller frees *ret by nsc_pam_free(), also after an
 * error.  If the service has no line of that type, the lines are those of
 * "other", as in libpam.  -ENOENT: the service has no file.
 */
int nsc_pam_load(const char *service, const char *type,
		 struct nsc_pam_stack *ret, struct nsc_error *err);

/*
 * The backslash that joins the line before end to the next one, or NULL.  A
 * comment joins nothing.
 */
char *nsc_pam_joins(const char *line, const char *end);

/* The first line with that module, or NULL. */
const struct nsc_pam_line *nsc_pam_find(const struct nsc_pam_stack *stack,
					const char *module);

/* The effect of a module's result on the stack. */
enum nsc_pam_action { NSC_PAM_OK, NSC_PAM_DONE, NSC_PAM_BAD, NSC_PAM_DIE,
		      NSC_PAM_IGNORE, NSC_PAM_RESET, NSC_PAM_JUMP };

/* The action of control for a result, such as "success" or "perm_denied". */
enum nsc_pam_action nsc_pam_action(const char *control, const char *result);

/* True if a result of line i can make PAM skip the later line k. */
bool nsc_pam_passes_over(const struct nsc_pam_stack *stack, size_t i,
			 size_t k);

/*
 * How the calls of a stack can end: the walk takes each result that a module
 * may have.  ours is the line of our module, or the number of lines.
 */
struct nsc_pam_ends {
	bool inside;		/* PAM_SUCCESS, after success of ours */
	bool outside;		/* PAM_SUCCESS without it */
	/* If neither is set: the first line that prevents it, or NULL. */
	const struct nsc_pam_line *barrier;
};

struct nsc_pam_ends nsc_pam_walk(const struct nsc_pam_stack *stack,
				 size_t ours);

/* Say that nobody gets in, and why.  Returns -EPERM. */
int nsc_pam_shut(const struct nsc_pam_stack *stack,
		 const struct nsc_pam_line *barrier, const char *service,
		 struct nsc_error *err);

/*
 * Parse the line's arguments as the module does.  The strings of *ret belong to
 * the line.
 */
int nsc_pam_options(const struct nsc_pam_line *line,
		    struct nsc_pam_options *ret, struct nsc_error *err);

void nsc_pam_free(struct nsc_pam_stack *stack);
#define _cleanup_pam_ __attribute__((cleanup(nsc_pam_free)))

#endif
