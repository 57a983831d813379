/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters, sysctl(8), proc(5). */
#ifndef NSC_LINUX_SYSCTL_H
#define NSC_LINUX_SYSCTL_H

#include <sys/types.h>

#include "util/error.h"

/*
 * Write each "PATH=VALUE" ("net/ipv4/ip_forward=1") of a NULL-terminated list,
 * or NULL, below /proc/sys of this process: parameters of a namespace apply to
 * the caller's namespaces.  Those of an ipc namespace can only be opened by
 * root of its user namespace, root_uid.  Returns 0 or a negative errno.
 */
int nsc_sysctl_apply(char *const *list, uid_t root_uid, struct nsc_error *err);

#endif
