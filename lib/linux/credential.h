/* SPDX-License-Identifier: Apache-2.0 */
/* Become somebody, and prove it. */
#ifndef NSC_LINUX_CREDENTIAL_H
#define NSC_LINUX_CREDENTIAL_H

#include <sys/types.h>

#include "util/error.h"

/* User and group nobody: what the kernel shows for an id that is not mapped. */
#define NSC_NOBODY 65534

/*
 * Set supplementary groups, then real, effective and saved group and user
 * ids, credentials(7), and read all of them back.  The order matters: without
 * the user id the groups could not be changed any more.
 */
int nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
			  size_t n_groups, struct nsc_error *err);

/* The same, but the supplementary groups stay as they are. */
int nsc_credential_set_ids(uid_t uid, gid_t gid, struct nsc_error *err);

/*
 * The caller's supplementary groups into new memory, and behind them its gid.
 * Returns how many there are without that, or -ENOMEM.
 */
int nsc_credential_own_groups(gid_t **ret);

/*
 * Reduce the caller's supplementary groups to those that allowed has as well.
 * What they were goes to *ret_before (n of them), in new memory, so that
 * setgroups(2) can restore them.
 */
int nsc_credential_limit_groups(const gid_t *allowed, size_t n_allowed,
				gid_t **ret_before, size_t *ret_n,
				struct nsc_error *err);

#endif
