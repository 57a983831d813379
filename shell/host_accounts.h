/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own accounts in /etc/passwd and /etc/group, for a program that
 * does not load modules of the name service.
 */
#ifndef NSC_SHELL_HOST_ACCOUNTS_H
#define NSC_SHELL_HOST_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Does the calling process have the gid of this group in /etc/group? */
bool nsc_host_accounts_own_group(const char *group);

/* Get the first name with this uid, or the number. */
void nsc_host_accounts_name(uid_t uid, char *ret, size_t size);

/* The uid of a name; (uid_t)-1 if it is not in /etc/passwd. */
uid_t nsc_host_accounts_uid(const char *name);

#endif
