/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that few starts need, loaded when one does: each that is linked
 * costs every start its loading, and all processes of the start a copy of its
 * mappings.  Runs in: nsinit and the builder, root of the host, where all files
 * are the host's.
 *
 *	#define FUNCTIONS(_) _(aa_is_enabled) _(aa_getcon)
 *	NSC_LIBRARY(apparmor, APPARMOR_SONAME, FUNCTIONS);
 *
 *	ret = nsc_library_load(&apparmor_library, err);
 *	if (ret == 0 && apparmor.aa_is_enabled()) ...
 */
#ifndef NSC_UTIL_LIBRARY_H
#define NSC_UTIL_LIBRARY_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_library {
	const char *soname;		/* as configure found it */
	const char *const *names;	/* of functions, NULL at the end */
	void *functions;		/* a struct of pointers to them */
	bool loaded;
};

#define NSC_LIBRARY_POINTER(function) __typeof__(function) *function;
#define NSC_LIBRARY_NAME(function) #function,

/* Defines NAME, which has the functions, and NAME_library. */
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
 * Once for each process and those that it forks; later calls do nothing.  The
 * library stays.  A missing one is an error that names it.
 */
int nsc_library_load(struct nsc_library *library, struct nsc_error *err);

/*
 * From now on nothing is loaded in this process and those that it forks: it
 * goes where files may be the container's.
 */
void nsc_library_stop(void);

#endif
