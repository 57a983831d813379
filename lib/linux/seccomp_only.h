/* SPDX-License-Identifier: Apache-2.0 */
/* A process that may make a few system calls, and dies of any other. */
#ifndef NSC_LINUX_SECCOMP_ONLY_H
#define NSC_LINUX_SECCOMP_ONLY_H

#include <stddef.h>

#include "util/error.h"

#define NSC_SECCOMP_ONLY_MAX 64

/*
 * Allow the calling process these n different system calls, and kill it for any
 * other.  Of arguments, only the family of socket(2) is looked at: it is for
 * IPv4 and IPv6.  Needs no_new_privs.  On an
 * architecture that is not known here, there is no filter.  Returns 0 or a
 * negative errno.
 */
int nsc_seccomp_only(const int *calls, size_t n, struct nsc_error *err);

#endif
