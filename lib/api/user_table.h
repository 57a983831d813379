/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All users of the host, read in one pass: a lookup of each by name reads
 * passwd and group again, and asks each module of the name service.
 */
#ifndef NSC_API_USER_TABLE_H
#define NSC_API_USER_TABLE_H

#include "policy/user.h"

struct nsc_user_table {
	struct nsc_user *list;	/* sorted by name */
	size_t n;
};

/*
 * Without memory, or if nsswitch.conf names a module that may not list all its
 * users and groups, the table is empty.
 */
void nsc_user_table_load(struct nsc_user_table *ret);

/*
 * NULL: ask the name service.  The answer may differ from its answer where two
 * entries have one name or id.
 */
const struct nsc_user *nsc_user_table_find(const struct nsc_user_table *table,
					   const char *name);

void nsc_user_table_free(struct nsc_user_table *table);

#endif
