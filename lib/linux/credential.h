/* SPDX-License-Identifier: Apache-2.0 */
/* Change ids, and verify the change. */
#ifndef NSC_LINUX_CREDENTIAL_H
#define NSC_LINUX_CREDENTIAL_H

#include <sys/types.h>

#include "util/error.h"
#include "util/kv.h"

/* User and group nobody: the kernel shows them for unmapped ids. */
#define NSC_NOBODY 65534

/*
 * Set supplementary groups, then the real, effective and saved group and user
 * ids, credentials(7), and read all of them back.  The order matters: after the
 * change of the user id, the groups could no longer be changed.  Returns 0 or a
 * negative errno.
 */
int nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
			  size_t n_groups, struct nsc_error *err);

/* The same, but the supplementary groups stay unchanged. */
int nsc_credential_set_ids(uid_t uid, gid_t gid, struct nsc_error *err);

/*
 * Get the caller's supplementary groups, followed by its gid, in new memory.
 * Returns their number without the gid, or -ENOMEM.
 */
int nsc_credential_own_groups(gid_t **ret);

/*
 * Remove those of the caller's supplementary groups that are not in allowed.
 * *ret_before becomes the old list (*ret_n groups) in new memory, so that
 * setgroups(2) can restore it.  Returns 0 or a negative errno.
 */
int nsc_credential_limit_groups(const gid_t *allowed, size_t n_allowed,
				gid_t **ret_before, size_t *ret_n,
				struct nsc_error *err);

/*
 * Add to the caller's supplementary groups.  A caller that has none, as sshd,
 * takes them from /etc/group later.  Returns 0 or a negative errno.
 */
int nsc_credential_add_groups(const struct nsc_gids *more,
			      struct nsc_error *err);

#endif
