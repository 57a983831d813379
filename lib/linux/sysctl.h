/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the kernel, sysctl(8), proc(5). */
#ifndef NSC_LINUX_SYSCTL_H
#define NSC_LINUX_SYSCTL_H

#include <sys/types.h>

#include "util/error.h"

/*
 * Write each "PATH=VALUE" ("net/ipv4/ip_forward=1") of a NULL-terminated
 * list, or NULL, below the /proc/sys of this process: those of a namespace
 * are the ones of the caller's namespaces.  Of an ipc namespace they can be
 * opened by the root of its user namespace alone, root_uid.
 */
int nsc_sysctl_apply(char *const *list, uid_t root_uid, struct nsc_error *err);

#endif
