/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login user in the container's passwd and group, whatever the rootfs has
 * there: files of our own are mounted over them, the rootfs is not written to.
 */
#ifndef NSC_ROOTFS_ACCOUNTS_H
#define NSC_ROOTFS_ACCOUNTS_H

#include <stdio.h>

#include "rootfs/rootfs.h"

/* Whom the files must have. */
struct nsc_account {
	const struct nsc_user *user;
	const char *shell;		/* "": unknown */
	const gid_t *groups;		/* those that are themselves inside */
	char *const *group_names;	/* of each; NULL: it has none */
	size_t n_groups;
	/* Ids inside are ids of the host: these groups, and no others. */
	bool exact;
};

/*
 * Write passwd to out with the user's line before all others, where text
 * (NULL: there is no file) has not this name with this uid, and gid where
 * that is to be exact.
 * True when something was changed.
 */
bool nsc_accounts_passwd(const struct nsc_account *account, const char *text,
			 FILE *out);

/*
 * Write group to out with the user as a member of each of the groups but the
 * primary, by gid; those that text has not are added.  With exact it is a
 * member of no other.
 */
bool nsc_accounts_group(const struct nsc_account *account, const char *text,
			FILE *out);

/* Is name in a list of members, as group(5) has it?  Spaces do not count. */
bool nsc_accounts_is_member(const char *members, size_t len, const char *name);

/* Bytes of a passwd or group: a bound for what a rootfs may have. */
#define NSC_ACCOUNTS_MAX (64 * NSC_FILE_MAX)

/*
 * Read a file below the directory root, which may be anything, into new memory:
 * *ret is untouched where there is none.
 */
int nsc_accounts_read(int root, const char *path, char **ret,
		      struct nsc_error *err);

/* A step of nsc_rootfs_build(): both, for a login. */
int nsc_accounts_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

/*
 * A step of nsc_rootfs_build() after mounts[], which may have covered /etc:
 * what sshd, su and cron find there says which groups a login has, and without
 * a user namespace these are the host's.
 */
int nsc_accounts_put_again(struct nsc_rootfs *rootfs, struct nsc_error *err);

#endif
