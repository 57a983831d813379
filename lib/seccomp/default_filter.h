/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of the built-in profile.  Runs in: nsinit alone. */
#ifndef NSC_SECCOMP_DEFAULT_FILTER_H
#define NSC_SECCOMP_DEFAULT_FILTER_H

#include <stdbool.h>

#include "util/error.h"
#include "linux/seccomp.h"
#include "seccomp/profile.h"

/*
 * Compile the built-in profile for the world's capabilities and architecture.
 * Programs of the other architectures that such a machine can run are killed
 * where native_only, else filtered as well.  Where a filter of libseccomp's
 * would be EPERM for a system call that is newer than all that the profile
 * knows by name, this one is ENOSYS.
 */
int nsc_seccomp_default(const struct nsc_seccomp_world *world,
			bool native_only, struct nsc_seccomp *ret,
			struct nsc_error *err);

#endif
