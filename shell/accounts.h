/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own accounts, /etc/passwd and /etc/group, for a program that
 * loads no modules of the name service.
 */
#ifndef NSC_SHELL_ACCOUNTS_H
#define NSC_SHELL_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Has the calling process the gid of that group of /etc/group? */
bool nsc_accounts_own_group(const char *group);

/* The first name with that uid, or the number. */
void nsc_accounts_name(uid_t uid, char *ret, size_t size);

/* The uid of a name; (uid_t)-1 where /etc/passwd has none. */
uid_t nsc_accounts_uid(const char *name);

#endif
