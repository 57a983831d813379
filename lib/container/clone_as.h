/* SPDX-License-Identifier: Apache-2.0 */
/* The first process of a container. */
#ifndef NSC_CONTAINER_CLONE_AS_H
#define NSC_CONTAINER_CLONE_AS_H

#include <sys/types.h>

#include "util/error.h"

/*
 * Call clone3() as the future owner of the user namespace, with the
 * capabilities of host root: the kernel makes the caller's effective user id
 * the owner, see user_namespaces(7).  The child starts in the v2 group, if
 * there is one.  Mount, cgroup and time namespaces (flags) are made later.
 * Returns the pid with its pidfd, 0 in the child, or a negative errno.
 */
pid_t nsc_clone_as(uid_t owner, unsigned int flags, int group, int *pidfd,
		   struct nsc_error *err);

#endif
