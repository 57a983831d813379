/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user who logs in: the data from the host's name service, looked up once
 * before any namespace is entered.
 */
#ifndef NSC_POLICY_USER_H
#define NSC_POLICY_USER_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_user {
	char *name;
	char *home;
	char *shell;
	char *group;		/* name of gid; NULL: it has none */
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* getgrouplist(3): gid first */
	int n_groups;
};

/*
 * Look up name with getpwnam_r(3) and getgrouplist(3).  Names that are not
 * valid in a path are found, too: policy decides about them.  Returns 0 or a
 * negative errno; -ENOENT: no such user.
 */
int nsc_user_load(const char *name, struct nsc_user **ret,
		  struct nsc_error *err);

/*
 * Look up a uid, with gid as the only group: a lookup of the others loads all
 * modules of the name service, and takes longer than everything else.  Errors
 * as above.
 */
int nsc_user_load_uid(uid_t uid, struct nsc_user **ret, struct nsc_error *err);

/* Fill an empty user, without its group's name, with gid as the only group. */
int nsc_user_set(struct nsc_user *user, const struct passwd *entry);

/*
 * Replace the groups with all groups of the user; returns 0 or a negative
 * errno.
 */
int nsc_user_load_groups(struct nsc_user *user);

/* Get only the uid of name; 0 or a negative errno, -ENOENT: no such user. */
int nsc_user_uid(const char *name, uid_t *ret);

/*
 * Get the name of a group in new memory.  NULL if it has no name or the lookup
 * failed: then *error is an errno from getgrgid_r(3), or 0.
 */
char *nsc_user_group_name(gid_t gid, int *error);

/*
 * Is the user in the group with this name, according to user->groups?  A group
 * that does not exist or cannot be looked up has no members, nor does "".
 */
bool nsc_user_in_group(const struct nsc_user *user, const char *group);

/* The same as 1 or 0, or a negative errno if the lookup failed. */
int nsc_user_has_group(const struct nsc_user *user, const char *group);

/* Free what it points to. */
void nsc_user_clear(struct nsc_user *user);
void nsc_user_free(struct nsc_user *user);
static inline void nsc_user_cleanup(struct nsc_user **user)
{
	nsc_user_free(*user);
	*user = NULL;
}
#define _cleanup_user_ __attribute__((cleanup(nsc_user_cleanup)))

#endif
