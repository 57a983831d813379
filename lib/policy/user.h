/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who logs in: what the host's name service says of a user, looked up once,
 * before any namespace is entered.
 */
#ifndef NSC_POLICY_USER_H
#define NSC_POLICY_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_user {
	char *name;
	char *home;
	char *shell;
	char *group;		/* name of gid; NULL where it has none */
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* getgrouplist(3): gid first */
	int n_groups;
};

/*
 * Look name up with getpwnam_r(3) and getgrouplist(3).  A name that could not
 * stand in a path is found as well: policy decides on it.
 * -ENOENT: no such user.
 */
int nsc_user_load(const char *name, struct nsc_user **ret,
		  struct nsc_error *err);

/*
 * By uid, with gid as the only group: to ask for the others loads all modules
 * of the name service, and takes more than all else.
 */
int nsc_user_load_uid(uid_t uid, struct nsc_user **ret, struct nsc_error *err);

/* All groups, in place of those that there are; a negative errno. */
int nsc_user_load_groups(struct nsc_user *user);

/* The uid of name alone; a negative errno, -ENOENT: no such user. */
int nsc_user_uid(const char *name, uid_t *ret);

/*
 * The name of a group in new memory; NULL where it has none or that cannot be
 * told: *error is an errno of getgrgid_r(3) then, or 0.
 */
char *nsc_user_group_name(gid_t gid, int *error);

/*
 * Is the user in the group of that name, by what user->groups says?  A group
 * that does not exist, or cannot be looked up, has no members; nor has "".
 */
bool nsc_user_in_group(const struct nsc_user *user, const char *group);

/* The same as 1 or 0, or a negative errno where it cannot be looked up. */
int nsc_user_has_group(const struct nsc_user *user, const char *group);

void nsc_user_free(struct nsc_user *user);
static inline void nsc_user_cleanup(struct nsc_user **user)
{
	nsc_user_free(*user);
	*user = NULL;
}
#define _cleanup_user_ __attribute__((cleanup(nsc_user_cleanup)))

#endif
