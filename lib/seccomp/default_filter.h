/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of the built-in profile.  Runs in: nsinit and login-start. */
#ifndef NSC_SECCOMP_DEFAULT_FILTER_H
#define NSC_SECCOMP_DEFAULT_FILTER_H

#include <stdbool.h>

#include "util/error.h"
#include "linux/seccomp.h"
#include "seccomp/profile.h"

/*
 * Compile the built-in profile for the world's capabilities and architecture.
 * With native_only, a program of another architecture is killed; otherwise the
 * filter also covers the other architectures that such a machine can run.  A
 * system call newer than all that the profile knows by name is ENOSYS, where a
 * filter of libseccomp gives EPERM. Returns 0 or a negative errno with err set;
 * free *ret with nsc_seccomp_free().
 */
int nsc_seccomp_default(const struct nsc_seccomp_world *world,
			bool native_only, struct nsc_seccomp *ret,
			struct nsc_error *err);

#endif
