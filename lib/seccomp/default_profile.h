/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the built-in profile; lib/seccomp/default_filter.c compiles
 * them.
 */
#ifndef NSC_SECCOMP_DEFAULT_PROFILE_H
#define NSC_SECCOMP_DEFAULT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* System calls for containers that have at least one of the capabilities. */
struct nsc_seccomp_group {
	uint64_t caps;			/* 0: for none, UINT64_MAX: for all */
	const char *names[240];		/* ends with NULL */
};

extern const struct nsc_seccomp_group nsc_seccomp_groups[];
extern const size_t nsc_seccomp_n_groups;

/*
 * Allowed values of an argument: the bits in mask must be a number from first
 * to last.  With whole, the upper 32 bits must be 0; otherwise they do not
 * matter, as they do not for the kernel.
 */
struct nsc_seccomp_values {
	bool whole;
	uint32_t mask, first, last;
};

/* A system call that is allowed for some values of one argument. */
struct nsc_seccomp_check {
	const char *name;
	uint64_t caps;			/* each of them allows all values */
	unsigned int argument, argument_on_s390x;
	const struct nsc_seccomp_values *values;
	size_t n_values;
};

extern const struct nsc_seccomp_check nsc_seccomp_checks[];
extern const size_t nsc_seccomp_n_checks;

/* A system call that is ENOSYS if the container has none of caps. */
struct nsc_seccomp_absent {
	const char *name;
	uint64_t caps;
};

extern const struct nsc_seccomp_absent nsc_seccomp_absent;

#endif
