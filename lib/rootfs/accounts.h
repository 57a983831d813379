/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login user in the container's passwd and group, whatever the rootfs has.
 * Files that root inside may write get the lines; over others, new files are
 * mounted.
 */
#ifndef NSC_ROOTFS_ACCOUNTS_H
#define NSC_ROOTFS_ACCOUNTS_H

#include <stdio.h>

#include "rootfs/rootfs.h"

/* The account that the files must have. */
struct nsc_account {
	const struct nsc_user *user;
	const char *shell;		/* "": unknown */
	const gid_t *groups;		/* mapped to themselves inside */
	char *const *group_names;	/* of each group; NULL: it has none */
	size_t n_groups;
	/* Ids inside are the host's ids: the user has only these groups. */
	bool exact;
};

/*
 * Write text (NULL: there is no file), the content of passwd, to out with the
 * user's line in front, unless text already has this name with this uid, and
 * with exact also with this gid.  Returns true if something was written.
 */
bool nsc_accounts_passwd(const struct nsc_account *account, const char *text,
			 FILE *out);

/*
 * Write text, the content of group, to out with the user as a member of each of
 * the groups except the primary one, compared by gid; groups that text lacks
 * are added.  With exact, the user is removed from all other groups.  Returns
 * true if something was changed.
 */
bool nsc_accounts_group(const struct nsc_account *account, const char *text,
			FILE *out);

/*
 * Is name in a list of members, in the format of group(5)?  Spaces do not
 * count.
 */
bool nsc_accounts_is_member(const char *members, size_t len, const char *name);

/* The id in a field of len bytes.  Returns 0 or a negative errno. */
int nsc_accounts_id(const char *text, size_t len, uint32_t *ret);

/*
 * Bytes of a passwd or group, as nsc_subid_find() reads of the host's: a start
 * reads and writes as many for a rootfs, outside of the user's limits.
 */
#define NSC_ACCOUNTS_MAX (16 * NSC_FILE_MAX)

/*
 * Read a file below the directory root into new memory.  root may have any
 * content.  *ret is untouched if the file does not exist.  Returns 0 or a
 * negative errno with err set.
 */
int nsc_accounts_read(int root, const char *path, char **ret,
		      struct nsc_error *err);

/* A step of nsc_rootfs_build(): put both files, for a login. */
int nsc_accounts_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

/*
 * A step of nsc_rootfs_build() after mounts[], which may have covered /etc:
 * sshd, su and cron read a login's groups from there, and without a user
 * namespace these are the host's groups.
 */
int nsc_accounts_put_again(struct nsc_rootfs *rootfs, struct nsc_error *err);

#endif
