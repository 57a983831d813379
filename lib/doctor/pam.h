/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of a PAM service, pam.conf(5). */
#ifndef NSC_DOCTOR_PAM_H
#define NSC_DOCTOR_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "policy/pam_options.h"

#define NSC_PAM_DIR "/etc/pam.d"
#define NSC_PAM_MODULE "pam_container.so"

/* One module of the stack. */
struct nsc_pam_line {
	char *file;
	unsigned int number;	/* line of file */
	char *control;		/* "required", "[success=1 default=ignore]" */
	char *module;		/* without directory; "" begins a substack */
	char **arguments;	/* NULL-terminated, or NULL */
	unsigned int level;	/* number of substacks around it */
};

struct nsc_pam_stack {
	char path[512];		/* the service's own file */
	struct nsc_pam_line *lines;	/* in the order of the calls */
	size_t n;
};

#define NSC_PAM_STACK_INIT { "", NULL, 0 }

/*
 * Read the lines of one type ("session", "auth", "account") of a service, with
 * all included files; the caller frees *ret by nsc_pam_free(), also after an
 * error.  -ENOENT: the service has no file, so that PAM uses "other".
 */
int nsc_pam_load(const char *service, const char *type,
		 struct nsc_pam_stack *ret, struct nsc_error *err);

/* The first line with that module, or NULL. */
const struct nsc_pam_line *nsc_pam_find(const struct nsc_pam_stack *stack,
					const char *module);

/* The effect of a module's result on the stack. */
enum nsc_pam_action { NSC_PAM_OK, NSC_PAM_DONE, NSC_PAM_BAD, NSC_PAM_DIE,
		      NSC_PAM_IGNORE, NSC_PAM_JUMP };

/* The action of control for a result, such as "success" or "perm_denied". */
enum nsc_pam_action nsc_pam_action(const char *control, const char *result);

/* True if a result of line i can make PAM skip the later line k. */
bool nsc_pam_passes_over(const struct nsc_pam_stack *stack, size_t i,
			 size_t k);

/*
 * Parse the line's arguments as the module does.  The strings of *ret belong to
 * the line.
 */
int nsc_pam_options(const struct nsc_pam_line *line,
		    struct nsc_pam_options *ret, struct nsc_error *err);

void nsc_pam_free(struct nsc_pam_stack *stack);
#define _cleanup_pam_ __attribute__((cleanup(nsc_pam_free)))

#endif
