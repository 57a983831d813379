/* SPDX-License-Identifier: Apache-2.0 */
/* The session part of a PAM service's configuration, pam.conf(5). */
#ifndef NSC_DOCTOR_PAM_H
#define NSC_DOCTOR_PAM_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "policy/pam_options.h"

#define NSC_PAM_DIR "/etc/pam.d"
#define NSC_PAM_MODULE "pam_container.so"

/* One module, in the order of their calls. */
struct nsc_pam_line {
	char *file;
	unsigned int number;	/* line of file */
	char *control;		/* "required", "[success=1 default=ignore]" */
	char *module;		/* without directory; "" begins a substack */
	char **arguments;	/* NULL-terminated, or NULL */
	unsigned int level;	/* how many substacks it is in */
};

struct nsc_pam_stack {
	char path[512];		/* of the service's own file */
	struct nsc_pam_line *lines;
	size_t n;
};

#define NSC_PAM_STACK_INIT { "", NULL, 0 }

/*
 * Read what a service does when a session opens, with everything that it
 * includes.  -ENOENT: it has no file, so that "other" is used.
 */
int nsc_pam_load(const char *service, struct nsc_pam_stack *ret,
		 struct nsc_error *err);

/* The first line with that module, or NULL. */
const struct nsc_pam_line *nsc_pam_find(const struct nsc_pam_stack *stack,
					const char *module);

/* What becomes of the stack when a module returns something. */
enum nsc_pam_action { NSC_PAM_OK, NSC_PAM_DONE, NSC_PAM_BAD, NSC_PAM_DIE,
		      NSC_PAM_IGNORE, NSC_PAM_JUMP };

/* What control says of a result: "success", "perm_denied". */
enum nsc_pam_action nsc_pam_action(const char *control, const char *result);

/* Can line i have the call of a later line k passed over? */
bool nsc_pam_passes_over(const struct nsc_pam_stack *stack, size_t i,
			 size_t k);

/*
 * The line's arguments as the module takes them.  The strings of *ret are the
 * line's.
 */
int nsc_pam_options(const struct nsc_pam_line *line,
		    struct nsc_pam_options *ret, struct nsc_error *err);

void nsc_pam_free(struct nsc_pam_stack *stack);
#define _cleanup_pam_ __attribute__((cleanup(nsc_pam_free)))

#endif
