/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in profile as tables; lib/seccomp/default_filter.c compiles it. */
#ifndef NSC_SECCOMP_DEFAULT_PROFILE_H
#define NSC_SECCOMP_DEFAULT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* System calls that containers with one of the capabilities may use. */
struct nsc_seccomp_group {
	uint64_t caps;			/* 0: none, UINT64_MAX: each */
	const char *names[240];		/* NULL at the end */
};

extern const struct nsc_seccomp_group nsc_seccomp_groups[];
extern const size_t nsc_seccomp_n_groups;

/*
 * Values of an argument that are allowed: those of which the bits in mask are
 * a number from first to last.  Where whole, no bit above the lower 32 may be
 * set; else these bits do not matter, as they do not for the kernel.
 */
struct nsc_seccomp_values {
	bool whole;
	uint32_t mask, first, last;
};

/* A system call that one of its arguments decides. */
struct nsc_seccomp_check {
	const char *name;
	uint64_t caps;			/* those that have one may all */
	unsigned int argument, argument_on_s390x;
	const struct nsc_seccomp_values *values;
	size_t n_values;
};

extern const struct nsc_seccomp_check nsc_seccomp_checks[];
extern const size_t nsc_seccomp_n_checks;

/* A system call that is ENOSYS where the container has none of caps. */
struct nsc_seccomp_absent {
	const char *name;
	uint64_t caps;
};

extern const struct nsc_seccomp_absent nsc_seccomp_absent;

#endif
