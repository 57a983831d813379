/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that only some starts need are loaded on demand: each linked
 * library would slow down every start, and all processes of the start would
 * copy its mappings.  Runs in: nsinit and the builder, root of the host, where
 * all files are the host's.
 *
 *         #define FUNCTIONS(_) _(aa_is_enabled) _(aa_getcon)
 * NSC_LIBRARY(apparmor, APPARMOR_SONAME, FUNCTIONS);
 *
 *         ret = nsc_library_load(&apparmor_library, err);         if (ret == 0
 * && apparmor.aa_is_enabled()) ...
 */
#ifndef NSC_UTIL_LIBRARY_H
#define NSC_UTIL_LIBRARY_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_library {
	const char *soname;		/* as configure found it */
	const char *const *names;	/* names of functions, ends with NULL */
	void *functions;		/* a struct of pointers to them */
	bool loaded;
};

#define NSC_LIBRARY_POINTER(function) __typeof__(function) *function;
#define NSC_LIBRARY_NAME(function) #function,

/* Defines NAME, a struct of the functions, and NAME_library. */
#define NSC_LIBRARY(name, file, functions_of)                         \
	static struct {                                               \
		functions_of(NSC_LIBRARY_POINTER)                     \
	} name;                                                       \
	static const char *const name##_names[] = {                   \
		functions_of(NSC_LIBRARY_NAME) 0                      \
	};                                                            \
	static struct nsc_library name##_library = {                  \
		.soname = (file), .names = name##_names, .functions = &name, \
	}

/*
 * Load the library once for this process and its later children; later calls do
 * nothing.  It is never unloaded.  If it is missing, err names it.
 */
int nsc_library_load(struct nsc_library *library, struct nsc_error *err);

/*
 * Forbid further loading in this process and its later children, because they
 * go where files may belong to the container.
 */
void nsc_library_stop(void);

#endif
